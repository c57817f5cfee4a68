"""For any fleet: every reference is valid, every name has one route, and text stays text."""

import json
from typing import Any

from envoy_files import EDGES, LAST_RESORT, Files, emitted, files_of, hosts, members
from hypothesis import given, settings
from hypothesis import strategies as st
from routing_tables import head, route, table

from modelspec.routing.table import Route, RoutingTable

HEADS = tuple(f"h{number}" for number in range(6))
STATUS = {name: "draining" if name in {"h4", "h5"} else "active" for name in HEADS}
HOSTILE = st.text(min_size=1, max_size=12) | st.sampled_from(
    [
        "%PROTOCOL%",
        "${HOME}",
        "{{7*7}}",
        "os.environ/HOME",
        '"',
        "'",
        "\\",
        "\r\nx: 1",
        "\x00",
        "</script>",
        "@type",
    ]
)


@st.composite
def tiers(draw: st.DrawFn) -> list[dict[str, int]]:
    order = draw(st.permutations(HEADS))
    kept = draw(st.integers(0, len(order)))
    found: list[dict[str, int]] = []
    for status in ("active", "draining"):
        names = [name for name in order[:kept] if STATUS[name] == status]
        shared = draw(st.integers(0, len(names)))
        if shared:
            found.append({name: draw(st.integers(1, 1000)) for name in names[:shared]})
        found.extend({name: 1} for name in names[shared:])
    return found


@st.composite
def tables(draw: st.DrawFn) -> RoutingTable:
    # No id begins with a hyphen; entries that do are those of the edge.
    names = draw(st.lists(HOSTILE.filter(lambda name: name[:1] != "-"), unique=True, max_size=12))
    routes: list[Route] = []
    while names:
        own = [names.pop() for _ in range(min(len(names), draw(st.integers(1, 3))))]
        own = [name + draw(st.sampled_from(["", "", "/*"])) for name in own]
        status = draw(st.sampled_from(["active", "deprecated", "disabled"]))
        routes.append(
            route(
                own[0],
                *(draw(tiers()) if status != "disabled" else []),
                aliases=tuple(own[1:]),
                policy=draw(st.sampled_from(["round_robin", "least_request", "random"])),
                status=status,
                client_regions=draw(st.sampled_from([None, (), ("us",), ("eu", "us")])),
                visibility=draw(st.sampled_from(["public", "private"])),
            )
        )
    return table([], [head(name, status=STATUS[name]) for name in HEADS], routes)


def _cluster(files: Files, name: str) -> Any:
    """A chain, or a head: one that is in no chain is there as the last resort only."""
    return files.clusters.get(name) or files.clusters[f"{name}{LAST_RESORT}"]


def _reached(files: Files, name: str) -> list[str]:
    cluster = _cluster(files, name)
    inner = [host for member in members(cluster) for host in _reached(files, member)]
    return inner or [host for host, _ in hosts(cluster)]


@settings(deadline=None, max_examples=40)
@given(tables())
def test_every_name_has_one_route_and_all_its_clusters_exist(routing: RoutingTable) -> None:
    outputs = emitted(routing)
    for edge_id, region in EDGES.items():
        files = files_of(outputs, edge_id)
        used: set[str] = set()
        for one in routing.routes:
            ways = [files.exact[name] for name in one.exact] + [files.prefixes[name] for name in one.prefixes]
            assert all(way == ways[0] for way in ways)
            way = ways[0]
            if one.status == "disabled":
                assert way == 404
            elif one.client_regions is not None and region not in one.client_regions:
                assert way == 403
            elif not one.tiers:
                assert way == 503
            else:
                assert isinstance(way, dict)
                used |= way.keys()
                for cluster in way:
                    assert sorted(_reached(files, cluster)) == sorted(one.heads)
                _is_in_order(files, one, way)
        assert len(files.exact) == len({name for one in routing.routes for name in one.exact})
        assert _with_members(files, used) == files.clusters.keys()


def _is_in_order(files: Files, route: Route, way: dict[str, int]) -> None:
    """Tiers are in order, and the heads of the first tier share requests by weight."""
    tier_of = {name: number for number, tier in enumerate(route.tiers) for name in tier.weights}
    shares: dict[str, int] = {}
    for cluster, weight in way.items():
        numbers = [tier_of[name] for name in _reached(files, cluster)]
        assert numbers == sorted(numbers)
        first = (members(_cluster(files, cluster)) or [cluster])[0]
        for name, part in hosts(_cluster(files, first)):
            shares[name] = shares.get(name, 0) + part * weight
    expected = route.tiers[0].weights
    assert shares.keys() == expected.keys()
    assert len({shares[name] * sum(expected.values()) / expected[name] for name in shares}) == 1


def _with_members(files: Files, names: set[str]) -> set[str]:
    chains = {name: members(files.clusters[name]) for name in names if " > " in name}
    first = {member for listed in chains.values() for member in listed}
    return chains.keys() | first | {f"{name}{LAST_RESORT}" for name in (names - chains.keys()) | first}


@settings(deadline=None, max_examples=40)
@given(tables())
def test_files_are_json_with_each_key_once_and_the_same_each_time(routing: RoutingTable) -> None:
    outputs = emitted(routing)
    assert outputs == emitted(routing)
    for content in outputs.values():
        json.loads(content, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)
