"""Filling a new tree, in a folder that only this build knows."""

import os
from collections.abc import Iterable

from modelspec.emit.artifact import Artifact
from modelspec.write.lock import take
from modelspec.write.tree import FOLDER

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_MODE = 0o644
_FOLDER_MODE = 0o755


class Stage:
    """A tree under way in a new folder, locked against being cleared up; `size` is in bytes.

    Raises:
        OSError: the folder cannot be made.
    """

    __slots__ = ("_masked", "files", "folder", "size")

    def __init__(self, parent: int, name: str) -> None:
        os.mkdir(name, _FOLDER_MODE, dir_fd=parent)
        # What the umask takes from the folder's mode, it takes from the mode of every file as well.
        self._masked = bool(_FOLDER_MODE & ~os.stat(name, dir_fd=parent).st_mode)
        if self._masked:
            os.chmod(name, _FOLDER_MODE, dir_fd=parent)
        self.folder = os.open(name, FOLDER, dir_fd=parent)
        take(self.folder)
        self.files = 0
        self.size = 0

    def add(self, artifact: Artifact, folders: Iterable[str]) -> None:
        """Make the folders, write the file: three system calls, and one more where the umask is unusual.

        Raises:
            OSError: it cannot be written.
        """
        for folder in folders:
            self._make_folder(folder)
        content = artifact.content
        file = os.open(artifact.path, _FLAGS, _FILE_MODE, dir_fd=self.folder)
        try:
            if self._masked:
                os.fchmod(file, _FILE_MODE)
            written = os.write(file, content)
            while written < len(content):
                written += os.write(file, memoryview(content)[written:])
        finally:
            os.close(file)
        self.files += 1
        self.size += len(content)

    def _make_folder(self, path: str) -> None:
        os.mkdir(path, _FOLDER_MODE, dir_fd=self.folder)
        if self._masked:
            os.chmod(path, _FOLDER_MODE, dir_fd=self.folder)
