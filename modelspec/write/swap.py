"""Putting a finished tree in the place of the old one, and clearing up after builds that died."""

import os
import re
import secrets
from collections.abc import Callable

from modelspec.write.lock import take
from modelspec.write.manifest import read_listing
from modelspec.write.output import Output
from modelspec.write.tree import FOLDER, remove

Exchange = Callable[[int, str, str], bool]

# Both stand beside the output. `.new`: a tree being written or removed. `.old`: the old tree between the two
# renames that take the place of an exchange, always whole.
_NEW = ".new"
_OLD = ".old"


def staging_name(output: Output) -> str:
    """A name that no other build has: where the lock fails to keep two apart, each swaps its own tree."""
    return f".{output.name}.modelspec-{secrets.token_hex(4)}{_NEW}"


def put(parent: int, staged: str, output: Output, *, replaces: bool, swap: Exchange) -> None:
    """Give a staged tree the output's name; the tree that it replaces, if any, then has the staged name.

    Without an old tree, the rename succeeds only onto nothing or an empty folder.
    """
    if not replaces:
        _rename(parent, staged, output.name)
    elif not swap(parent, staged, output.name):
        aside = staged.removesuffix(_NEW) + _OLD
        _rename(parent, output.name, aside)
        try:
            _rename(parent, staged, output.name)
        except OSError:
            _rename(parent, aside, output.name)
            raise
        _rename(parent, aside, staged)


def clear(parent: int, name: str) -> bool:
    """Remove a tree beside the output: what its manifest lists, all where it has none; whether it is gone.

    A folder without a manifest was never anything but a staging folder, so all that is in it is ours.
    """
    try:
        folder = os.open(name, FOLDER, dir_fd=parent)
    except FileNotFoundError:
        return True
    try:
        listed = read_listing(folder)
    finally:
        os.close(folder)
    return remove(parent, name, None if isinstance(listed, str) else listed)


def recover(parent: int, output: Output) -> list[str]:
    """Undo what dead builds left; the names of the folders that stay, since not all in them is ours.

    Where one died between its two renames, the old tree gets its name back. The caller holds the lock.
    """
    pattern = re.compile(re.escape(f".{output.name}.modelspec-") + r"[0-9a-f]{8}\.(new|old)")
    with os.scandir(parent) as entries:
        names = sorted(
            entry.name
            for entry in entries
            if pattern.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
        )
    kept = []
    for name in names:
        if name.endswith(_NEW):
            spare = name
        elif _is_missing(parent, output.name):
            _rename(parent, name, output.name)
            continue
        else:
            # An old tree is whole while it has that name, so it loses the name before it loses a file.
            spare = name.removesuffix(_OLD) + _NEW
            _rename(parent, name, spare)
        if _is_idle(parent, spare) and not clear(parent, spare):
            kept.append(spare)
    return kept


def _is_missing(parent: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return True
    return False


def _is_idle(parent: int, name: str) -> bool:
    """Whether no build that runs is at work in that folder."""
    folder = os.open(name, FOLDER, dir_fd=parent)
    try:
        return take(folder)
    finally:
        os.close(folder)


def _rename(parent: int, old: str, new: str) -> None:
    os.rename(old, new, src_dir_fd=parent, dst_dir_fd=parent)
