"""The schemas on disk, and the line with which a file names its schema to an editor."""

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
from modelspec.text.source import stored
from modelspec.write import Stale, Staleness

FOLDER = ".modelspec/schemas"
"""The default folder for schemas, relative to the root of the repository."""

_LARGEST = 64 << 20
"""The most bytes to read of a file that may be ours."""

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


_ACTION = "fix this, or choose another folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenSchemas:
    """The names of the files that were created or changed, and messages about what the choices leave out."""

    changed: tuple[str, ...]
    notes: tuple[str, ...]


def write_schemas(root: Path, folder: Path | None = None) -> WrittenSchemas | Refusal:
    """Write the schemas for the repository at `root` into a folder, by default `.modelspec/schemas` there.

    Each file is replaced as a whole, and only if it changes. Nothing is written if one of the files is not ours, or if
    a link inside the repository leads elsewhere.

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
    """What `write_schemas` would change, by name, except for suggested models.

    So a pull request that adds a model need not update the schemas, and two of them do not conflict there.

    Raises:
        OSError: the root cannot be opened.
    """
    target = root / FOLDER if folder is None else folder
    return _look(root, target, _texts(choices_of(root)), with_suggestions=False)


def schema_line(path: str, folder: str = FOLDER) -> str:
    """The first line of a file, which names its schema to an editor.

    Both paths are relative to the root of the repository, with `/` between their parts: `models.d/chat/atlas.yaml`
    gets `# yaml-language-server: $schema=../../.modelspec/schemas/model.schema.json`.
    """
    relative = PurePosixPath(os.path.relpath(f"/{folder}", PurePosixPath(f"/{path}").parent))
    target = percent_encoded(str(relative / _file_name(kind_of(path))))
    return f"# yaml-language-server: $schema={target}"


def wiring(folder: str = FOLDER) -> str:
    """The setting `yaml.schemas` of an editor, as JSON, for files without such a line."""
    defaults = f"{MODELS}/**/{DEFAULTS}"
    # A file is checked by every schema that matches, so the pattern for models excludes the defaults.
    models = [f"{MODELS}/**/*.yaml", f"{MODELS}/**/*.yml", f"!{defaults}"]
    own: dict[DocumentKind, str | list[str]] = {"model": models, "defaults": defaults}
    schemas = {f"./{folder}/{_file_name(kind)}": own.get(kind, f"{kind}.yaml") for kind in DOCUMENT_KINDS}
    return json.dumps({"yaml.schemas": schemas}, ensure_ascii=False, indent=2)


def _file_name(kind: DocumentKind) -> str:
    return f"{kind}.schema.json"


def _texts(choices: Choices) -> Mapping[str, bytes]:
    return {_file_name(kind): text_of(tailored(kind, choices)).encode() for kind in DOCUMENT_KINDS}


def _look(
    root: Path, folder: Path, texts: Mapping[str, bytes], *, with_suggestions: bool = True
) -> list[Stale] | Refusal:
    """The schemas that differ from the files in a folder, if it is one for schemas."""
    refusal = _misplaced(root, folder)
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
                message=f"{shown(folder / name)} was not written by modelspec schema",
                help="move it away, or choose another folder",
            )
        elif there != text and (with_suggestions or _required_part(there) != _required_part(text)):
            found.append(Stale(path=name, why=Staleness.DIFFERS))
    return found


def _required_part(text: bytes) -> object:
    return without_suggestions(json.loads(text))


def _misplaced(root: Path, folder: Path) -> Refusal | None:
    """Why a folder cannot be used: a link in a pull request must not decide where files are written."""
    parts = PurePosixPath(os.path.relpath(folder, root)).parts
    top = root.resolve()
    target = Path(os.path.normpath(top / Path(*parts)))
    if target.is_relative_to(top) and target.resolve() != target:
        return Refusal(
            message=f"{shown(folder)} leads to another folder through a symbolic link",
            help="replace the link with a folder, or choose another one",
        )
    if parts[:1] == (MODELS,) or ".git" in parts:
        owner = "git" if ".git" in parts else "models"
        return Refusal(
            message=f"schemas cannot be in {shown(folder)}: it is only for {owner}",
            help=f"choose another folder, or none for the default, {FOLDER}",
        )
    return None


def _content(path: Path) -> bytes | None:
    """The bytes of a file, or None if there is none; empty if it is not a regular file, and so not ours."""
    try:
        handle = os.open(path, _READ)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return b""
    with os.fdopen(handle, "rb") as file:
        return stored(file.read(_LARGEST))


def _is_ours(content: bytes) -> bool:
    try:
        schema = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(schema, dict) and schema.get("$comment") == MARK


def _replace(folder: Path, name: str, content: bytes) -> None:
    """Replace a file in one step, or leave it as it was."""
    new = folder / f".{name}.modelspec-{os.getpid()}"
    try:
        with os.fdopen(os.open(new, _NEW, 0o644), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(folder / name)
    finally:
        with suppress(FileNotFoundError):  # it was renamed, as it should be
            new.unlink()
