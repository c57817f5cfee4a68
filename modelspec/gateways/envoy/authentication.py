"""Who calls an edge, and what the caller may call: two Lua filters, before the body is read and behind the route.

The first knows keys by their hashes. Its script is in `access.json`, a file of its own that Envoy watches, so that a
changed key is live without a new listener. A Lua filter that raises lets a request through: the scripts catch what they
can, and an RBAC filter refuses every request that they have not marked as granted.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Self

from modelspec.fleet.client_keys import ClientKey
from modelspec.gateways import GatewayOptions
from modelspec.gateways.envoy.api import (
    EXTENSION,
    HEADER_MUTATION,
    LUA,
    RBAC,
    Message,
    extension,
    typed,
)
from modelspec.gateways.envoy.observe import ACCESS
from modelspec.gateways.envoy.requests import EdgeError, by_metadata, error_body
from modelspec.routing.table import Route, RoutingTable

ACCESS_FILTER = "modelspec.access"
_OF_KEY = "authentication_error"
AUTHORIZATION = "modelspec.authorization"
"""The name of the second filter, under which it finds the metadata of a route."""
KEY_ID_HEADER = "x-modelspec-key-id"
"""What a head learns of the client: the id of its key, never the key."""
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_ ")
_SCRIPTS = files("modelspec.gateways.envoy")


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

    `has_public`: some model of the edge may be called without a key.
    """

    keys: tuple[ClientKey, ...] | None
    has_public: bool

    @classmethod
    def of(cls, gateway: GatewayOptions, routing: RoutingTable) -> Self:
        """What the repository says of the clients of its edges."""
        has_public = any(route.is_routed and route.visibility == "public" for route in routing.routes)
        return cls(keys=gateway.client_keys, has_public=has_public)

    @property
    def is_on(self) -> bool:
        """Whether clients must say who they are."""
        return self.keys is not None

    def extensions(self) -> Iterator[tuple[str, Message]]:
        """By file name, the filters that Envoy reloads without a new listener."""
        if self.keys is not None:
            yield (
                "access.json",
                typed(EXTENSION, {"name": ACCESS_FILTER, "typed_config": self._access(self.keys)}),
            )

    def _access(self, keys: Iterable[ClientKey]) -> Message:
        entries = ",\n".join(_entry(key) for key in keys if not key.is_revoked)
        known = (
            f"local KEYS = {{\n{entries}\n}}\nlocal JWT = nil\nlocal PUBLIC = {_switch(on=self.has_public)}\n"
        )
        return _lua(known, "access.lua")

    def filters(self, region: str | None, source: Callable[[str], Message] | None = None) -> AccessFilters:
        """The filters of an edge in a region; without `source`, which leads to a file by its name, in full."""
        if not self.is_on:
            return AccessFilters(is_on=False, of_client=(_NAMELESS,))
        of_client = tuple(
            {"name": resource["name"], "typed_config": resource["typed_config"]}
            if source is None
            else {
                "name": resource["name"],
                "config_discovery": {
                    "config_source": source(name),
                    "type_urls": [resource["typed_config"]["@type"]],
                },
            }
            for name, resource in self.extensions()
        )
        return AccessFilters(is_on=True, of_client=of_client, of_model=tuple(self._authorization(region)))

    def _authorization(self, region: str | None) -> Iterator[Message]:
        """What refuses a client that may not call the model of the route, for an edge in a region."""
        place = "nil" if region is None else _quoted(region)
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
    source = (_SCRIPTS / script).read_text(encoding="utf-8")
    return typed(LUA, {"default_source_code": {"inline_string": f"{known}{source}"}})


def _entry(key: ClientKey) -> str:
    groups = ", ".join(_quoted(group) for group in key.groups)
    return f"  [{_quoted(key.sha256)}] = {{{_quoted(key.key_id)}, {key.ends or 0}, {{{groups}}}}}"


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


def refusals() -> Iterator[Message]:
    """Bodies of the refusals, to stand before those by status alone."""
    for reason, answer in _REFUSALS.items():
        yield error_body(
            by_metadata(ACCESS, "refused", reason), _CODES.get(reason, "invalid_api_key"), answer
        )
