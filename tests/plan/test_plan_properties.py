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
from modelspec.emit import emit
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
    routes = tuple(replace(route, about=replace(route.about, line=0)) for route in table.routes)
    return repr(replace(table, routes=routes))


def _reports(plan: Plan) -> tuple[str, str, str]:
    return (
        "".join(text.render(plan, colour=False)),
        "".join(render(plan, (), ())),
        "".join(json_report.render(plan, ())),
    )


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
