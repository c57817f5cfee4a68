"""One entry of `model_list` as a deployment."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelspec.importing.ledger import Ledger, place_of
from modelspec.importing.litellm.numbers import NUMBERS, is_local, numbers, weight
from modelspec.importing.litellm.regions import region_of
from modelspec.importing.litellm.values import Value, Values
from modelspec.importing.litellm.words import (
    DEFAULT_ENDPOINTS,
    KEY_VARIABLES,
    PROVIDERS,
    REGION_PARAMS,
    SAME_AS,
    guess,
    split,
)
from modelspec.importing.names import variable_of
from modelspec.importing.note import Kind, Place
from modelspec.load.foreign import Foreign
from modelspec.providers import endpoint_of
from modelspec.quote import quote
from modelspec.url import Code, host_of, judge

_ENDPOINTS = ("api_base", "base_url")
_GIVEN = frozenset(
    {"model", "custom_llm_provider", "api_key", "litellm_credential_name", "weight", *NUMBERS, *_ENDPOINTS}
)
_APPENDED = {"cohere": "/chat", "gemini": "/v1beta"}
"""What LiteLLM wants behind the public endpoint of a provider."""
_AS_OPENAI = ("huggingface", "zhipu")
"""Providers that are asked as OpenAI is, at their own endpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """A deployment: `fields` as in a model file; `weight` as LiteLLM has it. `places` lead from names of fields."""

    fields: Mapping[str, object]
    places: Mapping[str, Place]
    weight: float | None
    is_local: bool
    node: Foreign


class Reader:
    """Reads entries; `credentials` are the mappings of `credential_list` by their names."""

    def __init__(
        self, ledger: Ledger, values: Values, credentials: Mapping[str, Foreign], regions: tuple[str, ...]
    ) -> None:
        self._ledger = ledger
        self._values = values
        self._credentials = credentials
        self._regions = regions

    def upstream(self, entry: Foreign, owner: str) -> Upstream | None:
        """The deployment of an entry; None, and a note, where it names no model."""
        own = entry.entries.get("litellm_params")
        params = {**self._shared(own, owner), **(own.entries if own is not None else {})}
        model = params.get("model")
        if model is None or not isinstance(model.value, str) or not model.value.strip():
            self._ledger.tell(
                Kind.SUSPICIOUS,
                entry,
                f"the model {quote(owner)}",
                "litellm_params has no model: not carried",
            )
            return None
        self._ledger.carried(model)
        endpoint, where = self._endpoint(params, owner)
        provider, name = self._provider(model, params, endpoint, owner)
        settings = self._settings(params, provider, name, owner)
        endpoint, provider = self._told_endpoint(endpoint, provider, settings, owner, model)
        key = self._key(params, provider, endpoint, settings, owner, model)
        fields: dict[str, object] = {}
        places = {"upstream_model": place_of(model), "provider": place_of(model)}
        for field, value, node in (
            ("endpoint", endpoint, where),
            ("provider", provider, None),
            ("upstream_model", name, None),
            ("api_key", key, params.get("api_key")),
            ("params", settings, None),
        ):
            if value not in (None, {}):
                fields[field] = value
            if node is not None:
                places[field] = place_of(node)
        for setting in settings:
            if setting in params:
                places[f"params/{setting}"] = place_of(params[setting])
        region = region_of(provider, name, settings, self._regions)
        if region is not None:
            fields["region"] = region
            if settings.get("region_name") == region:
                del settings["region_name"]
                if not settings:
                    fields.pop("params", None)
        fields.update(numbers(params, owner, self._ledger))
        return Upstream(
            fields=fields,
            places=places,
            weight=weight(params, owner, self._ledger),
            is_local=is_local(endpoint),
            node=entry,
        )

    def _shared(self, own: Foreign | None, owner: str) -> Mapping[str, Foreign]:
        """The values of the credential that an entry names; its own stand before them."""
        named = own.entries.get("litellm_credential_name") if own is not None else None
        if named is None or not isinstance(named.value, str):
            return {}
        credential = self._credentials.get(named.value)
        if credential is None:
            self._ledger.tell(
                Kind.SUSPICIOUS,
                named,
                f"the credential of {quote(owner)}",
                f"credential_list has none that is named {quote(named.value)}",
            )
            return {}
        self._ledger.carried(named)
        return credential.entries

    def _endpoint(self, params: Mapping[str, Foreign], owner: str) -> tuple[Value, Foreign | None]:
        node = next((params[name] for name in _ENDPOINTS if name in params), None)
        for other in (params[name] for name in _ENDPOINTS if name in params):
            if other is not node:
                self._ledger.tell(
                    Kind.LOST, other, f"base_url of {quote(owner)}", "api_base says the same and counts"
                )
        if node is None:
            return None, None
        value = self._values.setting(node, "api_base", owner)
        if isinstance(value, str) and any(f.code is Code.CREDENTIALS for f in judge(value, local=True)):
            return self._values.secret(node, "api_base", owner), node
        return (value if isinstance(value, dict) else str(value) if value is not None else None), node

    def _provider(
        self, model: Foreign, params: Mapping[str, Foreign], endpoint: Value, owner: str
    ) -> tuple[str, str]:
        given = params.get("custom_llm_provider")
        name = str(model.value).strip()
        prefix, rest = split(name)
        if given is not None and isinstance(given.value, str) and given.value in PROVIDERS:
            self._ledger.carried(given)
            word = given.value
            name = rest if prefix == word else name
        elif prefix is not None:
            if given is not None:
                self._ledger.tell(
                    Kind.LOST, given, f"custom_llm_provider of {quote(owner)}", "no provider has that name"
                )
            word, name = prefix, rest
        else:
            if given is not None:
                self._ledger.tell(
                    Kind.LOST, given, f"custom_llm_provider of {quote(owner)}", "no provider has that name"
                )
            found = guess(name, host_of(endpoint) if isinstance(endpoint, str) else None)
            word = found or "openai"
            kind = Kind.CHANGED if found else Kind.SUSPICIOUS
            why = "its name has no provider before a '/'; taken as "
            self._ledger.remark_node(
                kind,
                model,
                f"the provider of {quote(owner)}",
                f"{why}{word}" + ("" if found else ", though LiteLLM would not know what to do with it"),
            )
        same = SAME_AS.get(word, word)
        return same, name

    def _settings(
        self, params: Mapping[str, Foreign], provider: str, name: str, owner: str
    ) -> dict[str, Value]:
        settings: dict[str, Value] = {}
        for setting, node in params.items():
            if setting in _GIVEN or not setting:
                continue
            if provider == "vertex_ai" and setting == "vertex_credentials":
                continue
            value = self._values.setting(node, setting, owner)
            if value is not None:
                settings[setting] = value
        region = REGION_PARAMS.get(provider)
        if region is not None and region[0] not in settings and "api_base" not in params:
            setting, variable = region
            path = name.split("/")
            if "region_name" in settings:
                settings[setting] = settings.pop("region_name")
            elif provider == "bedrock" and len(path) > 1 and "-" in path[0] and path[0][-1:].isdigit():
                settings[setting] = path[0]
            else:
                settings[setting] = {"env": variable}
                self._ledger.remark_node(
                    Kind.CHANGED,
                    params["model"],
                    f"the region of {quote(owner)}",
                    f"the file has none: LiteLLM reads {variable}, written out",
                )
        return settings

    def _told_endpoint(
        self, endpoint: Value, provider: str, settings: Mapping[str, Value], owner: str, model: Foreign
    ) -> tuple[str | dict[str, str] | None, str]:
        """The endpoint, left out where it is the public one, and written out where only LiteLLM knows it."""
        if isinstance(endpoint, dict):
            return endpoint, provider
        if endpoint is not None:
            base = str(endpoint).rstrip("/")
            if provider == "openai":
                provider = next((word for word in _AS_OPENAI if base == endpoint_of(word)), provider)
            if base.removesuffix(_APPENDED.get(provider, "")) == endpoint_of(provider):
                return None, provider
            return str(endpoint), provider
        region = REGION_PARAMS.get(provider)
        if endpoint_of(provider) is not None or (region is not None and region[0] in settings):
            return None, provider
        if provider in DEFAULT_ENDPOINTS:
            self._ledger.remark_node(
                Kind.CHANGED,
                model,
                f"the endpoint of {quote(owner)}",
                f"LiteLLM's default for {provider}, written out",
            )
            return DEFAULT_ENDPOINTS[provider], provider
        variable = variable_of(provider, "API_BASE")
        self._ledger.remark_node(
            Kind.CHANGED,
            model,
            f"the endpoint of {quote(owner)}",
            f"the file has none, and {provider} has no public one: set {variable}, or write it out",
        )
        return {"env": variable}, provider

    def _key(
        self,
        params: Mapping[str, Foreign],
        provider: str,
        endpoint: Value,
        settings: Mapping[str, Value],
        owner: str,
        model: Foreign,
    ) -> dict[str, str] | None:
        credentials = params.get("vertex_credentials")
        if provider == "vertex_ai" and credentials is not None:
            if isinstance(credentials.value, str) and credentials.value.startswith(
                ("/run/secrets/", "/etc/modelspec/")
            ):
                self._ledger.carried(credentials)
                return {"file": credentials.value}
            value = self._values.setting(credentials, "vertex_credentials", owner)
            return value if isinstance(value, dict) else None
        node = params.get("api_key")
        if node is not None and node.value is not None:
            return self._values.key(node, owner)
        variable = KEY_VARIABLES.get(provider)
        public = endpoint_of(provider)
        if variable is None or any("token" in name or "client_secret" in name for name in settings):
            return None
        if endpoint is not None and public is not None:
            self._ledger.remark_node(
                Kind.CHANGED,
                model,
                f"the key of {quote(owner)}",
                f"the file has none: none is sent, where LiteLLM would send {variable} if that is set",
            )
            return None
        self._ledger.remark_node(
            Kind.CHANGED,
            model,
            f"the key of {quote(owner)}",
            f"the file has none: LiteLLM reads {variable}, written out",
        )
        return {"env": variable}
