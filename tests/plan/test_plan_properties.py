import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from live_markdown import live
from plan_fleets import Fleet, compiled, edited, fleets, state

from modelspec.change import json as json_report
from modelspec.change import text
from modelspec.change.compare import compare
from modelspec.change.effect import Plan, PlannedState
from modelspec.change.fold import entries
from modelspec.change.markdown import LIMIT, render
from modelspec.change.verdict import verdict
from modelspec.emit import emit
from modelspec.routing.decide import Index, Request, decide
from modelspec.routing.table import RoutingTable

SCHEMA = Draft202012Validator(
    json.loads((Path(__file__).parents[2] / "schemas/plan.schema.json").read_text(encoding="utf-8"))
)
slow = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@st.composite
def changes(draw: st.DrawFn) -> tuple[Fleet, Fleet]:
    before = draw(fleets())
    return before, draw(edited(before))


def _states(before: Fleet, after: Fleet) -> tuple[PlannedState, PlannedState]:
    with TemporaryDirectory() as folder:
        return (
            state(compiled(Path(folder) / "before", before), "base"),
            state(compiled(Path(folder) / "after", after), "head"),
        )


def _bytes(table: RoutingTable) -> dict[str, bytes]:
    return {one.path: one.content for one in emit(table) if one.path.startswith("routing/")}


def _placeless(table: RoutingTable) -> str:
    """A table without the lines of its files."""
    routes = tuple(replace(route, about=replace(route.about, line=0, lines="")) for route in table.routes)
    return repr(replace(table, routes=routes))


def _reports(plan: Plan) -> tuple[str, str, str]:
    judged = verdict(plan, (), ())
    shown = [*text.render_verdict(plan, judged, colour=False), *text.render(plan, judged, colour=False)]
    return (
        "".join(shown),
        "".join(render(plan, (), (), lambda _: None)),
        "".join(json_report.render(plan, (), judged)),
    )


@slow
@given(changes())
def test_what_is_safe_to_merge_changes_no_request(pair: tuple[Fleet, Fleet]) -> None:
    before, after = _states(*pair)
    plan = compare(before, after)
    said = verdict(plan, (), ()).words[0]
    event(str(said))
    if str(said).startswith("Safe to merge"):
        assert before.routing is not None
        assert after.routing is not None
        indexes = Index(before.routing), Index(after.routing)
        names = {name for index in indexes for route in index.table.routes for name in route.exact}
        origins = [None, *indexes[0].regions]
        assert indexes[0].regions.keys() == indexes[1].regions.keys()
        for name in names:
            for origin in origins:
                old, new = (decide(index, Request(model=name, origin=origin)) for index in indexes)
                assert (old.status, old.tiers) == (new.status, new.tiers)


@slow
@given(changes())
def test_a_plan_is_empty_only_if_the_compiled_bytes_are_equal(pair: tuple[Fleet, Fleet]) -> None:
    before, after = _states(*pair)
    assume(before.routing is not None and after.routing is not None)
    assert before.routing is not None
    assert after.routing is not None
    plan = compare(before, after)
    event("effects" if plan.effects else "no effects")
    if not plan.effects:
        assert _bytes(before.routing) == _bytes(after.routing)
    assert bool(plan.effects) == (_placeless(before.routing) != _placeless(after.routing))
    assert not any(
        effect.kind == "written-otherwise" and effect.before == effect.after for effect in plan.effects
    )


@slow
@given(changes())
def test_every_plan_is_rendered_without_active_markup(pair: tuple[Fleet, Fleet]) -> None:
    plan = compare(*_states(*pair))
    shown, comment, document = _reports(plan)
    assert shown.isprintable() or all(line.isprintable() for line in shown.split("\n"))
    assert len(comment.encode()) <= LIMIT
    assert list(live(comment)) == []
    decoded = json.loads(document)
    SCHEMA.validate(decoded)
    assert len(decoded["effects"]) == len(plan.effects)
    found = [effect for entry in entries(plan.effects) for effect in (*entry.effects, *entry.folded)]
    assert sorted(map(id, found)) == sorted(map(id, plan.effects))


@settings(deadline=None, max_examples=40)
@given(fleets())
def test_a_state_has_no_changes_to_itself(fleet: Fleet) -> None:
    before, after = _states(fleet, fleet)
    plan = compare(before, after)
    assert plan.effects == []
    assert plan.changed == []
    assert plan.changes is (before.routing is None)
