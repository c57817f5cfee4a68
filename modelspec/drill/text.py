"""Drills for people."""

from collections.abc import Iterator, Sequence

from modelspec.drill.drill import OVERLOAD, Outcome, Report
from modelspec.drill.wording import effects, load, number, summary, title, ways
from modelspec.report.paint import painter
from modelspec.report.said import said

_MOST = 8
"""Models of one kind that are named; the JSON has all."""

_STYLES = {"bad": "1;31", "bold": "1"}


def render(report: Report, *, colour: bool) -> Iterator[str]:
    """One paragraph a drill, then the whole in one line."""
    paint = painter(_STYLES, colour=colour)
    for outcome in report.outcomes:
        style = "bad" if outcome.losses else "bold"
        yield paint(style, said(f"{title(outcome)}: {effects(outcome)}")) + "\n"
        for line in _details(outcome):
            yield f"  {line}\n"
    yield "\n"
    if report.average is not None:
        yield (
            f"on average {number(report.average)} models a unit of capacity; "
            f"a head with more than {number(OVERLOAD)} times that is overloaded\n"
        )
    yield summary(report.outcomes) + "\n"


def _details(outcome: Outcome) -> Iterator[str]:
    if outcome.losses:
        yield f"lose service: {_named([loss.route.model_id for loss in outcome.losses])}"
    for (before, after), models in ways(outcome.moves).items():
        yield f"{' + '.join(before)} -> {' + '.join(after)}: {_named(models)}"
    if outcome.leaving:
        yield f"leave their region: {_named([move.route.model_id for move in outcome.leaving])}"
    for each in outcome.loads:
        if each.after > each.before:
            yield f"load of {each.head}: {load(each)}{', overloaded' if each.overloaded else ''}"


def _named(models: Sequence[str]) -> str:
    more = f" and {len(models) - _MOST} more" if len(models) > _MOST else ""
    return f"{', '.join(map(said, models[:_MOST]))}{more}"
