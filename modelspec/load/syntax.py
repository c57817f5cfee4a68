"""What libyaml's complaints mean to the author of a file."""

import yaml

from modelspec.diagnostic import Diagnostic, Severity
from modelspec.source import Source, Span

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
        "the file ends inside a quoted string",
        "close the quote",
    ),
    ("found unknown escape character", "this escape is not known", "write \\\\ for a backslash"),
    (
        "found a tab character",
        "a tab stands where spaces are expected",
        "indent with spaces",
    ),
    ("found incompatible YAML", "this file asks for another YAML than 1.2", "delete the %YAML line"),
    ("block sequence entries are not allowed", "a list is not allowed here", "check the indentation"),
)


def syntax_fault(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic:
    """The diagnostic of a syntax error, in words that do not repeat the text of the file."""
    problem = error.problem or ""
    message, help_ = next(
        ((message, help_) for known, message, help_ in _MEANINGS if known in problem),
        (f"this is not YAML: {problem}", "check quotes, brackets and indentation near this place"),
    )
    mark = error.problem_mark or error.context_mark
    line, column = (0, 0) if mark is None else (mark.line, mark.column)
    line = min(line, len(source.lines) - 1)
    column = min(column, len(source.lines[line]))
    return Diagnostic(
        code="MS008",
        severity=Severity.ERROR,
        message=message,
        path=source.path,
        span=Span(line + 1, column + 1, line + 1, column + 1 + (column < len(source.lines[line]))),
        help=help_,
        subject=source.path,
    )
