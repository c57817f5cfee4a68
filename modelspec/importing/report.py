"""The report of an import: text and Markdown for people, JSON for programs (`schemas/import.schema.json`)."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType

from modelspec import __version__
from modelspec.importing.draft import Note, NoteKind
from modelspec.importing.run import ImportOutcome
from modelspec.report.contract import one_a_line
from modelspec.report.printable import as_written, printable
from modelspec.text.quote import counted
from modelspec.text.source import Spot

_TITLES = {
    NoteKind.BREAKS: "will break",
    NoteKind.ELSEWHERE: "goes elsewhere",
    NoteKind.DIFFERENT: "behaves differently",
    NoteKind.ABSENT: "will not be there",
    NoteKind.SECRET: "secrets to rotate",
    NoteKind.SUSPICIOUS: "suspicious in the source",
    NoteKind.CHANGED: "carried in another form",
}
_PLACES = 3
"""The most places that a row names."""


def text(outcome: ImportOutcome) -> Iterator[str]:
    """A headline, then the notes by kind: those that differ in the model or the place only are one row."""
    yield f"{_headline(outcome)}\n"
    for line in outcome.destination.placeholders:
        yield f"placeholder: {printable(line)}\n"
    for title, rows in _by_kind(outcome):
        yield f"\n{title}\n"
        for notes in rows:
            yield f"  {_places(notes)}: {printable(_what(notes))}: {printable(notes[0].why)}\n"


def _headline(outcome: ImportOutcome) -> str:
    counts = outcome.counts
    parts = [f"{title}: {counts[kind]}" for kind, title in _TITLES.items() if counts.get(kind)]
    verb = "imported" if outcome.written else "would import"
    losses = f" ({', '.join(parts)})" if parts else "; nothing was lost"
    return f"{verb} {counted(len(outcome.models), 'model')} from {printable(outcome.source)}{losses}"


def _by_kind(outcome: ImportOutcome) -> Iterator[tuple[str, Iterable[Sequence[Note]]]]:
    """The titles with their rows, in the order of the first note of each."""
    for kind, notes in groupby(outcome.notes, key=lambda note: note.kind):
        rows: dict[tuple[str, str], list[Note]] = {}
        for note in notes:
            rows.setdefault((_thing(note), note.why), []).append(note)
        yield _TITLES[kind], rows.values()


def _thing(note: Note) -> str:
    """What a note is about, without the model."""
    return note.what.partition(" of '")[0]


def _what(notes: Sequence[Note]) -> str:
    return notes[0].what if len(notes) == 1 else f"{_thing(notes[0])} ({len(notes)} times)"


def _places(notes: Sequence[Note]) -> str:
    shown = ", ".join(map(_place, notes[:_PLACES]))
    return shown if len(notes) <= _PLACES else f"{shown} and {len(notes) - _PLACES} more"


def _place(note: Note) -> str:
    return f"{printable(note.spot.path)}:{note.spot.line}:{note.spot.span.column}"


_ESCAPED = str.maketrans(
    {"|": "\\|", "<": "&lt;", ">": "&gt;", "`": "\\`", "*": "\\*", "_": "\\_", "[": "\\["}
)


def markdown(outcome: ImportOutcome) -> Iterator[str]:
    """The same as a document, with a table per kind."""
    yield f"# Import of {_cell(outcome.source)}\n\n{_cell(_headline(outcome))}.\n"
    for line in outcome.destination.placeholders:
        yield f"\nPlaceholder: {_cell(line)}.\n"
    for title, rows in _by_kind(outcome):
        yield f"\n## {title.capitalize()}\n\n| places | what | why |\n|---|---|---|\n"
        for notes in rows:
            yield f"| {_cell(_places(notes))} | {_cell(_what(notes))} | {_cell(notes[0].why)} |\n"


def _cell(words: str) -> str:
    return printable(words).translate(_ESCAPED)


SCHEMA_VERSION = 2
_encode = json.JSONEncoder().encode


def as_json(outcome: ImportOutcome) -> Iterator[str]:
    """One object; the same import gives the same bytes."""
    counts = {kind.value: outcome.counts.get(kind, 0) for kind in NoteKind}
    fields: Mapping[str, object] = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "modelspec", "version": __version__},
        "importer": outcome.importer,
        "source": _clean(outcome.source),
        "written": outcome.written,
        "placeholders": outcome.destination.placeholders,
        "summary": {"models": len(outcome.models), **counts},
    }
    yield "{\n" + "".join(f"{_encode(name)}: {_encode(value)},\n" for name, value in fields.items())
    yield '"models": ['
    yield from one_a_line(
        _encode({"model_id": _clean(one.draft.model_id), "path": one.file.path, **_spot(one.draft.spots[()])})
        for one in outcome.models
        if one.draft is not None
    )
    yield ',\n"notes": ['
    yield from one_a_line(
        _encode(
            {
                "kind": note.kind.value,
                "what": printable(note.what),
                "why": printable(note.why),
                **_spot(note.spot),
            }
        )
        for note in outcome.notes
    )
    yield "\n}\n"


def _spot(spot: Spot) -> Mapping[str, object]:
    span = spot.span
    return {
        "source": _clean(spot.path),
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _clean(name: str) -> str:
    return as_written(name)


REPORTS: Mapping[str, Callable[[ImportOutcome], Iterator[str]]] = MappingProxyType(
    {"text": text, "markdown": markdown, "json": as_json}
)
"""What `--format` may name."""
