"""Rules about who may call an Envoy edge, and what it is to its heads: `MS716` to `MS719` and `MS732`."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Rule, Scope, rule, stage_rule
from modelspec.fleet.model import Catalog, Fleet
from modelspec.text.document import Place
from modelspec.text.quote import quote

_TARGET = "envoy"
_PLAIN_MODEL = """\
# file: models.d/atlas.yaml
model_id: atlas
name: Atlas
region: us
priority_head: head-us-1
fallback_heads: [head-uk-1]
endpoint: https://atlas.example.com/v1
"""
_PRIVATE = _PLAIN_MODEL + "access: {visibility: private, groups: [research]}\n"
_ENVOY_ONLY = "# file: modelspec.yaml\ntargets: [envoy]\n"
_KEYS = """\
# file: keys.yaml
keys:
  - key_id: search
    sha256: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
    groups: [research]
    owner: search team
"""
_PLAIN_KEYS = _KEYS.replace("    groups: [research]\n", "")


def _with(options: str, more: str = "") -> str:
    return f"{_PLAIN_MODEL}{_ENVOY_ONLY}target_options:\n  envoy:\n{options}{more}"


@rule(
    "MS716",
    Severity.WARNING,
    Scope.CATALOG,
    bad=_PRIVATE + _ENVOY_ONLY,
    good=_PRIVATE + _ENVOY_ONLY + _KEYS,
)
def groups_need_authentication(catalog: Catalog) -> Iterator[Finding]:
    """A model is for some groups only, and the edge does not know its clients.

    Without authentication, an edge sends every request for the model to a head, with whatever key the client sent. Then
    the heads alone decide: LiteLLM does, by the access groups of its own keys, and another head may answer everybody.

    Make keys with `modelspec key new`, which writes keys.yaml, or set `auth.jwt` in `target_options.envoy`.
    """
    fleet = catalog.fleet
    if _TARGET not in fleet.targets or fleet.knows_clients:
        return
    for signature in catalog.signatures:
        if signature.access is None or signature.status == "disabled":
            continue
        visibility, groups, _ = signature.access
        if visibility != "private" and not groups:
            continue
        yield Finding(
            place=Place(path=signature.path, pointer=("access", "groups" if groups else "visibility")),
            message=f"an Envoy edge does not know who may call {quote(signature.model_id)}",
            label="needs authentication",
            help="make the keys of its clients with `modelspec key new`, or set `auth.jwt` in target_options.envoy",
            subject=signature.model_id,
        )


def _head_key_is_guarded(fleet: Fleet) -> Iterator[Finding]:
    if (
        _TARGET in fleet.targets
        and "head_key" in fleet.edge_options.get("auth", {})
        and not fleet.knows_clients
    ):
        yield Finding(
            place=Place(
                path="modelspec.yaml", pointer=("target_options", "envoy", "auth", "head_key"), on_key=True
            ),
            message="the edge would give its key for the heads to everybody",
            label="without authentication",
            help="make the keys of its clients with `modelspec key new`, or set `auth.jwt` beside it",
        )


def _networks_exist(fleet: Fleet) -> Iterator[Finding]:
    if _TARGET not in fleet.targets:
        return
    for position, written in enumerate(fleet.edge_options.get("client_region", {}).get("from", ())):
        try:
            network = ip_network(written)
        except ValueError:
            advice = (
                "write the first address of the network and the length of its prefix, such as 10.1.0.0/16"
            )
        else:
            if network.prefixlen:
                continue
            advice = "name the networks of the proxies: this is every address, and any client could say where it is"
        yield Finding(
            place=Place(
                path="modelspec.yaml",
                pointer=("target_options", "envoy", "client_region", "from", position),
            ),
            message=f"{quote(written)} is not a network of proxies",
            label="not a network",
            help=advice,
        )


head_keys_are_guarded: Rule = replace(
    stage_rule(
        "MS718",
        "The edge has a key for its heads, and does not know its clients.",
        """
        With `auth.head_key`, the edge sends its own key to the heads in the place of what the client sent. Without
        authentication, everybody who reaches the edge would be whoever this key stands for.

        Make keys with `modelspec key new`, which writes keys.yaml, or set `auth.jwt`.
        """,
        bad=_with("    auth: {head_key: {file: /run/secrets/head-key}}\n"),
        good=_with(
            "    auth: {head_key: {file: /run/secrets/head-key}}\n",
            _PLAIN_KEYS,
        ),
    ),
    fleet_check=_head_key_is_guarded,
)

networks_of_proxies_exist: Rule = replace(
    stage_rule(
        "MS719",
        "A network of proxies does not exist, or is every address.",
        """
        `client_region.from` lists who is believed. A network is its first address and the length of its prefix:
        `10.1.2.3/16` is none, since its address lies inside of it. `0.0.0.0/0` and `::/0` would let any client choose
        its region.

        Name the networks of your proxies.
        """,
        bad=_with("    client_region: {header: x-client-region, from: [10.1.2.3/16]}\n"),
        good=_with("    client_region: {header: x-client-region, from: [10.1.0.0/16]}\n"),
    ),
    fleet_check=_networks_exist,
)

key_sets_are_public: Rule = stage_rule(
    "MS717",
    "The key set of an identity provider is missing, or not of public keys.",
    """
    `auth.jwt.jwks` names a JSON Web Key Set in the repository. Envoy takes public keys for RS256, RS384, RS512, PS256,
    PS384, PS512, ES256, ES384, ES512 and EdDSA. A symmetric key (`oct`) checks tokens and makes them alike, and a
    private key makes them: neither belongs into a repository or onto an edge.

    Fetch the set from the provider (`jwks_uri` in its `/.well-known/openid-configuration`) and commit it. If a
    private or symmetric key was committed, revoke it.
    """,
    bad=_with(
        "    auth: {jwt: {issuer: https://id.example.com, audiences: [llm], jwks: idp.json}}\n",
        '# file: idp.json\n{"keys": [{"kty": "oct", "k": "AA"}]}\n',
    ),
    good=_with(
        "    auth: {jwt: {issuer: https://id.example.com, audiences: [llm], jwks: idp.json}}\n",
        '# file: idp.json\n{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", '
        '"x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}\n',
    ),
)


def _edges_are_known(fleet: Fleet) -> Iterator[Finding]:
    if not {_TARGET, "litellm"} <= set(fleet.targets) or not fleet.knows_clients:
        return
    if "head_key" not in fleet.edge_options.get("auth", {}):
        yield Finding(
            place=Place(path="modelspec.yaml", pointer=("targets",)),
            message="the edges know their clients and have no key of their own for the LiteLLM heads",
            label="heads refuse every request",
            help="set target_options.envoy.auth.head_key: {file: /run/secrets/head-key}, a file on the edge's machine",
        )


_BEHIND_EDGES = "# file: modelspec.yaml\ntargets: [envoy, litellm]\n" + _PLAIN_MODEL + _PLAIN_KEYS

edges_are_known: Rule = replace(
    stage_rule(
        "MS732",
        "The edges know their clients, and have no key for the LiteLLM heads.",
        """
        With keys.yaml or `auth.jwt`, an Envoy edge removes the key of the client: it never reaches a head. A LiteLLM
        head with `LITELLM_MASTER_KEY` then answers every request with an error, because it has no key.

        Set `auth.head_key` in `target_options.envoy`. If the heads let the edge in by other means, such as an own
        `custom_auth` of LiteLLM, turn this rule off in modelspec.yaml.
        """,
        severity=Severity.WARNING,
        bad=_BEHIND_EDGES,
        good=_BEHIND_EDGES.replace(
            "[envoy, litellm]\n",
            "[envoy, litellm]\ntarget_options: {envoy: {auth: {head_key: {file: /run/secrets/head-key}}}}\n",
        ),
    ),
    fleet_check=_edges_are_known,
)

RULES: tuple[Rule, ...] = (
    groups_need_authentication,
    key_sets_are_public,
    head_keys_are_guarded,
    networks_of_proxies_exist,
    edges_are_known,
)
