"""The heads of a model: `MS301` and `MS303` to `MS305`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Scope, rule
from modelspec.fleet.location import region_place
from modelspec.fleet.model import Catalog, Fleet, Model, Region, Signature
from modelspec.rules.examples import model
from modelspec.text.document import Place, Pointer
from modelspec.text.quote import quote


def _weighted(weights: str) -> str:
    """A model with weights: where the usual fields are, for people to find them."""
    return model(region="eu", fallback_heads=f"[head-uk-1]\nload_balancing:\n  weights: {weights}")


def is_left_out(region: Region, countries: Iterable[str]) -> bool:
    """Whether these countries lie in the region itself, which its own residency leaves out: MS320 reports it once."""
    given = frozenset(countries)
    return bool(given) and given <= region.countries and region.code not in (region.residency or ())


def residency_of(region: Region) -> tuple[Place, str]:
    """The place of a region's residency rule, and what it says."""
    place = region.place.below("residency")
    return place, f"{quote(region.code)} allows {', '.join(region.residency or ())}"


def way_out(
    model: Signature, region: str, reaches: Mapping[str, Sequence[str]], catalog: Catalog
) -> tuple[Place, str]:
    """Where a model reaches a region: by itself, or by the first of its own fallback models that does."""
    if region not in model.reach:
        for name, pointer in model.fallback_models:
            fallback = catalog.names.find(name)
            if fallback is not None and region in reaches[fallback.model_id]:
                return Place(
                    path=model.path, pointer=pointer
                ), f"{quote(model.model_id)} reaches it through this"
    return Place(path=model.path, pointer=("priority_head",)), f"{quote(model.model_id)} is served here"


@rule(
    "MS301",
    Severity.ERROR,
    Scope.LINKED,
    bad=model(region="eu", fallback_heads="[head-us-1]"),
    good=model(region="eu"),
)
def residency_is_kept(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """Requests for a model could leave the regions that its own region allows.

    A region's `residency` lists where requests for its models may be served. A head, a deployment or a fallback
    model outside it would move them elsewhere, at the worst moment: when something else has failed. Offline heads
    count too, since they come back.

    Use a head or a deployment in an allowed region, or widen `residency` in regions.yaml, where its owners review
    the change.
    """
    region = fleet.regions[model.region]
    if region.residency is None:
        return
    allowed = region.residency
    # That the rule leaves out its own region is reported once, by MS320.
    inside = {*allowed, model.region}
    for name, pointer, on_key in _heads(model):
        found_in = fleet.heads[name].region
        if found_in not in inside and found_in in fleet.regions:
            yield Finding(
                place=Place(path=model.path, pointer=pointer, on_key=on_key),
                message=f"the head {quote(name)} serves in {quote(found_in)}, outside the residency of "
                f"{quote(model.region)}",
                label=f"serves in {found_in}",
                help=f"use a head in {' or '.join(allowed)}, or change the residency of {model.region}",
                related=(residency_of(region),),
            )
    if model.local_inference:
        return
    for deployment in model.deployments:
        if deployment.region is not None and deployment.region not in inside:
            yield Finding(
                place=region_place(model, deployment),
                message=f"an upstream in {quote(deployment.region)} is outside the residency of "
                f"{quote(model.region)}",
                label="answers here",
                help=f"use an upstream in {' or '.join(allowed)}, or change the residency of {model.region}",
                related=(residency_of(region),),
            )


@rule(
    "MS303",
    Severity.ERROR,
    Scope.MODEL,
    bad=model(region="eu", fallback_heads="[head-eu-1, head-uk-1]"),
    good=model(region="eu"),
)
def fallback_is_another_head(model: Model, fleet: Fleet) -> Iterator[Finding]:  # noqa: ARG001
    """A fallback head is the priority head.

    Retrying the head that has just failed only makes the client wait.

    Delete the entry, or name another head.
    """
    for position, head in enumerate(model.fallback_heads):
        if head == model.priority_head:
            yield Finding(
                place=Place(path=model.path, pointer=("fallback_heads", position)),
                message=f"the fallback {quote(head)} is the priority head",
                label="already tried",
                help="delete it, or name another head",
                related=((Place(path=model.path, pointer=("priority_head",)), "the priority head"),),
            )


@rule(
    "MS304",
    Severity.ERROR,
    Scope.MODEL,
    bad=_weighted("{head-eu-2: 1}"),
    good=_weighted("{head-eu-1: 3, head-eu-2: 1}"),
)
def weights_name_the_priority_head(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """The weights of the first tier omit the priority head.

    `load_balancing.weights` sets how the heads of the first tier share its requests. Without the priority head in
    it, the file contradicts itself about which heads come first.

    Give the priority head a weight.
    """
    slips = (head for head in model.weights if head not in fleet.heads)
    if any(fleet.head_suggestions.nearest(head) == model.priority_head for head in slips):
        return  # it is misspelt there
    if model.weights and model.priority_head not in model.weights:
        yield Finding(
            place=Place(path=model.path, pointer=("load_balancing", "weights"), on_key=True),
            message=f"the weights omit the priority head {quote(model.priority_head)}",
            label="the first tier",
            help=f"add '{model.priority_head}: 1', or change priority_head",
            related=((Place(path=model.path, pointer=("priority_head",)), "the priority head"),),
        )


@rule(
    "MS305",
    Severity.ERROR,
    Scope.MODEL,
    bad=_weighted("{head-eu-1: 3, head-uk-1: 1}"),
    good=_weighted("{head-eu-1: 3, head-eu-2: 1}"),
)
def weights_and_fallbacks_differ(model: Model, fleet: Fleet) -> Iterator[Finding]:  # noqa: ARG001
    """A head is both in the first tier and among the fallbacks.

    When the first tier has failed, every head in it has failed.

    Name it in `load_balancing.weights` or in `fallback_heads`.
    """
    for position, head in enumerate(model.fallback_heads):
        if head in model.weights and head != model.priority_head:
            yield Finding(
                place=Place(path=model.path, pointer=("fallback_heads", position)),
                message=f"the fallback {quote(head)} is already in the first tier",
                label="already tried",
                help="delete it here or in load_balancing.weights",
                related=(
                    (
                        Place(path=model.path, pointer=("load_balancing", "weights", head), on_key=True),
                        "in the first tier here",
                    ),
                ),
            )


def _heads(model: Model) -> Iterator[tuple[str, Pointer, bool]]:
    yield model.priority_head, ("priority_head",), False
    for head in model.weights:
        if head != model.priority_head:
            yield head, ("load_balancing", "weights", head), True
    for position, head in enumerate(model.fallback_heads):
        if head not in model.weights and head != model.priority_head:
            yield head, ("fallback_heads", position), False


RULES = (
    residency_is_kept,
    fallback_is_another_head,
    weights_name_the_priority_head,
    weights_and_fallbacks_differ,
)
