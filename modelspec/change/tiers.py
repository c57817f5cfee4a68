"""Heads of a model: which come first, which follow, and how many are left."""

from collections.abc import Iterator, Mapping, Sequence

from modelspec.change.effect import Effect, Said, Subject, Words
from modelspec.change.pair import IMPLIED, Found, Pair, listed, plain
from modelspec.change.sides import Cause, exact
from modelspec.routing.table import About

Weights = Mapping[str, int]


def compare_tiers(pair: Pair) -> Iterator[Found]:
    """What the tiers are on both sides; a renamed head is the same head."""
    if not pair.both_routed:
        yield IMPLIED  # the status says it
        return
    before, after = _renamed([tier.weights for tier in pair.before.tiers], pair), _after(pair)
    causes = tier_causes(pair)
    if exact(before) != exact(after):
        yield from _moved(pair, before, after, causes)
    elif exact(pair.before.tiers) != exact(pair.after.tiers):
        yield IMPLIED  # a head was renamed
    if before and after:
        yield from _left(pair, before, after, causes)


def compare_listed(pair: Pair) -> Iterator[Found]:
    """Heads that a model names and that take none of its requests: offline ones, or all where it is disabled."""
    old, new = _as_listed(pair.before.about, pair.sides.heads), _as_listed(pair.after.about, {})
    if exact(old) == exact(new):
        yield IMPLIED  # nothing, or a head was renamed
        return
    if pair.both_routed:
        before, after = _renamed([tier.weights for tier in pair.before.tiers], pair), _after(pair)
        idle = _without(_renamed(_planned(pair.before.about), pair), frozenset(_flat(before)))
        if exact(before) != exact(after) and exact(idle) == exact(
            _without(_planned(pair.after.about), frozenset(pair.after.heads))
        ):
            yield IMPLIED  # the tiers say it
            return
    said = [_names(pair.before.about), _names(pair.after.about)]
    words: Words = ("names ", *listed(said[1]), " instead of ", *listed(said[0]))
    if said[0] == said[1]:
        words = ("writes its heads in another way",)
    yield pair.effect("heads-listed-changed", words, *(_heads_of(r.about) for r in (pair.before, pair.after)))


def tier_causes(pair: Pair) -> Cause:
    """The heads whose own change brings about that of the tiers; none where the model's file asks for another order."""
    sides = pair.sides
    before, after = _renamed(_planned(pair.before.about), pair), _planned(pair.after.about)
    named = dict.fromkeys(head for heads in (*before, *after) for head in heads)
    restated = [head for head in named if head in sides.restated]
    if exact(before) == exact(after):
        return _subjects(restated)
    if exact(_without(before, sides.removed_heads)) == exact(_without(after, sides.added_heads)):
        gone = [head for head in named if head in sides.removed_heads]
        new = [head for head in named if head in sides.added_heads]
        return _subjects([*gone, *restated, *new])
    return ()


def _moved(pair: Pair, before: list[Weights], after: list[Weights], causes: Cause) -> Iterator[Effect]:
    rows = [{"heads": plain(tier)} for tier in before], [{"heads": plain(tier)} for tier in after]
    if not after:
        words: Words = ("has no head left; it was served by ", *_heads(before))
        yield pair.effect("no-head-left", words, *rows, causes=causes)
        return
    if not before:
        yield pair.effect("served-again", ("is served again, by ", *_heads(after)), *rows, causes=causes)
        return
    said = list(_first(pair, before[0], after[0], causes))
    had, has = _flat(before), _flat(after)
    old, new = _flat(before[1:]), _flat(after[1:])
    lost = [head for head in old if head not in has]
    gained = [head for head in new if head not in had]
    if old and len(has) == 1:
        words = ("loses its only fallback, ", *listed(old), ": ", Said(has[0]), " is all that is left")
        if len(old) > 1 or old == has:
            words = ("loses its last fallback: of ", *listed(had), " only ", Said(has[0]), " is left")
        said.append(pair.effect("last-fallback-lost", words, old, new, causes=causes))
    elif lost:
        said.append(
            pair.effect(
                "fallback-lost", (f"loses the fallback{_s(lost)} ", *listed(lost)), old, new, causes=causes
            )
        )
    if gained:
        words = (f"gains the fallback{_s(gained)} ", *listed(gained))
        said.append(pair.effect("fallback-added", words, old, new, causes=causes))
    stay = set(old) & set(new)
    if [head for head in old if head in stay] != [head for head in new if head in stay]:
        words = ("reorders its fallbacks: ", *_chain(old), " becomes ", *_chain(new))
        said.append(pair.effect("fallback-reordered", words, old, new, causes=causes))
    if not said:
        words = ("groups its fallbacks anew: ", *_heads(before[1:]), " becomes ", *_heads(after[1:]))
        said.append(pair.effect("fallback-reordered", words, *rows, causes=causes))
    yield from said


def _first(pair: Pair, before: Weights, after: Weights, causes: Cause) -> Iterator[Effect]:
    if before.keys() != after.keys():
        words: Words = ("moves: ", *listed(list(before)), " → ", *listed(list(after)))
        yield pair.effect("first-tier-moved", words, plain(before), plain(after), causes=causes)
    elif exact(before) != exact(after):
        words = ("splits its requests anew: ", *_split(before), " becomes ", *_split(after))
        yield pair.effect("weights-changed", words, plain(before), plain(after), causes=causes)


def _left(pair: Pair, before: list[Weights], after: list[Weights], causes: Cause) -> Iterator[Effect]:
    """How many active heads are left; draining ones are on their way out."""
    sides = pair.sides
    old = [h for h in pair.before.heads if sides.before.heads[h].status == "active"]
    new = [h for h in pair.after.heads if sides.after.heads[h].status == "active"]
    if len(new) < len(old) and len(new) <= 1 and not (new and len(old) <= 1):
        if _flat(before[1:]) and len(_flat(after)) == 1 and new:
            return  # the loss of the only fallback says it
        if new:
            words: Words = ("now depends on ", Said(new[0]), " alone")
            yield pair.effect("single-point", words, old, new, causes=causes)
        else:
            words = ("has no active head left, only ", *_heads(after))
            yield pair.effect("no-active-head", words, old, new, causes=causes)
    elif len(old) <= 1 < len(new):
        words = ("no longer depends on one head: ", *listed(new), " serve it")
        yield pair.effect("single-point-ended", words, old, new, causes=causes)


def _planned(about: About) -> list[Weights]:
    return [dict(about.weights) or {about.priority_head: 1}, *({head: 1} for head in about.fallback_heads)]


def _names(about: About) -> list[str]:
    return list(dict.fromkeys((about.priority_head, *about.weights, *about.fallback_heads)))


def _heads_of(about: About) -> object:
    return {
        "priority_head": about.priority_head,
        "weights": plain(about.weights),
        "fallback_heads": plain(about.fallback_heads),
    }


def _as_listed(about: About, names: Mapping[str, str]) -> object:
    return (
        names.get(about.priority_head, about.priority_head),
        {names.get(head, head): weight for head, weight in about.weights.items()},
        [names.get(head, head) for head in about.fallback_heads],
    )


def _renamed(tiers: Sequence[Weights], pair: Pair) -> list[Weights]:
    names = pair.sides.heads
    return [{names.get(head, head): weight for head, weight in tier.items()} for tier in tiers]


def _after(pair: Pair) -> list[Weights]:
    return [dict(tier.weights) for tier in pair.after.tiers]


def _without(tiers: Sequence[Weights], heads: frozenset[str]) -> list[Weights]:
    kept = ({head: weight for head, weight in tier.items() if head not in heads} for tier in tiers)
    return [tier for tier in kept if tier]


def _flat(tiers: Sequence[Weights]) -> list[str]:
    return [head for tier in tiers for head in tier]


def _subjects(heads: Sequence[str]) -> Cause:
    return tuple(Subject(what="head", name=head) for head in heads)


def _heads(tiers: Sequence[Weights]) -> Words:
    """Like `a + b, then c`."""
    words: list[str | Said] = []
    for tier in tiers:
        if words:
            words.append(", then ")
        for number, head in enumerate(tier):
            words += [" + ", Said(head)] if number else [Said(head)]
    return tuple(words)


def _chain(heads: Sequence[str]) -> Words:
    return _heads([{head: 1} for head in heads])


def _split(weights: Weights) -> Words:
    words: list[str | Said] = []
    for head, weight in weights.items():
        words += [", "] if words else []
        words += [Said(head), f" {weight}"]
    return tuple(words)


def _s(heads: Sequence[str]) -> str:
    return "" if len(heads) == 1 else "s"
