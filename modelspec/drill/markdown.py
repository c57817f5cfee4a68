"""Drills as Markdown for a comment on a pull request: the worst first, and never longer than a comment may be."""

from collections.abc import Iterator, Sequence

from modelspec.drill.drill import Outcome, Report
from modelspec.drill.wording import effects, load, summary, title, ways
from modelspec.report import markdown
from modelspec.report.said import said

ROOM = 65_000
"""Characters: a comment at GitHub holds 65,536, and a bot may want to add a line of its own."""

_MOST = 20
"""Models of one kind that are named; the JSON has all."""

_ROWS = 200
"""Drills in the table: some 150 characters each, so that there is room for details."""


def render(report: Report) -> str:
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


def _badness(outcome: Outcome) -> tuple[int, int, int, int]:
    return -len(outcome.losses), -len(outcome.leaving), -len(outcome.overloaded), -len(outcome.moves)


def _table(ranked: Sequence[Outcome]) -> Iterator[str]:
    yield "| down | lose service | move | leave their region | overloaded heads |"
    yield "|---|--:|--:|--:|---|"
    for outcome in ranked[:_ROWS]:
        overloaded = _named([each.head for each in outcome.overloaded])
        yield (
            f"| {_named(outcome.down)} | {len(outcome.losses)} | {len(outcome.moves)} "
            f"| {len(outcome.leaving)} | {overloaded} |"
        )
    if len(ranked) > _ROWS:
        yield f"\n{len(ranked) - _ROWS} more drills do less and are left out of the table."


def _section(outcome: Outcome) -> Iterator[str]:
    yield ""
    # A heading of details is HTML, in which ids of heads and codes of regions need no escaping.
    yield f"<details><summary>{title(outcome)}: {effects(outcome)}</summary>"
    yield ""
    if outcome.losses:
        yield f"- **lose service:** {_named([loss.route.model_id for loss in outcome.losses])}"
    for (before, after), models in ways(outcome.moves).items():
        yield f"- {_named(before)} → {_named(after)}: {_named(models)}"
    if outcome.leaving:
        yield f"- **leave their region:** {_named([move.route.model_id for move in outcome.leaving])}"
    for each in outcome.loads:
        if each.after > each.before:
            yield f"- load of {code(each.head)}: {load(each)}{', **overloaded**' if each.overloaded else ''}"
    yield ""
    yield "</details>"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{', '.join(map(code, names[:_MOST]))}{more}"
