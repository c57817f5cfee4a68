"""Who calls an edge, what the caller may call, and how often: filters before the body is read and behind the route.

The first knows keys by their hashes. Its script is in `access.json`, a file of its own that Envoy watches, so that a
changed key is live without a new listener. A Lua filter that raises lets a request through: the scripts catch what they
can, and an RBAC filter refuses every request that they have not marked as granted.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from modelspec.fleet.client_keys import ClientKey
from modelspec.gateways import GatewayOptions, program_text
from modelspec.gateways.envoy.api import (
    EXTENSION,
    HEADER_MUTATION,
    INJECTED,
    INJECTOR,
    JWT,
    LIMIT,
    LUA,
    RBAC,
    SECRET,
    Message,
    Options,
    extension,
    typed,
)
from modelspec.gateways.envoy.observe import ACCESS, NAMESPACE
from modelspec.gateways.envoy.requests import EdgeError, by_details, by_metadata, error_body
from modelspec.routing.table import Route, RoutingTable
from modelspec.schema import defaults

ACCESS_FILTER = "modelspec.access"
_OF_KEY = "authentication_error"
_JWT_FILTER = "modelspec.jwt"
HEAD_KEY = "head_key"
"""The secret that an edge sends to its heads."""
AUTHORIZATION = "modelspec.authorization"
"""The name of the second filter, under which it finds the metadata of a route."""
KEY_ID_HEADER = "x-modelspec-key-id"
"""What a head learns of the client: the id of its key, never the key."""
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_ ")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFilters:
    """HTTP filters: `of_client` stand before anything reads a body, `of_model` behind what finds the route.

    `is_on`: clients are known.
    """

    is_on: bool
    of_client: tuple[Message, ...] = ()
    of_model: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """How an edge knows its clients; `keys` None: it does not.

    `has_public`: some model of the edge may be called without a key. `jwt`, `head_key` and `client_region` are as in
    `target_options.envoy`, `key_set` is the text of the identity provider's keys, `regions` are all that are declared.
    """

    keys: tuple[ClientKey, ...] | None
    has_public: bool
    key_set: str = ""
    jwt: Mapping[str, Any] | None = None
    head_key: str | None = None
    client_region: Mapping[str, Any] | None = None
    regions: tuple[str, ...] = ()
    limits: tuple[Message, ...] = ()

    @classmethod
    def of(cls, gateway: GatewayOptions, routing: RoutingTable, options: Options) -> Self:
        """What the repository says of the clients of its edges."""
        jwt = options.auth.get("jwt")
        keys = gateway.client_keys
        return cls(
            keys=() if keys is None and jwt is not None else keys,
            has_public=any(route.is_routed and route.visibility == "public" for route in routing.routes),
            key_set=gateway.key_set,
            jwt=None
            if jwt is None
            else {**defaults("modelspec", "target_options", "envoy", "auth", "jwt"), **jwt},
            head_key=options.auth.get("head_key", {}).get("file"),
            client_region=options.client_region,
            regions=tuple(region.code for region in routing.regions),
            limits=tuple(limit_filters(routing.routes, options)),
        )

    @property
    def is_on(self) -> bool:
        """Whether clients must say who they are."""
        return self.keys is not None

    def extensions(self) -> Iterator[tuple[str, Message]]:
        """By file name, the filters that Envoy reloads without a new listener."""
        if self.jwt is not None:
            yield (
                "jwt.json",
                typed(EXTENSION, {"name": _JWT_FILTER, "typed_config": _jwt(self.jwt, self.key_set)}),
            )
        if self.keys is not None:
            access = self._access(self.keys)
            yield "access.json", typed(EXTENSION, {"name": ACCESS_FILTER, "typed_config": access})

    @property
    def stand_ins(self) -> list[Message]:
        """Secrets for validation, which must not need the files of the machine where Envoy runs."""
        stand_in = {"name": HEAD_KEY, "generic_secret": {"secret": {"inline_string": "-"}}}
        return [] if self.head_key is None else [stand_in]

    def secrets(self) -> Iterator[tuple[str, Message]]:
        """By file name, secrets that Envoy reads from files on its machine."""
        if self.head_key is not None:
            secret = {"name": HEAD_KEY, "generic_secret": {"secret": {"filename": self.head_key}}}
            yield "head_key.json", typed(SECRET, secret)

    def _access(self, keys: Iterable[ClientKey]) -> Message:
        entries = ",\n".join(_entry(key) for key in keys if not key.is_revoked)
        claims = "nil"
        if self.jwt is not None:
            claims = f"{{groups = {_quoted(self.jwt['groups_claim'])}, id = {_quoted(self.jwt['id_claim'])}}}"
        switch = f"local PUBLIC = {_switch(on=self.has_public)}\n"
        return _lua(f"local KEYS = {{\n{entries}\n}}\nlocal JWT = {claims}\n{switch}", "access.lua")

    def filters(
        self, region: str | None, source: Callable[[str], Message], *, is_inline: bool = False
    ) -> AccessFilters:
        """The filters of an edge in a region; `source` leads to a file by its name, unless all `is_inline`."""
        known = tuple(
            {"name": resource["name"], "typed_config": resource["typed_config"]}
            if is_inline
            else {
                "name": resource["name"],
                "config_discovery": {
                    "config_source": source(name),
                    "type_urls": [resource["typed_config"]["@type"]],
                },
            }
            for name, resource in self.extensions()
        )
        return AccessFilters(
            is_on=self.is_on,
            of_client=(*self._place(region), *(known if self.is_on else (_NAMELESS,))),
            of_model=(
                *self._authorization(region),
                *self.limits,
                *(
                    ()
                    if self.head_key is None
                    else (injector(None if is_inline else source("head_key.json")),)
                ),
            ),
        )

    def _place(self, region: str | None) -> Iterator[Message]:
        """What finds where a client is, if proxies in front of the edge say so."""
        if self.client_region is None:
            return
        networks = [{"direct_remote_ip": _network(network)} for network in self.client_region["from"]]
        trusted = {"permissions": [{"any": True}], "principals": networks}
        yield extension(
            "modelspec.proxies",
            RBAC,
            {
                "shadow_rules": {"action": "ALLOW", "policies": {"proxies": trusted}},
                "shadow_rules_stat_prefix": "modelspec_proxy_",
            },
        )
        regions = ", ".join(f"[{_quoted(code)}] = true" for code in self.regions)
        known = (
            f"local HEADER = {_quoted(self.client_region['header'])}\nlocal REGIONS = {{{regions}}}\n"
            f"local REGION = {_region(region)}\n"
        )
        yield {"name": "modelspec.region", "typed_config": _lua(known, "region.lua")}

    def _authorization(self, region: str | None) -> Iterator[Message]:
        """What refuses a client that may not call the model of the route, for an edge in a region."""
        if not self.is_on and self.client_region is None:
            return
        place = _region(region if self.client_region is None else None)
        known = f"local AUTHENTICATED = {_switch(on=self.is_on)}\nlocal REGION = {place}\n"
        yield {"name": AUTHORIZATION, "typed_config": _lua(known, "authorization.lua")}
        yield extension(
            "modelspec.granted",
            RBAC,
            {"rules": {"action": "DENY", "policies": {"not_granted": _NOT_GRANTED}}},
        )


ANYBODY: Message = {AUTHORIZATION: {"visibility": "public"}}
"""Metadata of a route that tells nothing but what everybody may know."""


def route_access(route: Route) -> Message:
    """What the metadata of a route says of who may call its model, under the name of the filter that reads it."""
    facts: Message = {"visibility": route.visibility}
    if route.groups:
        facts["groups"] = list(route.groups)
    if route.client_regions is not None:
        facts["client_regions"] = list(route.client_regions)
    return {AUTHORIZATION: facts}


_NAMELESS = extension(
    "modelspec.nameless",
    HEADER_MUTATION,
    {"mutations": {"request_mutations": [{"remove": KEY_ID_HEADER}]}},
)
"""Where clients are not known, none says who it is."""
_NOT_GRANTED: Message = {
    "permissions": [{"any": True}],
    "principals": [
        {
            "not_id": {
                "sourced_metadata": {
                    "metadata_source": "DYNAMIC",
                    "metadata_matcher": {
                        "filter": ACCESS,
                        "path": [{"key": "granted"}],
                        "value": {"string_match": {"exact": "yes"}},
                    },
                }
            }
        }
    ],
}


def _lua(known: str, script: str) -> Message:
    source = program_text(__package__, script)
    return typed(LUA, {"default_source_code": {"inline_string": f"{known}{source}"}})


def _entry(key: ClientKey) -> str:
    groups = ", ".join(_quoted(group) for group in key.groups)
    return f"  [{_quoted(key.sha256)}] = {{{_quoted(key.key_id)}, {key.ends or 0}, {{{groups}}}}}"


def _region(region: str | None) -> str:
    return "nil" if region is None else _quoted(region)


def _network(written: str) -> Message:
    address, _, length = written.partition("/")
    return {"address_prefix": address, "prefix_len": int(length)}


def _jwt(options: Mapping[str, Any], key_set: str) -> Message:
    """Verify a token where there is one; whether a request needs one is decided by the script behind it."""
    provider = {
        "issuer": options["issuer"],
        "audiences": list(options["audiences"]),
        "local_jwks": {"inline_string": key_set},
        "payload_in_metadata": "payload",
        "from_headers": [{"name": "authorization", "value_prefix": "Bearer "}],
        "require_expiration": True,
    }
    either = [{"provider_name": "idp"}, {"allow_missing_or_failed": {}}]
    rule = {"match": {"prefix": "/"}, "requires": {"requires_any": {"requirements": either}}}
    return typed(JWT, {"providers": {"idp": provider}, "rules": [rule]})


def injector(source: Message | None) -> Message:
    """Send the key of the edge to heads, in the place of what a client sent; without `source`, for validation."""
    generic = {
        "credential": {"name": HEAD_KEY, **({} if source is None else {"sds_config": source})},
        "header": "authorization",
        "header_value_prefix": "Bearer ",
    }
    return extension(
        "envoy.filters.http.credential_injector",
        INJECTOR,
        {
            "overwrite": True,
            "allow_request_without_credential": False,
            "credential": extension("envoy.http.injected_credentials.generic", INJECTED, generic),
        },
    )


def _switch(*, on: bool) -> str:
    return "true" if on else "false"


def _quoted(text: str) -> str:
    """A string of Lua: every byte but letters, digits and a few more is a number, so that no text leaves its quotes."""
    return '"' + "".join(chr(byte) if byte in _PLAIN else f"\\{byte:03}" for byte in text.encode()) + '"'


_REFUSALS: Mapping[str, EdgeError] = {
    "missing": EdgeError(status=401, message="No API key was sent, and this model needs one.", kind=_OF_KEY),
    "large": EdgeError(
        status=401,
        message="Without an API key, a body must have a content-length of at most 1 MiB.",
        kind=_OF_KEY,
    ),
    "invalid": EdgeError(
        status=401,
        message="This API key is not valid. Send one as 'Authorization: Bearer', 'x-api-key' or 'api-key'.",
        kind=_OF_KEY,
    ),
    "several": EdgeError(status=401, message="More than one API key was sent.", kind=_OF_KEY),
    "expired": EdgeError(status=401, message="This API key has expired.", kind=_OF_KEY),
    "fault": EdgeError(status=401, message="The edge could not read this API key.", kind=_OF_KEY),
    "group": EdgeError(
        status=403, message="This API key may not call this model.", kind="permission_error", param="model"
    ),
}
"""By the reason that the scripts give, which is in the dynamic metadata `modelspec.access:refused`."""
_CODES = {"missing": "missing_api_key", "large": "missing_api_key", "group": "model_not_allowed"}


_NOHEAD_KEY = EdgeError(status=503, message="The edge has no key for its heads.", kind="server_error")


def refusals() -> Iterator[Message]:
    """Bodies of the refusals, to stand before those by status alone."""
    yield error_body(by_details("failed_to_inject_credential"), "no_head_key", _NOHEAD_KEY)
    for reason, answer in _REFUSALS.items():
        yield error_body(
            by_metadata(ACCESS, "refused", reason), _CODES.get(reason, "invalid_api_key"), answer
        )


_LIMITS = "modelspec.limits"
_MODEL, _CLIENT = "model", "client"
_MOST_CLIENTS = 10_000
"""Clients that are counted for one model; of more, those that asked last. A client that drops out begins anew."""
_UNLIMITED = 4_294_967_295
_MINUTE = "60s"
_ALWAYS: Message = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}


def limit_filters(routes: Iterable[Route], options: Options) -> Iterator[Message]:
    """The filter of the listener, without a limit of its own."""
    if options.enforce_limits and any(route.rpm for route in routes):
        yield extension(_LIMITS, LIMIT, {"stat_prefix": "limits"})


def limits(routes: Iterable[Route], options: Options) -> Message:
    """The limits of all models, for the virtual host: at a route, each name of a model would have a bucket of its own.

    Clients without a key are one client.
    """
    limited = {route.model_id: route.rpm for route in routes if route.rpm}
    if not options.enforce_limits or not limited:
        return {}
    model = {"descriptor_key": _MODEL, "metadata_key": _field(NAMESPACE, "model"), "source": "ROUTE_ENTRY"}
    client = {"descriptor_key": _CLIENT, "metadata_key": _field(ACCESS, "key_id"), "default_value": "-"}
    limit = {
        "stat_prefix": "limits",
        "filter_enabled": {**_ALWAYS, "runtime_key": "edge.limits.enabled"},
        "filter_enforced": {**_ALWAYS, "runtime_key": "edge.limits.enforced"},
        "token_bucket": _bucket(_UNLIMITED),
        "always_consume_default_token_bucket": False,
        "rate_limits": [{"actions": [{"metadata": model}, {"metadata": client}]}],
        "descriptors": [
            {"entries": [{"key": _MODEL, "value": model_id}, {"key": _CLIENT}], "token_bucket": _bucket(rpm)}
            for model_id, rpm in sorted(limited.items())
        ],
        "max_dynamic_descriptors": _MOST_CLIENTS,
        "enable_retry_after_header": True,
    }
    return {"typed_per_filter_config": {_LIMITS: typed(LIMIT, limit)}}


def _field(namespace: str, name: str) -> Message:
    return {"key": namespace, "path": [{"key": name}]}


def _bucket(tokens: int) -> Message:
    return {"max_tokens": tokens, "tokens_per_fill": tokens, "fill_interval": _MINUTE}
