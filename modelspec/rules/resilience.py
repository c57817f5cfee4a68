"""What happens when something fails: `MS4xx`."""

from collections.abc import Iterator
from dataclasses import replace

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Scope, rule
from modelspec.fleet.model import Catalog, Fleet, Model
from modelspec.rules.examples import model
from modelspec.text.document import Place
from modelspec.text.quote import counted, quote

_PRIORITY_HEAD = ("priority_head",)
_OFFLINE_HEADS = """
    # file: heads.yaml
    heads:
      - {head_id: head-us-1, region: us, url: https://us-1.example.com}
      - {head_id: head-us-2, region: us, url: https://us-2.example.com}
      - {head_id: head-us-3, region: us, url: https://us-3.example.com, status: offline}
      - {head_id: head-us-4, region: us, url: https://us-4.example.com, status: %s}
      - {head_id: head-uk-1, region: uk, url: https://uk-1.example.com}
      - {head_id: head-eu-1, region: eu, url: https://eu-1.example.com}
      - {head_id: head-eu-2, region: eu, url: https://eu-2.example.com}
      - {head_id: head-cn-1, region: cn, url: https://cn-1.example.com}
    # file: models.d/atlas.yaml
    model_id: atlas
    name: Atlas
    region: us
    priority_head: %s
    fallback_heads: [%s]
    endpoint: https://atlas.example.com/v1
    """


@rule(
    "MS401",
    Severity.ERROR,
    Scope.LINKED,
    bad=_OFFLINE_HEADS % ("offline", "head-us-3", "head-us-4"),
    good=_OFFLINE_HEADS % ("active", "head-us-4", "head-uk-1, head-us-3"),
)
def some_head_is_active(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """The priority head is offline and no active head remains.

    Offline heads are left out of every route. Without an active head the model has no route, or only draining heads.

    Add a fallback head that is active, or disable the model.
    """
    priority = fleet.heads[model.priority_head]
    if priority.status != "offline" or model.status == "disabled" or _active(model, fleet):
        return
    yield Finding(
        place=Place(path=model.path, pointer=_PRIORITY_HEAD),
        message=f"the priority head {quote(model.priority_head)} is offline and no active head remains",
        label="offline",
        help="add an active head to fallback_heads, or set 'status: disabled'",
        related=((priority.place.below("status"), "offline here"),),
    )


@rule(
    "MS402",
    Severity.WARNING,
    Scope.LINKED,
    bad=model(fallback_heads=None),
    good=model(),
)
def no_single_point_of_failure(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A model has a single point of failure.

    With one active head, its failure or its next restart is an outage of the model. Draining heads are being
    removed and do not count. Where the fleet has one head in all, it is reported once.

    Add a head to `fallback_heads`, in another region where residency allows it.
    """
    if model.status == "disabled" or len(fleet.heads) == 1:
        return
    active = _active(model, fleet)
    if len(active) == 1 or (not active and fleet.heads[model.priority_head].status != "offline"):
        drain = any(fleet.heads[head].status == "draining" for head in model.heads)
        who = [*map(quote, active), *(["draining heads"] if drain else [])]
        what = f"only {' and '.join(who)} {'serve' if drain else 'serves'} this model"
        yield Finding(
            place=Place(path=model.path, pointer=_PRIORITY_HEAD),
            message=f"{what}: a single point of failure",
            label="no active fallback",
            help="add another active head to fallback_heads",
            related=tuple(
                (fleet.heads[head].place.below("status"), f"{quote(head)} is {fleet.heads[head].status}")
                for head in model.heads
                if fleet.heads[head].status != "active"
            ),
        )


def _only_one_head(catalog: Catalog) -> Iterator[Finding]:
    """What all models of a fleet with one head have in common."""
    heads = [*catalog.fleet.heads.values()]
    number = sum(one.status != "disabled" for one in catalog.signatures)
    if len(heads) == 1 and heads[0].status != "offline" and number:
        yield Finding(
            place=heads[0].place.below("head_id"),
            message=f"only {quote(heads[0].head_id)} serves {counted(number, 'model')}: a single point of failure",
            label="no other head",
            help="add a second head here, and name it in the fallback_heads of the models",
            subject=heads[0].head_id,
        )


@rule(
    "MS403",
    Severity.WARNING,
    Scope.LINKED,
    bad=_OFFLINE_HEADS % ("active", "head-us-3", "head-us-4, head-uk-1"),
    good=_OFFLINE_HEADS % ("active", "head-us-4", "head-uk-1, head-us-3"),
)
def priority_head_is_not_offline(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """The priority head is offline.

    All requests use the fallbacks, which may be farther away or smaller.

    Name an active head as `priority_head`, or bring the head back.
    """
    priority = fleet.heads[model.priority_head]
    if priority.status != "offline" or model.status == "disabled":
        return
    active = _active(model, fleet)
    if active:
        yield Finding(
            place=Place(path=model.path, pointer=_PRIORITY_HEAD),
            message=f"the priority head {quote(model.priority_head)} is offline; {quote(active[0])} takes over",
            label="offline",
            help=f"make {active[0]} the priority head, or bring {model.priority_head} back",
            related=(
                (
                    priority.place.below("status"),
                    "offline here",
                ),
            ),
        )


@rule(
    "MS404",
    Severity.INFO,
    Scope.LINKED,
    bad=model(fallback_heads="[head-us-2]"),
    good=model(fallback_heads="[head-us-2, head-uk-1]"),
)
def heads_stand_in_more_than_one_region(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """All heads of a model are in one region.

    A whole region can fail: its network, its provider, its power. Where the residency of the model's region allows
    another one that has an active head, adding it takes one line.

    Add a head of another allowed region to `fallback_heads`.
    """
    active = _active(model, fleet)
    if model.status == "disabled" or len(active) <= 1:
        return
    found_in = {fleet.heads[head].region for head in active}
    if len(found_in) > 1:
        return
    residency = fleet.regions[model.region].residency
    elsewhere = [
        head.head_id
        for head in fleet.heads.values()
        if head.status == "active"
        and head.region not in found_in
        and head.region in fleet.regions
        and (residency is None or head.region in residency)
    ]
    if elsewhere:
        yield Finding(
            place=Place(path=model.path, pointer=_PRIORITY_HEAD),
            message=f"every active head of this model is in {quote(found_in.pop())}",
            label="one region",
            help=f"add a head of another region to fallback_heads, such as {elsewhere[0]}",
        )


def _active(model: Model, fleet: Fleet) -> list[str]:
    return [head for head in model.heads if fleet.heads[head].status == "active"]


RULES = (
    some_head_is_active,
    replace(no_single_point_of_failure, catalog_check=_only_one_head),
    priority_head_is_not_offline,
    heads_stand_in_more_than_one_region,
)
