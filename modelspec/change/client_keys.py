"""What a change does to the clients of the edges: keys that are added, widened, narrowed or refused."""

from collections.abc import Iterator, Mapping
from hashlib import sha256

from modelspec.change.effect import Effect, EffectPlace, Quoted, Subject, Words, joined, listed
from modelspec.fleet.client_keys import FILE, ClientKey
from modelspec.pipeline import Compiled
from modelspec.text.document import Place

_FOREVER = "9999-99-99"


def key_effects(base: Compiled, head: Compiled) -> Iterator[Effect]:
    """The effects of a changed keys.yaml, and that edges stop asking who calls."""
    if base.setup.fleet.knows_clients and not head.setup.fleet.knows_clients:
        yield Effect(
            "authentication-ended",
            Subject("file", FILE),
            ("no longer says who may call: the edges let everybody in",),
            before=True,
            after=False,
            places=(EffectPlace(path=FILE, line=None, side="before"),),
        )
    if _provider(base) != _provider(head) and _provider(head) is not None:
        pointer = ("target_options", "envoy", "auth", "jwt")
        line = head.locator.span(Place(path="modelspec.yaml", pointer=pointer)).line
        yield Effect(
            "tokens-changed",
            Subject("setting", "auth.jwt"),
            ("trusts other tokens than before: who may sign them, for whom, or what their claims say",),
            before=_provider(base),
            after=_provider(head),
            places=(EffectPlace(path="modelspec.yaml", line=line, side="after"),),
        )
    old, new = ({key.key_id: key for key in one.setup.client_keys} for one in (base, head))
    for key_id in sorted({*old, *new}):
        before, after = old.get(key_id), new.get(key_id)
        for kind, words in _changes(before, after):
            side, compiled = ("before", base) if after is None else ("after", head)
            key = after or before
            assert key is not None
            yield Effect(
                kind,
                Subject("client key", key_id),
                words,
                before=_json(before),
                after=_json(after),
                places=(EffectPlace(path=FILE, line=compiled.locator.span(key.place).line, side=side),),
            )


def _provider(compiled: Compiled) -> Mapping[str, object] | None:
    """What decides which tokens are good; of the key set, its digest."""
    jwt = compiled.setup.fleet.edge_options.get("auth", {}).get("jwt")
    if jwt is None:
        return None
    return {**jwt, "sha256": sha256(compiled.setup.key_set.encode()).hexdigest()}


def _changes(before: ClientKey | None, after: ClientKey | None) -> Iterator[tuple[str, Words]]:
    """The kinds of effect with their sentences; a revoked key is as good as none."""
    was, now = (key is not None and not key.is_revoked for key in (before, after))
    if after is not None and now and not was:
        groups: Words = (", with the groups ", *listed(after.groups)) if after.groups else ()
        yield "client-key-added", ("is accepted", *_until(after), *groups)
    elif was and not now:
        yield (
            "client-key-refused",
            ("is revoked" if after is not None else "is removed", ": requests get 401"),
        )
    elif before is not None and after is not None and now:
        if before.sha256 != after.sha256:
            yield "client-key-widened", ("is another key now: whoever had it is refused",)
        yield from _moved(before, after)


def _moved(before: ClientKey, after: ClientKey) -> Iterator[tuple[str, Words]]:
    """What the same key may do more, and what it may no longer do."""
    gained = [group for group in after.groups if group not in before.groups]
    lost = [group for group in before.groups if group not in after.groups]
    was, now = before.expires or _FOREVER, after.expires or _FOREVER
    more: list[Words] = [("gains ", *listed(gained))] if gained else []
    less: list[Words] = [("loses ", *listed(lost))] if lost else []
    if now != was:
        (more if now > was else less).append(("is accepted", *_until(after)))
    if more:
        yield "client-key-widened", joined(more, "; ")
    if less:
        yield "client-key-narrowed", joined(less, "; ")
    if before.owner != after.owner:
        yield (
            "client-key-handed-over",
            ("changes its owner: ", Quoted(before.owner), " → ", Quoted(after.owner)),
        )


def _until(key: ClientKey) -> Words:
    return (" without an end",) if key.expires is None else (" until ", Quoted(key.expires))


def _json(key: ClientKey | None) -> Mapping[str, object] | None:
    """A key as a plan has it: its hash says nothing to a reader."""
    if key is None:
        return None
    return {"groups": list(key.groups), "owner": key.owner, "expires": key.expires, "status": key.status}
