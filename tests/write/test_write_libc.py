import errno
import os
from pathlib import Path

import pytest

from modelspec.write.swap import call, exchange, flush
from modelspec.write.tree import FOLDER


def test_reports_a_missing_library_function() -> None:
    assert call("no_such_function") == errno.ENOSYS


def test_two_folders_swap_their_names(tmp_path: Path) -> None:
    (tmp_path / "one" / "first").mkdir(parents=True)
    (tmp_path / "two" / "second").mkdir(parents=True)
    parent = os.open(tmp_path, FOLDER)
    assert exchange(parent, "one", "two")
    flush(parent)
    os.close(parent)
    assert (tmp_path / "two" / "first").is_dir()
    assert (tmp_path / "one" / "second").is_dir()


def test_a_missing_name_is_an_error_and_not_missing_support(tmp_path: Path) -> None:
    parent = os.open(tmp_path, FOLDER)
    with pytest.raises(FileNotFoundError):
        exchange(parent, "one", "two")
    os.close(parent)


def test_flushing_a_closed_descriptor_fails(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, FOLDER)
    os.close(descriptor)
    with pytest.raises(OSError, match="Bad file descriptor"):
        flush(descriptor)
