"""Random small repositories and random edits of them, for plans."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from small_fleets import TODAY

from modelspec.change.effect import PlannedState
from modelspec.incremental import compile_fleet
from modelspec.pipeline import Compiled

Entity = dict[str, Any]
Fleet = dict[str, list[Entity]]

HOSTILE = (
    "@octocat",
    "#1 GH-1 org/repo#2",
    "<b>x</b>",
    "<!-- modelspec:plan -->",
    "a | b",
    "`x` ``y``",
    "$x$",
    ":tada:",
    "www.example.com",
    "https://example.com",
    "/close",
    "::error::x",
    "##[error]x",
    "</code></details>",
    "[a](https://example.com)",
    "x\\",
    "**b**",
    "_x_",
    "--- \u202e",
    "\U0001f600é",
)
NAMES = st.sampled_from(HOSTILE) | st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=("Cc", "Cf")),
    min_size=1,
    max_size=12,
)
REGIONS = ("us", "eu", "no")
HEADS = ("h0", "h1", "h2", "h3")
IDS = ("m0", "m1", "m2", "m3", "pre/*", "pre/x")
ALIASES = ("a0", "a1", "pre/deep/*", "pre/deep/y", "m4")
URLS = ("https://one.example.com/v1", "https://two.example.com/v1", "https://one.example.com/v2")
heads = st.lists(st.sampled_from(HEADS), unique=True, max_size=3)
KEYS = st.sampled_from([{"env": "KEY_A"}, {"env": "KEY_B"}, {"file": "/run/secrets/a"}, {"vault": "kv/a#b"}])
PARAMS = st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from([1, 1.0, True, "1", {"env": "PARAM"}]))

DEPLOYMENT: Mapping[str, st.SearchStrategy[Any]] = {
    "provider": st.sampled_from(["openai", "mistral"]),
    "upstream_model": st.sampled_from(["x", "y"]),
    "api_key": KEYS,
    "region": st.sampled_from(REGIONS),
    "weight": st.integers(1, 2),
    "order": st.integers(1, 2),
    "rpm": st.integers(1, 2),
}
MODEL: Mapping[str, st.SearchStrategy[Any]] = {
    "name": NAMES,
    "region": st.sampled_from(REGIONS),
    "priority_head": st.sampled_from(HEADS),
    "fallback_heads": heads,
    "load_balancing": st.fixed_dictionaries({"policy": st.sampled_from(["random", "round_robin"])}),
    "endpoint": st.sampled_from(URLS),
    "provider": st.sampled_from(["openai", "mistral", "bedrock"]),
    "upstream_model": st.sampled_from(["x", "y"]),
    "api_key": KEYS,
    "params": PARAMS,
    "local_inference": st.booleans(),
    "fallback_models": st.lists(st.sampled_from(IDS[:4]), unique=True, max_size=2)
    | st.fixed_dictionaries(
        {"error": st.lists(st.sampled_from(IDS[:4]), unique=True, min_size=1, max_size=2)}
    ),
    "aliases": st.lists(st.sampled_from(ALIASES), unique=True, max_size=2),
    "limits": st.fixed_dictionaries({"rpm": st.integers(1, 2)}),
    "access": st.fixed_dictionaries(
        {"visibility": st.sampled_from(["public", "internal", "private"])},
        optional={
            "groups": st.lists(st.sampled_from(["g", "h"]), unique=True),
            "client_regions": st.lists(st.sampled_from(REGIONS), unique=True, min_size=1),
        },
    ),
    "status": st.sampled_from(["active", "deprecated", "disabled"]),
    "sunset": st.sampled_from(["2027-01-01", "2027-02-01"]),
    "tags": st.lists(NAMES, unique=True, max_size=2),
    "metadata": st.dictionaries(NAMES, st.sampled_from([1, 1.0, True, "x"]) | NAMES, max_size=2),
    "deployments": st.lists(
        st.fixed_dictionaries({"endpoint": st.sampled_from(URLS)}, optional=DEPLOYMENT), max_size=3
    ),
}
HEAD: Mapping[str, st.SearchStrategy[Any]] = {
    "region": st.sampled_from(REGIONS),
    "url": st.sampled_from(URLS),
    "status": st.sampled_from(["active", "active", "draining", "offline"]),
    "health_path": st.sampled_from(["/health", "/ready"]),
    "inference_url": st.sampled_from(URLS),
    "capacity": st.integers(1, 2),
}
REGION: Mapping[str, st.SearchStrategy[Any]] = {
    "name": NAMES,
    "residency": st.lists(st.sampled_from(REGIONS), unique=True, min_size=1),
    "location": st.sampled_from([{"latitude": 1, "longitude": 2}, {"latitude": 1.5, "longitude": 2}]),
}
FIELDS = {"regions": REGION, "heads": HEAD, "models": MODEL}
NEEDED = {"regions": ("name",), "heads": ("region", "url"), "models": ("name", "region", "priority_head")}
KEY = {"regions": "code", "heads": "head_id", "models": "model_id"}


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    """A repository that mostly compiles: every name that is used is declared."""
    ids = draw(st.lists(st.sampled_from(IDS), unique=True, min_size=1, max_size=5))
    names = {"regions": REGIONS, "heads": HEADS, "models": ids}
    return {kind: [draw(_entity(kind, name)) for name in names[kind]] for kind in FIELDS}


@st.composite
def _entity(draw: st.DrawFn, kind: str, name: str) -> Entity:
    needed = {field: FIELDS[kind][field] for field in NEEDED[kind]}
    optional = {field: strategy for field, strategy in FIELDS[kind].items() if field not in needed}
    chosen = draw(st.lists(st.sampled_from(sorted(optional)), unique=True, max_size=4))
    entity: Entity = {KEY[kind]: name, **{field: draw(strategy) for field, strategy in needed.items()}}
    entity.update((field, draw(optional[field])) for field in chosen)
    return _sound(kind, entity)


@st.composite
def edited(draw: st.DrawFn, fleet: Fleet) -> Fleet:
    """Another state of a repository: fields set or removed, entities renamed, added, removed or reordered."""
    new: Fleet = {kind: [dict(entity) for entity in entities] for kind, entities in fleet.items()}
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["models", "models", "models", "heads", "regions"]))
        entities = new[kind]
        match draw(st.sampled_from(["field", "field", "field", "field", "id", "order", "gone", "new"])):
            case "field":
                number = draw(st.integers(0, len(entities) - 1))
                field = draw(st.sampled_from(sorted(FIELDS[kind])))
                if field not in NEEDED[kind] and draw(st.booleans()):
                    entities[number].pop(field, None)
                else:
                    entities[number][field] = draw(FIELDS[kind][field])
                _sound(kind, entities[number])
            case "id":
                # With every reference to it, as a careful author would.
                old, name = draw(st.sampled_from(entities))[KEY[kind]], draw(st.sampled_from(["q0", "q1"]))
                new = json.loads(json.dumps(new).replace(json.dumps(old), json.dumps(name)))
            case "order":
                entities.reverse()
            case "gone" if len(entities) > 1 and kind == "models":
                entities.pop(draw(st.integers(0, len(entities) - 1)))
            case _:
                entities.append(draw(_entity(kind, draw(st.sampled_from(["q0", "q1"])))))
    return new


def _sound(kind: str, entity: Entity) -> Entity:
    """Make the fields of a model consistent, as the schema requires."""
    if kind != "models":
        return entity
    if entity.get("deployments"):
        for field in ("endpoint", "provider", "upstream_model", "api_key", "params", "local_inference"):
            entity.pop(field, None)
    else:
        entity.pop("deployments", None)
        if "endpoint" not in entity:
            entity["endpoint"] = URLS[0]
    if entity.get("status") != "deprecated":
        entity.pop("sunset", None)
    return entity


def compiled(root: Path, fleet: Fleet) -> Compiled:
    """Write a repository, JSON being YAML, and compile it."""
    (root / "models.d").mkdir(parents=True)
    for kind in ("regions", "heads"):
        (root / f"{kind}.yaml").write_text(json.dumps({kind: fleet[kind]}), encoding="utf-8")
    for number, entity in enumerate(fleet["models"]):
        (root / "models.d" / f"{number}.yaml").write_text(json.dumps(entity), encoding="utf-8")
    return compile_fleet(root, today=TODAY)


def state(result: Compiled, title: str) -> PlannedState:
    """One side of a plan, whether or not it has faults."""
    files = [*result.tree.fixed.values(), *result.tree.models]
    return PlannedState(
        title=title,
        routing=result.table,
        files={file.path: file.data.hex() for file in files},
        broken=()
        if result.table is not None
        else tuple(dict.fromkeys(found.path for found in result.diagnostics)),
        lines={},
    )
