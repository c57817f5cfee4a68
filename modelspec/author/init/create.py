"""Writing a new repository where nothing is in its way: all of it, or nothing."""

import errno
import os
import shutil
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp

from modelspec.author.schemas import FOLDER, write_schemas
from modelspec.diagnose.refusal import Refusal, shown
from modelspec.load.unread import MODELS
from modelspec.pipeline import Checked

_HELP = {
    errno.EDQUOT: "free some space, then try again",
    errno.EFBIG: "raise the limit on the size of a file, then try again",
    errno.ENAMETOOLONG: "choose a shorter path",
    errno.ENOSPC: "free some space, then try again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A repository that was written; `files` are its paths."""

    files: tuple[str, ...]


def create(
    folder: Path, files: Mapping[str, str], check: Callable[[Path], Checked]
) -> Created | Checked | Refusal:
    """Write the files and the schemas for editors below a folder that is there or not; a tree with faults is not kept.

    They are written and checked in a folder beside, then moved. After a full disk or a Ctrl-C nothing is left; after a
    kill, at worst that folder, whose name begins with `.modelspec-init-`.
    """
    try:
        refusal = _refused(folder, files)
        return refusal or _created(folder, files, check)
    except OSError as error:
        number = error.errno or errno.EIO
        return Refusal(
            message=f"cannot write {shown(str(folder))}: {os.strerror(number)}",
            help=_HELP.get(number, "choose a folder that you may write to"),
        )


def _created(
    folder: Path, files: Mapping[str, str], check: Callable[[Path], Checked]
) -> Created | Checked | Refusal:
    is_there = folder.is_dir()
    stage = Path(mkdtemp(prefix=".modelspec-init-", dir=folder if is_there else folder.parent))
    try:
        tree = stage / "tree"  # the stage is its maker's alone, what is in it has the usual modes
        for path, text in files.items():
            file = tree / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
        checked = check(tree)
        if checked.diagnostics:
            return checked
        schemas = write_schemas(tree)
        if isinstance(schemas, Refusal):
            return schemas
        paths = (*files, *(f"{FOLDER}/{name}" for name in schemas.changed))
        refusal = _refused(folder, paths)
        if refusal is not None:
            return refusal
        if is_there:
            _move_into(folder, tree, paths)
        else:
            tree.rename(folder)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return Created(files=paths)


def _move_into(folder: Path, tree: Path, paths: Iterable[str]) -> None:
    """Give each file a second name, which fails where something has that name by now; take all of them back then."""
    made: list[Path] = []
    moved = False
    try:
        for path in paths:
            target = folder / path
            for above in reversed(target.relative_to(folder).parents[:-1]):
                if not (folder / above).is_dir():
                    made.append(folder / above)
                    (folder / above).mkdir()
            made.append(target)
            try:
                os.link(tree / path, target)
            except OSError:
                made.pop()  # what stands there is not ours
                raise
        moved = True
    finally:
        if not moved:
            for ours in reversed(made):
                _remove(ours)


def _remove(path: Path) -> None:
    try:
        path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
    except OSError:
        return  # somebody else has put something into the folder


def _refused(folder: Path, paths: Collection[str]) -> Refusal | None:
    """Why a repository of these files cannot be put into a folder, if so.

    Raises:
        OSError: it cannot be looked at.
    """
    kind = _kind(folder)
    if kind is None:
        if _kind(folder.parent) is None:
            return Refusal(
                message=f"there is no folder {shown(str(folder.parent))} to make {shown(folder.name)} in",
                help="make it first, or choose another place",
            )
    elif stat.S_ISLNK(kind):
        return Refusal(
            message=f"{shown(str(folder))} is a symbolic link", help="name the folder that it leads to"
        )
    elif not stat.S_ISDIR(kind):
        return Refusal(
            message=f"{shown(str(folder))} is a file", help="name a folder, or one that is not there yet"
        )
    else:
        there = sorted(set(_there(folder, paths)))
        if there:
            return Refusal(
                message=f"{_are(there)} there already: {', '.join(map(shown, there))}",
                help="init overwrites nothing: choose a new folder, or move these away first",
            )
    return _nested(folder)


def _nested(folder: Path) -> Refusal | None:
    absolute = folder.resolve()
    for outer in (absolute, *absolute.parents):
        if os.path.lexists(outer / MODELS):
            return Refusal(
                message=f"{shown(str(outer))} is a configuration repository already: it has a {MODELS}/",
                help="choose a folder outside of it",
            )
    return None


def _there(folder: Path, paths: Collection[str]) -> Iterator[str]:
    """What is in the way: a file at a path, or anything but a folder on the way to it."""
    for path in paths:
        for above in reversed(PurePosixPath(path).parents[:-1]):
            kind = _kind(folder / above)
            if kind is not None and not stat.S_ISDIR(kind):
                yield str(above)
                break
        else:
            if _kind(folder / path) is not None:
                yield path


def _are(there: list[str]) -> str:
    return "this file is" if len(there) == 1 else "these files are"


def _kind(path: Path) -> int | None:
    """The mode of what is there, links not followed; nothing where nothing is."""
    try:
        return path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
