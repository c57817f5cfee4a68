"""The base of an API, to which a gateway adds the path of each operation; and what was meant by more than a base."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from modelspec.url.shape import parts


class BaseCode(StrEnum):
    """The codes of the rules about bases."""

    QUERY = "MS525"
    OPERATION = "MS526"
    TWICE = "MS527"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseFault:
    """Why a URL is no base: `what` is the part of its path that is too much, `right` the URL that was meant.

    `api_version` is that of a query, where it has the form of one.
    """

    code: BaseCode
    what: str
    right: str
    api_version: str | None


_OPERATIONS = (
    # https://developers.openai.com/api/reference/overview
    r"/chat/completions|/completions|/responses(?:/compact)?|/embeddings|/moderations|/realtime",
    r"/images/(?:generations|edits|variations)|/audio/(?:speech|transcriptions|translations)",
    r"(?<=/v1)/models",
    # https://platform.claude.com/docs/en/api/overview
    r"/messages(?:/count_tokens|/batches)?|(?<=/v1)/complete",
    # https://ai.google.dev/api/all-methods and https://docs.cloud.google.com/vertex-ai/docs/reference/rest
    r"(?:/projects/[^/]+/locations/[^/]+(?:/publishers/[^/]+)?)?/(?:models|endpoints)/[^/]+:[A-Za-z]+",
    # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html
    r"/model/[^/]+/(?:invoke|converse|invoke-with-response-stream|converse-stream)",
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
    r"/endpoints/[^/]+/invocations(?:-response-stream)?",
    # https://docs.databricks.com/aws/en/machine-learning/model-serving/query-chat-models
    r"(?<=/serving-endpoints)/[^/]+/invocations",
    # https://docs.ollama.com/api/introduction
    r"/api/(?:chat|generate|embed|embeddings|tags)",
    # https://docs.cohere.com/reference/about
    r"(?<=/v[12])/(?:chat|generate|embed|rerank|classify|summarize)|/rerank",
    # https://replicate.com/docs/reference/http
    r"(?:/models/[^/]+/[^/]+|/deployments/[^/]+/[^/]+)?/predictions",
    # https://cloud.ibm.com/apidocs/watsonx-ai
    r"/ml/v1/text/(?:chat|generation|embeddings)(?:_stream)?",
    # https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/latest/
    r"(?:/[0-9]{8})?/actions/(?:chat|embedText|generateText)",
)
"""How paths of operations end, with the providers' own pages about them."""

_OPERATION = re.compile(rf"(?i:(?:{'|'.join(_OPERATIONS)})$)")
_TWICE = re.compile(r"(?i:(?:^|(?<=/))((?:[^/]+/)*?v[0-9]+(?:(?:alpha|beta|preview)[0-9]*)?)/(\1)(?=/|$))")
"""A version, and as much of the path before it as is there twice: `v1/v1`, `openai/v1/openai/v1`."""
_AZURE = re.compile(r"(?i:/openai(?:/v1|/deployments/[^/]+)?$)")
_OWN = {
    # What LiteLLM 1.108.7 adds by itself begins so: `llms/<provider>/chat/transformation.py`, `llms/azure/azure.py`.
    "anthropic": re.compile(r"(?i:/v1$)"),
    "azure": re.compile(r"(?i:/openai(?:/v1)?$)"),
    "ollama": re.compile(r"(?i:/(?:api|v1)$)"),
}
"""How the endpoint of a provider must not end, because the path that is added begins so (or in place of it)."""
_VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:-preview)?|preview|latest|v1")
_API_VERSION = re.compile(r"(?i:(?:^|[?&])api[-_]version=([^&]*))")
_LONGEST = 512
"""Characters of a path that are looked at; a longer one is nobody's base, and patterns stay cheap."""


@lru_cache(maxsize=1024)
def base_fault(url: str, provider: str) -> BaseFault | None:
    """What is too much in the endpoint of a provider; None where it can be a base, or is no URL at all."""
    found = parts(url)
    if found is None or len(found.path) > _LONGEST:
        return None
    bare = found.path.rstrip("/")
    codes: list[tuple[BaseCode, str]] = []
    if found.query is not None:
        codes.append((BaseCode.QUERY, ""))
    while (less := _less(bare, provider, is_call=bool(codes))) is not None:
        bare, code, what = less
        codes.append((code, what))
    if not codes:
        return None
    return BaseFault(
        code=codes[0][0],
        what=codes[0][1],
        right=f"{found.scheme}://{found.place}{bare}",
        api_version=version_of(f"?{found.query}") if found.query else None,
    )


def _less(path: str, provider: str, *, is_call: bool) -> tuple[str, BaseCode, str] | None:
    """A path without what is too much first, which is None where nothing is.

    `is_call` says that the whole URL of a request was copied, of which Azure's names a deployment.
    """
    if match := _OPERATION.search(path):
        return path[: match.start()].rstrip("/"), BaseCode.OPERATION, match[0]
    if match := _TWICE.search(path):
        return path[: match.end(1)] + path[match.end(2) :], BaseCode.TWICE, f"/{match[1]}/{match[2]}"
    own = _OWN.get(provider)
    if is_call and provider == "azure":
        own = _AZURE
    if own is not None and (match := own.search(path)):
        return path[: match.start()].rstrip("/"), BaseCode.TWICE, match[0]
    return None


def version_of(text: str) -> str | None:
    """The API version that a query, or a part of one, holds; None where it holds nothing of that form."""
    match = _API_VERSION.search(text)
    return match[1] if match and _VERSION.fullmatch(match[1]) else None
