"""Endpoints that cannot work, since a gateway adds a path to them: `MS525` to `MS528`."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Rule, Scope, rule
from modelspec.fleet.model import Fleet, Model
from modelspec.rules.examples import model
from modelspec.secret import scan
from modelspec.text.document import Place
from modelspec.text.quote import quote
from modelspec.url import Code, judged
from modelspec.url.base import BaseCode, BaseFault, base_fault, version_of

_ATLAS = model(region="us", endpoint=None)
_EXPLAINED = frozenset(Code) - {Code.PLAIN_HTTP, Code.LOOPBACK}
"""Whose URL is to be written anew anyway."""
_AZURE = f"{_ATLAS}provider: azure\nendpoint: https://atlas.openai.azure.com\n"


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
    bad=f'{_AZURE}params: {{api_version: "api-version=2024-10-21"}}',
    good=f"{_AZURE}params: {{api_version: 2024-10-21}}",
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
