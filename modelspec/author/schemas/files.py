"""The schemas on disk, and the line that leads an editor from a file to its schema."""

import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote as percent_encoded

from modelspec.author.schemas.choices import Choices, choices_of, kind_of
from modelspec.author.schemas.tailored import MARK, tailored, text_of, without_suggestions
from modelspec.diagnose.refusal import Refusal, shown, unusable
from modelspec.load.find import DEFAULTS
from modelspec.load.unread import MODELS
from modelspec.schema import DOCUMENT_KINDS, DocumentKind
from modelspec.write import Stale, Staleness

FOLDER = ".modelspec/schemas"
"""Where the schemas of a configuration repository are kept, relative to its root, unless somebody says otherwise."""

_LARGEST = 64 << 20
"""Bytes of a file that is looked at to see whether it is one of ours."""

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


_ACTION = "put it right, or name another folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenSchemas:
    """The names of the files that were made or changed, and what the choices leave out, one line each."""

    changed: tuple[str, ...]
    notes: tuple[str, ...]


def write_schemas(root: Path, folder: Path | None = None) -> WrittenSchemas | Refusal:
    """Write the schemas for the repository at `root` into a folder, by default `.modelspec/schemas` there.

    Each file is replaced as a whole, and only where it changes. Nothing at all is written where one of the files is not
    ours, or where a link inside the repository leads elsewhere.

    Raises:
        OSError: the root cannot be opened.
    """
    choices = choices_of(root)
    texts = _texts(choices)
    target = root / FOLDER if folder is None else folder
    looked = _look(root, target, texts)
    if isinstance(looked, Refusal):
        return looked
    changed = tuple(stale.path for stale in looked)
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in changed:
            _replace(target, name, texts[name])
    except OSError as error:
        return unusable("write to", target, error, _ACTION)
    return WrittenSchemas(changed=changed, notes=choices.notes)


def stale_schemas(root: Path, folder: Path | None = None) -> list[Stale] | Refusal:
    """What `write_schemas` would change, by name, less what only suggests other models.

    So a pull request that adds a model leaves the schemas alone, and two of them do not conflict there.

    Raises:
        OSError: the root cannot be opened.
    """
    texts = _texts(choices_of(root))
    target = root / FOLDER if folder is None else folder
    looked = _look(root, target, texts)
    if isinstance(looked, Refusal):
        return looked
    return [one for one in looked if not _only_suggests_others(target / one.path, texts[one.path])]


def schema_line(path: str, folder: str = FOLDER) -> str:
    """The first line of a file, which tells an editor where its schema is.

    Both paths are relative to the root of the repository, with `/` between their parts: `models.d/chat/atlas.yaml`
    gets `# yaml-language-server: $schema=../../.modelspec/schemas/model.schema.json`.
    """
    way = PurePosixPath(os.path.relpath(f"/{folder}", PurePosixPath(f"/{path}").parent))
    target = percent_encoded(str(way / _file_name(kind_of(path))))
    return f"# yaml-language-server: $schema={target}"


def wiring(folder: str = FOLDER) -> str:
    """`yaml.schemas` of an editor's settings, as JSON: for files without such a line."""
    defaults = f"{MODELS}/**/{DEFAULTS}"
    # Of several schemas that fit a file all would hold: the models must leave the defaults out.
    models = [f"{MODELS}/**/*.yaml", f"{MODELS}/**/*.yml", f"!{defaults}"]
    own: dict[DocumentKind, str | list[str]] = {"model": models, "defaults": defaults}
    schemas = {f"./{folder}/{_file_name(kind)}": own.get(kind, f"{kind}.yaml") for kind in DOCUMENT_KINDS}
    return json.dumps({"yaml.schemas": schemas}, ensure_ascii=False, indent=2)


def _file_name(kind: DocumentKind) -> str:
    return f"{kind}.schema.json"


def _texts(choices: Choices) -> Mapping[str, bytes]:
    return {_file_name(kind): text_of(tailored(kind, choices)).encode() for kind in DOCUMENT_KINDS}


def _look(root: Path, folder: Path, texts: Mapping[str, bytes]) -> list[Stale] | Refusal:
    refusal = _leads_elsewhere(root, folder) or _of_others(root, folder)
    if refusal is not None:
        return refusal
    found: list[Stale] = []
    for name, text in texts.items():
        try:
            there = _content(folder / name)
        except OSError as error:
            return unusable("read", folder / name, error, _ACTION)
        if there is None:
            found.append(Stale(path=name, why=Staleness.MISSING))
        elif not _is_ours(there):
            return Refusal(
                message=f"{shown(str(folder / name))} was not written by modelspec schema",
                help="move it away, or name another folder",
            )
        elif there != text:
            found.append(Stale(path=name, why=Staleness.DIFFERS))
    return found


def _leads_elsewhere(root: Path, folder: Path) -> Refusal | None:
    """A link that a pull request put into the repository must not choose where is written."""
    top = root.resolve()
    target = Path(os.path.normpath(top / Path(os.path.relpath(folder, root))))
    if not target.is_relative_to(top) or target.resolve() == target:
        return None
    return Refusal(
        message=f"a symbolic link leads from {shown(str(folder))} to another folder",
        help="put a folder in its place, or name another one",
    )


def _of_others(root: Path, folder: Path) -> Refusal | None:
    """In models.d every file is a model or a fault, and what lies in .git is git's."""
    way = PurePosixPath(os.path.relpath(folder, root)).parts
    if way[:1] != (MODELS,) and ".git" not in way:
        return None
    return Refusal(
        message=f"{shown(str(folder))} is no place for schemas: it is for {'git' if '.git' in way else 'models'} alone",
        help=f"name another folder, or none: the default is {FOLDER}",
    )


def _content(path: Path) -> bytes | None:
    """The bytes of a file, or None where there is none; anything but a regular file is no file of ours."""
    try:
        handle = os.open(path, _READ)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return b""
    with os.fdopen(handle, "rb") as file:
        return file.read(_LARGEST)


def _only_suggests_others(path: Path, text: bytes) -> bool:
    there = _content(path)
    return there is not None and without_suggestions(json.loads(there)) == without_suggestions(
        json.loads(text)
    )


def _is_ours(content: bytes) -> bool:
    try:
        schema = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(schema, dict) and schema.get("$comment") == MARK


def _replace(folder: Path, name: str, content: bytes) -> None:
    """Put a file in the place of another in one step, or leave the other as it was."""
    new = folder / f".{name}.modelspec-{os.getpid()}"
    try:
        with os.fdopen(os.open(new, _NEW, 0o644), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(folder / name)
    finally:
        with suppress(FileNotFoundError):  # as it should be: it has its place now
            new.unlink()
