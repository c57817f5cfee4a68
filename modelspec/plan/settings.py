"""The rest of a model: its state, its home, its names, and what people are told."""

from collections.abc import Iterator

from modelspec.plan.effect import Said, Words
from modelspec.plan.pair import IMPLIED, Found, Pair, listed, plain
from modelspec.plan.sides import exact
from modelspec.routing import Route


def compare_status(pair: Pair) -> Iterator[Found]:
    """Disabled models are answered with 404, deprecated ones are served."""
    old, new = pair.before.status, pair.after.status
    if old == new:
        return
    if new == "disabled":
        words: Words = ("is disabled: requests are answered with 404",)
        yield pair.effect("model-disabled", words, old, new)
    elif old == "disabled":
        words = ("is enabled, and deprecated" if new == "deprecated" else "is enabled",)
        served = tuple(dict.fromkeys(pair.after.heads))
        yield pair.effect("model-enabled", (*words, "; served by ", *listed(served)), old, new)
    elif new == "deprecated":
        yield pair.effect("model-deprecated", ("is deprecated", *_until(pair.after)), old, new)
    else:
        yield pair.effect("model-undeprecated", ("is no longer deprecated",), old, new)


def compare_sunset(pair: Pair) -> Iterator[Found]:
    """When a deprecated model ends and what follows it."""
    old, new = pair.before.about, pair.after.about
    models = pair.sides.models
    follower = None if old.replaced_by is None else models.get(old.replaced_by, old.replaced_by)
    if pair.before.status != pair.after.status == "deprecated":
        yield IMPLIED  # said with the deprecation
    elif (old.sunset, follower) != (new.sunset, new.replaced_by):
        words: Words = ("changes its end:", *_end(pair.before), " becomes", *_end(pair.after))
        before, after = ({"sunset": about.sunset, "replaced_by": about.replaced_by} for about in (old, new))
        yield pair.effect("sunset-changed", words, before, after)
    elif old.replaced_by != new.replaced_by:
        yield IMPLIED  # the other model was renamed


def compare_region(pair: Pair) -> Iterator[Found]:
    """The home region, whose residency rule holds."""
    old, new = pair.before.region, pair.after.region
    if pair.sides.regions.get(old, old) == new:
        yield IMPLIED  # nothing, or the region has another code
        return
    titles = Said(pair.sides.before.region_title(old)), Said(pair.sides.after.region_title(new))
    yield pair.effect(
        "model-region-changed", ("changes its home region: ", titles[0], " → ", titles[1]), old, new
    )


def compare_policy(pair: Pair) -> Iterator[Found]:
    """How the heads of a tier share requests."""
    old, new = pair.before.policy, pair.after.policy
    if old != new:
        yield pair.effect("policy-changed", (f"balances in another way: {old} → {new}",), old, new)


def compare_fallback_models(pair: Pair) -> Iterator[Found]:
    """Other models to try; a renamed one is the same one."""
    old, new = pair.before.fallback_models, pair.after.fallback_models
    models = pair.sides.models
    before = {condition: tuple(models.get(name, name) for name in names) for condition, names in old.items()}
    if exact(before) == exact(dict(new)):
        yield IMPLIED  # nothing, or a model was renamed
        return
    words: list[str | Said] = ["changes its fallback models: "]
    for condition in dict.fromkeys((*old, *new)):
        if before.get(condition) != new.get(condition):
            words += ["; "] if len(words) > 1 else []
            words += [] if condition == "any" else [f"on {condition} "]
            words += [*listed(old.get(condition, ())), " → ", *listed(new.get(condition, ()))]
    yield pair.effect(
        "fallback-models-changed",
        tuple(words) if len(words) > 1 else ("lists the conditions of its fallback models in another order",),
        plain(old),
        plain(new),
    )


def compare_aliases(pair: Pair) -> Iterator[Found]:
    """Names that lead elsewhere now are effects of their own; this is for lists that differ and lead nowhere else."""
    old, new = pair.before.aliases, pair.after.aliases
    if old == new:
        return
    differing = ({pair.before.model_id, *old} ^ {pair.after.model_id, *new}) - {pair.after.model_id}
    is_renamed = pair.before.model_id != pair.after.model_id
    if differing & pair.sides.moved_names or (is_renamed and not differing):
        yield IMPLIED
        return
    words = ("writes its aliases in another way: ", *listed(old), " → ", *listed(new))
    yield pair.effect("aliases-rewritten", words, plain(old), plain(new))


def compare_id(pair: Pair) -> Iterator[Found]:
    """The same content under a new id."""
    old, new = pair.before.model_id, pair.after.model_id
    if old != new:
        kept = old in pair.after.aliases
        words: Words = ("is the new id of ", Said(old), ", which stays an alias" if kept else "")
        yield pair.effect("model-renamed", words, old, new)


def compare_title(pair: Pair) -> Iterator[Found]:
    """What people call it."""
    old, new = pair.before.about.name, pair.after.about.name
    if old != new:
        yield pair.effect("title-changed", ("changes its name: ", Said(old), " → ", Said(new)), old, new)


def compare_tags(pair: Pair) -> Iterator[Found]:
    """Tags, in their order."""
    old, new = pair.before.about.tags, pair.after.about.tags
    if old != new:
        words = ("changes its tags: ", *listed(old), " → ", *listed(new))
        yield pair.effect("tags-changed", words, plain(old), plain(new))


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
    before, after = ({key: plain(side[key]) for key in keys or side if key in side} for side in (old, new))
    yield pair.effect("metadata-changed", words, before, after)


def compare_file(pair: Pair) -> Iterator[Found]:
    """The file that declares it; its line is no news."""
    old, new = pair.before.about.path, pair.after.about.path
    if old != new:
        yield pair.effect("file-moved", ("moves to another file: ", Said(old), " → ", Said(new)), old, new)
    else:
        yield IMPLIED


def _end(route: Route) -> Words:
    return _until(route) or (" open",)


def _until(route: Route) -> Words:
    """Like ` until 2026-12-31, replaced by atlas`."""
    about = route.about
    words: list[str | Said] = []
    if about.sunset is not None:
        words += [" until ", Said(about.sunset)]
    if about.replaced_by is not None:
        words += [", replaced by " if words else " for ", Said(about.replaced_by)]
    return tuple(words)
