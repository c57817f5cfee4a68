import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from routing_tables import head, region, route, table, target

from modelspec.routing.decide import Decision, Index, Request, Unused, Why, decide, targets_at, unused
from modelspec.routing.table import Route, RoutingTable

REGIONS = [region("eu", ("eu", "uk")), region("uk"), region("us")]
HEADS = [
    head("eu-1", "eu"),
    head("eu-2", "eu", "draining"),
    head("uk-1", "uk"),
    head("us-1", "us", "offline"),
    head("us", "uk"),
]
ROUTES = [
    route(
        "atlas", {"eu-1": 3, "uk-1": 1}, {"eu-2": 1}, aliases=("titan",), named=("us-1",), reach=("eu", "uk")
    ),
    route("bison", {"eu-1": 1}, client_regions=("eu",), reach=("eu",)),
    route("cobra", status="disabled", client_regions=("eu",)),
    route("dodo", named=("us-1",)),
    route(
        "router/*", {"eu-1": 1}, aliases=("other/*", "anything"), targets=(target("https://r", "router/*"),)
    ),
    route("router/deep/*", {"uk-1": 1}),
    route("router/deep/one", {"us": 1}),
    route("local", {"eu-1": 1, "uk-1": 1}, local={"eu-1": target("http://a"), "uk-1": target("http://b")}),
]
INDEX = Index(table(REGIONS, HEADS, ROUTES))


def ask(model: str, origin: str | None = None, *down: str) -> Decision:
    return decide(INDEX, Request(model=model, origin=origin, down=down))


@pytest.mark.parametrize(
    ("name", "model_id", "took"),
    [
        ("atlas", "atlas", "atlas"),
        ("titan", "atlas", "titan"),
        ("anything", "router/*", "anything"),
        ("router/x", "router/*", "router/*"),
        ("router/", "router/*", "router/*"),
        ("router/*", "router/*", "router/*"),
        ("other/a/b", "router/*", "other/*"),
        ("router/deep/two", "router/deep/*", "router/deep/*"),
        ("router/deep", "router/*", "router/*"),
        ("router/deep/one", "router/deep/one", "router/deep/one"),
        ("router/deep/one/", "router/deep/*", "router/deep/*"),
        ("Atlas", None, None),
        ("router", None, None),
        ("Router/x", None, None),
        ("", None, None),
        ("/", None, None),
    ],
)
def test_an_exact_name_wins_over_the_longest_prefix(
    name: str, model_id: str | None, took: str | None
) -> None:
    found = INDEX.find(name)
    assert (None if found is None else (found[0].model_id, found[1])) == (
        None if model_id is None else (model_id, took)
    )


@pytest.mark.parametrize(
    ("decision", "status", "why"),
    [
        (ask("atlas"), 200, Why.ROUTED),
        (ask("atlas", "us"), 200, Why.ROUTED),
        (ask("zebra"), 404, Why.UNKNOWN),
        (ask("zebra", "us"), 404, Why.UNKNOWN),
        (ask("cobra"), 404, Why.DISABLED),
        (ask("cobra", "us"), 404, Why.DISABLED),  # 404 comes before 403
        (ask("bison", "us"), 403, Why.CLIENT_REGION),
        (ask("bison", "us", "eu"), 403, Why.CLIENT_REGION),  # and 403 before 503
        (ask("bison", "eu"), 200, Why.ROUTED),
        (ask("bison"), 200, Why.ROUTED),  # without an origin, it comes from where calls are allowed
        (ask("bison", "eu", "eu"), 503, Why.NO_HEAD),
        (ask("dodo"), 503, Why.NO_HEAD),
    ],
)
def test_the_first_rule_that_applies_decides(decision: Decision, status: int, why: Why) -> None:
    assert (decision.status, decision.why) == (status, why)
    assert bool(decision.tiers) == bool(decision.first) == (status == 200)
    assert status == 200 or decision.reach == ()


def _heads(decision: Decision) -> list[list[str]]:
    return [list(tier.weights) for tier in decision.tiers]


def test_heads_that_are_down_are_removed_and_weights_kept() -> None:
    assert _heads(ask("atlas")) == [["eu-1", "uk-1"], ["eu-2"]]
    assert _heads(ask("atlas", None, "eu-1")) == [["uk-1"], ["eu-2"]]
    assert ask("atlas", None, "eu-1").tiers[0].weights == {"uk-1": 1}
    assert _heads(ask("atlas", None, "eu-1", "uk-1")) == [["eu-2"]]
    assert _heads(ask("atlas", None, "eu")) == [["uk-1"]]
    assert ask("atlas", None, "eu").reach == ("eu", "uk")
    assert ask("atlas", None, "eu", "uk").status == 503


def test_a_name_of_both_a_head_and_a_region_means_the_head() -> None:
    assert INDEX.heads_down(("us",)) == {"us"}
    assert INDEX.heads_down(("uk",)) == {"uk-1", "us"}
    with pytest.raises(KeyError):
        INDEX.heads_down(("nowhere",))


def test_every_unused_head_has_a_reason() -> None:
    assert dict(unused(INDEX, ask("atlas", None, "eu-1", "us-1"))) == {
        "eu-1": Unused.DOWN,
        "us-1": Unused.OFFLINE,
        "us": Unused.NOT_NAMED,
    }
    assert dict(unused(INDEX, ask("dodo")))["us-1"] is Unused.OFFLINE
    for refused in (ask("cobra"), ask("bison", "us"), ask("zebra")):
        assert list(unused(INDEX, refused)) == []


def test_targets_are_the_deployments_or_those_of_the_head() -> None:
    assert [each.endpoint for each in targets_at(ask("atlas"), "eu-1")] == ["https://up.example.com/v1"]
    assert [each.endpoint for each in targets_at(ask("local"), "uk-1")] == ["http://b"]


@pytest.mark.parametrize(
    ("name", "upstream"),
    [
        ("router/qwen/x", "router/qwen/x"),
        ("other/y", "router/y"),
        ("anything", "router/*"),
        ("router/deep/z", "up"),
    ],
)
def test_a_wildcard_is_replaced_in_the_upstream_name(name: str, upstream: str) -> None:
    decision = ask(name)
    assert [each.upstream_model for each in targets_at(decision, decision.first[0])] == [upstream]


def test_a_long_name_of_slashes_is_looked_up_fast() -> None:
    assert INDEX.find("x" + "/" * 1_000_000) is None
    assert len([*INDEX.names]) == len(set(INDEX.names)) == 11


# --- The property: a slow and obvious oracle agrees.

CODES = ("eu", "us", "cn")
PARTS = ("a", "b", "a/b", "a/b/c", "A", "b/a")
IDS = (*PARTS, *(f"{part}/*" for part in PARTS))


@st.composite
def tables(draw: st.DrawFn) -> RoutingTable:
    count = draw(st.integers(1, 5))
    heads = [
        head(
            f"h{n}" if n else "cn",
            draw(st.sampled_from(CODES)),
            draw(st.sampled_from(["active", "draining", "offline"])),
        )
        for n in range(count)
    ]
    names = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=8, unique=True))
    serving = [each.head_id for each in heads if each.status != "offline"]
    routes: list[Route] = []
    while names:
        aliases = tuple(names[1 : 1 + draw(st.integers(0, 2))])
        order = draw(st.permutations(serving))
        cut = draw(st.integers(0, len(order)))
        tiers: list[dict[str, int]] = [dict.fromkeys(order[:cut], 2)] if cut else []
        tiers += [{each: 1} for each in order[cut : draw(st.integers(cut, len(order)))]]
        status = draw(st.sampled_from(["active", "deprecated", "disabled"]))
        routes.append(
            route(
                names[0],
                *(tiers if status != "disabled" else ()),
                aliases=aliases,
                status=status,
                client_regions=draw(st.none() | st.lists(st.sampled_from(CODES), min_size=1).map(tuple)),
            )
        )
        names = names[1 + len(aliases) :]
    return table([region(code) for code in CODES], heads, routes)


def meant(fleet: RoutingTable, model: str) -> Route | None:
    """The route with the exact name or else the longest prefix, by a search of all routes."""
    best: tuple[int, Route] | None = None
    for each in fleet.routes:
        for name in (each.model_id, *each.aliases):
            is_prefix = name.endswith("/*")
            fits = model.startswith(name[:-1]) if is_prefix else model == name
            rank = len(name) if is_prefix else 10_000
            if fits and (best is None or rank > best[0]):
                best = (rank, each)
    return None if best is None else best[1]


def oracle(fleet: RoutingTable, request: Request) -> tuple[int, str | None, list[set[str]]]:
    """The specification, literally, one model and one head at a time."""
    found = meant(fleet, request.model)
    if found is None or found.status == "disabled":
        return 404, None if found is None else found.model_id, []
    if request.origin and found.client_regions is not None and request.origin not in found.client_regions:
        return 403, found.model_id, []
    region_of = {each.head_id: each.region for each in fleet.heads}
    left: list[set[str]] = []
    for tier in found.tiers:
        up: set[str] = set()
        for head_id in tier.weights:
            where = region_of[head_id]
            if head_id not in request.down and (where not in request.down or where in region_of):
                up.add(head_id)
        if up:
            left.append(up)
    return (200 if left else 503), found.model_id, left


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_decisions_match_the_oracle(data: st.DataObject) -> None:
    fleet = data.draw(tables())
    index = Index(fleet)
    known = [*index.heads, *CODES]
    for _ in range(4):
        name = data.draw(st.sampled_from(PARTS)) + data.draw(st.sampled_from(["", "/", "/a", "/x/y", "/*"]))
        request = Request(
            model=name,
            origin=data.draw(st.none() | st.sampled_from(CODES)),
            down=tuple(data.draw(st.lists(st.sampled_from(known), max_size=3, unique=True))),
        )
        decision = decide(index, request)
        model_id = None if decision.route is None else decision.route.model_id
        found = (decision.status, model_id, [set(tier.weights) for tier in decision.tiers])
        assert found == oracle(fleet, request)
        asked = {each for tier in decision.tiers for each in tier.weights}
        if decision.status in (200, 503):
            assert asked | {each for each, _ in unused(index, decision)} == {*index.heads}
