"""The name that somebody may have meant."""

from collections.abc import Iterable

LONGEST = 128
"""No name of ours is longer, so a longer one was never a slip of the fingers."""

_SHORT = 3
"""Below this length one wrong letter makes another name: `eu` is no slip of `us`, only of `ue`."""

_WORK = 500_000
"""Letters and cells of distance tables that one question may look at: about 0.1 s."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that `name` is most likely a slip of, or None when nothing is close.

    Case and `_` for `-` cost nothing; a wrong, missing, added or swapped letter costs one, and longer names
    may cost more. The answer does not depend on the order of `known`. The time is bounded, also for names
    that were made to be slow: past the bound, names that differ more in length are not looked at.
    """
    if not 0 < len(name) <= LONGEST:
        return None
    wanted = _folded(name)
    most = _allowed(len(wanted))
    best: tuple[int, str] | None = None
    work = _WORK
    for _, folded, candidate in _plausible(wanted, most, known):
        limit = most if best is None else best[0] - 1
        left, right = _without_common_ends(wanted, folded)
        work -= len(folded) + (len(left) + 1) * (len(right) + 1)
        if work < 0 or limit < 0:
            break
        distance = _distance(left, right, limit)
        if distance <= limit:
            best = (distance, candidate)
    return None if best is None else best[1]


def _folded(name: str) -> str:
    return name.casefold().replace("_", "-")


def _allowed(length: int) -> int:
    """Return how many slips a name of a length may hold before it is another name."""
    for most, shortest in ((3, 12), (2, 6)):
        if length >= shortest:
            return most
    return 1


def _plausible(wanted: str, most: int, known: Iterable[str]) -> list[tuple[int, str, str]]:
    """List the names worth measuring, as (difference in length, folded name, name), likeliest first.

    Of 2n + 1 pieces of the wanted name, n slips leave at least one whole, since a swap spoils two at most: a
    name that holds none of the pieces cannot be close, which a substring search decides fast.
    """
    count = 2 * most + 1
    size = len(wanted) / count
    pieces = {wanted[round(i * size) : round((i + 1) * size)] for i in range(count)}
    letters = sorted(wanted)
    found = []
    for candidate in known:
        difference = abs(len(candidate) - len(wanted))
        if difference > most:
            continue
        folded = _folded(candidate)
        short = len(wanted) < _SHORT
        if sorted(folded) == letters if short else any(piece in folded for piece in pieces):
            found.append((-1 if folded == wanted else difference, folded, candidate))
    return sorted(found)


def _without_common_ends(left: str, right: str) -> tuple[str, str]:
    start = 0
    end = min(len(left), len(right))
    while start < end and left[start] == right[start]:
        start += 1
    back = 0
    while back < end - start and left[-1 - back] == right[-1 - back]:
        back += 1
    return left[start : len(left) - back], right[start : len(right) - back]


def _distance(left: str, right: str, limit: int) -> int:
    """Return the edits between two texts, a swap of neighbours being one; past `limit` it is only "more"."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left):
        current = [i + 1]
        for j, b in enumerate(right):
            cost = min(row[j] + (a != b), row[j + 1] + 1, current[j] + 1)
            if i and j and a == right[j - 1] and b == left[i - 1]:
                cost = min(cost, before[j - 1] + 1)
            current.append(cost)
        if min(current) > limit and min(row) > limit:
            return limit + 1
        before, row = row, current
    return row[-1]


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
