"""The upstreams of a model: hosts, keys, providers, settings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from modelspec.change.effect import Effect, Said, Subject, Words
from modelspec.change.pair import IMPLIED, Found, Pair, plain
from modelspec.change.settings import limits
from modelspec.change.sides import Cause, exact
from modelspec.fleet.reference import Reference
from modelspec.routing.table import Json, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Positions in both lists: pairs in the order of the first list, and those without a partner."""

    pairs: Sequence[tuple[int, int]]
    added: Sequence[int]
    removed: Sequence[int]


_LIKENESSES: tuple[Callable[[Target], object], ...] = (
    lambda target: target,
    lambda target: (target.endpoint, target.provider, target.upstream_model, target.api_key, target.region),
    lambda target: (target.endpoint, target.provider, target.upstream_model),
    lambda target: (target.endpoint, target.provider),
    lambda target: (target.provider, target.upstream_model, target.region, target.order),
)
"""What makes two upstreams the same, from all of it to the least."""


def match(old: Sequence[Target], new: Sequence[Target]) -> Matched:
    """Pair what is alike, the most alike first; a last single one on each side is the same one."""
    pairs: dict[int, int] = {}
    rest_old, rest_new = list(range(len(old))), list(range(len(new)))
    for likeness in _LIKENESSES:
        waiting: dict[str, list[int]] = {}
        for number in reversed(rest_new):
            waiting.setdefault(exact(likeness(new[number])), []).append(number)
        for number in rest_old:
            same = waiting.get(exact(likeness(old[number])))
            if same:
                pairs[number] = same.pop()
        taken = set(pairs.values())
        rest_old = [number for number in rest_old if number not in pairs]
        rest_new = [number for number in rest_new if number not in taken]
    if len(rest_old) == len(rest_new) == 1:
        pairs[rest_old.pop()] = rest_new.pop()
    return Matched(pairs=sorted(pairs.items()), added=rest_new, removed=rest_old)


TARGET_FIELDS: Mapping[str, tuple[str, ...]] = {
    "endpoint": ("endpoint",),
    "provider": ("provider",),
    "upstream_model": ("upstream_model",),
    "api_key": ("api_key",),
    "params": ("params",),
    "region": ("region",),
    "share": ("weight", "order"),
    "limits": ("rpm", "tpm"),
}
"""Every field of an upstream, by what is compared as one thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Twin:
    """One upstream on both sides. `where` is empty where a model has but one; `causes` is its head, if that changed."""

    where: str
    before: Target
    after: Target
    causes: Cause = ()


def compare_upstreams(pair: Pair) -> Iterator[Found]:
    """Upstreams added, removed and changed; where heads run the model, one upstream for each head."""
    old, new = pair.before, pair.after
    if old.local_inference != new.local_inference:
        words = ("is served by its upstreams, no longer by the heads themselves",)
        if new.local_inference:
            words = ("is run by its heads themselves, no longer by an upstream",)
        yield pair.effect("local-inference-changed", words, old.local_inference, new.local_inference)
        yield from _switched(pair, _all(old.targets, old.local_targets), _all(new.targets, new.local_targets))
    elif new.local_inference:
        yield from _changed(pair, list(_local_twins(pair)))
        yield IMPLIED  # heads that come or go are said with the tiers
    else:
        yield from _deployments(pair)


def host(endpoint: object) -> str:
    """What decides where a request goes: scheme, host and port, or the variable that holds them."""
    match endpoint:
        case str():
            parts = _split(endpoint)
            return f"{parts.scheme}://{parts.netloc.lower()}" if parts else endpoint
        case None:
            return "the provider's own place"
        case _:
            return reference(endpoint)


def reference(value: object) -> str:
    """A reference, like `env ATLAS_API_KEY`; never a value, for there is none in a routing table."""
    if isinstance(value, Reference):
        return f"{value.kind} {value.written}"
    return "none" if value is None else str(value)


def _deployments(pair: Pair) -> Iterator[Found]:
    old, new = pair.before.targets, pair.after.targets
    matched = match(old, new)
    single = len(old) <= 1 and len(new) <= 1
    twins = [
        _Twin(where="" if single else f"deployment {there + 1}", before=old[here], after=new[there])
        for here, there in matched.pairs
    ]
    yield from _changed(pair, twins)
    for number in matched.added:
        words: Words = ("gains a deployment at ", Said(host(new[number].endpoint)))
        yield pair.effect("deployment-added", words, None, plain(new[number]))
    hosts = {host(target.endpoint) for target in old}
    fresh = list(dict.fromkeys(host(new[number].endpoint) for number in matched.added))
    for name in fresh:
        if name not in hosts:
            words = ("calls a host that it did not call before: ", Said(name))
            yield pair.effect("endpoint-host-changed", words, None, name)
    for number in matched.removed:
        words = ("loses a deployment at ", Said(host(old[number].endpoint)))
        yield pair.effect("deployment-removed", words, plain(old[number]), None)
    order = [there for _, there in matched.pairs]
    if order != sorted(order):
        yield pair.effect(
            "deployments-reordered", ("lists its deployments in another order",), plain(old), plain(new)
        )


def _local_twins(pair: Pair) -> Iterator[_Twin]:
    sides = pair.sides
    before = {sides.heads.get(head, head): target for head, target in pair.before.local_targets.items()}
    for head, after in pair.after.local_targets.items():
        if head in before:
            entries = sides.kept_heads[head]
            changed = (
                exact(entries[0].inference_url) != exact(entries[1].inference_url) or head in sides.relocated
            )
            causes = (Subject(what="head", name=head),) if changed else ()
            yield _Twin(where=f"head {head}", before=before[head], after=after, causes=causes)


def _changed(pair: Pair, twins: Sequence[_Twin]) -> Iterator[Effect]:
    """One effect for each distinct change, however many upstreams it concerns."""
    for name, fields in TARGET_FIELDS.items():
        grouped: dict[str, list[_Twin]] = {}
        for twin in twins:
            before, after = (
                [getattr(target, field) for field in fields] for target in (twin.before, twin.after)
            )
            if exact(before) != exact(after) and not _is_renamed_region(pair, name, twin):
                grouped.setdefault(exact((before, after, twin.causes)), []).append(twin)
        for same in grouped.values():
            yield _told(pair, name, same, everywhere=len(same) == len(twins))


def _is_renamed_region(pair: Pair, name: str, twin: _Twin) -> bool:
    before = twin.before.region
    return name == "region" and before is not None and pair.sides.regions.get(before) == twin.after.region


def _told(pair: Pair, name: str, twins: Sequence[_Twin], *, everywhere: bool) -> Effect:
    old, new = twins[0].before, twins[0].after
    kind, words = _sentence(name, old, new)
    where: Words = ()
    if twins[0].where and not everywhere:
        where = (" (", *_where(twins), ")")
    fields = TARGET_FIELDS[name]
    before, after = (
        plain(getattr(target, fields[0]) if len(fields) == 1 else {f: getattr(target, f) for f in fields})
        for target in (old, new)
    )
    return pair.effect(kind, (*words, *where), before, after, causes=twins[0].causes)


def _where(twins: Sequence[_Twin]) -> Words:
    words: list[str | Said] = []
    for twin in twins:
        noun, _, name = twin.where.partition(" ")
        words += [", "] if words else []
        words += [f"{noun} ", Said(name)]
    return tuple(words)


def _sentence(name: str, old: Target, new: Target) -> tuple[str, Words]:  # noqa: PLR0911 - one for each case
    match name:
        case "endpoint":
            before, after = host(old.endpoint), host(new.endpoint)
            if before != after:
                return "endpoint-host-changed", ("calls another host: ", Said(before), " → ", Said(after))
            paths = Said(str(old.endpoint)), Said(str(new.endpoint))
            return "endpoint-path-changed", ("calls another path: ", paths[0], " → ", paths[1])
        case "provider":
            return "provider-changed", (
                "changes its provider: ",
                Said(old.provider),
                " → ",
                Said(new.provider),
            )
        case "upstream_model":
            models = Said(old.upstream_model), Said(new.upstream_model)
            return "upstream-model-changed", ("calls another upstream model: ", models[0], " → ", models[1])
        case "api_key":
            keys = Said(reference(old.api_key)), Said(reference(new.api_key))
            return "key-changed", ("uses another key: ", keys[0], " → ", keys[1])
        case "params":
            changes = _params(old.params, new.params)
            if old.endpoint is None or new.endpoint is None:
                return "upstream-moved", (
                    "may be served in another place, for its settings decide it: ",
                    *changes,
                )
            return "params-changed", ("changes its provider settings: ", *changes)
        case "region":
            regions = Said(str(old.region or "none named")), Said(str(new.region or "none named"))
            return "upstream-moved", ("is served in another region: ", regions[0], " → ", regions[1])
        case "share":
            parts = f"weight {old.weight}, order {old.order}", f"weight {new.weight}, order {new.order}"
            words = ("weighs its deployments anew: ", parts[0], " → ", parts[1])
            return "deployment-weight-changed", tuple(part.replace("None", "unset") for part in words)
        case _:
            rates = limits(old.rpm, old.tpm), limits(new.rpm, new.tpm)
            return "limits-changed", (
                "changes the limits of an upstream: ",
                *rates[0],
                " becomes ",
                *rates[1],
            )


def _params(old: Json, new: Json) -> Words:
    names = [name for name in {**old, **new} if exact(old.get(name)) != exact(new.get(name))]
    words: list[str | Said] = []
    for name in names:
        words += ["; "] if words else []
        before, after = _setting(old, name), _setting(new, name)
        if before == after:  # a text and a number may look the same
            before, after = repr(old.get(name)), repr(new.get(name))
        words += [Said(name), " ", Said(before), " → ", Said(after)]
    return tuple(words) or ("their order",)


def _setting(params: Json, name: str) -> str:
    if name not in params:
        return "unset"
    value = params[name]
    if isinstance(value, bool):
        return "true" if value else "false"
    return reference(value)


def _switched(pair: Pair, old: Sequence[Target], new: Sequence[Target]) -> Iterator[Effect]:
    """Hosts and keys of a model that is served in quite another way."""
    hosts = [list(dict.fromkeys(host(target.endpoint) for target in side)) for side in (old, new)]
    keys = [list(dict.fromkeys(reference(target.api_key) for target in side)) for side in (old, new)]
    for kind, what, (before, after) in (
        ("endpoint-host-changed", "host", hosts),
        ("key-changed", "key", keys),
    ):
        if set(before) != set(after):
            verb = "calls" if what == "host" else "uses"
            words = (f"{verb} another {what}: ", Said(", ".join(before)), " → ", Said(", ".join(after)))
            yield pair.effect(kind, words, before, after)


def _all(targets: Sequence[Target], local: Mapping[str, Target]) -> list[Target]:
    return [*targets, *local.values()]


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None
