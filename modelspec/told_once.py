"""One fault of a defaults file, one diagnostic: not one for each model that takes the value."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from modelspec.diagnostic import Diagnostic
from modelspec.quote import quote

_SHOWN = 3
"""Models that are named beside a fault of their defaults."""


def told_once(diagnostics: Sequence[Diagnostic], paths: Collection[str]) -> list[Diagnostic]:
    """The diagnostics with one in place of those that several models have at one place of a defaults file.

    `paths` are the defaults files; of each diagnostic there that a model has, the last related place is the model. What
    stands for several names the first few of them, and its subject is the file.
    """
    if not paths:
        return list(diagnostics)
    groups: dict[object, list[Diagnostic]] = {}
    for number, found in enumerate(diagnostics):
        groups.setdefault(_fault(found) if found.path in paths else number, []).append(found)
    return [_together(group) for group in groups.values()]


def _fault(found: Diagnostic) -> object:
    """What makes the faults of several models the same; their words may name the model."""
    name = quote(found.subject)
    return (
        found.code,
        found.severity,
        found.path,
        found.span,
        found.message.replace(name, ""),
        found.help.replace(name, ""),
    )


def _together(group: Sequence[Diagnostic]) -> Diagnostic:
    first = group[0]
    models = [found.related[-1] for found in group if found.related]
    if len(models) <= 1:
        return first
    shown = models[:_SHOWN]
    if len(models) > _SHOWN:
        shown[-1] = replace(shown[-1], text=f"{shown[-1].text}, and for {len(models) - _SHOWN:,} more")
    return replace(first, related=(*first.related[:-1], *shown), subject=first.path)
