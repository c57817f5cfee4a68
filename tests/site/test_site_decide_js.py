"""The same requests and drills, put to the routing table in Python and to `decide.js` in the browser."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Browser
from routing_tables import head, region, route, table, target

from modelspec.ask.drill import drill
from modelspec.incremental import compile_fleet
from modelspec.routing.decide import Index, Request, decide, targets_at, unused
from modelspec.routing.table import RoutingTable
from modelspec.site import SiteContext
from modelspec.site.ask import emit_routes
from modelspec.site.wording import Links, Wording, endpoint, key
from modelspec.text.names import nearest

pytestmark = pytest.mark.browser

SOURCE = Path(__file__).parents[2]
STATIC = SOURCE / "modelspec" / "site" / "static"

HOSTILE = (
    "__proto__",
    "constructor",
    "toString",
    "7",
    "07",
    "-1",
    "<img src=x onerror=alert(1)>",
    "../../etc/passwd",
    "\u202eevil\u202c",
    "模型/七",
    "😀/smile",
    "a" * 128,
    'quote"and\\slash',
    "line\nbreak",
    "ÉTÉ",
    "ß",
)
NEVER = ("", "/", "//", "*", "/*", "nobody", "atlsa", "ATLAS-0", "\ud800", "any/", "hasOwnProperty")
# What a head in the middle of the alphabet of a fleet may be called: also a number, which objects would sort first.
HEADS = ("eu-1", "eu-2", "2", "10", "us-1", "us-2", "constructor", "uk-1")
CODES = ("eu", "us", "uk", "2", "sg")


def generated(seed: int) -> RoutingTable:
    """A small fleet: hostile ids, nested wildcards, aliases, weights, heads of every status."""
    dice = Random(seed)
    heads = [
        head(
            name,
            dice.choice(CODES[:4]),
            dice.choice(("active", "active", "active", "draining", "offline")),
            dice.choice((None, 1, 2, 3, 128)),
        )
        for name in HEADS
    ]
    up = [one.head_id for one in heads if one.status != "offline"]
    down = [one.head_id for one in heads if one.status == "offline"]
    ids = [
        *(f"atlas-{number}" for number in range(12)),
        *dice.sample(HOSTILE, 6),
        *dice.sample(("any/*", "any/thing/*", "any/thing", "other/*", "😀/*", "/*", "*"), 5),
    ]
    routes = []
    for number, name in enumerate(ids):
        tried = dice.sample(up, min(len(up), dice.randint(0, 4)))
        tiers = []
        while tried:
            size = dice.randint(1, len(tried))
            tiers.append({one: dice.choice((1, 1, 2, 3, 127)) for one in tried[:size]})
            tried = tried[size:]
        is_local = bool(tiers) and dice.random() < 0.2
        upstream = dice.choice(("up/*", "*")) if name.endswith("*") else f"up-{number}"
        routes.append(
            route(
                name,
                *tiers,
                aliases=(f"alias-{number}", f"alias/{number}/*") if dice.random() < 0.4 else (),
                where=dice.choice(CODES[:4]),
                status=dice.choice(("active", "active", "active", "deprecated", "disabled")),
                policy=dice.choice(("round_robin", "random")),
                reach=tuple(sorted(dice.sample(CODES, 2))),
                client_regions=dice.choice((None, None, (), ("eu",), ("eu", "2"))),
                targets=(target("https://one.example.com/v1", upstream), target(None, "two", "eu")),
                local={one: target(f"http://{one}:8000", upstream) for tier in tiers for one in tier}
                if is_local
                else None,
                named=tuple(dice.sample(down, min(1, len(down)))),
                fallback_models={"any": (ids[0],)} if number else None,
            )
        )
    return table([region(code, None if code == "sg" else (code, "eu")) for code in CODES], heads, routes)


def names_to_ask(index: Index, dice: Random) -> Iterator[str]:
    """Declared names, those behind wildcards, and near misses."""
    for name in index.names:
        yield name
        if name.endswith("*"):
            yield f"{name[:-1]}rest/of it"
            yield name[:-1]
        elif dice.random() < 0.3:
            place = dice.randrange(len(name))
            yield name[:place] + name[place + 1 :]
            yield name.swapcase()


Case = tuple[int, str, dict[str, Any]]


def cases(tables: list[RoutingTable]) -> Iterator[Case]:
    """The number of a fleet, what is asked, and the question."""
    for number, routing in enumerate(tables):
        dice, index = Random(number), Index(routing)
        places = [*index.heads, *index.regions]
        for name in (*names_to_ask(index, dice), *NEVER):
            down = dice.sample(places, dice.choice((0, 0, 1, 1, 2, 4)))
            origin = dice.choice((None, None, *CODES, "nowhere"))
            yield number, "decide", {"model": name, "origin": origin, "down": down}
        for place in places:
            yield number, "drill", {"down": [place]}
        for _ in range(10):
            yield number, "drill", {"down": dice.sample(places, dice.randint(2, 4))}
        yield number, "drill", {"down": []}
        yield number, "drill", {"down": ["gone"]}


def decided(index: Index, question: dict[str, Any]) -> object:
    """What Python says of a request, as the page's script says it."""
    request = Request(model=question["model"], origin=question["origin"], down=tuple(question["down"]))
    decision = decide(index, request)
    route = decision.route
    near = (
        nearest(request.model, index.names)
        if route is None and request.model.casefold() == request.model.lower()
        else None
    )
    return {
        "status": decision.status,
        "why": decision.why,
        "route": None if route is None else route.model_id,
        "name": decision.name,
        "tiers": [[[head, weight] for head, weight in tier.weights.items()] for tier in decision.tiers],
        "reach": [] if route is None else list(route.reach),
        "unused": [[head, why] for head, why in unused(index, decision)],
        "nearest": near,
        "targets": [
            [
                [
                    endpoint(each),
                    each.provider,
                    key(each.api_key),
                    each.upstream_model,
                    each.location.words,
                    each.region,
                    each.weight,
                    each.order,
                ]
                for each in targets_at(decision, head)
            ]
            for tier in decision.tiers
            for head in tier.weights
        ],
    }


def drilled(index: Index, question: dict[str, Any]) -> object:
    """What Python says of a drill."""
    try:
        report = drill(index, [tuple(question["down"])])
    except KeyError:
        return "unknown"
    (outcome,) = report.outcomes
    return {
        "average": report.average,
        "heads": list(outcome.heads),
        "losses": [[loss.route.model_id, list(loss.before)] for loss in outcome.losses],
        "moves": [
            [move.route.model_id, list(move.before), list(move.after), move.leaves] for move in outcome.moves
        ],
        "loads": [
            [load.head, load.capacity, load.before, load.after, load.overloaded] for load in outcome.loads
        ],
    }


RUN = """
async () => {
  const { decide, drill, indexOf, nearest, targetsAt, unused } = await import("/decide.js");
  const read = async (name) => (await fetch(name)).json();
  const { fleets, cases } = await read("/cases.json");
  const indices = await Promise.all(
    Array.from({ length: fleets }, async (_, number) => indexOf(await read(`/routes-${number}.json`))),
  );
  const ids = ({ route }) => route?.id ?? null;
  const asked = {
    decide: (index, question) => {
      const found = decide(index, question);
      const upstream = (one) =>
        [one.endpoint, one.provider, one.key, one.model, one.location, one.region, one.weight, one.order];
      return {
        status: found.status, why: found.why, route: ids(found), name: found.name, tiers: found.tiers,
        reach: found.route?.reach ?? [], unused: unused(index, found),
        nearest: found.route ? null : (nearest(index, question.model)[0] ?? null),
        targets: found.tiers.flat().map(([head]) => targetsAt(found, question.model, head).map(upstream)),
      };
    },
    drill: (index, { down }) => {
      try {
        const found = drill(index, down);
        return {
          average: index.average, heads: found.heads,
          losses: found.losses.map((one) => [ids(one), one.before]),
          moves: found.moves.map((one) => [ids(one), one.before, one.after, one.leaves]),
          loads: found.loads.map((one) => [one.head, one.capacity, one.before, one.after, one.overloaded]),
        };
      } catch (error) {
        if (error instanceof RangeError) return "unknown";
        throw error;
      }
    },
  };
  return JSON.stringify(cases.map(([number, kind, question]) => asked[kind](indices[number], question)));
}
"""


def test_the_browser_decides_and_drills_as_modelspec_does(
    chromium: Browser, tmp_path: Path, serve: Callable[[Path], str]
) -> None:
    compiled = compile_fleet(SOURCE, today=date(2026, 1, 1))
    assert compiled.table is not None
    tables = [compiled.table, *map(generated, range(8))]
    for number, routing in enumerate(tables):
        (routes,) = emit_routes(routing, SiteContext(), Wording(routing, Links("/")))
        (tmp_path / f"routes-{number}.json").write_bytes(routes.content)
    asked = list(cases(tables))
    (tmp_path / "cases.json").write_text(json.dumps({"fleets": len(tables), "cases": asked}))
    for script in ("decide.js", "records.js"):
        shutil.copy(STATIC / script, tmp_path)
    (tmp_path / "page.html").write_text("<!doctype html>")
    indices = [Index(routing) for routing in tables]
    answer = {"decide": decided, "drill": drilled}
    wanted = [answer[kind](indices[number], question) for number, kind, question in asked]
    page = chromium.new_page()
    page.goto(f"{serve(tmp_path)}/page.html")
    found = json.loads(page.evaluate(RUN))
    page.close()
    assert len(found) == len(wanted)
    assert [
        (case, one, other) for case, one, other in zip(asked, found, wanted, strict=True) if one != other
    ] == []
    # Every outcome is among them, and roundings of shared loads.
    assert len(asked) >= 300
    assert {one["why"] for one in found if "why" in one} == {
        "routed",
        "unknown",
        "disabled",
        "client_region",
        "no_head",
    }
    assert {each[1] for one in found if "why" in one for each in one["unused"]} == {
        "down",
        "offline",
        "not_named",
    }
    assert any(one["nearest"] for one in found if "why" in one)
    assert any(each[3] for one in found if "moves" in one for each in one["moves"])
    assert any(each[4] for one in found if "loads" in one for each in one["loads"])
