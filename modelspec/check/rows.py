"""Facts and diagnostics as rows of JSON, and back.

Whoever wrote a row: reading one that was not written here raises TypeError, ValueError, IndexError or KeyError.
"""

from collections.abc import Sequence
from types import UnionType
from typing import Any, get_origin

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
        pairs = zip(signature, _SIGNATURE, strict=True)
        if not all(type(value) in kinds for value, kinds in pairs):
            raise TypeError
    return Facts(
        path=path,
        signature=None if signature is None else Signature(path, *map(_frozen, signature)),
        is_sound=is_sound,
        diagnostics=tuple(map(diagnostic_of, diagnostics)) if diagnostics else (),
        ignores=tuple(_ignore(path, *row) for row in ignores) if ignores else (),
        model=None,
        by_base=tuple(map(diagnostic_of, by_base[0])) if by_base else None,
    )


def _kinds(hint: Any) -> frozenset[type]:  # noqa: ANN401
    """The types that JSON has for a field."""
    kinds = hint.__args__ if isinstance(hint, UnionType) else (hint,)
    return frozenset(list if get_origin(kind) is tuple else kind for kind in kinds)


_SIGNATURE = tuple(map(_kinds, list(Signature.__annotations__.values())[1:]))
"""Of each field of a signature but the path, which is the key of its row."""


def _frozen(value: Any) -> Any:  # noqa: ANN401
    """Lists of JSON, and those inside them, as the tuples that they were."""
    return tuple(map(_frozen, value)) if value.__class__ is list else value


def _ignore(path: str, codes: list[str], has_reason: Any, span: list[int], line: int) -> Ignore:  # noqa: ANN401
    _are(str, *codes)
    _are(bool, has_reason)
    _are(int, line)
    return Ignore(path=path, codes=tuple(codes), has_reason=has_reason, span=_span(span), line=line)
