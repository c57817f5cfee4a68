import json
import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import wcwidth

from modelspec.diagnose.diagnostic import Diagnostic, Label, Severity
from modelspec.report import REPORTS, Summary
from modelspec.report.text import WIDTH, frame
from modelspec.text.source import Source, Span
from modelspec.text.visible import visible

STEERING = "\0\a\b\t\n\v\r\x1b\x7f\x85\x9b\u061c\u200b\u200d\u202e\u2028\u2066\ufe0f\ufeff\U000e0041"
TEXT = st.text(
    st.one_of(
        st.sampled_from("ab:#[]%, '東ｶ🚀\u0301\u1161" + STEERING),
        st.characters(exclude_categories=["Cs"]),
    )
)
ANY_TEXT = st.one_of(TEXT, st.text(st.characters()), st.text(st.sampled_from("a\udcff\ud800")))
LONG_TEXT = st.builds(lambda text, times: text * times, TEXT, st.integers(1, 300))
NUMBER = st.integers(-1, 40)
SPAN = st.builds(Span, NUMBER, NUMBER, NUMBER, NUMBER)
PATH = st.one_of(st.sampled_from(["a.yaml", "b.yaml"]), ANY_TEXT)
DIAGNOSTIC = st.builds(
    Diagnostic,
    code=st.sampled_from(["MS201", "MS402"]),
    severity=st.sampled_from(Severity),
    message=ANY_TEXT,
    path=PATH,
    span=SPAN,
    label=ANY_TEXT,
    help=ANY_TEXT,
    related=st.lists(st.builds(Label, path=PATH, span=SPAN, text=ANY_TEXT), max_size=2).map(tuple),
    subject=ANY_TEXT,
)
DIAGNOSTICS = st.lists(DIAGNOSTIC, max_size=3)
SGR = re.compile(r"\x1b\[(?:0|1|34|1;31|1;33|1;34)m")


def render(name: str, diagnostics: Sequence[Diagnostic], text: str, *, colour: bool = False) -> str:
    summary = Summary.of(diagnostics, files=2, models=1)
    files = {"a.yaml": Source("a.yaml", text)}
    return "".join(REPORTS[name](diagnostics, summary, files.get, colour=colour))


unhurried = settings(deadline=None)


def width(text: str) -> int:
    """The columns of a text without control characters, character by character."""
    return sum(map(wcwidth, text))


@unhurried
@given(diagnostics=DIAGNOSTICS, text=st.one_of(TEXT, LONG_TEXT))
def test_every_format_prints_only_visible_characters(diagnostics: list[Diagnostic], text: str) -> None:
    for name in REPORTS:
        output = render(name, diagnostics, text)
        assert all(line.isprintable() for line in output.split("\n"))
        assert "##[" not in output or name in ("json", "gitlab", "sarif")
        output.encode()


@unhurried
@given(diagnostics=DIAGNOSTICS, text=TEXT)
def test_colour_adds_its_own_sequences_and_nothing_else(diagnostics: list[Diagnostic], text: str) -> None:
    coloured = render("text", diagnostics, text, colour=True)
    assert SGR.sub("", coloured) == render("text", diagnostics, text)


@unhurried
@given(diagnostics=DIAGNOSTICS, text=TEXT)
def test_every_line_begins_with_the_words_of_the_report(diagnostics: list[Diagnostic], text: str) -> None:
    begins = re.compile(r"(?:error|warning|info)\[MS|checked 1 model: | *(?:-->|:::|=|\|)| [0-9]+ \||$")
    assert all(begins.match(line) for line in render("text", diagnostics, text).split("\n"))


@unhurried
@given(diagnostics=DIAGNOSTICS, text=TEXT)
def test_machine_formats_contain_every_diagnostic_once(diagnostics: list[Diagnostic], text: str) -> None:
    assert len(json.loads(render("json", diagnostics, text))["diagnostics"]) == len(diagnostics)
    assert len(json.loads(render("gitlab", diagnostics, text))) == len(diagnostics)
    assert len(json.loads(render("sarif", diagnostics, text))["runs"][0]["results"]) == len(diagnostics)
    assert render("github", diagnostics, text).count("\n") == len(diagnostics)
    cases = list(ET.fromstring(render("junit", diagnostics, text)).iter("testcase"))
    assert len(cases) == max(len(diagnostics), 1)


@unhurried
@given(text=ANY_TEXT)
def test_what_is_visible_stays_visible(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@unhurried
@given(lines=st.lists(st.one_of(ANY_TEXT, LONG_TEXT), min_size=1, max_size=5), span=SPAN)
def test_carets_are_under_the_line_or_right_after_it(lines: list[str], span: Span) -> None:
    shown = frame(lines, span)
    columns = width(shown.text)
    assert columns <= WIDTH
    assert shown.indent >= 0
    assert shown.carets >= 1
    assert shown.indent + shown.carets <= columns + (shown.carets == 1)


@unhurried
@given(before=LONG_TEXT, marked=st.text("a東🚀\x1b\u202e", min_size=1, max_size=8), after=LONG_TEXT)
def test_carets_are_under_the_marked_text(before: str, marked: str, after: str) -> None:
    line = f"{before.rstrip('#')}({marked}){after}"
    start = len(before.rstrip("#")) + 1
    shown = frame([line], Span(1, start + 1, 1, start + len(marked) + 1))
    columns = [character for character in shown.text for _ in range(width(character))]
    wanted = [character for character in visible(marked) for _ in range(width(character))]
    assert columns[shown.indent : shown.indent + shown.carets] == wanted
