"""The loss report: text and Markdown for people, JSON for programs (`schemas/import.schema.json`)."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from types import MappingProxyType

from modelspec import __version__
from modelspec.importing.draft import TITLES, Note, NoteKind, SourcePlace
from modelspec.importing.run import ImportOutcome
from modelspec.report.said import said, without_secrets

SCHEMA_VERSION = 1
_encode = json.JSONEncoder().encode
_TABLE = str.maketrans({"|": "\\|", "<": "&lt;", ">": "&gt;", "`": "\\`", "*": "\\*", "_": "\\_", "[": "\\["})


def text(outcome: ImportOutcome) -> Iterator[str]:
    """A headline, then the notes by kind, one a line with its place first."""
    yield f"{_headline(outcome)}\n"
    for line in outcome.destination.placeholders:
        yield f"placeholder: {said(line)}\n"
    for kind, notes in _by_kind(outcome):
        yield f"\n{TITLES[kind]}\n"
        for note in notes:
            yield f"  {_place(note)}: {said(note.what)}: {said(note.why)}\n"


def markdown(outcome: ImportOutcome) -> Iterator[str]:
    """The same as a document with a table for each kind."""
    yield f"# Import of {_cell(outcome.source)}\n\n{_cell(_headline(outcome))}.\n"
    for line in outcome.destination.placeholders:
        yield f"\nPlaceholder: {_cell(line)}.\n"
    for kind, notes in _by_kind(outcome):
        yield f"\n## {TITLES[kind].capitalize()}\n\n| place | what | why |\n|---|---|---|\n"
        for note in notes:
            yield f"| {_cell(_place(note))} | {_cell(note.what)} | {_cell(note.why)} |\n"


def as_json(outcome: ImportOutcome) -> Iterator[str]:
    """One object; the same import gives the same bytes."""
    counts = {kind.value: outcome.counts.get(kind, 0) for kind in NoteKind}
    yield (
        f'{{\n"schema_version": {SCHEMA_VERSION},\n"tool": {_encode({"name": "modelspec", "version": __version__})},\n'
        f'"importer": {_encode(outcome.importer)},\n"source": {_encode(_clean(outcome.source))},\n'
        f'"written": {_encode(outcome.written)},\n"placeholders": {_encode(list(outcome.destination.placeholders))},\n'
        f'"summary": {_encode({"models": len(outcome.models), **counts})},\n"models": ['
    )
    yield from _rows(
        {"model_id": _clean(one.draft.model_id), "path": one.file.path, **_span(one.draft.places[()])}
        for one in outcome.models
        if one.draft is not None
    )
    yield '],\n"notes": ['
    yield from _rows(
        {"kind": note.kind.value, "what": said(note.what), "why": said(note.why), **_span(note.place)}
        for note in outcome.notes
    )
    yield "]\n}\n"


REPORTS: Mapping[str, Callable[[ImportOutcome], Iterator[str]]] = MappingProxyType(
    {"text": text, "markdown": markdown, "json": as_json}
)
"""What `--format` may name."""


def _headline(outcome: ImportOutcome) -> str:
    counts = outcome.counts
    parts = [f"{TITLES[kind]}: {counts[kind]}" for kind in NoteKind if counts.get(kind)]
    verb = "imported" if outcome.written else "would import"
    models = len(outcome.models)
    return f"{verb} {models} model{'' if models == 1 else 's'} from {said(outcome.source)}" + (
        f" ({', '.join(parts)})" if parts else "; nothing is lost"
    )


def _by_kind(outcome: ImportOutcome) -> Iterator[tuple[NoteKind, Iterator[Note]]]:
    return groupby(outcome.notes, key=lambda note: note.kind)


def _place(note: Note) -> str:
    return f"{said(note.place.path)}:{note.place.span.line}:{note.place.span.column}"


def _cell(words: str) -> str:
    return said(words).translate(_TABLE)


def _rows(rows: Iterator[Mapping[str, object]]) -> Iterator[str]:
    separator = "\n"
    for row in rows:
        yield separator + _encode(row)
        separator = ",\n"
    if separator != "\n":
        yield "\n"


def _span(place: SourcePlace) -> Mapping[str, object]:
    span = place.span
    return {
        "source": _clean(place.path),
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _clean(name: str) -> str:
    return without_secrets(name).encode("utf-8", "backslashreplace").decode("utf-8")
