"""Drafts as files of a repository: made, checked and written."""

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, count
from pathlib import Path
from shutil import rmtree

from modelspec.author.fields import field_order
from modelspec.author.style import block
from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.diagnose.refusal import Refusal, unusable
from modelspec.importing.destination import ImportDestination
from modelspec.importing.draft import OWN_FILE, Imported, ModelDraft, Note, NoteKind
from modelspec.incremental import check
from modelspec.load import source_of
from modelspec.load.compose import compose
from modelspec.load.find import File, Tree
from modelspec.load.unread import MAX_BYTES, MODELS, too_large
from modelspec.text.portable import source_name
from modelspec.text.source import Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedImport:
    """A file of the result. `draft` is its model; `spots` are the sources of a settings file."""

    file: File
    draft: ModelDraft | None = None
    spots: Sequence[Spot] = ()


def prepare(imported: Imported, to: ImportDestination, folder: str) -> list[PreparedImport]:
    """Every file of the result; for an existing repository, models only, in a folder of their own."""
    top = MODELS if to.tree is None else f"{MODELS}/{folder}"
    taken: set[str] = set()
    prepared = []
    for draft in imported.models:
        path = _path(draft.model_id, top, taken)
        taken.add(path.lower())
        prepared.append(PreparedImport(file=File(path, _model(draft, to)), draft=draft))
    return prepared if to.tree is not None else [*_fixed(imported, to), *prepared]


def _path(model_id: str, top: str, taken: set[str]) -> str:
    """A path derived from the id that no other model has, ignoring case."""
    name = source_name(model_id).lower().replace("/", "_")
    wanted = (f"{top}/{name}{end}.yaml" for end in chain([""], (f"_{number}" for number in count(2))))
    return next(path for path in wanted if path not in taken)


def _model(draft: ModelDraft, to: ImportDestination) -> bytes:
    fields = {
        **draft.fields,
        "region": to.region,
        "priority_head": to.heads[0],
        **({"fallback_heads": list(to.heads[1:])} if to.heads[1:] else {}),
    }
    comments = (f"# {comment}".rstrip() for comment in draft.comments)
    return _text(chain(comments, _blocks({name: fields[name] for name in field_order() if name in fields})))


def _fixed(imported: Imported, to: ImportDestination) -> Iterator[PreparedImport]:
    regions = [{"code": to.region, "name": to.region_name}]
    heads = [{"head_id": head, "region": to.region, "url": url} for head, url in to.urls.items()]
    options = {**imported.litellm, **({"include": OWN_FILE} if imported.own else {})}
    settings: Mapping[str, object] = {
        "targets": ["litellm"],
        **({"target_options": {"litellm": options}} if options else {}),
    }
    for path, fields in (("regions.yaml", {"regions": regions}), ("heads.yaml", {"heads": heads})):
        yield PreparedImport(file=File(path, _text(_blocks(fields))))
    file = File("modelspec.yaml", _text(_blocks(settings)))
    yield PreparedImport(file=file, spots=imported.litellm_spots or imported.own_spots)
    if imported.own:
        yield PreparedImport(file=File(OWN_FILE, _text(_blocks(imported.own))), spots=imported.own_spots)


def _blocks(fields: Mapping[str, object]) -> Iterator[str]:
    return (line for name, value in fields.items() for line in block(name, value))


def _text(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def publish(prepared: Sequence[PreparedImport], to: ImportDestination, folder: str) -> Refusal | None:
    """Write a new repository, or one new folder of models; existing files are never touched.

    Everything is written into a temporary folder beside the final one, which is then renamed.
    """
    if to.tree is None:
        root = Path(os.path.realpath(to.root))
        parent, name, prefix = root.parent, root.name, ""
    else:
        parent, name, prefix = to.root / MODELS, folder, f"{MODELS}/{folder}/"
    staged = parent / f".{name}.modelspec-{secrets.token_hex(4)}.new"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        staged.mkdir()
        try:
            for one in prepared:
                _write(staged / one.file.path.removeprefix(prefix), one.file.data)
            # It succeeds only where nothing or an empty folder has the name.
            os.rename(staged, parent / name)  # noqa: PTH104 - as in the rest of the house
        finally:
            rmtree(staged, ignore_errors=True)  # which is gone if it was renamed
        _flush(parent)
    except OSError as error:
        help_ = "nothing was written; name another folder with --into DIR, or make this one writable"
        return unusable("write", parent / name, error, help_)
    return None


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def tree_with(prepared: Sequence[PreparedImport], to: ImportDestination) -> Tree:
    """The repository as it is after the import, whether it is written or not."""
    old = to.tree or Tree(root=to.root, fixed={}, models=[], faults=[], other=lambda _: None)
    new = {one.file.path: one.file for one in prepared}
    return replace(
        old,
        fixed=old.fixed | {path: file for path, file in new.items() if "/" not in path and path != OWN_FILE},
        models=sorted(
            [*old.models, *(file for path, file in new.items() if "/" in path)], key=lambda file: file.path
        ),
        other=lambda path: new[path] if path in new else old.other(path),
    )


_DUPLICATE = "MS205"


def faults_of(
    prepared: Sequence[PreparedImport], to: ImportDestination, today: date
) -> Iterator[tuple[Diagnostic, Note]]:
    """Every error that the import would add, with a note at the place in the source that causes it."""
    new = {one.file.path: one for one in prepared}
    for one in prepared:
        if len(one.file.data) > MAX_BYTES:
            why = f"its file would be larger than {MAX_BYTES // 1024} KiB"
            note = Note(kind=NoteKind.BREAKS, spot=_whole(one), what=one.file.path, why=why)
            yield too_large(one.file.path), note
    for found in check(tree_with(prepared, to), today=today).diagnostics:
        if found.severity is not Severity.ERROR:
            continue
        paths = (found.path, *(label.path for label in found.related))
        path = next((path for path in paths if path in new), None)
        if path is not None:
            yield found, _note(found, new[path])


def is_taken(found: Diagnostic, to: ImportDestination) -> bool:
    """Whether an error is that the repository already has a model or alias of that name."""
    return to.tree is not None and found.code == _DUPLICATE


def _note(found: Diagnostic, one: PreparedImport) -> Note:
    where = f"{one.file.path}:{found.span.line}" if found.path == one.file.path else one.file.path
    return Note(
        kind=NoteKind.BREAKS,
        spot=_spot(found, one),
        what=f"{found.code} in {where}",
        why=found.message + (f"; {found.help}" if found.help else ""),
    )


def _spot(found: Diagnostic, one: PreparedImport) -> Spot:
    """The source of the last field that begins at or above the fault."""
    if one.draft is None or found.path != one.file.path:
        return _whole(one)
    document = compose(source_of(one.file))[0]
    best, line = _whole(one), 0
    for pointer, spot in one.draft.spots.items():
        begins = document.span(pointer, on_key=True).line
        if pointer and line <= begins <= found.span.line:
            best, line = spot, begins
    return best


def _whole(one: PreparedImport) -> Spot:
    return one.draft.spots[()] if one.draft is not None else one.spots[0]
