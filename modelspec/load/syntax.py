"""What libyaml's complaints mean to the author of a file."""

import re
import unicodedata

import yaml

from modelspec.diagnose.diagnostic import Diagnostic, Label, file_error
from modelspec.text.source import Source, Span

_MEANINGS = (
    (
        "found character that cannot start any token",
        "this character cannot begin a value",
        "quote a value that begins with @, ` or %",
    ),
    (
        "mapping values are not allowed",
        "a ': ' is not allowed here",
        "quote the value if it holds a colon and a space, or check the indentation and the space before a '#'",
    ),
    (
        "did not find expected alphabetic",
        "a name is missing behind this '*' or '&'",
        "begin the items of a list with '- ', and quote a value that begins with * or &",
    ),
    ("could not find expected ':'", "a ':' is missing after this key", "write 'key: value'"),
    (
        "did not find expected key",
        "a key is expected here",
        "check the indentation, and close every quote and bracket above",
    ),
    (
        "did not find expected '-'",
        "a '- ' is expected here",
        "check the indentation of the list",
    ),
    (
        "did not find expected ',' or",
        "a ',' or the closing bracket is missing here",
        "close every [ and {; a variable is written without ${}",
    ),
    (
        "found unexpected end of stream",
        "this quote is never closed",
        "close it; a quote inside is doubled or escaped",
    ),
    (
        "did not find expected node content",
        "a value is expected here",
        "close every [ and {, and quote a value that begins with , ] or }",
    ),
    (
        "did not find expected <document start>",
        "unexpected content: the document above is complete",
        "check the indentation, and delete a bracket too many",
    ),
    ("found unknown escape character", "this escape is not known", "write \\\\ for a backslash"),
    (
        "found a tab character",
        "a tab is used where spaces are expected",
        "indent with spaces",
    ),
    ("found incompatible YAML", "this file requires a YAML version other than 1.2", "delete the %YAML line"),
    ("block sequence entries are not allowed", "a list is not allowed here", "check the indentation"),
)

_NOTICED_LATE = ("while scanning a quoted scalar", "while scanning a simple key")
"""Where libyaml began, not where it gave up, is the fault."""
_BRACKETS = ("while parsing a flow sequence", "while parsing a flow mapping")


_SPACES = "[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]"
_ODD_SPACE = re.compile(f"^ *(?:- )?[A-Za-z_][A-Za-z0-9_]*:{_SPACES}|^ *{_SPACES}")
"""What Unicode calls a space and YAML does not, where a space belongs: behind a key, or in the indentation."""
_TOO_DEEP = ("mapping values are not allowed", "did not find expected key")
_FIELD = re.compile(r"( *)([A-Za-z_][A-Za-z0-9_]*):(?: |$)")


def syntax_fault(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic:
    """The diagnostic of a syntax error, in words that do not repeat the text of the file."""
    return (
        _odd_space(source, error)
        or _indentation(source, error)
        or _complete_list(source, error)
        or _quote(source, error)
        or _bracket(source, error)
        or _by_problem(source, error)
    )


def _odd_space(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic | None:
    """A tab where a value begins or in the indentation, or a space of Unicode that YAML does not take for one."""
    mark = error.problem_mark
    for line, text in enumerate(source.lines[: mark.line + 1] if mark is not None else ()):
        found = _ODD_SPACE.search(text)
        if found:
            character = found[0][-1]
            name = unicodedata.name(character).lower()
            span = Span(line + 1, found.end(), line + 1, found.end() + 1)
            message = f"this is not a space but U+{ord(character):04X}, {name}"
            return file_error("MS008", source.path, span, message, "replace it with a space", ())
    if mark is None or "".join(source.lines[mark.line : mark.line + 1])[mark.column :][:1] != "\t":
        return None
    message, help_ = "a tab is used where spaces are expected", "indent with spaces"
    return file_error("MS008", source.path, _span(source, mark), message, help_, ())


def _indentation(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic | None:
    """A field that is indented deeper than the one above it, which has a value already."""
    mark = error.problem_mark
    if mark is None or not any(problem in (error.problem or "") for problem in _TOO_DEEP):
        return None
    lines = source.lines[: mark.line + 1]
    written = (
        number
        for number in range(len(lines) - 2, -1, -1)
        if lines[number].strip(" #") and lines[number].lstrip()[0] != "#"
    )
    above = next(written, None)
    own, other = _FIELD.match(lines[-1]), None if above is None else _FIELD.match(lines[above])
    if above is None or own is None or other is None or own.end(1) <= other.end(1):
        return None
    column = own.end(1)
    start = other.end(1)
    return file_error(
        "MS008",
        source.path,
        Span(mark.line + 1, column + 1, mark.line + 1, own.end(2) + 1),
        "this field is indented deeper than the one above, which has a value already",
        "give both the same indentation",
        (
            Label(
                path=source.path,
                span=Span(above + 1, start + 1, above + 1, other.end(2) + 1),
                text="the field above is here",
            ),
        ),
    )


_IN_BRACKETS = re.compile(r" *[A-Za-z_][A-Za-z0-9_]*: +(\[.*\]) *(?:#.*)?$")


def _complete_list(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic | None:
    """An item below a list in brackets, such as the first waiver below `waivers: []`."""
    mark = error.problem_mark
    if mark is None or not any(problem in (error.problem or "") for problem in _TOO_DEEP):
        return None
    *above, own = source.lines[: mark.line + 1]
    line = max((n for n, text in enumerate(above) if text.strip() and text.lstrip()[0] != "#"), default=None)
    found = None if line is None else _IN_BRACKETS.match(above[line])
    if line is None or found is None or not own.lstrip(" ").startswith("- "):
        return None
    listed = Span(line + 1, found.start(1) + 1, line + 1, found.end(1) + 1)
    return file_error(
        "MS008",
        source.path,
        _span(source, mark),
        "this item stands below a list that is complete",
        "delete the '[]' above" if found[1] == "[]" else "write it inside the brackets",
        (Label(path=source.path, span=listed, text="the list is here"),),
    )


_QUOTED = re.compile(r"""\s*(?:- )?(?:[A-Za-z_][A-Za-z0-9_]*: +)?(["'])""")


def _quote(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic | None:
    """A quote that ends where none was to end: a quote inside it, or one that an earlier line did not close."""
    mark = error.problem_mark
    if (
        mark is None
        or "did not find expected key" not in (error.problem or "")
        or mark.line >= len(source.lines)
    ):
        return None
    before = source.lines[mark.line][: mark.column].rstrip()
    character = before[-1:]
    if character not in ('"', "'"):
        return None
    opening = _QUOTED.match(before)
    if opening is not None and opening[1] == character and opening.end() < len(before):
        way = "double it: ''" if character == "'" else 'write \\" inside of double quotes'
        span = Span(mark.line + 1, len(before), mark.line + 1, len(before) + 1)
        return file_error("MS008", source.path, span, "the quoted value ends here, and more follows", way, ())
    for line in range(mark.line - 1, -1, -1):
        opening = _QUOTED.match(source.lines[line])
        if opening is not None and opening[1] == character:
            if character in source.lines[line][opening.end() :]:
                return None
            span = Span(line + 1, opening.end(), line + 1, opening.end() + 1)
            return file_error(
                "MS008", source.path, span, "this quote is not closed in its line", "close it", ()
            )
    return None


def _bracket(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic | None:
    """A bracket that is still open where the next field begins."""
    opened, mark = error.context_mark, error.problem_mark
    if error.context not in _BRACKETS or opened is None or mark is None or mark.line >= len(source.lines):
        return None
    own, other = _FIELD.match(source.lines[mark.line]), _FIELD.match(source.lines[opened.line])
    if mark.line == opened.line or own is None or other is None or own.end(1) > other.end(1):
        return None
    bracket = source.lines[opened.line][opened.column]
    message = f"this '{bracket}' is not closed before the next field"
    closing = "]" if bracket == "[" else "}"
    return file_error("MS008", source.path, _span(source, opened), message, f"close it with '{closing}'", ())


def _by_problem(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic:
    problem = error.problem or ""
    message, help_ = next(
        ((message, help_) for known, message, help_ in _MEANINGS if known in problem),
        (f"this is not valid YAML: {problem}", "check quotes, brackets and indentation near this place"),
    )
    late = error.context in _NOTICED_LATE
    related: tuple[Label, ...] = ()
    if error.context in _BRACKETS:
        related = (Label(path=source.path, span=_span(source, error.context_mark), text="opened here"),)
    span = _span(source, error.context_mark if late else error.problem_mark or error.context_mark)
    return file_error("MS008", source.path, span, message, help_, related)


def _span(source: Source, mark: yaml.Mark | None) -> Span:
    """One character; at the end of the file, the place behind the last one that shows."""
    lines = source.lines
    line, column = (0, 0) if mark is None else (mark.line, mark.column)
    if line >= len(lines) or (line == len(lines) - 1 and not lines[line].strip()):
        line = next((n for n in range(len(lines) - 1, -1, -1) if lines[n].strip()), 0)
        column = len(lines[line].rstrip())
    column = min(column, len(lines[line]))
    return Span(line + 1, column + 1, line + 1, column + 1 + (column < len(lines[line])))
