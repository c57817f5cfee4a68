"""Rules for what LiteLLM sends to upstreams: `MS721` to `MS725` and `MS728`."""

from collections.abc import Iterator
from typing import assert_never

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Rule, Scope, rule
from modelspec.fleet.model import Fleet, Model, Upstream
from modelspec.fleet.providers import REGION, WORDS, endpoint_of
from modelspec.fleet.reference import Reference
from modelspec.gateways.litellm.names import COMMON_PARAMS, FORMS, RESERVED_VARIABLES, Form, ParamKind
from modelspec.text.document import Place, Scalar
from modelspec.text.quote import quote
from modelspec.url import parts

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


def deployments_of(model: Model, fleet: Fleet, *, known: bool = True) -> list[Upstream]:
    """The deployments with a provider in `FORMS`, or in other words that are known; none if LiteLLM is not a target."""
    if "litellm" not in fleet.targets:
        return []
    return [d for d in model.deployments if (d.provider in FORMS) is known and d.provider in WORDS]


def place_in(model: Model, deployment: Upstream, *pointer: str | int) -> Place:
    """The place of a field of a deployment."""
    return Place(path=model.path, pointer=(*deployment.pointer, *pointer))


@rule(
    "MS721",
    Severity.ERROR,
    Scope.MODEL,
    bad=OPEN + "provider: clarifai\n",
    good=OPEN + "provider: openai\n",
)
def provider_is_written(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """The provider is not supported with LiteLLM.

    Providers differ in how LiteLLM builds a URL from the endpoint and sends the key. modelspec writes only those for
    which this is known; for a name that LiteLLM does not know, it would guess.

    Most providers speak the protocol of OpenAI: write `provider: openai` with their endpoint.
    """
    for deployment in deployments_of(model, fleet, known=False):
        yield Finding(
            place=place_in(model, deployment, "provider"),
            message=f"the provider {quote(deployment.provider)} is not supported with LiteLLM",
            label="not for LiteLLM",
            help="if it speaks the protocol of OpenAI, write 'provider: openai' with its endpoint; "
            f"otherwise use one of {', '.join(FORMS)}",
        )


@rule(
    "MS722",
    Severity.ERROR,
    Scope.MODEL,
    bad=OPEN + "params: {mock_response: Hello}\n",
    good=OPEN + "params: {timeout: 60}\n",
)
def params_are_connection_settings(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A setting in `params` is not a connection setting of LiteLLM.

    LiteLLM gets everything in `params` together with the model. A setting there may invent answers, log requests to
    another host, use credentials of the gateway or replace the endpoint; LiteLLM sends a name that it does not know
    upstream, in the body of every request. So only settings that are known to be harmless are allowed.

    Delete the setting, or correct its name or its value.
    """
    for deployment in deployments_of(model, fleet):
        allowed = {**COMMON_PARAMS, **FORMS[deployment.provider].params}
        for name, value in deployment.params.items():
            place = place_in(model, deployment, "params", name)
            if name not in allowed:
                yield Finding(
                    place=Place(path=place.path, pointer=place.pointer, on_key=True),
                    message=f"{quote(name)} is not a connection setting of LiteLLM for {quote(deployment.provider)}",
                    label="not for LiteLLM",
                    help=f"delete it, or use one of {', '.join(sorted(allowed))}",
                )
            elif not _fits(value, allowed[name]):
                yield Finding(
                    place=place,
                    message=f"LiteLLM requires {allowed[name].value} for {quote(name)}",
                    label="wrong kind of value",
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
    """The name of an upstream contains characters that LiteLLM cannot send.

    LiteLLM sends the name of the upstream in a header of each response. If it is not printable ASCII, the response
    fails after the upstream has done its work.

    Ask the provider for another name of the model.
    """
    for deployment in deployments_of(model, fleet):
        name = deployment.upstream_model
        if not (name.isascii() and name.isprintable()):
            yield Finding(
                place=place_in(model, deployment, "upstream_model"),
                message=f"LiteLLM cannot send the name of the upstream {quote(name)} in a response header",
                label="not printable ASCII",
                help="use a name of printable ASCII characters",
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
        case ParamKind.REFERENCE:
            return isinstance(value, Reference)
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
    """A model would use the cloud account of the gateway.

    If a model of a cloud has no credentials, LiteLLM uses those from its environment or from the role of the machine.
    Anyone who may add a model could then use that account, and send its tokens elsewhere.

    Write `api_key`; or in `params`, `aws_access_key_id` and `aws_secret_access_key` for Bedrock and SageMaker, and
    `oci_user`, `oci_fingerprint`, `oci_tenancy` and `oci_key` for OCI.
    """
    for deployment in deployments_of(model, fleet):
        form = FORMS[deployment.provider]
        own = any(names <= deployment.params.keys() for names in form.credentials)
        if form.hosts and deployment.api_key is None and not own:
            yield Finding(
                place=place_in(model, deployment, "provider"),
                message=f"without credentials, a model of {quote(deployment.provider)} would use those of the gateway",
                label="needs its own credentials",
                help=_credentials_advice(form),
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
    """LiteLLM would not use an endpoint as intended.

    LiteLLM may send a token from its environment to a model of Bedrock, OCI, Vertex AI or watsonx, so the endpoint of
    such a model must be a host of that cloud. For GitHub Copilot, Replicate and SageMaker, it builds the URL itself.
    Endpoints of Cohere and Gemini need a path at the end, which cannot be appended to the value of a variable. And for
    an upstream without an endpoint and with Ollama in its name, LiteLLM would start a server.

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
    """A reference names a variable that is reserved for other references.

    LiteLLM reads keys from its environment only, so a file, a path in a vault or a Kubernetes Secret becomes a variable
    whose name begins with `MODELSPEC_KEY_`. A model that names such a variable would use the key without its reference,
    and bypass the rules for it.

    Write the reference itself, or the model's own variable.
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
                    message=f"variables that begin with {quote(RESERVED_VARIABLES)} are reserved for other references",
                    label="reserved",
                    help="write the reference itself, or the model's own variable",
                )


def _credentials_advice(form: Form) -> str:
    names = sorted(next(iter(form.credentials), ()))
    advice = f"write params with {', '.join(names[:-1])} and {names[-1]}" if names[1:] else "write api_key"
    return f"write api_key, or{advice.removeprefix('write')}" if "aws_access_key_id" in names else advice


def _endpoint_faults(model: Model, deployment: Upstream) -> Iterator[tuple[str, str]]:
    """Messages with their help."""
    form, endpoint = FORMS[deployment.provider], deployment.endpoint
    provider = quote(deployment.provider)
    if endpoint is None:
        has_one = model.local_inference or endpoint_of(deployment.provider) is not None
        if "ollama" in deployment.upstream_model and not has_one:
            yield (
                "LiteLLM would start a server for an upstream with Ollama in its name",
                "write the endpoint",
            )
    elif not form.takes_endpoint:
        if deployment.has_own_endpoint:
            yield f"LiteLLM ignores an endpoint of {provider}", "delete it"
    elif isinstance(endpoint, Reference):
        if form.path or form.path_if_bare:
            yield (
                f"the path of {provider} cannot be appended to an endpoint in a variable",
                "write the endpoint itself",
            )
    elif form.hosts:
        found = parts(endpoint)
        host = f".{found.hostname if found else ''}"
        if not host.endswith(tuple(f".{domain}" for domain in form.hosts)):
            yield (
                f"LiteLLM may send its own credentials to an endpoint of {provider}",
                f"use a host of {' or '.join(form.hosts)}, or {{env: NAME}}, which the operator of the gateway sets",
            )


CREDENTIAL_RULES: tuple[Rule, ...] = (
    clouds_have_credentials,
    endpoints_are_used_as_meant,
    variables_of_references_are_left_alone,
)
