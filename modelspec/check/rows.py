"""Facts and diagnostics as rows of JSON, and back.

Whoever wrote a row: reading one that was not written here raises TypeError, ValueError, IndexError or KeyError.
"""

from collections.abc import Callable, Sequence
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from modelspec.check.examine import Facts
from modelspec.diagnose.diagnostic import Diagnostic, Label, Severity
from modelspec.diagnose.ignore import Ignore
from modelspec.fleet.model import Signature
from modelspec.text.source import Span


def place_of(span: Span) -> list[int]:
    """The row of a span."""
    return [span.line, span.column, span.end_line, span.end_column]


def row_of(found: Diagnostic) -> list[object]:
    """The row of a diagnostic."""
    related = [(label.path, place_of(label.span), label.text) for label in found.related]
    return [
        found.code,
        found.severity.value,
        found.message,
        found.path,
        place_of(found.span),
        found.label,
        found.help,
        related,
        found.subject,
        None if found.hidden is None else place_of(found.hidden),
    ]


def diagnostic_of(row: Sequence[Any]) -> Diagnostic:
    """The diagnostic of a row."""
    code, severity, message, path, span, label, help_, related, subject, hidden = row
    _are(str, code, message, path, label, help_, subject)
    _are(str, *(text for one in related for text in (one[0], one[2])))
    return Diagnostic(
        code=code,
        severity=Severity(severity),
        message=message,
        path=path,
        span=_span(span),
        label=label,
        help=help_,
        related=tuple(Label(path=path, span=_span(span), text=text) for path, span, text in related),
        subject=subject,
        hidden=None if hidden is None else _span(hidden),
    )


def _span(place: Sequence[Any]) -> Span:
    _are(int, *place)
    return Span(*place)


def _are(kind: type, *values: object) -> None:
    """Raise TypeError if a value is of another type: whoever wrote the cache, it is none then."""
    if any(type(value) is not kind for value in values):
        raise TypeError


def facts_of(path: str, signature: Any, is_sound: Any, *rows: Any) -> Facts:  # noqa: ANN401
    """The facts of the row of a file; `signature` lacks the path."""
    diagnostics, ignores, *by_base = rows
    _are(bool, is_sound)
    _are(list, diagnostics, ignores, *by_base)
    if signature is not None:
        fields = zip(_SIGNATURE, signature, strict=True)
        signature = Signature(path, *(read(value) for read, value in fields))
    return Facts(
        path=path,
        signature=signature,
        is_sound=is_sound,
        diagnostics=tuple(map(diagnostic_of, diagnostics)) if diagnostics else (),
        ignores=tuple(_ignore(path, *row) for row in ignores) if ignores else (),
        model=None,
        by_base=tuple(map(diagnostic_of, by_base[0])) if by_base else None,
    )


def _reader(hint: Any) -> Callable[[Any], Any]:  # noqa: ANN401
    """What makes a value of a field of what JSON has for it, and raises TypeError or ValueError for anything else."""
    kinds = frozenset(hint.__args__ if isinstance(hint, UnionType) else [hint])
    rest = kinds - {NoneType}
    if len(rest) == 1 and rest != kinds:
        inner = _reader(*rest)
        return lambda value: None if value is None else inner(value)
    if get_origin(hint) is not tuple:
        return lambda value: _of(kinds, value)
    parts = get_args(hint)
    if parts[-1] is not Ellipsis:
        readers = tuple(map(_reader, parts))
        return lambda value: tuple(read(item) for read, item in zip(readers, _of(_LIST, value), strict=True))
    item = parts[0]
    if get_origin(item) is tuple:
        each = _reader(item)
        return lambda value: tuple(map(each, _of(_LIST, value)))
    leaves = frozenset(item.__args__ if isinstance(item, UnionType) else [item])
    return lambda value: _all_of(leaves, _of(_LIST, value))


_LIST = frozenset({list})


def _of(kinds: frozenset[type], value: Any) -> Any:  # noqa: ANN401
    if type(value) not in kinds:
        raise TypeError
    return value


def _all_of(kinds: frozenset[type], values: list[Any]) -> tuple[Any, ...]:
    if not kinds.issuperset(map(type, values)):
        raise TypeError
    return tuple(values)


_SIGNATURE = tuple(map(_reader, list(Signature.__annotations__.values())[1:]))
"""Of each field of a signature but the path, which is the key of its row."""


def _ignore(path: str, codes: list[str], has_reason: Any, span: list[int], line: int) -> Ignore:  # noqa: ANN401
    _are(str, *codes)
    _are(bool, has_reason)
    _are(int, line)
    return Ignore(path=path, codes=tuple(codes), has_reason=has_reason, span=_span(span), line=line)
