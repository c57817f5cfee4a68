"""Where a model runs: `MS308` and `MS309`."""

from collections.abc import Iterator

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Scope, rule
from modelspec.fleet.model import Fleet, Model
from modelspec.fleet.providers import LITELLM_DEFAULTS, REGION_PARAMS, WORDS, endpoint_of
from modelspec.rules.examples import model
from modelspec.text.document import Place
from modelspec.text.quote import quote

FROM_REGION = ("bedrock", "oci", "sagemaker", "vertex_ai")
"""Providers whose host follows from a region: then `params` may stand in for the endpoint."""


@rule(
    "MS308",
    Severity.ERROR,
    Scope.LINKED,
    bad=model(endpoint=None, local_inference="true"),
    good=model(endpoint="http://127.0.0.1:8000/v1", local_inference="true"),
)
def local_inference_has_a_place(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A head has no inference server for a model.

    With `local_inference: true` each head sends requests to `endpoint`, as seen from the head, or else to the head's
    own `inference_url`. A head with neither cannot serve the model.

    Give the model an `endpoint`, or every one of its heads an `inference_url` in heads.yaml.
    """
    if not model.local_inference:
        return
    if model.deployments[0].pointer:
        yield Finding(
            place=Place(path=model.path, pointer=("local_inference",)),
            message="a model with deployments cannot also run on its heads",
            label="not together with deployments",
            help="drop local_inference, or give one endpoint instead of deployments",
        )
        return
    if model.deployments[0].endpoint is not None:
        return
    without = [head for head in map(fleet.heads.__getitem__, model.heads) if head.inference_url is None]
    if without:
        names = ", ".join(quote(head.head_id) for head in without)
        noun, verb, its = ("head", "has", "its") if len(without) == 1 else ("heads", "have", "their")
        yield Finding(
            place=Place(path=model.path, pointer=("local_inference",)),
            message=f"the {noun} {names} {verb} no inference server for this model",
            label="needs an endpoint, or an inference_url of each head",
            help=f"give the {noun} {its} inference_url in heads.yaml, or this model an endpoint",
            related=tuple((head.place, f"{quote(head.head_id)} has no inference_url") for head in without),
        )


@rule(
    "MS309",
    Severity.ERROR,
    Scope.MODEL,
    bad=model(endpoint=None, provider="azure"),
    good="""
    # file: models.d/atlas.yaml
    model_id: atlas
    name: Atlas
    region: us
    priority_head: head-us-1
    fallback_heads: [head-uk-1]
    provider: azure
    endpoint: https://atlas.openai.azure.com
    """,
)
def endpoint_is_known(model: Model, fleet: Fleet) -> Iterator[Finding]:  # noqa: ARG001
    """The endpoint of a model is unknown.

    `endpoint` may be left out where a provider is named that has one public endpoint, or where the region in `params`
    (`aws_region_name`, `oci_region`, `vertex_location`) decides the host. For any other provider the destination of
    requests is unknown. A model that names neither an endpoint nor a provider was meant for nobody: nothing is sent to
    anybody by default.

    Write the endpoint, or the provider.
    """
    if model.local_inference:
        return
    for deployment in model.deployments:
        if deployment.endpoint is not None:
            continue
        if not deployment.is_declared:
            yield Finding(
                place=Place(path=model.path, pointer=deployment.pointer or ("model_id",)),
                message="neither an endpoint nor a provider is written, so it is unknown where requests go",
                label="goes nowhere",
                help="write 'endpoint: https://…', or 'provider: …' where the provider has one public endpoint"
                + ("" if deployment.pointer else ", or 'local_inference: true' where the heads run it"),
            )
            continue
        if deployment.provider not in WORDS or endpoint_of(deployment.provider) is not None:
            continue
        regions = [*REGION_PARAMS[deployment.provider]] if deployment.provider in FROM_REGION else []
        if any(param in deployment.params for param in regions):
            continue
        where = (*deployment.pointer, "provider")
        usual = LITELLM_DEFAULTS.get(deployment.provider, "")
        shown = usual if usual.startswith("https:") else "https://…"
        yield Finding(
            place=Place(path=model.path, pointer=where),
            message=f"the endpoint is missing, and the provider {quote(deployment.provider)} has no single public one",
            label="needs an endpoint",
            help=f"write 'endpoint: {shown}'" + (f", or params with {regions[0]}" if regions else ""),
        )


RULES = (local_inference_has_a_place, endpoint_is_known)
