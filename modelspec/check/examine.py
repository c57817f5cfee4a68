"""One file by itself: everything that can be checked without the other models."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from modelspec.check.document import examine_document, of_schema
from modelspec.check.setup import Setup
from modelspec.diagnose.diagnostic import Diagnostic, Severity, file_error
from modelspec.diagnose.ignore import MARK, Ignore, ignores
from modelspec.diagnose.rule import Finding, Scope
from modelspec.diagnose.settle import cut_short
from modelspec.fleet.link_model import link_model, model_of, signature_of
from modelspec.fleet.model import Fleet, Model, Signature
from modelspec.load import Reading, read
from modelspec.load.defaults import Inherited, merged, nodes_of
from modelspec.load.find import File, folders_of
from modelspec.load.limits import MAX_NODES
from modelspec.load.locate import Locator
from modelspec.rules import checks_of
from modelspec.schema import SchemaFault
from modelspec.text.document import Place
from modelspec.text.source import START

_NAMED_FIELDS = ("model_id", "name", "region", "priority_head")
"""The fields that every model has."""


_MOST_GIVEN = 50
"""Faults of its defaults that are kept of one model; five thousand models may have the same."""


_MODEL_CHECKS = checks_of(Scope.MODEL)
_LINKED_CHECKS = checks_of(Scope.LINKED)


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
    model = None if sound is None else model_of(reading.file.path, _line(reading), sound)
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
    return setup.metadata.check(metadata) if isinstance(metadata, dict) else ()


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
    for checks in (_MODEL_CHECKS, _LINKED_CHECKS) if is_linked else (_MODEL_CHECKS,):
        for code, severity, rule_check in checks:
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
