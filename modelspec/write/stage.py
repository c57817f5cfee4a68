"""Filling a new tree, in a folder that only this build knows."""

import os
from collections.abc import Iterable

from modelspec.emit.artifact import Artifact

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_MODE = 0o644
FOLDER_MODE = 0o755


class Stage:
    """A tree under way below an open, empty folder; `size` is the sum of the files', in bytes."""

    __slots__ = ("_folder", "_masked", "files", "size")

    def __init__(self, folder: int) -> None:
        self._folder = folder
        # The folder was made with FOLDER_MODE: what it lacks of it, the umask takes from every file as well.
        self._masked = bool(FOLDER_MODE & ~os.fstat(folder).st_mode)
        self.files = 0
        self.size = 0
        if self._masked:
            os.fchmod(folder, FOLDER_MODE)

    def add(self, artifact: Artifact, folders: Iterable[str]) -> None:
        """Make the folders, write the file: three system calls, and one more where the umask is unusual.

        Raises:
            OSError: it cannot be written.
        """
        for folder in folders:
            self._make_folder(folder)
        content = artifact.content
        file = os.open(artifact.path, _FLAGS, _FILE_MODE, dir_fd=self._folder)
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
        os.mkdir(path, FOLDER_MODE, dir_fd=self._folder)
        if self._masked:
            os.chmod(path, FOLDER_MODE, dir_fd=self._folder)
