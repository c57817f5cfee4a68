"""Where upstreams run, held against the residency of their models: by declaration, by spelling, or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from git_repositories import write
from hypothesis import given, settings
from hypothesis import strategies as st
from small_fleets import TODAY

from modelspec.fleet.geography import ANYWHERE, GEOGRAPHY, ISO
from modelspec.incremental import compile_fleet, validate

REGIONS = """\
regions:
  - {code: us, name: United States}
  - {code: eu, name: Europe, residency: [eu]}
  - {code: de, name: Germany, residency: [de]}
  - {code: us-east, name: East, residency: [us-east]}
  - {code: uk, name: United Kingdom, residency: [uk]}
"""
HEADS = "heads:\n" + "".join(
    f"  - {{head_id: head-{code}, region: {code}, url: https://head-{code}.example.net}}\n"
    for code in ("us", "eu", "de", "us-east", "uk")
)
RULES = "rules: {MS402: 'off', MS601: 'off', MS602: 'off'}\n"
FIXED = {"regions.yaml": REGIONS, "heads.yaml": HEADS, "modelspec.yaml": RULES}
CLAUDE = "upstream_model: anthropic.claude-opus-4-6-v1"


def _model(name: str, *lines: str, region: str = "eu") -> str:
    fields = [f"model_id: {name}", f"name: {name}", f"region: {region}", f"priority_head: head-{region}"]
    return "\n".join([*fields, *lines, ""])


def _found(root: Path, files: Mapping[str, str]) -> list[tuple[str, int]]:
    """Codes and lines of what is said of residency, in every file."""
    checked = validate(write(root, {**FIXED, **files}), today=TODAY, cache=False)
    return [(one.code, one.span.line) for one in checked.diagnostics]


def _of(root: Path, *lines: str, region: str = "eu", regions: str = REGIONS) -> list[tuple[str, int]]:
    return _found(
        root, {"regions.yaml": regions, "models.d/atlas.yaml": _model("atlas", *lines, region=region)}
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["endpoint: https://us.api.openai.com/v1"], [("MS311", 5)]),
        (
            ["endpoint: https://eu.api.openai.com/v1"],
            [("MS313", 5)],
        ),  # Switzerland and the rest of the EEA too
        (["provider: openai"], [("MS313", 5)]),
        (["provider: mistral"], []),
        (["provider: deepseek"], [("MS311", 5)]),
        (["provider: gigachat"], [("MS311", 5)]),
        (["provider: scaleway"], []),
        (["endpoint: https://api.deepseek.com/v1"], [("MS311", 5)]),
        (["provider: deepseek", "endpoint: https://deepseek.example.org/v1"], [("MS313", 6)]),
        (["endpoint: {env: UPSTREAM_URL}"], [("MS313", 5)]),
        (["endpoint: http://10.0.0.5:8000/v1"], []),
        (["endpoint: https://bedrock-runtime.us-east-1.amazonaws.com", "provider: bedrock"], [("MS311", 5)]),
        (["endpoint: https://x.us-east-1.elb.amazonaws.com/v1"], [("MS311", 5)]),
        (
            ["endpoint: https://x.eu-west-1.elb.amazonaws.com/v1"],
            [("MS313", 5)],
        ),  # what it balances may be abroad
        (["provider: bedrock", CLAUDE, "params: {aws_region_name: us-east-1}"], [("MS311", 7)]),
        (["provider: bedrock", CLAUDE, "params: {aws_region_name: US-EAST-1}"], [("MS311", 7)]),
        (["provider: bedrock", CLAUDE, "params: {aws_region_name: eu-west-1}"], []),
        (["provider: bedrock", CLAUDE, "params: {aws_region_name: eu-west-2}"], [("MS311", 7)]),
        (["provider: bedrock", CLAUDE, "params: {aws_region_name: {env: REGION}}"], [("MS313", 7)]),
        (["provider: bedrock", CLAUDE, "params: {aws_region_name: eu-west-99}"], [("MS313", 7)]),
        (
            [
                "provider: bedrock",
                "upstream_model: us.anthropic.claude",
                "params: {aws_region_name: eu-west-1}",
            ],
            [("MS311", 6)],
        ),
        (
            [
                "provider: bedrock",
                "upstream_model: eu.anthropic.claude",
                "params: {aws_region_name: eu-west-1}",
            ],
            [],
        ),
        (
            ["provider: bedrock", "upstream_model: global.x.y", "params: {aws_region_name: eu-west-1}"],
            [("MS311", 6)],
        ),
        (
            [
                "provider: bedrock",
                "upstream_model: global.x.y",
                "params: {aws_region_name: eu-west-1}",
                "upstream_region: eu",
            ],
            [("MS311", 6)],
        ),
        (
            [
                "provider: bedrock",
                CLAUDE,
                "params: {aws_region_name: eu-west-1, model_id: 'arn:aws:bedrock:us-east-1:1:inference-profile/x'}",
            ],
            [("MS311", 7)],
        ),
        (
            [
                "provider: vertex_ai",
                "endpoint: https://europe-west4-aiplatform.googleapis.com",
                "params: {vertex_ai_location: us-central1}",
            ],
            [("MS311", 7)],
        ),
        (["endpoint: https://a.example.org/v1", "upstream_model: us.anthropic.claude"], [("MS313", 5)]),
        (["provider: vertex_ai", "params: {vertex_location: europe-west4}"], []),
        (["provider: vertex_ai", "params: {vertex_location: eu}"], []),
        (["provider: vertex_ai", "params: {vertex_location: global}"], [("MS311", 6)]),
        (["provider: vertex_ai", "params: {vertex_location: us-central1}"], [("MS311", 6)]),
        (["provider: azure", "endpoint: https://ours.openai.azure.com"], [("MS313", 6)]),
        (["provider: azure", "endpoint: https://ours.openai.azure.us"], [("MS311", 6)]),
        (["provider: azure", "endpoint: https://swedencentral.api.cognitive.microsoft.com"], [("MS313", 6)]),
        (["provider: azure", "endpoint: https://eastus.api.cognitive.microsoft.com"], [("MS311", 6)]),
        (["endpoint: https://a.example.org/v1", "upstream_region: eu"], []),
        (["endpoint: https://a.example.org/v1", "upstream_region: de"], [("MS301", 6)]),
        (["endpoint: https://us.api.openai.com/v1", "upstream_region: eu"], [("MS312", 5)]),
        (["endpoint: https://x.us-east-1.elb.amazonaws.com/v1", "local_inference: true"], [("MS312", 5)]),
        (
            ["deployments: [{endpoint: https://a.example.org/v1, region: eu}, {provider: deepseek}]"],
            [("MS311", 5)],
        ),
        (["status: disabled", "endpoint: https://a.example.org/v1"], []),
    ],
)
def test_every_upstream_is_proved_inside_or_reported(
    lines: list[str], expected: list[tuple[str, int]], tmp_path: Path
) -> None:
    codes = ("MS30", "MS31", "MS2", "MS1")
    assert [one for one in _of(tmp_path, *lines) if one[0].startswith(codes)] == expected


def test_a_region_without_countries_proves_nothing(tmp_path: Path) -> None:
    line = "endpoint: https://us.api.openai.com/v1"
    assert ("MS313", 5) in _of(tmp_path / "a", line, region="us-east")
    known = REGIONS.replace("code: us-east,", "code: us-east, countries: [US],")
    assert _of(tmp_path / "b", line, region="us-east", regions=known) == []
    assert ("MS311", 5) in _of(
        tmp_path / "c", line.replace("us.api", "jp.api"), region="us-east", regions=known
    )


@pytest.mark.parametrize(
    ("upstreams", "lines"),
    [
        ("{hosts: ['*.example.org']}", ["endpoint: https://a.example.org/v1"]),
        ("{hosts: ['[2001:db8::7]']}", ["endpoint: https://[2001:db8:0::7]/v1"]),
        ("{variables: ['EU_*']}", ["endpoint: {env: EU_URL}"]),
        (
            "{clouds: {aws: [eu-west-99]}}",
            ["provider: bedrock", CLAUDE, "params: {aws_region_name: eu-west-99}"],
        ),
    ],
)
def test_one_line_of_a_region_settles_every_model_behind_it(
    upstreams: str, lines: list[str], tmp_path: Path
) -> None:
    def regions(code: str) -> str:
        return REGIONS.replace(f"code: {code},", f"code: {code}, upstreams: {upstreams},")

    assert [code for code, _ in _of(tmp_path / "a", *lines)] == ["MS313"]
    assert _of(tmp_path / "b", *lines, regions=regions("eu")) == []
    assert [code for code, _ in _of(tmp_path / "c", *lines, regions=regions("us"))] == ["MS311"]


@pytest.mark.parametrize(
    ("upstreams", "lines", "expected"),
    [
        ("{hosts: ['*.openai.com']}", ["endpoint: https://us.api.openai.com/v1"], [("MS312", 5)]),
        ("{hosts: [us.api.openai.com]}", ["endpoint: https://us.api.openai.com/v1"], [("MS312", 3)]),
        (
            "{clouds: {aws: [eu-west-1]}}",
            ["provider: bedrock", "upstream_model: us.x.y", "params: {aws_region_name: eu-west-1}"],
            [("MS312", 6)],
        ),
        (
            "{variables: ['EU_*']}",
            ["provider: bedrock", "upstream_model: us.x.y", "params: {aws_region_name: {env: EU_X}}"],
            [("MS312", 6)],
        ),
        (
            "{hosts: [a.example.org]}",
            ["endpoint: https://a.example.org/v1", "params: {api_base: 'https://b.example.net/v1'}"],
            [("MS313", 5), ("MS313", 6)],
        ),
    ],
)
def test_a_line_of_a_region_hides_nothing_that_is_known(
    upstreams: str, lines: list[str], expected: list[tuple[str, int]], tmp_path: Path
) -> None:
    regions = REGIONS.replace("code: eu,", f"code: eu, upstreams: {upstreams},")
    assert _of(tmp_path, *lines, regions=regions) == expected


def test_a_declaration_is_contradicted_whatever_another_region_claims(tmp_path: Path) -> None:
    regions = REGIONS.replace("code: us,", "code: us, upstreams: {hosts: [us.api.openai.com]},")
    lines = ["endpoint: https://us.api.openai.com/v1", "upstream_region: eu"]
    assert _of(tmp_path, *lines, regions=regions) == [("MS312", 5)]


def test_a_private_address_does_not_vouch_for_another(tmp_path: Path) -> None:
    lines = ["endpoint: http://10.0.0.5:8000/v1", "params: {api_base: 'https://b.example.net/v1'}"]
    assert ("MS313", 6) in _of(tmp_path, *lines)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"regions.yaml": REGIONS.replace("code: us,", "code: us, countries: [xx],")}, [("MS314", 2)]),
        (
            {
                "regions.yaml": REGIONS.replace(
                    "code: eu,",
                    "code: eu, upstreams: {clouds: {aws: [us-east-1]}, hosts: [api.deepseek.com]},",
                )
            },
            [("MS312", 3), ("MS312", 3)],
        ),
        (
            {
                "heads.yaml": HEADS.replace(
                    "https://head-eu.example.net", "https://h.us-west-2.elb.amazonaws.com"
                )
            },
            [("MS312", 3)],
        ),
    ],
)
def test_regions_and_heads_agree_with_what_is_known(
    files: dict[str, str], expected: list[tuple[str, int]], tmp_path: Path
) -> None:
    atlas = _model("atlas", "provider: mistral")
    assert _found(tmp_path, {**files, "models.d/atlas.yaml": atlas}) == expected


def test_what_a_fallback_model_calls_counts(tmp_path: Path) -> None:
    files = {
        "models.d/atlas.yaml": _model("atlas", "provider: mistral", "fallback_models: [bison]"),
        "models.d/bison.yaml": _model("bison", "provider: mistral", "fallback_models: [cobra]"),
        "models.d/cobra.yaml": "model_id: cobra\nname: c\nregion: us\npriority_head: head-eu\nprovider: {}\n",
    }
    abroad = {**files, "models.d/cobra.yaml": files["models.d/cobra.yaml"].format("deepseek")}
    assert _found(tmp_path / "a", abroad) == [("MS302", 6), ("MS302", 6)]
    unknown = {**files, "models.d/cobra.yaml": files["models.d/cobra.yaml"].format("openai")}
    assert _found(tmp_path / "b", unknown) == [("MS313", 5)]


def test_the_table_says_where_each_upstream_runs_and_how_that_is_known(tmp_path: Path) -> None:
    lines = {
        "a": ["provider: mistral"],
        "b": ["endpoint: https://x.example.org/v1", "upstream_region: eu"],
        "c": ["endpoint: http://10.0.0.1/v1"],
        "d": ["endpoint: {env: URL}"],
    }
    files = {f"models.d/{name}.yaml": _model(name, *more) for name, more in lines.items()}
    table = compile_fleet(write(tmp_path, {**FIXED, **files}), today=TODAY).table
    assert table is not None
    found = {route.model_id: route.targets[0].location for route in table.routes}
    assert found["a"].known_by == "the host api.mistral.ai"
    assert {"de", "fr"} < {*found["a"].countries}
    assert (found["b"].regions, found["b"].known_by) == (("eu",), "upstream_region")
    assert found["c"].regions == ("eu",)
    assert (found["d"].regions, found["d"].countries, found["d"].known_by) == ((), (), None)


@pytest.mark.parametrize("cloud", sorted(GEOGRAPHY.clouds))
def test_every_row_names_countries_and_its_source(cloud: str) -> None:
    for region, fact in GEOGRAPHY.clouds[cloud].items():
        assert fact.countries == ANYWHERE or fact.countries <= ISO, region
        assert fact.source.startswith("https://"), region


def test_every_host_and_profile_names_countries_and_its_source() -> None:
    facts = [fact for rows in GEOGRAPHY.hosts.values() for _, _, fact in rows]
    for fact in (*facts, *GEOGRAPHY.profiles.values()):
        assert fact.countries == ANYWHERE or fact.countries <= ISO
        assert fact.source.startswith("https://")


AWS = sorted(GEOGRAPHY.clouds["aws"])
PROFILES = ["", *(f"{name}." for name in sorted(GEOGRAPHY.profiles))]


@settings(max_examples=60, deadline=None)
@given(
    region=st.sampled_from(AWS),
    profile=st.sampled_from(PROFILES),
    declared=st.sampled_from([None, "eu", "us", "de"]),
    residency=st.lists(st.sampled_from(["eu", "us", "de", "uk"]), min_size=1, unique=True),
)
def test_silence_is_proof(
    region: str, profile: str, declared: str | None, residency: list[str], tmp_path_factory: Any
) -> None:
    """Where nothing is said, every country that a request may reach is one of the residency."""
    listed = json.dumps(sorted({"eu", *residency}))
    regions = REGIONS.replace("residency: [eu]", f"residency: {listed}")
    lines = [
        "provider: bedrock",
        f"upstream_model: {profile}anthropic.x",
        f"params: {{aws_region_name: {region}}}",
    ]
    lines += [] if declared is None else [f"upstream_region: {declared}"]
    silent = not _of(tmp_path_factory.mktemp("r"), *lines, regions=regions)
    facts = [GEOGRAPHY.clouds["aws"][region], *([GEOGRAPHY.profiles[profile[:-1]]] if profile else [])]
    countries = {
        "eu": GEOGRAPHY.clouds["gcp"]["eu"].countries,
        "us": frozenset({"us"}),
        "de": frozenset({"de"}),
        "uk": frozenset({"gb"}),
    }
    allowed = frozenset().union(*(countries[code] for code in {"eu", *residency}))
    proved = all(fact.countries <= allowed for fact in facts)
    agreed = declared is not None and all(
        not fact.countries.isdisjoint(countries[declared]) for fact in facts
    )
    assert silent == (proved if declared is None else declared in {"eu", *residency} and agreed)
