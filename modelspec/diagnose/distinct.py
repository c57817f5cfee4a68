"""Many diagnostics to those that people read: one a fault, and no more of a file than helps."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from modelspec.diagnose.diagnostic import Diagnostic, Severity, ordered
from modelspec.text.quote import quote

_EXPLAINED_BY = {
    "MS103": ("MS501", "MS505"),
    "MS104": ("MS501", "MS505"),
    "MS502": ("MS501", "MS505"),
    "MS507": ("MS501",),
    "MS513": ("MS501", "MS502", "MS503"),
    "MS516": ("MS501", "MS505"),
    "MS520": ("MS501", "MS505", "MS510", "MS516"),
}
"""A key in place of a reference has the wrong type, a `${X}` in an endpoint is no URL: the cause is named alone."""
_CAUSES = frozenset(code for codes in _EXPLAINED_BY.values() for code in codes)


def distinct(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics as judged, ordered, without those that an error on the same text makes superfluous."""
    listed = ordered(diagnostics)
    if not any(found.code in _CAUSES and found.severity is Severity.ERROR for found in listed):
        return listed
    kept: list[Diagnostic] = []
    for _, group in groupby(listed, key=lambda found: (found.path, found.span.line)):
        line = list(group)
        # What was let off is no cause: a file would be left out of the build without a diagnostic.
        causes = [found for found in line if found.code in _CAUSES and found.severity is Severity.ERROR]
        kept.extend(
            found
            for found in line
            if found.code not in _EXPLAINED_BY
            or not any(
                other.code in _EXPLAINED_BY[found.code] and found.span.overlaps(other.span)
                for other in causes
            )
        )
    return kept


MOST_A_FILE = 200
"""Diagnostics of one file that are shown. A file of 256 KiB can hold tens of thousands of faults of one kind."""


def without_excess(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics, in their order, with one in place of what a file has beyond the first MOST_A_FILE.

    It is as severe as the worst that it stands for, so that no error is lost.
    """
    kept: list[Diagnostic] = []
    for _, group in groupby(diagnostics, key=lambda found: found.path):
        kept.extend(_of_one_file(list(group)))
    return kept


def _of_one_file(found: list[Diagnostic]) -> Iterator[Diagnostic]:
    yield from found[:MOST_A_FILE]
    if found[MOST_A_FILE:]:
        yield replace(cut_short(found[MOST_A_FILE:]), related=())


def cut_short(rest: Sequence[Diagnostic]) -> Diagnostic:
    """One in place of diagnostics, at least one, of one file: at the first of them, and as severe as the worst."""
    return replace(
        rest[0],
        code="MS026",
        severity=min((one.severity for one in rest), key=lambda severity: severity.rank),
        message=f"this file has {len(rest):,} more faults, which are not shown",
        label="the first of them",
        help="correct those above first",
        subject=rest[0].path,
    )


_SHOWN = 3
"""Models that are named beside a fault of their defaults."""


def merge_repeated(diagnostics: Sequence[Diagnostic], paths: Collection[str]) -> list[Diagnostic]:
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
