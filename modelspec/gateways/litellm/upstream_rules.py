"""Whose credentials LiteLLM sends, and where to: `MS723`, `MS724` and `MS725`."""

from collections.abc import Iterator
from typing import assert_never
from urllib.parse import urlsplit

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Rule, Scope, rule
from modelspec.fleet.model import Deployment, Fleet, Model
from modelspec.fleet.providers import REGION, endpoint_of
from modelspec.fleet.reference import Reference
from modelspec.gateways.litellm.names import COMMON_PARAMS, FORMS, RESERVED_VARIABLES, ParamKind
from modelspec.text.document import Place, Scalar
from modelspec.text.quote import quote

TARGET = "# file: modelspec.yaml\ntargets: [litellm]\n"
ATLAS = """\
# file: models.d/atlas.yaml
model_id: atlas
name: Atlas
region: eu
priority_head: head-eu-1
fallback_heads: [head-uk-1]
"""
OPEN = TARGET + ATLAS + "endpoint: https://api.atlas.example/v1\n"


def deployments_of(model: Model, fleet: Fleet, *, known: bool = True) -> list[Deployment]:
    """Those whose provider LiteLLM is given a way to, or those of the others; none where LiteLLM is no target."""
    if "litellm" not in fleet.targets:
        return []
    return [deployment for deployment in model.deployments if (deployment.provider in FORMS) is known]


def place_in(model: Model, deployment: Deployment, *pointer: str | int) -> Place:
    """Where a deployment says something."""
    return Place(path=model.path, pointer=(*deployment.pointer, *pointer))


@rule(
    "MS721",
    Severity.ERROR,
    Scope.MODEL,
    bad=OPEN + "provider: atlas\n",
    good=OPEN + "provider: openai\n",
)
def provider_is_written(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """LiteLLM is given no way to a provider.

    Each provider has its own way of building a URL from the endpoint and of sending the key. modelspec writes only
    those that it knows LiteLLM to follow; a word that LiteLLM does not know would have it guess.

    Most providers speak the protocol of OpenAI: write `provider: openai` with their endpoint.
    """
    for deployment in deployments_of(model, fleet, known=False):
        yield Finding(
            place=place_in(model, deployment, "provider"),
            message=f"no LiteLLM configuration is written for the provider {quote(deployment.provider)}",
            label="not for LiteLLM",
            help="write 'provider: openai' if it speaks that protocol, with its endpoint; "
            f"otherwise one of {', '.join(FORMS)}",
        )


@rule(
    "MS722",
    Severity.ERROR,
    Scope.MODEL,
    bad=OPEN + "params: {mock_response: Hello}\n",
    good=OPEN + "params: {timeout: 60}\n",
)
def params_are_connection_settings(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """LiteLLM would take a setting for something else than a connection.

    Whatever stands in `params` is handed to LiteLLM beside the model. There it may invent answers, log requests to
    another host, use credentials of the gateway or replace the endpoint; a word that LiteLLM does not know is sent
    upstream in the body of every request. So only settings that are known to be harmless are written.

    Delete the setting, or correct its name or its value.
    """
    for deployment in deployments_of(model, fleet):
        allowed = {**COMMON_PARAMS, **FORMS[deployment.provider].params}
        for name, value in deployment.params.items():
            place = place_in(model, deployment, "params", name)
            if name not in allowed:
                yield Finding(
                    place=Place(path=place.path, pointer=place.pointer, on_key=True),
                    message=f"{quote(name)} is no connection setting that LiteLLM is given for "
                    f"{quote(deployment.provider)}",
                    label="not for LiteLLM",
                    help=f"delete it, or use one of {', '.join(sorted(allowed))}",
                )
            elif not _fits(value, allowed[name]):
                yield Finding(
                    place=place,
                    message=f"LiteLLM wants {allowed[name].value} for {quote(name)}",
                    label="another kind of value",
                    help=f"write {allowed[name].value}",
                )


@rule(
    "MS728",
    Severity.ERROR,
    Scope.MODEL,
    bad=OPEN + "upstream_model: Gigachät-2\n",
    good=OPEN + "upstream_model: Gigachat-2\n",
)
def upstream_names_are_ascii(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """An upstream's name holds characters that LiteLLM cannot answer with.

    LiteLLM tells the upstream's name in a header of each answer. Beyond printable ASCII the answer fails, after the
    upstream has done its work.

    Ask the provider for another name of the model.
    """
    for deployment in deployments_of(model, fleet):
        name = deployment.upstream_model
        if not (name.isascii() and name.isprintable()):
            yield Finding(
                place=place_in(model, deployment, "upstream_model"),
                message=f"LiteLLM cannot name the upstream {quote(name)} in the header of an answer",
                label="not printable ASCII",
                help="use a name of letters, digits and signs of ASCII",
            )


def _fits(value: Scalar | Reference, kind: ParamKind) -> bool:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else -1
    match kind:
        case ParamKind.TEXT:
            return isinstance(value, str | Reference)
        case ParamKind.REGION:
            return isinstance(value, Reference) or (isinstance(value, str) and bool(REGION.fullmatch(value)))
        case ParamKind.SECONDS:
            return number > 0
        case ParamKind.COUNT:
            return number >= 0 and number % 1 == 0
        case _:
            assert_never(kind)


UPSTREAM_RULES: tuple[Rule, ...] = (
    provider_is_written,
    params_are_connection_settings,
    upstream_names_are_ascii,
)


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
        field = "upstream_model" if deployment.endpoint is None else "endpoint"
        for message, advice in _endpoint_faults(model, deployment):
            yield Finding(
                place=place_in(model, deployment, field),
                message=message,
                label="not for LiteLLM",
                help=advice,
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
            named = value.written if isinstance(value, Reference) and value.kind == "env" else ""
            if named.upper().startswith(RESERVED_VARIABLES):
                yield Finding(
                    place=place_in(model, deployment, *pointer, "env"),
                    message=f"variables that begin with {quote(RESERVED_VARIABLES)} stand for other references",
                    label="reserved",
                    help="write the reference itself, or a variable of the model's own",
                )


def _endpoint_faults(model: Model, deployment: Deployment) -> Iterator[tuple[str, str]]:
    """What is wrong, and what to do."""
    form, endpoint = FORMS[deployment.provider], deployment.endpoint
    provider = quote(deployment.provider)
    if endpoint is None:
        has_one = model.local_inference or endpoint_of(deployment.provider) is not None
        if "ollama" in deployment.upstream_model and not has_one:
            yield (
                "LiteLLM would start a server of its own for an upstream that is named after Ollama",
                "write the endpoint",
            )
    elif isinstance(endpoint, Reference):
        if form.path or form.path_if_bare:
            yield (
                f"nothing can append the path of {provider} to an endpoint in a variable",
                "write the endpoint itself",
            )
    elif form.hosts:
        host = f".{urlsplit(endpoint).hostname or ''}"
        if not host.endswith(tuple(f".{domain}" for domain in form.hosts)):
            yield (
                f"LiteLLM may send credentials of its own to an endpoint of {provider}",
                f"write a host of {' or '.join(form.hosts)}, or {{env: NAME}} that the gateway's operator sets",
            )


CREDENTIAL_RULES: tuple[Rule, ...] = (
    clouds_have_credentials,
    endpoints_are_used_as_meant,
    variables_of_references_are_left_alone,
)
