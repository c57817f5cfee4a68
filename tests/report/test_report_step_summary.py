import re

import cmarkgfm
from cmarkgfm.cmark import Options
from rich_diagnostics import DIAGNOSTICS, KEY, SUMMARY, many

from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.report import Summary
from modelspec.report.github import MOST_BYTES, step_summary


def written(diagnostics: list[Diagnostic], room: int = MOST_BYTES) -> str:
    return step_summary(diagnostics, Summary.of(diagnostics, files=40, models=38), room=room)


def page(markdown: str) -> str:
    return str(cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE))


def test_the_summary_has_the_rest_of_each_severity() -> None:
    found = [*many(12), *many(10, Severity.WARNING, "MS402"), *many(11, Severity.INFO, "MS404")]
    assert written(found) == (
        "### modelspec: 33 faults in 40 files\n\n"
        "GitHub shows 30 of them as annotations. These are the others.\n\n"
        "| | Rule | Place | Fault |\n|---|---|---|---|\n"
        "| error | MS103 | `models.d/m10.yaml:11:1` | fault 10<br>help: mend it |\n"
        "| error | MS103 | `models.d/m11.yaml:12:1` | fault 11<br>help: mend it |\n"
        "| info | MS404 | `models.d/m10.yaml:11:1` | fault 10<br>help: mend it |\n"
        "\n"
    )


def test_the_summary_is_empty_if_all_are_annotations() -> None:
    assert written(many(10)) == ""


def test_what_does_not_fit_is_counted() -> None:
    text = written(many(20_000))
    assert MOST_BYTES - 1000 < len(text.encode()) <= MOST_BYTES
    rows = text.count("\n| error |")
    assert f"\n\n{19_990 - rows:,} more are not shown here because of the size limit" in text


def test_respects_the_room_that_other_summaries_use() -> None:
    assert written(many(11), room=199) == ""
    assert written(many(11), room=300).startswith("\n1 more are not shown")
    for room in range(300, 900, 7):
        assert len(written(many(14), room=room).encode()) <= room


def test_hostile_words_stay_in_their_cells() -> None:
    found = [*many(10), *many(10, Severity.WARNING, "MS402"), *many(10, Severity.INFO, "MS404"), *DIAGNOSTICS]
    html = page(step_summary(found, SUMMARY))
    assert html.count("<tr>") == len(DIAGNOSTICS) + 1
    assert html.count("<td>") == 4 * len(DIAGNOSTICS)
    tags = set(re.findall(r"<([a-z0-9]+)", html))
    assert tags <= {"h3", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "br", "span"}
    assert KEY not in html
