"""Whose credentials LiteLLM sends, and where to: `MS723`, `MS724` and `MS725`."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from modelspec.catalog import Deployment, Fleet, Model, Reference
from modelspec.diagnostic import Severity
from modelspec.litellm import FORMS, RESERVED_VARIABLES
from modelspec.providers import PROVIDERS
from modelspec.quote import quote
from modelspec.rule import Finding, Rule, Scope, rule
from modelspec.rules.target_litellm.subject import ATLAS, OPEN, TARGET, deployments_of, place_in

_BEDROCK = TARGET + ATLAS + "provider: bedrock\nupstream_model: amazon.nova-lite-v1:0\n"
_AWS_KEYS = "aws_access_key_id: {env: ATLAS_KEY_ID}, aws_secret_access_key: {env: ATLAS_ACCESS_KEY}"
_WORKS = _BEDROCK + "endpoint: https://bedrock-runtime.eu-west-1.amazonaws.com\n"


@rule(
    "MS723",
    Severity.ERROR,
    Scope.MODEL,
    bad=_WORKS + "params: {aws_region_name: eu-west-1}\n",
    good=_WORKS + f"params: {{aws_region_name: eu-west-1, {_AWS_KEYS}}}\n",
)
def clouds_have_credentials(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A model would use the gateway's own cloud account.

    Where a model of Bedrock or Vertex AI brings no credentials, LiteLLM looks for some in its own environment and
    in the machine's role. Whoever may add a model could then use that account, and send its tokens.

    Give `api_key`; for Bedrock also `aws_access_key_id` and `aws_secret_access_key` in `params`.
    """
    for deployment in deployments_of(model, fleet):
        own = {"aws_access_key_id", "aws_secret_access_key"} <= deployment.params.keys()
        if FORMS[deployment.provider].hosts and deployment.api_key is None and not own:
            yield Finding(
                place=place_in(model, deployment, "provider"),
                message=f"a model of {quote(deployment.provider)} without credentials would use those of the gateway",
                label="needs credentials of its own",
                help="write api_key"
                + (
                    ", or params with aws_access_key_id and aws_secret_access_key"
                    if deployment.provider == "bedrock"
                    else ""
                ),
            )


@rule(
    "MS724",
    Severity.ERROR,
    Scope.MODEL,
    bad=_BEDROCK
    + f"endpoint: https://atlas.example.com\nparams: {{aws_region_name: eu-west-1, {_AWS_KEYS}}}\n",
    good=_WORKS + f"params: {{aws_region_name: eu-west-1, {_AWS_KEYS}}}\n",
)
def endpoints_are_used_as_meant(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """LiteLLM would use an endpoint in another way than meant.

    To a model of Bedrock or Vertex AI, LiteLLM may send a token of its own environment: such a model goes to
    that cloud's own hosts only. Cohere's and Gemini's endpoints need a path behind them, which nothing can
    append to the value of a variable. And for an upstream named after Ollama without an endpoint LiteLLM would
    start a server of its own.

    Write the provider's own URL.
    """
    for deployment in deployments_of(model, fleet):
        fault = _endpoint_fault(model, deployment)
        if fault is not None:
            field = "upstream_model" if deployment.endpoint is None else "endpoint"
            yield Finding(
                place=place_in(model, deployment, field),
                message=fault[0],
                label="not for LiteLLM",
                help=fault[1],
            )


@rule(
    "MS725",
    Severity.ERROR,
    Scope.MODEL,
    bad=OPEN + "api_key: {env: MODELSPEC_KEY_FILE_RUN_SECRETS_BISON_0123456789}\n",
    good=OPEN + "api_key: {env: ATLAS_API_KEY}\n",
)
def variables_of_references_are_left_alone(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A reference names a variable that stands for another reference.

    LiteLLM reads keys from its environment only, so that a file, a path in a vault or a Kubernetes Secret becomes
    a variable whose name begins with `MODELSPEC_KEY_`. A model that names such a variable itself would use the
    key without naming its reference, past the rules about it.

    Write the reference itself, or a variable of the model's own.
    """
    if "litellm" not in fleet.targets:
        return
    for deployment in model.deployments:
        values: list[tuple[tuple[str, ...], object]] = [
            (("endpoint",), deployment.endpoint),
            (("api_key",), deployment.api_key),
            *((("params", name), value) for name, value in deployment.params.items()),
        ]
        for pointer, value in values:
            named = value.target if isinstance(value, Reference) and value.kind == "env" else ""
            if named.upper().startswith(RESERVED_VARIABLES):
                yield Finding(
                    place=place_in(model, deployment, *pointer, "env"),
                    message=f"variables that begin with {quote(RESERVED_VARIABLES)} stand for other references",
                    label="reserved",
                    help="write the reference itself, or a variable of the model's own",
                )


def _endpoint_fault(model: Model, deployment: Deployment) -> tuple[str, str] | None:
    form = FORMS[deployment.provider]
    endpoint = deployment.endpoint
    provider = quote(deployment.provider)
    if endpoint is None:
        known = PROVIDERS.get(deployment.provider)
        has_one = model.local_inference or (known is not None and known.public_endpoint is not None)
        if "ollama" in deployment.upstream_model and not has_one:
            return (
                "LiteLLM would start a server of its own for an upstream that is named after Ollama",
                "write the endpoint",
            )
        return None
    if isinstance(endpoint, Reference):
        if form.path or form.path_if_bare:
            return (
                f"nothing can append the path of {provider} to an endpoint in a variable",
                "write the endpoint itself",
            )
        return None
    host = f".{urlsplit(endpoint).hostname or ''}"
    if form.hosts and not host.endswith(tuple(f".{domain}" for domain in form.hosts)):
        return (
            f"LiteLLM may send credentials of its own to an endpoint of {provider}",
            f"write a host of {' or '.join(form.hosts)}, or {{env: NAME}} that the gateway's operator sets",
        )
    return None


RULES: tuple[Rule, ...] = (
    clouds_have_credentials,
    endpoints_are_used_as_meant,
    variables_of_references_are_left_alone,
)
