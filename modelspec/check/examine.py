"""One file by itself: everything that can be checked without the other models, and how that is kept."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import NoneType, UnionType
from typing import Any, NamedTuple, get_args, get_origin

from modelspec.check.document import examine_document, of_schema
from modelspec.check.setup import Setup
from modelspec.diagnose.diagnostic import Diagnostic, Label, Severity, file_error
from modelspec.diagnose.distinct import cut_short
from modelspec.diagnose.ignore import MARK, Ignore, ignores
from modelspec.diagnose.rule import Finding, Scope
from modelspec.fleet.link_model import link_model, model_of, signature_of
from modelspec.fleet.model import Fleet, Model, Signature
from modelspec.load import Reading, read
from modelspec.load.defaults import Inherited, merged, nodes_of
from modelspec.load.find import File, folders_of
from modelspec.load.limits import MAX_NODES
from modelspec.load.locate import Locator
from modelspec.rules import checks_of
from modelspec.schema import SchemaFault
from modelspec.secret import telling_key
from modelspec.text.document import Place
from modelspec.text.source import START, Span

_NAMED_FIELDS = ("model_id", "name", "region", "priority_head")
"""The fields that every model has."""


_MOST_GIVEN = 50
"""Faults of its defaults that are kept of one model; five thousand models may have the same."""


_QUOTED = re.compile(r"'[^'\n]*'")


class Facts(NamedTuple):
    """What is known of one model file.

    `diagnostics` carry the default severities. `signature` is None where not even the names could be understood;
    `is_sound` is False where the file has a fault of reading or schema, so that something may be missing from it.
    `model` is None where the file has a fault of reading, schema or links, and in facts out of the cache. `by_base`
    are the diagnostics under the policy of a base; None where that finds the same.
    """

    path: str
    signature: Signature | None
    is_sound: bool
    diagnostics: tuple[Diagnostic, ...]
    ignores: tuple[Ignore, ...]
    model: Model | None
    by_base: tuple[Diagnostic, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a model file is examined against; `base` is the setup with the policy of a base that finds otherwise."""

    setup: Setup
    locator: Locator
    defaults: Mapping[str, Inherited]
    base: Setup | None = None

    def given(self, path: str) -> Inherited | None:
        """What the folders around a model give to it."""
        if not self.defaults:
            return None
        return next((self.defaults[folder] for folder in folders_of(path) if folder in self.defaults), None)


def examine_model(file: File, around: Surroundings) -> Facts:
    """Read one model file and check it against the fleet."""
    reading = read(file)
    around.locator.known[file.path] = reading
    try:
        return _examine_model(reading, around)
    finally:
        # Its tree and marks are ten times the size of what is kept of it.
        del around.locator.known[file.path]


def _examine_model(reading: Reading, around: Surroundings) -> Facts:
    given = around.given(reading.file.path)
    withheld: frozenset[str] = frozenset() if given is None else given.withheld
    if given is not None:
        reading = completed(reading, given)
    diagnostics, faults = examine_document(reading, "model", around.locator, withheld)
    value = reading.value if isinstance(reading.value, dict) and not reading.faults else {}
    is_sound = not faults and not reading.faults and not withheld
    sound = value if is_sound else _sound_part(value, faults)
    model = None if sound is None else model_of(reading.file.path, _line(reading), sound, reading.lines)
    is_linked = False
    if model is not None:
        unknown = link_model(model, around.setup.fleet)
        is_linked = not unknown and around.setup.fleet.knows(model)
        diagnostics.extend(
            around.locator.diagnostic(code, Severity.ERROR, finding, model.model_id)
            for code, finding in unknown
        )
    judged = model if is_sound else None

    def under(setup: Setup) -> tuple[Diagnostic, ...]:
        metadata = () if "metadata" in withheld else _metadata_faults(value, setup)
        found = [
            *diagnostics,
            *(of_schema(fault, reading.file.path, around.locator) for fault in metadata),
            *_judged(judged, setup.fleet, around.locator, is_linked=is_linked),
        ]
        return tuple(found if given is None else _bounded(found, reading.file.path))

    return Facts(
        path=reading.file.path,
        signature=None if model is None else signature_of(model, around.setup.fleet if is_linked else None),
        is_sound=is_sound,
        diagnostics=under(around.setup),
        ignores=tuple(ignores(reading.document)) if MARK in reading.file.data else (),
        model=model if is_sound and is_linked else None,
        by_base=None if around.base is None else under(around.base),
    )


def _metadata_faults(value: Mapping[str, object], setup: Setup) -> Sequence[SchemaFault]:
    if setup.metadata is None or not value:
        return ()
    metadata = value.get("metadata", {})
    faults = setup.metadata.check(metadata) if isinstance(metadata, dict) else ()
    return [_without_quotes(fault) for fault in faults]


def _without_quotes(fault: SchemaFault) -> SchemaFault:
    """A fault below a telling key without what it quotes, of the value or of the organisation's schema."""
    if not any(isinstance(step, str) and telling_key(step) for step in fault.pointer):
        return fault
    message, advice = (_QUOTED.sub("'***'", text) for text in (fault.message, fault.help))
    return replace(fault, message=message, help=advice)


def _judged(model: Model | None, fleet: Fleet, locator: Locator, *, is_linked: bool) -> Iterator[Diagnostic]:
    """What the rules say of a model whose file is sound."""
    if model is None:
        return
    for code, severity, finding in _findings(model, fleet, is_linked=is_linked):
        yield locator.diagnostic(code, severity, finding, model.model_id)


def completed(reading: Reading, given: Inherited) -> Reading:
    """A model's reading with the values that its folders give; its places stay those of its own file."""
    if reading.faults or not isinstance(reading.value, dict):
        return reading
    value = merged(given.value, reading.value)
    # A value takes a byte at least, but for those behind an alias: most files need not be counted.
    is_small = given.nodes + len(reading.file.data) <= MAX_NODES and b"*" not in reading.file.data
    if is_small or nodes_of(value) <= MAX_NODES:
        return replace(reading, value=value)
    message = f"with the defaults of its folders, this model contains more than {MAX_NODES:,} values"
    fault = file_error("MS019", reading.file.path, START, message, "write less here, or less in the defaults")
    return replace(reading, faults=[fault])


def _bounded(diagnostics: Sequence[Diagnostic], path: str) -> Iterator[Diagnostic]:
    """The diagnostics of a model, those that stand in defaults no more than a person reads: each model has them."""
    given = [found for found in diagnostics if found.path != path]
    yield from (found for found in diagnostics if found.path == path)
    yield from given[:_MOST_GIVEN]
    if given[_MOST_GIVEN:]:
        yield cut_short(given[_MOST_GIVEN:])


def _findings(model: Model, fleet: Fleet, *, is_linked: bool) -> Iterator[tuple[str, Severity, Finding]]:
    for scope in (Scope.MODEL, Scope.LINKED) if is_linked else (Scope.MODEL,):
        for code, severity, rule_check in checks_of(scope, fleet.targets):
            for finding in rule_check(model, fleet):
                yield code, severity, finding


def _sound_part(value: dict[str, object], faults: Sequence[SchemaFault]) -> dict[str, object] | None:
    """A model less the fields that its schema objects to, so that its names can still be looked up.

    None where a field is among them, or missing, without which it is no model.
    """
    faulty = {fault.pointer[0] for fault in faults if fault.pointer}
    sound = {field: item for field, item in value.items() if field not in faulty}
    return sound if all(field in sound for field in _NAMED_FIELDS) else None


def _line(reading: Reading) -> int:
    return reading.span(Place(path=reading.file.path, pointer=("model_id",))).line


# Facts and diagnostics as rows of JSON, and back. Reading a row that was not written here raises TypeError, ValueError,
# IndexError or KeyError.


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
