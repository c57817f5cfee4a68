"""Drills as Markdown for a comment on a pull request: the worst first, and never longer than a comment may be."""

import json
from collections.abc import Iterator, Sequence

from modelspec.ask.drill import OVERLOAD, DrillLoad, DrillOutcome, DrillReport, Move
from modelspec.report.said import painter, said
from modelspec.text import markdown


def title(outcome: DrillOutcome) -> str:
    """What is down."""
    return f"{' and '.join(outcome.down)} down"


def effects(outcome: DrillOutcome) -> str:
    """What it does, in one line."""
    counts = (
        (len(outcome.losses), "loses service", "lose service"),
        (len(outcome.moves), "moves to another head", "move to other heads"),
        (len(outcome.leaving), "leaves its region", "leave their region"),
    )
    parts = [f"{_models(count)} {one if count == 1 else many}" for count, one, many in counts if count]
    heads = len(outcome.overloaded)
    if heads:
        parts.append(f"{heads} {'head' if heads == 1 else 'heads'} overloaded")
    return ", ".join(parts) or "nothing changes"


def summary(outcomes: Sequence[DrillOutcome]) -> str:
    """The whole run in one line."""
    lossy = sum(bool(outcome.losses) for outcome in outcomes)
    lost = len({loss.route.model_id for outcome in outcomes for loss in outcome.losses})
    drills = f"{len(outcomes)} drill" if len(outcomes) == 1 else f"{len(outcomes)} drills"
    if not lossy:
        return f"{drills}: every model keeps a head"
    return f"{drills}: {lossy} {'loses' if lossy == 1 else 'lose'} service, for {_models(lost)} in all"


def ways(moves: Sequence[Move]) -> dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]]:
    """The models that move, by the heads before and after, in the order of the models."""
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for move in moves:
        found.setdefault((move.before, move.after), []).append(move.route.model_id)
    return found


def load(one: DrillLoad) -> str:
    """How the load of a head changes, and what that is for its capacity."""
    shift = f"{number(one.before)} to {number(one.after)} models"
    if one.capacity is None:
        return shift
    return f"{shift}, {number(one.before / one.capacity)} to {number(one.after / one.capacity)} a unit of capacity"


def number(value: float) -> str:
    """A load with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _models(count: int) -> str:
    return "1 model" if count == 1 else f"{count} models"


_MOST = 8
"""Models of one kind that are named; the JSON has all."""

_STYLES = {"bad": "1;31", "bold": "1"}


def drill_text(report: DrillReport, *, colour: bool) -> Iterator[str]:
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


def _details(outcome: DrillOutcome) -> Iterator[str]:
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


ROOM = 65_000
"""Characters: a comment at GitHub holds 65,536, and a bot may want to add a line of its own."""

_MOST_IN_COMMENT = 20
"""Models of one kind that are named; the JSON has all."""

_ROWS = 200
"""Drills in the table: some 150 characters each, so that there is room for details."""


def drill_markdown(report: DrillReport) -> str:
    """The summary, a table of the drills, and the details of each that does something, as far as there is room."""
    ranked = sorted(report.outcomes, key=_badness)
    text = "\n".join(["### Drills", "", f"{summary(report.outcomes)}.", "", *_table(ranked)]) + "\n"
    telling = [outcome for outcome in ranked if outcome.losses or outcome.moves]
    left_out = 0
    for outcome in telling:
        section = "\n".join(_section(outcome)) + "\n"
        if left_out or len(text) + len(section) > ROOM - 200:
            left_out += 1
        else:
            text += section
    if left_out:
        text += f"\nThe details of {left_out} more drills are left out; `modelspec drill` shows them.\n"
    return text


def code(text: str) -> str:
    """A name as Markdown shows it and nothing else: no mention, link, HTML or end of a table's cell comes of it."""
    return markdown.code(said(text))


def _badness(outcome: DrillOutcome) -> tuple[int, int, int, int]:
    return -len(outcome.losses), -len(outcome.leaving), -len(outcome.overloaded), -len(outcome.moves)


def _table(ranked: Sequence[DrillOutcome]) -> Iterator[str]:
    yield "| down | lose service | move | leave their region | overloaded heads |"
    yield "|---|--:|--:|--:|---|"
    for outcome in ranked[:_ROWS]:
        overloaded = _named_in_comment([each.head for each in outcome.overloaded])
        yield (
            f"| {_named_in_comment(outcome.down)} | {len(outcome.losses)} | {len(outcome.moves)} "
            f"| {len(outcome.leaving)} | {overloaded} |"
        )
    if len(ranked) > _ROWS:
        yield f"\n{len(ranked) - _ROWS} more drills do less and are left out of the table."


def _section(outcome: DrillOutcome) -> Iterator[str]:
    yield ""
    # A heading of details is HTML, in which ids of heads and codes of regions need no escaping.
    yield f"<details><summary>{title(outcome)}: {effects(outcome)}</summary>"
    yield ""
    if outcome.losses:
        yield f"- **lose service:** {_named_in_comment([loss.route.model_id for loss in outcome.losses])}"
    for (before, after), models in ways(outcome.moves).items():
        yield f"- {_named_in_comment(before)} → {_named_in_comment(after)}: {_named_in_comment(models)}"
    if outcome.leaving:
        yield f"- **leave their region:** {_named_in_comment([move.route.model_id for move in outcome.leaving])}"
    for each in outcome.loads:
        if each.after > each.before:
            yield f"- load of {code(each.head)}: {load(each)}{', **overloaded**' if each.overloaded else ''}"
    yield ""
    yield "</details>"


def _named_in_comment(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_IN_COMMENT} more" if len(names) > _MOST_IN_COMMENT else ""
    return f"{', '.join(map(code, names[:_MOST_IN_COMMENT]))}{more}"


SCHEMA_VERSION = 1
"""Counts changes that a reader could stumble over; a new field is none."""


def drill_json(report: DrillReport) -> str:
    """The object, in ASCII; the same report gives the same bytes."""
    return (
        json.dumps(
            {
                "schema_version": SCHEMA_VERSION,
                "average": report.average,
                "overload": OVERLOAD,
                "drills": [_drill(outcome) for outcome in report.outcomes],
            },
            indent=1,
        )
        + "\n"
    )


def _drill(outcome: DrillOutcome) -> dict[str, object]:
    return {
        "down": outcome.down,
        "heads": outcome.heads,
        "lost": [{"model_id": loss.route.model_id, "before": loss.before} for loss in outcome.losses],
        "moved": [
            {
                "model_id": move.route.model_id,
                "before": move.before,
                "after": move.after,
                "leaves_region": move.leaves,
            }
            for move in outcome.moves
        ],
        "loads": [
            {
                "head_id": load.head,
                "capacity": load.capacity,
                "before": load.before,
                "after": load.after,
                "overloaded": load.overloaded,
            }
            for load in outcome.loads
        ],
    }
