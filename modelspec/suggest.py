"""Did you mean: the nearest known names, for a bounded amount of work in one run."""

from collections.abc import Iterable

from modelspec.nearest import nearest

MOST = 50
"""Different unknown names that get a suggestion; past that a reader looks for a pattern, not for a name."""


class Suggestions:
    """Suggestions out of one set of known names; each question is worked out once."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = list(known)
        self._answers: dict[str, str | None] = {}

    def nearest(self, name: str) -> str | None:
        """The known name that `name` may be a slip of."""
        if name not in self._answers:
            if len(self._answers) >= MOST:
                return None
            self._answers[name] = nearest(name, self._known)
        return self._answers[name]
