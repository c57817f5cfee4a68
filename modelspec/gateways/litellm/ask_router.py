"""Run by LiteLLM's own Python: what its router makes of configurations, and the request that each deployment sends.

Standard input is JSON: a list of `{"variables": {name: value}, "configs": [config, …]}`; the last line of standard
output is the list of answers, in the same order. It imports nothing of modelspec. Every request is caught before it
leaves: HTTP clients are replaced, and the interpreter refuses connections, name look-ups and other programs. Only
listed settings reach LiteLLM, because some of the others load modules or files.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import sys
from base64 import b64decode
from contextlib import ExitStack, suppress
from itertools import count
from typing import Any
from unittest.mock import patch

import aiohttp
import anyio.to_thread
import boto3
import botocore.auth
import botocore.httpsession
import httpx
import litellm
import requests
from litellm.llms.bedrock.base_aws_llm import BaseAWSLLM
from litellm.llms.github_copilot.authenticator import Authenticator
from litellm.llms.oci import common_utils as oci
from litellm.llms.vertex_ai.vertex_llm_base import VertexBase
from litellm.router_utils.fallback_event_handlers import get_fallback_model_group

_REFUSED = ("socket.connect", "socket.getaddrinfo", "socket.gethostby", "socket.sendto", "socket.bind")
_PROGRAMS = ("subprocess.", "os.exec", "os.system", "os.posix_spawn", "os.fork", "pty.", "ctypes.dlopen")
DRAWS = 1000
"""Of each group with several deployments, with a fixed seed."""
_MOST_TURNS = 8
_SEED = 20240601
_KINDS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
_ROUTER = (
    *(
        "routing_strategy",
        "routing_strategy_args",
        "num_retries",
        "timeout",
        "stream_timeout",
        "allowed_fails",
    ),
    *(
        "allowed_fails_policy",
        "cooldown_time",
        "disable_cooldowns",
        "retry_policy",
        "model_group_retry_policy",
    ),
    *("retry_after", "max_fallbacks", "enable_pre_call_checks", "optional_pre_call_checks"),
    *(
        "default_max_parallel_requests",
        "enable_tag_filtering",
        "model_group_alias",
        "default_fallbacks",
        *_KINDS,
    ),
)
_LIBRARY = ("num_retries", "allowed_fails", "default_fallbacks", *_KINDS)
_SHOWN = tuple(name for name in _ROUTER if name not in (*_KINDS, "model_group_alias", "default_fallbacks"))
_UNSAFE = re.compile(
    "callback|guardrail|logger|^cache|prompt_id|auto_router|secret_manager|hook", re.IGNORECASE
)
_NOISE = re.compile(
    "user-agent|accept-encoding|connection|content-length|host|date|idempotency-key|x-stainless-.*"
    "|x-amz-date|x-amz-content-sha256|amz-sdk-.*|x-request-id|x-litellm-.*|traceparent"
)
_SHOW = "/api/show"
"""Ollama is asked there what a model can do."""
_SAMPLES = {"bedrock/*": "anthropic.claude-3-haiku-20240307-v1:0"}
"""What stands for the `*` of a wildcard, where LiteLLM refuses names that it does not know."""
_RANDOM = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SCOPE = re.compile(r"(Credential=[^/,]+)/[^,]*")
"""Of a signature of AWS: the day, the region and the service, of which the last two are in the URL."""

_SIGNATURE = re.compile('(?<=,signature=")[A-Za-z0-9+/=]*(?=")')
"""Of Oracle Cloud, where a key that is replaced here signs with its own name."""


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    family = getattr(arguments[0], "family", None) if arguments else None
    if event.startswith((*_REFUSED, *_PROGRAMS)) and family != 1:
        raise PermissionError(event)


def _text(value: object) -> str:
    text = _SCOPE.sub(r"\1", value.decode("latin-1") if isinstance(value, bytes) else str(value))
    return _SIGNATURE.sub(lambda found: b64decode(found[0]).decode(errors="replace"), text)


class _CaughtError(OSError):
    """Instead of a response to what LiteLLM asks first, such as the template of a model; it goes on without."""


class _Caught(BaseException):
    """Instead of a response: the request is known. No handler of errors may catch it, or LiteLLM tries again."""


class _PrivateKey:
    """Signs every request with its own name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def sign(self, *_: object) -> bytes:
        return self._name.encode()


_calls = count()
_seen: list[dict[str, Any]] = []


def _catch(method: str, url: str, headers: Any, body: bytes, timeout: object) -> None:  # noqa: ANN401
    kept = {name.lower(): _text(value) for name, value in dict(headers).items()}
    kind = kept.get("content-type", "")
    if "boundary=" in kind:
        boundary = kind.partition("boundary=")[2].encode()
        kept["content-type"] = kind.partition(";")[0]
        body = body.replace(boundary, b"boundary")
    text = _RANDOM.sub("random", body.decode(errors="replace"))
    parsed: object = text
    with suppress(ValueError):
        parsed = json.loads(text)
    _seen.append(
        {
            "method": method,
            "url": url,
            "headers": {name: value for name, value in kept.items() if not _NOISE.fullmatch(name)},
            "body": parsed if isinstance(parsed, dict) else {"text": parsed},
            "timeout": timeout,
        }
    )
    raise _CaughtError if method == "GET" or url.endswith(_SHOW) else _Caught


def _catching() -> ExitStack:
    """Replace every HTTP client that LiteLLM uses; tokens of clouds are named after their credentials."""

    def send(_: object, request: Any, **_more: object) -> None:  # noqa: ANN401
        timeout = request.extensions.get("timeout") or {}
        _catch(request.method, str(request.url), request.headers, request.read(), timeout.get("read"))

    async def asend(_: object, request: Any, **_more: object) -> None:  # noqa: ANN401
        send(_, request)

    def plain(_: object, request: Any, **_more: object) -> None:  # noqa: ANN401
        body = request.body or b""
        _catch(
            request.method,
            request.url,
            request.headers,
            body.encode() if isinstance(body, str) else body,
            None,
        )

    async def other(_: object, method: str, url: object, **more: Any) -> None:  # noqa: ANN401
        body = json.dumps(more["json"]) if more.get("json") else str(more.get("data") or "")
        _catch(method, str(url), more.get("headers") or {}, body.encode(), None)

    def token(
        _: object, credentials: object = None, project_id: object = None, **_more: object
    ) -> tuple[str, object]:
        return f"token-of-{json.dumps(credentials)}", project_id or "project-of-the-credentials"

    async def atoken(_: object, *given: Any, **named: Any) -> tuple[str, object]:  # noqa: ANN401
        return token(_, *given, **named)

    async def here(function: Any, *given: Any, **_more: object) -> Any:  # noqa: ANN401
        return function(*given)

    stack = ExitStack()
    for owner, name, function in (
        (httpx.Client, "send", send),
        (httpx.AsyncClient, "send", asend),
        (requests.Session, "send", plain),
        (botocore.httpsession.URLLib3Session, "send", plain),
        (aiohttp.ClientSession, "_request", other),
        (anyio.to_thread, "run_sync", here),  # LiteLLM counts tokens in threads, for each of the draws
        (BaseAWSLLM, "get_cache_key", lambda *_: str(next(_calls))),  # for credentials
        (Authenticator, "get_api_key", lambda _: "token-of-copilot"),
        (Authenticator, "get_api_base", lambda _: None),
        (oci, "load_private_key_from_str", _PrivateKey),
        (oci, "load_private_key_from_file", _PrivateKey),
        (VertexBase, "get_access_token", token),
        (VertexBase, "get_access_token_async", atoken),
        (botocore.auth.SigV4Auth, "signature", lambda auth, *_: auth.credentials.secret_key),
    ):
        stack.enter_context(patch.object(owner, name, function))
    return stack


def _resolved(value: Any) -> Any:  # noqa: ANN401
    """A value as the proxy reads it, with its variables; nothing that names a file or a token of this machine."""
    if isinstance(value, dict):
        return {name: _resolved(one) for name, one in value.items() if not _UNSAFE.search(str(name))}
    if isinstance(value, list):
        return [_resolved(one) for one in value]
    if isinstance(value, str) and value.startswith("os.environ/"):
        return os.environ.get(value.removeprefix("os.environ/"))
    return "oidc" if isinstance(value, str) and value.startswith("oidc/") else value


def _forget() -> None:
    """Take away what the last configuration left in LiteLLM's module."""
    for name in ("callbacks", "input_callback", "success_callback", "failure_callback"):
        setattr(litellm, name, [])
    for name in ("_async_success_callback", "_async_failure_callback"):
        setattr(litellm, name, [])
    litellm.in_memory_llm_clients_cache.flush_cache()
    boto3.DEFAULT_SESSION = None  # which keeps the credentials of its first use


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _router(config: dict[str, Any], **more: Any) -> Any:  # noqa: ANN401
    library, given = _mapping(config.get("litellm_settings")), _mapping(config.get("router_settings"))
    settings = {name: given[name] for name in _ROUTER if given.get(name) is not None}
    for name in _LIBRARY:
        if not settings.get(name) and library.get(name) is not None:
            settings[name] = library[name]
    settings.setdefault("timeout", library.get("request_timeout"))
    litellm.drop_params = library.get("drop_params") is True
    return litellm.Router(**{**settings, "ignore_invalid_deployments": True, **more})


def _operation(entry: dict[str, Any]) -> str:
    """The declared mode, or what the model's name says, or the mode that LiteLLM knows for it."""
    params, mode = entry["litellm_params"], _mapping(entry.get("model_info")).get("mode")
    model = str(params.get("model"))
    if mode is None:
        words = (("rerank", "rerank"), ("embed", "embedding"))
        mode = next((mode for word, mode in words if word in model.lower()), None)
    for known in (model, model.partition("/")[2]):
        mode = mode or litellm.model_cost.get(known, {}).get("mode")
    return str(mode or "chat")


async def _send(router: Any, name: str, operation: str) -> None:  # noqa: ANN401
    match operation:
        case "embedding":
            await router.aembedding(model=name, input=["Hello"])
        case "rerank":
            await router.arerank(model=name, query="Hello", documents=["Hello"])
        case "image_generation":
            await router.aimage_generation(model=name, prompt="Hello")
        case "audio_transcription":
            await router.atranscription(model=name, file=("hello.wav", b"RIFF"))
        case "audio_speech":
            await router.aspeech(model=name, input="Hello", voice="alloy")
        case "moderation":
            await router.amoderation(model=name, input="Hello")
        case "completion":
            await router.atext_completion(model=name, prompt="Hello")
        case "responses":
            await router.aresponses(model=name, input="Hello")
        case _:
            await router.acompletion(model=name, messages=[{"role": "user", "content": "Hello"}])


async def _sent(config: dict[str, Any], entry: dict[str, Any], operation: str) -> dict[str, Any]:
    """The first request of a deployment, or the class of the error that came instead."""
    _forget()
    _seen.clear()
    quiet: dict[str, Any] = {
        **{kind: [] for kind in _KINDS},
        "num_retries": 0,
        "retry_policy": None,
        "model_group_retry_policy": {},
    }
    quiet |= {"model_group_alias": {}, "default_fallbacks": None, "optional_pre_call_checks": None}
    quiet["routing_strategy"] = "simple-shuffle"
    (failed,) = await asyncio.gather(_tried(config, entry, operation, quiet), return_exceptions=True)
    if _seen:
        return {"sent": _seen[-1]}
    return {"answered": True} if failed is None else {"failed": type(failed).__name__}


async def _tried(
    config: dict[str, Any], entry: dict[str, Any], operation: str, quiet: dict[str, Any]
) -> None:
    name = str(entry["model_name"])
    sample = _SAMPLES.get(str(entry["litellm_params"]["model"]), "sample")
    asked = "openai/gpt-4o-mini" if name == "*" else name.replace("*", sample)
    router = _router(config, model_list=[entry], **quiet)
    await asyncio.wait_for(_send(router, asked, operation), 20)


async def _turns(router: Any, name: str) -> list[dict[str, float]]:  # noqa: ANN401
    """Which deployments are drawn, with their shares; then those that are drawn while these are failing."""
    found = [one["model_info"]["id"] for one in router.get_model_list(model_name=name) or []]
    if len(found) < 2:  # noqa: PLR2004 - nothing to draw
        return [dict.fromkeys(found, 1.0)] if found else []
    random.seed(_SEED)
    messages = [{"role": "user", "content": "Hello"}]
    turns: list[dict[str, float]] = []
    out: set[str] = set()
    with suppress(Exception):
        while len(turns) < _MOST_TURNS and len(out) < len(set(found)):
            drawn: dict[str, float] = {}
            draws = DRAWS if len(out) + 1 < len(set(found)) else 1
            for _ in range(draws):
                one = await router.async_get_available_deployment(
                    model=name, request_kwargs={}, messages=messages
                )
                drawn[one["model_info"]["id"]] = drawn.get(one["model_info"]["id"], 0) + 1 / draws
            if out & drawn.keys():
                break
            turns.append(drawn)
            out |= drawn.keys()
            for each in drawn:
                router.cooldown_cache.add_deployment_to_cooldown(
                    model_id=each, original_exception=_CaughtError(), exception_status=500, cooldown_time=3600
                )
    return turns


def _fallbacks(router: Any, name: str) -> dict[str, list[str]]:  # noqa: ANN401
    """Those that exist by cause, as the router looks them up: a cause without its own list uses the general one."""
    found = {}
    for kind in _KINDS:
        known = getattr(router, kind) or (router.fallbacks if kind != "fallbacks" else None)
        group, _ = get_fallback_model_group(fallbacks=known or [], model_group=name)
        names = [one["model"] if isinstance(one, dict) else one for one in group or []]
        targets = dict.fromkeys(_group(router, one) for one in names if one != name)
        found[kind] = [one for one in targets if router.get_model_list(model_name=one)]
    return found


def _group(router: Any, name: str) -> str:  # noqa: ANN401
    target = (router.model_group_alias or {}).get(name, name)
    return str(target["model"] if isinstance(target, dict) else target)


async def _answer(config: dict[str, Any], operations: dict[str, str]) -> dict[str, Any]:
    config = _resolved(config)
    entries = config["model_list"]
    _forget()
    router = _router(config, model_list=json.loads(json.dumps(entries)))
    names = dict.fromkeys([*(str(one["model_name"]) for one in entries), *(router.model_group_alias or {})])
    for one in entries:
        operations.setdefault(str(one["model_name"]), _operation(one))
    answer: dict[str, Any] = {
        "names": {
            name: {"group": _group(router, name), "fallbacks": _fallbacks(router, name)} for name in names
        },
        "settings": {name: _plain(getattr(router, name, None)) for name in _SHOWN},
    }
    used = {found["group"] for found in answer["names"].values()}
    for name, found in answer["names"].items():
        found["turns"] = await _turns(router, name) if name in used else []
    answer["deployments"] = [
        await _sent(config, one, operations.get(str(one["model_name"]), "chat")) for one in entries
    ]
    return answer


def _plain(value: object) -> object:
    with suppress(TypeError, ValueError):
        return json.loads(json.dumps(value))
    return _plain(dict(vars(value))) if hasattr(value, "__dict__") else str(type(value).__name__)


async def _answers(questions: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    answers = []
    environment = dict(os.environ)
    known = {name: dict(facts) for name, facts in litellm.model_cost.items()}
    for question in questions:
        os.environ.clear()
        os.environ.update({**environment, **question["variables"]})
        operations: dict[str, str] = {}
        row = []
        for config in question["configs"]:
            # A router adds what a configuration says of its models.
            litellm.model_cost.clear()
            litellm.model_cost.update({name: dict(facts) for name, facts in known.items()})
            litellm.utils._invalidate_model_cost_lowercase_map()  # noqa: SLF001 - it has no other name
            gathered = asyncio.gather(_answer(config, operations), return_exceptions=True)
            found: dict[str, Any] | BaseException = (await gathered)[0]
            row.append({"failed": type(found).__name__} if isinstance(found, BaseException) else found)
        answers.append(row)
    return answers


def main() -> None:
    """Answer the questions of standard input."""
    questions = json.load(sys.stdin)
    out, sys.stdout = sys.stdout, sys.stderr
    litellm.suppress_debug_info = True
    with _catching():
        sys.addaudithook(_refuse)
        answers = asyncio.run(_answers(questions))
    out.write("\n" + json.dumps(answers) + "\n")
    out.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
