"""Two states compiled together equal each state compiled alone."""

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from git_repositories import commit, git, repository, write
from hypothesis import given, settings
from hypothesis import strategies as st
from small_fleets import FIXED, FLEETS, HEADS, model

from modelspec.change.states import State, States, read_states, touched
from modelspec.diagnose.refusal import Refusal
from modelspec.diagnose.rule import is_early
from modelspec.git.tree import blob_id
from modelspec.incremental import compile_fleet
from modelspec.pipeline import Compiled
from modelspec.routing.route import route
from modelspec.rules import RULES
from modelspec.rules.examples import example_files

TODAY = date(2026, 6, 1)
FLEET: dict[str, str | bytes | None] = {
    **FIXED,
    **{f"models.d/{stem}.yaml": text for stem, text in FLEETS["fallback-models"].items()},
}
SCHEMA = '{"type": "object", "properties": {"owner": {"type": "string"}}}'


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def _states(root: Path, base: str = "HEAD", head: str | None = None) -> States:
    states = read_states(root, base=base, head=head, today=TODAY)
    assert not isinstance(states, Refusal), states
    return states


def _same(state: State, alone: Compiled) -> bool:
    """Whether a state equals a separate compile of its files."""
    ours = state.compiled
    judged = {
        (one.code, one.path, one.span)
        for one in ours.diagnostics
        if any(label.path.startswith("base ") for label in one.related)
    }
    # What the policy of the base makes of them has tests of its own.
    mine, own = (
        [one for one in diagnostics if (one.code, one.path, one.span) not in judged]
        for diagnostics in (ours.diagnostics, alone.diagnostics)
    )
    assert mine == own
    if state.refused or state.unreadable:
        return True  # what can be understood of it, which has tests of its own
    assert ours.models == alone.models
    assert ours.catalog.signatures == alone.catalog.signatures
    if state.compiled.table is not None:
        assert state.compiled.table == route(alone.catalog, alone.models)
    return True


MODELS = st.sampled_from(
    [
        model("atlas"),
        model("atlas", "tags: [one]"),
        model("atlas", "fallback_models: [bison]"),
        model("bison", "fallback_models: [cobra]"),
        model("bison", "aliases: [atlas-latest]", "status: disabled"),
        model("cobra", region="us", head="head-us-1"),
        model("cobra", "metadata: {owner: 1}"),
        model("cobra", "metadata: {owner: me}", "load_balancing: {weights: {head-eu-1: 2, head-eu-2: 1}}"),
        model("dingo", head="head-nowhere"),
        model("dingo", "regionn: eu"),
        "model_id: [",
        None,
    ]
)
FIXES = st.fixed_dictionaries(
    {},
    optional={
        "heads.yaml": st.sampled_from(
            [HEADS, HEADS.replace("status: draining", "status: offline"), HEADS + "  - {}\n"]
        ),
        "modelspec.yaml": st.sampled_from(
            ["metadata_schema: schema.json\n", "rules: {MS402: error}\n", "output: dist\n"]
        ),
        "waivers.yaml": st.sampled_from(
            [
                "waivers: []\n",
                "waivers: [{rule: MS402, subject: atlas, reason: r, expires: 2026-05-01, approved_by: a}]\n",
            ]
        ),
        "schema.json": st.sampled_from([SCHEMA, "{}", "{"]),
    },
)
STATES = st.tuples(FIXES, st.dictionaries(st.sampled_from("abcd"), MODELS, max_size=4)).map(
    lambda pair: {**FIXED, **pair[0], **{f"models.d/{stem}.yaml": text for stem, text in pair[1].items()}}
)


@settings(deadline=None, max_examples=30)
@given(STATES, STATES)
def test_compiling_two_states_together_equals_compiling_each_alone(
    tmp_path_factory: pytest.TempPathFactory, before: dict[str, str | None], after: dict[str, str | None]
) -> None:
    old, new = ({path: text for path, text in state.items() if text is not None} for state in (before, after))
    folder = tmp_path_factory.mktemp("states")
    root = repository(folder / "r", dict(old))
    git(root, "rm", "--quiet", "-r", ".")
    write(root, dict(new))
    alone = compile_fleet(write(folder / "alone", dict(old)), today=TODAY)
    states = _states(root)
    assert _same(states.base, alone)
    assert _same(states.head, compile_fleet(root, today=TODAY))
    assert alone.table is None or states.base.compiled.table is not None
    left_out = [found for found in states.head.compiled.diagnostics if found not in touched(states)]
    assert all(
        [replace(found, related=())]
        == [replace(same, related=()) for same in alone.diagnostics if _is(found, same)]
        for found in left_out
    )
    commit(root)
    assert _same(_states(root, "HEAD~1", "HEAD").base, alone)
    assert touched(_states(root, "HEAD", "HEAD")) == [
        found for found in states.head.compiled.diagnostics if found.path in states.head.compiled.tree.unread
    ]


def _is(one: object, other: object) -> bool:
    keys = ("code", "path", "span", "message")
    return all(getattr(one, key) == getattr(other, key) for key in keys)


def test_two_states_share_equal_objects(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FLEET)
    write(root, {"models.d/atlas.yaml": model("atlas", "tags: [new]"), "waivers.yaml": "waivers: []\n"})
    states = _states(root)
    base, head = states.base.compiled.table, states.head.compiled.table
    assert base is not None
    assert head is not None
    assert [one is two for one, two in zip(base.routes, head.routes, strict=True)] == [False, True, True]
    facts = [states.base.compiled.facts, states.head.compiled.facts]
    assert facts[0]["models.d/bison.yaml"] is facts[1]["models.d/bison.yaml"]


def test_a_route_that_reaches_elsewhere_is_not_shared(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FLEET)
    write(root, {"models.d/cobra.yaml": model("cobra", region="us", head="head-us-1")})
    states = _states(root)
    assert states.base.compiled.table is not None
    reaches = {found.model_id: found.reach for found in states.base.compiled.table.routes}
    assert reaches["atlas"] == ("eu", "uk")
    assert (
        states.head.compiled.facts["models.d/atlas.yaml"] is states.base.compiled.facts["models.d/atlas.yaml"]
    )


def test_files_are_compared_by_their_git_ids(tmp_path: Path) -> None:
    for options in ((), ("--object-format", "sha256")):
        files = {
            **FLEET,
            "modelspec.yaml": "metadata_schema: schema.json\n",
            "schema.json": SCHEMA,
            "other": "x",
        }
        root = repository(tmp_path / f"r{len(options)}", files, *options)
        write(root, {"models.d/atlas.yaml": model("atlas", "tags: [new]")})
        states = _states(root)
        assert states.base.files == {
            path: git(root, "rev-parse", f"HEAD:{path}") for path in files if path != "other"
        }
        changed = {path for path, one in states.base.files.items() if states.head.files[path] != one}
        assert changed == {"models.d/atlas.yaml"}
        assert states.head.files["models.d/atlas.yaml"] == git(root, "hash-object", "models.d/atlas.yaml")
        assert (states.head.title, states.head.commit) == ("the working tree", None)
        assert states.base.commit == git(root, "rev-parse", "HEAD")


def test_line_ends_that_git_changed_are_no_difference(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {**FLEET, ".gitattributes": "*.yaml text eol=crlf\n"})
    write(root, {"models.d/atlas.yaml": FLEETS["fallback-models"]["atlas"].replace("\n", "\r\n")})
    git(root, "add", ".")
    assert git(root, "status", "--porcelain") == ""
    states = _states(root)
    assert states.base.compiled.table == states.head.compiled.table
    assert states.base.files == states.head.files
    assert blob_id(b"", "0" * 40) == git(root, "hash-object", "--stdin")


@pytest.mark.parametrize("code", [rule.code for rule in RULES if rule.bad])
def test_a_base_with_faults_beyond_links_has_a_table(code: str, tmp_path: Path) -> None:
    (bad,) = (rule.bad for rule in RULES if rule.code == code)
    files = dict(example_files(bad))
    alone = compile_fleet(write(tmp_path / "alone", dict(files)), today=TODAY)
    root = repository(tmp_path / "r", dict(files))
    states = _states(root)
    assert states.base.compiled.diagnostics == alone.diagnostics
    fixed = {found.code for found in alone.diagnostics if is_early(found.code) and found.severity == "error"}
    assert states.base.compiled.table is not None or "regions.yaml" in states.base.unreadable
    assert (states.head.compiled.table is None) == bool(fixed - {"MS109", "MS110"})


def test_the_head_may_be_any_commit(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FLEET)
    first = git(root, "rev-parse", "HEAD")
    commit(root, {"models.d/atlas.yaml": model("atlas", "tags: [new]")})
    write(root, {"models.d/atlas.yaml": "broken: ["})
    states = _states(root, first, "HEAD")
    assert states.head.title == f"HEAD ({git(root, 'rev-parse', 'HEAD')[:7]})"
    assert states.base.title == f"{first[:7]} ({first[:7]})"
    assert states.head.compiled.table is not None
    assert _states(root, first).head.compiled.table is None
    assert [found.path for found in states.head.compiled.diagnostics if found.severity == "error"] == []
