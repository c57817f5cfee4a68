from hypothesis import given, settings
from hypothesis import strategies as st
from small_fleets import documents

from modelspec.emit import emit
from modelspec.fleet.link_model import signature_of
from modelspec.fleet.model import Catalog, Claims, Fleet, Head, Model, ModelReference, Names, Region, Upstream
from modelspec.routing.route import route
from modelspec.routing.table import RoutingTable
from modelspec.text.document import Place

REGIONS = ("eu", "us", "cn")
HERE = Place(path="heads.yaml")


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    heads = draw(
        st.lists(
            st.tuples(
                st.sampled_from(REGIONS),
                st.sampled_from(["active", "active", "draining", "offline"]),
                st.sampled_from([None, "http://10.0.0.1/v1"]),
            ),
            min_size=1,
            max_size=6,
        )
    )
    return Fleet(
        regions={
            code: Region(
                code=code,
                name=code,
                residency=None,
                location=None,
                countries=frozenset(),
                claims=Claims(region=code),
                place=HERE,
            )
            for code in REGIONS
        },
        heads={
            f"h{n}": Head(
                head_id=f"h{n}",
                region=region,
                url=f"https://h{n}",
                status=status,
                health_path="/health",
                inference_url=inference,
                capacity=None,
                place=HERE,
            )
            for n, (region, status, inference) in enumerate(heads)
        },
        complete=True,
    )


@st.composite
def models(draw: st.DrawFn, number: int, count: int, fleet: Fleet) -> Model:
    order = draw(st.permutations(sorted(fleet.heads)))
    weighted = draw(st.integers(0, len(order)))
    last = draw(st.integers(max(1, weighted), len(order)))
    listed = draw(st.lists(st.sampled_from([None, *REGIONS]), max_size=3))
    deployments = [
        Upstream(
            endpoint="https://upstream",
            has_own_endpoint=True,
            provider="openai",
            is_declared=True,
            upstream_model="x",
            api_key=None,
            params={},
            request={},
            model_info={},
            region=region,
            weight=None,
            order=None,
            rpm=None,
            tpm=None,
            pointer=("deployments", n) if listed else (),
        )
        for n, region in enumerate(listed or [None])
    ]
    fallbacks = draw(st.lists(st.integers(0, count - 1), max_size=2, unique=True))
    client_regions = draw(st.none() | st.lists(st.sampled_from(REGIONS), min_size=1, unique=True))
    return Model(
        path=f"models.d/{number}.yaml",
        line=1,
        model_id=f"m{number}",
        name="x",
        region=draw(st.sampled_from(REGIONS)),
        priority_head=order[0],
        fallback_heads=tuple(order[max(1, weighted) : last]),
        policy="round_robin",
        weights={head: draw(st.integers(1, 9)) for head in order[:weighted]},
        deployments=tuple(deployments),
        local_inference=draw(st.booleans()),
        fallback_models=tuple(
            ModelReference(model_id=f"m{each}", condition="any", pointer=("fallback_models", n))
            for n, each in enumerate(fallbacks)
        ),
        aliases=(),
        rpm=None,
        tpm=None,
        has_access=False,
        visibility="internal",
        groups=(),
        client_regions=None if client_regions is None else tuple(client_regions),
        status=draw(st.sampled_from(["active", "active", "deprecated", "disabled"])),
        sunset=None,
        replaced_by=None,
        tags=(),
        metadata={},
    )


@st.composite
def tables(draw: st.DrawFn) -> tuple[RoutingTable, Fleet, dict[str, Model]]:
    fleet = draw(fleets())
    count = draw(st.integers(1, 5))
    listed = draw(st.permutations([draw(models(n, count, fleet)) for n in range(count)]))
    signatures = [signature_of(model, fleet) for model in listed]
    catalog = Catalog(
        fleet=fleet,
        signatures=signatures,
        names=Names(signatures),
        paths=[model.path for model in listed],
        broken=(),
        complete=True,
    )
    return route(catalog, listed), fleet, {model.model_id: model for model in listed}


@settings(max_examples=300, deadline=None)
@given(tables())
def test_the_routing_table_keeps_its_invariants(drawn: tuple[RoutingTable, Fleet, dict[str, Model]]) -> None:
    table, fleet, by_id = drawn
    routes = {each.model_id: each for each in table.routes}
    assert list(routes) == sorted(by_id)
    assert [head.head_id for head in table.heads] == list(fleet.heads)
    for model_id, found in routes.items():
        model = by_id[model_id]
        states = [fleet.heads[head].status for head in found.heads]
        serving = {head for head in model.heads if fleet.heads[head].status != "offline"}
        assert "offline" not in states
        assert states == sorted(states)  # active before draining
        assert len(found.heads) == len(set(found.heads))
        assert set(found.heads) == (serving if model.status != "disabled" else set())
        assert all(tier.weights for tier in found.tiers)
        assert {fleet.heads[head].region for head in found.heads} <= set(found.reach)
        assert list(found.reach) == sorted(set(found.reach))
        for fallback in model.fallback_models:
            if found.tiers and routes[fallback.model_id].is_routed:
                assert set(routes[fallback.model_id].reach) <= set(found.reach)
        assert bool(found.targets) != bool(found.local_targets)
        assert found.local_targets.keys() in (set(), set(model.heads))
        if found.tiers and found.targets:
            assert {target.region for target in found.targets if target.region} <= set(found.reach)


@settings(max_examples=100, deadline=None)
@given(tables())
def test_the_file_of_a_head_lists_exactly_the_routes_that_it_serves(
    drawn: tuple[RoutingTable, Fleet, dict[str, Model]],
) -> None:
    table, fleet, _ = drawn
    outputs = documents({each.path: each.content for each in emit(table)})
    for head in fleet.heads:
        served = outputs[f"routing/heads/{head}.json"]["models"]
        assert [each["model_id"] for each in served] == [r.model_id for r in table.routes if head in r.heads]
        for each in served:
            found = next(r for r in table.routes if r.model_id == each["model_id"])
            assert found.tiers[each["tier"]].weights[head] == each["weight"]
            assert each["targets"]
    for code in REGIONS:
        region = outputs[f"routing/regions/{code}.json"]
        assert [each["model_id"] for each in region["models"]] == [
            r.model_id for r in table.routes if r.region == code
        ]
        assert region["denied"] == [
            r.model_id
            for r in table.routes
            if r.status != "disabled" and r.client_regions is not None and code not in r.client_regions
        ]
