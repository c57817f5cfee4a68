"""An import from end to end: read, check, write."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from modelspec.diagnose.refusal import Refusal, shown
from modelspec.importing.destination import ImportDestination, find_destination
from modelspec.importing.draft import Imported, Importer, ImportRequest, Note, NoteKind, ordered
from modelspec.importing.repository import PreparedImport, faults_of, is_taken, prepare, publish
from modelspec.load.unread import MODELS


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOutcome:
    """The result of an import, for its report; `faults` are errors in the result, `variables` as in `Imported`."""

    importer: str
    source: str
    destination: ImportDestination
    files: Sequence[PreparedImport]
    notes: Sequence[Note]
    written: bool
    faults: int
    variables: Mapping[str, str]

    @property
    def counts(self) -> Mapping[NoteKind, int]:
        """Notes by their kind."""
        return Counter(note.kind for note in self.notes)

    @property
    def models(self) -> Sequence[PreparedImport]:
        """The files that hold models."""
        return [one for one in self.files if one.draft is not None]


def run(importer: Importer, request: ImportRequest, today: date) -> ImportOutcome | Refusal:
    """Import a source into a repository; a refused import writes nothing."""
    to = find_destination(request.into, request.region, request.heads)
    if isinstance(to, Refusal):
        return to
    folder = to.root / MODELS / importer.name
    if to.tree is not None and folder.is_dir() | folder.is_symlink():
        return Refusal(
            message=f"{shown(folder)} already exists, and nothing is overwritten",
            help="rename or remove that folder if it is from an earlier import, then import again",
        )
    imported = importer.read(request, to)
    if isinstance(imported, Refusal):
        return imported
    if not imported.models:
        return _nothing(imported, request)
    files = prepare(imported, to, importer.name)
    faults = list(faults_of(files, to, today))
    for found, note in faults:
        if is_taken(found, to):
            span = note.spot.span
            return Refusal(
                message=f"{note.spot.path}:{span.line}:{span.column}: {found.message}",
                help="the repository already has that name; rename one of the two, then import again",
            )
    refusal = None if request.dry_run else publish(files, to, importer.name)
    return refusal or ImportOutcome(
        importer=importer.name,
        source=request.source.name,
        destination=to,
        files=files,
        notes=ordered([*imported.notes, *(note for _, note in faults)]),
        written=not request.dry_run,
        faults=len(faults),
        variables=imported.variables,
    )


def _nothing(imported: Imported, request: ImportRequest) -> Refusal:
    first = next(iter(ordered(imported.notes)), None)
    why = "" if first is None else f": {first.spot.path}:{first.spot.line}: {first.what}: {first.why}"
    return Refusal(
        message=f"nothing in {shown(request.source.name)} can be imported{why}",
        help="check the source and the filters",
    )
