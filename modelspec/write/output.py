"""Where the output folder is, and whether modelspec may replace it."""

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from modelspec.diagnose.refusal import Refusal, shown, unusable
from modelspec.write.manifest import read_listing
from modelspec.write.tree import FOLDER, MANIFEST, NodeKind, walk

_ELSEWHERE = "use a dedicated folder, such as dist"


_HELP = {
    errno.EACCES: "choose an output folder that you can write to",
    errno.EBUSY: "the output folder is replaced as a whole, so it cannot be a mount point: choose a folder inside it",
    errno.EDQUOT: "free some space, then build again",
    errno.EFBIG: "raise the file size limit, then build again",
    errno.ENAMETOOLONG: "choose a shorter path for the output folder",
    errno.ENOSPC: "free some space, then build again",
    errno.EPERM: "choose an output folder that you can write to",
    errno.EROFS: "choose an output folder on a writable file system",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """`path` as the user wrote it; `parent` with links resolved; `name` the last segment, not resolved."""

    path: str
    parent: str
    name: str


def locate(output: Path, *, root: Path) -> Output | Refusal:
    """Find the output folder, which need not exist, unless its location alone rules it out."""
    path = str(output)
    try:
        encoded = os.fsencode(path)
    except UnicodeEncodeError:
        encoded = b"\0"
    if b"\0" in encoded:
        return Refusal(message=f"{shown(path)} cannot be the name of a folder", help=_ELSEWHERE)
    head, name = os.path.split(path)
    if name in {"", ".", ".."}:
        head, name = os.path.split(os.path.realpath(path))
    parent = os.path.realpath(head)
    whole = f"{parent.rstrip('/')}/{name}"
    models = os.path.realpath(root / "models.d")
    home = os.path.expanduser("~")  # noqa: PTH111 - pathlib would raise for a user without a home
    if not name:
        what = "is the root of the file system"
    elif _holds(whole, os.path.realpath(home)):
        what = "contains your home folder"
    elif _holds(whole, os.path.realpath(root)) or _holds(whole, models):
        what = "contains the configuration"
    elif _holds(models, whole):
        what = "is inside models.d"
    elif ".git" in whole.split("/"):
        what = "is inside a git folder"
    else:
        return Output(path=path, parent=parent, name=name)
    return Refusal(message=f"cannot build into {shown(path)}: it {what}", help=_ELSEWHERE)


def claim(parent: int, output: Output) -> frozenset[str] | Refusal:
    """The files that the manifest in the output folder lists; none if the folder is missing or empty.

    Raises:
        OSError: it cannot be read.
    """
    try:
        mode = os.stat(output.name, dir_fd=parent, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return frozenset()
    if stat.S_ISLNK(mode):
        return _not_ours(output, "it is a symbolic link", "use the folder that it points to")
    if not stat.S_ISDIR(mode):
        return _not_ours(output, "it is not a folder", "remove it, or build into another folder")
    folder = os.open(output.name, FOLDER, dir_fd=parent)
    try:
        names = os.listdir(folder)  # noqa: PTH208 - pathlib knows no descriptors
        listed = read_listing(folder) if names else frozenset()
    finally:
        os.close(folder)
    if ".git" in names:
        return _not_ours(output, "it is the top of a git repository", _ELSEWHERE)
    if isinstance(listed, str):
        return _not_ours(
            output,
            f"modelspec did not write what is in it ({MANIFEST}: {listed})",
            "empty or remove the folder if you need nothing in it, or build into another one",
        )
    return listed


def own(parent: int, output: Output) -> frozenset[str] | Refusal:
    """Like `claim`, but refuse a folder with a file that its manifest does not list.

    Raises:
        OSError: it cannot be read.
    """
    listed = claim(parent, output)
    if isinstance(listed, Refusal) or not listed:
        return listed
    folder = os.open(output.name, FOLDER, dir_fd=parent)
    try:
        foreign = [path for path, kind in walk(folder) if kind is not NodeKind.FOLDER and path not in listed]
    finally:
        os.close(folder)
    if not foreign:
        return listed
    more = f" (and {len(foreign) - 1} more)" if len(foreign) > 1 else ""
    return _not_ours(
        output,
        f"modelspec did not write {shown(f'{output.path}/{min(foreign)}')}{more}",
        "move it out of the output folder, or remove it, then build again",
    )


def _holds(folder: str, path: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _not_ours(output: Output, why: str, advice: str) -> Refusal:
    return Refusal(message=f"cannot build into {shown(output.path)}: {why}", help=advice)


def unusable_output(verb: str, path: str, error: OSError) -> Refusal:
    """The error of the operating system, with help for an output folder."""
    number = error.errno or errno.EIO
    default = "choose another output folder, or repair this one, then build again"
    return unusable(verb, path, error, _HELP.get(number, default))
