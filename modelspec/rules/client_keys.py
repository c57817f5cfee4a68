"""Who may call the edges, as keys.yaml says it: `MS529`, `MS531` and `MS629`."""

from collections.abc import Iterator

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Rule, Scope, rule
from modelspec.fleet.model import Catalog
from modelspec.rules.examples import model
from modelspec.text.names import nearest
from modelspec.text.quote import quote

_HASHES = (
    "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9",
)


def _keys(*entries: str) -> str:
    return "# file: keys.yaml\nkeys:\n" + "".join(
        f"  - {{{entry}, owner: search team}}\n" for entry in entries
    )


def _entry(key_id: str, number: int, more: str = "") -> str:
    return f"key_id: {key_id}, sha256: {_HASHES[number]}{more}"


_PRIVATE = model(access="{visibility: private, groups: [research]}")


@rule(
    "MS529",
    Severity.ERROR,
    Scope.CATALOG,
    bad=model() + _keys(_entry("search", 0), _entry("search", 1)),
    good=model() + _keys(_entry("search-1", 0), _entry("search-2", 1)),
)
def keys_are_told_apart(catalog: Catalog) -> Iterator[Finding]:
    """Two entries of keys.yaml have one key id, or are one key.

    The key id is what heads, logs and limits know of a caller, so it must name one key. Two entries with one hash are
    the same key: which of them holds, with its groups and its last day, would depend on their order. A revoked entry
    counts too: its key must not come back under another name.

    Make a new key with `modelspec key new`, or delete one of the entries.
    """
    first: dict[tuple[str, str], int] = {}
    keys = catalog.fleet.client_keys or ()
    for number, key in enumerate(keys):
        for field, value in (("key_id", key.key_id), ("sha256", key.sha256)):
            earlier = keys[first.setdefault((field, value), number)]
            if earlier is not key:
                is_id = field == "key_id"
                yield Finding(
                    place=key.place.below(field),
                    message=f"the key {quote(key.key_id)} is declared twice"
                    if is_id
                    else f"{quote(key.key_id)} and {quote(earlier.key_id)} are the same key",
                    label="again here",
                    help="make a key of its own with `modelspec key new`, or delete one of the two",
                    related=((earlier.place.below(field), "first here"),),
                    subject=key.key_id,
                )
                break


@rule(
    "MS531",
    Severity.WARNING,
    Scope.CATALOG,
    bad=_PRIVATE + _keys(_entry("search", 0, ", groups: [reserach]")),
    good=_PRIVATE + _keys(_entry("search", 0, ", groups: [research]")),
)
def groups_of_keys_open_models(catalog: Catalog) -> Iterator[Finding]:
    """A key has a group that no model names.

    A group opens the models whose `access.groups` name it. One that no model names opens nothing, and is usually a typo
    or what is left of a model that is gone.

    Correct the name, name the group in a model, or delete it from the key.
    """
    keys = catalog.fleet.client_keys
    if not keys or not catalog.complete:
        return
    named = {group for one in catalog.signatures if one.access is not None for group in one.access[1]}
    for key in keys:
        for position, group in enumerate(key.groups):
            if group not in named and not key.is_revoked:
                near = nearest(group, named)
                yield Finding(
                    place=key.place.below("groups", position),
                    message=f"no model names the group {quote(group)}",
                    label="opens nothing",
                    help=f"did you mean {quote(near)}?" if near else "name it in a model, or delete it here",
                    subject=key.key_id,
                )


@rule(
    "MS629",
    Severity.WARNING,
    Scope.CATALOG,
    bad=model() + _keys(_entry("search", 0, ", expires: 2001-06-30")),
    good=model() + _keys(_entry("search", 0, ", expires: 2099-06-30")),
)
def keys_have_not_expired(catalog: Catalog) -> Iterator[Finding]:
    """The last day of a key has passed.

    Edges refuse the key with 401, and its client notices first.

    Make a new key with `modelspec key new`, and delete this one or set `status: revoked`. Next time, let the lives of
    the two overlap.
    """
    for key in catalog.fleet.client_keys or ():
        if catalog.day is not None and key.is_expired(catalog.day) and not key.is_revoked:
            yield Finding(
                place=key.place.below("expires"),
                message=f"the key {quote(key.key_id)} expired on {key.expires}",
                label="has passed",
                help="make a new key with `modelspec key new`, and set `status: revoked` here",
                subject=key.key_id,
            )


RULES: tuple[Rule, ...] = (keys_are_told_apart, groups_of_keys_open_models, keys_have_not_expired)
