"""The life of models: `MS601`, `MS602`, `MS604`, `MS605` and `MS619` to `MS621`."""

from collections.abc import Iterator
from datetime import date

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Scope, rule
from modelspec.fleet.model import Catalog, Fleet, Model
from modelspec.rules.examples import model
from modelspec.text.document import Place
from modelspec.text.quote import quote

_HEADS = """\
# file: heads.yaml
heads:
  - {head_id: head-us-1, region: us, url: https://us-1.example.com}
  - {head_id: head-us-2, region: us, url: https://us-2.example.com}
  - {head_id: head-eu-1, region: eu, url: https://eu-1.example.com}
  - {head_id: head-eu-2, region: eu, url: https://eu-2.example.com}
  - {head_id: head-uk-1, region: uk, url: https://uk-1.example.com}
  - {head_id: head-uk-2, region: uk, url: https://uk-2.example.com}
  - {head_id: head-cn-1, region: cn, url: https://cn-1.example.com}
"""
_REGIONS = """\
# file: regions.yaml
regions:
  - {code: us, name: United States}
  - {code: eu, name: Europe}
  - {code: uk, name: United Kingdom}
  - {code: cn, name: China}
"""


@rule(
    "MS601",
    Severity.INFO,
    Scope.CATALOG,
    bad=_HEADS + model(),
    good=_HEADS + model(fallback_heads="[head-uk-1, head-uk-2]"),
)
def heads_are_used(catalog: Catalog) -> Iterator[Finding]:
    """No model uses a head.

    A head that no model names costs money and may be a forgotten entry or a typo.

    Name it in a model, or delete it from heads.yaml.
    """
    if not catalog.complete or not catalog.paths or not catalog.fleet.complete:
        return
    used = {head for signature in catalog.signatures for head in signature.heads}
    for head in catalog.fleet.heads.values():
        if head.head_id not in used:
            yield Finding(
                place=head.place.below("head_id"),
                message=f"no model uses the head {quote(head.head_id)}",
                label="unused",
                help="name it in a model, or delete it",
                subject=head.head_id,
            )


@rule(
    "MS602",
    Severity.INFO,
    Scope.CATALOG,
    bad=_REGIONS + "  - {code: br, name: Brazil}",
    good=_REGIONS,
)
def regions_are_used(catalog: Catalog) -> Iterator[Finding]:
    """Nothing uses a region.

    A region without a model, head or edge is a forgotten entry or a typo. Being listed in another region's
    `residency` does not count as use.

    Use it, or delete it from regions.yaml.
    """
    fleet = catalog.fleet
    if not catalog.complete or not catalog.paths or not fleet.complete:
        return
    used = {head.region for head in fleet.heads.values()}
    used.update(fleet.edge_regions)
    used.update(code for signature in catalog.signatures for code in signature.regions)
    for region in fleet.regions.values():
        if region.code not in used:
            yield Finding(
                place=region.place.below("code"),
                message=f"no model, head or edge uses the region {quote(region.code)}",
                label="unused",
                help="use it, or delete it",
                subject=region.code,
            )


@rule(
    "MS604",
    Severity.WARNING,
    Scope.MODEL,
    bad=model(status="deprecated"),
    good=model(status="deprecated", replaced_by="bison") + model("bison"),
)
def deprecated_models_name_a_successor(model: Model, fleet: Fleet) -> Iterator[Finding]:  # noqa: ARG001
    """A deprecated model has no successor.

    Clients have to move; without `replaced_by` they do not know to which model.

    Add `replaced_by`.
    """
    if model.status == "deprecated" and model.replaced_by is None:
        yield Finding(
            place=Place(path=model.path, pointer=("status",)),
            message=f"{quote(model.model_id)} is deprecated and has no successor",
            label="deprecated",
            help="add 'replaced_by: <model_id>'",
        )


@rule(
    "MS605",
    Severity.WARNING,
    Scope.CATALOG,
    bad=model(status="deprecated", replaced_by="bison") + model("bison", status="disabled"),
    good=model(status="deprecated", replaced_by="bison") + model("bison"),
)
def successors_are_served(catalog: Catalog) -> Iterator[Finding]:
    """The successor of a model is disabled, or is the model itself.

    Either leaves clients without a model.

    Name a model that is served.
    """
    for signature in catalog.signatures:
        successor = catalog.names.find(signature.replaced_by) if signature.replaced_by else None
        if successor is None or (successor is not signature and successor.status != "disabled"):
            continue
        is_itself = successor is signature
        yield Finding(
            place=Place(path=signature.path, pointer=("replaced_by",)),
            message=f"{quote(signature.model_id)} is replaced by "
            + ("itself" if is_itself else f"{quote(successor.model_id)}, which is disabled"),
            label="not served",
            help="name a model that is served",
            related=()
            if is_itself
            else ((Place(path=successor.path, pointer=("status",)), "disabled here"),),
            subject=signature.model_id,
        )


@rule(
    "MS619",
    Severity.WARNING,
    Scope.CATALOG,
    bad=model(status="deprecated", replaced_by="bison", sunset="2020-06-30") + model("bison"),
    good=model(status="disabled", replaced_by="bison", sunset="2020-06-30") + model("bison"),
)
def sunsets_are_kept(catalog: Catalog) -> Iterator[Finding]:
    """The sunset of a model has passed, and it is still served.

    Clients were told a day on which the model ends. A day counts that the caller gives: a build writes nothing of it.

    Disable or delete the model, or move the day.
    """
    day = catalog.day or ""
    for signature in catalog.signatures:
        sunset = signature.sunset
        if sunset is None or not sunset < day or not _is_day(sunset) or signature.status == "disabled":
            continue
        yield Finding(
            place=Place(path=signature.path, pointer=("sunset",)),
            message=f"the sunset of {quote(signature.model_id)} was on {sunset}, and it is still served"
            + (", not even deprecated" if signature.status == "active" else ""),
            label="has passed",
            help="write 'status: disabled', delete the model, or move the day",
            subject=signature.model_id,
        )


@rule(
    "MS620",
    Severity.INFO,
    Scope.CATALOG,
    bad=model(sunset="2099-06-30"),
    good=model(status="deprecated", replaced_by="bison", sunset="2099-06-30") + model("bison"),
)
def sunsets_are_of_deprecated_models(catalog: Catalog) -> Iterator[Finding]:
    """A model with a sunset is not deprecated.

    Clients are told of the day only where the model is `deprecated`.

    Add `status: deprecated` with `replaced_by`, or delete the sunset.
    """
    for signature in catalog.signatures:
        sunset = signature.sunset
        if sunset is None or signature.status != "active" or not _is_day(sunset):
            continue
        if catalog.day is None or sunset >= catalog.day:
            yield Finding(
                place=Place(path=signature.path, pointer=("sunset",)),
                message=f"{quote(signature.model_id)} has a sunset and is not deprecated",
                label="nobody is told",
                help="add 'status: deprecated', or delete the sunset",
                subject=signature.model_id,
            )


@rule(
    "MS621",
    Severity.ERROR,
    Scope.MODEL,
    bad=model(status="deprecated", replaced_by="bison", sunset="0001-01-01") + model("bison"),
    good=model(status="deprecated", replaced_by="bison", sunset="2099-01-01") + model("bison"),
)
def sunsets_are_days(model: Model, fleet: Fleet) -> Iterator[Finding]:  # noqa: ARG001
    """The sunset of a model is a day that nobody can mean.

    The year 1 is what some programs write where a date is not set, and no month has a 31st of February.

    Correct the day, or delete the sunset.
    """
    if model.sunset is not None and not _is_day(model.sunset):
        yield Finding(
            place=Place(path=model.path, pointer=("sunset",)),
            message=f"the sunset of {quote(model.model_id)} is a day that nobody can mean: {quote(model.sunset)}",
            label="no such day" if model.sunset >= _FIRST_DAY else "long ago",
            help="correct the day, or delete it",
        )


_FIRST_DAY = "2000-01-01"
"""No model is older."""


def _is_day(text: str) -> bool:
    """Whether a day is one of the calendar, and one on which a model can end."""
    try:
        return date.fromisoformat(text).isoformat() >= _FIRST_DAY
    except ValueError:
        return False


RULES = (
    heads_are_used,
    regions_are_used,
    deprecated_models_name_a_successor,
    successors_are_served,
    sunsets_are_kept,
    sunsets_are_of_deprecated_models,
    sunsets_are_days,
)
