"""The regions that requests for a model may touch."""

from collections.abc import Iterator, Sequence

from modelspec.change.effect import Quoted, Subject, Words, listed
from modelspec.change.sides import IMPLIED, Cause, Found, Pair, Sides, answering, region_title
from modelspec.change.tiers import tier_causes
from modelspec.routing.decide import Index
from modelspec.routing.table import Route


def compare_reach(pair: Pair) -> Iterator[Found]:
    """Regions entered and left, judged by the home region and its residency rule."""
    old, new = pair.before, pair.after
    before, after = set(map(pair.sides.region, old.reach)), set(new.reach)
    home_before = pair.sides.region(old.region)
    kind: str = ""
    words: Words = ()
    if before and after and (before != after or home_before != new.region):
        kind, words = _judged(pair, before, after, was_home=before <= {home_before})
    if not kind:
        # It is not served on one side, or its home region changes, which is reported; or a region has another code.
        yield IMPLIED
        return
    home = region_title(pair.sides.after, new.region)
    yield pair.effect(kind, words, old.reach, new.reach, causes=_causes(pair), group=home)


def _judged(pair: Pair, before: set[str], after: set[str], *, was_home: bool) -> tuple[str, Words]:
    """The kind of the worst that happens, and the sentence of all that happens."""
    region = pair.after.region
    entered, left = sorted(after - before), sorted(before - after)
    residency = pair.sides.after.regions[region].residency
    beyond = [code for code in entered if residency is not None and code not in residency]
    is_home = after <= {region}
    home = Quoted(region_title(pair.sides.after, region))
    away: Words = ("; no longer reaches ", *_titles(pair, left)) if left else ()
    if beyond:
        words = ("reaches ", *_titles(pair, beyond), " against the residency of ", home, *away)
        return "reach-beyond-residency", words
    if was_home and not is_home:
        outside = sorted(after - {region})
        return "reach-left-home", ("leaves ", home, ": it may reach ", *_titles(pair, outside), *away)
    if entered:
        return "reach-entered", ("may now reach ", *_titles(pair, entered), *away)
    if is_home and not was_home:
        return "reach-returned-home", ("now stays within ", home, *away)
    return ("reach-left", ("no longer reaches ", *_titles(pair, left))) if left else ("", ())


def _titles(pair: Pair, codes: Sequence[str]) -> Words:
    """Regions as people know them; one that is gone has its title of before."""
    before, after = pair.sides.before, pair.sides.after
    return listed(region_title(after if code in after.regions else before, code) for code in codes)


def _causes(pair: Pair) -> Cause:
    """The heads that bring it about or, where nothing of the model's own differs, the fallback model that does."""
    own = _own_causes(pair)
    return own if own is not None else _through(pair)


def _own_causes(pair: Pair) -> Cause | None:
    """None where the model's own heads, deployments and fallback models lead to the same regions by themselves."""
    sides = pair.sides
    if _own(pair.before, sides.before, sides) == _own(pair.after, sides.after, sides):
        return None if pair.before.fallback_models == pair.after.fallback_models else ()
    if _deployed(pair.before, sides) != _deployed(pair.after, sides):
        return ()
    moved = (Subject("head", head) for head in pair.after.heads if head in sides.relocated)
    return tuple(dict.fromkeys((*tier_causes(pair), *moved)))


def _through(pair: Pair) -> Cause:
    """Follow fallback models with another reach to the one where it began."""
    sides = pair.sides
    trail: list[str] = []
    found: Cause | None = None
    while found is None:
        model_id = pair.after.model_id
        if model_id in sides.roots or model_id in trail:
            found = sides.roots.get(model_id, ())
            break
        trail.append(model_id)
        own = _own_causes(pair)
        if own is not None:
            found = own or (Subject("model", model_id),)
            break
        following = _next(pair)
        if following is None:
            found = (Subject("model", model_id),) if len(trail) > 1 else ()
        else:
            pair = following
    sides.roots.update(dict.fromkeys(trail, found))
    return found


def _next(pair: Pair) -> Pair | None:
    """The first fallback model whose reach or whose answer differs."""
    sides = pair.sides
    for name in dict.fromkeys(name for names in pair.after.fallback_models.values() for name in names):
        before, after = answering(sides.before, name), answering(sides.after, name)
        if before is None or after is None:
            continue
        if sides.model(before.model_id) == after.model_id and before.reach != after.reach:
            return Pair(before=before, after=after, sides=sides)
    return None


def _own(route: Route, index: Index, sides: Sides) -> set[str]:
    regions = {index.heads[head].region for head in route.heads}
    return (set(map(sides.region, regions)) if index is sides.before else regions) | _deployed(route, sides)


def _deployed(route: Route, sides: Sides) -> set[str]:
    """The regions of the deployments, under the codes of today."""
    return {sides.region(target.region) for target in route.targets if target.region is not None}
