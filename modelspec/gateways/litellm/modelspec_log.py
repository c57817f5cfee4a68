"""What a LiteLLM proxy runs to log each call of an upstream: one JSON object a line, on stdout or in a file.

A build copies this file to `gateways/litellm/`, with `COMMIT` filled in; the proxy loads it by
`callbacks: ["modelspec_log.handler"]`, and `litellm_settings.modelspec` tells it the head. It imports nothing of
modelspec. A line holds no prompt, answer, key, address or message of an error: only what is named here, in the form
that is named here. A value of another form is null, and nothing that happens here reaches the request.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

try:
    from litellm.integrations.custom_logger import CustomLogger
except ImportError:  # modelspec itself, which copies this file, and its tests
    CustomLogger = object

COMMIT = None
VERSION = 1
_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/~+*#-]{0,255}")
_NAME = re.compile(r"[!-~](?:[ -~]{0,254}[!-~])?")
_STATUS = re.compile("[1-5][0-9][0-9]")
_MOST = 1e15
_UTC = timezone.utc  # noqa: UP017 - a proxy may run an older Python
_OPERATIONS = {
    "completion": "chat",
    "responses": "chat",
    "anthropic_messages": "chat",
    "text_completion": "text_completion",
    "generate_content": "generate_content",
    "generate_content_stream": "generate_content",
    "embedding": "embeddings",
    "rerank": "rerank",
    "image_generation": "image_generation",
    "image_edit": "image_edit",
    "transcription": "transcription",
    "speech": "speech",
    "moderation": "moderation",
    "ocr": "ocr",
}
"""By LiteLLM's `call_type`, without the `a` of its asynchronous calls."""
_FALLBACK = "fallback#"

Described = dict[Any, Any]


def line_of(call: Described, settings: Described) -> dict[str, object]:
    """The line of a call that LiteLLM describes in its `standard_logging_object`."""
    error = _mapping(_get(call, "error_information"))
    failed = _get(call, "status") != "success"
    deployment = _text(_get(call, "model_id"), _ID)
    start = _number(_get(call, "startTime"))
    return {
        "modelspec.log": VERSION,
        "modelspec.layer": "head",
        "time": _time(start),
        "modelspec.request_id": _request_id(_mapping(_get(call, "metadata"))),
        "modelspec.model": _model(deployment, _mapping(_get(settings, "models"))),
        "modelspec.head": _text(_get(settings, "head"), _ID),
        "modelspec.deployment": deployment,
        "gen_ai.provider.name": _text(_get(call, "custom_llm_provider"), _WORD),
        "gen_ai.response.model": _upstream(_get(call, "model"), _get(call, "custom_llm_provider")),
        "gen_ai.operation.name": _operation(_get(call, "call_type")),
        "gen_ai.usage.input_tokens": _count(_get(call, "prompt_tokens")),
        "gen_ai.usage.output_tokens": _count(_get(call, "completion_tokens")),
        "http.response.status_code": _status(_get(error, "error_code")) if failed else 200,
        "error.type": (_text(_get(error, "error_class"), _WORD) or "error") if failed else None,
        "modelspec.duration_ms": _since(start, _get(call, "endTime")),
        "modelspec.first_byte_ms": _since(start, _get(call, "completionStartTime")),
        "modelspec.stream": _get(call, "stream") is True,
        "modelspec.cost": None if failed else _cost(call),
        "modelspec.commit": COMMIT,
    }


class HeadLog(CustomLogger):  # type: ignore[misc]
    """Writes a line for each call that succeeded or failed."""

    async def async_log_success_event(self, kwargs: Any, *_: Any, **_more: Any) -> None:  # noqa: ANN401
        """What LiteLLM calls after an answer."""
        write(kwargs)

    async def async_log_failure_event(self, kwargs: Any, *_: Any, **_more: Any) -> None:  # noqa: ANN401
        """What LiteLLM calls after an error."""
        write(kwargs)


handler = HeadLog()


def write(kwargs: object) -> None:
    """Write the line of a call; never raises. Why lines are lost is said once, by the kind of the error alone."""
    try:
        settings = _mapping(getattr(sys.modules.get("litellm"), "modelspec", None))
        call = _mapping(_get(_mapping(kwargs), "standard_logging_object"))
        line = json.dumps(line_of(call, settings), separators=(",", ":")) + "\n"
        path = _get(settings, "path")
        if isinstance(path, str):
            # Opened for each line: a file that was moved away is made anew. One write: lines stay whole.
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
            try:
                os.write(file, line.encode())
            finally:
                os.close(file)
        else:
            sys.stdout.write(line)
            sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - whatever it is, the request is worth more than its line
        kind = type(error).__name__
        if kind not in _lost:
            _lost.add(kind)
            with suppress(OSError):  # standard error is closed
                os.write(2, f"modelspec_log: lines are lost: {kind}\n".encode())


_lost: set[str] = set()


def _get(mapping: Described, name: str) -> object:
    return dict.get(mapping, name)  # not `mapping.get`, which a kind of its own may compute


def _mapping(value: object) -> Described:
    return value if isinstance(value, dict) else {}


def _text(value: object, form: re.Pattern[str]) -> str | None:
    return value if type(value) is str and form.fullmatch(value) else None


def _number(value: object) -> float | None:
    """A finite number, else None."""
    if type(value) not in (int, float):
        return None
    assert isinstance(value, int | float)
    return value if math.isfinite(value) and abs(value) < _MOST else None


def _count(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number >= 0 else None


def _status(value: object) -> int:
    text = str(value) if type(value) in (int, str) else ""
    return int(text) if _STATUS.fullmatch(text) else 500


def _time(start: float | None) -> str:
    try:
        moment = datetime.now(_UTC) if start is None else datetime.fromtimestamp(start, _UTC)
    except (OverflowError, OSError, ValueError):
        moment = datetime.now(_UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _since(start: float | None, value: object) -> int | None:
    end = _number(value)
    return None if start is None or end is None or end < start else round((end - start) * 1000)


def _cost(call: Described) -> float | None:
    cost = _number(_get(call, "response_cost"))
    # LiteLLM says 0 where it knows no price.
    is_known = cost is not None and cost > 0 and not _get(call, "response_cost_failure_debug_info")
    return float(f"{cost:.12g}") if is_known else None


def _upstream(name: object, provider: object) -> str | None:
    """The name of the model without LiteLLM's prefix."""
    text = _text(name, _NAME)
    return text.removeprefix(f"{provider}/") if text and isinstance(provider, str) else text


def _operation(value: object) -> str | None:
    name = value.lstrip("_") if type(value) is str else ""
    return _OPERATIONS.get(name) or _OPERATIONS.get(name.removeprefix("a"))


def _request_id(metadata: Described) -> str | None:
    """The `x-request-id` that the edge gives each request; LiteLLM keeps the `x-` headers of a request."""
    for name, value in _mapping(_get(metadata, "requester_custom_headers")).items():
        if isinstance(name, str) and name.lower() == "x-request-id":
            return _text(value, _WORD)
    return None


def _model(deployment: str | None, models: Described) -> str | None:
    """The declared id, from a deployment such as `atlas#0`, or `fallback#atlas#0` for models that fall back to it."""
    if deployment is None:
        return None
    name = deployment.removeprefix(_FALLBACK).rpartition("#")[0]
    return _text(_get(models, name), _ID) or name or None
