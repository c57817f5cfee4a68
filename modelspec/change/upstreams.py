"""The upstreams of a model: hosts, keys, providers, settings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from modelspec.change.effect import Effect, Quoted, Subject, Words, joined, step
from modelspec.change.settings import limits
from modelspec.change.sides import IMPLIED, Cause, Found, Pair, exact, targets_of
from modelspec.emit.artifact import encode
from modelspec.fleet.model import Upstream
from modelspec.fleet.reference import Reference
from modelspec.gateways.litellm.names import FirstRequest, first_request
from modelspec.report.printable import concealed
from modelspec.routing.table import Json
from modelspec.url import parts

_LIKENESSES: tuple[Callable[[Upstream], object], ...] = (
    lambda target: target,
    lambda target: (target.endpoint, target.provider, target.upstream_model, target.api_key, target.region),
    lambda target: (target.endpoint, target.provider, target.upstream_model),
    lambda target: (target.endpoint, target.provider),
    lambda target: (target.provider, target.upstream_model, target.region, target.order),
)
"""What makes two upstreams the same one, from the strongest likeness to the weakest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Positions in both lists: pairs in the order of the first list, and those without a partner."""

    pairs: Sequence[tuple[int, int]]
    added: Sequence[int]
    removed: Sequence[int]


def match(old: Sequence[Upstream], new: Sequence[Upstream]) -> Matched:
    """Pair upstreams, the most alike first; where one remains on each side, these are a pair."""
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
    "implied": ("has_own_endpoint",),
    "provider": ("provider",),
    "upstream_model": ("upstream_model",),
    "api_key": ("api_key",),
    "params": ("params",),
    "request": ("request",),
    "model_info": ("model_info",),
    "region": ("region",),
    "share": ("weight", "order"),
    "limits": ("rpm", "tpm"),
    "location": ("location",),
}
"""Every field of an upstream, by what is compared together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Twin:
    """One upstream on both sides; `causes` is its head, if that changed."""

    where: Words
    before: Upstream
    after: Upstream
    causes: Cause = ()


def compare_upstreams(pair: Pair) -> Iterator[Found]:
    """Upstreams added, removed and changed; where heads run the model, one upstream for each head."""
    old, new = pair.before, pair.after
    if old.local_inference != new.local_inference:
        words = ("is served by its upstreams, no longer by its heads",)
        if new.local_inference:
            words = ("is served by its heads, no longer by an upstream",)
        yield pair.effect("local-inference-changed", words, old.local_inference, new.local_inference)
        yield from _switched(pair, targets_of(old), targets_of(new))
    elif new.local_inference:
        yield from _changed(pair, list(_local_twins(pair)))
        yield IMPLIED  # added and removed heads are reported with the tiers
    else:
        yield from _deployments(pair)


def relocation(
    subject: str,
    verbs: tuple[str, str],
    before: object,
    after: object,
    absent: str = "the provider's own host",
) -> tuple[str, Words]:
    """A change of host or, at the same host, of path: its kind and its words."""
    hosts = [host(endpoint, absent) for endpoint in (before, after)]
    if hosts[0] != hosts[1]:
        return f"{subject}-host-changed", (f"{verbs[0]} another host: ", *step(*hosts))
    return f"{subject}-path-changed", (f"{verbs[1]} another path: ", *step(str(before), str(after)))


def host(endpoint: object, absent: str = "the provider's own host") -> str:
    """Where a request is sent: scheme, host and port, or the variable that holds them."""
    match endpoint:
        case str():
            found = parts(endpoint)
            return f"{found.scheme}://{found.place.lower()}" if found else "no URL"
        case None:
            return absent
        case _:
            return reference(endpoint)


def reference(value: object) -> str:
    """A reference, like `env ATLAS_API_KEY`; a routing table holds no values of keys."""
    if isinstance(value, Reference):
        return f"{value.kind} {value.normal}"
    return "none" if value is None else str(value)


def calling(target: Upstream) -> Words:
    """Like `; first request https://api.example.com/v1/chat/completions, TLS verifies api.example.com`."""
    request = first_request(target)
    url = "built by LiteLLM" if request.url is None else Quoted(request.url)
    if request.verifies is not None:
        return "; first request ", url, ", TLS verifies ", Quoted(request.verifies)
    return "; first request ", url, ", without TLS" if request.is_plain else ""


def _host_of(target: Upstream) -> str:
    return host(target.endpoint)


def _key_of(target: Upstream) -> str:
    return reference(target.api_key)


def _deployments(pair: Pair) -> Iterator[Found]:
    old, new = pair.before.targets, pair.after.targets
    matched = match(old, new)
    twins = [
        _Twin(
            where=(Quoted(f"deployments[{there}]"),),
            before=old[here],
            after=new[there],
        )
        for here, there in matched.pairs
    ]
    yield from _changed(pair, twins)
    for number in matched.added:
        where = f", which {new[number].location.words}"
        words: Words = (
            "gains a deployment at ",
            Quoted(_host_of(new[number])),
            where,
            *calling(new[number]),
        )
        yield pair.effect("deployment-added", words, None, new[number])
    known = set(map(_host_of, old))
    for name in dict.fromkeys(_host_of(new[number]) for number in matched.added):
        if name not in known:
            words = ("calls a new host: ", Quoted(name))
            yield pair.effect("endpoint-host-changed", words, None, name)
    for number in matched.removed:
        words = ("loses a deployment at ", Quoted(_host_of(old[number])))
        yield pair.effect("deployment-removed", words, old[number], None)
    order = [there for _, there in matched.pairs]
    if order != sorted(order):
        yield pair.effect("deployments-reordered", ("reorders its deployments",), old, new)


def _local_twins(pair: Pair) -> Iterator[_Twin]:
    sides = pair.sides
    before = {sides.heads.get(head, head): target for head, target in pair.before.local_targets.items()}
    for head, after in pair.after.local_targets.items():
        if head in before:
            old, new = sides.kept_heads[head]
            changed = exact(old.inference_url) != exact(new.inference_url) or head in sides.relocated
            causes = (Subject("head", head),) if changed else ()
            yield _Twin(where=("head ", Quoted(head)), before=before[head], after=after, causes=causes)


def _changed(pair: Pair, twins: Sequence[_Twin]) -> Iterator[Found]:
    """One effect for each distinct change, however many upstreams it affects; each new first request is told once."""
    told: list[FirstRequest] = []
    for name, fields in TARGET_FIELDS.items():
        grouped: dict[str, list[_Twin]] = {}
        for twin in twins:
            values = [[getattr(target, field) for field in fields] for target in (twin.before, twin.after)]
            is_implied = (
                _is_renamed_region(pair, name, twin)
                or (name == "location" and _is_elsewhere(twin))
                or (name == "implied" and exact(twin.before.endpoint) != exact(twin.after.endpoint))
            )
            if exact(values[0]) == exact(values[1]):
                continue
            if is_implied:
                yield IMPLIED
            else:
                grouped.setdefault(exact((*values, twin.causes)), []).append(twin)
        for same in grouped.values():
            kind, words = _sentence(name, same[0].before, same[0].after)
            called = first_request(same[0].after)
            if called not in (first_request(same[0].before), *told):
                words = (*words, *calling(same[0].after))
                told.append(called)
            if len(same) < len(twins):
                words = (*words, " (", *joined((twin.where for twin in same), ", "), ")")
            before, after = (
                getattr(target, fields[0]) if len(fields) == 1 else {f: getattr(target, f) for f in fields}
                for target in (same[0].before, same[0].after)
            )
            yield pair.effect(kind, words, before, after, causes=same[0].causes)


def _is_renamed_region(pair: Pair, name: str, twin: _Twin) -> bool:
    before = twin.before.region
    return name == "region" and before is not None and pair.sides.regions.get(before) == twin.after.region


def _is_elsewhere(twin: _Twin) -> bool:
    """Whether a change that is reported by itself explains another location."""
    fields = ("endpoint", "provider", "upstream_model", "params", "region")
    return any(exact(getattr(twin.before, f)) != exact(getattr(twin.after, f)) for f in fields)


def _sentence(name: str, old: Upstream, new: Upstream) -> tuple[str, Words]:  # noqa: PLR0911 - one for each case
    words: Words
    match name:
        case "endpoint":
            kind, words = relocation("endpoint", ("calls", "calls"), old.endpoint, new.endpoint)
            return kind, (
                *words,
                f", which {new.location.words}",
            ) if kind == "endpoint-host-changed" else words
        case "provider":
            return "provider-changed", ("changes its provider: ", *step(old.provider, new.provider))
        case "upstream_model":
            models = step(old.upstream_model, new.upstream_model)
            return "upstream-model-changed", ("calls another upstream model: ", *models)
        case "api_key":
            keys = step(reference(old.api_key), reference(new.api_key))
            return "key-changed", ("uses another key: ", *keys)
        case "params":
            changes = _params(old.params, new.params)
            if old.endpoint is None or new.endpoint is None:
                words = ("may be served elsewhere, since its settings decide where: ", *changes)
                return "upstream-moved", words
            return "params-changed", ("changes its provider settings: ", *changes)
        case "region":
            regions = step(old.region or "none", new.region or "none")
            return "upstream-moved", ("is served in another region: ", *regions)
        case "share":
            before, after = (f"weight {target.weight}, order {target.order}" for target in (old, new))
            words = (f"reweights its deployments: {before} → {after}".replace("None", "unset"),)
            return "deployment-weight-changed", words
        case "location":
            return "upstream-moved", (
                f"is said to run elsewhere: {old.location.words} → {new.location.words}",
            )
        case _:
            return _of_settings(name, old, new)


def _of_settings(name: str, old: Upstream, new: Upstream) -> tuple[str, Words]:
    if name == "limits":
        words = (*limits(old.rpm, old.tpm), " → ", *limits(new.rpm, new.tpm))
        return "limits-changed", ("changes the limits of an upstream: ", *words)
    if name == "implied":
        if new.has_own_endpoint:
            return "endpoint-implied-changed", ("writes out the endpoint that was left to the gateway",)
        return "endpoint-implied-changed", ("leaves the path at its host to the gateway",)
    if name == "request":
        return "request-changed", ("changes what it adds to requests: ", *_params(old.request, new.request))
    changes = _params(old.model_info, new.model_info)
    return "model-info-changed", ("changes what gateways are told of it: ", *changes)


def _params(old: Json, new: Json) -> Words:
    changes: list[Words] = []
    for name in {**old, **new}:
        if exact(old.get(name)) == exact(new.get(name)):
            continue
        before, after = _setting(old, name), _setting(new, name)
        if before == after:  # a string and a number may look the same
            before, after = (repr(concealed(side.get(name), name)) for side in (old, new))
        changes.append((Quoted(name), " ", *step(before, after)))
    return joined(changes, "; ") or ("their order",)


def _setting(params: Json, name: str) -> str:
    if name not in params:
        return "unset"
    value = params[name]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping | list):
        return encode(concealed(value, name))
    return reference(concealed(value, name))


def _switched(pair: Pair, old: Sequence[Upstream], new: Sequence[Upstream]) -> Iterator[Effect]:
    """Changed hosts and keys of a model that switches local inference."""
    for kind, words, value in (
        ("endpoint-host-changed", "calls another host: ", _host_of),
        ("key-changed", "uses another key: ", _key_of),
    ):
        before, after = (list(dict.fromkeys(map(value, side))) for side in (old, new))
        if set(before) != set(after):
            yield pair.effect(kind, (words, *step(", ".join(before), ", ".join(after))), before, after)
