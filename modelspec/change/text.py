"""A plan for a terminal."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from textwrap import wrap

from modelspec.change.effect import EffectPlace, HeadLoad, HeadShift, Plan, Said, Words
from modelspec.change.fold import Fold, FoldedEffect, beside, counted, entries, groups, summary
from modelspec.report.said import Paint, painter, said
from modelspec.text.visible import visible

_WIDTH = 100
_MOST_NAMES = 30
"""Names that are listed below a cause; JSON has them all."""

_STYLES = {"heading": "1;34", "subject": "1", "faint": "2"}


def render(plan: Plan, *, colour: bool) -> Iterator[str]:
    """The summary, the effects by rank, the load of the heads that changes; each piece ends in a line end."""
    paint = painter(_STYLES, colour=colour)
    yield f"{paint('subject', line(summary(plan)))}\n"
    yield paint("faint", f"from {said(plan.before)} to {said(plan.after)}") + "\n"
    if note := beside(plan):
        yield f"{line(note)}\n"
    for title, found in groups(entries(plan.effects)):
        yield f"\n{paint('heading', title)}\n"
        for entry in found:
            yield from _entry(entry, paint)
    yield from _loads(plan, paint)


def _entry(entry: FoldedEffect, paint: Paint) -> Iterator[str]:
    subject = entry.subject
    name = said(subject.name) if subject.what in ("model", "file") else f"{subject.what} {said(subject.name)}"
    places: dict[EffectPlace, None] = {}
    for number, effect in enumerate(entry.effects):
        lead = paint("subject", name) if number == 0 else " " * len(name)
        yield f"  {lead} {line(effect.words)}\n"
        places.update(dict.fromkeys(effect.places))
    touches = entry.effects[0].touches
    if touches:
        yield f"      it touches {counted(len(touches), 'model')}\n"
    yield f"      {paint('faint', ', '.join(map(_place, places)))}\n"
    told = {name for fold in entry.folds if fold.what == "model" for name in fold.names}
    for fold in entry.folds:
        yield from _fold(fold)
    quiet = [name for name in touches if name not in told]
    if quiet:
        what = "touched in nothing else" if told else "touched"
        yield from _names(f"{counted(len(quiet), 'model')} {what}", quiet)


def _fold(fold: Fold) -> Iterator[str]:
    """Like `moves: head-eu → head-us · 3 models`, then which."""
    yield from _names(f"{line(fold.words)} · {counted(len(fold.names), fold.what)}", fold.names)


def _names(title: str, names: Sequence[str]) -> Iterator[str]:
    yield f"    - {title}\n"
    shown = ", ".join(map(said, names[:_MOST_NAMES]))
    if len(names) > _MOST_NAMES:
        shown += f" and {len(names) - _MOST_NAMES:,} more (--format json lists them all)"
    for line in wrap(shown, _WIDTH - 8, break_long_words=False, break_on_hyphens=False):
        yield f"        {line}\n"


def _place(place: EffectPlace) -> str:
    line = "" if place.line is None else f":{place.line}"
    side = "" if place.side == "after" else " in the base"
    return f"{visible(place.path)}{line}{side}"


def _loads(plan: Plan, paint: Paint) -> Iterator[str]:
    shifts = shown_shifts(plan)
    if not shifts:
        return
    yield f"\n{paint('heading', 'Load of the heads')}\n"
    rows = [("head", "first choice of", "share", "fallback of", "capacity"), *map(load_row, shifts)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield (
            "  "
            + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            + "\n"
        )


def shown_shifts(plan: Plan) -> Sequence[HeadShift]:
    """Heads whose load changes; where there is nothing to compare with, all of them as they are."""
    if plan.compared:
        return [shift for shift in plan.loads if shift.before != shift.after]
    return [replace(s, before=s.before or s.after, after=s.after or s.before) for s in plan.loads]


def load_row(shift: HeadShift) -> tuple[str, str, str, str, str]:
    """The cells of one head: what it carries before → after."""
    old, new = shift.before, shift.after
    return (
        said(shift.head_id),
        _step(old, new, lambda load: f"{load.first:,}"),
        _step(old, new, lambda load: f"{load.share:,g}"),
        _step(old, new, lambda load: f"{load.fallback:,}"),
        _step(old, new, lambda load: "-" if load.capacity is None else f"{load.capacity:,}"),
    )


def _step(old: HeadLoad | None, new: HeadLoad | None, cell: Callable[[HeadLoad], str]) -> str:
    before, after = ("none" if load is None else cell(load) for load in (old, new))
    return after if before == after else f"{before} → {after}"


def line(words: Words) -> str:
    """A sentence as people read it, secrets starred out."""
    return "".join(said(part.text) if isinstance(part, Said) else part for part in words)
