"""The log of a head, whatever LiteLLM describes a call with. tests/gateways/ runs it in the real program."""

import asyncio
import json
import sys
from math import inf, nan
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from published import schema

from modelspec.gateways.litellm import modelspec_log
from modelspec.gateways.log import HEAD_FIELDS, VERSION

SCHEMA = Draft202012Validator(schema("head-log"))
CALL: dict[str, Any] = {
    "id": "chatcmpl-1",
    "status": "success",
    "call_type": "acompletion",
    "stream": True,
    "model": "mistral/open-mistral-7b",
    "model_id": "mistral-7b#0",
    "model_group": "mistral-7b",
    "custom_llm_provider": "mistral",
    "prompt_tokens": 12,
    "completion_tokens": 34,
    "response_cost": 1.5e-06,
    "startTime": 1767225600.25,
    "completionStartTime": 1767225600.5,
    "endTime": 1767225601.75,
    "metadata": {"requester_custom_headers": {"X-Request-ID": "5f7a-1"}, "user_api_key_hash": "planted"},
    "messages": "planted",
    "response": "planted",
    "api_base": "https://planted.example.com",
    "requester_ip_address": "planted",
    "user_agent": "planted",
    "error_str": "planted",
    "error_information": {"error_code": "", "error_class": "", "error_message": "planted"},
}
HEAD = {"head": "head-eu", "models": {"other/*": "router/*"}}


def line(settings: object = HEAD, **changed: object) -> dict[str, Any]:
    """The line of a call that differs from CALL."""
    return modelspec_log.line_of({**CALL, **changed}, settings if isinstance(settings, dict) else {})


def test_the_fields_are_those_of_the_mapping() -> None:
    assert list(line()) == list(HEAD_FIELDS)
    assert list(schema("head-log")["properties"]) == list(HEAD_FIELDS)
    assert modelspec_log.VERSION == VERSION


def test_a_line_says_what_the_call_was() -> None:
    assert line() == {
        "modelspec.log": 1,
        "modelspec.layer": "head",
        "time": "2026-01-01T00:00:00.250Z",
        "modelspec.request_id": "5f7a-1",
        "modelspec.model": "mistral-7b",
        "modelspec.head": "head-eu",
        "modelspec.deployment": "mistral-7b#0",
        "gen_ai.provider.name": "mistral",
        "gen_ai.response.model": "open-mistral-7b",
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.output_tokens": 34,
        "http.response.status_code": 200,
        "error.type": None,
        "modelspec.duration_ms": 1500,
        "modelspec.first_byte_ms": 250,
        "modelspec.stream": True,
        "modelspec.cost": 1.5e-06,
        "modelspec.commit": None,
    }


@pytest.mark.parametrize(
    ("changed", "field", "expected"),
    [
        ({"model_id": "other/*#1"}, "modelspec.model", "router/*"),
        ({"model_id": "fallback#atlas#0"}, "modelspec.model", "atlas"),
        ({"model_id": "a\nb#0"}, "modelspec.model", None),
        ({"model_id": "a" * 300}, "modelspec.deployment", None),
        ({"call_type": "aembedding"}, "gen_ai.operation.name", "embeddings"),
        ({"call_type": "_aresponses_of_nobody"}, "gen_ai.operation.name", None),
        ({"call_type": "anthropic_messages"}, "gen_ai.operation.name", "chat"),
        ({"prompt_tokens": -1}, "gen_ai.usage.input_tokens", None),
        ({"prompt_tokens": True}, "gen_ai.usage.input_tokens", None),
        ({"prompt_tokens": "12"}, "gen_ai.usage.input_tokens", None),
        ({"response_cost": nan}, "modelspec.cost", None),
        ({"response_cost": 0.0}, "modelspec.cost", None),
        ({"response_cost": 4.9999999999999996e-06}, "modelspec.cost", 5e-06),
        ({"response_cost_failure_debug_info": {"a": 1}}, "modelspec.cost", None),
        ({"status": "failure"}, "http.response.status_code", 500),
        ({"status": "failure", "error_information": {"error_code": "429"}}, "http.response.status_code", 429),
        (
            {"status": "failure", "error_information": {"error_code": "9999"}},
            "http.response.status_code",
            500,
        ),
        ({"status": "failure", "error_information": {"error_class": "a b"}}, "error.type", "error"),
        ({"status": "failure"}, "modelspec.cost", None),
        ({"completionStartTime": inf}, "modelspec.first_byte_ms", None),
        ({"endTime": 0}, "modelspec.duration_ms", None),
        ({"model": "mistral/" + "x" * 300}, "gen_ai.response.model", None),
        ({"metadata": {"requester_custom_headers": {"x-request-id": "a b"}}}, "modelspec.request_id", None),
        ({"metadata": {"requester_custom_headers": {5: "x"}}}, "modelspec.request_id", None),
        ({"metadata": None}, "modelspec.request_id", None),
    ],
)
def test_what_is_not_of_its_form_is_null(changed: dict[str, object], field: str, expected: object) -> None:
    row = line(**changed)
    SCHEMA.validate(row)
    assert row[field] == expected


WILD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text() | st.integers(), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(CALL)), WILD),
    st.dictionaries(st.sampled_from(["head", "models"]), WILD),
)
def test_any_description_gives_a_line_of_the_schema(changed: dict[str, Any], told: dict[str, Any]) -> None:
    row = line(told, **changed)
    SCHEMA.validate(row)
    json.dumps(row, allow_nan=False)
    if not changed:
        assert "planted" not in json.dumps(row)


class Raising(dict[str, object]):
    """A mapping that fails."""

    def get(self, *_: object) -> object:
        raise RuntimeError


@pytest.fixture(name="litellm")
def _litellm(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    module = SimpleNamespace(modelspec=dict(HEAD))
    monkeypatch.setitem(sys.modules, "litellm", module)
    return module


@pytest.mark.parametrize(
    "kwargs", [None, {}, Raising(), {"standard_logging_object": Raising()}, "x", {"a": object()}]
)
def test_a_call_that_nobody_describes_has_a_line_all_the_same(
    kwargs: object, litellm: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(modelspec_log.handler.async_log_failure_event(kwargs=kwargs, response_obj=None))
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    SCHEMA.validate(row)
    assert (row["modelspec.head"], row["http.response.status_code"]) == ("head-eu", 500)
    del litellm.modelspec
    modelspec_log.write(kwargs)
    assert json.loads(capsys.readouterr().out)["modelspec.head"] is None


def test_lines_are_appended_to_the_file_and_a_full_disk_is_no_fault(
    tmp_path: Path, litellm: SimpleNamespace, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "calls.jsonl"
    litellm.modelspec["path"] = str(path)
    for _ in range(2):
        asyncio.run(modelspec_log.handler.async_log_success_event(kwargs={"standard_logging_object": CALL}))
    assert [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()] == [line()] * 2
    assert path.stat().st_mode & 0o007 == 0
    litellm.modelspec["path"] = str(tmp_path)
    for _ in range(2):
        modelspec_log.write({"standard_logging_object": CALL})
    assert capfd.readouterr() == ("", "modelspec_log: lines are lost: IsADirectoryError\n")
