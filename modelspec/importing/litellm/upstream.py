"""One entry of `model_list` as a deployment."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from modelspec.fleet.providers import LITELLM_WORDS, SAME_AS
from modelspec.gateways.litellm.names import operation
from modelspec.gateways.litellm.request_rules import REQUEST_PARAMS, RequestKind, fitting
from modelspec.importing.destination import ImportDestination
from modelspec.importing.draft import Ledger, NoteKind
from modelspec.importing.litellm.implied import Endpoint, ImpliedSettings, parted
from modelspec.importing.litellm.values import (
    Value,
    Values,
    is_key,
    is_secret,
    is_told,
    is_visible,
    may_be_copied,
    plain,
)
from modelspec.importing.litellm.words import guess, split
from modelspec.load.foreign import Foreign
from modelspec.secret import telling_key
from modelspec.text.quote import quote
from modelspec.text.source import Spot
from modelspec.url import Code, host_of, judge
from modelspec.url.address import AddressKind
from modelspec.url.host import standing

_NUMBERS = ("rpm", "tpm", "order")
_RUNTIME = "aws_bedrock_runtime_endpoint"
_ENDPOINTS = (_RUNTIME, "base_url", "api_base")
"""Where requests go, by precedence: `base_url` is read for chats, and replaces `api_base`."""
_UNLIKE_CHATS = ("api_base", _RUNTIME)
"""The same for the operations that are no chats."""
_NO_CHATS = frozenset({"embedding", "image_generation", "rerank", "responses"})
_MOCK = "mock_"
_COST = "cost"
_IN_PARTS = ("extra_headers", "extra_body")
_IDENTITY = frozenset(("azure_ad_token", "client_id", "tenant_id", "azure_scope"))
_OTHER_NAMES = {"request_timeout": "timeout", "headers": "extra_headers"}
"""Parameters of LiteLLM that mean another one, if that is not given."""
_NUMERIC = frozenset(("timeout", "stream_timeout", "max_retries", "max_parallel_requests"))
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_GIVEN = frozenset(
    {"model", "custom_llm_provider", "api_key", "litellm_credential_name", "weight", *_NUMBERS, *_ENDPOINTS}
)
"""Keys of an entry other than connection settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedUpstream:
    """A deployment: `fields` as in a model file, `spots` by field, `weight` as in LiteLLM.

    `rest` are connection settings that modelspec's LiteLLM target does not pass on. `is_mock`: LiteLLM answers itself.
    """

    fields: Mapping[str, object]
    spots: Mapping[str, Spot]
    weight: float | None
    is_local: bool
    is_mock: bool
    node: Foreign
    rest: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamReader:
    """Reads entries; `credentials` are the mappings of `credential_list` by name, `handlers` custom providers.

    `is_weighted`: the routing strategy draws by weights.
    """

    ledger: Ledger
    values: Values
    credentials: Mapping[str, Foreign]
    handlers: frozenset[str]
    is_weighted: bool
    to: ImportDestination

    def upstream(self, entry: Foreign, owner: str) -> ImportedUpstream | None:
        """The deployment of an entry; None, and a note, if it names no model, or none that LiteLLM can call."""
        own = entry.entries.get("litellm_params")
        params = self._given({**self._shared(own, owner), **(own.entries if own is not None else {})}, owner)
        model = params.get("model")
        what = f"the model {quote(owner)}"
        objection = _objection(model)
        if model is None or objection is not None:
            kind, why = objection or _NAMELESS
            self.ledger.note(kind, entry, what, f"{why}: not imported")
            return None
        info = self._info(entry, params)
        mode = operation(info.get("mode"), str(model.value))
        endpoint, where = self._endpoint(params, _UNLIKE_CHATS if mode in _NO_CHATS else _ENDPOINTS, owner)
        found = self._provider(model, params, endpoint, owner)
        if isinstance(found, str):
            self.ledger.note(NoteKind.ABSENT, entry, what, f"{found}: not imported")
            return None
        self.ledger.carried(model)
        provider, name = found
        request = self._request(params, owner)
        told = {*request, *(name for name in info if _COST in name)}
        left = {n: node for n, node in params.items() if n not in told and not n.startswith(_MOCK)}
        settings = self._settings(left, provider, owner)
        implied = self._implied(params, mode, owner)
        implied.cloud_settings(provider, name, settings)
        known_as = provider
        endpoint, provider = implied.endpoint(endpoint, provider, settings)
        implied.protocol(info.get("mode"), name)
        key = implied.key(known_as, endpoint, settings)
        region = self._region(provider, name, settings)
        settings, rest = self._parted(provider, settings, params, owner)
        fields: Mapping[str, object] = {
            "endpoint": endpoint,
            "provider": provider,
            "upstream_model": name,
            "api_key": key,
            "params": settings,
            "request": request,
            "model_info": info,
            "region": region,
            **self._numbers(params, owner),
        }
        nodes = {
            "upstream_model": model,
            "provider": model,
            "endpoint": where,
            "api_key": params.get("api_key"),
        }
        nodes |= {f"params/{setting}": params.get(setting) for setting in settings}
        return ImportedUpstream(
            fields={field: value for field, value in fields.items() if value not in (None, {})},
            spots={field: node.spot for field, node in nodes.items() if node is not None},
            weight=self._weight(params, owner),
            is_local=_is_local(endpoint),
            is_mock=self._is_mock(params, owner),
            node=entry,
            rest=rest,
        )

    def _region(self, provider: str, name: str, settings: dict[str, Value]) -> str | None:
        """The region of the fleet, which then need not stand among the settings."""
        region = _region(provider, name, settings, self.to.regions)
        if region is not None and settings.get("region_name") == region:
            del settings["region_name"]
        return region

    def _implied(self, params: Mapping[str, Foreign], mode: object, owner: str) -> ImpliedSettings:
        return ImpliedSettings(
            ledger=self.ledger,
            values=self.values,
            params=params,
            owner=owner,
            mode=mode,
            for_litellm=self.to.for_litellm,
        )

    def _given(self, params: Mapping[str, Foreign], owner: str) -> dict[str, Foreign]:
        """The parameters that have a value: LiteLLM takes an empty text as it takes null."""
        for name, node in params.items():
            if node.value is None:
                self.ledger.carried(node)
            elif node.value == "" and is_visible(name) and not is_key(name):
                why = "empty, which LiteLLM takes for not given: left out"
                self.ledger.note(NoteKind.CHANGED, node, f"{quote(name)} of {quote(owner)}", why)
            elif node.value in ((), {}) and is_visible(name) and not is_key(name):
                self.ledger.note(
                    NoteKind.CHANGED, node, f"{quote(name)} of {quote(owner)}", "empty: left out"
                )
        given = {name: node for name, node in params.items() if node.value not in (None, "", (), {})}
        for name, better in _OTHER_NAMES.items():
            if name in given and better not in given:
                given[better] = given.pop(name)
        return {name: self._as_number(name, node, owner) for name, node in given.items()}

    def _as_number(self, name: str, node: Foreign, owner: str) -> Foreign:
        """A parameter that LiteLLM, or the upstream, takes for a number, as one."""
        kind = REQUEST_PARAMS.get(name)
        is_number = kind in (RequestKind.WHOLE, RequestKind.NUMBER) or name in _NUMERIC
        if not is_number or not isinstance(node.value, str) or not _NUMBER.fullmatch(node.value):
            return node
        self.ledger.remark(
            NoteKind.CHANGED,
            node.spot,
            f"{quote(name)} of {quote(owner)}",
            "a number in quotes: written as one",
        )
        number = float(node.value)
        return replace(node, value=int(number) if number.is_integer() else number)

    def _is_mock(self, params: Mapping[str, Foreign], owner: str) -> bool:
        """Whether LiteLLM answers without a call; the settings for it are noted."""
        given = {name: node for name, node in params.items() if name.startswith(_MOCK)}
        for name, node in given.items():
            kind, why = NoteKind.DIFFERENT, "LiteLLM answers itself, and calls nobody: a model cannot do that"
            if node.value is False:
                kind, why = NoteKind.CHANGED, "switched off: left out"
            self.ledger.note(kind, node, f"{quote(name)} of {quote(owner)}", why)
        return any(node.value is not False for node in given.values())

    def _shared(self, own: Foreign | None, owner: str) -> Mapping[str, Foreign]:
        """The values of the credential that an entry names; its own values take precedence."""
        named = own.entries.get("litellm_credential_name") if own is not None else None
        if named is None or not isinstance(named.value, str):
            return {}
        credential = self.credentials.get(named.value)
        if credential is None:
            why = f"credential_list has no {quote(named.value)}"
            self.ledger.note(NoteKind.SUSPICIOUS, named, f"the credential of {quote(owner)}", why)
            return {}
        self.ledger.carried(named)
        return credential.entries

    def _endpoint(
        self, params: Mapping[str, Foreign], precedence: Sequence[str], owner: str
    ) -> tuple[Endpoint | None, Foreign | None]:
        given = [name for name in precedence if name in params]
        for other in _ENDPOINTS:
            if other in params and other not in given[:1]:
                why = f"{given[0]} is set too and takes precedence" if given else _UNREAD
                self.ledger.note(NoteKind.SUSPICIOUS, params[other], f"{other} of {quote(owner)}", why)
        if not given:
            return None, None
        node = params[given[0]]
        value = self.values.setting(node, "api_base", owner)
        if isinstance(value, str) and any(f.code is Code.CREDENTIALS for f in judge(value, local=True)):
            return self.values.secret(node, "api_base", owner), node
        return value if value is None or isinstance(value, dict) else str(value), node

    def _provider(
        self, model: Foreign, params: Mapping[str, Foreign], endpoint: Endpoint | None, owner: str
    ) -> tuple[str, str] | str:
        """The provider and the upstream's own name; a text says why there is none: it is never guessed."""
        given = params.get("custom_llm_provider")
        name = str(model.value).strip()
        prefix, rest = split(name)
        if given is not None and isinstance(given.value, str) and given.value in LITELLM_WORDS:
            self.ledger.carried(given)
            return SAME_AS.get(given.value, given.value), rest if prefix == given.value else name
        word, slash, _ = name.partition("/")
        if given is not None or (slash and word in self.handlers):
            named = word if given is None else str(given.value)
            if named in self.handlers:
                return "custom_provider_map has its provider, which runs inside the gateway"
            return "custom_llm_provider is not one of LiteLLM's providers, which rejects it"
        if prefix is not None:
            return SAME_AS.get(prefix, prefix), rest
        found = guess(name, host_of(endpoint) if isinstance(endpoint, str) else None)
        if found is None and (slash or endpoint is None):
            return _OPEN if name == "*" else "LiteLLM knows no provider for its name, and rejects it"
        why = f"its name has no provider before a '/'; assumed to be {found or 'openai'}"
        kind = NoteKind.CHANGED
        if found is None:
            kind, why = NoteKind.SUSPICIOUS, f"{why}, at its own endpoint, though LiteLLM would reject it"
        self.ledger.remark(kind, model.spot, f"the provider of {quote(owner)}", why)
        return SAME_AS.get(found or "openai", found or "openai"), name

    def _request(self, params: Mapping[str, Foreign], owner: str) -> dict[str, object]:
        """The parameters that LiteLLM adds to requests, less those that a model may not have."""
        found: dict[str, object] = {}
        for name, node in params.items():
            value = plain(node)
            if name in REQUEST_PARAMS and fitting(name, value) and may_be_copied(value):
                found[name] = value
                self.ledger.carried(node)
            elif name in _IN_PARTS and node.entries:
                kept = self._parts(name, node, owner)
                if kept:
                    found[name] = kept
        return found

    def _parts(self, name: str, node: Foreign, owner: str) -> dict[str, object]:
        """The headers or parameters of a mapping that a model may have; the others are noted."""
        kept: dict[str, object] = {}
        for inner, entry in node.entries.items():
            value = plain(entry)
            if fitting(name, {inner: value}) and may_be_copied(inner) and may_be_copied(value):
                kept[inner] = value
                self.ledger.carried(entry)
                continue
            kind, why = NoteKind.DIFFERENT, "a model must not add it to requests"
            if isinstance(value, str) and value.startswith("os.environ/") and telling_key(inner):
                kind = NoteKind.BREAKS
                why = "a header with a key is not passed on: the upstream may refuse requests without it"
            elif is_key(inner) or not is_visible(inner) or is_secret(inner, value):
                kind, why = NoteKind.SECRET, "it may be a secret: rotate it; not imported"
            self.ledger.note(kind, entry, f"a part of {name} of {quote(owner)}", why)
        return kept

    def _info(self, entry: Foreign, params: Mapping[str, Foreign]) -> dict[str, object]:
        """What LiteLLM is told of the model, in fields that a model has; costs may stand among the parameters."""
        info = entry.entries.get("model_info")
        costs = {name: node for name, node in params.items() if _COST in name}
        found: dict[str, object] = {}
        for name, node in {**costs, **({} if info is None else info.entries)}.items():
            if is_told(name, node):
                found[name] = node.value
                self.ledger.carried(node)
        return found

    def _settings(self, params: Mapping[str, Foreign], provider: str, owner: str) -> dict[str, Value]:
        settings: dict[str, Value] = {}
        for setting, node in params.items():
            if setting in _GIVEN or not setting:
                continue
            if is_key(setting) or not is_visible(setting):
                why = "its name is a key: rotate it; not imported"
                self.ledger.note(NoteKind.SECRET, node, f"a setting of {quote(owner)}", why)
                continue
            if provider == "vertex_ai" and setting == "vertex_credentials":
                continue
            value = self.values.setting(node, setting, owner)
            if setting == "oci_key_file" and isinstance(value, str):
                value = self.values.move(node, setting, value, owner)
            if value is not None:
                settings[setting] = value
        return settings

    def _parted(
        self, provider: str, settings: dict[str, Value], params: Mapping[str, Foreign], owner: str
    ) -> tuple[dict[str, Value], dict[str, object]]:
        """The settings that are passed on, and the others as a record without effect."""
        if not self.to.for_litellm:
            return settings, {}
        handed, others = parted(provider, settings)
        rest: dict[str, object] = {
            name: one for name, one in others.items() if not isinstance(one, dict) and not telling_key(name)
        }
        for name in others:
            if name in params:
                kept = ": kept in metadata.litellm_params, without effect" if name in rest else ""
                why = f"modelspec's LiteLLM target does not pass it on{kept}"
                kind = NoteKind.DIFFERENT
                if "api_key" not in params and (telling_key(name) or name in _IDENTITY):
                    kind, why = NoteKind.BREAKS, f"{why}: the model needs an api_key instead"
                self.ledger.remark(kind, params[name].spot, f"{quote(name)} of {quote(owner)}", why)
        return handed, rest

    def _numbers(self, params: Mapping[str, Foreign], owner: str) -> dict[str, object]:
        """Limits and order of an entry; orders may begin at 0."""
        found: dict[str, object] = {}
        for name in _NUMBERS:
            node = params.get(name)
            if node is None or node.value is None:
                continue
            value = node.value
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            if isinstance(value, str) and value.isdecimal():
                value = int(value[:18])
            if isinstance(value, int) and not isinstance(value, bool) and value >= (name != "order"):
                self.ledger.carried(node)
                found[name] = value
            else:
                why = "not a whole number, or too small"
                self.ledger.note(NoteKind.DIFFERENT, node, f"{name} of {quote(owner)}", why)
        return found

    def _weight(self, params: Mapping[str, Foreign], owner: str) -> float | None:
        """The weight of an entry, as in LiteLLM."""
        node = params.get("weight")
        if node is None or node.value is None:
            return None
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            self.ledger.note(
                NoteKind.DIFFERENT, node, f"weight of {quote(owner)}", "not a number of 0 or more"
            )
            return None
        if not self.is_weighted:
            why = "the routing strategy ignores weights: left out"
            self.ledger.note(NoteKind.CHANGED, node, f"weight of {quote(owner)}", why)
            return None
        self.ledger.carried(node)
        return float(value)


_UNREAD = (
    "LiteLLM reads it for chats only, and calls the provider's own endpoint: left out; write api_base there"
)
_OPEN = "its clients choose the provider; give each its own entry, such as model_name and model openai/*"
_NAMELESS = (NoteKind.SUSPICIOUS, "litellm_params has no model")


def _objection(model: Foreign | None) -> tuple[NoteKind, str] | None:
    """Why no upstream has the name in `model`."""
    if model is None or not isinstance(model.value, str) or not model.value.strip():
        return _NAMELESS
    if is_key(model.value):
        return NoteKind.SECRET, "its upstream's name is a key; rotate it"
    if model.value.strip().startswith("os.environ/"):
        return (
            NoteKind.ABSENT,
            "its upstream's name is in a variable; write the name itself, and import again",
        )
    return None


def _is_local(endpoint: Endpoint | None) -> bool:
    """Whether a head itself serves it: on the same machine, or at a private address."""
    host = host_of(endpoint) if isinstance(endpoint, str) else None
    place = standing(host) if host is not None else None
    return place is not None and place.kind in (AddressKind.LOOPBACK, AddressKind.PRIVATE)


_AREAS = (
    (re.compile(r"eu(?:rope)?(?:[-.]|$)"), "eu"),
    (re.compile(r"us(?:[-.]|$)"), "us"),
    (re.compile(r"(?:ca|northamerica-northeast\d)(?:[-.]|$)"), "ca"),
    (re.compile(r"(?:sa|southamerica)(?:[-.]|$)"), "sa"),
    (re.compile(r"(?:ap|apac|asia)(?:[-.]|$)"), "ap"),
    (re.compile(r"cn(?:[-.]|$)"), "cn"),
    (re.compile(r"me(?:[-.]|$)"), "me"),
    (re.compile(r"af(?:rica)?(?:[-.]|$)"), "af"),
)
"""How the names of cloud regions begin: AWS and Bedrock's profiles, Google Cloud."""
_REGION_SETTINGS = ("aws_region_name", "vertex_location", "region_name")


def _region(
    provider: str, upstream: str, settings: Mapping[str, object], regions: tuple[str, ...]
) -> str | None:
    """The region of the fleet that a deployment runs in; None where it is unknown or ambiguous."""
    named = [str(settings[name]) for name in _REGION_SETTINGS if isinstance(settings.get(name), str)]
    if provider == "bedrock":
        named.append(upstream.rpartition("/")[2].partition(".")[0])
    found = {code for text in named if (code := _code(text.lower(), regions)) is not None}
    return found.pop() if len(found) == 1 else None


def _code(text: str, regions: tuple[str, ...]) -> str | None:
    if text in regions:
        return text
    area = next((area for pattern, area in _AREAS if pattern.match(text)), None)
    inside = [code for code in regions if code == area or code.startswith(f"{area}-")] if area else []
    return inside[0] if inside == [area] else None
