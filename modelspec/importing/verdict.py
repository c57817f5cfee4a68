"""The pipeline's verdict on a result that is not written yet, with faults led back to the source."""

from collections.abc import Iterator, Sequence
from datetime import date

from modelspec.diagnostic import Diagnostic, Severity
from modelspec.importing.destination import Destination
from modelspec.importing.note import Kind, Note, Place
from modelspec.importing.repository import Prepared
from modelspec.load import source_of
from modelspec.load.compose import compose
from modelspec.load.find import MAX_BYTES, Tree
from modelspec.pipeline import check

_TWICE = "MS205"


def faults_of(
    prepared: Sequence[Prepared], to: Destination, today: date
) -> Iterator[tuple[Diagnostic, Note]]:
    """Every error that the result would have, each with a note at the place in the source that causes it.

    Errors of a repository that are there already are no news.
    """
    old = to.tree
    new = {one.file.path: one for one in prepared}
    fixed = {path: one.file for path, one in new.items() if "/" not in path}
    models = [one.file for path, one in new.items() if "/" in path]
    tree = Tree(
        root=to.root,
        fixed={**({} if old is None else old.fixed), **fixed},
        models=sorted([*([] if old is None else old.models), *models], key=lambda file: file.path),
        faults=[] if old is None else old.faults,
        unread=[] if old is None else old.unread,
        other=(lambda _: None) if old is None else old.other,
    )
    for one in prepared:
        if len(one.file.data) > MAX_BYTES:
            note = f"its file would be larger than {MAX_BYTES // 1024} KiB"
            yield _too_large(one), Note(kind=Kind.FAULT, place=_whole(one), what=one.file.path, why=note)
    for found in check(tree, today=today).diagnostics:
        if found.severity is not Severity.ERROR:
            continue
        paths = (found.path, *(label.path for label in found.related))
        path = next((path for path in paths if path in new), None)
        if path is not None:
            yield found, _note(found, new[path])


def is_taken(found: Diagnostic, to: Destination) -> bool:
    """Whether an error says that the repository has a model or alias of that name already."""
    return to.tree is not None and found.code == _TWICE


def _note(found: Diagnostic, one: Prepared) -> Note:
    where = f"{one.file.path}:{found.span.line}" if found.path == one.file.path else one.file.path
    return Note(
        kind=Kind.FAULT,
        place=_place(found, one),
        what=f"{found.code} in {where}",
        why=found.message + (f"; {found.help}" if found.help else ""),
    )


def _place(found: Diagnostic, one: Prepared) -> Place:
    """The source of the last field that begins above the fault."""
    if one.draft is None or found.path != one.file.path:
        return _whole(one)
    document = compose(source_of(one.file))[0]
    best, line = _whole(one), 0
    for pointer, place in one.draft.places.items():
        if not pointer:
            continue
        begins = document.span(pointer, on_key=True).line
        if line <= begins <= found.span.line:
            best, line = place, begins
    return best


def _whole(one: Prepared) -> Place:
    return one.draft.places[()] if one.draft is not None else one.places[0]


def _too_large(one: Prepared) -> Diagnostic:
    span = _whole(one).span
    return Diagnostic(
        code="MS003", severity=Severity.ERROR, message="too large", path=one.file.path, span=span
    )
