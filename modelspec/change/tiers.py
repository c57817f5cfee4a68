"""Where requests for a model go: its heads, tier by tier, and the regions that requests may touch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from modelspec.change.effect import Effect, Quoted, Subject, Words, joined, listed
from modelspec.change.sides import IMPLIED, Cause, Found, Pair, Sides, answering, exact, region_title
from modelspec.routing.decide import Index
from modelspec.routing.table import About, Route

Weights = Mapping[str, int]


def compare_tiers(pair: Pair) -> Iterator[Found]:
    """The tiers of both sides; a renamed head is the same head."""
    if not pair.both_routed:
        yield IMPLIED  # reported with the status
        return
    before, after = _before(pair), _after(pair)
    causes = _tier_causes(pair)
    if exact(before) != exact(after):
        yield from _moved(pair, before, after, causes)
    elif exact(pair.before.tiers) != exact(pair.after.tiers):
        yield IMPLIED  # a head was renamed
    if before and after:
        yield from _left(pair, before, after, causes)


def compare_listed(pair: Pair) -> Iterator[Found]:
    """Heads that a model lists but that take none of its requests: offline ones, or all where it is disabled."""
    old, new = pair.before.about, pair.after.about
    if exact(_as_listed(old, pair.sides.heads)) == exact(_as_listed(new, {})):
        yield IMPLIED  # nothing, or a head was renamed
        return
    if pair.both_routed:
        before, after = _before(pair), _after(pair)
        idle = _without(_renamed(_planned(old), pair), _flat(before)), _without(_planned(new), _flat(after))
        if exact(before) != exact(after) and exact(idle[0]) == exact(idle[1]):
            yield IMPLIED  # reported with the tiers
            return
    names = [_names(old), _names(new)]
    words: Words = ("lists ", *listed(names[1]), " instead of ", *listed(names[0]))
    if names[0] == names[1]:
        words = ("rewrites its heads",)
    fields = ("priority_head", "weights", "fallback_heads")
    rows = [{field: getattr(about, field) for field in fields} for about in (old, new)]
    yield pair.effect("heads-listed-changed", words, *rows)


def _tier_causes(pair: Pair) -> Cause:
    """The heads whose own changes explain that of the tiers; none where the model's file changes the order."""
    sides = pair.sides
    before, after = _renamed(_planned(pair.before.about), pair), _planned(pair.after.about)
    named = dict.fromkeys(_flat([*before, *after]))
    restated = [head for head in named if head in sides.restated]
    if exact(before) == exact(after):
        heads = restated
    elif exact(_without(before, sides.removed_heads)) == exact(_without(after, sides.added_heads)):
        gone = [head for head in named if head in sides.removed_heads]
        new = [head for head in named if head in sides.added_heads]
        heads = [*gone, *restated, *new]
    else:
        heads = []
    return tuple(Subject("head", head) for head in heads)


def _moved(pair: Pair, before: list[Weights], after: list[Weights], causes: Cause) -> Iterator[Effect]:
    rows = [{"heads": tier} for tier in before], [{"heads": tier} for tier in after]
    if not after:
        words: Words = ("has no head left; it was served by ", *_heads(before))
        yield pair.effect("no-head-left", words, *rows, causes=causes)
        return
    if not before:
        yield pair.effect("served-again", ("is served again, by ", *_heads(after)), *rows, causes=causes)
        return
    found = [*_first(pair, before[0], after[0], causes), *_later(pair, before, after, causes)]
    if not found:
        words = ("regroups its fallbacks: ", *_heads(before[1:]), " → ", *_heads(after[1:]))
        found = [pair.effect("fallback-reordered", words, *rows, causes=causes)]
    yield from found


def _first(pair: Pair, before: Weights, after: Weights, causes: Cause) -> Iterator[Effect]:
    if before.keys() != after.keys():
        words: Words = ("moves: ", *listed(before), " → ", *listed(after))
        yield pair.effect("first-tier-moved", words, before, after, causes=causes)
    elif exact(before) != exact(after):
        words = ("splits its requests differently: ", *_split(before), " → ", *_split(after))
        yield pair.effect("weights-changed", words, before, after, causes=causes)


def _later(pair: Pair, before: list[Weights], after: list[Weights], causes: Cause) -> Iterator[Effect]:
    had, has = _flat(before), _flat(after)
    old, new = _flat(before[1:]), _flat(after[1:])
    lost = [head for head in old if head not in has]
    gained = [head for head in new if head not in had]
    if old and len(has) == 1:
        words: Words = (
            "loses its only fallback, ",
            *listed(old),
            ": ",
            Quoted(has[0]),
            " is all that is left",
        )
        if len(old) > 1 or old == has:
            words = ("loses its last fallback: of ", *listed(had), " only ", Quoted(has[0]), " is left")
        yield pair.effect("last-fallback-lost", words, old, new, causes=causes)
    elif lost:
        words = (f"loses the fallback{_s(lost)} ", *listed(lost))
        yield pair.effect("fallback-lost", words, old, new, causes=causes)
    if gained:
        words = (f"gains the fallback{_s(gained)} ", *listed(gained))
        yield pair.effect("fallback-added", words, old, new, causes=causes)
    stay = set(old) & set(new)
    if [head for head in old if head in stay] != [head for head in new if head in stay]:
        chains = [_heads([{head: 1} for head in heads]) for heads in (old, new)]
        words = ("reorders its fallbacks: ", *chains[0], " → ", *chains[1])
        yield pair.effect("fallback-reordered", words, old, new, causes=causes)


def _left(pair: Pair, before: list[Weights], after: list[Weights], causes: Cause) -> Iterator[Effect]:
    """How many active heads are left; draining heads do not count."""
    old, new = _active(pair.before, pair.sides.before), _active(pair.after, pair.sides.after)
    if len(new) < len(old) and len(new) <= 1 and not (new and len(old) <= 1):
        if _flat(before[1:]) and len(_flat(after)) == 1 and new:
            return  # reported as the loss of the only fallback
        if new:
            rest = [head for head in _flat(after) if head != new[0]]
            words: Words = ("now depends on ", Quoted(new[0]), " alone")
            if rest:
                verb = "still answers while it drains" if len(rest) == 1 else "still answer while they drain"
                words = ("has one active head left, ", Quoted(new[0]), "; ", *listed(rest), f" {verb}")
            yield pair.effect("single-point", words, old, new, causes=causes)
        else:
            words = ("has no active head left, only ", *_heads(after))
            yield pair.effect("no-active-head", words, old, new, causes=causes)
    elif len(old) <= 1 < len(new):
        words = ("no longer depends on one head: ", *listed(new), " serve it")
        yield pair.effect("single-point-ended", words, old, new, causes=causes)


def _active(route: Route, index: Index) -> list[str]:
    return [head for head in route.heads if index.heads[head].status == "active"]


def _planned(about: About) -> list[Weights]:
    return [dict(about.weights) or {about.priority_head: 1}, *({head: 1} for head in about.fallback_heads)]


def _names(about: About) -> list[str]:
    return list(dict.fromkeys((about.priority_head, *about.weights, *about.fallback_heads)))


def _as_listed(about: About, names: Mapping[str, str]) -> object:
    return (
        names.get(about.priority_head, about.priority_head),
        {names.get(head, head): weight for head, weight in about.weights.items()},
        [names.get(head, head) for head in about.fallback_heads],
    )


def _renamed(tiers: Iterable[Weights], pair: Pair) -> list[Weights]:
    names = pair.sides.heads
    return [{names.get(head, head): weight for head, weight in tier.items()} for tier in tiers]


def _before(pair: Pair) -> list[Weights]:
    return _renamed((tier.weights for tier in pair.before.tiers), pair)


def _after(pair: Pair) -> list[Weights]:
    return [dict(tier.weights) for tier in pair.after.tiers]


def _without(tiers: Iterable[Weights], heads: Iterable[str]) -> list[Weights]:
    gone = set(heads)
    kept = ({head: weight for head, weight in tier.items() if head not in gone} for tier in tiers)
    return [tier for tier in kept if tier]


def _flat(tiers: Iterable[Weights]) -> list[str]:
    return [head for tier in tiers for head in tier]


def _heads(tiers: Iterable[Weights]) -> Words:
    """Like `a + b, then c`."""
    return joined((joined(((Quoted(head),) for head in tier), " + ") for tier in tiers), ", then ")


def _split(weights: Weights) -> Words:
    return joined(((Quoted(head), f" {weight}") for head, weight in weights.items()), ", ")


def _s(heads: Sequence[str]) -> str:
    return "" if len(heads) == 1 else "s"


def compare_reach(pair: Pair) -> Iterator[Found]:
    """Regions that are newly reached or no longer reached, judged by the model's region and its residency rule."""
    old, new = pair.before, pair.after
    before, after = set(map(pair.sides.region, old.reach)), set(new.reach)
    home_before = pair.sides.region(old.region)
    kind: str = ""
    words: Words = ()
    if before and after and (before != after or home_before != new.region):
        kind, words = _judged(pair, before, after, was_home=before <= {home_before})
    if not kind:
        # A side does not serve it, or its region changes, both reported elsewhere; or a region was renamed.
        yield IMPLIED
        return
    home = region_title(pair.sides.after, new.region)
    yield pair.effect(kind, words, old.reach, new.reach, causes=_causes(pair), group=home)


def _judged(pair: Pair, before: set[str], after: set[str], *, was_home: bool) -> tuple[str, Words]:
    """The kind of the worst change, and words for all changes."""
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
    """Titles of regions; a region that is gone keeps its old title."""
    before, after = pair.sides.before, pair.sides.after
    return listed(region_title(after if code in after.regions else before, code) for code in codes)


def _causes(pair: Pair) -> Cause:
    """The heads that cause it or, where nothing of the model's own changes, the fallback model that does."""
    own = _own_causes(pair)
    return own if own is not None else _through(pair)


def _own_causes(pair: Pair) -> Cause | None:
    """None where the model's own heads, deployments and fallback models reach the same regions as before."""
    sides = pair.sides
    if _own(pair.before, sides.before, sides) == _own(pair.after, sides.after, sides):
        return None if pair.before.fallback_models == pair.after.fallback_models else ()
    if _deployed(pair.before, sides) != _deployed(pair.after, sides):
        return ()
    moved = (Subject("head", head) for head in pair.after.heads if head in sides.relocated)
    return tuple(dict.fromkeys((*_tier_causes(pair), *moved)))


def _through(pair: Pair) -> Cause:
    """Follow fallback models whose reach changes to the one where the change began."""
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
    """The first fallback model whose reach differs."""
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
    """The regions of the deployments, under their current codes."""
    return {sides.region(code) for target in route.targets for code in target.location.regions}
