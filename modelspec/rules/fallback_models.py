"""Fallback models: `MS302`, `MS306`, `MS307`, `MS310`, `MS318` and `MS319`."""

from collections.abc import Iterator

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Scope, rule
from modelspec.fleet.link_model import USUAL_ACCESS
from modelspec.fleet.model import Catalog, Fleet, Model, Signature
from modelspec.fleet.reach import gaps, transitive_reach, transitive_sites
from modelspec.rules.examples import model
from modelspec.rules.heads import is_left_out, residency_of, way_out
from modelspec.rules.residency import place_of_site, within
from modelspec.text.document import Place
from modelspec.text.quote import quote

_ATLAS, _BISON = model(), model("bison")
_PUBLIC = _BISON + "access: {visibility: public}"
_PRIVATE = _BISON + "access: {visibility: private, groups: [research]}"


@rule(
    "MS302",
    Severity.ERROR,
    Scope.CATALOG,
    bad=model(region="eu", fallback_models="[bison]") + _BISON,
    good=model(region="eu", fallback_models="[bison]") + model("bison", "eu"),
)
def fallback_models_keep_residency(catalog: Catalog) -> Iterator[Finding]:
    """A fallback model would move requests outside the residency of their model.

    The reach of a fallback model, and of its own fallback models in turn, counts against the residency of the
    model that names it.

    Name a fallback model whose heads and deployments are inside it, or give that model other heads.
    """
    reaches = transitive_reach(catalog.signatures, catalog.names)
    spelled = transitive_sites(catalog)
    for signature in catalog.signatures:
        region = catalog.fleet.regions.get(signature.region)
        if region is None or region.residency is None:
            continue
        residency = catalog.fleet.residencies[signature.region]
        for name, pointer in signature.fallback_models:
            fallback = catalog.names.find(name)
            if fallback is None:
                continue
            outside = [
                code
                for code in reaches[fallback.model_id]
                if code not in (*region.residency, region.code) and code in catalog.fleet.regions
            ]
            strange = [
                site
                for site in spelled[fallback.model_id]
                if residency.forbids(site[1]) and not is_left_out(region, site[1])
            ]
            related = [residency_of(region)]
            if outside:
                what = f"reaches {', '.join(map(quote, outside))}"
                related.append(way_out(fallback, outside[0], reaches, catalog))
            elif strange:
                subject, countries, _ = strange[0]
                what = f"is answered by {quote(subject)} {within(countries)}"
                related.append((place_of_site(subject, fallback, catalog), "called here"))
            else:
                continue
            yield Finding(
                place=Place(path=signature.path, pointer=pointer),
                message=f"the fallback model {quote(name)} {what}, outside the residency of "
                f"{quote(signature.region)}",
                label=f"reaches {', '.join(outside)}" if outside else "leaves the residency",
                help=f"name a model that stays in {' or '.join(region.residency)}",
                related=tuple(related),
                subject=signature.model_id,
            )


@rule(
    "MS306",
    Severity.ERROR,
    Scope.MODEL,
    bad=_ATLAS + "fallback_models: [atlas]",
    good=_ATLAS,
)
def fallback_is_another_model(model: Model, fleet: Fleet) -> Iterator[Finding]:  # noqa: ARG001
    """A model falls back to itself, by its id or by one of its aliases.

    A gateway would call the same upstreams again, or loop.

    Delete the entry, or name another model.
    """
    own = {model.model_id, *model.aliases}
    for reference in model.fallback_models:
        if reference.model_id in own:
            yield Finding(
                place=Place(path=model.path, pointer=reference.pointer),
                message=f"the fallback model {quote(reference.model_id)} is this model",
                label="this model",
                help="delete it, or name another model",
            )


@rule(
    "MS307",
    Severity.WARNING,
    Scope.CATALOG,
    bad=_ATLAS + "fallback_models: [bison]\n" + _BISON + "fallback_models: [atlas]",
    good=_ATLAS + "fallback_models: [bison]\n" + _BISON,
)
def fallback_models_do_not_circle(catalog: Catalog) -> Iterator[Finding]:
    """Fallback models form a cycle.

    When all of them fail at once, a gateway that follows the cycle tries each again and again; one that limits its
    attempts wastes them. Two models that stand in for each other are common, and harmless where only one of them fails.
    Cycles that share a model are reported once, at the first reference that closes one.

    Remove one of the references.
    """
    references = {signature.model_id: _references(signature, catalog) for signature in catalog.signatures}
    finished: set[str] = set()
    told: set[str] = set()
    for start, leading in references.items():
        if start in finished or not leading:
            continue
        path = [start]
        depths = {start: 0}
        pending = [iter(leading)]
        while path:
            step = next(pending[-1], None)
            if step is None:
                pending.pop()
                finished.add(path[-1])
                del depths[path.pop()]
                continue
            target, place = step
            if target in depths:
                circle = path[depths[target] :]
                if told.isdisjoint(circle):
                    yield _circle(path, depths[target], place)
                told.update(circle)
            elif target not in finished:
                depths[target] = len(path)
                path.append(target)
                pending.append(iter(references[target]))


@rule(
    "MS310",
    Severity.WARNING,
    Scope.CATALOG,
    bad=_ATLAS + "fallback_models: [bison]\n" + _BISON + "status: disabled",
    good=_ATLAS + "fallback_models: [bison]\n" + _BISON,
)
def fallback_models_are_served(catalog: Catalog) -> Iterator[Finding]:
    """A fallback model is disabled.

    A disabled model answers 404: falling back to it replaces one failure with another.

    Name a model that is served, or remove the entry.
    """
    for signature in catalog.signatures:
        if signature.status == "disabled":
            continue
        for name, pointer in signature.fallback_models:
            fallback = catalog.names.find(name)
            if fallback is not None and fallback.status == "disabled":
                yield Finding(
                    place=Place(path=signature.path, pointer=pointer),
                    message=f"the fallback model {quote(name)} is disabled",
                    label="answers 404",
                    help="name a model that is served, or remove it",
                    related=((Place(path=fallback.path, pointer=("status",)), "disabled here"),),
                    subject=signature.model_id,
                )


@rule(
    "MS318",
    Severity.ERROR,
    Scope.CATALOG,
    bad=_ATLAS + "access: {visibility: public}\nfallback_models: [bison]\n" + _PRIVATE,
    good=_ATLAS + "access: {visibility: public}\nfallback_models: [bison]\n" + _PUBLIC,
)
def fallback_models_have_the_same_callers(catalog: Catalog) -> Iterator[Finding]:
    """Callers of a model reach a fallback model that they may not call.

    A request that falls back is not checked again: whoever may call the first model is answered by the second. That
    one must not be less visible, `private` for other groups, or closed to clients from some of the regions. Each
    model is held against those that it names; what these fall back to is held against them.

    Name a model that all of these callers may call, give the model its own copy of the other, or narrow its access.
    """
    return _narrower(catalog, are_certain=True)


@rule(
    "MS319",
    Severity.WARNING,
    Scope.CATALOG,
    bad=_ATLAS + "fallback_models: [bison]\n" + _BISON + "access: {groups: [research]}",
    good=_ATLAS + "fallback_models: [bison]\n" + _BISON,
)
def fallback_models_have_clear_callers(catalog: Catalog) -> Iterator[Finding]:
    """It is unclear whether all callers of a model may call its fallback model.

    An `internal` model with groups is for the whole organisation, for its groups, or for both, depending on how the
    keys of the gateway are made. A model without `access` is `internal`, which may not have been thought of where a
    `public` model falls back to it. A request that falls back is not checked again.

    Write who may call the fallback model: `public` if everybody, `private` if its groups only.
    """
    return _narrower(catalog, are_certain=False)


def _narrower(catalog: Catalog, *, are_certain: bool) -> Iterator[Finding]:
    """Fallback models that are, or may be, for fewer callers than the models that name them."""
    for signature in catalog.signatures:
        for name, pointer in signature.fallback_models if signature.status != "disabled" else ():
            fallback = catalog.names.find(name)
            if fallback is None or fallback is signature or fallback.status == "disabled":
                continue
            callers, called = (one.access or USUAL_ACCESS for one in (signature, fallback))
            found = [*gaps(callers, called, catalog.fleet.regions)]
            is_certain = fallback.access is not None and any(gap.is_certain for gap in found)
            if not found or is_certain is not are_certain:
                continue
            may_not, why = ("may not", "") if are_certain else ("may perhaps not", "perhaps ")
            own = Place(path=fallback.path, pointer=("access",) if fallback.access else ("model_id",))
            yield Finding(
                place=Place(path=signature.path, pointer=pointer),
                message=f"callers of {quote(signature.model_id)} {may_not} call the fallback model {quote(name)}: "
                + "; ".join(gap.words for gap in found),
                label=f"{why}not for all of its callers",
                help="name a model that all of them may call, or narrow the access of this model"
                if are_certain
                else f"say in 'access' of {quote(fallback.model_id)} who may call it: 'private' means its groups only",
                related=((own, "its access" if fallback.access else "internal, as nothing else is said"),),
                subject=signature.model_id,
            )


def _references(signature: Signature, catalog: Catalog) -> list[tuple[str, Place]]:
    """The models that one falls back to, itself aside, each with the place of its first reference."""
    found: dict[str, Place] = {}
    for name, pointer in signature.fallback_models:
        fallback = catalog.names.find(name)
        if fallback is not None and fallback.model_id != signature.model_id:
            found.setdefault(fallback.model_id, Place(path=signature.path, pointer=pointer))
    return list(found.items())


_SHOWN = 6
"""Models of a circle that a message names; a longer one is cut in the middle."""


def _circle(path: list[str], begin: int, place: Place) -> Finding:
    """The circle from `path[begin]` to the end of the path and back; many long ones may share one path."""
    length = len(path) - begin
    if length > _SHOWN:
        first, last = path[begin : begin + _SHOWN // 2], path[-_SHOWN // 2 :]
        shown = [*map(quote, first), f"… {length - _SHOWN} more …", *map(quote, last)]
    else:
        shown = [quote(model) for model in path[begin:]]
    return Finding(
        place=place,
        message=f"fallback models form a cycle: {' → '.join([*shown, shown[0]])}",
        label="closes the cycle",
        help="remove one of these references",
        subject=path[-1],
    )


RULES = (
    fallback_models_keep_residency,
    fallback_is_another_model,
    fallback_models_do_not_circle,
    fallback_models_are_served,
    fallback_models_have_the_same_callers,
    fallback_models_have_clear_callers,
)
