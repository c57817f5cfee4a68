"""Reach: the regions that a request may touch, and the callers that fall back to a model without access to it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress
from typing import NamedTuple, TypeVar

from modelspec.fleet.location import runs_on_heads, whereabouts
from modelspec.fleet.model import Access, Catalog, Fleet, Model, Names, Signature
from modelspec.text.quote import quote

Code = TypeVar("Code", str, tuple[str, tuple[str, ...], bool])
_TRUTHS = bytes.maketrans(b"01", b"\x00\x01")


def own_reach(model: Model, fleet: Fleet) -> tuple[str, ...]:
    """The regions of a model's heads that serve, and of its deployments, sorted; its fallback models aside.

    It is empty where nothing serves the model.
    """
    if model.status == "disabled":
        return ()
    regions = {fleet.heads[head].region for head in model.heads if fleet.heads[head].status != "offline"}
    if regions and not runs_on_heads(model):
        for upstream in model.deployments:
            regions.update(whereabouts(upstream, model, fleet).location.regions)
    return tuple(sorted(regions))


def transitive_reach(signatures: Sequence[Signature], names: Names[Signature]) -> dict[str, tuple[str, ...]]:
    """The reach of every model by id, its fallback models and theirs included, sorted."""
    return transitive({signature.model_id: signature.reach for signature in signatures}, signatures, names)


def transitive(
    reach: dict[str, tuple[Code, ...]], signatures: Sequence[Signature], names: Names[Signature]
) -> dict[str, tuple[Code, ...]]:
    """What every model reaches by itself, completed by what its fallback models and theirs reach, sorted.

    A disabled model answers 404, so nothing is reached through it. Models that fall back to each other reach the same.
    Sets are bits of an integer, and each reference is followed once: neither chains nor cycles are slow.
    """
    fallbacks = _fallbacks(signatures, names)
    if not fallbacks:
        return reach
    codes = sorted({code for regions in reach.values() for code in regions})
    bits = {code: 1 << position for position, code in enumerate(codes)}
    masks: dict[str, int] = {}
    known: dict[int, tuple[Code, ...]] = {}
    for component in _components(fallbacks):
        mask = 0
        for model_id in component:
            for code in reach[model_id]:
                mask |= bits[code]
            for fallback in fallbacks.get(model_id, ()):
                mask |= masks.get(fallback, 0)
        if mask not in known:
            known[mask] = tuple(compress(codes, f"{mask:b}"[::-1].encode().translate(_TRUTHS)))
        for model_id in component:
            masks[model_id] = mask
            reach[model_id] = known[mask]
    return reach


def transitive_sites(catalog: Catalog) -> dict[str, tuple[tuple[str, tuple[str, ...], bool], ...]]:
    """The sites of every model by id, without their pointers, those of its fallback models included."""
    own = {
        one.model_id: tuple(sorted({(site[0], site[2], site[3]) for site in one.sites}))
        for one in catalog.signatures
    }
    return transitive(own, catalog.signatures, catalog.names)


def unproved_sites(catalog: Catalog) -> Iterator[tuple[Signature, list[tuple[str, tuple[str, ...]]]]]:
    """Each model whose residency is not proved, with what it calls that may be outside: a subject and its countries.

    What its rule forbids is not among them: that is a breach.
    """
    rules = catalog.fleet.residencies
    if not rules:
        return
    reached = transitive_sites(catalog)
    for signature in catalog.signatures:
        rule = rules.get(signature.region)
        if rule is None or signature.status == "disabled":
            continue
        unproved = [
            (subject, countries)
            for subject, countries, is_promised in reached[signature.model_id]
            if not rule.forbids(countries) and not rule.allows(countries, is_promised=is_promised)
        ]
        if unproved:
            yield signature, unproved


def _fallbacks(signatures: Sequence[Signature], names: Names[Signature]) -> dict[str, list[str]]:
    """The ids of the fallback models that may answer, by the id of the model that names them."""
    fallbacks: dict[str, list[str]] = {}
    for signature in signatures:
        if signature.status == "disabled":
            continue
        for name, _ in signature.fallback_models:
            fallback = names.find(name)
            if fallback is not None and fallback.status != "disabled":
                fallbacks.setdefault(signature.model_id, []).append(fallback.model_id)
    return fallbacks


def _components(edges: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """The sets of nodes that lead to each other, each after those that it leads to.

    R. Tarjan, "Depth-first search and linear graph algorithms" (1972), with a stack of its own: a chain of
    models may be longer than Python's.
    """
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    trail: list[str] = []
    closed: set[str] = set()
    for root in edges:
        if root in number:
            continue
        path = [(root, iter(edges[root]))]
        number[root] = lowest[root] = len(number)
        trail.append(root)
        while path:
            node, rest = path[-1]
            following = next(rest, None)
            if following is None:
                path.pop()
                if path:
                    before = path[-1][0]
                    lowest[before] = min(lowest[before], lowest[node])
                if lowest[node] == number[node]:
                    start = len(trail) - 1
                    while trail[start] != node:
                        start -= 1
                    component = trail[start:]
                    del trail[start:]
                    closed.update(component)
                    yield component
            elif following not in number:
                number[following] = lowest[following] = len(number)
                trail.append(following)
                path.append((following, iter(edges.get(following, ()))))
            elif following not in closed:
                lowest[node] = min(lowest[node], number[following])


_OPENNESS = ("private", "internal", "public")
"""Visibilities, from the fewest callers to all."""


class Gap(NamedTuple):
    """Callers of one model that another does not have; without `is_certain` it depends on what its groups mean."""

    is_certain: bool
    words: str


def opens(before: str, after: str) -> bool:
    """Whether one visibility has more callers than another."""
    return _OPENNESS.index(after) > _OPENNESS.index(before)


def gaps(callers: Access, called: Access, regions: Iterable[str]) -> Iterator[Gap]:
    """What keeps callers of a model, as it answers clients in `regions`, from calling another; nothing if all may.

    Where no edge has a gap no chain has one, so that nobody needs to look further than at the next model.
    """
    (visibility, groups, origins), (other, others, where) = callers, called
    if visibility == "private" and not groups:
        return  # nobody may call it
    lacking = [group for group in groups if group not in others]
    named = f"{'the group' if len(lacking) == 1 else 'the groups'} {', '.join(map(quote, lacking))}"
    if opens(other, visibility):
        yield Gap(is_certain=True, words=f"it is {other}, not {visibility}")
    elif other == "private" and lacking:
        yield Gap(is_certain=True, words=f"it is not for {named}")
    elif other == "internal" and others and (lacking or (not groups and visibility != "private")):
        yield Gap(is_certain=False, words=f"it names {', '.join(map(quote, others))} as its groups")
    if where is not None:
        outside = [code for code in (regions if origins is None else origins) if code not in where]
        if outside:
            yield Gap(is_certain=True, words=f"it is not for clients in {', '.join(map(quote, outside))}")
