"""What is said of a name that nobody declares."""

from collections.abc import Iterable

from modelspec.catalog import Fleet, Place
from modelspec.quote import quote
from modelspec.rule import Finding

_LISTED = 8
"""As many known names as a line of help can hold."""


def unknown_region(code: str, place: Place, fleet: Fleet) -> tuple[str, Finding]:
    """MS201, with the nearest declared region."""
    near = fleet.region_suggestions.nearest(code)
    return "MS201", Finding(
        place=place,
        message=f"no region is named {quote(code)}",
        label="used here",
        help=_help(near, fleet.regions, "regions.yaml"),
        related=((fleet.regions[near].place, f"{quote(near)} is declared here"),) if near else (),
    )


def unknown_head(head_id: str, place: Place, fleet: Fleet) -> tuple[str, Finding]:
    """MS202, with the nearest declared head."""
    near = fleet.head_suggestions.nearest(head_id)
    return "MS202", Finding(
        place=place,
        message=f"no head is named {quote(head_id)}",
        label="used here",
        help=_help(near, fleet.heads, "heads.yaml"),
        related=((fleet.heads[near].place, f"{quote(near)} is declared here"),) if near else (),
    )


def _help(near: str | None, known: Iterable[str], file: str) -> str:
    if near:
        return f"did you mean {quote(near)}?"
    names = list(known)
    if len(names) <= _LISTED:
        return f"{file} declares {', '.join(names) or 'none'}; use one of these or declare it there"
    return f"use a name that {file} declares, or declare it there"
