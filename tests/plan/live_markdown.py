"""The parts of a comment that a forge would act on: GitHub's own parser, and the filters after it."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

OURS = {
    "p",
    "ul",
    "li",
    "h3",
    "strong",
    "b",
    "em",
    "code",
    "details",
    "summary",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "pre",
}
ACTIVE = re.compile(
    r"@\w|#\d|\bGH-\d|https?:|www\.|:[a-z0-9_+-]+:|\$[^$]+\$|<!--|::\w+|##\[|\b[0-9a-f]{7,40}\b",
    re.IGNORECASE,
)


_FENCE = re.compile(r"(?m)^```yaml\n- \{guard: .*\n```$")
"""A waiver to copy, which is one line of YAML."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.text: list[str] = []
        self.tags: list[str] = []
        self.comments: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert all(name == "align" or (name, tag) == ("lang", "pre") for name, _ in attrs), (tag, attrs)
        self.depth += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "code"

    def handle_data(self, data: str) -> None:
        if not self.depth:
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def live(markdown: str) -> Iterator[str]:
    """Everything active in a comment that is not ours."""
    reader = _Reader()
    reader.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE))
    reader.close()
    yield from (f"<{tag}>" for tag in reader.tags if tag not in OURS)
    yield from (match.group() for text in reader.text for match in ACTIVE.finditer(text))
    if reader.comments != [" modelspec:plan "] or markdown.count("<!--") != 1:
        yield "a comment"
    if reader.depth:
        yield "an open tag"
    for line in _FENCE.sub("", markdown).split("\n"):
        if re.match(r"\s*(/|::|##\[|\x60{3}|~{3})", line) or "##[" in line:
            yield f"a line: {line}"
