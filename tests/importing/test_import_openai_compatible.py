"""Answers of `/v1/models` as models."""

import json
from pathlib import Path

import pytest
from importing_sources import TODAY
from modelspec_command import tree

from modelspec.importing import BY_NAME, REPORTS, ImportOutcome, ImportRequest, run
from modelspec.incremental import compile_fleet

VLLM = {
    "object": "list",
    "data": [
        {
            "id": "meta-llama/Llama-3.1-8B-Instruct",
            "object": "model",
            "created": 1760000000,
            "owned_by": "vllm",
            "root": "meta-llama/Llama-3.1-8B-Instruct",
            "parent": None,
            "max_model_len": 131072,
            "permission": [{"id": "modelperm-1", "allow_sampling": True}],
        },
        {"id": "phi 4", "object": "model", "created": 1, "owned_by": "vllm", "price": {"input": 1}},
    ],
}
KEY = "sk-proj-aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9fG"


def imported(folder: Path, answer: object, key: str | None = "VLLM_KEY") -> tuple[str, dict[str, str]]:
    """The report, and the files by path."""
    source = folder / "models.json"
    source.write_text(answer if isinstance(answer, str) else json.dumps(answer, indent=1), encoding="utf-8")
    request = ImportRequest(
        source=source, into=folder / "new", endpoint="https://vllm.example.com/v1", key=key
    )
    outcome = run(BY_NAME["openai-compatible"], request, TODAY)
    if not isinstance(outcome, ImportOutcome):
        return f"{outcome.message}: {outcome.help}", {}
    files = {path: data.decode() for path, data in tree(folder / "new").items()}
    return "".join("".join(report(outcome)) for report in REPORTS.values()), files


def test_each_model_has_one_deployment(tmp_path: Path) -> None:
    report, files = imported(tmp_path, VLLM)
    assert files["models.d/meta-llama_llama-3.1-8b-instruct.yaml"] == (
        "model_id: meta-llama/Llama-3.1-8B-Instruct\n"
        "name: meta-llama/Llama-3.1-8B-Instruct\n"
        "region: main\n"
        "priority_head: head-main\n"
        "endpoint: https://vllm.example.com/v1\n"
        "api_key: {env: VLLM_KEY}\n"
        "metadata: {owned_by: vllm, max_model_len: 131072}\n"
    )
    assert "upstream_model: phi 4\n" in files["models.d/phi-4.yaml"]
    assert "the name 'phi 4': not a valid model_id: clients must send 'phi-4' now" in report
    assert "data[1].price: a model has no field for it: not imported" in report
    assert not compile_fleet(tmp_path / "new", today=TODAY).has_errors


def test_a_server_without_a_key_and_an_answer_without_its_object(tmp_path: Path) -> None:
    _, files = imported(tmp_path, [{"id": "phi-4"}], key=None)
    assert "api_key" not in files["models.d/phi-4.yaml"]


@pytest.mark.parametrize(
    "answer", ["", "[]", "{}", "null", '{"data": {}}', '{"error": "denied"}', "<html>", '{"data": [']
)
def test_refuses_what_is_not_an_answer(tmp_path: Path, answer: str) -> None:
    report, files = imported(tmp_path, answer)
    assert "models.json" in report
    assert files == {}


def test_odd_models_are_reported(tmp_path: Path) -> None:
    odd = [
        {"id": ""},
        {"id": 7},
        "text",
        {"id": "*"},
        {"id": "a/*"},
        {"id": "日本"},
        {"id": "a"},
        {"id": "A"},
    ]
    report, files = imported(tmp_path, odd)
    assert [path for path in files if path.startswith("models.d/")] == ["models.d/a.yaml"]
    assert "imported 1 model from models.json (will not be there: 4, suspicious in the source: 3)" in report


@pytest.mark.parametrize("place", ["id", "owned_by", "price", KEY])
def test_no_secret_is_imported_or_reported(tmp_path: Path, place: str) -> None:
    report, files = imported(tmp_path, [{"id": "fine"}, {"id": "other", place: KEY}])
    assert KEY.lower() not in (report + "".join(f"{path}{text}" for path, text in files.items())).lower()
