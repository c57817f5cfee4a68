"""Any one file by itself: the faults of its reading, of its schema, and what the rules say of its text."""

from collections.abc import Sequence

from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.diagnose.rule import Finding, Scope
from modelspec.load import Reading
from modelspec.load.locate import Locator
from modelspec.rules import checks_of
from modelspec.schema import DocumentKind, SchemaFault, check
from modelspec.secret import is_suspect_name
from modelspec.text.document import Place

_ROOM = 24
"""Characters of a path that may be a key: no known one is shorter, and all begin in a folder."""

_TEXT_CHECKS = checks_of(Scope.TEXT)


def examine_document(
    reading: Reading, kind: DocumentKind, locator: Locator, withheld: frozenset[str] = frozenset()
) -> tuple[list[Diagnostic], Sequence[SchemaFault]]:
    """The faults of any one file: its reading, its schema, and the rules about its text.

    The faults of its schema are given as they are as well, with pointers in place of spans. That one of the fields
    `withheld` is missing is none.
    """
    diagnostics = list(reading.faults)
    faults: Sequence[SchemaFault] = ()
    subject = reading.file.path
    if not reading.faults:
        faults = [
            fault
            for fault in check(reading.value, kind)
            if not (fault.code == "MS102" and fault.name in withheld and not fault.pointer)
        ]
        diagnostics.extend(of_schema(fault, reading.file.path, locator) for fault in faults)
        if isinstance(reading.value, dict) and isinstance(reading.value.get("model_id"), str):
            subject = reading.value["model_id"]
    if reading.is_suspect or (len(reading.file.path) >= _ROOM and is_suspect_name(reading.file.path)):
        document = reading.document
        for code, severity, rule_check in _TEXT_CHECKS:
            diagnostics.extend(
                locator.diagnostic(code, severity, finding, subject) for finding in rule_check(document)
            )
    return diagnostics, faults


def of_schema(fault: SchemaFault, path: str, locator: Locator) -> Diagnostic:
    """The diagnostic of a fault of the schema."""
    finding = Finding(
        place=Place(path=path, pointer=fault.pointer, on_key=fault.on_key),
        message=fault.message,
        label=fault.label,
        help=fault.help,
        private=fault.private,
    )
    return locator.diagnostic(fault.code, Severity.ERROR, finding, path)
