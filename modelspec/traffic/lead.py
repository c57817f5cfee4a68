"""What days of requests show beyond doubt.

The day is the unit of statistics: requests come in bursts, and an interval over single requests would be far too
narrow.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean, stdev

from modelspec.fleet.settings import Suggesting

ByDay = Mapping[date, Mapping[str, int]]
"""Requests by day and by name: a client region, or a code class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyMean:
    """A mean over `days` days with its interval, and how many of these days are beyond the threshold by themselves."""

    mean: float
    low: float
    high: float
    days: int
    beyond: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLead:
    """A client region that leads over others: its share of the requests and its lead, in percent and points by day."""

    client: str
    share: DailyMean
    lead: DailyMean
    requests: int


def daily_mean(values: Sequence[float], z: float, threshold: float) -> DailyMean:
    """The mean of at least two days, `z` standard errors on either side."""
    mean = fmean(values)
    half = z * stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.inf
    beyond = sum(value > threshold for value in values)
    return DailyMean(mean=mean, low=mean - half, high=mean + half, days=len(values), beyond=beyond)


def lead_of(days: ByDay, home: Collection[str], rule: Suggesting) -> ClientLead | None:
    """The client region that leads over those in `home` beyond doubt, if one does."""
    busy = {day: counts for day, counts in days.items() if sum(counts.values()) >= rule.busy_requests}
    if len(busy) < max(2, rule.busy_days):
        return None
    totals: defaultdict[str, int] = defaultdict(int)
    for counts in busy.values():
        for client, count in counts.items():
            totals[client] += count
    others = [client for client in sorted(totals) if client and client not in home]
    if not others:
        return None
    top = max(others, key=lambda client: totals[client])
    shares, leads = [], []
    for counts in busy.values():
        whole = sum(counts.values())
        share = 100 * counts.get(top, 0) / whole
        shares.append(share)
        leads.append(share - 100 * sum(counts.get(client, 0) for client in home) / whole)
    lead = daily_mean(leads, rule.z, rule.lead_points)
    if not is_beyond(lead, rule, rule.lead_points):
        return None
    share_mean = daily_mean(shares, rule.z, 0)
    return ClientLead(client=top, share=share_mean, lead=lead, requests=sum(totals.values()))


def is_beyond(mean: DailyMean, rule: Suggesting, threshold: float) -> bool:
    """Whether the whole interval is above the threshold, and enough of the days are by themselves."""
    return mean.low > threshold and mean.beyond * 100 >= rule.days_percent * mean.days


def interval(mean: DailyMean) -> str:
    """For people: `61.2 (58.0 to 64.4)`."""
    return f"{mean.mean:.1f} ({mean.low:.1f} to {mean.high:.1f})"


def figures_of(mean: DailyMean) -> dict[str, float | int]:
    """For programs, with the names of `schemas/suggestions.schema.json`."""
    return {
        "mean": round(mean.mean, 2),
        "low": round(mean.low, 2),
        "high": round(mean.high, 2),
        "days": mean.days,
        "days_beyond": mean.beyond,
    }
