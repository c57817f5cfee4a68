"""What usage asks of the order and the weights of a model's heads."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from statistics import fmean

from modelspec.author.change import Put
from modelspec.routing.table import Route
from modelspec.traffic.lead import DailyMean, figures_of, interval
from modelspec.traffic.observed import WEEK, Observed, Proposal, ProposedEdit, by_day, lasting, window
from modelspec.traffic.store import DURATION

_ERRORS = ("5xx", "503", "none")
_WORSE_ERRORS = 1.0
"""Points of errors more, above which a head that leads by another measure is no better."""
_MOST_WEIGHT = 1000

_HeadDays = Mapping[date, Mapping[str, Mapping[str, int]]]
"""Requests by day, head and code class."""


def fallback_proposals(seen: Observed) -> Iterator[Proposal]:
    """Models with a fallback head that is better than the one asked before it, for the requests that fell over."""
    fallen: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (model, head), count in seen.usage.sums("failovers", ("model", "head"), seen.span(seen.rule.days)):
        fallen[model][head] = count
    orders = {
        model: order
        for model, heads in fallen.items()
        if model in seen.index.routes
        and sum(heads.values()) >= seen.rule.requests
        and len(order := _order(seen, seen.index.routes[model])) > 1
        and any(heads.get(head) for head in order[1:])
    }
    if not orders:
        return
    span = seen.span(seen.rule.days + WEEK.days)
    found: defaultdict[str, dict[date, dict[str, dict[str, int]]]] = defaultdict(dict)
    for (model, head, code), day, count in seen.usage.days(
        ("model", "head", "class"), span, models=[*orders]
    ):
        if head in orders[model]:
            found[model].setdefault(day, {}).setdefault(head, {})[code] = count
    medians: dict[tuple[str, str, date], float] = {}
    by = ("model", "head", "day")
    for (model, head, day), one in seen.usage.latency(
        DURATION, by, span, classes=("2xx",), models=[*orders]
    ).items():
        if head in orders[model] and one.p50 is not None and one.rows >= seen.rule.busy_requests:
            medians[model, head, day] = one.p50
    for model, days in found.items():
        yield from _better(seen, model, orders[model], days, medians)


def _order(seen: Observed, route: Route) -> list[str]:
    """The fallback heads one by one as they are asked; empty where the days did not see this order."""
    order = [head for tier in route.tiers[1:] for head in tier.weights]
    written = [head for head in route.about.fallback_heads if head in order]
    is_asked_so = order == written and all(len(tier.weights) == 1 for tier in route.tiers[1:])
    return order if is_asked_so and route.status == "active" and seen.is_settled(route) else []


def _better(
    seen: Observed,
    model: str,
    order: list[str],
    days: _HeadDays,
    medians: Mapping[tuple[str, str, date], float],
) -> Iterator[Proposal]:
    """The first of the later heads that leads over the one asked first and is not worse by another measure."""
    first = order[0]
    for other in order[1:]:
        measures = _measures(seen, model, first, other, days, medians)
        names = ("answered", "errors", "faster")
        if (errors := measures["errors"]) and fmean(errors.values()) < -_WORSE_ERRORS:
            continue
        if (faster := measures["faster"]) and fmean(faster.values()) < -seen.rule.lead_points:
            continue
        for name in names:
            means = lasting(measures[name], seen)
            if means is not None:
                yield _fallback_proposal(seen, model, (first, other), days, name, means)
                return


def _measures(
    seen: Observed,
    model: str,
    first: str,
    other: str,
    days: _HeadDays,
    medians: Mapping[tuple[str, str, date], float],
) -> dict[str, dict[date, float]]:
    """By how many points a head is better than another, on the days that tell: by share, by errors, by latency."""
    answered, errors, faster = {}, {}, {}
    busy = seen.rule.busy_requests
    for day, heads in days.items():
        whole = sum(sum(codes.values()) for codes in heads.values())
        counts = [sum(heads.get(head, {}).values()) for head in (first, other)]
        if whole >= busy:
            answered[day] = 100 * (counts[1] - counts[0]) / whole
        if min(counts) >= busy:
            failed = [sum(heads[head].get(code, 0) for code in _ERRORS) for head in (first, other)]
            errors[day] = 100 * (failed[0] / counts[0] - failed[1] / counts[1])
        old, new = (medians.get((model, head, day)) for head in (first, other))
        if old is not None and new is not None:
            faster[day] = 100 * (old - new) / old
    return {"answered": answered, "errors": errors, "faster": faster}


_SAYS = {
    "answered": "{other} answered {mean} points more of them than {first}, which is asked before it",
    "errors": "{first} answers {mean} points more of the requests that fall over with an error than {other}",
    "faster": "the median of requests that fell over takes {mean} % less at {other} than at {first}",
}


def _fallback_proposal(
    seen: Observed,
    model: str,
    heads: tuple[str, str],
    days: _HeadDays,
    name: str,
    means: tuple[DailyMean, DailyMean],
) -> Proposal:
    first, other = heads
    now, before = means
    since = seen.span(seen.rule.days).since
    requests = sum(
        sum(sum(codes.values()) for codes in by_head.values())
        for day, by_head in days.items()
        if since is not None and day >= since.date()
    )
    order = [other, *(head for head in seen.index.routes[model].about.fallback_heads if head != other)]
    return Proposal(
        kind="fallback",
        subject=model,
        edits=(
            ProposedEdit(
                changes=(Put(pointer=("fallback_heads",), value=order),),
                title=f"Ask {other} before {first} when {model} falls over",
                head=other,
            ),
        ),
        why=(
            f"{requests:,} requests fell over, {window(seen)}",
            _SAYS[name].format(first=first, other=other, mean=interval(now)),
            f"more than {seen.rule.lead_points:g} on {now.beyond} of {now.days} days",
            f"in the days up to a week before: {interval(before)}",
        ),
        figures={
            "measure": name,
            "lead_points": figures_of(now),
            "lead_points_a_week_before": figures_of(before),
        },
        requests=requests,
        clients={},
    )


def weight_proposals(seen: Observed) -> Iterator[Proposal]:
    """Models whose first tier gives a head more than its part of the capacity, and has it busier than the others."""
    uneven = {
        model: found
        for model, route in seen.index.routes.items()
        if (found := _uneven(seen, route)) is not None
    }
    if not uneven:
        return
    span = seen.span(seen.rule.days)
    loads = {head: count for (head,), count in seen.usage.sums("requests", ("head",), span)}
    rows = seen.usage.days(("model", "head"), seen.span(seen.rule.days + WEEK.days), models=[*uneven])
    for model, days in by_day(rows).items():
        head, part = uneven[model]
        weights = seen.index.routes[model].tiers[0].weights
        sizes = {name: seen.index.heads[name].capacity or 0 for name in weights}
        others = [name for name in weights if name != head]
        load = sum(loads.get(name, 0) for name in others) / sum(sizes[name] for name in others)
        if loads.get(head, 0) / sizes[head] <= load:
            continue
        counted = {
            day: (counts.get(head, 0), sum(counts.get(name, 0) for name in weights))
            for day, counts in days.items()
        }
        points = {
            day: 100 * (own / whole - part)
            for day, (own, whole) in counted.items()
            if whole >= seen.rule.busy_requests
        }
        means = lasting(points, seen)
        since = span.since
        requests = sum(
            whole for day, (_, whole) in counted.items() if since is not None and day >= since.date()
        )
        if means is not None and requests >= seen.rule.requests:
            yield _weight_proposal(seen, model, head, part, sizes, means, requests)


def _uneven(seen: Observed, route: Route) -> tuple[str, float] | None:
    """The head of a first tier with the most beyond its part of the capacity, and this part, from 0 to 1."""
    if route.status != "active" or not route.tiers or len(route.tiers[0].weights) < 2:  # noqa: PLR2004 - a pair
        return None
    weights = route.tiers[0].weights
    sizes = {head: seen.index.heads[head].capacity for head in weights}
    if None in sizes.values() or weights.keys() != route.about.weights.keys() or not seen.is_settled(route):
        return None
    whole, capacity = sum(weights.values()), sum(size or 0 for size in sizes.values())
    parts = {head: (sizes[head] or 0) / capacity for head in weights}
    head = max(weights, key=lambda name: weights[name] / whole - parts[name])
    return (
        (head, parts[head]) if 100 * (weights[head] / whole - parts[head]) > seen.rule.lead_points else None
    )


def _weight_proposal(
    seen: Observed,
    model: str,
    head: str,
    part: float,
    sizes: Mapping[str, int],
    means: tuple[DailyMean, DailyMean],
    requests: int,
) -> Proposal:
    now, before = means
    unit = max(math.gcd(*sizes.values()), max(sizes.values()) / _MOST_WEIGHT)
    wanted = {name: max(1, round(size / unit)) for name, size in sizes.items()}
    weights = seen.index.routes[model].about.weights
    return Proposal(
        kind="weights",
        subject=model,
        edits=(
            ProposedEdit(
                changes=tuple(
                    Put(pointer=("load_balancing", "weights", name), value=value)
                    for name, value in wanted.items()
                    if weights[name] != value
                ),
                title=f"Weigh the heads of {model} by their capacity",
            ),
        ),
        why=(
            f"{head} has {100 * part:.1f} % of the capacity of the first tier",
            f"its share of {requests:,} requests is {interval(now)} points more, {window(seen)}",
            f"more than {seen.rule.lead_points:g} on {now.beyond} of {now.days} days",
            f"in the days up to a week before: {interval(before)}",
            "all its models together, it is busier for its capacity than the others",
        ),
        figures={
            "head": head,
            "capacity_percent": round(100 * part, 2),
            "lead_points": figures_of(now),
            "lead_points_a_week_before": figures_of(before),
        },
        requests=requests,
        clients={},
    )
