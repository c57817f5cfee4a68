"""An import from end to end: read, check, write."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from modelspec.diagnose.refusal import Refusal, shown
from modelspec.importing.destination import ImportDestination, find_destination
from modelspec.importing.draft import Imported, Importer, Note, NoteKind, Wishes, ordered
from modelspec.importing.repository import PreparedImport, faults_of, is_taken, prepare, publish
from modelspec.load.unread import MODELS


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What the user asked for; `heads` are `ID` or `ID=URL`."""

    source: Path
    into: Path
    region: str | None = None
    heads: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    wanted: Callable[[Mapping[str, object]], bool] | None = None
    dry_run: bool = False
    progress: Callable[[int, int], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOutcome:
    """What an import did, for its report."""

    importer: str
    source: str
    destination: ImportDestination
    files: Sequence[PreparedImport]
    notes: Sequence[Note]
    written: bool

    @property
    def counts(self) -> Mapping[NoteKind, int]:
        """Notes by their kind."""
        return Counter(note.kind for note in self.notes)

    @property
    def models(self) -> Sequence[PreparedImport]:
        """The files that hold models."""
        return [one for one in self.files if one.draft is not None]


def run(importer: Importer, request: ImportRequest, today: date) -> ImportOutcome | Refusal:
    """Import a source into a repository. Where something is refused, nothing was written."""
    to = find_destination(request.into, request.region, request.heads)
    if isinstance(to, Refusal):
        return to
    folder = to.root / MODELS / importer.name
    if to.tree is not None and folder.is_dir() | folder.is_symlink():
        return Refusal(
            message=f"{shown(str(folder))} is there already, and nothing is overwritten",
            help="rename or remove that folder if an import made it, then import again",
        )
    wishes = Wishes(
        home=to.region,
        regions=to.regions,
        providers=request.providers,
        wanted=request.wanted,
        into_existing=to.tree is not None,
        for_litellm=to.for_litellm,
        progress=request.progress,
    )
    imported = importer.read(request.source, wishes)
    if isinstance(imported, Refusal):
        return imported
    if not imported.models:
        return _nothing(imported, request)
    return _written(importer.name, request, imported, to, today)


def _written(
    name: str, request: ImportRequest, imported: Imported, to: ImportDestination, today: date
) -> ImportOutcome | Refusal:
    files = prepare(imported, to, name)
    faults = list(faults_of(files, to, today))
    for found, note in faults:
        if is_taken(found, to):
            place = f"{note.place.path}:{note.place.span.line}:{note.place.span.column}"
            return Refusal(
                message=f"{place}: {found.message}",
                help="the repository has that name already; rename one of the two, then import again",
            )
    if not request.dry_run:
        refusal = publish(files, to, name)
        if refusal is not None:
            return refusal
    return ImportOutcome(
        importer=name,
        source=request.source.name,
        destination=to,
        files=files,
        notes=ordered([*imported.notes, *(note for _, note in faults)]),
        written=not request.dry_run,
    )


def _nothing(imported: Imported, request: ImportRequest) -> Refusal:
    first = next(iter(ordered(imported.notes)), None)
    why = (
        f": {first.place.path}:{first.place.span.line}: {first.what}: {first.why}"
        if first is not None
        else ""
    )
    return Refusal(
        message=f"nothing in {shown(request.source.name)} can be imported{why}",
        help="check what was named, and its filters",
    )
