"""The other fields of a model: its status, region, names, callers and description."""

from collections.abc import Iterator

from modelspec.change.effect import Quoted, Words, joined, listed, step
from modelspec.change.sides import IMPLIED, Found, Pair, exact, region_title
from modelspec.fleet.reach import opens
from modelspec.routing.table import Route


def compare_status(pair: Pair) -> Iterator[Found]:
    """Requests for disabled models get 404; deprecated models are served."""
    old, new = pair.before.status, pair.after.status
    if old == new:
        return
    words: Words
    if new == "disabled":
        kind, words = "model-disabled", ("is disabled: requests are answered with 404",)
    elif old == "disabled":
        enabled = "is enabled, and deprecated" if new == "deprecated" else "is enabled"
        kind, words = "model-enabled", (enabled, "; served by ", *listed(dict.fromkeys(pair.after.heads)))
    elif new == "deprecated":
        kind, words = "model-deprecated", ("is deprecated", *_retirement(pair.after))
    else:
        kind, words = "model-undeprecated", ("is no longer deprecated",)
    yield pair.effect(kind, words, old, new)


def compare_sunset(pair: Pair) -> Iterator[Found]:
    """When a deprecated model ends, and what replaces it."""
    old, new = pair.before.about, pair.after.about
    follower = None if old.replaced_by is None else pair.sides.model(old.replaced_by)
    if pair.before.status != pair.after.status == "deprecated":
        yield IMPLIED  # reported with the deprecation
    elif (old.sunset, follower) != (new.sunset, new.replaced_by):
        ends = [_retirement(route) or (" none",) for route in (pair.before, pair.after)]
        words: Words = ("changes its sunset:", *ends[0], " →", *ends[1])
        before, after = ({"sunset": about.sunset, "replaced_by": about.replaced_by} for about in (old, new))
        yield pair.effect("sunset-changed", words, before, after)
    elif old.replaced_by != new.replaced_by:
        yield IMPLIED  # the other model was renamed


def compare_region(pair: Pair) -> Iterator[Found]:
    """The region of the model, whose residency rule applies."""
    old, new = pair.before.region, pair.after.region
    if pair.sides.region(old) == new:
        yield IMPLIED  # nothing, or the region was renamed
        return
    titles = step(region_title(pair.sides.before, old), region_title(pair.sides.after, new))
    words = ("changes its home region: ", *titles)
    yield pair.effect("model-region-changed", words, old, new)


def compare_policy(pair: Pair) -> Iterator[Found]:
    """How the heads of a tier share requests."""
    old, new = pair.before.policy, pair.after.policy
    if old != new:
        yield pair.effect("policy-changed", (f"changes its load balancing: {old} → {new}",), old, new)


def compare_fallback_models(pair: Pair) -> Iterator[Found]:
    """Other models to try; a renamed model is the same one."""
    old, new = pair.before.fallback_models, pair.after.fallback_models
    before = {condition: tuple(map(pair.sides.model, names)) for condition, names in old.items()}
    if exact(before) == exact(dict(new)):
        yield IMPLIED  # nothing, or a model was renamed
        return
    changes: list[Words] = []
    for condition in dict.fromkeys((*old, *new)):
        if before.get(condition) != new.get(condition):
            lists = listed(old.get(condition, ())), listed(new.get(condition, ()))
            changes.append(("" if condition == "any" else f"on {condition} ", *lists[0], " → ", *lists[1]))
    words: Words = ("reorders the conditions of its fallback models",)
    if changes:
        words = ("changes its fallback models: ", *joined(changes, "; "))
    yield pair.effect("fallback-models-changed", words, old, new)


def compare_aliases(pair: Pair) -> Iterator[Found]:
    """Lists of aliases that differ although no name is routed elsewhere, which would be an effect of its own."""
    old, new = pair.before.aliases, pair.after.aliases
    if old == new:
        return
    differing = ({pair.before.model_id, *old} ^ {pair.after.model_id, *new}) - {pair.after.model_id}
    is_renamed = pair.before.model_id != pair.after.model_id
    if differing & pair.sides.moved_names or (is_renamed and not differing):
        yield IMPLIED
        return
    words = ("rewrites its aliases: ", *listed(old), " → ", *listed(new))
    yield pair.effect("aliases-rewritten", words, old, new)


def compare_id(pair: Pair) -> Iterator[Found]:
    """The same content under a new id."""
    old, new = pair.before.model_id, pair.after.model_id
    if old != new:
        kept = old in pair.after.aliases
        words: Words = ("is renamed from ", Quoted(old), ", which stays an alias" if kept else "")
        yield pair.effect("model-renamed", words, old, new)


def compare_title(pair: Pair) -> Iterator[Found]:
    """The name that people see."""
    old, new = pair.before.about.name, pair.after.about.name
    if old != new:
        yield pair.effect("title-changed", ("changes its name: ", *step(old, new)), old, new)


def compare_tags(pair: Pair) -> Iterator[Found]:
    """Tags, in their order."""
    old, new = pair.before.about.tags, pair.after.about.tags
    if old != new:
        words = ("changes its tags: ", *listed(old), " → ", *listed(new))
        yield pair.effect("tags-changed", words, old, new)


def compare_metadata(pair: Pair) -> Iterator[Found]:
    """The keys of the first level that differ, with their values."""
    old, new = pair.before.about.metadata, pair.after.about.metadata
    if exact(old) == exact(new):
        return
    keys = [
        key
        for key in {**old, **new}
        if exact(old.get(key)) != exact(new.get(key)) or (key in old) != (key in new)
    ]
    words: Words = ("changes its metadata: ", *(listed(keys) if keys else ("the order of the keys",)))
    before, after = ({key: side[key] for key in keys or side if key in side} for side in (old, new))
    yield pair.effect("metadata-changed", words, before, after)


def compare_file(pair: Pair) -> Iterator[Found]:
    """The file that declares it; a change of its line is not reported."""
    old, new = pair.before.about.path, pair.after.about.path
    if old == new:
        yield IMPLIED
    else:
        yield pair.effect("file-moved", ("moves to another file: ", *step(old, new)), old, new)


def _retirement(route: Route) -> Words:
    """Like ` until 2026-12-31, replaced by atlas`."""
    about = route.about
    words: Words = () if about.sunset is None else (" until ", Quoted(about.sunset))
    if about.replaced_by is not None:
        words = (*words, ", replaced by " if words else " in favour of ", Quoted(about.replaced_by))
    return words


def compare_access(pair: Pair) -> Iterator[Found]:
    """Access is widened if any part of it is, or may be."""
    parts = [*_visibility(pair), *_groups(pair), *_client_regions(pair)]
    if not parts:
        return
    wider = any(widens for widens, _ in parts)
    opening = "is opened to more callers: " if wider else "is closed to some callers: "
    before, after = (
        {"visibility": route.visibility, "groups": route.groups, "client_regions": route.client_regions}
        for route in (pair.before, pair.after)
    )
    words = (opening, *joined((part for _, part in parts), "; "))
    yield pair.effect("access-widened" if wider else "access-narrowed", words, before, after)


def _visibility(pair: Pair) -> Iterator[tuple[bool, Words]]:
    old, new = pair.before.visibility, pair.after.visibility
    if old != new:
        yield opens(old, new), (f"visibility {old} → {new}",)


def _groups(pair: Pair) -> Iterator[tuple[bool, Words]]:
    """A first group may open a private model and close others; removing the last group may open a model to all."""
    old, new = pair.before.groups, pair.after.groups
    added = [group for group in new if group not in old]
    gone = [group for group in old if group not in new]
    if added:
        yield bool(old) or pair.after.visibility == "private", ("groups added: ", *listed(added))
    if gone:
        yield not new, ("groups removed: ", *listed(gone))


def _client_regions(pair: Pair) -> Iterator[tuple[bool, Words]]:
    old, new = pair.before.client_regions, pair.after.client_regions
    before = None if old is None else list(map(pair.sides.region, old))
    if before is None and new is not None:
        yield False, ("callers from anywhere → callers from ", *listed(new))
    elif before is not None and new is None:
        yield True, ("callers from ", *listed(before), " → callers from anywhere")
    elif before is not None and new is not None:
        added = [code for code in new if code not in before]
        gone = [code for code in before if code not in new]
        if added:
            yield True, ("callers from ", *listed(added), " may now call")
        if gone:
            yield False, ("callers from ", *listed(gone), " may no longer call")


def compare_limits(pair: Pair) -> Iterator[Found]:
    """Requests and tokens per minute for the whole model."""
    old, new = pair.before, pair.after
    if (old.rpm, old.tpm) != (new.rpm, new.tpm):
        words = ("changes its limits: ", *limits(old.rpm, old.tpm), " → ", *limits(new.rpm, new.tpm))
        before, after = ({"rpm": route.rpm, "tpm": route.tpm} for route in (old, new))
        yield pair.effect("limits-changed", words, before, after)


def compare_retries(pair: Pair) -> Iterator[Found]:
    """When an edge asks the next head."""
    old, new = (
        {
            "first_byte_seconds": route.first_byte_seconds,
            "retry_on": None if route.retry_on is None else list(route.retry_on),
            "hedge": route.hedge,
        }
        for route in (pair.before, pair.after)
    )
    if old != new:
        words = ("changes when the next head is asked: ", _retries(pair.before), " → ", _retries(pair.after))
        yield pair.effect("retries-changed", words, old, new)


def _retries(route: Route) -> str:
    """Like `after 900 s without a first byte or on 429`."""
    parts = []
    if route.first_byte_seconds is not None:
        parts.append(f"after {route.first_byte_seconds} s without a first byte")
    if route.retry_on is not None:
        parts.append(f"on {', '.join(map(str, route.retry_on)) or 'no further status code'}")
    words = " or ".join(parts) or "as for all models"
    return f"{words}, and the first one is still waited for" if route.hedge else words


def limits(rpm: int | None, tpm: int | None) -> Words:
    """Like `60 requests and 9000 tokens per minute`."""
    parts = [
        f"{number} {noun}" for number, noun in ((rpm, "requests"), (tpm, "tokens")) if number is not None
    ]
    return (f"{' and '.join(parts)} per minute",) if parts else ("no limit",)
