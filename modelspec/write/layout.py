"""Which paths may stand in an output tree, and beside each other."""

_NO_NAMES = frozenset({"", ".", ".."})


def is_artifact_path(path: str) -> bool:
    """Whether it is relative, of printable ASCII, and without an empty, `.` or `..` segment."""
    return path.isascii() and path.isprintable() and _NO_NAMES.isdisjoint(path.split("/"))


class Layout:
    """The paths of one tree, added one at a time."""

    __slots__ = ("_files", "_folders", "_made")

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._made: set[str] = set()

    def add(self, path: str) -> list[str]:
        """Take in a file; return the folders it needs that no file before it needed, outermost first.

        Raises:
            ValueError: the path is not fit, or taken, also where only case differs. The rules should have
                caught what led to this.
        """
        if not is_artifact_path(path):
            raise ValueError(f"not a path of an artifact: {path!r}")
        new: list[str] = []
        folder = path.rpartition("/")[0]
        while folder and folder not in self._made:
            new.append(folder)
            folder = folder.rpartition("/")[0]
        new.reverse()
        folded = _folded(path)
        folders = {_folded(each) for each in new}
        if folded in self._files or folded in self._folders or not folders.isdisjoint(self._files):
            raise ValueError(f"another artifact has the place of {path!r}")
        self._files.add(folded)
        self._folders |= folders
        self._made.update(new)
        return new


def _folded(path: str) -> str:
    """In lower case; the very same object where it already is, since a tree has many paths."""
    lower = path.lower()
    return path if lower == path else lower
