"""Plans of many models: what is cut, and what is not compared."""

from dataclasses import replace
from json import loads

from live_markdown import live

from modelspec.change import json, text
from modelspec.change.compare import compare
from modelspec.change.effect import Plan, PlannedState
from modelspec.change.markdown import LIMIT, MARKER, render
from modelspec.change.verdict import verdict
from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.fleet.model import Upstream
from modelspec.fleet.reference import Reference
from modelspec.routing.table import About, HeadEntry, RegionEntry, Route, RoutingTable, Tier
from modelspec.text.source import Span

HEADS = tuple(
    HeadEntry(
        head_id=f"head-{n}",
        region="eu",
        url=f"https://head-{n}.example.net",
        status="active",
        health_path="/health",
        inference_url=None,
        capacity=None,
    )
    for n in range(3)
)
TARGET = Upstream(
    endpoint="https://api.example.com/v1",
    has_own_endpoint=True,
    provider="openai",
    upstream_model="x",
    api_key=Reference.of({"env": "KEY"}),
    params={},
    request={},
    model_info={},
    region=None,
    weight=None,
    order=None,
    rpm=None,
    tpm=None,
)


def _route(number: int, name: str = "Name") -> Route:
    model_id = f"model-{number:05}"
    return Route(
        model_id=model_id,
        aliases=(),
        status="active",
        region="eu",
        policy="round_robin",
        tiers=(Tier(weights={"head-0": 1}), Tier(weights={"head-1": 1})),
        local_inference=False,
        targets=(TARGET,),
        local_targets={},
        fallback_models={},
        reach=("eu",),
        client_regions=None,
        visibility="internal",
        groups=(),
        rpm=None,
        tpm=None,
        about=About(
            name=name,
            priority_head="head-0",
            fallback_heads=("head-1",),
            weights={},
            sunset=None,
            replaced_by=None,
            tags=(),
            metadata={},
            path=f"models.d/{model_id}.yaml",
            line=1,
        ),
    )


REGION = RegionEntry(code="eu", name="Europe", residency=("eu",), location=None)
ROUTES = tuple(map(_route, range(2_000)))
TABLE = RoutingTable(regions=(REGION,), heads=HEADS, routes=ROUTES)


def _plan(after: RoutingTable) -> Plan:
    sides = [PlannedState(title="x", routing=table, files={}, lines={}) for table in (TABLE, after)]
    return compare(*sides)


def _text(plan: Plan) -> str:
    judged = verdict(plan, (), ())
    return "".join(
        [*text.render_verdict(plan, judged, colour=False), *text.render(plan, judged, colour=False)]
    )


def _json(plan: Plan) -> str:
    return "".join(json.render(plan, (), verdict(plan, (), ())))


def _comment(plan: Plan, guards: tuple[Diagnostic, ...] = ()) -> str:
    comment = "".join(render(plan, guards, (), lambda _: None))
    assert len(comment.encode()) <= LIMIT
    assert list(live(comment)) == []
    assert comment.count("<details>") == comment.count("</details>")
    return comment


def test_a_comment_is_cut_from_the_end_and_lists_what_was_cut() -> None:
    changed = [
        replace(
            route,
            targets=(replace(TARGET, api_key=Reference.of({"env": "OTHER"})),),
            about=replace(route.about, name="@octocat \U0001f600" * 10),
        )
        for route in ROUTES
    ]
    plan = _plan(replace(TABLE, routes=tuple(changed)))
    assert len(plan.effects) == 4_001
    comment = _comment(plan)
    assert comment.startswith(
        f"{MARKER}\n**Review: 1 key is sent to another host, 2,000 models use another key, 2,000 change their name**"
    )
    shown = comment.count("uses another key")
    assert 200 < shown < 2_000
    left = 2_001 - shown - 1
    assert (
        f"_Cut to fit into a comment: {left:,} of 1,961 under “More effects on requests”; "
        "all 2,000 under “No effect on requests”. Run `modelspec plan` for all of it._" in comment
    )
    assert _text(plan).count("uses another key: env KEY → env OTHER") == 2_000
    assert _json(plan).count('"kind": "key-changed", "rank"') == 2_000


def test_a_drained_head_is_reported_once() -> None:
    drained = tuple(replace(h, status="draining" if h.head_id == "head-0" else h.status) for h in HEADS)
    tiers = (Tier(weights={"head-1": 1}), Tier(weights={"head-0": 1}))
    after = replace(TABLE, heads=drained, routes=tuple(replace(route, tiers=tiers) for route in ROUTES))
    plan = _plan(after)
    shown = _text(plan)
    assert shown.startswith(
        "Review: 2,000 models now depend on one active head, 1 head is drained, 2,000 models move\n"
    )
    assert len(shown.splitlines()) < 50
    assert "moves: head-0 → head-1 · 2,000 models" in shown
    assert ", model-00029 and 1,970 more (--format json lists them all)" in " ".join(shown.split())
    comment = _comment(plan)
    assert "`model-00099` and 1,900 more\n" in comment
    assert "Cut to fit" not in comment
    document = loads(_json(plan))
    assert [(one["kind"], one["count"]) for one in document["counts"]] == [
        ("single-point", 2_000),
        ("head-draining", 1),
        ("first-tier-moved", 2_000),
    ]
    ids = [route.model_id for route in ROUTES]
    for effect in document["effects"]:
        is_head = effect["kind"] == "head-draining"
        assert effect["touches"] == (ids if is_head else [])
        assert effect["causes"] == ([] if is_head else [{"what": "head", "name": "head-0"}])
    moved = [one for one in document["effects"] if one["kind"] == "first-tier-moved"]
    assert [one["subject"] for one in moved] == [{"what": "model", "name": model_id} for model_id in ids]
    assert all((one["before"], one["after"]) == ({"head-0": 1}, {"head-1": 1}) for one in moved)


def test_many_broken_guards_leave_room_for_effects() -> None:
    guard = Diagnostic(
        code="MS806",
        severity=Severity.ERROR,
        message="model '@octocat' sends a key elsewhere",
        path="models.d/@octocat.yaml",
        span=Span(1, 1, 1, 2),
        help="check it; or take <!-- this -->",
    )
    comment = _comment(_plan(replace(TABLE, routes=ROUTES[1:])), (guard,) * 500)
    assert "is removed: requests are answered with 404" in comment
    assert "480 of 500 under “Guards”" in comment


def test_a_very_long_sentence_ends_in_an_ellipsis() -> None:
    metadata = {f"key-{n}": "x" for n in range(5_000)} | {"y" * 5_000: 1}
    route = replace(ROUTES[0], about=replace(ROUTES[0].about, metadata=metadata))
    comment = _comment(_plan(replace(TABLE, routes=(route, *ROUTES[1:]))))
    assert "changes its metadata: `key-0`" in comment
    assert " …" in comment
    assert "Cut to fit" not in comment


def test_a_route_that_is_the_same_object_is_not_compared() -> None:
    class Untouchable:
        def __eq__(self, other: object) -> bool:
            raise AssertionError

        __hash__ = None  # type: ignore[assignment]

    route = replace(ROUTES[0], local_targets=Untouchable())  # type: ignore[arg-type]
    table = replace(TABLE, routes=(route,))
    sides = [
        PlannedState(title="x", routing=t, files={}, lines={})
        for t in (table, replace(table, heads=HEADS[:2]))
    ]
    assert [effect.kind for effect in compare(*sides).effects] == ["head-removed"]
