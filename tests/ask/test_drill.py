from hypothesis import given, settings
from hypothesis import strategies as st
from routing_tables import head, region, route, table
from test_decide import tables

from modelspec.ask.drill import DrillReport, drill, each_alone
from modelspec.ask.drill_formats import ROOM, code, drill_markdown, drill_text
from modelspec.routing.decide import Index, Request, decide

FLEET = table(
    [region("eu"), region("us"), region("cn")],
    [
        head("eu-1", "eu", capacity=4),
        head("eu-2", "eu", capacity=1),
        head("us-1", "us", "offline", capacity=100),
        head("us-2", "us"),
        head("eu", "us"),
    ],
    [
        route("atlas", {"eu-1": 3, "eu-2": 1}, {"us-2": 1}),
        route("bison", {"eu-1": 1}),
        route("cobra", {"eu-1": 1}, {"us-2": 1}, {"eu-2": 1}),
        route("dodo", {"us-2": 1}, {"eu-1": 1}),
        route("none", status="disabled"),
    ],
)
INDEX = Index(FLEET)


def test_takes_each_head_and_each_region_down_alone() -> None:
    assert list(each_alone(INDEX)) == [
        ("eu-1",), ("eu-2",), ("us-2",), ("eu",),
        ("eu-1", "eu-2"),  # the code of the region is also the id of a head
        ("us",),
    ]  # fmt: skip


def test_a_drill_reports_losses_moves_and_loads() -> None:
    (outcome,) = drill(INDEX, [("eu-1",)]).outcomes
    assert outcome.heads == ("eu-1",)
    assert [(each.route.model_id, each.before) for each in outcome.losses] == [("bison", ("eu-1",))]
    assert [(each.route.model_id, each.before, each.after, each.leaves) for each in outcome.moves] == [
        ("atlas", ("eu-1", "eu-2"), ("eu-2",), False),
        ("cobra", ("eu-1",), ("us-2",), True),
    ]
    assert [(each.head, each.before, each.after, each.overloaded) for each in outcome.loads] == [
        ("eu-1", 2.75, 0.0, False),
        ("eu-2", 0.25, 1.0, False),  # 1.0 per unit is not more than twice the average
        ("us-2", 1.0, 2.0, False),  # it has no capacity
    ]


def test_the_average_covers_serving_heads_with_a_capacity() -> None:
    assert drill(INDEX, []).average == 0.6
    assert drill(Index(table([region("eu")], [head("eu-1", "eu")], [])), []).average is None


def test_a_head_above_twice_the_average_is_overloaded() -> None:
    routes = [*(route(f"m{n}", {"a": 1}, {"b": 1}) for n in range(3)), route("x", {"b": 1}, {"c": 1})]
    index = Index(table([region("eu")], [head(each, "eu", capacity=1) for each in "abc"], routes))
    first, second, third = drill(index, [("a",), ("b",), ("c",)]).outcomes
    assert [(each.head, each.after) for each in first.overloaded] == [("b", 4.0)]
    assert (second.overloaded, third.overloaded) == ((), ())
    assert (third.loads, third.moves, third.losses) == ((), (), ())


def test_a_model_already_outside_its_region_does_not_leave_it() -> None:
    (outcome,) = drill(INDEX, [("us-2",)]).outcomes
    assert [(each.route.model_id, each.leaves) for each in outcome.moves] == [("dodo", False)]


def test_an_offline_head_changes_nothing() -> None:
    (outcome,) = drill(INDEX, [("us-1",)]).outcomes
    assert (outcome.heads, outcome.losses, outcome.moves, outcome.loads) == ((), (), (), ())


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_drill_agrees_with_the_decisions(data: st.DataObject) -> None:
    fleet = data.draw(tables())
    index = Index(fleet)
    down = tuple(
        data.draw(st.lists(st.sampled_from([*index.heads, *index.regions]), min_size=1, unique=True))
    )
    (outcome,) = drill(index, [down]).outcomes
    lost, moved, loads = set(), {}, dict.fromkeys(index.heads, 0.0)
    for each in fleet.routes:
        if not each.tiers:
            continue
        name = each.model_id.replace("*", "no-such-name")
        before, after = (decide(index, Request(model=name, down=gone)) for gone in ((), down))
        assert before.route is each
        if after.status == 503:
            lost.add(each.model_id)
            continue
        if before.first != after.first:
            moved[each.model_id] = (before.first, after.first)
        for name_of_head, weight in after.tiers[0].weights.items():
            loads[name_of_head] += weight / sum(after.tiers[0].weights.values())
    assert {each.route.model_id for each in outcome.losses} == lost
    assert {each.route.model_id: (each.before, each.after) for each in outcome.moves} == moved
    for load in outcome.loads:
        assert abs(load.after - loads[load.head]) < 1e-5
    total = sum(loads.values())
    assert abs(total + len(lost) - sum(bool(each.tiers) for each in fleet.routes)) < 1e-5


def _large() -> DrillReport:
    heads = [head(f"h{n}", "eu", capacity=1) for n in range(300)]
    routes = [route(f"model-{n:04}", {f"h{n % 300}": 1}, {f"h{(n + 1) % 300}": 1}) for n in range(9_000)]
    index = Index(table([region("eu")], heads, routes))
    return drill(index, list(each_alone(index)))


def test_markdown_fits_a_comment_and_reports_what_it_omits() -> None:
    report = _large()
    shown = drill_markdown(report)
    assert 40_000 < len(shown) <= ROOM
    assert "drills are omitted; run `modelspec drill` to see them" in shown
    assert "less severe drills are omitted from the table" in shown
    assert shown.index("| `eu` |") < shown.index("| `h0` |")  # the worst first
    assert shown.count("<details>") == shown.count("</details>")
    assert "and 22 more" in "".join(drill_text(report, colour=False))


def test_without_capacities_there_is_no_average_and_no_overload() -> None:
    index = Index(
        table([region("eu")], [head(each, "eu") for each in "ab"], [route("m", {"a": 1}, {"b": 1})])
    )
    shown = "".join(drill_text(drill(index, [("a",)]), colour=False))
    assert "average" not in shown
    assert "load of b: 0 to 1 models\n" in shown
    assert shown.endswith("1 drill: every model keeps a head\n")


def test_a_name_in_markdown_is_code_without_secrets() -> None:
    assert code("@team") == "`@team`"
    assert code("a|b") == "<code>a&#124;b</code>"
    assert code("sk-" + "proj-" + "u8Rk2Zq9Lw4Xn7Tb1Vc6Ym3Hs5Pd0Gf8Je2Ka9Lq4").strip("`*") == ""
