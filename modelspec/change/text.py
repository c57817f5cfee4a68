"""A plan for a terminal."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from modelspec.change.effect import EffectPlace, Plan, Quoted, Words
from modelspec.change.fold import (
    LOAD_COLUMNS,
    LOAD_TITLE,
    FoldedEffect,
    groups,
    load_cells,
    notes,
    shown_shifts,
    summary,
)
from modelspec.change.replay_words import RATE_COLUMNS, REPLAY_TITLE, rate_cells, sentences, shown_rates
from modelspec.change.verdict import PlanVerdict, counts
from modelspec.report.printable import Paint, painter, printable, printable_path
from modelspec.text.quote import some

_WIDTH = 100
_MOST_NAMES = 30
"""Names listed below a cause; JSON has all of them."""

_STYLES = {"heading": "1;34", "subject": "1", "faint": "2"}


def render_verdict(plan: Plan, judged: PlanVerdict, *, colour: bool) -> Iterator[str]:
    """What a reviewer reads first, before broken guards and errors; each piece ends with a newline."""
    paint = painter(_STYLES, colour=colour)
    yield f"{paint('subject', line(judged.words))}\n"
    size = f"{counts(plan)}, from" if plan.compared else "from"
    yield paint("faint", f"{size} {printable(plan.before)} to {printable(plan.after)}") + "\n"
    if judged.is_blocked:
        yield f"{line(summary(plan))}\n"


def render(plan: Plan, judged: PlanVerdict, *, colour: bool) -> Iterator[str]:
    """The effects by rank, the changed load of heads, and the next step; each piece ends with a newline."""
    paint = painter(_STYLES, colour=colour)
    for note in notes(plan):
        yield f"{line(note)}\n"
    for title, found in groups(plan):
        yield f"\n{paint('heading', title)}\n"
        for entry in found:
            yield from _entry(entry, paint)
    yield from _loads(plan, paint)
    yield from _requests(plan, paint)
    yield f"\nnext: {judged.next}\n"


def line(words: Words) -> str:
    """A sentence for people, with secrets masked."""
    return "".join(printable(part.text) if isinstance(part, Quoted) else part for part in words)


def _entry(entry: FoldedEffect, paint: Paint) -> Iterator[str]:
    name = entry.title(printable)
    for number, effect in enumerate(entry.effects):
        yield f"  {' ' * len(name) if number else paint('subject', name)} {line(effect.words)}\n"
    if entry.touched:
        yield f"      it touches {entry.touched}\n"
    yield f"      {paint('faint', ', '.join(map(_place, entry.places)))}\n"
    for words, count, names in entry.folds:
        yield f"    - {line(words)}{count}\n"
        shown = some(list(map(printable, names)), _MOST_NAMES)
        if len(names) > _MOST_NAMES:
            shown += " (--format json lists them all)"
        for part in wrap(shown, _WIDTH - 8, break_long_words=False, break_on_hyphens=False):
            yield f"        {part}\n"


def _place(place: EffectPlace) -> str:
    number = "" if place.line is None else f":{place.line}"
    return f"{printable_path(place.path)}{number}{'' if place.side == 'after' else ' in the base'}"


def _loads(plan: Plan, paint: Paint) -> Iterator[str]:
    shifts = shown_shifts(plan)
    if not shifts:
        return
    yield f"\n{paint('heading', LOAD_TITLE)}\n"
    yield from _table([LOAD_COLUMNS, *((printable(shift.head_id), *load_cells(shift)) for shift in shifts)])


def _requests(plan: Plan, paint: Paint) -> Iterator[str]:
    if plan.replay is None:
        return
    yield f"\n{paint('heading', REPLAY_TITLE)}\n"
    for words in sentences(plan.replay):
        yield f"  {line(words)}\n"
    rates = shown_rates(plan.replay)
    if rates:
        yield from _table([RATE_COLUMNS, *((printable(rate.head_id), *rate_cells(rate)) for rate in rates)])


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells).rstrip()}\n"
