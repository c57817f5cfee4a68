"""What lists and the search know of each model, and the compact list that the browser searches."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from modelspec.emit.artifact import document, encode
from modelspec.emit.tables import first_target
from modelspec.fleet.location import spelled
from modelspec.fleet.model import Upstream
from modelspec.routing.outage import has_no_second_head
from modelspec.routing.table import Route, RoutingTable
from modelspec.site import SiteContext
from modelspec.site.census import key_uses
from modelspec.site.wording import Wording, endpoint, host, owner_of

_SCALARS = frozenset({str, int, float})
_ONE_HEAD, _UNKNOWN = ("one-head",), ("unknown-residency",)
_MOST_LETTERS = 2000
"""Letters of metadata that the search knows of a model."""


class ModelRecord(NamedTuple):
    """One model, as a tuple, which is made fastest. What has a facet compares codes and ids; people read titles.

    `serves` are the heads of its tiers, `fallback` those that its file names. `endpoint` has each upstream once, first
    that of the card; `host` their hosts, then all others that get a key. `key` has references as `kind:name`. `reach`
    has codes, and `-eu` where a request for a model of the region `eu` may leave it. `upstream_region` has codes,
    `country:de` where only the spelling says it, `anywhere` and `unknown`. `residency` is `none`, `kept` or `unknown`;
    `risk` has `one-head` and `unknown-residency`. `upstream` are names that differ from the id; `words` are scalars of
    the metadata.
    """

    id: str
    name: str
    region: str
    head: str
    fallback: tuple[str, ...]
    serves: tuple[str, ...]
    provider: tuple[str, ...]
    status: str
    local: str
    tag: tuple[str, ...]
    reach: tuple[str, ...]
    residency: str
    key: tuple[str, ...]
    host: tuple[str, ...]
    endpoint: tuple[str, ...]
    upstream_region: tuple[str, ...]
    owner: str
    risk: tuple[str, ...]
    sunset: str
    aliases: tuple[str, ...]
    upstream: tuple[str, ...]
    models: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def where(self) -> str:
        """The host of the first upstream, and how many more there are; heads run one model at one place each."""
        more = 0 if self.local == "yes" else len(self.endpoint) - 1
        return f"{self.host[0]} and {more} more" if more else self.host[0]


class Records:
    """Makes the record of each route, once."""

    def __init__(self, routing: RoutingTable, context: SiteContext, names: Wording) -> None:
        self._routes = routing.routes
        self._names = names
        self._leaving = _Leaving(routing, names)
        self._ruled = {region.code for region in routing.regions if region.residency is not None}
        self._unproved = context.unproved
        self._is_litellm = "litellm" in context.targets
        self._made: list[ModelRecord] = []

    def all(self) -> Sequence[ModelRecord]:
        """A record for each route, in their order."""
        if not self._made:
            self._made = self.some(0, len(self._routes))
        return self._made

    def some(self, start: int, stop: int) -> list[ModelRecord]:
        """Those of some routes, by their numbers."""
        return self._made[start:stop] or [self._record(route) for route in self._routes[start:stop]]

    def _record(self, route: Route) -> ModelRecord:
        residency = "none"
        if route.region in self._ruled:
            residency = "unknown" if route.model_id in self._unproved else "kept"
        return _record(
            route, residency, self._names, leaves=self._leaving.has(route), is_litellm=self._is_litellm
        )


def _record(route: Route, residency: str, names: Wording, *, leaves: bool, is_litellm: bool) -> ModelRecord:
    about = route.about
    first = first_target(route)
    targets = [first, *[target for target in _targets(route) if target is not first]]
    uses = list(key_uses(route, is_litellm=is_litellm))
    return ModelRecord(
        id=route.model_id,
        name=about.name,
        region=route.region,
        head=about.priority_head,
        fallback=about.fallback_heads,
        serves=route.heads,
        provider=_distinct([target.provider for target in targets]),
        status=route.status,
        local="yes" if route.local_inference else "no",
        tag=about.tags,
        reach=(*route.reach, f"-{route.region}") if leaves else route.reach,
        residency=residency,
        key=_distinct([str(use.reference) for use in uses]),
        host=_distinct([*map(host, targets), *[name for use in uses for name in use.hosts]]),
        endpoint=_distinct(map(endpoint, targets)),
        upstream_region=_distinct([place for target in targets for place in _places(target)]),
        owner=owner_of(route) or "",
        risk=(
            *(_ONE_HEAD if has_no_second_head(names.index, route) else ()),
            *(_UNKNOWN if residency == "unknown" else ()),
        ),
        sunset=(route.is_routed and about.sunset) or "",
        aliases=route.aliases,
        upstream=_distinct([t.upstream_model for t in targets if t.upstream_model != route.model_id]),
        models=_distinct([name for ids in route.fallback_models.values() for name in ids]),
        words=tuple(_words(about.metadata)),
    )


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _targets(route: Route) -> Iterable[Upstream]:
    return route.targets or route.local_targets.values()


def _places(target: Upstream) -> Sequence[str]:
    location = target.location
    if location.regions or not location.countries:
        return location.regions or ("unknown",)
    return ["anywhere" if code == "*" else f"country:{code}" for code in location.countries]


def _words(metadata: Mapping[str, object]) -> Iterator[str]:
    """Texts and numbers in any depth, each once, as far as a search needs them."""
    left = _MOST_LETTERS
    seen = {""}
    pending: list[object] = [*metadata.values()][::-1]
    while pending and left > 0:
        one = pending.pop()
        if isinstance(one, dict):
            pending.extend(reversed(one.values()))
        elif isinstance(one, list):
            pending.extend(reversed(one))
        elif type(one) in _SCALARS:
            text = str(one)[:left]
            if text not in seen:
                seen.add(text)
                left -= len(text)
                yield text


class _Leaving:
    """The models whose requests may be answered outside their own region, by fallback models too."""

    def __init__(self, routing: RoutingTable, names: Wording) -> None:
        self._names = names
        self._countries = {region.code: frozenset(region.countries) for region in routing.regions}
        self._homes: dict[str, str | None] = {}

    def has(self, route: Route) -> bool:
        """Whether nothing keeps the requests of a model in its region, as far as anybody knows."""
        return bool(route.tiers) and any(
            one.tiers and self._home(one) != route.region for one in self._names.fallbacks(route)
        )

    def _home(self, route: Route) -> str | None:
        """The region that a model with heads is served in and never leaves by itself."""
        model_id = route.model_id
        if model_id not in self._homes:
            heads = self._names.index.heads
            codes = {heads[head].region for head in route.heads}
            self._homes[model_id] = codes.pop() if len(codes) == 1 and self._stays(route, *codes) else None
        return self._homes[model_id]

    def _stays(self, route: Route, code: str) -> bool:
        """Whether every upstream of a model is in a region."""
        for target in _targets(route):
            regions = target.location.regions
            if regions:
                if regions != (code,):
                    return False
            elif not all(
                is_promised and found and self._countries[code].issuperset(found)
                for found, is_promised in spelled(target)
            ):
                return False
        return True


_LITERAL = ("id", "name", "words", "aliases", "upstream", "models")
_SHARED = tuple(field for field in ModelRecord._fields if field not in _LITERAL)
_encode_row = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def compact(records: Sequence[ModelRecord], names: Wording) -> bytes:
    """The list for the browser: one model a line, which it parses in slices, and tables of what many models share.

    A row has the literal columns `id` and `name`, then an index into the table of each shared column, then what many
    models have none of; empty cells at its end are left out. Words of the metadata are indexes into `words`.
    """
    tables: dict[str, dict[object, int]] = {column: {} for column in _SHARED}
    words: dict[str, int] = {}
    rows = []
    for record in records:
        row: list[object] = [record.id, record.name]
        for column, table in tables.items():
            value = getattr(record, column)
            row.append(table.setdefault(value, len(table)))
        row.append([words.setdefault(word, len(words)) for word in record.words])
        row += [record.aliases, record.upstream, record.models]
        while not row[-1] and len(row) > len(_SHARED) + 2:
            row.pop()
        rows.append(_encode_row(row))
    return document(
        [
            ("columns", encode([*_LITERAL[:2], *_SHARED, *_LITERAL[2:]])),
            ("titles", encode({"region": names.region_titles, "head": names.head_titles})),
            ("tables", encode({column: list(table) for column, table in tables.items()})),
            ("words", encode(list(words))),
        ],
        [("models", rows)],
    )
