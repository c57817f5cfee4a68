"""Importing a small checkout of models.dev."""

from pathlib import Path

import pytest
from importing_sources import TODAY
from modelspec_command import tree

from modelspec.diagnose.refusal import Refusal
from modelspec.importing import BY_NAME, ImportOutcome, ImportRequest, run
from modelspec.importing.destination import find_destination
from modelspec.incremental import compile_fleet

SECRET = "sk-proj-aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9fG"
FILES = {
    "models/deepseek/v4.toml": """\
name = "DeepSeek V4"
family = "deepseek"
release_date = 2026-01-02
open_weights = true
[limit]
context = 1_000_000
input = 900_000
[modalities]
input = ["text"]
output = ["text"]
""",
    "providers/openrouter/provider.toml": """\
name = "OpenRouter"
env = ["OPENROUTER_API_KEY"]
npm = "@openrouter/ai-sdk-provider"
api = "https://openrouter.ai/api/v1"
""",
    "providers/openrouter/models/deepseek/v4.toml": """\
base_model = "deepseek/v4"
base_model_omit = ["limit.input", "nothing.here"]
status = "deprecated"
[cost]
input = 0.5
[limit]
output = 5
""",
    "providers/acme/provider.toml": """\
name = "Acme"
env = ["ACME_ACCOUNT", "ACME_API_KEY"]
npm = "@ai-sdk/openai-compatible"
api = "https://api.acme.example/v1"
""",
    "providers/acme/models/mirror:free.toml": '[extends]\nfrom = "openrouter/deepseek/v4"\nomit = ["cost"]\n',
    "providers/acme/models/plain.toml": 'name = "Plain"\nstatus = "beta"\n[provider]\napi = "https://eu.acme.example/v1"\n',
    "providers/acme/models/odd name.toml": "temperature = inf\nnames = [nan, 1]\n",
    "providers/acme/models/loop.toml": '[extends]\nfrom = "acme/loop"\n',
    "providers/acme/models/lost.toml": 'base_model = "nobody/nothing"\n',
    "providers/acme/models/broken.toml": "name = \n",
    "providers/acme/models/climb.toml": 'base_model = "../../../etc/passwd"\n',
    "providers/acme/models/secret.toml": f'note = "{SECRET}"\napi_token = "hunter2"\n',
    "providers/amazon-bedrock/provider.toml": 'name = "Bedrock"\nenv = ["AWS_ACCESS_KEY_ID"]\n',
    "providers/amazon-bedrock/models/amazon.nova-v1:0.toml": 'name = "Nova"\n',
    "providers/azure/provider.toml": 'name = "Azure"\nenv = ["AZURE_RESOURCE_NAME", "AZURE_API_KEY"]\n',
    "providers/azure/models/gpt-5.toml": 'name = "GPT-5"\n',
    "providers/tilted/provider.toml": 'name = "Tilted"\napi = "https://${TILTED_HOST}/v1"\n',
    "providers/tilted/models/m.toml": 'name = "M"\n',
    "providers/unreadable/provider.toml": "name",
    "providers/unreadable/models/m.toml": 'name = "M"\n',
    "providers/.hidden/models/m.toml": 'name = "M"\n',
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "catalogue"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    models = folder / "providers" / "acme" / "models"
    (models / "link.toml").symlink_to("../../../models/deepseek/v4.toml")
    (tmp_path / "outside.toml").write_text('name = "Outside"\n', encoding="utf-8")
    (models / "outside.toml").symlink_to(tmp_path / "outside.toml")
    (models / "away").symlink_to(tmp_path)
    return folder


def read(checkout: Path, into: Path, *providers: str) -> ImportOutcome | Refusal:
    return run(BY_NAME["modelsdev"], ImportRequest(source=checkout, into=into, providers=providers), TODAY)


def test_models_inherit_and_links_inside_are_followed(checkout: Path, tmp_path: Path) -> None:
    outcome = read(checkout, tmp_path / "new", "acme", "openrouter")
    assert isinstance(outcome, ImportOutcome)
    made = {name: data.decode() for name, data in tree(tmp_path / "new" / "models.d").items()}
    assert sorted(made) == [
        "acme_link.yaml",
        "acme_mirror_free.yaml",
        "acme_odd-name.yaml",
        "acme_plain.yaml",
        "acme_secret.yaml",
        "openrouter_deepseek_v4.yaml",
    ]
    inherited = made["openrouter_deepseek_v4.yaml"]
    assert "name: DeepSeek V4\n" in inherited
    assert "limit: {context: 1000000, output: 5}" in inherited
    assert "release_date: 2026-01-02" in inherited
    assert "cost: {input: 0.5}" in inherited
    assert "status: deprecated" in inherited
    assert "endpoint:" not in inherited
    mirror = made["acme_mirror_free.yaml"]
    assert "upstream_model: mirror:free\napi_key: {env: ACME_API_KEY}\n" in mirror
    assert "cost" not in mirror
    assert "endpoint: https://eu.acme.example/v1" in made["acme_plain.yaml"]
    assert "tags: [beta]" in made["acme_plain.yaml"]
    assert "names: [1]" in made["acme_odd-name.yaml"]
    assert "sk-proj" not in made["acme_secret.yaml"]
    assert "hunter2" not in made["acme_secret.yaml"]


def test_reports_models_that_cannot_be_read(checkout: Path, tmp_path: Path) -> None:
    outcome = read(checkout, tmp_path / "new", "acme", "unreadable")
    assert isinstance(outcome, ImportOutcome)
    reported = {(note.kind.value, note.spot.path.rpartition("/")[2]): note.why for note in outcome.notes}
    assert reported["absent", "loop.toml"].startswith("it inherits from providers/acme/models/loop.toml")
    assert "models/nobody/nothing.toml, which cannot be read" in reported["absent", "lost.toml"]
    assert reported["absent", "broken.toml"] == "it is not valid TOML: not imported"
    assert "it is not a path in a checkout" in reported["absent", "climb.toml"]
    assert reported["absent", "outside.toml"] == "a link leads out of the checkout: not imported"
    assert reported["absent", "m.toml"].startswith("provider.toml cannot be read")
    assert ("secret", "secret.toml") in reported
    assert ("changed", "odd name.toml") in reported


def test_clouds_and_templates_get_variables(checkout: Path, tmp_path: Path) -> None:
    outcome = read(checkout, tmp_path / "new", "azure", "amazon-bedrock", "tilted")
    assert isinstance(outcome, ImportOutcome)
    made = {name: data.decode() for name, data in tree(tmp_path / "new" / "models.d").items()}
    assert "params: {aws_region_name: {env: AWS_REGION}}" in made["amazon-bedrock_amazon.nova-v1_0.yaml"]
    assert "endpoint: {env: AZURE_API_BASE}\nprovider: azure" in made["azure_gpt-5.yaml"]
    assert "endpoint: {env: TILTED_API_BASE}" in made["tilted_m.yaml"]
    assert "api_key" not in made["tilted_m.yaml"]


def test_the_report_has_every_error_of_the_result(checkout: Path, tmp_path: Path) -> None:
    outcome = read(checkout, tmp_path / "new")
    assert isinstance(outcome, ImportOutcome)
    compiled = compile_fleet(tmp_path / "new", today=TODAY)
    errors = {f"{f.code} in {f.path}:{f.span.line}" for f in compiled.diagnostics if f.severity == "error"}
    assert errors == {note.what for note in outcome.notes if note.kind == "breaks"}
    assert len(outcome.models) == 9


def test_reports_progress_and_applies_a_filter(checkout: Path, tmp_path: Path) -> None:
    reported: list[tuple[int, int]] = []
    request = ImportRequest(
        source=checkout,
        into=tmp_path / "new",
        providers=("acme",),
        wanted=lambda fields: fields["name"] == "Plain",
        progress=lambda done, of: reported.append((done, of)),
    )
    to = find_destination(request.into, "eu", ())
    assert not isinstance(to, Refusal)
    imported = BY_NAME["modelsdev"].read(request, to)
    assert not isinstance(imported, Refusal)
    assert [model.model_id for model in imported.models] == ["acme/plain"]
    assert reported == [(n, 10) for n in range(1, 11)]


def test_rejects_a_folder_that_is_not_a_checkout(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    nothing = read(tmp_path / "empty", tmp_path / "new")
    assert isinstance(nothing, Refusal)
    assert "is not a checkout of models.dev" in nothing.message
    unknown = read(checkout, tmp_path / "new", "acmee")
    assert isinstance(unknown, Refusal)
    assert unknown.help == "did you mean 'acme'?"
    hidden = read(checkout, tmp_path / "new", "zzzzzzzzzz")
    assert isinstance(hidden, Refusal)
    assert not (tmp_path / "new").exists()
