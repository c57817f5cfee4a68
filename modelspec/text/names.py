"""Names that are nearly another: slips of the fingers, globs, and what file systems take for one name."""

from collections.abc import Iterable
from unicodedata import normalize


def one_name(text: str) -> str:
    """What names have in common that some file systems take for one.

    They differ by case, by how an accent is written, or by the width of letters.
    """
    if text.isascii():
        return text.lower()
    return normalize("NFKC", normalize("NFKC", text).casefold())


LONGEST = 128
"""No name of ours is longer, so a longer one was never a slip of the fingers."""

_SHORT = 3
"""Below this length one wrong letter makes another name: `eu` is no slip of `us`, only of `ue`."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that `name` is most likely a slip of, or None when nothing is close.

    Case and `_` for `-` cost nothing; a wrong, missing, added or swapped letter costs one (optimal string alignment),
    and longer names may cost more. The answer does not depend on the order of `known`.
    """
    if not 0 < len(name) <= LONGEST:
        return None
    # Only a run with a mistake pays for this import.
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    wanted = _folded(name)
    folded = {candidate: _folded(candidate) for candidate in known}
    if len(wanted) < _SHORT:
        folded = {key: text for key, text in folded.items() if sorted(text) == sorted(wanted)}
    close = process.extract_iter(wanted, folded, scorer=OSA.distance, score_cutoff=_allowed(len(wanted)))
    ranked = [(distance, abs(len(text) - len(wanted)), text, key) for text, distance, key in close]
    return min(ranked)[3] if ranked else None


def _folded(name: str) -> str:
    return name.casefold().replace("_", "-")


def _allowed(length: int) -> int:
    """Return how many slips a name of a length may hold before it is another name."""
    for most, shortest in ((3, 12), (2, 6)):
        if length >= shortest:
            return most
    return 1


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


def is_match(pattern: str, text: str) -> bool:
    """Whether the whole text fits; the time is linear in the text, whatever the pattern."""
    first, *others = pattern.split("*")
    if not others:
        return text == pattern
    if not text.startswith(first):
        return False
    *middle, last = others
    begin = len(first)
    for part in middle:
        found = text.find(part, begin)
        if found < 0:
            return False
        begin = found + len(part)
    return len(text) - len(last) >= begin and text.endswith(last)
