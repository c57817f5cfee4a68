import re
from collections.abc import Callable
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from modelspec.text.markdown import BREAK, code, escaped
from modelspec.text.visible import visible

HOSTILE = [
    "@octocat please look, cc @org/team",
    "mail me: a.b@example.com or mailto:a@b.co",
    "see #1, owner/repo#12, GH-3, gh-4, CVE-2024-1234, GHSA-abcd-1234-efgh, JIRA-7",
    '!1 ~bug ~"a b" %4 %"v1" &5 ^alert#6 *iteration:7 $8 [issue:9] [[_TOC_]] [TOC]',
    "http://evil.example/a?b=c&d=e https://x.example www.evil.example WWW.evil.example ftp://a.example",
    "<script>alert(1)</script><img src=x onerror=y> <!-- hidden --> &lt; &copy; &#64;octocat",
    "[click](javascript:alert(1)) ![](http://x.example/p.png) [a]: http://x.example <http://a.example>",
    "| a | b |\\| c |",
    "`code` ``more`` ```fence",
    "**bold** *it* __b__ _i_ ~~gone~~ snake_case_name __init__ _a_b_ \\*a\\*",
    "$x^2$ $`y`$ $$z$$",
    ":rocket: :+1: models.d/a.yaml:3:9",
    "- item", "+ item", "* item", "1. one", "12) two", "> quote", "# heading", "## h", "---", "===", "***",
    "- [ ] task", "[x] done", "[ ] open", "    indented", "~~~", "```", ":::note", ":-", ":--:", "|-|", "[^1]: foot",
    "/close", "/assign @me", "{+ added +} {- gone -} [+ added +] [- gone -]", "{{ x }} {% y %}",
    "0123abc deadbeef1 2d711642b726b04401627ca9fbac32f5c8530fb1",
    "a\n# b\r\n- c\t\x1b[31m\u202e", "::set-output name=a::b", "lone \udcff", " ", "  a  ", "a ", "a  ", "\\", "a\\",

    "]]>", "&", "&amp;", "&amp", "##[error]x", "1.", "1", "123456789. x", "1234567890. x", "5", "<", "=", "日本 東京",
]  # fmt: skip
PLACES = ["{}", "- {}", "before {} after", "# {}", "> {}", "before\n{}", "- a\n  {}", "1. {}"]
EXPECTED = {"p", "ul", "ol", "li", "h1", "blockquote", "table", "thead", "tbody", "tr", "th", "td", "br"}
ALPHABET = st.sampled_from("ab1 @#/:.-+=_*~`$|\\<>[](){}!&;w\n\t^%\"'\u200b\udcff東") | st.characters()
TEXT = st.text(ALPHABET, max_size=40) | st.lists(st.sampled_from(HOSTILE), max_size=3).map("".join)
unhurried = settings(deadline=None)


class Page(HTMLParser):
    """The elements of a page and the text in it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not [name for name, _ in attrs if name != "start"], attrs
        self.elements.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def github(markdown: str) -> str:
    return str(cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE))


def commonmark(markdown: str) -> str:
    parser = MarkdownIt("gfm-like", {"html": True})
    assert parser.linkify is not None
    # Neither forge links a name that only looks like a domain.
    parser.linkify.set({"fuzzy_link": False})
    return str(parser.render(markdown))


@pytest.mark.parametrize("render", [github, commonmark])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_shows_as_itself(text: str, place: str, render: Callable[[str], str]) -> None:
    page, empty = Page(render(place.format(escaped(text)))), Page(render(place.format("x")))
    assert page.text.replace(BREAK, "") == empty.text.replace("x", visible(text))
    extra = sorted(page.elements)
    for element in empty.elements:
        extra.remove(element)
    assert set(extra) <= {"span"}


@unhurried
@given(text=TEXT)
def test_any_text_shows_as_itself(text: str) -> None:
    for render in (github, commonmark):
        page = Page(render(f"x {escaped(text)} x"))
        assert page.text.replace(BREAK, "").strip() == f"x {visible(text)} x"
        assert set(page.elements) <= {"p", "span"}


@unhurried
@given(text=TEXT)
def test_any_text_may_begin_a_line(text: str) -> None:
    for render in (github, commonmark):
        page = Page(render(f"{escaped(text)}\n"))
        assert page.text.replace(BREAK, "").removesuffix("\n") == visible(text)
        assert set(page.elements) <= {"p", "span"}


@unhurried
@given(text=TEXT, other=TEXT)
def test_cells_of_a_table_stay_cells(text: str, other: str) -> None:
    for write in (escaped, code):
        table = f"| a | b |\n|---|---|\n| x{write(text)}x | {write(other)} |\n\nend\n"
        for render in (github, commonmark):
            page = Page(render(table))
            assert page.elements.count("td") == 2
            assert page.elements.count("tr") == 2
            assert set(page.elements) <= EXPECTED | {"span", "code"}
            assert f"x{visible(text)}x" in page.text.replace(BREAK, "")


@unhurried
@given(text=TEXT)
def test_code_shows_the_text_itself(text: str) -> None:
    for render in (github, commonmark):
        page = Page(render(f"x {code(text)} y"))
        assert page.text.replace(BREAK, "").removesuffix("\n") == f"x {visible(text)} y"
        assert page.elements.count("code") == 1
        assert set(page.elements) <= {"p", "code", "span"}


@pytest.mark.parametrize(
    "pattern",
    [
        r"@\w",  # GitHub, GitLab: people and teams
        r"[#!~%&]\d",  # issues, merge requests, labels, milestones, epics
        r"(?i)\bgh-\d",
        r"\b[A-Z][A-Z0-9_]+-\d",
        r"(?i)\bghsa-\w",
        r":[\w+-]+:",  # emoji
        r"[a-z]+://",
        r"(?i)\bwww\.",
        r"\b(?=[0-9]*[a-f])[0-9a-f]{7,40}\b",
        r"[\[{][+-]",  # GitLab: changes within a line
        r"\[\[?_?TOC",
        r"^/[a-z]",  # GitLab: quick actions
    ],
)
def test_filters_of_forges_find_nothing_in_rendered_text(pattern: str) -> None:
    found = []
    for text in HOSTILE:
        # These filters process one text after another, and skip code.
        source = escaped(text)
        pieces = [source] if pattern.startswith("^") else re.split("<[^>]+>", github(source))
        found += [
            text for piece in pieces if re.search(pattern, Page(piece).text if piece != source else piece)
        ]
    assert found == []


def test_plain_words_stay_readable() -> None:
    assert escaped("no region is named 'eu-west'; is fallback_heads meant?") == (
        "no region is named 'eu-west'; is fallback_heads meant?"
    )
    assert code("models.d/a_b.yaml") == "`models.d/a_b.yaml`"
    assert code("a`b``c") == "```a`b``c```"
    assert code("`a") == "`` `a ``"
    assert code("") == "<code></code>"


def test_long_text_takes_time_in_proportion() -> None:
    for piece in ("A_", "a", "0", "@", "[", ":", ":a", "w", "`", "1", " ", "_", "GH-"):
        text = f"x{piece * 20_000}x"
        page = Page(github(escaped(text)))
        assert page.text.replace(BREAK, "") == f"{visible(text)}\n"
