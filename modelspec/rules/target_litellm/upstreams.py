"""How LiteLLM reaches an upstream: `MS721`, `MS722` and `MS728`."""

from collections.abc import Iterator
from typing import assert_never

from modelspec.catalog import Fleet, Model, Place, Reference
from modelspec.diagnostic import Severity
from modelspec.document import Scalar
from modelspec.litellm import COMMON_PARAMS, FORMS, Kind
from modelspec.providers import REGION
from modelspec.quote import quote
from modelspec.rule import Finding, Rule, Scope, rule
from modelspec.rules.target_litellm.subject import OPEN, deployments_of, place_in


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


def _fits(value: Scalar | Reference, kind: Kind) -> bool:
    match kind:
        case Kind.TEXT:
            return isinstance(value, str | Reference)
        case Kind.REGION:
            return isinstance(value, Reference) or (
                isinstance(value, str) and REGION.fullmatch(value) is not None
            )
        case Kind.SECONDS:
            return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
        case Kind.COUNT:
            whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            return whole and not isinstance(value, bool) and value >= 0  # type: ignore[operator]
        case _:
            assert_never(kind)


RULES: tuple[Rule, ...] = (provider_is_written, params_are_connection_settings, upstream_names_are_ascii)
