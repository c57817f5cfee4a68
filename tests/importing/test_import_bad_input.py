"""What cannot be imported: a clear error, and nothing written in part."""

import json
import os
from pathlib import Path

import pytest
from importing_sources import import_litellm
from modelspec_command import tree

from modelspec.diagnose.refusal import Refusal
from modelspec.importing import REPORTS, ImportOutcome
from modelspec.load.foreign import MAX_FOREIGN_BYTES

MODEL = (
    "model_list: [{model_name: gpt-4o, litellm_params: {model: openai/gpt-4o, api_key: os.environ/KEY}}]\n"
)
FLEET = {
    "regions.yaml": "regions:\n  - {code: eu, name: Europe}\n  - {code: us, name: United States}\n",
    "heads.yaml": (
        "heads:\n"
        "  - {head_id: head-eu, region: eu, url: https://eu.example.com}\n"
        "  - {head_id: head-us, region: us, url: https://us.example.com}\n"
        "  - {head_id: head-us-2, region: us, url: https://us2.example.com, status: draining}\n"
    ),
    "models.d/atlas.yaml": (
        "model_id: atlas\nname: Atlas\nregion: eu\npriority_head: head-eu\nendpoint: https://atlas.example.com/v1\n"
    ),
}


def write(folder: Path, text: str | bytes, name: str = "config.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def repository(folder: Path, more: dict[str, str] | None = None) -> Path:
    for name, text in {**FLEET, **(more or {})}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "litellm_settings: {}\n",
            "is not a LiteLLM configuration: it has no model_list (only litellm_settings)",
        ),
        ("services: {litellm: {image: x}}\n", "is not a LiteLLM configuration: it has no model_list"),
        ("", "is not a LiteLLM configuration: it has no model_list"),
        ("just text", "is not a LiteLLM configuration: it has no model_list"),
        ("model_list: []\n", "has an empty model_list"),
        ("model_list:\n", "has an empty model_list"),
        ("model_list: {a: 1}\n", "has an empty model_list"),
        ("model_list:\n  - {model_name: 'a\n", "config.yaml:2:18': this quote is never closed"),
        ("a: [1\nb: 2\n", "config.yaml:1:4': this '[' is not closed before the next field"),
        (b"\xff\xfea", "config.yaml': this file is UTF-16, not UTF-8"),
        (b"a: \xe9", "config.yaml:1:4': this file is not UTF-8"),
        ("a: \x07", "config.yaml:1:4': U+0007 is a control character"),
        ("a: " + "[" * 80 + "]" * 80, "nested deeper than 64 levels"),
        (
            MODEL.replace("]", ", {model_name: GPT-4o, litellm_params: {model: openai/x}}]"),
            "the names 'gpt-4o' and 'GPT-4o' differ only by case (config.yaml:1:27 and config.yaml:1:",
        ),
        (
            "model_list: [{litellm_params: {model: a}}]",
            "nothing in 'config.yaml' can be imported: config.yaml:1",
        ),
    ],
)
def test_rejects_a_file_that_cannot_be_imported(text: str | bytes, message: str, tmp_path: Path) -> None:
    refusal = import_litellm(write(tmp_path, text), tmp_path / "new")
    assert isinstance(refusal, Refusal)
    assert message in refusal.message
    assert refusal.help
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]


BILLION = "".join(
    f"{n}: &{n} [{', '.join([f'*{o}'] * 9)}]\n" for o, n in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("# " + "a" * MAX_FOREIGN_BYTES, "it is larger than 4 MiB", id="bytes"),
        pytest.param("a: &a [1]\nb: [" + "*a, " * 20_001 + "]\n", "more than 20,000 aliases", id="aliases"),
        pytest.param("a: &a [1]\n" + BILLION, "more than 500,000 values", id="values"),
    ],
)
def test_rejects_a_file_beyond_a_limit(text: str, message: str, tmp_path: Path) -> None:
    test_rejects_a_file_that_cannot_be_imported(text, message, tmp_path)


_IN_A_CONFIGMAP = "data:\n  config.yaml: |\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (MODEL.replace("gpt-4o,", '"{{ .Values.name }}",', 1), 1),
        (MODEL.replace("openai/gpt-4o", '"openai/{{- $.Values.model }}"'), 1),
        (MODEL.replace("os.environ/KEY", "{{ .Release.Name }}"), 1),
        ("# {{- if .Values.enabled }}\nproxy: {}\n", 1),
        ('\nproxyConfig: "{{ .Values.config | toYaml }}"\n', 2),
        (f"{_IN_A_CONFIGMAP}    model_list:\n    {{{{- range .Values.models }}}}\n    - a\n", 4),
        (f'{_IN_A_CONFIGMAP}    model_list:\n    - model_name: a\n      x: {{{{ include "url" . }}}}\n', 5),
    ],
)
def test_asks_for_a_template_of_helm_to_be_rendered(text: str, line: int, tmp_path: Path) -> None:
    refusal = import_litellm(write(tmp_path, text), tmp_path / "new")
    assert isinstance(refusal, Refusal)
    assert refusal.message == f"'config.yaml:{line}': a template of Helm that is not rendered"
    assert "helm template" in refusal.help


def test_a_template_of_a_prompt_is_no_template_of_helm(tmp_path: Path) -> None:
    prompt = MODEL.replace("os.environ/KEY", 'os.environ/KEY, template: "{{ .System }} {{ .Prompt }}"')
    assert isinstance(import_litellm(write(tmp_path, prompt), tmp_path / "new"), ImportOutcome)


def test_rejects_a_bomb_of_merge_keys(tmp_path: Path) -> None:
    lines = ["a0: &a0 {" + ", ".join(f"k{n}: 1" for n in range(100)) + "}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 9)]
    refusal = import_litellm(write(tmp_path, "\n".join(lines)), tmp_path / "new")
    assert isinstance(refusal, Refusal)


def test_rejects_a_missing_source_and_one_that_is_not_a_file(tmp_path: Path) -> None:
    missing = import_litellm(tmp_path / "none.yaml", tmp_path / "new")
    assert isinstance(missing, Refusal)
    assert "no such file" in missing.message
    folder = import_litellm(tmp_path, tmp_path / "new")
    assert isinstance(folder, Refusal)
    assert "not a regular file" in folder.message
    os.mkfifo(tmp_path / "pipe")
    pipe = import_litellm(tmp_path / "pipe", tmp_path / "new")
    assert isinstance(pipe, Refusal)


def test_rejects_includes_outside_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    write(tmp_path, "model_list: [{model_name: out, litellm_params: {model: openai/o}}]", "outside.yaml")
    (inside / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (inside / "folder").symlink_to(tmp_path)
    names = [
        "link.yaml",
        "folder/outside.yaml",
        "../outside.yaml",
        str(tmp_path / "outside.yaml"),
        "s3://b/c",
        "a\\b",
    ]
    outcome = import_litellm(write(inside, f"include: {json.dumps(names)}\n{MODEL}"), tmp_path / "new")
    assert isinstance(outcome, ImportOutcome)
    assert [one.draft.model_id for one in outcome.models if one.draft] == ["gpt-4o"]
    assert [note.kind for note in outcome.notes] == ["absent"] * len(names)


@pytest.mark.parametrize(
    ("region", "heads", "message"),
    [
        ("EU", (), "'EU' is not a valid region code"),
        ("a" * 33, (), "is not a valid region code"),
        (None, ("Head=https://x.example",), "'Head' is not a valid head id"),
        (None, ("head-eu",), "the head 'head-eu' has no URL"),
        (None, ("head-eu=x.example",), "the URL of head 'head-eu' does not begin with http"),
        (None, ("head-eu=https://u:p@x.example",), "the URL of head 'head-eu' contains credentials"),
    ],
)
def test_rejects_invalid_regions_and_heads(
    region: str | None, heads: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    refusal = import_litellm(write(tmp_path, MODEL), tmp_path / "new", region=region, heads=heads)
    assert isinstance(refusal, Refusal)
    assert message in refusal.message
    assert not (tmp_path / "new").exists()


def test_does_not_touch_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    source = write(tmp_path, MODEL)
    refusal = import_litellm(source, tmp_path)
    assert isinstance(refusal, Refusal)
    assert "it is neither empty nor a configuration repository" in refusal.message
    not_a_folder = import_litellm(source, source)
    assert isinstance(not_a_folder, Refusal)
    (tmp_path / "empty").mkdir()
    assert isinstance(import_litellm(source, tmp_path / "empty"), ImportOutcome)
    assert "models.d/gpt-4o.yaml" in tree(tmp_path / "empty")


def test_rejects_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    source = write(tmp_path, MODEL)
    (tmp_path / "file").touch()
    refusal = import_litellm(source, tmp_path / "file" / "new")
    assert isinstance(refusal, Refusal)


def test_adds_only_models_to_an_existing_repository(tmp_path: Path) -> None:
    fleet = repository(tmp_path / "fleet")
    before = tree(fleet)
    source = write(tmp_path, MODEL + "router_settings: {num_retries: 3}\n")
    outcome = import_litellm(source, fleet, region="us")
    assert isinstance(outcome, ImportOutcome)
    after = tree(fleet)
    assert {name: data for name, data in after.items() if name in before} == before
    (new,) = after.keys() - before.keys()
    assert new == "models.d/litellm/gpt-4o.yaml"
    assert b"region: us\npriority_head: head-us\nprovider: openai\napi_key" in after[new]
    assert "the repository already has settings" in "".join(REPORTS["text"](outcome))
    again = import_litellm(source, fleet, region="us")
    assert isinstance(again, Refusal)
    assert "already exists, and nothing is overwritten" in again.message
    assert tree(fleet) == after


@pytest.mark.parametrize(
    ("region", "heads", "message"),
    [
        (None, (), "the repository has several regions"),
        ("su", (), "no region of the repository is named 'su'"),
        ("eu", ("head-ue",), "no head of the repository is named 'head-ue'"),
        ("eu", ("brand-new=https://x.example",), "no head of the repository is named 'brand-new'"),
    ],
)
def test_rejects_regions_and_heads_that_the_repository_lacks(
    region: str | None, heads: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    fleet = repository(tmp_path / "fleet")
    before = tree(fleet)
    refusal = import_litellm(write(tmp_path, MODEL), fleet, region=region, heads=heads)
    assert isinstance(refusal, Refusal)
    assert message in refusal.message
    assert tree(fleet) == before


def test_rejects_a_name_that_the_repository_has(tmp_path: Path) -> None:
    fleet = repository(tmp_path / "fleet")
    before = tree(fleet)
    refusal = import_litellm(write(tmp_path, MODEL.replace("gpt-4o,", "Atlas,")), fleet, region="eu")
    assert isinstance(refusal, Refusal)
    assert "config.yaml:1:27: the name" in refusal.message
    assert tree(fleet) == before


def test_rejects_a_broken_repository(tmp_path: Path) -> None:
    fleet = repository(tmp_path / "fleet", {"heads.yaml": "heads: {"})
    refusal = import_litellm(write(tmp_path, MODEL), fleet, region="eu")
    assert isinstance(refusal, Refusal)
    assert "no readable regions.yaml and heads.yaml" in refusal.message


def test_rejects_a_region_without_an_active_head(tmp_path: Path) -> None:
    heads = "heads:\n  - {head_id: head-eu, region: eu, url: https://eu.example.com, status: offline}\n"
    fleet = repository(tmp_path / "fleet", {"heads.yaml": heads})
    refusal = import_litellm(write(tmp_path, MODEL), fleet, region="eu")
    assert isinstance(refusal, Refusal)
    assert "has no active head" in refusal.message


def test_recognises_regions_of_the_repository(tmp_path: Path) -> None:
    fleet = repository(tmp_path / "fleet", {"modelspec.yaml": "targets: [prometheus]\n"})
    text = (
        "model_list:\n"
        "  - {model_name: a, litellm_params: {model: bedrock/eu.x, aws_region_name: eu-west-1, aws_role_name: r}}\n"
        "  - {model_name: b, litellm_params: {model: bedrock/x, aws_region_name: us-east-1}}\n"
        "  - {model_name: c, litellm_params: {model: bedrock/eu.x, aws_region_name: us-east-1}}\n"
        "  - {model_name: d, litellm_params: {model: openai/x, region_name: us, api_key: os.environ/K}}\n"
    )
    outcome = import_litellm(write(tmp_path, text), fleet, region="eu", heads=("head-eu",))
    assert isinstance(outcome, ImportOutcome)
    made = {name: data.decode() for name, data in tree(fleet / "models.d" / "litellm").items()}
    assert "aws_role_name: r" in made["a.yaml"]
    assert "deployments" not in made["a.yaml"]
    assert "region: us" in made["b.yaml"]
    assert "deployments" not in made["c.yaml"]
    assert "region: us" in made["d.yaml"]
    assert "region_name" not in made["d.yaml"]
