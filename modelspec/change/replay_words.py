"""What a replay says: sentences for people, which each format shows in its own way, and the fields of the JSON."""

from collections.abc import Iterator, Mapping

from modelspec.change.demand import Demand
from modelspec.change.effect import Quoted, Words, joined
from modelspec.change.replay import ENOUGH_FOR_P95, Answered, Expected, HeadRate, Replay, RequestMove, largest
from modelspec.report.printable import as_written

REPLAY_TITLE = "Requests"
RATE_COLUMNS = ("head", "requests a second", "in the busiest hour", "capacity")
NO_USAGE: Words = ("usage is missing: nothing is weighed by requests, and guards count models",)
_WHOLE = 10
"""Requests a day from which on no decimals are shown."""
_MOST_MOVES = 10
_MOST_FLOWS = 8
_MOST_REGIONS = 8


def brief(replay: Replay) -> Words:
    """The end of the summary: what part of the requests the change moves or loses."""
    if not replay.changes:
        return (f"; no request of {_number(replay.requests)} {replay.unit} is answered otherwise",)
    lost = "".join(f", {_number(count)} get {status}" for status, count in replay.lost.items())
    return (f"; of {_number(replay.requests)} requests {replay.unit} {_percent(replay.share)} move{lost}",)


def sentences(replay: Replay) -> Iterator[Words]:
    """All but the rates of heads, the most important first."""
    until = f"{replay.until:%Y-%m-%d %H:%M} UTC"
    unit = replay.unit
    window = f", of {_span(replay.days)} up to" if replay.days >= 1 else " up to"
    yield (f"{_number(replay.requests)} requests {unit} were replayed{window} {until}",)
    if replay.unanswered:
        yield (f"{_number(replay.unanswered)} {unit} are answered on neither side",)
    for status, count in replay.lost.items():
        yield (f"{_number(count)} {unit} were answered and now get {status}",)
    if replay.gained:
        yield (f"{_number(replay.gained)} {unit} are answered now and were not",)
    if replay.moved:
        yield (f"{_number(replay.moved)} {unit} move to another head or model ({_percent(replay.share)})",)
        flows = list(replay.flows.items())
        for (old, new), count in flows[:_MOST_FLOWS]:
            yield (f"{_number(count)} {unit} from ", Quoted(old), " to ", Quoted(new))
        if flows[_MOST_FLOWS:]:
            rest = sum(count for _, count in flows[_MOST_FLOWS:])
            yield (f"{_number(rest)} {unit} between other heads",)
    for verb, regions in (("enter", replay.entered), ("leave", replay.left)):
        if regions:
            largest_first = sorted(regions.items(), key=lambda item: (-item[1], item[0]))[:_MOST_REGIONS]
            shown = joined(
                ((f"{_number(count)} {unit} ", Quoted(code)) for code, count in largest_first), ", "
            )
            yield (f"{verb}: ", *shown)
    yield from _expectations(replay)
    for move in largest(replay, _MOST_MOVES):
        yield _of_move(move, unit)


def _expectations(replay: Replay) -> Iterator[Words]:
    if not replay.moved:
        return
    if replay.measured:
        of = f"of {_percent(replay.measured / replay.moved)} of what moves"
        yield (f"expected latency {of}: p50 {replay.p50_change:+,.0f} ms, {_p95(replay)}",)
    if replay.measured < replay.moved * 0.999:
        what = "the rest" if replay.measured else "what moves"
        yield (f"nothing was measured that tells the latency of {what} at its new heads",)
    if replay.priced:
        of = f"of {_percent(replay.priced / replay.moved)} of what moves"
        yield (f"expected cost {of}: {replay.dollars_change:+,.2f} dollars {replay.unit}",)


def _p95(replay: Replay) -> str:
    """The change of the 95th percentile, as far as enough was measured."""
    if not replay.p95_measured:
        return f"p95 not known from fewer than {ENOUGH_FOR_P95} requests"
    change = f"p95 {replay.p95_change:+,.0f} ms"
    if replay.p95_measured < replay.measured * 0.999:
        return f"{change} for {_percent(replay.p95_measured / replay.moved)}, the rest being too few requests"
    return change


def _of_move(move: RequestMove, unit: str) -> Words:
    client: Words = (" from ", Quoted(move.client)) if move.client else ()
    start: Words = (Quoted(move.name), *client, f", {_number(move.requests)} {unit}: ")
    return (*start, *_answer(move.before), " → ", *_answer(move.after), *_latency(move))


def _answer(answered: Answered) -> Words:
    if not answered.heads:
        return (str(answered.status),)
    return joined(((Quoted(head),) for head in answered.heads), ", ")


def _latency(move: RequestMove) -> Words:
    if not move.moved:
        return ()
    for name, old, new in (
        ("p95", move.expected_before.p95, move.expected_after.p95),
        ("p50", move.expected_before.p50, move.expected_after.p50),
    ):
        if old is not None and new is not None:
            return (f", {name} {old:,.0f} → {new:,.0f} ms",)
    return (", latency not measured",)


def shown_rates(replay: Replay) -> list[HeadRate]:
    """Heads whose rate changes."""
    return [rate for rate in replay.heads if round(rate.before, 3) != round(rate.after, 3)]


def rate_cells(rate: HeadRate) -> tuple[str, ...]:
    """The cells of a head, before → after, for every column but the first."""
    capacity = "-" if rate.capacity is None else f"{rate.capacity:,}"
    return (
        f"{rate.before:,.3g} → {rate.after:,.3g}",
        f"{rate.peak_before:,.3g} → {rate.peak_after:,.3g}",
        f"{capacity}, overloaded" if rate.overloaded else capacity,
    )


def replay_json(replay: Replay, demand: Demand) -> Mapping[str, object]:
    """The field `usage` of a plan."""
    return {
        "first": demand.first.strftime("%Y-%m-%dT%H:00:00Z"),
        "days": _decimal(replay.days),
        "requests": _decimal(replay.requests),
        "moved": _decimal(replay.moved),
        "moved_share": round(replay.share, 6),
        "lost": [{"status": status, "requests": _decimal(count)} for status, count in replay.lost.items()],
        "gained": _decimal(replay.gained),
        "unanswered": _decimal(replay.unanswered),
        "flows": [
            {"from": as_written(old), "to": as_written(new), "requests": _decimal(count)}
            for (old, new), count in replay.flows.items()
        ],
        "regions": [
            {
                "region": as_written(code),
                "entered": _decimal(replay.entered.get(code, 0.0)),
                "left": _decimal(replay.left.get(code, 0.0)),
            }
            for code in sorted({*replay.entered, *replay.left})
        ],
        "models": [
            {"model_id": as_written(model), "moved": _decimal(count)}
            for model, count in replay.models.items()
        ],
        "heads": [
            {
                "head_id": as_written(rate.head_id),
                "capacity": rate.capacity,
                "before": _decimal(rate.before),
                "after": _decimal(rate.after),
                "peak_before": _decimal(rate.peak_before),
                "peak_after": _decimal(rate.peak_after),
                "overloaded": rate.overloaded,
            }
            for rate in replay.heads
        ],
        "latency": {
            "measured": _decimal(replay.measured),
            "p50_change_ms": _decimal(replay.p50_change),
            "p95_measured": _decimal(replay.p95_measured),
            "p95_change_ms": _decimal(replay.p95_change),
        },
        "cost": {"priced": _decimal(replay.priced), "dollars_change": _decimal(replay.dollars_change)},
        "moves": [_move_json(move) for move in replay.moves],
        "moves_left_out": replay.moves_left_out,
    }


def _move_json(move: RequestMove) -> Mapping[str, object]:
    return {
        "name": as_written(move.name),
        "client": as_written(move.client) or None,
        "requests": _decimal(move.requests),
        "moved": _decimal(move.moved),
        "before": _side(move.before, move.expected_before),
        "after": _side(move.after, move.expected_after),
    }


def _side(answered: Answered, expected: Expected) -> Mapping[str, object]:
    return {
        "status": answered.status,
        "model_id": as_written(answered.model) or None,
        "heads": {as_written(head): _decimal(part) for head, part in answered.heads.items()},
        "p50_ms": None if expected.p50 is None else _decimal(expected.p50),
        "p95_ms": None if expected.p95 is None else _decimal(expected.p95),
        "dollars": None if expected.dollars is None else round(expected.dollars, 9),
    }


def _decimal(value: float) -> float:
    return round(value, 3) + 0.0


def _span(days: float) -> str:
    """A length of time; less than a day is in hours, as requests are counted by them."""
    if days >= 1:
        return f"{days:.3g} {'day' if days == 1 else 'days'}"
    hours = max(1, round(days * 24))
    return f"{hours} {'hour' if hours == 1 else 'hours'}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= _WHOLE or value == int(value) else f"{value:,.1f}"


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"
