"""The models of a fleet by what they belong to: one pass over the routes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from modelspec.fleet.model import Upstream
from modelspec.fleet.providers import LITELLM_HOSTS
from modelspec.fleet.reference import Reference
from modelspec.routing.decide import Index
from modelspec.routing.outage import has_no_second_head
from modelspec.routing.table import Route
from modelspec.site.wording import host, owner_of
from modelspec.url import host_of


@dataclass(slots=True, kw_only=True)
class Served:
    """The routes of a head, by id: in the first tier, in a later one, and those that have no other head."""

    first: list[Route] = field(default_factory=list)
    fallback: list[Route] = field(default_factory=list)
    alone: list[Route] = field(default_factory=list)
    keys: dict[Reference, None] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class KeyRecord:
    """Where a key goes: its models, its fields, the hosts with their models, and the heads that need it."""

    routes: dict[str, Route] = field(default_factory=dict)
    fields: dict[str, None] = field(default_factory=dict)
    hosts: dict[str, dict[str, None]] = field(default_factory=dict)
    heads: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Owned:
    """The routes of an owner, those that have no second head, and the keys of all."""

    routes: list[Route] = field(default_factory=list)
    alone: list[Route] = field(default_factory=list)
    keys: dict[Reference, None] = field(default_factory=dict)


class KeyUse(NamedTuple):
    """A reference that is sent upstream: by which field, to which hosts, by which heads."""

    reference: Reference
    field: str
    hosts: tuple[str, ...]
    heads: Sequence[str]


class Census:
    """Every route under its region, its heads, its keys and its owner; `targets` are gateways."""

    def __init__(self, index: Index, targets: Sequence[str] = ()) -> None:
        self.regions: dict[str, list[Route]] = {code: [] for code in index.regions}
        self.heads = {head: Served() for head in index.heads}
        self.keys: dict[Reference, KeyRecord] = {}
        self.owners: dict[str, Owned] = {}
        self.unowned: list[Route] = []
        is_litellm = "litellm" in targets
        for route in index.table.routes:
            self.regions[route.region].append(route)
            owner = owner_of(route)
            owned = Owned() if owner is None else self.owners.setdefault(owner, Owned())
            (self.unowned if owner is None else owned.routes).append(route)
            self._count_heads(route)
            if has_no_second_head(index, route):
                owned.alone.append(route)
                if route.tiers:
                    self.heads[route.heads[0]].alone.append(route)
            for use in key_uses(route, is_litellm=is_litellm):
                self._count_key(use, route)
                owned.keys[use.reference] = None

    def _count_heads(self, route: Route) -> None:
        for number, tier in enumerate(route.tiers):
            for head in tier.weights:
                served = self.heads[head]
                (served.fallback if number else served.first).append(route)

    def _count_key(self, use: KeyUse, route: Route) -> None:
        record = self.keys.setdefault(use.reference, KeyRecord())
        record.routes[route.model_id] = route
        record.fields[use.field] = None
        for name in use.hosts:
            record.hosts.setdefault(name, {})[route.model_id] = None
        for head in use.heads:
            record.heads[head] = None
            self.heads[head].keys[use.reference] = None


def key_uses(route: Route, *, is_litellm: bool = False) -> Iterator[KeyUse]:
    """Every key of a model, `api_key` first, for each of its upstreams."""
    serving = route.heads
    calls: list[tuple[Upstream, Sequence[str]]] = [(target, serving) for target in route.targets]
    calls += [(target, [head] if head in serving else []) for head, target in route.local_targets.items()]
    for target, heads in calls:
        used = [("api_key", target.api_key)] if target.api_key is not None else []
        used += [(name, value) for name, value in target.params.items() if isinstance(value, Reference)]
        hosts = _receivers(target, is_litellm=is_litellm) if used else ()
        for name, reference in used:
            yield KeyUse(reference, name, hosts, heads)


def _receivers(target: Upstream, *, is_litellm: bool) -> tuple[str, ...]:
    """The host of an upstream, those of its params that are URLs, and those that LiteLLM calls by itself."""
    urls = (value for value in target.params.values() if isinstance(value, str) and "://" in value)
    implied = LITELLM_HOSTS.get(target.provider, ()) if is_litellm and not target.has_own_endpoint else ()
    return tuple(dict.fromkeys((host(target), *filter(None, map(host_of, urls)), *implied)))
