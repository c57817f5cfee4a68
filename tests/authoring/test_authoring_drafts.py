"""Drafts of every verb: what they contain, and what they refuse."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from small_fleets import FIXED, HEADS, REGIONS, TODAY, compiled, model

from modelspec.author.change import Append, Change, Put, Rekey, Unset
from modelspec.author.draft import Draft, difference, edited, judged, message_of
from modelspec.author.entries import ModelFile, entries_of, find_entry
from modelspec.author.listed import ListedEntry, draft_of_addition, find_listed, kept_uses, users_of
from modelspec.author.listed import draft_of_removal as draft_of_listed_removal
from modelspec.author.listed import draft_of_rename as draft_of_listed_rename
from modelspec.author.models import (
    NewModel,
    draft_of_edit,
    draft_of_new,
    draft_of_removal,
    draft_of_rename,
    free_path,
    moved_path,
    users_of_model,
)
from modelspec.diagnose.refusal import Refusal
from modelspec.load.find import File
from modelspec.pipeline import Compiled


def _entry(fleet: Compiled, model_id: str) -> ModelFile:
    entry = find_entry(entries_of(fleet.tree), model_id)
    assert isinstance(entry, ModelFile)
    return entry


def _head(fleet: Compiled, name: str) -> ListedEntry:
    head = find_listed(fleet.tree, "head", name)
    assert isinstance(head, ListedEntry)
    return head


def _region(fleet: Compiled, name: str) -> ListedEntry:
    region = find_listed(fleet.tree, "region", name)
    assert isinstance(region, ListedEntry)
    return region


def _text(draft: Draft | Refusal, path: str) -> str:
    assert isinstance(draft, Draft), draft
    data = draft.files[path]
    assert data is not None
    return data.decode()


@pytest.mark.parametrize(
    ("line", "change", "why"),
    [
        ("metadata: &m {a: *m}", Put(pointer=("name",), value="x"), "it cannot be read"),
        (
            "tags: &t [a]\nmetadata: {t: *t}",
            Put(pointer=("metadata", "t", 0), value="b"),
            "without touching other text",
        ),
        ("tags: [a]", Put(pointer=("tags", "x"), value="b"), "a value on its path is not a mapping or list"),
        ("tags: [a]", Append(pointer=("metadata", "x"), value="b" * 300_000), "would be larger than 256 KiB"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(tmp_path: Path, line: str, change: Change, why: str) -> None:
    fleet = compiled(tmp_path, {"atlas": model("atlas", line)})
    outcome = edited(fleet.locator.files, {"models.d/atlas.yaml": [change]})
    assert isinstance(outcome, Refusal)
    assert why in outcome.message


def test_a_field_below_a_text_is_refused(tmp_path: Path) -> None:
    fleet = compiled(tmp_path, {"atlas": model("atlas", "metadata: {a: b}")})
    outcome = draft_of_edit([_entry(fleet, "atlas")], [Put(pointer=("metadata", "a", "b"), value=1)])
    assert isinstance(outcome, Refusal)
    assert "cannot change 'metadata.a.b': 'metadata.a' is not a mapping" in outcome.message


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ([Put(pointer=("name",), value="x")], "Set name of atlas to x"),
        (
            [Put(pointer=("name",), value="x"), Put(pointer=("region",), value="eu")],
            "Set name, region of atlas",
        ),
        ([Append(pointer=("tags",), value="x")], "Add to tags of atlas"),
        ([Unset(pointer=("endpoint",))], "Unset endpoint of atlas"),
    ],
)
def test_a_title_describes_the_change(tmp_path: Path, changes: Sequence[Change], title: str) -> None:
    fleet = compiled(tmp_path, {"atlas": model("atlas")})
    draft = draft_of_edit([_entry(fleet, "atlas")], changes)
    assert isinstance(draft, Draft)
    assert draft.title == title


def test_a_message_lists_at_most_50_effects() -> None:
    draft = Draft(files={}, title="Do it", effects=tuple(f"effect {number}" for number in range(60)))
    lines = message_of(draft).splitlines()
    assert lines[:3] == ["Do it", "", "- effect 0"]
    assert lines[-1] == "- and 10 more"
    assert message_of(draft, " Mine ").startswith("Mine\n\n")


def test_a_renamed_model_keeps_its_upstream_name(tmp_path: Path) -> None:
    line = "# yaml-language-server: $schema=../.modelspec/schemas/model.schema.json\n"
    upstreams = (
        "deployments:\n  - endpoint: https://a.example.com/v1\n"
        "  - {endpoint: https://b.example.com/v1, upstream_model: b}"
    )
    fleet = compiled(tmp_path, {"atlas": line + model("atlas", upstreams)})
    draft = draft_of_rename(fleet.tree, _entry(fleet, "atlas"), "acme/atlas", keep_alias=True)
    text = _text(draft, "models.d/acme/atlas.yaml")
    assert (
        text.splitlines()[0] == "# yaml-language-server: $schema=../../.modelspec/schemas/model.schema.json"
    )
    assert "  - endpoint: https://a.example.com/v1\n    upstream_model: atlas\n" in text
    assert "{endpoint: https://b.example.com/v1, upstream_model: b}" in text
    assert "aliases: [atlas]" in text
    assert isinstance(draft, Draft)
    assert not judged(fleet, draft, TODAY).is_refused


def test_existing_faults_do_not_refuse_a_rename(tmp_path: Path) -> None:
    fleet = compiled(
        tmp_path, {"atlas": model("atlas", "fallback_models: [nobody]"), "bison": model("bison")}
    )
    draft = draft_of_rename(fleet.tree, _entry(fleet, "atlas"), "zebra", keep_alias=False)
    assert isinstance(draft, Draft)
    assert not judged(fleet, draft, TODAY).is_refused


def test_a_name_below_a_wildcard_is_a_use_of_it(tmp_path: Path) -> None:
    fleet = compiled(
        tmp_path, {"any": model("router/*"), "bison": model("bison", "fallback_models: [router/x]")}
    )
    entry = _entry(fleet, "router/*")
    (use,) = users_of_model(fleet, entry)
    assert use.shown == "models.d/bison.yaml:5: fallback_models[0]"
    assert "fallback_models" not in _text(draft_of_removal(fleet, entry, [use]), "models.d/bison.yaml")


def test_a_removed_head_is_replaced_by_one_of_its_tier(tmp_path: Path) -> None:
    balanced = model(
        "atlas", "load_balancing: {weights: {head-eu-1: 3, head-eu-2: 1}}", "fallback_heads: [head-uk-1]"
    )
    fleet = compiled(tmp_path, {"atlas": balanced})
    users = users_of(fleet.tree, _head(fleet, "head-eu-1"))
    text = _text(draft_of_listed_removal(fleet.tree, _head(fleet, "head-eu-1"), users), "models.d/atlas.yaml")
    assert "priority_head: head-eu-2\n" in text
    assert "weights: {head-eu-2: 1}" in text
    assert "fallback_heads: [head-uk-1]\n" in text


def test_an_offline_head_is_the_last_replacement(tmp_path: Path) -> None:
    fleet = compiled(
        tmp_path, {"a": model("a", "fallback_heads: [head-us-2, head-us-1]", region="us", head="head-uk-1")}
    )
    users = users_of(fleet.tree, _head(fleet, "head-uk-1"))
    text = _text(draft_of_listed_removal(fleet.tree, _head(fleet, "head-uk-1"), users), "models.d/a.yaml")
    assert "priority_head: head-us-1\nfallback_heads: [head-us-2]\n" in text


def test_a_key_of_weights_is_renamed_in_its_place(tmp_path: Path) -> None:
    weights = 'load_balancing:\n  weights:\n    "head-eu-1": 3  # the large one\n    head-eu-2: 1'
    fleet = compiled(tmp_path, {"atlas": model("atlas", weights)})
    draft = draft_of_listed_rename(fleet.tree, _head(fleet, "head-eu-1"), "head-x")
    assert '    "head-x": 3  # the large one\n    head-eu-2: 1' in _text(draft, "models.d/atlas.yaml")
    taken = draft_of_listed_rename(fleet.tree, _head(fleet, "head-eu-1"), "head-eu-2")
    assert isinstance(taken, Refusal)
    outcome = edited(fleet.locator.files, {"models.d/atlas.yaml": [Rekey(pointer=("none",), key="x")]})
    assert outcome == {}


def test_a_cascade_never_empties_a_list_that_limits(tmp_path: Path) -> None:
    regions = (
        REGIONS
        + "  - {code: jp, name: Japan, residency: [jp]}\n  - {code: br, name: Brasil, residency: [br, jp]}\n"
    )
    own = model("atlas", "access: {client_regions: [jp]}")
    fleet = compiled(tmp_path, {"atlas": own}, {**FIXED, "regions.yaml": regions})
    region = _region(fleet, "jp")
    users = users_of(fleet.tree, region)
    assert [use.shown for use in users] == [
        "regions.yaml:6: regions[4].residency[1]",
        "models.d/atlas.yaml:5: access.client_regions[0]",
    ]
    assert kept_uses(fleet.tree, users) == users[1:]
    other = model("atlas", "access: {client_regions: [eu, jp]}")
    tests = (
        "tests:\n  - {model: atlas, from: jp, expect: {status: 200}}\n"
        "  - {model: atlas, down: [jp, eu], expect: {status: 503}}\n"
    )
    fleet = compiled(
        tmp_path, {"atlas": other}, {**FIXED, "regions.yaml": regions, "routes.test.yaml": tests}
    )
    region = _region(fleet, "jp")
    users = users_of(fleet.tree, region)
    assert kept_uses(fleet.tree, users) == []
    draft = draft_of_listed_removal(fleet.tree, region, users)
    assert "client_regions: [eu]" in _text(draft, "models.d/atlas.yaml")
    assert "jp" not in _text(draft, "regions.yaml")
    assert (
        _text(draft, "routes.test.yaml") == "tests:\n  - {model: atlas, down: [eu], expect: {status: 503}}\n"
    )
    assert isinstance(draft, Draft)
    assert not judged(fleet, draft, TODAY).is_refused


@pytest.mark.parametrize("what", ["head", "region"])
def test_a_broken_list_is_not_added_to(tmp_path: Path, what: str) -> None:
    broken = {"heads.yaml": "heads: {}\n", "regions.yaml": "regions: [3]\n"}
    fleet = compiled(tmp_path, {"atlas": model("atlas")}, broken)
    assert isinstance(draft_of_addition(fleet.tree, what, {"head_id": "x", "code": "x"}), Refusal)  # type: ignore[arg-type]
    assert isinstance(find_listed(fleet.tree, what, "x"), Refusal)  # type: ignore[arg-type]


def test_entries_with_anchors_are_refused(tmp_path: Path) -> None:
    regions = (
        "regions:\n  - {code: eu, name: Europe, residency: &r [eu, uk]}\n"
        "  - {code: uk, name: UK, residency: *r}\n"
    )
    heads = HEADS.replace("region: us", "region: uk")
    fleet = compiled(tmp_path, {"atlas": model("atlas")}, {"regions.yaml": regions, "heads.yaml": heads})
    region = _region(fleet, "eu")
    assert isinstance(draft_of_listed_rename(fleet.tree, region, "xx"), Refusal)
    assert isinstance(draft_of_listed_removal(fleet.tree, region, users_of(fleet.tree, region)), Refusal)


def test_a_taken_path_is_avoided(tmp_path: Path) -> None:
    assert free_path("acme/a", frozenset({"models.d/acme/A.yaml"})) == "models.d/acme_a.yaml"
    assert free_path("a", frozenset({"models.d/a.yaml"})) == "models.d/a_2.yaml"
    assert moved_path("models.d/x/odd.yml", "a", "b/c", frozenset()) == "models.d/x/c.yml"
    assert moved_path("models.d/odd.yaml", "a", "b/c", frozenset()) == "models.d/b_c.yaml"
    fleet = compiled(tmp_path, {"b": model("a"), "a": model("c")})
    taken = [draft_of_new(fleet.tree, NewModel(model_id=name)) for name in ("a", "b")]
    assert [
        outcome.message if isinstance(outcome, Refusal) else list(outcome.files) for outcome in taken
    ] == ["model a exists: models.d/b.yaml:1", ["models.d/b_2.yaml"]]
    renamed = draft_of_rename(fleet.tree, _entry(fleet, "c"), "b", keep_alias=False)
    assert isinstance(renamed, Draft)
    assert list(renamed.moved) == ["models.d/b_2.yaml"]


def test_new_files_have_the_line_for_editors_if_there_are_schemas(tmp_path: Path) -> None:
    fleet = compiled(tmp_path, {"a": model("a")})
    (tmp_path / ".modelspec/schemas").mkdir(parents=True)
    (tmp_path / ".modelspec/schemas/model.schema.json").write_text("{}")
    text = _text(draft_of_new(fleet.tree, NewModel(model_id="b", folder="x")), "models.d/x/b.yaml")
    assert text.startswith(
        "# yaml-language-server: $schema=../../.modelspec/schemas/model.schema.json\nmodel_id: b\n"
    )


def test_a_diff_shows_moves() -> None:
    before = {
        "models.d/a.yaml": File("models.d/a.yaml", b"a: 1\n"),
        "models.d/c.yaml": File("models.d/c.yaml", b"c"),
    }
    draft = Draft(
        files={
            "models.d/b.yaml": b"a: 1\n",
            "models.d/a.yaml": None,
            "models.d/c.yaml": None,
            "models.d/d.yaml": b"d",
        },
        title="",
        moved={"models.d/b.yaml": "models.d/a.yaml"},
    )
    assert "".join(difference(before, draft)) == (
        "rename from models.d/a.yaml\nrename to models.d/b.yaml\n"
        "--- a/models.d/c.yaml\n+++ /dev/null\n@@ -1 +0,0 @@\n-c\n"
        "--- /dev/null\n+++ b/models.d/d.yaml\n@@ -0,0 +1 @@\n+d\n"
    )
