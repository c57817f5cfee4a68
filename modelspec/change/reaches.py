"""The regions that requests for a model may touch."""

from collections.abc import Iterator, Sequence

from modelspec.change.effect import Said, Subject, Words
from modelspec.change.pair import IMPLIED, Found, Pair, listed
from modelspec.change.sides import Cause, Sides, Table
from modelspec.change.tiers import tier_causes
from modelspec.routing.table import Route


def compare_reach(pair: Pair) -> Iterator[Found]:
    """Regions entered and left, judged by the home region and its residency rule."""
    old, new = pair.before, pair.after
    names = pair.sides.regions
    before, after = {names.get(code, code) for code in old.reach}, set(new.reach)
    home_before = names.get(old.region, old.region)
    if not before or not after or (before == after and home_before == new.region):
        # It is not served on one side, which is said; or a region has another code; or nothing differs.
        yield IMPLIED
        return
    kind, words = _judged(pair, before, after, was_home=before <= {home_before})
    if not kind:
        yield IMPLIED  # the change of the home region says it
        return
    home = pair.sides.after.region_title(new.region)
    yield pair.effect(kind, words, list(old.reach), list(new.reach), causes=_causes(pair), group=home)


def _judged(pair: Pair, before: set[str], after: set[str], *, was_home: bool) -> tuple[str, Words]:
    """The kind of the worst that happens, and the sentence of all that happens."""
    table = pair.sides.after
    region = pair.after.region
    entered, left = sorted(after - before), sorted(before - after)
    residency = table.regions[region].residency
    beyond = [code for code in entered if residency is not None and code not in residency]
    is_home = after <= {region}
    home = Said(table.region_title(region))
    away: Words = ("; no longer reaches ", *_titles(pair, left)) if left else ()
    if beyond:
        return "reach-beyond-residency", (
            "reaches ",
            *_titles(pair, beyond),
            " against the residency of ",
            home,
            *away,
        )
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
    sides = pair.sides
    tables = [sides.after if code in sides.after.regions else sides.before for code in codes]
    return listed([table.region_title(code) for table, code in zip(tables, codes, strict=True)])


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
    moved = (head for head in pair.after.heads if head in sides.relocated)
    return tuple(dict.fromkeys((*tier_causes(pair), *(Subject(what="head", name=head) for head in moved))))


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
            found = own or (Subject(what="model", name=model_id),)
            break
        following = _next(pair)
        if following is None:
            found = (Subject(what="model", name=model_id),) if len(trail) > 1 else ()
        else:
            pair = following
    sides.roots.update(dict.fromkeys(trail, found))
    return found


def _next(pair: Pair) -> Pair | None:
    """The first fallback model whose reach or whose answer differs."""
    sides = pair.sides
    for name in dict.fromkeys(name for names in pair.after.fallback_models.values() for name in names):
        after = sides.after.find(name)
        before = sides.before.find(name)
        if before is None or after is None:
            continue
        if (
            sides.models.get(before.model_id, before.model_id) == after.model_id
            and before.reach != after.reach
        ):
            return Pair(before=before, after=after, sides=sides)
    return None


def _own(route: Route, table: Table, sides: Sides) -> set[str]:
    regions = {table.heads[head].region for head in route.heads}
    names = sides.regions if table is sides.before else {}
    return {names.get(code, code) for code in regions} | _deployed(route, sides)


def _deployed(route: Route, sides: Sides) -> set[str]:
    """The regions of the deployments, under the codes of today."""
    return {sides.regions.get(t.region, t.region) for t in route.targets if t.region is not None}
