"""Regions that a model may use already and where the repository's own price list asks less."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from modelspec.author.change import Put
from modelspec.routing.table import Route
from modelspec.traffic.lead import DailyMean, figures_of, interval
from modelspec.traffic.observed import (
    WEEK,
    Observed,
    Proposal,
    ProposedEdit,
    lasting,
    swapped,
    window,
)
from modelspec.traffic.prices import Price, PriceList

_TOKENS = ("input_tokens", "output_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheaperRegion:
    """A region that a model's requests could go to first, its price there, and the edit that sends them."""

    region: str
    price: Price
    edit: ProposedEdit


def price_proposals(seen: Observed) -> Iterator[Proposal]:
    """Models whose tokens would cost less in another region of their own deployments or fallback heads."""
    prices = seen.prices
    if prices is None:
        return
    choices = {
        model: found for model, route in seen.index.routes.items() if (found := _choices(seen, route, prices))
    }
    if not choices:
        return
    models = [*choices]
    span = seen.span(seen.rule.days + WEEK.days)
    requests: defaultdict[str, dict[date, int]] = defaultdict(dict)
    for (model,), day, count in seen.usage.days(("model",), span, models=models):
        requests[model][day] = count
    tokens: defaultdict[str, dict[tuple[date, str], list[int]]] = defaultdict(dict)
    for place, value in enumerate(_TOKENS):
        for (model, upstream, served, day), count in seen.usage.sums(
            value, ("model", "upstream", "served", "day"), span, models=models
        ):
            tokens[model].setdefault((day, upstream or served), [0, 0])[place] += count
    for model, used in tokens.items():
        proposal = _cheapest(seen, prices, choices[model], model, used, requests[model])
        if proposal is not None:
            yield proposal


def _choices(seen: Observed, route: Route, prices: PriceList) -> list[CheaperRegion]:
    """Where else a model could go first: another of its deployments, or else another of its heads."""
    if route.status != "active" or not route.tiers:
        return []
    edits = [*_deployments(route)] if len(route.targets) > 1 else [*_heads(seen, route)]
    residency = seen.index.regions[route.region].residency
    return [
        CheaperRegion(region=region, price=price, edit=edit)
        for region, edit in edits
        if (residency is None or region in residency)
        and (price := prices.price_of(route.model_id, region)) is not None
    ]


def _deployments(route: Route) -> Iterator[tuple[str, ProposedEdit]]:
    """The regions of deployments, each with the edit that has those there tried before all others."""
    placed = [(target.location.regions, target.order or 0) for target in route.targets]
    first = min(order for _, order in placed)
    for region in sorted({regions[0] for regions, _ in placed if len(regions) == 1}):
        wanted = [(regions != (region,), order) for regions, order in placed]
        if not any(is_elsewhere and order == first for is_elsewhere, order in wanted):
            continue
        ranks = {rank: number for number, rank in enumerate(sorted(set(wanted)), 1)}
        changes = tuple(
            Put(pointer=("deployments", number, "order"), value=ranks[rank])
            for number, (rank, target) in enumerate(zip(wanted, route.targets, strict=True))
            if target.order != ranks[rank]
        )
        title = f"Call the deployments of {route.model_id} in {region} first"
        yield region, ProposedEdit(changes=changes, title=title)


def _heads(seen: Observed, route: Route) -> Iterator[tuple[str, ProposedEdit]]:
    """The regions of fallback heads, each with the edit that asks it first, where the head decides the price."""
    by_head = route.local_inference or not any(target.location.regions for target in route.targets)
    if not by_head or route.about.weights:
        return
    taken = {seen.index.heads[head].region for head in route.tiers[0].weights}
    for name in route.about.fallback_heads:
        head = seen.index.heads[name]
        if head.status == "active" and head.region not in taken:
            taken.add(head.region)
            changes = (Put(pointer=("priority_head",), value=name), *swapped(route, name))
            title = f"Send requests for {route.model_id} to {name} first, where they cost less"
            yield head.region, ProposedEdit(changes=changes, title=title, head=name)


def _cheapest(
    seen: Observed,
    prices: PriceList,
    choices: list[CheaperRegion],
    model: str,
    used: Mapping[tuple[date, str], list[int]],
    requests: Mapping[date, int],
) -> Proposal | None:
    """The region that saves most beyond doubt; None where any token has no price, or nothing saves enough."""
    now: defaultdict[date, float] = defaultdict(float)
    whole: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0])
    for (day, region), (read, written) in used.items():
        cost = prices.cost(model, region, read, written)
        if cost is None:
            return None
        now[day] += cost
        whole[day][0] += read
        whole[day][1] += written
    busy = [day for day in now if now[day] > 0 and requests.get(day, 0) >= seen.rule.busy_requests]
    best: tuple[float, CheaperRegion, tuple[DailyMean, DailyMean]] | None = None
    for choice in choices:
        saved = {day: 100 * (1 - choice.price.cost(*whole[day]) / now[day]) for day in busy}
        means = lasting(saved, seen)
        if means is not None and (best is None or means[0].mean > best[0]):
            best = means[0].mean, choice, means
    since = (seen.span(seen.rule.days).since or seen.until).date()
    count = sum(number for day, number in requests.items() if day >= since)
    if best is None or count < seen.rule.requests:
        return None
    _, choice, (mean, before) = best
    costs = [
        sum(now[day] for day in now if day >= since),
        sum(choice.price.cost(*whole[day]) for day in now if day >= since),
    ]
    return Proposal(
        kind="price",
        subject=model,
        edits=(choice.edit,),
        why=(
            f"the tokens of {count:,} requests cost {costs[0]:,.2f} {prices.currency}, {window(seen)}",
            f"by the price list they cost {costs[1]:,.2f} {prices.currency} in {choice.region}",
            f"that is {interval(mean)} % less",
            f"more than {seen.rule.lead_points:g} % on {mean.beyond} of {mean.days} days",
            f"in the days up to a week before: {interval(before)}",
        ),
        figures={
            "region": choice.region,
            "cost": round(costs[0], 4),
            "cost_there": round(costs[1], 4),
            "currency": prices.currency,
            "lead_points": figures_of(mean),
            "lead_points_a_week_before": figures_of(before),
        },
        requests=count,
        clients={},
    )
