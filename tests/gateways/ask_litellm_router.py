"""Run by LiteLLM's own Python: its router and access check on configurations.

A list of questions comes in on stdin: `config` is the text of a file, `chat` and `embed` are models to ask, `access`
pairs a model with what a key was given. A list of answers goes out.
"""

import asyncio
import json
import sys
from typing import Any

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
        "access": [
            check_model_access_helper(model=model, llm_router=router, models=given)
            for model, given in questions.get("access", ())
        ],
    }


async def _main() -> None:
    answers = [await _answers(questions) for questions in json.load(sys.stdin)]
    sys.stdout.write("\n" + json.dumps(answers))


asyncio.run(_main())
