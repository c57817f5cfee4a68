"""Who may call a model, and what the callers of one model lack where another answers them."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from modelspec.text.quote import quote

Access = tuple[str, tuple[str, ...], tuple[str, ...] | None]
"""Visibility, groups, and the regions of the clients; None where these may be anywhere."""

_OPENNESS = ("private", "internal", "public")
"""Visibilities, from the fewest callers to all."""


class Gap(NamedTuple):
    """Callers of one model that another does not have; without `is_certain` it depends on what its groups mean."""

    is_certain: bool
    words: str


def opens(before: str, after: str) -> bool:
    """Whether one visibility has more callers than another."""
    return _OPENNESS.index(after) > _OPENNESS.index(before)


def gaps(callers: Access, called: Access, regions: Iterable[str]) -> Iterator[Gap]:
    """What keeps callers of a model, as it answers clients in `regions`, from calling another; nothing if all may.

    Where no edge has a gap no chain has one, so that nobody needs to look further than at the next model.
    """
    (visibility, groups, origins), (other, others, where) = callers, called
    if visibility == "private" and not groups:
        return  # nobody may call it
    lacking = [group for group in groups if group not in others]
    named = f"{'the group' if len(lacking) == 1 else 'the groups'} {', '.join(map(quote, lacking))}"
    if opens(other, visibility):
        yield Gap(is_certain=True, words=f"it is {other}, not {visibility}")
    elif other == "private" and lacking:
        yield Gap(is_certain=True, words=f"it is not for {named}")
    elif other == "internal" and others and (lacking or (not groups and visibility != "private")):
        yield Gap(is_certain=False, words=f"it names {', '.join(map(quote, others))} as its groups")
    if where is not None:
        outside = [code for code in (regions if origins is None else origins) if code not in where]
        if outside:
            yield Gap(is_certain=True, words=f"it is not for clients in {', '.join(map(quote, outside))}")
