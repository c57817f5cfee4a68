"""Heads of a model: which come first, which follow, and how many are left."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from modelspec.change.effect import Effect, Quoted, Subject, Words, joined, listed
from modelspec.change.sides import IMPLIED, Cause, Found, Pair, exact
from modelspec.routing.decide import Index
from modelspec.routing.table import About, Route

Weights = Mapping[str, int]


def compare_tiers(pair: Pair) -> Iterator[Found]:
    """What the tiers are on both sides; a renamed head is the same head."""
    if not pair.both_routed:
        yield IMPLIED  # the status says it
        return
    before, after = _before(pair), _after(pair)
    causes = tier_causes(pair)
    if exact(before) != exact(after):
        yield from _moved(pair, before, after, causes)
    elif exact(pair.before.tiers) != exact(pair.after.tiers):
        yield IMPLIED  # a head was renamed
    if before and after:
        yield from _left(pair, before, after, causes)


def compare_listed(pair: Pair) -> Iterator[Found]:
    """Heads that a model names and that take none of its requests: offline ones, or all where it is disabled."""
    old, new = pair.before.about, pair.after.about
    if exact(_as_listed(old, pair.sides.heads)) == exact(_as_listed(new, {})):
        yield IMPLIED  # nothing, or a head was renamed
        return
    if pair.both_routed:
        before, after = _before(pair), _after(pair)
        idle = _without(_renamed(_planned(old), pair), _flat(before)), _without(_planned(new), _flat(after))
        if exact(before) != exact(after) and exact(idle[0]) == exact(idle[1]):
            yield IMPLIED  # the tiers say it
            return
    names = [_names(old), _names(new)]
    words: Words = ("names ", *listed(names[1]), " instead of ", *listed(names[0]))
    if names[0] == names[1]:
        words = ("writes its heads in another way",)
    fields = ("priority_head", "weights", "fallback_heads")
    rows = [{field: getattr(about, field) for field in fields} for about in (old, new)]
    yield pair.effect("heads-listed-changed", words, *rows)


def tier_causes(pair: Pair) -> Cause:
    """The heads whose own change brings about that of the tiers; none where the model's file asks for another order."""
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
        words = ("groups its fallbacks anew: ", *_heads(before[1:]), " becomes ", *_heads(after[1:]))
        found = [pair.effect("fallback-reordered", words, *rows, causes=causes)]
    yield from found


def _first(pair: Pair, before: Weights, after: Weights, causes: Cause) -> Iterator[Effect]:
    if before.keys() != after.keys():
        words: Words = ("moves: ", *listed(before), " → ", *listed(after))
        yield pair.effect("first-tier-moved", words, before, after, causes=causes)
    elif exact(before) != exact(after):
        words = ("splits its requests anew: ", *_split(before), " becomes ", *_split(after))
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
        words = ("reorders its fallbacks: ", *chains[0], " becomes ", *chains[1])
        yield pair.effect("fallback-reordered", words, old, new, causes=causes)


def _left(pair: Pair, before: list[Weights], after: list[Weights], causes: Cause) -> Iterator[Effect]:
    """How many active heads are left; draining ones are on their way out."""
    old, new = _active(pair.before, pair.sides.before), _active(pair.after, pair.sides.after)
    if len(new) < len(old) and len(new) <= 1 and not (new and len(old) <= 1):
        if _flat(before[1:]) and len(_flat(after)) == 1 and new:
            return  # the loss of the only fallback says it
        if new:
            words: Words = ("now depends on ", Quoted(new[0]), " alone")
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
