"""Defaults through the compile: the same routes as with the values written out, in every state, warm or cold."""

import json
import os
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from git_repositories import commit, repository, write
from hypothesis import given, settings
from hypothesis import strategies as st
from small_fleets import FIXED, TODAY, artifacts, codes, model

from modelspec.ask.account import account
from modelspec.ask.places import Places
from modelspec.change.states import States, read_states, touched
from modelspec.cli import run
from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.diagnose.refusal import Refusal
from modelspec.incremental import compile_fleet
from modelspec.pipeline import Compiled, emission_of
from modelspec.routing.decide import Index, Request, decide
from modelspec.routing.route import route
from modelspec.text.document import Place

SHARED = (
    "region: eu\npriority_head: head-eu-1\nfallback_heads: [head-uk-1]\nendpoint: https://a.example.com/v1\n"
)
OWN = "model_id: {0}\nname: {0}\n"
FOLDERS = ("models.d", "models.d/a", "models.d/a/b", "models.d/c")
CHOICES: Mapping[str, tuple[object, ...]] = {
    "region": ("eu", "uk", "us"),
    "priority_head": ("head-eu-1", "head-us-1"),
    "fallback_heads": ([], ["head-uk-1"], ["head-uk-1", "head-eu-2"]),
    "load_balancing": ({"policy": "random"}, {"weights": {"head-eu-1": 2}}, {"weights": {"head-us-1": 1}}),
    "endpoint": ("https://one.example.com/v1", {"env": "ONE_URL"}, {"env": "TWO_URL"}),
    "api_key": ({"env": "KEY"}, {"file": "/run/secrets/k"}, {"kubernetes": {"secret": "s", "key": "k"}}),
    "provider": ("openai", "mistral"),
    "params": ({"a": 1}, {"a": {"env": "A"}, "b": True}, {"b": {"env": "B"}}),
    "deployments": ([{"endpoint": "https://d.example.com/v1"}], [{"provider": "mistral", "weight": 2}]),
    "fallback_models": ([], ["m0"], {"error": ["m0"]}, {"context_window": ["m1"], "error": []}),
    "limits": ({"rpm": 1}, {"tpm": 2}, {"rpm": 3, "tpm": 4}),
    "access": ({"visibility": "private"}, {"groups": ["a"]}, {"client_regions": ["eu"], "groups": []}),
    "status": ("active", "deprecated", "disabled"),
    "tags": ([], ["a"], ["b", "c"]),
    "metadata": ({"a": {"b": 1}}, {"a": {"c": None}, "d": [1]}, {"a": "x", "d": {}}),
}
UPSTREAM = {"endpoint", "api_key", "provider", "params"}


def written_out(layers: list[Mapping[str, Any]]) -> dict[str, Any]:
    """What holds for a model, by a second account of the rules."""
    result: dict[str, Any] = {}
    for layer in layers:
        if "deployments" in layer:
            result = {field: value for field, value in result.items() if field not in UPSTREAM}
        elif UPSTREAM & layer.keys():
            result.pop("deployments", None)
        for field, value in deepcopy(dict(layer)).items():
            if field in ("endpoint", "api_key") or not isinstance(value, dict):
                result[field] = value
            elif field == "params":
                result[field] = {**result.get(field, {}), **value}
            else:
                result[field] = _deep(result.get(field), value)
    return result


def _deep(outer: object, inner: object) -> object:
    if not isinstance(outer, dict) or not isinstance(inner, dict):
        return inner
    both = {key: _deep(outer[key], inner[key]) if key in inner else outer[key] for key in outer}
    return {**both, **{key: value for key, value in inner.items() if key not in outer}}


@st.composite
def layers(draw: st.DrawFn) -> dict[str, Any]:
    fields = draw(st.lists(st.sampled_from(sorted(CHOICES)), max_size=7, unique=True))
    if "deployments" in fields:
        fields = [field for field in fields if field not in UPSTREAM]
    return {field: draw(st.sampled_from(CHOICES[field])) for field in fields}


def compiled(files: Mapping[str, str]) -> Compiled:
    with TemporaryDirectory() as folder:
        return compile_fleet(write(Path(folder), {**FIXED, **files}), today=TODAY)


def without_lines(result: Compiled) -> dict[str, bytes]:
    """What is written, less which fields stand in a model's own file."""
    return {
        path: re.sub(rb'\n"lines": .*\n', b"", content) if path.startswith("site/admin/models/") else content
        for path, content in artifacts(result).items()
    }


@settings(max_examples=40, deadline=None)
@given(st.lists(layers(), min_size=4, max_size=4), st.lists(layers(), min_size=4, max_size=4))
def test_defaults_give_the_routes_that_the_values_written_out_give(
    defaults: list[dict[str, Any]], models: list[dict[str, Any]]
) -> None:
    defaults[0] = {"region": "eu", "priority_head": "head-eu-1", **defaults[0]}
    files = {f"{at}/_defaults.yaml": json.dumps(value) for at, value in zip(FOLDERS, defaults, strict=True)}
    plain = {}
    for number, (folder, own) in enumerate(zip(FOLDERS, models, strict=True)):
        named = {"model_id": f"m{number}", "name": f"M{number}"}
        above = [
            value for at, value in zip(FOLDERS, defaults, strict=True) if f"{folder}/".startswith(f"{at}/")
        ]
        files[f"{folder}/m{number}.yaml"] = json.dumps({**named, **own})
        plain[f"{folder}/m{number}.yaml"] = json.dumps({**named, **written_out([*above, own])})
    one, other = compiled(files), compiled(plain)
    assert {*codes(one)} - {"MS613"} == {*codes(other)}
    assert [replace(model, lines="") for model in one.models] == [
        replace(model, lines="") for model in other.models
    ]
    if not other.has_errors:
        assert without_lines(one) == without_lines(other)


def _edits(draw: Random) -> dict[str, str | bytes | None]:
    folder = draw.choice(("models.d", "models.d/a", "models.d/a/b"))
    texts = (
        SHARED,
        SHARED.replace("head-uk-1", "head-nowhere"),
        "tags: [a]\n",
        "limits: {rpm: 0}\n",
        "fallback_models: [m9]\n",
        "regoin: eu\n",
        "region: [\n",
        "priority_head: head-eu-1  # modelspec: ignore[MS402] a trial\n",
        None,
    )
    path = f"{folder}/{draw.choice(('_defaults.yaml', '_defaults.yaml', '_defaults.yaml', '_defaults.yml'))}"
    number = draw.randrange(3)
    own = f"{('models.d', 'models.d/a', 'models.d/a/b')[number]}/m{number}.yaml"
    given, name = draw.choice(texts), f"m{number}"
    return draw.choice([{path: given}, {path: given}, {own: OWN.format(name)}, {own: model(name)}])


FLEET: dict[str, str | bytes | None] = {
    **FIXED,
    "models.d/_defaults.yaml": SHARED,
    "models.d/m0.yaml": OWN.format("m0"),
    "models.d/a/m1.yaml": OWN.format("m1"),
    "models.d/a/b/m2.yaml": OWN.format("m2"),
}


def _write(root: Path, files: Mapping[str, str | bytes | None]) -> None:
    write(root, {path: text for path, text in files.items() if text is not None or (root / path).exists()})


@pytest.mark.parametrize("seed", range(3))
def test_a_warm_cache_notices_every_change(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    draw = Random(seed)
    root = write(tmp_path / "fleet", FLEET)
    for step in range(50):
        last = _edits(draw)
        _write(root, last)
        warm = run(["validate", "--root", str(root), "--quiet"]), capsys.readouterr()
        cold = run(["validate", "--root", str(root), "--quiet", "--no-cache"]), capsys.readouterr()
        assert warm == cold, f"step {step}, after {last}"


def test_only_the_models_below_changed_defaults_are_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the cache has of the others is used: told by planting another answer for every model."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = write(tmp_path / "fleet", FLEET)
    assert run(["validate", "--root", str(root), "--quiet"]) == 0
    (kept,) = (tmp_path / "cache" / "modelspec").glob("*.facts.json")
    stored = json.loads(kept.read_bytes())
    for path, row in stored["facts"].items():
        row[3].append(["MS603", "warning", "planted", path, [1, 1, 1, 1], "", "", [], "m", None])
    kept.write_text(json.dumps(stored), encoding="utf-8")
    write(root, {"models.d/a/_defaults.yaml": "tags: [x]\n"})
    capsys.readouterr()
    assert run(["validate", "--root", str(root), "--quiet", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["diagnostics"]
    assert [one["path"] for one in told if one["message"] == "planted"] == ["models.d/m0.yaml"]


@pytest.fixture(name="own_settings")
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def _states(root: Path, base: str = "HEAD") -> States:
    states = read_states(root, base=base, head=None, today=TODAY)
    assert not isinstance(states, Refusal), states
    return states


@pytest.mark.usefixtures("own_settings")
@pytest.mark.parametrize("seed", range(6))
def test_two_states_compiled_together_are_what_each_is_alone(seed: int, tmp_path: Path) -> None:
    draw = Random(seed)
    root = repository(tmp_path / "r", FLEET)
    for _ in range(5):
        _write(root, _edits(draw))
        commit(root)
        base = compile_fleet(root, today=TODAY)
        _write(root, _edits(draw))
        states = _states(root)
        for state, alone in ((states.base, base), (states.head, compile_fleet(root, today=TODAY))):
            judged = {one for one in state.compiled.diagnostics if _is_of_base(one)}
            assert [one for one in state.compiled.diagnostics if one not in judged] == alone.diagnostics
            if state.refused or state.unreadable:
                continue  # what can be understood of it, which has tests of its own
            assert state.compiled.models == alone.models
            if state.compiled.table is not None:
                assert state.compiled.table == route(alone.catalog, alone.models)


def _is_of_base(found: Diagnostic) -> bool:
    return any(label.path.startswith("base ") for label in found.related)


@pytest.mark.usefixtures("own_settings")
def test_a_route_is_shared_unless_its_defaults_changed(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FLEET)
    write(root, {"models.d/a/_defaults.yaml": "limits: {rpm: 5}\n"})
    states = _states(root)
    assert states.base.compiled.table is not None
    assert states.head.compiled.table is not None
    pairs = zip(states.base.compiled.table.routes, states.head.compiled.table.routes, strict=True)
    assert [old is new for old, new in pairs] == [True, False, False]
    assert "models.d/a/_defaults.yaml" in states.head.files


@pytest.mark.usefixtures("own_settings")
def test_a_model_whose_defaults_changed_is_touched(tmp_path: Path) -> None:
    alone = SHARED.replace("fallback_heads: [head-uk-1]\n", "")
    files = {f"models.d/{at}/_defaults.yaml": alone for at in ("x", "y", "z")}
    files |= {f"models.d/{at}/m{at}.yaml": OWN.format(f"m{at}") for at in ("x", "y", "z")}
    root = repository(tmp_path / "r", {**FIXED, **files})

    def told() -> list[tuple[str, str]]:
        found = touched(_states(root))
        return [(one.code, one.path) for one in found if one.path.startswith("models.d")]

    assert told() == []
    write(root, {"models.d/x/_defaults.yaml": f"{alone}tags: [new]\n"})
    assert told() == [("MS402", "models.d/x/_defaults.yaml")]
    write(root, {"models.d/y/another.yaml": OWN.format("another")})
    assert told() == [("MS402", "models.d/x/_defaults.yaml"), ("MS402", "models.d/y/_defaults.yaml")]
    write(root, {"models.d/x/_defaults.yaml": alone, "models.d/y/another.yaml": None})
    write(root, {"models.d/z/mz.yaml": OWN.format("mz") + "priority_head: head-eu-1\n"})
    assert told() == [("MS402", "models.d/z/mz.yaml")]


def test_the_digest_of_the_sources_covers_defaults(tmp_path: Path) -> None:
    root = write(tmp_path, FLEET)

    def digest() -> str:
        compiled = compile_fleet(root, today=TODAY)
        return emission_of(compiled, commit=None, commit_date=None).origin.digest

    before = digest()
    write(root, {"models.d/a/_defaults.yaml": "tags: [x]\n"})
    assert digest() != before


def test_a_place_without_a_value_stays_in_the_file_of_the_model(tmp_path: Path) -> None:
    locator = compile_fleet(write(tmp_path, FLEET), today=TODAY).locator
    for place in (
        Place(path="models.d/m0.yaml", pointer=("status",)),
        Place(path="models.d/m0.yaml"),
        Place(path="models.d/nowhere.yaml", pointer=("region",)),
        Place(path="heads.yaml", pointer=("heads", 0, "region")),
        Place(path="models.d/_defaults.yaml", pointer=("tags",)),
    ):
        assert locator.origin(place) is place


def test_a_route_is_explained_by_the_file_that_gives_each_part(tmp_path: Path) -> None:
    result = compile_fleet(write(tmp_path, FLEET), today=TODAY)
    index = Index(route(result.catalog, result.models))
    decision = decide(index, Request(model="m2", origin=None, down=()))
    told = account(index, decision, Places(locator=result.locator, fleet=result.setup.whole))
    assert told.model is not None
    assert (told.model.spot.path, told.model.spot.line) == ("models.d/a/b/m2.yaml", 1)
    spots = [
        (head.named.path, head.named.line, head.targets[0][1].line) for tier in told.tiers for head in tier
    ]
    assert spots == [("models.d/_defaults.yaml", 2, 4), ("models.d/_defaults.yaml", 3, 4)]
