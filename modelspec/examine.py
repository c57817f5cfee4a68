"""One file by itself: everything that can be said of it without the other models."""

from collections.abc import Iterator
from dataclasses import dataclass

from modelspec.catalog import Fleet, Model, Place, Signature
from modelspec.diagnostic import Diagnostic, Severity
from modelspec.ignore import MARK, Ignore, ignores
from modelspec.link import link_model, model_of, signature_of
from modelspec.load import Reading, read
from modelspec.load.find import File
from modelspec.locate import Locator
from modelspec.rule import Finding, Scope
from modelspec.rules import RULES
from modelspec.schema import Fault, Kind, MetadataSchema, check
from modelspec.secret import suspect

_TEXT_CHECKS = tuple(
    (rule.code, rule.severity, rule.check) for rule in RULES if rule.scope is Scope.TEXT and rule.check
)
_MODEL_CHECKS = tuple(
    (rule.code, rule.severity, rule.check) for rule in RULES if rule.scope is Scope.MODEL and rule.check
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one model file.

    `diagnostics` carry the default severities. `signature` is None where not even the names could be understood.
    `model` is None where the file has a fault of reading, schema or links, and in facts out of the cache.
    """

    path: str
    signature: Signature | None
    diagnostics: tuple[Diagnostic, ...]
    ignores: tuple[Ignore, ...]
    model: Model | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a model file is examined against."""

    fleet: Fleet
    metadata: MetadataSchema | None
    locator: Locator


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
    path = reading.file.path
    fleet, locate = around.fleet, around.locator.diagnostic
    diagnostics = list(examine_document(reading, "model", around.locator))
    model: Model | None = None
    signature: Signature | None = None
    if not any(found.code < "MS2" for found in diagnostics):
        value = reading.value
        assert isinstance(value, dict)
        model = model_of(path, _line(reading), value)
        unknown = link_model(model, fleet)
        for code, finding in unknown:
            diagnostics.append(locate(code, Severity.ERROR, finding, model.model_id))
        if around.metadata is not None:
            faults = around.metadata.check(value.get("metadata", {}))
            diagnostics.extend(_of_schema(fault, reading) for fault in faults)
        if unknown or not fleet.knows(model):
            signature = signature_of(model, None)
            model = None
        else:
            signature = signature_of(model, fleet)
            for code, severity, rule_check in _MODEL_CHECKS:
                for finding in rule_check(model, fleet):
                    diagnostics.append(locate(code, severity, finding, model.model_id))
    found = tuple(ignores(reading.document)) if MARK in reading.file.data else ()
    return Facts(path=path, signature=signature, diagnostics=tuple(diagnostics), ignores=found, model=model)


def examine_document(reading: Reading, kind: Kind, locator: Locator) -> Iterator[Diagnostic]:
    """The faults of any one file: its reading, its schema, and the rules about its text."""
    yield from reading.faults
    subject = reading.file.path
    if not reading.faults:
        for fault in check(reading.value, kind):
            yield _of_schema(fault, reading)
        if isinstance(reading.value, dict) and isinstance(reading.value.get("model_id"), str):
            subject = reading.value["model_id"]
    data = reading.file.data
    if suspect(data.decode(errors="replace")):
        document = reading.document
        for code, severity, rule_check in _TEXT_CHECKS:
            for finding in rule_check(document):
                yield locator.diagnostic(code, severity, finding, subject)


def _of_schema(fault: Fault, reading: Reading) -> Diagnostic:
    path = reading.file.path
    return Diagnostic(
        code=fault.code,
        severity=Severity.ERROR,
        message=fault.message,
        path=path,
        span=reading.span(Place(path=path, pointer=fault.pointer, on_key=fault.on_key)),
        label=fault.label,
        help=fault.help,
        subject=path,
    )


def _line(reading: Reading) -> int:
    return reading.span(Place(path=reading.file.path, pointer=("model_id",))).line


def findings_of_fleet(fleet: Fleet) -> Iterator[tuple[str, Severity, Finding]]:
    """What the rules say of regions and heads alone."""
    for rule in RULES:
        if rule.fleet_check is not None:
            for finding in rule.fleet_check(fleet):
                yield rule.code, rule.severity, finding
