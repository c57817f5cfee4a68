"""Run by LiteLLM's own Python: its router and access check on configurations.

A list of questions comes in on stdin: `config` is the text of a file, `chat` and `embed` are models to ask, `access`
pairs a model with what a key was given, `caught` pairs an operation with a model whose first request is not sent. A
list of answers goes out.
"""

import asyncio
import json
import sys
from contextlib import suppress
from typing import Any
from unittest.mock import patch

import httpx
import litellm
from litellm.proxy.auth.auth_checks import check_model_access_helper


async def _answers(questions: dict[str, Any]) -> dict[str, Any]:
    config = json.loads(questions["config"])
    router = litellm.Router(model_list=config["model_list"], **config["router_settings"])
    messages = [{"role": "user", "content": "Hello"}]
    return {
        "chat": [
            (await router.acompletion(model=model, messages=messages)).choices[0].message.content
            for model in questions.get("chat", ())
        ],
        "embed": [
            (await router.aembedding(model=model, input=["Hello"])).data[0]["embedding"]
            for model in questions.get("embed", ())
        ],
        "caught": [await _caught(router, *pair) for pair in questions.get("caught", ())],
        "access": [
            check_model_access_helper(model=model, llm_router=router, models=given)
            for model, given in questions.get("access", ())
        ],
    }


async def _caught(router: litellm.Router, operation: str, model: str) -> str | None:
    """The URL of the first request, which goes nowhere."""
    seen: list[str] = []

    def catch(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        raise httpx.ConnectError("caught", request=request)

    async def asend(_: httpx.AsyncClient, request: httpx.Request, **_more: Any) -> httpx.Response:
        return catch(request)

    with (
        patch.object(httpx.AsyncClient, "send", asend),
        patch.object(httpx.Client, "send", lambda _, request, **_more: catch(request)),
        suppress(Exception),  # each provider has its own, and only the request is asked for
    ):
        match operation:
            case "embedding":
                await router.aembedding(model=model, input=["Hello"])
            case "rerank":
                await router.arerank(model=model, query="Hello", documents=["Hello"])
            case _:
                await router.acompletion(model=model, messages=[{"role": "user", "content": "Hello"}])
    return seen[0] if seen else None


async def _main() -> None:
    answers = [await _answers(questions) for questions in json.load(sys.stdin)]
    sys.stdout.write("\n" + json.dumps(answers))


asyncio.run(_main())
