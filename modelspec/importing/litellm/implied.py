"""LiteLLM's implicit defaults, written out: endpoints, keys, cloud regions."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelspec.fleet.providers import LITELLM_DEFAULTS, REGION, endpoint_of
from modelspec.gateways.litellm.names import CHATS, COMMON_PARAMS, FORMS, ParamKind, operation
from modelspec.importing.draft import Ledger, NoteKind, variable_of
from modelspec.importing.litellm.values import Value, Values, is_reference
from modelspec.importing.litellm.words import (
    CREDENTIALS,
    KEY_VARIABLES,
    LIKE_OPENAI,
    REGION_PARAMS,
)
from modelspec.load.foreign import Foreign
from modelspec.secret import telling_key
from modelspec.text.quote import quote
from modelspec.text.source import Spot
from modelspec.url import host_of, parts


def parted(provider: str, settings: Mapping[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
    """The settings that modelspec's LiteLLM target passes on, and the others."""
    form = FORMS.get(provider)
    if form is None:
        return dict(settings), {}
    allowed = {**COMMON_PARAMS, **form.params}
    handed = {n: v for n, v in settings.items() if n in allowed and _fits(v, allowed[n])}
    return handed, {n: v for n, v in settings.items() if n not in handed}


def _fits(value: Value, kind: ParamKind) -> bool:
    if kind is ParamKind.TEXT:
        return isinstance(value, str | dict)
    if kind is ParamKind.REFERENCE:
        return isinstance(value, dict)
    if kind is ParamKind.REGION:
        return isinstance(value, dict) or (isinstance(value, str) and REGION.fullmatch(value) is not None)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value > 0 if kind is ParamKind.SECONDS else value >= 0 and value == int(value)


_AS_OPENAI = ("huggingface", "minimax", "zhipu")
"""Providers that speak OpenAI's protocol at their own endpoint."""
_SNOWFLAKE = "/api/v2/cortex/v1"
_FROM_ROLES = ("bedrock", "sagemaker")
_OCI_DEFAULT = "us-ashburn-1"
_SECRET_FOLDERS = ("/run/secrets/", "/etc/modelspec/")

Endpoint = str | dict[str, str]


def _base(endpoint: str, provider: str) -> tuple[str, str]:
    """An endpoint in our form, and the provider that it belongs to."""
    base = endpoint.rstrip("/")
    if provider == "openai":
        known = ((word, endpoint_of(word) or LITELLM_DEFAULTS.get(word)) for word in _AS_OPENAI)
        provider = next((word for word, url in known if base == url), provider)
        if base.endswith(f".snowflakecomputing.com{_SNOWFLAKE}"):
            provider = "snowflake"
    elif provider in _AS_OPENAI and base != (endpoint_of(provider) or LITELLM_DEFAULTS.get(provider)):
        provider = "openai"
    if provider == "cohere":
        base = base.removesuffix("/chat").removesuffix("/embed").removesuffix("/rerank")
    if provider == "snowflake":
        base = base.partition("/api")[0] + _SNOWFLAKE
    return base, provider


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpliedSettings:
    """The defaults of one entry; `owner` is its model_name, `mode` what it is for, `params` has its `model`."""

    ledger: Ledger
    values: Values
    params: Mapping[str, Foreign]
    owner: str
    mode: object
    for_litellm: bool

    def endpoint(
        self, endpoint: Endpoint | None, provider: str, settings: Mapping[str, Value]
    ) -> tuple[Endpoint | None, str]:
        """The endpoint and the provider: None for a public endpoint, and written out where only LiteLLM knows it."""
        if provider in LIKE_OPENAI and self.for_litellm:
            return self._like_openai(endpoint, provider), "openai"
        if endpoint is not None and provider in FORMS and not FORMS[provider].takes_endpoint:
            for given in (self.params[name] for name in ("api_base", "base_url") if name in self.params):
                why = f"LiteLLM builds the URL of {provider} itself: left out"
                self.ledger.note(NoteKind.SUSPICIOUS, given, f"the endpoint of {quote(self.owner)}", why)
            endpoint = None
        if isinstance(endpoint, dict):
            return endpoint, provider
        if endpoint is not None:
            base, provider = _base(endpoint, provider)
            if provider == "snowflake" and not endpoint.rstrip("/").endswith(_SNOWFLAKE):
                why = f"with {_SNOWFLAKE}, which LiteLLM adds"
                given = next(self.params[name] for name in ("api_base", "base_url") if name in self.params)
                self._remark("endpoint", why, spot=given.spot)
            base = self._completed(endpoint, base, provider)
            # Where LiteLLM knows another path than the public one, the given endpoint stays.
            is_written_anyway = provider in FORMS and not FORMS[provider].is_default
            return None if is_written_anyway and base == endpoint_of(provider) else base, provider
        region = REGION_PARAMS.get(provider)
        if provider not in FORMS and self.for_litellm:
            return None, provider  # an error of the result says that the target cannot reach it
        if endpoint_of(provider) is not None or (region is not None and region[0] in settings):
            return None, provider
        return self._unknown(provider), provider

    def protocol(self, mode: object, name: str) -> None:
        """Note where the emitted configuration uses another word of LiteLLM for the provider."""
        word = str(self.params["model"].value).partition("/")[0]
        if word in (*_AS_OPENAI, "snowflake"):
            self._remark(
                "protocol", f"called as a server of OpenAI's protocol, without LiteLLM's headers for {word}"
            )
        elif word == "ollama" and operation(mode, name) in CHATS:
            self._remark("protocol", "/api/chat is asked in place of /api/generate")

    def _completed(self, given: str, base: str, provider: str) -> str:
        """The endpoint, and a note on what modelspec's LiteLLM target adds to it where LiteLLM adds nothing."""
        added = ""
        if provider == "cohere" and self.mode != "rerank" and base == given.rstrip("/"):
            added = "/embed" if self.mode == "embedding" else "/chat"
        elif provider == "gemini" and (found := parts(base)) is not None and not found.path:
            added = FORMS[provider].path_if_bare
        if added and self.for_litellm:
            why = f"LiteLLM calls it as it stands; requests go to {added} below it now, as {provider} has it"
            node = next(n for word in ("base_url", "api_base", "model") if (n := self.params.get(word)))
            what = f"the endpoint of {quote(self.owner)}"
            self.ledger.remark(NoteKind.ELSEWHERE, node.spot, what, why)
        return base if provider == "cohere" else base + added

    def _unknown(self, provider: str) -> Endpoint:
        default = LITELLM_DEFAULTS.get(provider)
        if default is not None:
            self._remark("endpoint", f"LiteLLM's default for {provider}, written out")
            return default
        variable = variable_of(provider, "API_BASE")
        why = f"the file has none, and LiteLLM knows none: set {variable}, or enter the URL"
        self._remark("endpoint", why, NoteKind.BREAKS)
        return {"env": variable}

    def _like_openai(self, endpoint: Endpoint | None, provider: str) -> Endpoint:
        default = LIKE_OPENAI[provider]
        implied = ", with the endpoint that LiteLLM implies" if default and endpoint is None else ""
        self._remark("provider", f"{provider} speaks OpenAI's protocol: it is 'openai' now{implied}")
        return endpoint if endpoint is not None else default or self._unknown(provider)

    def key(
        self, provider: str, endpoint: Endpoint | None, settings: Mapping[str, Value]
    ) -> dict[str, str] | None:
        """The given key, else the variable from which LiteLLM reads one, by its own name of the provider."""
        if provider == "vertex_ai":
            return self._vertex_key()
        node = self.params.get("api_key")
        if node is not None and node.value is not None:
            return self.values.key(node, self.owner)
        variable = KEY_VARIABLES.get(provider)
        if variable is None or any(map(telling_key, settings)):
            return None
        public = LIKE_OPENAI.get(provider) or endpoint_of(provider)
        is_elsewhere = not (isinstance(endpoint, str) and public and host_of(endpoint) == host_of(public))
        if endpoint is not None and public is not None and is_elsewhere:
            why = f"the file has none: no key is sent, though LiteLLM would send {variable} if set"
            self._remark("key", why, NoteKind.DIFFERENT)
            return None
        return self._written_out("key", variable)

    def _vertex_key(self) -> dict[str, str] | None:
        node = self.params.get("vertex_credentials")
        if node is None:
            return self._written_out("key", "VERTEXAI_CREDENTIALS")
        if isinstance(node.value, str) and node.value.startswith(_SECRET_FOLDERS):
            self.ledger.carried(node)
            return {"file": node.value}
        if isinstance(node.value, str) and is_reference(node.value):
            return self.values.move(node, "vertex_credentials", node.value, self.owner)
        value = self.values.setting(node, "vertex_credentials", self.owner)
        return value if isinstance(value, dict) else None

    def cloud_settings(self, provider: str, name: str, settings: dict[str, Value]) -> None:
        """Add the credentials and the region that LiteLLM would read from its environment."""
        missing = [pair for pair in CREDENTIALS.get(provider, ()) if pair[0] not in settings]
        if "api_key" not in self.params:
            for setting, variable in missing:
                settings[setting] = self._written_out(setting, variable)
            if provider == "oci" and "oci_key" not in settings and "oci_key_file" not in settings:
                settings["oci_key"] = self._written_out("oci_key", "OCI_KEY")
            if missing and provider in _FROM_ROLES:
                why = "LiteLLM may take credentials from a role of its machine; here, both variables must be set"
                self._remark("account", why, NoteKind.BREAKS)
        region = REGION_PARAMS.get(provider)
        if region is not None:
            self._cloud_region(provider, name, region, settings)

    def _cloud_region(
        self, provider: str, name: str, region: tuple[str, str], settings: dict[str, Value]
    ) -> None:
        """The region of a cloud; of the providers that have one, LiteLLM reads `region_name` for one only."""
        setting, variable = region
        named = settings.pop("region_name", None)
        if named is not None and provider == "sagemaker":
            settings.setdefault(setting, named)
        elif named is not None:
            why = (
                f"LiteLLM chooses no host of {provider} by it: left out; write {setting} to decide the region"
            )
            what = f"'region_name' of {quote(self.owner)}"
            self.ledger.remark(NoteKind.SUSPICIOUS, self.params["region_name"].spot, what, why)
        if setting in settings or "api_base" in self.params:
            return
        first, slash, _ = name.partition("/")
        if provider == "oci":
            settings[setting] = _OCI_DEFAULT
            self._remark("region", f"LiteLLM's default, unless {variable} is set: written out")
        elif provider == "bedrock" and slash and "-" in first and first[-1:].isdigit():
            settings[setting] = first
        else:
            settings[setting] = self._written_out("region", variable)

    def _written_out(self, what: str, variable: str) -> dict[str, str]:
        self._remark(what, f"the file has none: LiteLLM reads {variable}, written out")
        return {"env": variable}

    def _remark(
        self, what: str, why: str, kind: NoteKind = NoteKind.CHANGED, spot: Spot | None = None
    ) -> None:
        spot = spot or self.params["model"].spot
        self.ledger.remark(kind, spot, f"the {what} of {quote(self.owner)}", why)
