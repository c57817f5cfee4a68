"""The report of a drill: text for people, Markdown for a comment on a pull request, JSON for programs."""

import json
from collections.abc import Iterator, Sequence

from modelspec.ask.drill import OVERLOAD, DrillLoad, DrillOutcome, DrillReport, DrillRequests
from modelspec.report.printable import concealed, painter, printable
from modelspec.routing.outage import Loss, Move
from modelspec.text import markdown
from modelspec.text.quote import counted, some

_MOST = 8
"""Models of one kind that the text lists; the JSON has all of them."""

_STYLES = {"bad": "1;31", "bold": "1"}


def drill_text(report: DrillReport, *, colour: bool) -> Iterator[str]:
    """One paragraph per drill, then a summary in one line."""
    paint = painter(_STYLES, colour=colour)
    for outcome in report.outcomes:
        style = "bad" if outcome.losses else "bold"
        yield paint(style, printable(_title(outcome))) + "\n"
        if outcome.losses:
            yield f"  lose service: {_named(_ids(outcome.losses))}\n"
        for (before, after), models in _ways(outcome).items():
            yield f"  {' + '.join(before)} -> {' + '.join(after)}: {_named(models)}\n"
        if outcome.leaving:
            yield f"  leave their region: {_named(_ids(outcome.leaving))}\n"
        for each in outcome.gaining:
            yield f"  load of {each.head}: {_load(each)}{', overloaded' if each.overloaded else ''}\n"
        for line in _requests(outcome, report.unit):
            yield f"  {printable(line)}\n"
    yield "\n"
    if report.average is not None:
        yield (
            f"average load: {_number(report.average)} models per unit of capacity; "
            f"a head above {_number(OVERLOAD)} times that is overloaded\n"
        )
    yield _summary(report.outcomes) + "\n"
    if report.requests is not None:
        yield _worst(report) + "\n"


def _requests(outcome: DrillOutcome, unit: str) -> Iterator[str]:
    """What a drill does to requests."""
    found = outcome.requests
    if found is None:
        return
    if found.lost or found.moved:
        leaving = f", {found.leaving:,.0f} of them out of their region" if found.leaving else ""
        yield f"requests {unit}: {found.lost:,.0f} lose service, {found.moved:,.0f} move{leaving}"
    for rate in found.rates:
        load = f"{rate.peak_before:,.3g} to {rate.peak_after:,.3g} requests a second in the busiest hour"
        yield f"rate of {rate.head_id}: {load}{', overloaded' if rate.overloaded else ''}"


def _worst(report: DrillReport) -> str:
    """The drill that costs the most requests, in one line."""
    lossy = [(one.requests.lost, one) for one in report.outcomes if one.requests and one.requests.lost]
    start = f"of {report.requests:,.0f} requests {report.unit}"
    if not lossy:
        return f"{start}, none loses service"
    lost, worst = max(lossy, key=lambda pair: pair[0])
    return f"{start}, the worst drill loses {lost:,.0f}: {' and '.join(worst.down)} down"


def _title(outcome: DrillOutcome) -> str:
    """What is down, and the effects, in one line."""
    counts = (
        (len(outcome.losses), "loses service", "lose service"),
        (len(outcome.moves), "moves to another head", "move to other heads"),
        (len(outcome.leaving), "leaves its region", "leave their region"),
    )
    parts = [
        f"{counted(count, 'model')} {one if count == 1 else many}" for count, one, many in counts if count
    ]
    if outcome.overloaded:
        parts.append(f"{counted(len(outcome.overloaded), 'head')} overloaded")
    return f"{' and '.join(outcome.down)} down: {', '.join(parts) or 'nothing changes'}"


def _summary(outcomes: Sequence[DrillOutcome]) -> str:
    lossy = sum(bool(outcome.losses) for outcome in outcomes)
    lost = len({loss.route.model_id for outcome in outcomes for loss in outcome.losses})
    drills = counted(len(outcomes), "drill")
    if not lossy:
        return f"{drills}: every model keeps a head"
    return (
        f"{drills}: {lossy} {'loses' if lossy == 1 else 'lose'} service, affecting {counted(lost, 'model')}"
    )


def _ways(outcome: DrillOutcome) -> dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]]:
    """The models that move, by their heads before and after, in the order of the models."""
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for move in outcome.moves:
        found.setdefault((move.before, move.after), []).append(move.route.model_id)
    return found


def _ids(found: Sequence[Loss | Move]) -> list[str]:
    return [one.route.model_id for one in found]


def _load(one: DrillLoad) -> str:
    """The load of a head before and after, absolute and per unit of its capacity."""
    shift = f"{_number(one.before)} to {_number(one.after)} models"
    if one.capacity is None:
        return shift
    before, after = (_number(load / one.capacity) for load in (one.before, one.after))
    return f"{shift}, {before} to {after} per unit of capacity"


def _number(value: float) -> str:
    """A load with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _named(names: Sequence[str]) -> str:
    return some(list(map(printable, names)), _MOST)


ROOM = 65_000
"""Characters: a comment at GitHub holds 65,536, and a bot may want to add a line of its own."""

_MOST_IN_COMMENT = 20
"""Models of one kind that the comment lists; the JSON has all of them."""

_ROWS = 200
"""Drills in the table: at some 150 characters each, they leave room for details."""


def drill_markdown(report: DrillReport) -> str:
    """The summary, a table of drills, the worst first, and the details of each that has effects, if they fit."""
    ranked = sorted(report.outcomes, key=_badness)
    told = [f"{_summary(report.outcomes)}."]
    if report.requests is not None:
        told = [*told, "", f"{_worst(report)}."]
    text = "\n".join(["### Drills", "", *told, "", *_table(ranked)]) + "\n"
    left_out = 0
    for outcome in ranked:
        if not outcome.losses and not outcome.moves:
            continue
        section = "\n".join(_section(outcome, report.unit)) + "\n"
        if left_out or len(text) + len(section) > ROOM - 200:
            left_out += 1
        else:
            text += section
    if left_out:
        text += f"\nThe details of {left_out} more drills are omitted; run `modelspec drill` to see them.\n"
    return text


def code(text: str) -> str:
    """A name as inert code: never a mention, a link, HTML or the end of a table cell."""
    return markdown.code(printable(text))


def _badness(outcome: DrillOutcome) -> tuple[float, int, int, int, int]:
    lost = outcome.requests.lost if outcome.requests else 0.0
    return -lost, -len(outcome.losses), -len(outcome.leaving), -len(outcome.overloaded), -len(outcome.moves)


def _table(ranked: Sequence[DrillOutcome]) -> Iterator[str]:
    yield "| down | lose service | move | leave their region | overloaded heads |"
    yield "|---|--:|--:|--:|---|"
    for outcome in ranked[:_ROWS]:
        overloaded = _codes([each.head for each in outcome.overloaded])
        yield (
            f"| {_codes(outcome.down)} | {len(outcome.losses)} | {len(outcome.moves)} "
            f"| {len(outcome.leaving)} | {overloaded} |"
        )
    if len(ranked) > _ROWS:
        yield f"\n{len(ranked) - _ROWS} less severe drills are omitted from the table."


def _section(outcome: DrillOutcome, unit: str) -> Iterator[str]:
    # The summary is HTML, in which ids of heads and codes of regions need no escaping.
    yield from ("", f"<details><summary>{_title(outcome)}</summary>", "")
    if outcome.losses:
        yield f"- **lose service:** {_codes(_ids(outcome.losses))}"
    for (before, after), models in _ways(outcome).items():
        yield f"- {_codes(before)} → {_codes(after)}: {_codes(models)}"
    if outcome.leaving:
        yield f"- **leave their region:** {_codes(_ids(outcome.leaving))}"
    for each in outcome.gaining:
        yield f"- load of {code(each.head)}: {_load(each)}{', **overloaded**' if each.overloaded else ''}"
    yield from (f"- {line}" for line in _requests(outcome, unit))
    yield from ("", "</details>")


def _codes(names: Sequence[str]) -> str:
    return some(list(map(code, names)), _MOST_IN_COMMENT)


SCHEMA_VERSION = 1
"""Incremented when a change may break a reader; a new field does not."""


def drill_json(report: DrillReport) -> str:
    """The object of `schemas/drill.schema.json`, in ASCII; the same report gives the same bytes."""
    fields = {
        "schema_version": SCHEMA_VERSION,
        "average": report.average,
        "overload": OVERLOAD,
        "requests": None if report.requests is None else round(report.requests, 3),
        "drills": list(map(_drill, report.outcomes)),
    }
    return json.dumps(concealed(fields), indent=1) + "\n"


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
        "requests": None if outcome.requests is None else _requests_json(outcome.requests),
    }


def _requests_json(found: DrillRequests) -> dict[str, object]:
    return {
        "lost": found.lost,
        "moved": found.moved,
        "leaving": found.leaving,
        "rates": [
            {
                "head_id": rate.head_id,
                "before": round(rate.before, 3),
                "after": round(rate.after, 3),
                "peak_before": round(rate.peak_before, 3),
                "peak_after": round(rate.peak_after, 3),
                "overloaded": rate.overloaded,
            }
            for rate in found.rates
        ],
    }
