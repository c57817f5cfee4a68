"""Regions and heads: a list of each, and a page for every one of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain

from modelspec.emit.artifact import Artifact
from modelspec.routing.decide import may_call
from modelspec.routing.outage import Loss, outage, served_first
from modelspec.routing.table import HeadEntry, RegionEntry, Route, RoutingTable
from modelspec.site import SiteContext
from modelspec.site.census import Census, Served
from modelspec.site.forges import links_for
from modelspec.site.frame import PageFrame, lazy_page, page
from modelspec.site.listing import FEWER_MODELS, MOST_MODELS, Cell, Listing, Section, Table, counted, some_of
from modelspec.site.map import map_of
from modelspec.site.wording import Link, Row, Wording, count, listed

_MOST_LINKS = 60
_MOST_MOVES = 8
_VERBS = {"activate": "active", "drain": "draining", "offline": "offline"}
_STATUS = {
    "active": "",
    "draining": "Draining: it is tried only after every active head.",
    "offline": "Offline: it is never tried.",
}


class PlacePages:
    """Makes the pages of regions and heads.

    The page of a region depends on its entry, its edges and heads, on its models and on the models that reach it; that
    of a head on its entry, on its models, and on the heads that these have. Both are made of the whole table, and
    change only where one of these does.
    """

    def __init__(
        self, routing: RoutingTable, context: SiteContext, names: Wording, census: Census, listing: Listing
    ) -> None:
        self._routing = routing
        self._context = context
        self._names = names
        self._census = census
        self._listing = listing
        self._where = names.links.models_where
        self._first = served_first(names.index)
        self._edges = {
            region: [one for one, at in context.edges if at == region] for _, region in context.edges
        }
        routed = [route for route in routing.routes if route.is_routed]
        self._routed = len(routed)
        self._bound = [route for route in routed if route.client_regions is not None]
        self._arriving: dict[str, Counter[str]] = {region.code: Counter() for region in routing.regions}
        for route in routing.routes:
            for code in route.reach:
                if code != route.region:
                    self._arriving[code][route.region] += 1

    def emit(self, frame: PageFrame) -> Iterator[Artifact]:
        """Two lists, and a page for each region and head."""
        regions = Table(
            columns=("Region", "Its requests may be served", "Heads", "Models", "Not proved"),
            rows=[self._region_row(region) for region in self._routing.regions],
        )
        heads = self._table_of_heads(self._routing.heads)
        yield page(
            "regions.html",
            "things",
            frame,
            title="Regions",
            words="",
            world=map_of(self._routing, self._names, most=len(self._routing.regions)),
            table=regions,
        )
        yield page("heads.html", "things", frame, title="Heads", words="", world=None, table=heads)
        for region in self._routing.regions:
            yield lazy_page(
                f"regions/{region.code}.html",
                "thing",
                frame,
                partial(self._region, region),
                made_of=self._made_of_region(region.code),
            )
        for head in self._routing.heads:
            served = self._census.heads[head.head_id]
            yield lazy_page(
                f"heads/{head.head_id}.html",
                "thing",
                frame,
                partial(self._head, head),
                made_of=[one.model_id for one in (*served.first, *served.fallback)],
            )

    def _made_of_region(self, code: str) -> Sequence[str]:
        """Its models, those that its heads serve, and how many reach it and may be called from it."""
        served = [self._census.heads[head.head_id] for head in self._heads_of(code)]
        routes = [
            *self._census.regions[code],
            *chain.from_iterable((*one.first, *one.fallback) for one in served),
        ]
        arriving = sorted(self._arriving[code].items())
        return [*(route.model_id for route in routes), f"{arriving} {self._allowed(code)} {self._routed}"]

    def _allowed(self, code: str) -> int:
        """The models that clients of a region may call."""
        return self._routed - sum(not may_call(route, code) for route in self._bound)

    def _region_row(self, region: RegionEntry) -> Sequence[Cell]:
        code, routes = region.code, self._census.regions[region.code]
        heads = (self._short(head.head_id) for head in self._heads_of(code))
        served = "anywhere"
        if region.residency is not None:
            served = f"only in {listed([*region.residency])}"
        return (
            self._names.region(code),
            served,
            some_of(heads, _MOST_MOVES),
            counted(routes, self._where(region=code)),
            counted(self._unproved(routes), self._where(region=code, residency="unknown")),
        )

    def _short(self, head_id: str) -> Link:
        return self._names.head(head_id)._replace(text=head_id)

    def _heads_of(self, code: str) -> list[HeadEntry]:
        return [head for head in self._routing.heads if head.region == code]

    def _unproved(self, routes: Iterable[Route]) -> list[Route]:
        return [route for route in routes if route.model_id in self._context.unproved]

    def _region(self, region: RegionEntry) -> dict[str, object]:
        code = region.code
        routes = self._census.regions[code]
        heads = self._heads_of(code)
        line = self._context.region_lines.get(code, 1)
        return {
            "kind": "region",
            "of": code,
            "trail": Link(text="Regions", href=self._names.links.regions),
            "title": self._names.region_titles[code],
            "status": "",
            "forge": links_for(self._context.repository, "regions.yaml", line),
            "source": f"regions.yaml, line {line}",
            "remark": "",
            "sections": [
                Section(title="About", rows=list(self._about_region(region))),
                Section(
                    title="Heads",
                    words="" if heads else "This region has no heads.",
                    table=self._table_of_heads(heads) if heads else None,
                    rows=self._failure([head.head_id for head in heads]),
                ),
                self._leaving(region, routes),
                self._coming(region),
                self._listing.section("Models", routes, self._where(region=code)),
            ],
        }

    def _about_region(self, region: RegionEntry) -> Iterator[Row]:
        names, code = self._names, region.code
        yield Row.of("Residency", names.rule(code))
        allowing = [
            one.code for one in self._routing.regions if code in (one.residency or ()) and one.code != code
        ]
        if allowing:
            yield Row.of("Allowed by the rules of", *map(names.region, allowing))
        yield Row.of("Countries", ", ".join(region.countries).upper() or "none declared")
        if region.location is not None:
            yield Row.of("Location", "{:g}, {:g}".format(*region.location))
        claims = region.upstreams or {}
        for words, field in (("Hosts", "hosts"), ("Variables", "variables")):
            patterns = claims.get(field)
            if isinstance(patterns, tuple) and patterns:
                yield Row.of(
                    f"{words} that count as here", *(Link(text=one, is_code=True) for one in patterns)
                )
        clouds = claims.get("clouds")
        if isinstance(clouds, dict):
            for cloud, named in clouds.items():
                yield Row.of(
                    f"Regions of {cloud} that count as here", *(Link(text=one, is_code=True) for one in named)
                )
        if code in self._edges:
            yield Row.of("Edges", *self._edges[code])
        yield Row.of("Clients here", f"may call {self._allowed(code):,} of {count(self._routed, 'model')}")

    def _leaving(self, region: RegionEntry, routes: Sequence[Route]) -> Section:
        """What may leave the region, and why."""
        code, names = region.code, self._names
        rows: list[Sequence[Cell]] = []
        for other, why in sorted(self._ways_out(code, routes).items()):
            rule = (
                "no rule"
                if region.residency is None
                else "yes"
                if other in region.residency
                else "no: waived"
            )
            words = ", ".join(f"{way} {number:,}" for way, number in why.items() if number)
            link = Link(text=f"{why.total():,}", href=self._where(region=code, reach=other))
            rows.append((names.region(other), link, words, rule))
        unproved = self._unproved(routes)
        if unproved:
            hosts = Counter(host for route in unproved for host in self._context.unproved[route.model_id])
            shown = some_of((Link(text=host) for host, _ in hosts.most_common()), _MOST_MOVES)
            link = counted(unproved, self._where(region=code, residency="unknown"))
            rows.append(("An unknown place", link, shown, "not proved"))
        return Section(
            title="What may leave this region",
            words=f"{names.rule(code)} {'' if rows else 'No model of this region reaches another.'}",
            table=Table(columns=("May reach", "Models", "By", "Allowed"), rows=rows) if rows else None,
        )

    def _ways_out(self, code: str, routes: Iterable[Route]) -> dict[str, Counter[str]]:
        """By each other region, how many models reach it by what: a head, else an upstream, else a fallback model."""
        found: dict[str, Counter[str]] = {}
        for route in routes:
            heads = {self._names.index.heads[head].region for head in route.heads}
            upstreams = {one for target in route.targets for one in target.location.regions}
            for other in route.reach:
                if other != code:
                    way = (
                        "heads"
                        if other in heads
                        else "upstreams"
                        if other in upstreams
                        else "fallback models"
                    )
                    found.setdefault(other, Counter())[way] += 1
        return found

    def _coming(self, region: RegionEntry) -> Section:
        rows = [
            (
                self._names.region(other),
                Link(text=f"{number:,}", href=self._where(region=other, reach=region.code)),
            )
            for other, number in sorted(self._arriving[region.code].items())
        ]
        return Section(
            title="Whose requests may come here",
            words="" if rows else "No model of another region reaches this one.",
            table=Table(columns=("Models of", "Models"), rows=rows) if rows else None,
        )

    def _failure(self, heads: Sequence[str]) -> Sequence[Row]:
        """What becomes of the models that these heads serve first, if none of them answers."""
        moves: Counter[tuple[str, ...]] = Counter()
        lost = leaving = 0
        for one in outage(self._names.index, frozenset(heads), self._first):
            if isinstance(one, Loss):
                lost += 1
            else:
                moves[one.after] += 1
                leaving += one.leaves
        words: list[str | Link] = []
        if lost:
            words.append(f"{count(lost, 'model')} without service")
        most = moves.most_common(_MOST_MOVES)
        words += [f"{count(number, 'model')} to {listed([*after])}" for after, number in most]
        rest = moves.total() - sum(number for _, number in most)
        if rest:
            words.append(f"{count(rest, 'model')} to other heads")
        if leaving:
            words.append(f"{count(leaving, 'model')} would leave their own region")
        return [Row.of("If it is down" if len(heads) == 1 else "If all are down", *words)] if words else []

    def _table_of_heads(self, heads: Sequence[HeadEntry]) -> Table:
        columns = (
            "Head",
            "Region",
            "Status",
            "Served first",
            "As fallback",
            "No other head",
            "Models per unit",
        )
        rows = [self._head_row(head, self._census.heads[head.head_id]) for head in heads]
        if all(head.capacity is None for head in heads):
            return Table(columns=columns[:-1], rows=[row[:-1] for row in rows])
        return Table(columns=columns, rows=rows)

    def _head_row(self, head: HeadEntry, served: Served) -> Sequence[Cell]:
        head_id = head.head_id
        return (
            self._short(head_id),
            self._names.region(head.region)._replace(text=head.region),
            head.status,
            f"{len(served.first):,}",
            f"{len(served.fallback):,}",
            counted(served.alone, self._where(serves=head_id, risk="one-head")),
            "" if head.capacity is None else f"{len(served.first) / head.capacity:.1f}",
        )

    def _head(self, head: HeadEntry) -> dict[str, object]:
        head_id = head.head_id
        served = self._census.heads[head_id]
        line = self._context.head_lines.get(head_id, 1)
        everything = self._where(serves=head_id)
        lists = [
            ("No other head", served.alone, self._where(serves=head_id, risk="one-head"), FEWER_MODELS),
            ("Served first", served.first, everything, MOST_MODELS),
            ("Served as a fallback", served.fallback, everything, FEWER_MODELS),
        ]
        return {
            "kind": "head",
            "of": head_id,
            "trail": Link(text="Heads", href=self._names.links.heads),
            "title": self._names.head_titles[head_id],
            "status": head.status,
            "forge": links_for(self._context.repository, "heads.yaml", line),
            "source": f"heads.yaml, line {line}",
            "remark": _STATUS[head.status],
            "sections": [
                Section(title="About", rows=list(self._about_head(head, served))),
                Section(
                    title="Change it",
                    words="Each command writes one line of heads.yaml, and keeps the rest of it.",
                    commands=[f"modelspec head {verb} {head_id}" for verb in _verbs(head.status)],
                ),
                *(
                    self._listing.section(title, routes, where, most=most)
                    for title, routes, where, most in lists
                    if routes
                ),
            ],
        }

    def _about_head(self, head: HeadEntry, served: Served) -> Iterator[Row]:
        names = self._names
        yield Row.of("Region", names.region(head.region))
        if head.region in self._edges:
            yield Row.of("Edges in its region", *self._edges[head.region])
        yield Row.of("URL", Link(text=head.url, is_code=True))
        yield Row.of("Health check", Link(text=head.health_path, is_code=True))
        if head.inference_url is not None:
            yield Row.of("Inference server", Link(text=head.inference_url, is_code=True))
        first = count(len(served.first), "model")
        yield Row.of("Serves", f"{first} first", f"{len(served.fallback):,} as a fallback")
        if head.capacity is not None:
            share = f"{len(served.first) / head.capacity:.1f} first models per unit"
            yield Row.of("Capacity", f"{count(head.capacity, 'unit')}, {share}")
        yield from self._failure([head.head_id])
        if served.keys:
            yield Row.of("Needs the keys", *some_of(map(names.key, served.keys), _MOST_LINKS))


def _verbs(status: str) -> Sequence[str]:
    """The commands that change a status."""
    return [verb for verb, leads_to in _VERBS.items() if leads_to != status]
