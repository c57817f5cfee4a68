"""Models: which are new, gone, renamed or changed, and in what."""

from collections.abc import Iterator, Mapping
from dataclasses import fields

from modelspec.change.effect import Effect, Subject, Words
from modelspec.change.pair import Claim, Pair, listed, plain
from modelspec.change.reaches import compare_reach
from modelspec.change.settings import (
    compare_access,
    compare_aliases,
    compare_fallback_models,
    compare_file,
    compare_id,
    compare_limits,
    compare_metadata,
    compare_policy,
    compare_region,
    compare_status,
    compare_sunset,
    compare_tags,
    compare_title,
)
from modelspec.change.sides import Sides, Table, exact, place_of
from modelspec.change.tiers import compare_listed, compare_tiers
from modelspec.change.upstreams import compare_upstreams
from modelspec.routing.table import Route

CLAIMS: tuple[Claim, ...] = (
    Claim(("model_id",), compare_id),
    Claim(("status",), compare_status),
    Claim(("tiers",), compare_tiers),
    Claim(("about.priority_head", "about.fallback_heads", "about.weights"), compare_listed),
    Claim(("reach",), compare_reach),
    Claim(("region",), compare_region),
    Claim(("local_inference", "targets", "local_targets"), compare_upstreams),
    Claim(("visibility", "groups", "client_regions"), compare_access),
    Claim(("rpm", "tpm"), compare_limits),
    Claim(("policy",), compare_policy),
    Claim(("fallback_models",), compare_fallback_models),
    Claim(("aliases",), compare_aliases),
    Claim(("about.sunset", "about.replaced_by"), compare_sunset),
    Claim(("about.name",), compare_title),
    Claim(("about.tags",), compare_tags),
    Claim(("about.metadata",), compare_metadata),
    Claim(("about.path", "about.line"), compare_file),
)
"""Every field of a route, each claimed once: a difference that no comparer words is said as it is."""


def model_effects(sides: Sides) -> Iterator[Effect]:
    """Effects on models that are there on both sides, or on one."""
    before, after = sides.before.routes, sides.after.routes
    renamed = {new: old for old, new in sides.models.items()}
    for model_id, new in after.items():
        old = before.get(renamed.get(model_id, model_id))
        if old is None:
            yield _added(sides, new)
        elif not _same(sides, old, new):
            pair = Pair(before=old, after=new, sides=sides)
            for claim in CLAIMS:
                yield from claim.found(pair)
    for model_id, old in before.items():
        if model_id not in after and model_id not in sides.models:
            yield _removed(sides, old)


def renamed_models(before: Table, after: Table) -> Mapping[str, str]:
    """From old ids to new ones, where all else is the same; the upstream's name may follow the id."""
    gone: dict[str, list[str]] = {}
    for model_id in sorted(before.routes.keys() - after.routes.keys(), reverse=True):
        gone.setdefault(_essence(before.routes[model_id], before.routes[model_id].aliases), []).append(
            model_id
        )
    if not gone:
        return {}
    names: dict[str, str] = {}
    for model_id in sorted(after.routes.keys() - before.routes.keys()):
        route = after.routes[model_id]
        # The old id may stay as an alias, so that clients find it.
        for aliases in (route.aliases, *(_without(route.aliases, alias) for alias in route.aliases)):
            same = gone.get(_essence(route, aliases))
            if same:
                names[same.pop()] = model_id
                break
    return names


def _same(sides: Sides, old: Route, new: Route) -> bool:
    """Whether nothing can differ: the same file, the same compiled values, and no head that acts in another way."""
    if old is not new:
        if old != new:
            return False
        path = new.about.path
        if sides.old.files.get(path) != sides.new.files.get(path) and exact(old) != exact(new):
            return False
    return not sides.steering or sides.steering.isdisjoint(new.heads)


def _essence(route: Route, aliases: tuple[str, ...]) -> str:
    """All of a route but its id and its file."""
    skipped = {"model_id", "aliases", "about", "targets", "local_targets"}
    rest = [getattr(route, field.name) for field in fields(route) if field.name not in skipped]
    about = [getattr(route.about, f.name) for f in fields(route.about) if f.name not in {"path", "line"}]
    targets = [*route.targets, *route.local_targets.values()]
    upstreams = [
        [_upstream(route, target.upstream_model) if f.name == "upstream_model" else getattr(target, f.name)]
        for target in targets
        for f in fields(target)
    ]
    return exact((rest, about, upstreams, aliases))


def _upstream(route: Route, name: str) -> str | None:
    return None if name == route.model_id else name


def _without(aliases: tuple[str, ...], alias: str) -> tuple[str, ...]:
    return tuple(name for name in aliases if name != alias)


def _added(sides: Sides, route: Route) -> Effect:
    words: Words = ("is added, disabled",)
    if route.is_routed:
        served = listed(route.heads) if route.heads else ("no head",)
        titles = listed([sides.after.region_title(code) for code in route.reach])
        words = ("is added: served by ", *served, ", reaches ", *titles)
    return sides.effect(
        "model-added",
        Subject(what="model", name=route.model_id),
        words,
        before=None,
        after=_row(route),
        places=(place_of(route, "after"),),
    )


def _removed(sides: Sides, route: Route) -> Effect:
    words: Words = ("is removed; it was disabled",)
    if route.is_routed:
        served = listed(route.heads) if route.heads else ("no head",)
        words = ("is removed: requests are answered with 404; it was served by ", *served)
        names = [sides.after.find(name) for name in (route.model_id, *route.aliases)]
        if any(found is not None and found.is_routed for found in names):
            words = ("is removed; it was served by ", *served)
    return sides.effect(
        "model-removed",
        Subject(what="model", name=route.model_id),
        words,
        before=_row(route),
        after=None,
        places=(place_of(route, "before"),),
    )


def _row(route: Route) -> object:
    """What a model that comes or goes is, in short."""
    return {
        "name": route.about.name,
        "aliases": plain(route.aliases),
        "status": route.status,
        "region": route.region,
        "tiers": [{"heads": plain(tier.weights)} for tier in route.tiers],
        "reach": plain(route.reach),
        "local_inference": route.local_inference,
        "targets": plain(route.targets),
        "visibility": route.visibility,
        "groups": plain(route.groups),
        "client_regions": plain(route.client_regions),
    }
