"""No flood: of one file, as many diagnostics as somebody can read."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from modelspec.diagnostic import Diagnostic, Severity

MOST_A_FILE = 200
"""Diagnostics of one file that are shown. A file of 256 KiB can hold tens of thousands of faults of one kind."""

_RANK = (Severity.ERROR, Severity.WARNING, Severity.INFO)


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
        severity=min((one.severity for one in rest), key=_RANK.index),
        message=f"this file has {len(rest):,} more faults, which are not shown",
        label="the first of them",
        help="correct those above first",
        subject=rest[0].path,
    )
