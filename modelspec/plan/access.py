"""Who may call a model, and how often."""

from collections.abc import Iterator

from modelspec.plan.effect import Said, Words
from modelspec.plan.pair import Found, Pair, listed, plain
from modelspec.routing import Route

_OPENNESS = ("private", "internal", "public")
"""Visibilities, from few callers to all."""


def compare_access(pair: Pair) -> Iterator[Found]:
    """Wider wherever it is wider in one respect, and whenever it cannot be told."""
    parts = [*_visibility(pair), *_groups(pair), *_client_regions(pair)]
    if not parts:
        return
    wider = any(widens for widens, _ in parts)
    words: list[str | Said] = ["is opened to more callers: " if wider else "is closed to some callers: "]
    for number, (_, part) in enumerate(parts):
        words += ["; "] if number else []
        words += part
    kind = "access-widened" if wider else "access-narrowed"
    yield pair.effect(kind, tuple(words), _row(pair.before), _row(pair.after))


def compare_limits(pair: Pair) -> Iterator[Found]:
    """Requests and tokens a minute for the whole model."""
    old, new = pair.before, pair.after
    if (old.rpm, old.tpm) != (new.rpm, new.tpm):
        words = ("changes its limits: ", *limits(old.rpm, old.tpm), " becomes ", *limits(new.rpm, new.tpm))
        before, after = ({"rpm": route.rpm, "tpm": route.tpm} for route in (old, new))
        yield pair.effect("limits-changed", words, before, after)


def limits(rpm: int | None, tpm: int | None) -> Words:
    """Like `60 requests and 9000 tokens a minute`."""
    parts = [
        f"{number} {noun}" for number, noun in ((rpm, "requests"), (tpm, "tokens")) if number is not None
    ]
    return (f"{' and '.join(parts)} a minute",) if parts else ("no limit",)


def _visibility(pair: Pair) -> Iterator[tuple[bool, Words]]:
    old, new = pair.before.visibility, pair.after.visibility
    if old != new:
        yield _OPENNESS.index(new) > _OPENNESS.index(old), (f"visibility {old} becomes {new}",)


def _groups(pair: Pair) -> Iterator[tuple[bool, Words]]:
    """A first group may open a private model and close another one; the last one that goes may open it to all."""
    old, new = pair.before.groups, pair.after.groups
    added = [group for group in new if group not in old]
    gone = [group for group in old if group not in new]
    if added:
        yield bool(old) or pair.after.visibility == "private", ("groups gain ", *listed(added))
    if gone:
        yield not new, ("groups lose ", *listed(gone))


def _client_regions(pair: Pair) -> Iterator[tuple[bool, Words]]:
    names = pair.sides.regions
    old, new = pair.before.client_regions, pair.after.client_regions
    before = None if old is None else [names.get(code, code) for code in old]
    if before is None and new is not None:
        yield False, ("callers from anywhere become callers from ", *listed(list(new)))
    elif before is not None and new is None:
        yield True, ("callers from ", *listed(before), " become callers from anywhere")
    elif before is not None and new is not None:
        added = [code for code in new if code not in before]
        gone = [code for code in before if code not in new]
        if added:
            yield True, ("callers from ", *listed(added), " may call")
        if gone:
            yield False, ("callers from ", *listed(gone), " may no longer call")


def _row(route: Route) -> object:
    return {
        "visibility": route.visibility,
        "groups": plain(route.groups),
        "client_regions": plain(route.client_regions),
    }
