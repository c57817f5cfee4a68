"""Reading: files to values, every fault of their bytes and their YAML named (`MS0xx`)."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from sys import intern

from yaml.events import ScalarEvent

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.load.compose import compose, event_span
from modelspec.load.find import File
from modelspec.load.limits import MAX_ODD_CHARACTERS
from modelspec.load.redact import redacted
from modelspec.load.text import (
    BOM,
    conflict,
    control_characters,
    decode,
    has_invisible,
    invisible_characters,
    is_ordinary,
    odd_values,
)
from modelspec.load.values import Marks, values
from modelspec.secret import suspect
from modelspec.text.document import Document, MapNode, Place
from modelspec.text.source import START, Source, Span


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A file and what it says: `value` is of no use where there are faults."""

    file: File
    value: object
    faults: list[Diagnostic] = field(default_factory=list)
    marks: Marks = field(default_factory=dict)

    @cached_property
    def document(self) -> Document:
        """The tree with its spans, composed when first asked for."""
        return compose(source_of(self.file))[0]

    @cached_property
    def is_suspect(self) -> bool:
        """Whether the rules on secrets may report something: most files are looked at once, and never again."""
        return suspect(self.file.data.decode(errors="replace"))

    @property
    def lines(self) -> str:
        """The line of each field at the top level: `model_id:1 name:2`. Thousands of files have the same."""
        if self.marks:
            return intern(
                " ".join([f"{key}:{event.start_mark.line + 1}" for key, (event, _) in self.marks.items()])
            )
        entries = self.document.root.entries if isinstance(self.document.root, MapNode) else {}
        return intern(" ".join([f"{key}:{entry.key.line}" for key, entry in entries.items()]))

    def span(self, place: Place) -> Span:
        """Where a place is; the top level of an ordinary file is known without composing it."""
        if len(place.pointer) == 1 and not place.on_key:
            _, event = self.marks.get(str(place.pointer[0]), (None, None))
            if event.__class__ is ScalarEvent:
                return event_span(event)
        return self.document.span(place.pointer, on_key=place.on_key) if place.pointer else START


def source_of(file: File) -> Source:
    """The text of a file; of one that is no text, what there is of it, for frames and the search for secrets."""
    source = decode(file.path, file.data)
    if isinstance(source, Diagnostic):
        return Source(file.path, file.data.removeprefix(BOM).decode(errors="replace"))
    return source


def read(file: File) -> Reading:
    """Read one file: by the fast gate if it is an ordinary one, carefully otherwise."""
    data = file.data.removeprefix(BOM)
    if is_ordinary(data) and b"\\" not in data:
        found = values(data)
        if found is not None:
            return Reading(file=file, value=found[0], marks=found[1])
    source = decode(file.path, file.data)
    if isinstance(source, Diagnostic):
        return Reading(file=file, value=None, faults=[source])
    unreadable = list(islice(control_characters(source), MAX_ODD_CHARACTERS))
    leftover = conflict(source)
    if leftover is not None:
        unreadable.append(leftover)
    if unreadable:
        return Reading(file=file, value=None, faults=unreadable)
    if "\\" not in source.text and not has_invisible(source.text):
        found = values(data)
        if found is not None:
            return Reading(file=file, value=found[0], marks=found[1])
    return _composed(file, source)


def _composed(file: File, source: Source) -> Reading:
    document, faults = compose(source)
    if any(fault.code == "MS011" for fault in faults):
        shown = redacted(source.text)  # a key that is written twice may be a secret below a telling one
        faults[:] = [replace(fault, message=shown.clean(fault.message)) for fault in faults]
    if "\u2028" in source.text or "\u2029" in source.text:
        # To libyaml they end a line: what it says of the text behind them is at the wrong place.
        faults.clear()
    if has_invisible(source.text):
        faults.extend(islice(invisible_characters(document), MAX_ODD_CHARACTERS))
    if "\\" in source.text:
        faults.extend(islice(odd_values(document), MAX_ODD_CHARACTERS))
    return Reading(file=file, value=document.value, faults=faults)
