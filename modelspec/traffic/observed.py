"""An aggregate as `suggest` looks at it, and what it may propose: evidence, and the edits that would answer it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, TypeVar

from modelspec.author.change import Append, Change, Put
from modelspec.fleet.settings import Suggesting
from modelspec.routing.decide import Index
from modelspec.routing.table import Route
from modelspec.traffic.lead import DailyMean, daily_mean, is_beyond
from modelspec.traffic.prices import PriceList
from modelspec.traffic.query import Usage, UsageSpan

Kind = Literal["home", "uncalled_model", "idle_head", "limit", "fallback", "weights", "price"]

T = TypeVar("T")

WEEK = timedelta(days=7)
_FLEET = ("heads.yaml", "regions.yaml")
_DEFAULTS = "_defaults.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedEdit:
    """One way to answer: changes of a model's file, or of a head's entry. `head` is where requests would go."""

    changes: tuple[Change, ...]
    title: str
    head: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What usage asks for. `edits` are tried in their order; `clients` are the requests that a new head would get.

    `why` are sentences for people and `figures` the same for programs; `requests` says which proposal comes first.
    """

    kind: Kind
    subject: str
    edits: tuple[ProposedEdit, ...]
    why: tuple[str, ...]
    figures: Mapping[str, Any]
    requests: int
    clients: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """An aggregate up to its last day, the table that it is held against, and files that were changed lately.

    `recent` are those since the idle days began, `changed` those since the days began that evidence is taken from. They
    are None where that is not known: then nothing counts as unused, or as the work of the table as it is.
    """

    usage: Usage
    index: Index
    rule: Suggesting
    first: date
    last: date
    until: datetime
    recent: Collection[str] | None
    changed: Collection[str] | None
    prices: PriceList | None

    @classmethod
    def of(
        cls,
        usage: Usage,
        index: Index,
        rule: Suggesting,
        recent: Collection[str] | None,
        prices: PriceList | None = None,
    ) -> "Observed | None":
        """None where the aggregate has no request. What changed lately counts as changed since the days began."""
        bounds = usage.first_and_last()
        if bounds is None:
            return None
        return cls(
            usage=usage,
            index=index,
            rule=rule,
            first=bounds[0].date(),
            last=bounds[1].date(),
            until=bounds[1] + timedelta(hours=1),
            recent=recent,
            changed=recent,
            prices=prices,
        )

    def span(self, days: int) -> UsageSpan:
        """The last so many days."""
        since = datetime.combine(self.last - timedelta(days=days - 1), time())
        return UsageSpan(since=since, until=self.until)

    @property
    def length(self) -> int:
        """Days from the first to the last that has a request."""
        return (self.last - self.first).days + 1

    def is_settled(self, route: Route) -> bool:
        """Whether the days saw the table as it is: nothing that decides its order has changed since they began."""
        if self.changed is None:
            return False
        names = {route.about.path, *_FLEET}
        return not any(path in names or path.rpartition("/")[2] == _DEFAULTS for path in self.changed)


def windows(days: Mapping[date, T], seen: Observed) -> tuple[Mapping[date, T], Mapping[date, T]]:
    """The last days, and those up to a week before."""
    since, before = seen.last - timedelta(days=seen.rule.days), seen.last - WEEK
    now = {day: counts for day, counts in days.items() if day > since}
    return now, {day: counts for day, counts in days.items() if since - WEEK < day <= before}


def by_day(rows: Iterable[tuple[tuple[Any, ...], date, int]]) -> dict[str, dict[date, dict[str, int]]]:
    """By model, day, and what else the rows are by."""
    found: dict[str, dict[date, dict[str, int]]] = {}
    for (model, name), day, count in rows:
        counts = found.setdefault(model, {}).setdefault(day, {})
        counts[name] = counts.get(name, 0) + count
    return found


def lasting(values: Mapping[date, float], seen: Observed) -> tuple[DailyMean, DailyMean] | None:
    """The mean of the last days and that of those up to a week before, where both are beyond doubt.

    `values` are of busy days, in points.
    """
    rule = seen.rule
    means = [daily_mean([*part.values()], rule.z, rule.lead_points) for part in windows(values, seen) if part]
    if len(means) < 2 or any(mean.days < max(2, rule.busy_days) for mean in means):  # noqa: PLR2004 - now and before
        return None
    return (means[0], means[1]) if all(is_beyond(mean, rule, rule.lead_points) for mean in means) else None


def swapped(route: Route, head: str) -> Iterator[Change]:
    """The old priority head falls in: in the place of the new one, else behind the others."""
    old, fallbacks = route.about.priority_head, route.about.fallback_heads
    if head in fallbacks:
        yield Put(pointer=("fallback_heads",), value=[old if name == head else name for name in fallbacks])
    else:
        yield Append(pointer=("fallback_heads",), value=old)


def window(seen: Observed, days: int | None = None) -> str:
    """The days, in words."""
    return f"in {days or seen.rule.days} days up to {seen.last.isoformat()}"
