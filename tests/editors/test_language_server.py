"""What an editor shows: the real yaml-language-server, with the schemas of this repository's example fleet."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from language_server import REPOSITORY, Server, language_server

from modelspec.author.schemas import WrittenSchemas, schema_line, wiring, write_schemas

pytestmark = pytest.mark.editor

FIXED = ("regions.yaml", "heads.yaml", "modelspec.yaml", "routes.test.yaml", "waivers.yaml")
SOUND = """\
name: Probe
region: eu
priority_head: head-service-eu
fallback_heads: [head-service-no]
load_balancing: {weights: {head-service-eu: 3, head-service-eu-2: 1}}
fallback_models: [mistral-medium, not-written-yet]
endpoint: https://probe.example.net/v1
api_key: {env: PROBE_API_KEY}
metadata: {owner: team-probe, vendor: Probe}
"""


def with_line(path: str, text: str) -> str:
    return f"{schema_line(path)}\n{text}"


def probe(name: str, text: str) -> tuple[str, str]:
    path = f"models.d/probes/{name}.yaml"
    return path, with_line(path, f"model_id: {name}\n{text}")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("a fleet ü")
    for name in (*FIXED, "metadata.schema.json"):
        shutil.copy(REPOSITORY / name, root)
    shutil.copytree(REPOSITORY / "models.d", root / "models.d")
    shutil.copytree(REPOSITORY / "schemas", root / "schemas")
    assert isinstance(write_schemas(root), WrittenSchemas)
    return root


@pytest.fixture(scope="module")
def server(fleet: Path) -> Iterator[Server]:
    with language_server(fleet) as server:
        yield server


def test_a_region_is_offered_with_its_title(server: Server) -> None:
    offered = server.completions(*probe("region", "region: |\n"))
    assert offered["eu"]["documentation"] == "Europe (eu); served in eu, no"
    assert offered["us"]["documentation"] == "United States (us)"
    # The server takes `no` for a YAML 1.1 boolean, and quotes it.
    assert list(offered) == ["us", "eu", "uk", '"no"', "ru", "cn", "br", "in", "jp", "sg"]


@pytest.mark.parametrize(
    "text", ["priority_head: |\n", "fallback_heads:\n  - |\n", "fallback_heads: [head-service-no, |]\n"]
)
def test_a_head_is_offered_with_its_region_and_status(server: Server, text: str) -> None:
    offered = server.completions(*probe("head", text))
    assert len(offered) == 19
    assert (
        offered["head-service-eu-3"]["documentation"]
        == "head-service-eu-3 (eu), offline, https://head-service-eu-3.llm.example.net"
    )


def test_weights_offer_heads(server: Server) -> None:
    offered = server.completions(*probe("weights", "load_balancing:\n  weights:\n    |\n"))
    assert len(offered) == 19
    assert offered["head-service-eu"]["insertText"].startswith("head-service-eu: ")
    assert "(eu), active" in offered["head-service-eu"]["documentation"]


def test_fallback_models_offer_models(server: Server) -> None:
    offered = server.completions(*probe("fallback", "fallback_models:\n  - |\n"))
    assert offered["gpt-5.4"]["documentation"] == "GPT-5.4 (us)"
    assert offered["claude-3-7-sonnet"]["documentation"] == "Claude Sonnet 3.7 (us), disabled"
    assert "openrouter/*" not in offered


def test_metadata_offers_the_fields_of_the_organisation(server: Server) -> None:
    offered = server.completions(*probe("metadata", "metadata:\n  |\n"))
    assert offered["owner"]["documentation"] == "The team that answers for the model here."


def test_a_routing_test_offers_names_of_all_kinds(server: Server) -> None:
    path = "routes.test.yaml"

    def offered(text: str) -> set[str]:
        return set(server.completions(path, with_line(path, f"tests:\n  - {text}")))

    assert {"gpt-5.4", "gemini"} <= offered("model: |\n")
    assert {"eu", "jp"} <= offered("from: |\n")
    assert {"eu", "head-service-eu"} <= offered("down:\n      - |\n")
    assert "head-service-uk" in offered("expect:\n      head: |\n")
    assert "head-service-uk" in offered("expect:\n      tiers:\n        - |\n")
    assert "head-service-uk" in offered("expect:\n      tiers: [[|]]\n")
    assert {"eu", "jp"} <= offered("expect:\n      reach_within: [|]\n")


def test_other_files_offer_rules_and_edges(server: Server) -> None:
    rules = server.completions("modelspec.yaml", with_line("modelspec.yaml", "rules:\n  |\n"))
    assert rules["MS404"]["documentation"] == "All heads of a model are in one region."
    assert "MS201" not in rules
    waived = server.completions("waivers.yaml", with_line("waivers.yaml", "waivers:\n  - rule: |\n"))
    assert "MS301" in waived
    regions = server.completions("heads.yaml", with_line("heads.yaml", "heads:\n  - region: |\n"))
    assert "eu" in regions


def test_a_hover_describes_a_field_and_its_choices(server: Server) -> None:
    text = server.hover(*probe("hover", "priority_head: head-ser|vice-eu\n"))
    assert text.startswith("#### Priority head\n\nThe first access point of a request for this model.")
    assert "* `head-service-eu`: head-service-eu (eu), active, " in text


def test_a_sound_model_has_no_fault(server: Server) -> None:
    assert server.diagnostics(*probe("sound", SOUND)) == []


@pytest.mark.parametrize(
    ("name", "good", "bad", "said"),
    [
        ("region-wrong", "region: eu", "region: eu-wset", "Value is not accepted."),
        ("head-wrong", "head: head-service-eu", "head: head-service-ue", "Value is not accepted."),
        ("fallback-wrong", "[head-service-no]", "[head-nowhere]", "Value is not accepted."),
        ("weight-wrong", "head-service-eu-2: 1", "head-nowhere: 1", "Property head-nowhere is not allowed."),
        ("owner-wrong", "owner: team-probe", "owner: me", "String does not match the pattern"),
        ("vendor-missing", ", vendor: Probe", "", 'Missing property "vendor".'),
        ("field-wrong", "endpoint:", "end_point:", "Property end_point is not allowed."),
    ],
)
def test_a_wrong_name_is_flagged_as_it_is_typed(
    server: Server, name: str, good: str, bad: str, said: str
) -> None:
    assert good in SOUND
    (message,) = server.diagnostics(*probe(name, SOUND.replace(good, bad)))
    assert message.startswith(said)


def test_a_field_given_by_a_folder_is_not_missing(server: Server) -> None:
    """models.d/china gives an owner. The editor sees one file; `validate` knows where the default applies."""
    assert server.diagnostics(*probe("owner-given", SOUND.replace("owner: team-probe, ", ""))) == []


def test_defaults_are_not_checked_as_a_model(server: Server) -> None:
    def defaults(folder: str, text: str) -> tuple[str, str]:
        path = f"models.d/{folder}/_defaults.yaml"
        return path, with_line(path, text)

    assert server.diagnostics(*defaults("sound", "region: eu\nmetadata: {owner: team-probe}\n")) == []
    assert server.diagnostics(*defaults("id", "model_id: x\n")) == ["Property model_id is not allowed."]
    assert server.diagnostics(*defaults("nowhere", "region: nowhere\n")) != []
    assert "eu" in server.completions(*defaults("region", "region: |\n"))


def test_a_deployment_excludes_the_fields_that_it_replaces(server: Server) -> None:
    """`dependentSchemas` of draft 2020-12: a server that knew only draft 7 would not report it."""
    text = f"{SOUND}deployments: [{{endpoint: https://one.example.net/v1, region: eu}}]\n"
    assert sorted(server.diagnostics(*probe("twice", text))) == [
        "Property api_key is not allowed.",
        "Property endpoint is not allowed.",
    ]


def test_a_wrong_name_in_a_routing_test_is_flagged(server: Server) -> None:
    path = "wrong/routes.test.yaml"
    line = schema_line("routes.test.yaml").replace("=", "=../", 1)
    text = "tests: [{model: gpt-7, down: [eu, nowhere], expect: {tiers: [head-service-eu, [nowhere]]}}]\n"
    assert len(server.diagnostics(path, f"{line}\n{text}")) == 2


def test_the_whole_example_fleet_has_no_fault(fleet: Path) -> None:
    """Neither by the schemas that were written for it, nor by the published ones that its first lines name."""
    paths = [path.relative_to(fleet).as_posix() for path in sorted(fleet.rglob("*.yaml"))]
    assert len(paths) > 30
    texts = {path: (fleet / path).read_text(encoding="utf-8").partition("\n") for path in paths}
    with language_server(fleet) as server:
        for path, (line, _, rest) in texts.items():
            assert line.startswith("# yaml-language-server: $schema=")
            assert server.diagnostics(path, f"{line}\n{rest}") == [], path
    with language_server(fleet) as server:
        for path, (_, _, rest) in texts.items():
            assert server.diagnostics(path, with_line(path, rest)) == [], path


def test_the_setting_works_like_the_line(fleet: Path) -> None:
    with language_server(fleet, {"schemas": json.loads(wiring())["yaml.schemas"]}) as server:
        assert "eu" in server.completions("models.d/deep/er/new.yml", "region: |\n")
        assert "eu" in server.completions("heads.yaml", "heads:\n  - region: |\n")
        assert server.diagnostics("routes.test.yaml", "tests: [{model: x, expect: {head: nowhere}}]\n") != []
        assert server.diagnostics("other.yaml", "region: nowhere\n") == []
        assert server.diagnostics("models.d/deep/_defaults.yaml", "region: eu\n") == []
        assert server.diagnostics("models.d/deep/er/_defaults.yaml", "model_id: x\n") != []
        assert server.diagnostics("models.d/deep/model.yaml", "region: eu\n") != []


def test_the_line_leads_to_a_folder_of_any_name(fleet: Path) -> None:
    assert isinstance(write_schemas(fleet, fleet / "für uns"), WrittenSchemas)
    path = "models.d/deep/new.yaml"
    with language_server(fleet) as server:
        offered = server.completions(path, f"{schema_line(path, 'für uns')}\nregion: |\n")
    assert "eu" in offered


def test_ids_that_yaml_would_misread_are_offered_in_quotes(tmp_path: Path) -> None:
    (tmp_path / "models.d").mkdir()
    (tmp_path / "regions.yaml").write_text(
        'regions: [{code: "null", name: "[a](b) <b>"}]\n', encoding="utf-8"
    )
    heads = "".join(
        f'  - {{head_id: "{head}", region: "null", url: https://x.example.net}}\n'
        for head in ("012", "1e5", "a--b")
    )
    (tmp_path / "heads.yaml").write_text(f"heads:\n{heads}", encoding="utf-8")
    assert isinstance(write_schemas(tmp_path), WrittenSchemas)
    with language_server(tmp_path) as server:
        path = "models.d/new.yaml"
        heads_offered = server.completions(path, with_line(path, "priority_head: |\n"))
        hover = server.hover(path, with_line(path, 'reg|ion: "null"\n'))
    assert [item["insertText"] for item in heads_offered.values()] == ['"012"', '"1e5"', "a--b"]
    assert "\\[a\\](b) <b>" in hover
