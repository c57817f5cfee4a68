"""Limits of LiteLLM's model groups, `MS726`, `MS727`, `MS729`, `MS730`, `MS739` and `MS741`."""

from collections.abc import Iterator

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Rule, Scope, rule
from modelspec.fleet.model import Catalog, Fleet, Model, Signature, prefix_of
from modelspec.gateways.litellm.upstream_rules import ATLAS, OPEN, TARGET
from modelspec.text.document import Place
from modelspec.text.quote import quote

_SHARED = (
    "# file: modelspec.yaml\ntargets: [litellm]\ntarget_options: {litellm: SETTINGS}\n"
    + ATLAS
    + """\
deployments:
  - {endpoint: "https://one.atlas.example/v1", weight: 3}
  - {endpoint: "https://two.atlas.example/v1"}
"""
)
_ENFORCED = TARGET + "target_options: {litellm: {enforce_limits: true}}\n"
_BISON = """\
# file: models.d/bison.yaml
model_id: bison
name: Bison
region: eu
priority_head: head-eu-2
fallback_heads: [head-uk-1]
local_inference: true
endpoint: http://127.0.0.1:8000/v1
"""
_ROUTER = (
    "# file: models.d/router.yaml\n"
    + ATLAS.partition("\n")[2].replace("model_id: atlas", "model_id: router/*")
    + "endpoint: https://router.example.com/v1\n"
)
_EVERYTHING = _ROUTER.replace("router/*", '"*"').replace("models.d/router", "models.d/any")


@rule(
    "MS726",
    Severity.ERROR,
    Scope.MODEL,
    bad=_ENFORCED
    + ATLAS
    + """\
limits: {rpm: 60}
deployments:
  - endpoint: https://one.atlas.example/v1
  - endpoint: https://two.atlas.example/v1
""",
    good=_ENFORCED
    + ATLAS
    + """\
deployments:
  - {endpoint: "https://one.atlas.example/v1", rpm: 30}
  - {endpoint: "https://two.atlas.example/v1", rpm: 30}
""",
)
def limits_are_of_one_deployment(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """LiteLLM counts requests by deployment, not by model.

    Limits of a model with several deployments, or with a second prefix among its aliases, would need a common count,
    which LiteLLM does not have. This concerns only a LiteLLM that `enforce_limits` tells to enforce them.

    Give each deployment its own `rpm` and `tpm`. Each head counts separately.
    """
    prefixes = [name for name in (model.model_id, *model.aliases) if prefix_of(name) is not None]
    several = len(model.deployments) > 1 or len(prefixes) > 1
    if (
        fleet.litellm_enforces_limits
        and "litellm" in fleet.targets
        and several
        and (model.rpm is not None or model.tpm is not None)
    ):
        yield Finding(
            place=Place(path=model.path, pointer=("limits",), on_key=True),
            message="LiteLLM cannot limit several deployments together",
            label="needs a common count",
            help="give each deployment its own rpm and tpm instead",
        )


@rule(
    "MS739",
    Severity.WARNING,
    Scope.MODEL,
    bad=OPEN + "limits: {tpm: 90000}\n",
    good=_ENFORCED + OPEN.removeprefix(TARGET) + "limits: {tpm: 90000}\n",
)
def limits_are_enforced_somewhere(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """No gateway enforces a limit of a model.

    An Envoy edge enforces `limits.rpm`, for each key, and cannot count tokens. LiteLLM enforces `rpm` and `tpm` only
    where `target_options.litellm.enforce_limits` is true, each proxy for itself; otherwise they are shares of requests.

    Set `enforce_limits`, let an edge enforce `rpm`, or delete the limit.
    """
    if "litellm" not in fleet.targets or fleet.litellm_enforces_limits:
        return
    for name, limit in (("rpm", model.rpm), ("tpm", model.tpm)):
        if limit is not None and (name == "tpm" or "envoy" not in fleet.targets):
            yield Finding(
                place=Place(path=model.path, pointer=("limits", name), on_key=True),
                message=f"no gateway enforces limits.{name}",
                label="has no effect",
                help="set enforce_limits: true in target_options.litellm of modelspec.yaml, or delete it",
            )


@rule(
    "MS727",
    Severity.ERROR,
    Scope.MODEL,
    bad=OPEN + "fallback_models: [router/*]\n" + _ROUTER,
    good=OPEN + "fallback_models: [router/bison]\n" + _ROUTER,
)
def a_request_has_one_upstream_name(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A wildcard is used where a single name is needed.

    A request that falls back to `router/*`, or that uses an alias of it without a `*`, has nothing to replace the `*`:
    no upstream has a model with that name.

    Write a whole name after the prefix; give an alias its own file.
    """
    if "litellm" not in fleet.targets:
        return
    for reference in model.fallback_models:
        prefix = prefix_of(reference.model_id)
        if prefix is not None:
            yield Finding(
                place=Place(path=model.path, pointer=reference.pointer),
                message=f"a request cannot fall back to every model of {quote(reference.model_id)}",
                label="which of them?",
                help=f"write one name that begins with {quote(prefix)}" if prefix else "write one name",
            )
    if any("*" in deployment.upstream_model for deployment in model.deployments):
        for position, alias in enumerate(model.aliases):
            if prefix_of(model.model_id) is not None and prefix_of(alias) is None:
                yield Finding(
                    place=Place(path=model.path, pointer=("aliases", position)),
                    message=f"{quote(alias)} has nothing to replace the '*' in the name of the upstream",
                    label="an alias of a wildcard",
                    help="give it its own file, or end it with '/*'",
                )


@rule(
    "MS729",
    Severity.ERROR,
    Scope.MODEL,
    bad=_SHARED.replace("SETTINGS", "{routing_strategy: least-busy}"),
    good=_SHARED.replace("SETTINGS", "{routing_strategy: simple-shuffle}"),
)
def weights_are_used(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """LiteLLM would ignore a weight.

    Weights are used only by LiteLLM's `simple-shuffle`, which picks deployments at random. The other strategies in
    `target_options` pick by load, time or cost.

    Delete the weights, or the `routing_strategy`.
    """
    if "litellm" not in fleet.targets or fleet.litellm_strategy == "simple-shuffle":
        return
    for deployment in model.deployments:
        if deployment.weight is not None:
            yield Finding(
                place=Place(path=model.path, pointer=(*deployment.pointer, "weight")),
                message=f"the routing strategy {quote(fleet.litellm_strategy)} ignores weights",
                label="has no effect",
                help="delete the weight, or routing_strategy from target_options in modelspec.yaml",
            )


@rule(
    "MS730",
    Severity.ERROR,
    Scope.CATALOG,
    bad=OPEN + "fallback_models: [bison]\n" + _BISON,
    good=OPEN + "fallback_models: [bison]\n" + _BISON.replace("head-uk-1", "head-eu-1, head-uk-1", 1),
)
def fallback_models_can_be_called(catalog: Catalog) -> Iterator[Finding]:
    """A head cannot call the upstream of a fallback model.

    With LiteLLM, a request that falls back stays at its head, which calls the upstreams of the other model. An
    `endpoint` with `local_inference` is an address for the heads of the other model: from another head, it leads
    nowhere, or to something else.

    Serve the fallback model at the same heads, or give those heads an `inference_url` instead of the endpoint.
    """
    if "litellm" not in catalog.fleet.targets:
        return
    for signature in catalog.signatures:
        for name, pointer in signature.fallback_models:
            fallback = catalog.names.find(name)
            if fallback is None or not fallback.is_tied_to_heads:
                continue
            without = [head for head in signature.heads if head not in fallback.heads]
            if without:
                yield Finding(
                    place=Place(path=signature.path, pointer=pointer),
                    message=f"{', '.join(map(quote, without))} cannot call {quote(name)}, which runs on other heads",
                    label="not on these heads",
                    help="name a model on the same heads, or run that one at the inference_url of its heads",
                    related=(
                        (Place(path=fallback.path, pointer=("endpoint",)), "an address for its own heads"),
                    ),
                    subject=signature.model_id,
                )


@rule(
    "MS741",
    Severity.ERROR,
    Scope.CATALOG,
    bad=OPEN + _ROUTER + "fallback_models: [atlas]\n" + _EVERYTHING,
    good=OPEN + _ROUTER + "fallback_models: [atlas]\n" + _EVERYTHING + "fallback_models: [atlas]\n",
)
def wildcards_share_their_fallbacks(catalog: Catalog) -> Iterator[Finding]:
    """Two wildcards of a head have different fallback models.

    LiteLLM looks up the fallback models of a request by the name that the client sent, never by the wildcard that took
    it. It has one list for all such names, so the wildcards of a head must have the same one.

    Give them the same `fallback_models`, serve them at different heads, or name the models that need others.
    """
    if "litellm" not in catalog.fleet.targets:
        return
    wildcards = [
        (signature, _lists(signature))
        for signature in catalog.signatures
        if signature.status != "disabled"
        and any(prefix_of(name) is not None for name in (signature.model_id, *signature.aliases))
    ]
    for signature, lists in wildcards:
        others = (
            other.model_id
            for other, theirs in wildcards
            if theirs != lists and not set(other.heads).isdisjoint(signature.heads)
        )
        other = next(others, None) if signature.fallback_models else None
        if other is not None:
            yield Finding(
                place=Place(path=signature.path, pointer=("fallback_models",)),
                message=f"LiteLLM cannot tell the fallback models of {quote(signature.model_id)} from those of "
                f"{quote(other)}",
                label="for every wildcard of a head, or for none",
                help=f"give {quote(other)} the same fallback_models, or delete them here",
                subject=signature.model_id,
            )


def _lists(signature: Signature) -> list[list[str]]:
    """The fallback models of each cause."""
    found = [(pointer[1], name) for name, pointer in signature.fallback_models]
    causes = ("error", "context_window", "content_policy")
    return [[name for at, name in found if isinstance(at, int) or at == cause] for cause in causes]


RULES: tuple[Rule, ...] = (
    limits_are_of_one_deployment,
    limits_are_enforced_somewhere,
    a_request_has_one_upstream_name,
    weights_are_used,
    fallback_models_can_be_called,
    wildcards_share_their_fallbacks,
)
