"""Models: which are new, gone, renamed or changed, and how."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import chain

from modelspec.change.effect import Effect, Quoted, Subject, Words, listed
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
    compare_retries,
    compare_status,
    compare_sunset,
    compare_tags,
    compare_title,
)
from modelspec.change.sides import (
    Claim,
    Pair,
    Sides,
    answering,
    exact,
    place_of,
    plain,
    region_title,
    targets_of,
)
from modelspec.change.tiers import compare_listed, compare_reach, compare_tiers
from modelspec.change.upstreams import calling, compare_upstreams
from modelspec.fleet.model import Access
from modelspec.fleet.reach import Gap, gaps
from modelspec.routing.decide import Index
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
    Claim(("first_byte_seconds", "retry_on", "hedge"), compare_retries),
    Claim(("policy",), compare_policy),
    Claim(("fallback_models",), compare_fallback_models),
    Claim(("aliases",), compare_aliases),
    Claim(("about.sunset", "about.replaced_by"), compare_sunset),
    Claim(("about.name",), compare_title),
    Claim(("about.tags",), compare_tags),
    Claim(("about.metadata",), compare_metadata),
    Claim(("about.path", "about.line", "about.lines"), compare_file),
)
"""Every field of a route, claimed once: a difference that no comparer describes is shown as is."""


def model_effects(sides: Sides) -> Iterator[Effect]:
    """Effects on models of both sides, and on those of one."""
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


def unchecked_callers(sides: Sides) -> Iterator[Effect]:
    """Models that callers without access to them newly reach: a request that falls back is not checked again."""
    before = _gaps(sides.before, sides)
    for (caller, called), (route, found) in _gaps(sides.after, None).items():
        known = before.get((caller, called), (route, ()))[1]
        new = [gap.words for gap in found if gap not in known]
        if new:
            yield Effect(
                "access-widened",
                Subject("model", called),
                (
                    "is opened to more callers: widened by the fallback of ",
                    Quoted(caller),
                    ", whose callers it excludes",
                ),
                before=[gap.words for gap in known],
                after=[gap.words for gap in found],
                places=(place_of(route, "after"),),
            )


def _gaps(index: Index, sides: Sides | None) -> Mapping[tuple[str, str], tuple[Route, Sequence[Gap]]]:
    """By the current ids of a model and of one that it falls back to: what keeps callers of the one from the other."""
    found: dict[tuple[str, str], tuple[Route, Sequence[Gap]]] = {}
    for route in index.routes.values():
        for name in dict.fromkeys(chain(*route.fallback_models.values())) if route.is_routed else ():
            other = answering(index, name)
            if other is not None and other is not route and other.is_routed:
                between = tuple(gaps(_access(route), _access(other), index.regions))
                ids = [one.model_id if sides is None else sides.model(one.model_id) for one in (route, other)]
                found[ids[0], ids[1]] = route, between
    return found


def _access(route: Route) -> Access:
    return route.visibility, route.groups, route.client_regions


def renamed_models(before: Index, after: Index) -> Mapping[str, str]:
    """Old ids to new ones, where everything else is the same; the upstream's name may follow the id."""
    gone: dict[str, list[str]] = {}
    for model_id in sorted(before.routes.keys() - after.routes.keys(), reverse=True):
        route = before.routes[model_id]
        gone.setdefault(_essence(route, route.aliases), []).append(model_id)
    if not gone:
        return {}
    names: dict[str, str] = {}
    for model_id in sorted(after.routes.keys() - before.routes.keys()):
        route = after.routes[model_id]
        # The old id may stay as an alias, so that clients find it.
        fewer = (tuple(name for name in route.aliases if name != alias) for alias in route.aliases)
        for aliases in (route.aliases, *fewer):
            same = gone.get(_essence(route, aliases))
            if same:
                names[same.pop()] = model_id
                break
    return names


def _same(sides: Sides, old: Route, new: Route) -> bool:
    """Whether nothing can differ: same file, same compiled values, and no head with another status or region."""
    if old is not new:
        if old != new:
            return False
        path = new.about.path
        if sides.old.files.get(path) != sides.new.files.get(path) and exact(old) != exact(new):
            return False
    return not sides.steering or sides.steering.isdisjoint(new.heads)


def _essence(route: Route, aliases: tuple[str, ...]) -> str:
    """A route without its id and its file; an upstream's name that equals the id counts as absent."""
    skipped = {"model_id", "aliases", "about", "targets", "local_targets"}
    rest = [getattr(route, field.name) for field in fields(route) if field.name not in skipped]
    about = [
        getattr(route.about, f.name) for f in fields(route.about) if f.name not in {"path", "line", "lines"}
    ]
    upstreams = [
        [None if value == route.model_id and f.name == "upstream_model" else value]
        for target in targets_of(route)
        for f in fields(target)
        for value in [getattr(target, f.name)]
    ]
    return exact((rest, about, upstreams, aliases))


def _served(route: Route) -> Words:
    return listed(route.heads) if route.heads else ("no head",)


_MOST_CALLS = 3


def _calls(route: Route) -> Words:
    """The first requests to the upstreams of a new model."""
    calls = list(dict.fromkeys(map(calling, targets_of(route))))
    more = len(calls) - _MOST_CALLS
    return (*chain(*calls[:_MOST_CALLS]), *((f"; and {more} more",) if more > 0 else ()))


def _added(sides: Sides, route: Route) -> Effect:
    words: Words = ("is added, disabled",)
    if route.is_routed:
        titles = listed(region_title(sides.after, code) for code in route.reach)
        words = ("is added: served by ", *_served(route), ", reaches ", *titles, *_calls(route))
    return _of_whole(route, "model-added", words, is_new=True)


def _removed(sides: Sides, route: Route) -> Effect:
    words: Words = ("is removed; it was disabled",)
    if route.is_routed:
        words = ("is removed: requests are answered with 404; it was served by ", *_served(route))
        names = [answering(sides.after, name) for name in (route.model_id, *route.aliases)]
        if any(found is not None and found.is_routed for found in names):
            words = ("is removed; it was served by ", *_served(route))
    return _of_whole(route, "model-removed", words, is_new=False)


def _of_whole(route: Route, kind: str, words: Words, *, is_new: bool) -> Effect:
    """The effect of an added or removed model, with a short form of it."""
    row = plain(
        {
            "name": route.about.name,
            "aliases": route.aliases,
            "status": route.status,
            "region": route.region,
            "tiers": [{"heads": tier.weights} for tier in route.tiers],
            "reach": route.reach,
            "local_inference": route.local_inference,
            "targets": route.targets,
            "visibility": route.visibility,
            "groups": route.groups,
            "client_regions": route.client_regions,
        }
    )
    return Effect(
        kind,
        Subject("model", route.model_id),
        words,
        before=None if is_new else row,
        after=row if is_new else None,
        places=(place_of(route, "after" if is_new else "before"),),
    )
