"""The result to disk: all of it, by one rename, or nothing."""

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

from modelspec.importing.destination import Destination
from modelspec.importing.repository import Prepared
from modelspec.load.find import MODELS
from modelspec.write import Refusal, shown


def publish(prepared: Sequence[Prepared], to: Destination, folder: str) -> Refusal | None:
    """Write a new repository, or one new folder of models; what is there already is never touched.

    Everything is written into a folder of another name first, in the same parent, so that the rename cannot be torn.
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
        is_done = False
        try:
            for one in prepared:
                _write(staged / one.file.path.removeprefix(prefix), one.file.data)
            # Onto nothing or an empty folder; onto anything else it fails.
            os.rename(staged, parent / name)  # noqa: PTH104 - as in the rest of the house
            is_done = True
        finally:
            if not is_done:
                with suppress(OSError):
                    rmtree(staged)
        _flush(parent)
    except OSError as error:
        return Refusal(
            message=f"cannot write {shown(str(parent / name))}: {(error.strerror or 'unknown reason').lower()}",
            help="nothing was written; name another folder with --into DIR, or make this one writable",
        )
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
