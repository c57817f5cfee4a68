"""The schemas for editors: what they accept, what they refuse, and their messages."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from small_fleets import FIXED, FLEETS, HEADS, model, write_repository

from modelspec.author.schemas import Choice, Choices, choices_of, tailored, text_of
from modelspec.load import read
from modelspec.load.find import File
from modelspec.schema import DOCUMENT_KINDS, DocumentKind
from modelspec.schema.engine import compiled

REPOSITORY = Path(__file__).parents[2]
EMPTY = Choices()


def schemas(root: Path) -> dict[DocumentKind, dict[str, Any]]:
    choices = choices_of(root)
    return {kind: tailored(kind, choices) for kind in DOCUMENT_KINDS}


def faults(schema: dict[str, Any], text: str) -> list[str]:
    value = read(File("any.yaml", text.encode())).value
    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]


def keywords(part: object) -> set[str]:
    if isinstance(part, dict):
        return set(part).union(*map(keywords, part.values()))
    return set().union(*map(keywords, part)) if isinstance(part, list) else set()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_repository(tmp_path, {"atlas": model("atlas", "aliases: [atlas-latest]")})


@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
def test_each_is_a_valid_schema_of_its_draft(kind: DocumentKind, small: Path) -> None:
    for choices in (EMPTY, choices_of(small), choices_of(REPOSITORY)):
        schema = tailored(kind, choices)
        assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
        Draft202012Validator.check_schema(schema)
        compiled(schema)


@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
def test_none_has_our_keywords_or_the_id_of_another(kind: DocumentKind) -> None:
    found = keywords(tailored(kind, choices_of(REPOSITORY)))
    assert not [name for name in found if name.startswith("x-")]
    assert "$id" not in found


@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
def test_every_reference_resolves(kind: DocumentKind) -> None:
    schema = tailored(kind, choices_of(REPOSITORY))

    def references(part: object) -> set[str]:
        if isinstance(part, dict):
            own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
            return own.union(*map(references, part.values()))
        return set().union(*map(references, part)) if isinstance(part, list) else set()

    for reference in references(schema):
        node: Any = schema
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
        assert isinstance(node, dict)


@pytest.mark.parametrize("name", FLEETS)
def test_a_sound_fleet_satisfies_its_own_schemas(name: str, tmp_path: Path) -> None:
    root = write_repository(tmp_path, FLEETS[name])
    own = schemas(root)
    for path in sorted(root.rglob("*.yaml")):
        kind: DocumentKind = next((kind for kind in DOCUMENT_KINDS if path.name == f"{kind}.yaml"), "model")
        assert faults(own[kind], path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("model", model("atlas", head="head-nowhere")),
        ("model", model("atlas", region="nowhere")),
        ("model", model("atlas", "fallback_heads: [head-uk-1, head-nowhere]")),
        ("model", model("atlas", "load_balancing: {weights: {head-eu-1: 1, head-nowhere: 1}}")),
        ("model", model("atlas", "load_balancing: {weights: {head-eu-1: 0}}")),
        ("model", model("atlas", "access: {client_regions: [nowhere]}")),
        ("model", model("atlas", "deployments: [{region: nowhere}]")),
        ("model", model("atlas", "fallback_models: [not a name]")),
        ("heads", HEADS.replace("region: uk", "region: nowhere")),
        ("regions", "regions: [{code: new, name: New, residency: [nowhere]}]"),
        ("modelspec", "edges: [{edge_id: edge, region: nowhere}]"),
        ("modelspec", "rules: {MS402: no}"),
        ("modelspec", "rules: {MS999: info}"),
        ("modelspec", "rules: {MS201: off}"),
        ("routes.test", "tests: [{model: x, from: head-eu-1, expect: {status: 200}}]"),
        ("routes.test", "tests: [{model: x, down: [nowhere], expect: {status: 200}}]"),
        ("routes.test", "tests: [{model: x, expect: {head: eu}}]"),
        ("routes.test", "tests: [{model: x, expect: {tiers: [head-nowhere]}}]"),
        ("routes.test", "tests: [{model: x, expect: {tiers: [[head-eu-1, head-nowhere]]}}]"),
        ("routes.test", "tests: [{model: x, expect: {tiers: [[]]}}]"),
        ("routes.test", "tests: [{model: x, expect: {reach_within: [nowhere]}}]"),
        ("routes.test", "tests: [{model: '', expect: {status: 404}}]"),
        ("waivers", "waivers: [{rule: MS201, subject: x, reason: y, expires: 2027-01-01, approved_by: z}]"),
    ],
)
def test_an_undeclared_name_is_one_fault(kind: DocumentKind, text: str, small: Path) -> None:
    assert len(faults(schemas(small)[kind], text)) == 1


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("model", model("new", "fallback_models: [another-new]", "replaced_by: a-third")),
        ("routes.test", "tests: [{model: router/any-1, expect: {status: 404}}]"),
        ("routes.test", "tests: [{model: atlas, down: [eu, head-uk-1], expect: {tiers: [[head-eu-1]]}}]"),
        ("waivers", "waivers: [{rule: MS301, subject: x, reason: y, expires: 2027-01-01, approved_by: z}]"),
        (
            "waivers",
            "waivers: [{guard: max_moved, subject: x, reason: y, expires: 2027-01-01, approved_by: z}]",
        ),
        ("modelspec", "rules: {MS402: info, MS404: off}"),
    ],
)
def test_suggested_names_are_not_enforced(kind: DocumentKind, text: str, small: Path) -> None:
    assert faults(schemas(small)[kind], text) == []


def test_declarations_accept_any_name(small: Path) -> None:
    own = schemas(small)
    assert faults(own["regions"], "regions: [{code: new, name: New, residency: [eu]}]") == []
    assert faults(own["heads"], "heads: [{head_id: new, region: eu, url: https://x.example.net}]") == []


def test_examples_name_only_what_exists(small: Path) -> None:
    own = schemas(small)
    texts = {kind: text_of(schema) for kind, schema in own.items()}
    assert "head-service" not in texts["model"] + texts["routes.test"]
    assert "examples" not in own["model"]["properties"]["fallback_heads"]
    assert "head-eu-1 (eu), active, https://head-eu-1.example.net" in texts["model"]


def test_metadata_is_checked_with_the_schema_of_the_organisation(small: Path) -> None:
    own = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["owner"],
        "properties": {
            "owner": {"$ref": "#/$defs/team"},
            "$ref": {"type": "string"},
            "odd": {"const": {"$ref": "#/$defs/team"}},
            "any": True,
        },
        "anyOf": [{"$ref": "#/$defs/any"}, False],
        "$defs": {"team": {"pattern": "^team-"}, "any": True},
    }
    (small / "modelspec.yaml").write_text("metadata_schema: own.json\n", encoding="utf-8")
    (small / "own.json").write_text(json.dumps(own), encoding="utf-8")
    schema = schemas(small)["model"]
    assert (
        faults(schema, model("x", "metadata: {owner: team-a, $ref: x, odd: {$ref: '#/$defs/team'}, any: 1}"))
        == []
    )
    assert faults(schema, model("x", "metadata: {owner: me}")) == ["'me' does not match '^team-'"]
    assert faults(schema, model("x")) == ["'metadata' is a required property"]
    (small / "own.json").write_text('{"properties": {"owner": {"pattern": "^team-"}}}', encoding="utf-8")
    schema = schemas(small)["model"]
    assert faults(schema, model("x")) == []
    assert len(faults(schema, model("x", "metadata: {owner: me}"))) == 1
    (small / "own.json").write_text("[]", encoding="utf-8")
    choices = choices_of(small)
    assert choices.notes == ("the metadata schema cannot be used, so any metadata is accepted",)
    assert faults(tailored("model", choices), model("x", "metadata: {owner: me}")) == []


def test_a_head_with_the_name_of_a_region_is_one_choice(tmp_path: Path) -> None:
    heads = "heads: [{head_id: eu, region: eu, url: https://eu.example.net}]\n"
    root = write_repository(tmp_path, {"atlas": model("atlas", head="eu")}, {**FIXED, "heads.yaml": heads})
    definition = schemas(root)["routes.test"]["$defs"]["declaredHeadOrRegion"]
    assert definition["enum"] == ["eu", "us", "uk"]
    assert definition["enumDescriptions"][0] == "eu (eu), active, https://eu.example.net"


def test_incomplete_names_are_only_suggested() -> None:
    some = Choices(
        regions=(Choice(value="eu", text="Europe (eu)"),),
        heads=(Choice(value="head-eu", text="head-eu (eu)"),),
    )
    schema = tailored("model", some)
    text = model("x", "load_balancing: {weights: {other: 1, head-eu: 1}}", head="other", region="other")
    assert faults(schema, text) == []
    assert len(faults(schema, text.replace("region: other", "region: Not A Code"))) == 1
    assert len(faults(schema, text.replace("head-eu: 1", "head-eu: 0"))) == 1
    tests = tailored("routes.test", some)
    assert faults(tests, "tests: [{model: x, down: [z], expect: {tiers: [other, [a]]}}]") == []
    assert faults(tests, "tests: [{model: x, expect: {tiers: [Not An Id]}}]") != []
    assert schema["$defs"]["declaredHead"]["anyOf"][0]["enum"] == ["head-eu"]


@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
def test_without_choices_the_published_schema_stays(kind: DocumentKind) -> None:
    schema = tailored(kind, EMPTY)
    assert "enumDescriptions" not in keywords(schema)
    own = {"model": "models.d/chat/gpt-5.4.yaml", "defaults": "models.d/china/_defaults.yaml"}
    path = REPOSITORY / own.get(kind, f"{kind}.yaml")
    assert faults(schema, path.read_text(encoding="utf-8")) == []


_ORGANISATION = """\
{"type": "object", "required": ["owner", "contact"], "allOf": [{"required": ["vendor"]}, true], "properties": {
"owner": true, "contact": {"type": "object", "required": ["mail", "chat"], "properties": {"mail": {"type": "string"}}}}}
"""


def test_fields_given_by_a_folder_are_not_required(small: Path) -> None:
    """One schema serves all folders, so a field that any of them gives may be left out."""
    others = {
        **FIXED,
        "modelspec.yaml": "metadata_schema: metadata.schema.json\n",
        "metadata.schema.json": _ORGANISATION,
        "models.d/_defaults.yaml": "region: eu\nmetadata: {vendor: acme, contact: {mail: x}}\n",
        "models.d/deep/_defaults.yaml": "priority_head: head-eu-1\nmetadata: {owner: 1}\n",
        "models.d/broken/_defaults.yaml": "name: [\n",
    }
    for folder in ("deep", "broken"):
        (small / "models.d" / folder).mkdir()
    root = write_repository(small, {}, others)
    schema, defaults = schemas(root)["model"], schemas(root)["defaults"]
    assert schema["required"] == ["model_id", "name"]
    start = "model_id: a\nname: A\n"
    assert faults(schema, start) == []
    assert faults(schema, "name: A\n") == ["'model_id' is a required property"]
    assert faults(schema, f"{start}metadata: {{contact: {{chat: y}}}}\n") == []
    assert faults(schema, f"{start}metadata: {{contact: {{mail: y}}}}\n") == ["'chat' is a required property"]
    assert faults(schema, f"{start}metadata: {{contact: {{mail: 1, chat: y}}}}\n") != []
    assert faults(defaults, "metadata: {contact: {chat: y}}\n") == []
    assert faults(defaults, "metadata: {contact: {mail: 1}}\n") != []
    assert faults(defaults, start) != []


def test_choices_of_models_include_folder_defaults(small: Path) -> None:
    write_repository(
        small, {"_defaults": "region: uk\n", "bison": model("bison").replace("region: eu\n", "")}, {}
    )
    texts = {choice.value: choice.text for choice in choices_of(small).models}
    assert texts["bison"].endswith("(uk)")
