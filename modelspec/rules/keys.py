"""Keys: which host receives those of upstreams (MS514, MS515), and who has those of clients (MS529 to MS531, MS629)."""

from collections.abc import Iterator

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Rule, Scope, rule
from modelspec.fleet.keys import (
    KeyDestination,
    allowed_hosts,
    destinations,
    is_place_of_key,
    key_references,
    may_go_to,
)
from modelspec.fleet.model import Catalog, Fleet, Model
from modelspec.fleet.reference import shown
from modelspec.rules.examples import model
from modelspec.text.document import Place, Pointer
from modelspec.text.names import nearest
from modelspec.text.quote import quote
from modelspec.url import owner_of

_POLICY = """\
# file: modelspec.yaml
key_policy:
  - key: {env: ATLAS_*}
    hosts: [api.atlas.example, "*.eu.atlas.example"]
"""


def _model(model_id: str, host: str) -> str:
    return model(model_id, name=model_id, endpoint=f"https://{host}/v1", api_key="{env: ATLAS_API_KEY}")


@rule(
    "MS514",
    Severity.ERROR,
    Scope.LINKED,
    bad=_POLICY + _model("atlas", "atlas.example.org"),
    good=_POLICY + _model("atlas", "api.atlas.example"),
)
def keys_go_where_the_policy_lets_them(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A key is sent to a host that `key_policy` does not allow.

    A pull request can pair another team's key with an endpoint of its author. Nothing in the file is malformed, and
    the gateway sends the key to a stranger. An entry of `key_policy` in modelspec.yaml lists the hosts that may
    receive a key; the key must not be sent elsewhere, nor to a host that only the gateway's environment knows.

    Correct the endpoint, or let a code owner add its host to the policy.
    """
    if not fleet.key_policy:
        return
    for deployment in model.deployments:
        goes_to: list[KeyDestination] | None = None
        for reference, pointer in key_references(deployment):
            allowed = allowed_hosts(reference, fleet.key_policy)
            if allowed is None:
                continue
            if goes_to is None:
                goes_to = list(destinations(deployment, model, fleet))
            for destination in goes_to:
                if not may_go_to(destination.host, allowed):
                    key = shown(str(reference), fleet.secret_folders)
                    yield _forbidden(model, pointer, key, destination, allowed)


def _forbidden(
    model: Model, pointer: Pointer, key: str, destination: KeyDestination, allowed: tuple[str, ...]
) -> Finding:
    host = destination.host
    where = "a host that cannot be checked here" if host is None else quote(host)
    written = destination.pointer
    return Finding(
        place=Place(path=model.path, pointer=pointer),
        message=f"the key {quote(key)} would be sent to {where}, which key_policy does not allow",
        label="this key",
        help=f"use one of {', '.join(allowed[:5])}, or have key_policy in modelspec.yaml name this host"
        if host is not None
        else "write the endpoint out, so that its host can be checked against key_policy",
        related=() if written is None else ((Place(path=model.path, pointer=written), "is sent there"),),
    )


@rule(
    "MS515",
    Severity.WARNING,
    Scope.CATALOG,
    bad=_model("atlas", "api.atlas.example") + _model("bison", "api.atlas-mirror.example"),
    good=_model("atlas", "api.atlas.example") + _model("bison", "eu.atlas.example"),
)
def a_key_goes_to_one_organisation(catalog: Catalog) -> Iterator[Finding]:
    """A key is sent to hosts of two different owners.

    A key belongs to one provider. Where the same reference is used with hosts of two owners, one of them receives a key
    that is not meant for it. Hosts have one owner if they share a registrable domain, by the public suffix list; where
    a cloud or a hosting platform gives each customer a name (`ours.openai.azure.com`, `ours.azurewebsites.net`), each
    name is an owner. A reference that one model uses as a key is a key in every field of
    every model. Keys that `key_policy` names are checked against it instead.

    Use a separate key for each provider, or list the allowed hosts in `key_policy`.
    """
    first: dict[str, tuple[str, Place]] = {}
    reported: set[tuple[str, str]] = set()
    keys = {
        key for one in catalog.signatures for key, _, pointer in one.key_hosts if is_place_of_key(pointer)
    }
    keys = {key for key in keys if not any(entry.names(key) for entry in catalog.fleet.key_policy)}
    for signature in catalog.signatures:
        for key, host, pointer in signature.key_hosts:
            if key not in keys or (key in first and first[key][0] == host):
                continue
            place = Place(path=signature.path, pointer=pointer)
            known_host, earlier = first.setdefault(key, (host, place))
            if host == known_host:
                continue
            domain, known = owner_of(host), owner_of(known_host)
            if known == domain or (key, domain) in reported:
                continue
            reported.add((key, domain))
            named = quote(shown(key, catalog.fleet.secret_folders))
            yield Finding(
                place=place,
                message=f"the key {named} is sent to {quote(domain)} here and to {quote(known)} elsewhere",
                label="the same key",
                help="use another key, or allow both hosts in key_policy of modelspec.yaml",
                related=((earlier, f"is sent to {quote(known)}"),),
                subject=signature.model_id,
            )


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
    "MS530",
    Severity.INFO,
    Scope.CATALOG,
    bad=_PRIVATE + _keys(_entry("search", 0)),
    good=_PRIVATE + _keys(_entry("search", 0, ", groups: [research]")),
)
def private_models_have_callers(catalog: Catalog) -> Iterator[Finding]:
    """No key has a group of a private model.

    A private model is for the keys with one of its groups. Without such a key, edges refuse everybody, which may be
    meant while a model is prepared, or is a typo.

    Give a key the group, or correct its name.
    """
    fleet = catalog.fleet
    if fleet.client_keys is None or "jwt" in fleet.edge_options.get("auth", {}):
        return
    given = {group for key in fleet.client_keys if not key.is_revoked for group in key.groups}
    for one in catalog.signatures:
        if one.access is None or one.access[0] != "private" or one.status == "disabled":
            continue
        groups = one.access[1]
        if given.isdisjoint(groups):
            yield Finding(
                place=Place(path=one.path, pointer=("access", "groups" if groups else "visibility")),
                message=f"no key may call {quote(one.model_id)}",
                label="no key has one of these groups" if groups else "without groups",
                help="give a key in keys.yaml one of these groups"
                if groups
                else "name the groups that may call it",
                subject=one.model_id,
            )


@rule(
    "MS531",
    Severity.WARNING,
    Scope.CATALOG,
    bad=_PRIVATE + _keys(_entry("search", 0, ", groups: [research, reserach]")),
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


RULES: tuple[Rule, ...] = (
    keys_go_where_the_policy_lets_them,
    a_key_goes_to_one_organisation,
    keys_are_told_apart,
    private_models_have_callers,
    groups_of_keys_open_models,
    keys_have_not_expired,
)
