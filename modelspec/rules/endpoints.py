"""Endpoints that are no base of an API: `MS525` to `MS528`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache, partial

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Rule, Scope, rule
from modelspec.fleet.model import Fleet, Model
from modelspec.rules.examples import model
from modelspec.secret import scan
from modelspec.text.document import Place
from modelspec.text.quote import quote
from modelspec.url import Code, judged, parts


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

OPERATION = re.compile(rf"(?i:(?:{'|'.join(_OPERATIONS)})$)")
TWICE = re.compile(r"(?i:(?:^|(?<=/))((?:[^/]+/)*?v[0-9]+(?:(?:alpha|beta|preview)[0-9]*)?)/(\1)(?=/|$))")
"""A version, and as much of the path before it as is there twice: `v1/v1`, `openai/v1/openai/v1`."""
_AZURE = re.compile(r"(?i:/openai(?:/v1|/deployments/[^/]+)?$)")
OWN = {
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
    if match := OPERATION.search(path):
        return path[: match.start()].rstrip("/"), BaseCode.OPERATION, match[0]
    if match := TWICE.search(path):
        return path[: match.end(1)] + path[match.end(2) :], BaseCode.TWICE, f"/{match[1]}/{match[2]}"
    own = OWN.get(provider)
    if is_call and provider == "azure":
        own = _AZURE
    if own is not None and (match := own.search(path)):
        return path[: match.start()].rstrip("/"), BaseCode.TWICE, match[0]
    return None


def version_of(text: str) -> str | None:
    """The API version that a query, or a part of one, holds; None where it holds nothing of that form."""
    match = _API_VERSION.search(text)
    return match[1] if match and _VERSION.fullmatch(match[1]) else None


_ATLAS = model(region="us", endpoint=None)
_EXPLAINED = frozenset(Code) - {Code.PLAIN_HTTP, Code.LOOPBACK}
"""Whose URL is to be written anew anyway."""
_AT_AZURE = f"{_ATLAS}provider: azure\nendpoint: https://atlas.openai.azure.com\n"


@rule(
    "MS525",
    Severity.WARNING,
    Scope.MODEL,
    bad=f"{_ATLAS}endpoint: https://api.example.com/v1?tenant=atlas",
    good=f"{_ATLAS}endpoint: https://api.example.com/v1",
)
def endpoint_has_no_query(model: Model, fleet: Fleet) -> Iterator[Finding]:  # noqa: ARG001
    """An endpoint has a query.

    Gateways add the path of the operation to the endpoint, after the query: the upstream gets `/v1?tenant=a/chat/…`,
    or the query alone.

    Delete the query. The version of an API belongs into `params`, as `api_version`.
    """
    return _in_model(BaseCode.QUERY, model)


@rule(
    "MS526",
    Severity.WARNING,
    Scope.MODEL,
    bad=f"{_ATLAS}endpoint: https://api.example.com/v1/chat/completions",
    good=f"{_ATLAS}endpoint: https://api.example.com/v1",
)
def endpoint_is_no_operation(model: Model, fleet: Fleet) -> Iterator[Finding]:  # noqa: ARG001
    """An endpoint ends in an operation.

    An endpoint is the base of an API. Gateways add the path of the operation that the client asks for, and would call
    `…/chat/completions/chat/completions`; the few that notice still send embeddings to the wrong place.

    Delete the operation at the end.
    """
    return _in_model(BaseCode.OPERATION, model)


@rule(
    "MS527",
    Severity.WARNING,
    Scope.MODEL,
    bad=f"{_ATLAS}provider: anthropic\nendpoint: https://api.anthropic.com/v1",
    good=f"{_ATLAS}provider: anthropic\nendpoint: https://api.anthropic.com",
)
def endpoint_path_is_added_once(model: Model, fleet: Fleet) -> Iterator[Finding]:  # noqa: ARG001
    """A part of the path of an endpoint is there twice.

    `https://api.example.com/v1/v1` is a slip. For some providers the gateway adds more than the operation: `/v1` for
    `anthropic`, `/openai` for `azure`, `/api` for `ollama`; their endpoints must not end so.

    Delete one of the two.
    """
    return _in_model(BaseCode.TWICE, model)


@rule(
    "MS528",
    Severity.WARNING,
    Scope.MODEL,
    bad=f'{_AT_AZURE}params: {{api_version: "api-version=2024-10-21"}}',
    good=f"{_AT_AZURE}params: {{api_version: 2024-10-21}}",
)
def api_version_is_a_version(model: Model, fleet: Fleet) -> Iterator[Finding]:  # noqa: ARG001
    """An API version is a part of a query.

    The gateway adds `api-version=` itself, and encodes what it is given: the upstream gets a version that does not
    exist.

    Write the version alone.
    """
    for deployment in model.deployments:
        version = deployment.params.get("api_version")
        if isinstance(version, str) and any(sign in version for sign in "=&?/ "):
            right = version_of(version)
            yield Finding(
                place=Place(path=model.path, pointer=(*deployment.pointer, "params", "api_version")),
                message=f"the api_version of model {quote(model.model_id)} is a part of a query, not a version",
                label="not a version",
                help=f"write 'api_version: {right}'" if right else "write the version alone, like 2024-10-21",
            )


def _in_model(code: BaseCode, model: Model) -> Iterator[Finding]:
    for deployment in model.deployments:
        endpoint = deployment.endpoint
        fault = base_fault(endpoint, deployment.provider) if isinstance(endpoint, str) else None
        if fault is not None and fault.code is code and isinstance(endpoint, str):
            yield from _findings(
                fault,
                f"the endpoint of model {quote(model.model_id)}",
                Place(path=model.path, pointer=(*deployment.pointer, "endpoint")),
                endpoint,
            )


def _in_fleet(code: BaseCode, fleet: Fleet) -> Iterator[Finding]:
    for head in fleet.heads.values():
        fault = base_fault(head.inference_url, "openai") if head.inference_url is not None else None
        if fault is not None and fault.code is code and head.inference_url is not None:
            name = f"the inference_url of head {quote(head.head_id)}"
            for finding in _findings(fault, name, head.place.below("inference_url"), head.inference_url):
                yield replace(finding, subject=head.head_id)


def _findings(fault: BaseFault, name: str, place: Place, url: str) -> Iterator[Finding]:
    """One, unless the URL has a fault that explains it."""
    if any(found.code in _EXPLAINED for found in judged(url, True)):
        return
    what = {
        BaseCode.QUERY: "has a query, after which the path of each operation would be added",
        BaseCode.OPERATION: f"ends in the operation {quote(fault.what)}, which is added to it",
        BaseCode.TWICE: f"leads to {quote(fault.what)} twice"
        if fault.what.count("/") == 1
        else f"has {quote(fault.what)} in its path",
    }[fault.code]
    right = "the URL without it" if scan(fault.right) else quote(fault.right)
    version = f" and 'api_version: {fault.api_version}' in params" if fault.api_version else ""
    yield Finding(place=place, message=f"{name} {what}", label="not the base", help=f"write {right}{version}")


RULES: tuple[Rule, ...] = (
    *(
        replace(one, fleet_check=partial(_in_fleet, code))
        for code, one in (
            (BaseCode.QUERY, endpoint_has_no_query),
            (BaseCode.OPERATION, endpoint_is_no_operation),
            (BaseCode.TWICE, endpoint_path_is_added_once),
        )
    ),
    api_version_is_a_version,
)
