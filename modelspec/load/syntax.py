"""What libyaml's complaints mean to the author of a file."""

import yaml

from modelspec.diagnose.diagnostic import Diagnostic, Label, file_error
from modelspec.text.source import Source, Span

_MEANINGS = (
    (
        "found character that cannot start any token",
        "this character cannot begin a value",
        "indent with spaces, and quote a value that begins with @, ` or %",
    ),
    (
        "mapping values are not allowed",
        "a ': ' is not allowed here",
        "quote the value if it holds a colon and a space, or check the indentation",
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
        "close every [ and {",
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


def syntax_fault(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic:
    """The diagnostic of a syntax error, in words that do not repeat the text of the file."""
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
