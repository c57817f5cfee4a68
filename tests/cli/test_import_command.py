"""The installed command: its streams and exit codes."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from modelspec_command import Command, tree

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/import.schema.json").read_text(encoding="utf-8"))
CONFIG = """\
model_list:
  - {model_name: gpt-4o, litellm_params: {model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY}}
  - {model_name: other, litellm_params: {model: openai/other, api_key: correct horse battery}}
guardrails: [{guardrail_name: pii}]
"""
FAULTY = 'model_list: [{model_name: a, litellm_params: {model: openai/a, api_base: "http://models.example.com/v1"}}]\n'


@pytest.fixture
def config(command: Command) -> Path:
    path = command.home / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def test_a_configuration_becomes_a_repository_that_builds(command: Command, config: Path) -> None:
    done = command.run(
        "import",
        "litellm",
        config,
        "--into",
        "fleet",
        "--region",
        "eu",
        "--head",
        "head-eu=https://h.example",
    )
    assert done.code == 0
    assert done.out.startswith(
        "imported 2 models from config.yaml (secrets to rotate: 1, carried in another form: 1)\n"
    )
    assert "correct horse" not in done.out + done.err
    assert done.err == "wrote 6 files to 'fleet'\n"
    assert command.run("validate", "--root", "fleet").code == 0
    assert command.run("build", "--root", "fleet").code == 0
    assert (command.home / "fleet/dist/gateways/litellm/head-eu.yaml").is_file()


def test_a_dry_run_writes_nothing(command: Command, config: Path) -> None:
    done = command.run("import", "litellm", config, "--into", "fleet", "--dry-run")
    assert done.code == 0
    assert done.out.startswith("would import 2 models")
    assert done.err == "nothing was written\n"
    assert list(tree(command.home)) == ["config.yaml"]


def test_json_follows_its_schema_and_is_the_same_twice(command: Command, config: Path) -> None:
    run = [
        command.run("import", "litellm", config, "--into", into, "--format", "json") for into in ("a", "b")
    ]
    assert run[0].out == run[1].out
    report = json.loads(run[0].out)
    Draft202012Validator(SCHEMA).validate(report)
    assert list(report) == list(SCHEMA["properties"])
    assert report["summary"] == {
        "models": 2,
        "breaks": 0,
        "elsewhere": 0,
        "different": 0,
        "absent": 0,
        "secret": 1,
        "suspicious": 0,
        "changed": 1,
    }
    assert [model["path"] for model in report["models"]] == ["models.d/gpt-4o.yaml", "models.d/other.yaml"]


def test_markdown_is_safe_in_a_table(command: Command) -> None:
    path = command.home / "config.yaml"
    path.write_text(CONFIG + '".a|b<script>*_`": {c: 1}\n', encoding="utf-8")
    done = command.run("import", "litellm", path, "--into", "a", "--format", "markdown")
    assert "# Import of config.yaml" in done.out
    assert '| ".a\\|b&lt;script&gt;\\*\\_\\`" |' in done.out


def test_faults_of_the_result_are_reported_with_their_source(command: Command) -> None:
    path = command.home / "config.yaml"
    path.write_text(FAULTY, encoding="utf-8")
    done = command.run("import", "litellm", path, "--into", "a")
    assert done.code == 1
    assert (
        "config.yaml:1:74: MS506 in models.d/a.yaml:5: the endpoint of model 'a' uses plain http" in done.out
    )


def test_refusals_are_printed_on_stderr(command: Command) -> None:
    done = command.run("import", "litellm", "none.yaml", "--into", "a")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "modelspec: cannot read 'none.yaml': no such file or directory\n  = help: name a readable YAML file\n"
    )


def test_help_and_usage(command: Command) -> None:
    assert "litellm" in command.run("import", "--help").out
    assert "CONFIG.yaml" in command.run("import", "litellm", "--help").out
    assert command.run("import", "nothing").code == 2
    assert command.run("import", "litellm").code == 2
    assert "import" in command.run("--help").out


def test_a_catalogue_is_imported(command: Command) -> None:
    models = command.home / "catalogue/providers/acme/models"
    models.mkdir(parents=True)
    (models.parent / "provider.toml").write_text(
        'api = "https://api.acme.example/v1"\nenv = ["ACME_API_KEY"]\n'
    )
    (models / "m.toml").write_text('name = "M"\n')
    done = command.run("import", "modelsdev", "catalogue", "--provider", "acme", "--into", "fleet")
    assert (done.code, done.err) == (0, "wrote 4 files to 'fleet'\n")
    assert command.run("validate", "--root", "fleet").code == 0


def test_a_part_of_a_catalogue_is_imported(command: Command) -> None:
    models = command.home / "catalogue/providers/acme/models"
    models.mkdir(parents=True)
    (models.parent / "provider.toml").write_text(
        'api = "https://api.acme.example/v1"\nenv = ["ACME_API_KEY"]\n'
    )
    for name, weights in (("open", "true"), ("shut", "false")):
        (models / f"{name}.toml").write_text(f'name = "{name}"\nopen_weights = {weights}\n')
    way = ("import", "modelsdev", "catalogue", "--into", "fleet", "--where")
    refused = command.run(*way, "metadata.open_weights = true")
    assert refused.code == 2
    assert "^" in refused.err
    assert not (command.home / "fleet").exists()
    assert command.run(*way, "metadata.open_weights == true").code == 0
    assert [path.stem for path in (command.home / "fleet/models.d").rglob("*.yaml")] == ["acme_open"]
