import re
from datetime import date
from pathlib import Path

import pytest
from changes import KEY, change, many, settings, waiver, waivers, without
from small_fleets import FIXED, TODAY, codes, compiled, model, routed

from modelspec.change.guards import check_guards
from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.waiver import waiver_entry, waivers_of
from modelspec.load import read
from modelspec.load.find import File
from modelspec.report import REPORTS, Summary
from modelspec.report.printable import printable
from modelspec.text.document import Place

PRINTED = re.compile(r"waivers\.yaml: (- \{.*\})$")


def _printed(help_: str) -> str:
    match = PRINTED.search(printable(help_))
    assert match is not None
    return match[1]


def _filled_in(entry: str) -> str:
    return entry.replace("why this is acceptable", "agreed").replace(
        "approved_by: NAME", "approved_by: alice"
    )


FLEET = many(4, KEY) | {
    "vendor_a@b-c:d~1": model("vendor/a@b:c~1", KEY, region="us", head="head-us-1"),
    "no": model("no", KEY),
    "m+1.5": model("m+1.5", KEY),
    "12": model("012", KEY).replace("model_id: 012", "model_id: '012'").replace("name: 012", "name: Twelve"),
}
AFTER = many(4, KEY, "endpoint: https://[2001:db8::1]/v1")


@pytest.fixture(name="broken", scope="module")
def _broken(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The printed entries of a change that breaks every guard except that of moves."""
    found = change(tmp_path_factory.mktemp("broken"), FLEET, AFTER).found
    assert {one.code for one in found} == {"MS801", "MS802", "MS804", "MS805", "MS806"}
    return [_printed(one.help) for one in found]


def test_printed_entries_work_once_filled_in(broken: list[str], tmp_path: Path) -> None:
    file = waivers(*map(_filled_in, broken))
    assert change(tmp_path, FLEET, AFTER, head=file).found == []


def test_rejects_printed_entries_as_printed(broken: list[str], tmp_path: Path) -> None:
    head = compiled(tmp_path, AFTER, FIXED | waivers(*broken))
    assert [code for code in codes(head) if code > "MS61"] == ["MS612", "MS612"] * len(broken)
    assert head.has_errors


def test_a_waiver_that_is_not_filled_in_has_no_effect(broken: list[str], tmp_path: Path) -> None:
    file = {**waivers(*broken), "modelspec.yaml": "rules: {MS612: off}\n"}
    found = change(tmp_path, FLEET, AFTER, head=file)
    assert len(found.found) == len(broken)
    assert "MS610" not in found.codes


@pytest.mark.parametrize(
    "subject",
    ["a@b:c~1", "no", "012", "-", "~", "a: b", "#x", "'\"\\", "{a}", "line\nend", "é", "\U0001f600"],
)
def test_a_printed_entry_parses_to_its_subject(subject: str) -> None:
    text = "waivers:\n" + waiver_entry("max_removed", subject, TODAY) + "\n"
    reading = read(File(path="waivers.yaml", data=text.encode()))
    (found,) = waivers_of(reading.value)
    assert text.isascii()
    assert not [one for one in reading.faults if one.code != "MS013"]
    assert (found.code, found.subject, found.expires) == ("max_removed", subject, "2026-06-15")
    assert found.place == Place(path="waivers.yaml", pointer=("waivers", 0))


def test_an_entry_expires_on_the_last_day_of_the_calendar_at_most() -> None:
    assert "expires: 9999-12-31" in waiver_entry("max_removed", "a", date(9999, 12, 30))


def test_the_report_shows_the_entry_on_one_line(tmp_path: Path) -> None:
    models = many(20)
    found = change(tmp_path, models, without(models, "m03", "m04", "m05"), base=settings("max_removed: 0"))
    summary = Summary.of(found.found, files=0, models=20)
    text = "".join(
        REPORTS["text"](found.found[:1], summary, found.head.locator.source, colour=False, quiet=True)
    )
    advice = (
        "split the change; the max_removed of the base applies, whatever this change sets it to; "
        "or get this entry approved, below `waivers:` in waivers.yaml: "
        '- {guard: max_removed, subject: "m03", reason: "why this is acceptable", '
        "expires: 2026-06-15, approved_by: NAME}"
    )
    assert text.splitlines()[1:] == ["  --> modelspec.yaml", f"   = help: {advice}", ""]


def test_a_change_cannot_loosen_the_guard_that_it_breaks(tmp_path: Path) -> None:
    models = many(5)
    after = without(models, "m03", "m04")
    loose = settings("max_removed: 100%, endpoint_host_change: off")
    found = change(tmp_path, models, after, head=loose)
    assert found.codes == ["MS802", "MS802"]
    assert "the max_removed of the base applies" in found.found[0].help
    assert found.places[0] == "MS802 modelspec.yaml:1:10"
    assert change(tmp_path / "merged", models, after, base=loose, head=loose).found == []


def test_a_change_is_not_checked_against_its_own_guards(tmp_path: Path) -> None:
    models = many(5)
    assert change(tmp_path, models, without(models, "m03"), head=settings("max_removed: 0")).found == []


def test_an_expired_waiver_has_no_effect_and_is_shown(tmp_path: Path) -> None:
    models = many(5)
    file = waivers(waiver("max_removed", "m03", "2026-05-31"), waiver("max_removed", "m02", "2026-05-31"))
    found = change(tmp_path, models, without(models, "m03", "m04"), head=file)
    assert [(one.code, one.subject) for one in found.found] == [("MS802", "m03"), ("MS802", "m04")]
    ((label,), others) = (one.related for one in found.found)
    assert (label.path, label.span.line, label.text) == ("waivers.yaml", 2, "the waiver for this has expired")
    assert others == ()
    assert [code for code in codes(found.head) if code > "MS61"] == ["MS611", "MS611"]


def test_reports_an_unused_waiver_of_a_change(tmp_path: Path) -> None:
    file = waivers(waiver("max_removed", "m09"), waiver("max_moved", "m01"))
    found = change(tmp_path, many(5), many(5), head=file)
    assert "MS610" not in codes(found.head)
    assert found.places == ["MS610 waivers.yaml:2:35", "MS610 waivers.yaml:3:33"]
    assert found.found[0].message == "the waiver of max_removed for 'm09' waives nothing in this change"


def test_ignores_unused_waivers_of_rules(tmp_path: Path) -> None:
    file = waivers(waiver("max_removed", "m09").replace("guard: max_removed", "rule: MS402"))
    assert change(tmp_path, many(2), many(2), head=file).found == []


@pytest.mark.parametrize(("severity", "expected"), [("off", []), ("error", ["error"])])
def test_the_severity_of_an_unused_waiver_can_be_set(
    severity: str, expected: list[str], tmp_path: Path
) -> None:
    file = {**waivers(waiver("max_moved", "m01")), "modelspec.yaml": f"rules: {{MS610: {severity}}}\n"}
    found = change(tmp_path, many(5), many(5), head=file)
    assert [one.severity.value for one in found.found] == expected


def test_a_waiver_counts_as_used_below_the_limit(tmp_path: Path) -> None:
    models = many(5)
    file = waivers(waiver("max_removed", "m01"))
    assert change(tmp_path, models, without(models, "m01"), head=file).found == []


def test_warns_if_there_is_no_base_to_compare_with(tmp_path: Path) -> None:
    head = compiled(tmp_path / "head", many(1), FIXED | settings("max_removed: 0"))
    empty = routed(compiled(tmp_path / "empty", many(1)))
    empty = type(empty)(regions=empty.regions, heads=empty.heads, routes=())
    for before in (None, empty):
        (found,) = check_guards(head, head, before=before, after=routed(head), today=TODAY).diagnostics
        assert (found.code, found.severity.value, found.span.line) == ("MS807", "warning", 1)
        assert found.message == "no guard was checked: the base has no models"


def test_an_unreadable_base_takes_a_waiver(tmp_path: Path) -> None:
    unreadable = [("heads.yaml", "base abc1234")]
    for waived in (False, True):
        files = waivers(waiver("unreadable_base", "heads.yaml")) if waived else {}
        head = compiled(tmp_path / f"{waived}", many(1), FIXED | files)
        report = check_guards(head, head, before=None, after=routed(head), today=TODAY, unreadable=unreadable)
        assert [found.code for found in report.diagnostics] == ([] if waived else ["MS808"])
        assert report.waived == ([("unreadable_base", "heads.yaml")] if waived else [])


@pytest.mark.parametrize("where", ["rules", "waivers"])
def test_rejects_a_guard_set_or_waived_as_a_rule(where: str, tmp_path: Path) -> None:
    files = (
        {"modelspec.yaml": "rules: {MS806: off}\n"}
        if where == "rules"
        else waivers(waiver("max_removed", "m01").replace("guard: max_removed", "rule: MS806"))
    )
    diagnostics = compiled(tmp_path, many(2), FIXED | files).diagnostics
    (found,) = [one for one in diagnostics if one.severity is Severity.ERROR]
    assert (found.code, found.message) == ("MS207", "MS806 is a guard of `plan`, not a rule")
    assert "`guards` in modelspec.yaml" in found.help
