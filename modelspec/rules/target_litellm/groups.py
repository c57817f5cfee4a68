"""What LiteLLM's model groups cannot do: `MS726` and `MS727`."""

from collections.abc import Iterator

from modelspec.catalog import Fleet, Model, Place
from modelspec.diagnostic import Severity
from modelspec.quote import quote
from modelspec.rule import Finding, Rule, Scope, rule
from modelspec.rules.target_litellm.subject import ATLAS, OPEN, TARGET

_ROUTER = (
    "# file: models.d/router.yaml\n"
    + ATLAS.partition("\n")[2].replace("model_id: atlas", "model_id: router/*")
    + "endpoint: https://router.example.com/v1\n"
)


@rule(
    "MS726",
    Severity.ERROR,
    Scope.MODEL,
    bad=TARGET
    + ATLAS
    + """\
limits: {rpm: 60}
deployments:
  - endpoint: https://one.atlas.example/v1
  - endpoint: https://two.atlas.example/v1
""",
    good=TARGET
    + ATLAS
    + """\
deployments:
  - {endpoint: "https://one.atlas.example/v1", rpm: 30}
  - {endpoint: "https://two.atlas.example/v1", rpm: 30}
""",
)
def limits_are_of_one_deployment(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """LiteLLM counts requests by deployment, not by model.

    Limits of a model with several deployments, or with a second prefix among its aliases, would have to be
    counted over all of them, which LiteLLM does not do.

    Give each deployment its own `rpm` and `tpm`. Each head counts for itself.
    """
    prefixes = [name for name in (model.model_id, *model.aliases) if name.endswith("/*")]
    several = len(model.deployments) > 1 or len(prefixes) > 1
    if "litellm" in fleet.targets and several and (model.rpm is not None or model.tpm is not None):
        yield Finding(
            place=Place(path=model.path, pointer=("limits",), on_key=True),
            message="LiteLLM has no limits over several deployments",
            label="would have to be counted over all of them",
            help="give each deployment its own rpm and tpm instead",
        )


@rule(
    "MS727",
    Severity.ERROR,
    Scope.MODEL,
    bad=OPEN + "fallback_models: [router/*]\n" + _ROUTER,
    good=OPEN + "fallback_models: [router/bison]\n" + _ROUTER,
)
def a_request_has_one_upstream_name(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A wildcard is used where one name is needed.

    A request that falls back to `router/*`, or that uses an alias of it without a `*`, says nothing that could stand
    for the `*`: no upstream knows a model of that name.

    Write a whole name behind the prefix; give an alias a file of its own.
    """
    if "litellm" not in fleet.targets:
        return
    for reference in model.fallback_models:
        if reference.model_id.endswith("/*"):
            yield Finding(
                place=Place(path=model.path, pointer=reference.pointer),
                message=f"a request cannot fall back to every model of {quote(reference.model_id)}",
                label="which of them?",
                help=f"write one name that begins with {quote(reference.model_id[:-1])}",
            )
    if any("*" in deployment.upstream_model for deployment in model.deployments):
        for position, alias in enumerate(model.aliases):
            if model.model_id.endswith("/*") and not alias.endswith("/*"):
                yield Finding(
                    place=Place(path=model.path, pointer=("aliases", position)),
                    message=f"{quote(alias)} says nothing that could stand for the '*' of the upstream's name",
                    label="an alias of a wildcard",
                    help="give it a file of its own, or end it in '/*'",
                )


RULES: tuple[Rule, ...] = (limits_are_of_one_deployment, a_request_has_one_upstream_name)
