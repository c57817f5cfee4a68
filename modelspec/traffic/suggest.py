"""Changes that usage asks for: what an aggregate shows beyond doubt, each with the edits that would answer it.

Whatever is proposed holds for the last days and held a week before, so that one odd week proposes nothing.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from modelspec.author.change import Put
from modelspec.fleet.settings import Suggesting
from modelspec.routing.decide import Index, may_call
from modelspec.routing.table import HeadEntry, RegionEntry, Route
from modelspec.traffic.lead import (
    ByDay,
    ClientLead,
    DailyMean,
    daily_mean,
    figures_of,
    interval,
    is_beyond,
    lead_of,
)
from modelspec.traffic.observed import (
    WEEK,
    Kind,
    Observed,
    Proposal,
    ProposedEdit,
    by_day,
    swapped,
    window,
    windows,
)
from modelspec.traffic.query import UsageSpan
from modelspec.traffic.suggest_prices import price_proposals
from modelspec.traffic.suggest_tiers import fallback_proposals, weight_proposals

_MOST_HEADS = 3
_COVERED = 0.9
"""The part of the idle days that must have requests at all."""
_HEALTHY_PERCENT = 1.0
"""Errors of servers above which a head, not a limit, is what cuts traffic."""
_EARTH_KM = 6371.0


def proposals(seen: Observed) -> list[Proposal]:
    """All that usage asks for, the most requests first."""
    found: list[Proposal] = []
    if seen.length >= seen.rule.days:
        if "home" in seen.rule.kinds:
            found.extend(_homes(seen))
        if "limit" in seen.rule.kinds:
            found.extend(_limits(seen))
        if "fallback" in seen.rule.kinds:
            found.extend(fallback_proposals(seen))
        if "weights" in seen.rule.kinds:
            found.extend(weight_proposals(seen))
        if "price" in seen.rule.kinds:
            found.extend(price_proposals(seen))
    if seen.length >= seen.rule.idle_days and seen.recent is not None:
        found.extend(_unused(seen))
    # A head may be without work once the models are gone that nobody calls.
    return sorted(found, key=lambda one: (-one.requests, one.kind == "idle_head", one.kind, one.subject))


def _homes(seen: Observed) -> Iterator[Proposal]:
    """Models whose requests come from elsewhere than where their first heads are."""
    rule, index = seen.rule, seen.index
    clients: dict[str, dict[str, int]] = {}
    for (model, client), count in seen.usage.sums("requests", ("model", "client"), seen.span(rule.days)):
        if model in index.routes and _is_allowed(index.routes[model], client):
            clients.setdefault(model, {})[client] = count
    chosen = [model for model, counts in clients.items() if _may_lead(seen, index.routes[model], counts)]
    if not chosen:
        return
    rows = seen.usage.days(("model", "client"), seen.span(rule.days + WEEK.days), models=chosen)
    allowed = (row for row in rows if _is_allowed(index.routes[row[0][0]], row[0][1]))
    for model, days in by_day(allowed).items():
        route = index.routes[model]
        home = _first_regions(index, route)
        now, before = (lead_of(window, home, rule) for window in windows(days, seen))
        if now is None or before is None or now.client != before.client or now.requests < rule.requests:
            continue
        edits = tuple(_edits_to(index, route, now.client))
        if edits:
            yield _home_proposal(seen, route, now, before, edits, clients[model])


def _is_allowed(route: Route, client: str) -> bool:
    return not client or may_call(route, client)


def _first_regions(index: Index, route: Route) -> frozenset[str]:
    return frozenset(index.heads[head].region for head in route.tiers[0].weights)


def _may_lead(seen: Observed, route: Route, counts: Mapping[str, int]) -> bool:
    """Whether it is worth asking for the days: the pooled lead is above half of what is needed."""
    whole = sum(counts.values())
    if whole < seen.rule.requests or not route.tiers or route.status != "active" or route.about.weights:
        return False
    home = _first_regions(seen.index, route)
    top = max((count for client, count in counts.items() if client and client not in home), default=0)
    at_home = sum(counts.get(client, 0) for client in home)
    return 100 * (top - at_home) > whole * seen.rule.lead_points / 2


def _edits_to(index: Index, route: Route, client: str) -> Iterator[ProposedEdit]:
    """Edits that put a head near a client region first; the home region moves with it where the two were together."""
    for head in _heads_near(index, route, client):
        about = route.about
        changes = [Put(pointer=("priority_head",), value=head.head_id), *swapped(route, head.head_id)]
        if index.heads[about.priority_head].region == route.region != head.region and not _loosens(
            index.regions[route.region], index.regions[head.region]
        ):
            yield ProposedEdit(
                changes=(Put(pointer=("region",), value=head.region), *changes),
                title=f"Move {route.model_id} to {head.region}, and its requests to {head.head_id}",
                head=head.head_id,
            )
        yield ProposedEdit(
            changes=tuple(changes),
            title=f"Send requests for {route.model_id} to {head.head_id} first",
            head=head.head_id,
        )


def _loosens(old: RegionEntry, new: RegionEntry) -> bool:
    """Whether a model would be bound by less in the new region."""
    return old.residency is not None and not (
        new.residency is not None and set(new.residency) <= set(old.residency)
    )


def _heads_near(index: Index, route: Route, client: str) -> list[HeadEntry]:
    """Heads in a client region that the model may use, else those nearest to it; its own fallbacks come first."""
    residency = index.regions[route.region].residency if route.region in index.regions else ()
    named = {*route.about.fallback_heads}
    usable = [
        head
        for head in index.heads.values()
        if head.status == "active"
        and head.head_id not in route.tiers[0].weights
        and (residency is None or head.region in residency)
        and (head.head_id in named or not route.local_inference)
    ]
    there = [head for head in usable if head.region == client]
    if not there:
        there = _nearest(index, usable, client, _first_regions(index, route))
    return sorted(there, key=lambda head: head.head_id not in named)[:_MOST_HEADS]


def _nearest(index: Index, heads: Sequence[HeadEntry], client: str, now: Collection[str]) -> list[HeadEntry]:
    """The heads of the region that is nearest to a client region, where it is nearer than what answers now."""
    distances = {head.region: kilometres(index, client, head.region) for head in heads}
    known = {region: distance for region, distance in distances.items() if distance is not None}
    current = [distance for region in now if (distance := kilometres(index, client, region)) is not None]
    if not known or not current:
        return []
    best = min(known, key=lambda region: (known[region], region))
    return [head for head in heads if head.region == best] if known[best] < min(current) else []


def kilometres(index: Index, one: str, other: str) -> float | None:
    """The distance of two regions over the earth's surface; None where a location is not known."""
    if one == other:
        return 0.0
    ends = [index.regions[code].location if code in index.regions else None for code in (one, other)]
    if ends[0] is None or ends[1] is None:
        return None
    (north, east), (north2, east2) = (tuple(map(math.radians, end)) for end in (ends[0], ends[1]))
    chord = (
        math.sin((north2 - north) / 2) ** 2
        + math.cos(north) * math.cos(north2) * math.sin((east2 - east) / 2) ** 2
    )
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(chord)))


def _home_proposal(
    seen: Observed,
    route: Route,
    now: ClientLead,
    before: ClientLead,
    edits: tuple[ProposedEdit, ...],
    clients: Mapping[str, int],
) -> Proposal:
    home = " and ".join(sorted(_first_regions(seen.index, route)))
    why = (
        f"{now.client} sends {interval(now.share)} % of {now.requests:,} requests, {window(seen)}",
        f"it leads over {home}, where {' and '.join(route.tiers[0].weights)} is, by {interval(now.lead)} points",
        f"on {now.lead.beyond} of {now.lead.days} days by more than {seen.rule.lead_points:g} points",
        f"in the days up to a week before, it led by {interval(before.lead)} points",
    )
    return Proposal(
        kind="home",
        subject=route.model_id,
        edits=edits,
        why=why,
        figures={
            "client": now.client,
            "share_percent": figures_of(now.share),
            "lead_points": figures_of(now.lead),
            "lead_points_a_week_before": figures_of(before.lead),
        },
        requests=now.requests,
        clients=clients,
    )


def _limits(seen: Observed) -> Iterator[Proposal]:
    """Limits of requests a minute that answer 429 day after day while the servers are well."""
    rule, index = seen.rule, seen.index
    limited = [model for model, route in index.routes.items() if route.rpm is not None and route.is_routed]
    if not limited:
        return
    refused = seen.usage.sums("requests", ("model", "class"), seen.span(rule.days), models=limited)
    chosen = sorted({model for (model, code), _ in refused if code == "429"})
    if not chosen:
        return
    rows = seen.usage.days(("model", "class"), seen.span(rule.days + WEEK.days), models=chosen)
    peaks: defaultdict[str, int] = defaultdict(int)
    hours = seen.usage.sums("requests", ("model", "day", "hour"), seen.span(rule.days), models=chosen)
    for (model, _, _), count in hours:
        peaks[model] = max(peaks[model], count)
    for model, days in by_day(rows).items():
        now, before = (_refused(window, rule) for window in windows(days, seen))
        rpm = index.routes[model].rpm
        if now is None or before is None or rpm is None:
            continue
        mean, requests, failed = now
        a_minute = peaks[model] / 60
        if requests < rule.requests or failed > _HEALTHY_PERCENT or a_minute * 2 < rpm:
            continue
        yield _limit_proposal(seen, model, rpm, mean, requests, a_minute)


def _refused(days: ByDay, rule: Suggesting) -> tuple[DailyMean, int, float] | None:
    """The share of requests that get 429, all requests, and the share of errors of servers."""
    busy = [counts for counts in days.values() if sum(counts.values()) >= rule.busy_requests]
    if len(busy) < max(2, rule.busy_days):
        return None
    shares = [100 * counts.get("429", 0) / sum(counts.values()) for counts in busy]
    mean = daily_mean(shares, rule.z, rule.limited_percent)
    if not is_beyond(mean, rule, rule.limited_percent):
        return None
    whole = sum(sum(counts.values()) for counts in busy)
    failed = sum(counts.get("5xx", 0) + counts.get("503", 0) for counts in busy)
    return mean, whole, 100 * failed / whole


def _limit_proposal(
    seen: Observed, model: str, rpm: int, mean: DailyMean, requests: int, a_minute: float
) -> Proposal:
    wanted = _round_up(max(rpm * 1.25, a_minute * 1.5))
    why = (
        f"{interval(mean)} % of {requests:,} requests get 429, {window(seen)}",
        f"more than {seen.rule.limited_percent:g} % on {mean.beyond} of {mean.days} days",
        f"the busiest hour has {a_minute:,.0f} requests a minute; the limit is {rpm:,}",
    )
    return Proposal(
        kind="limit",
        subject=model,
        edits=(
            ProposedEdit(
                changes=(Put(pointer=("limits", "rpm"), value=wanted),),
                title=f"Raise the limit of {model} to {wanted:,} requests a minute",
            ),
        ),
        why=why,
        figures={
            "limited_percent": figures_of(mean),
            "busiest_hour_requests_a_minute": round(a_minute, 1),
            "rpm": rpm,
        },
        requests=requests,
        clients={},
    )


def _round_up(value: float) -> int:
    """Up to two digits: a limit is no measurement."""
    step = int(10 ** max(0, math.floor(math.log10(value)) - 1))
    return math.ceil(value / step) * step


def _unused(seen: Observed) -> Iterator[Proposal]:
    """Models that nobody calls, and heads that get nothing."""
    rule, index, recent = seen.rule, seen.index, seen.recent or ()
    span = seen.span(rule.idle_days)
    covered = sum(1 for _ in seen.usage.days((), span))
    if covered < rule.idle_days * _COVERED:
        return
    figures = {"days": rule.idle_days, "days_with_requests": covered, "requests": 0}
    if "uncalled_model" in rule.kinds:
        called = {model for (model,), _ in seen.usage.sums("requests", ("model",), span)}
        called |= {found[0].model_id for name in _asked(seen, span) if (found := index.find(name))}
        needed = {name for route in index.routes.values() for name in _needs(route)}
        for model, route in index.routes.items():
            if route.status != "active" or model in called or route.about.path in recent:
                continue
            if needed.isdisjoint((model, *route.aliases)):
                edit = ProposedEdit(
                    changes=(Put(pointer=("status",), value="disabled"),),
                    title=f"Disable {model}, which nobody calls",
                )
                why = (f"no request for it {window(seen, rule.idle_days)}, {covered} of which have requests",)
                yield _idle_proposal("uncalled_model", model, edit, why, figures)
    if "idle_head" in rule.kinds and "heads.yaml" not in recent:
        working = {head for (head,), _ in seen.usage.sums("requests", ("head",), span)}
        for name, head in index.heads.items():
            if head.status == "active" and name not in working:
                edit = ProposedEdit(
                    changes=(Put(pointer=("status",), value="offline"),),
                    title=f"Take {name} offline, which gets no requests",
                )
                why = (
                    f"no request reached it {window(seen, rule.idle_days)}, {covered} of which have requests",
                )
                yield _idle_proposal("idle_head", name, edit, why, figures)


def _asked(seen: Observed, span: UsageSpan) -> Iterator[str]:
    return (name for (name,), _ in seen.usage.sums("requests", ("asked",), span))


def _needs(route: Route) -> Iterator[str]:
    """Models that stand in for another one."""
    for names in route.fallback_models.values():
        yield from names
    if route.about.replaced_by is not None:
        yield route.about.replaced_by


def _idle_proposal(
    kind: Kind, subject: str, edit: ProposedEdit, why: tuple[str, ...], figures: Mapping[str, Any]
) -> Proposal:
    return Proposal(
        kind=kind, subject=subject, edits=(edit,), why=why, figures=figures, requests=0, clients={}
    )
