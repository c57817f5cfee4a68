"""Changes of the files that a check may read, as they happen."""

from collections.abc import Iterator
from pathlib import Path

from watchfiles import Change, DefaultFilter, watch

from modelspec.load.unread import MODELS

_TICK = 100
"""Milliseconds after which a first look is over."""


def changes(root: Path) -> Iterator[None]:
    """Yield once when the watch has begun, so that no later change is missed, and then after each change.

    Raises:
        KeyboardInterrupt: on SIGINT.
    """
    top = root.resolve()
    for number, found in enumerate(
        watch(top, watch_filter=_CheckedFiles(top), yield_on_timeout=True, rust_timeout=_TICK)
    ):
        if found or number == 0:
            yield


class _CheckedFiles(DefaultFilter):
    """Not a build, nor files of version control and editors."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root

    def __call__(self, change: Change, path: str) -> bool:
        inside = Path(path).relative_to(self._root).parts
        is_read = len(inside) == 1 or inside[0] == MODELS or path.endswith((".json", ".yaml", ".yml"))
        is_built = len(inside) > 1 and (self._root / inside[0] / "manifest.json").exists()
        return is_read and not is_built and super().__call__(change, path)
