"""One entry of `model_list` as a deployment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from modelspec.importing.draft import NoteKind, SourcePlace
from modelspec.importing.ledger import Ledger, place_of
from modelspec.importing.litellm.implied import ImpliedSettings, parted
from modelspec.importing.litellm.values import Value, Values, is_key, is_visible
from modelspec.importing.litellm.words import PROVIDERS, SAME_AS, guess, split
from modelspec.load.foreign import Foreign
from modelspec.text.quote import quote
from modelspec.url import Code, host_of, judge
from modelspec.url.address import AddressKind as Standing
from modelspec.url.host import standing

NUMBERS = ("rpm", "tpm", "order")


def numbers(params: Mapping[str, Foreign], owner: str, ledger: Ledger) -> dict[str, object]:
    """Limits and order of an entry; orders may begin at 0."""
    found: dict[str, object] = {}
    for name in NUMBERS:
        node = params.get(name)
        if node is None or node.value is None:
            continue
        value = node.value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, str) and value.isdecimal():
            value = int(value[:18])
        if isinstance(value, int) and not isinstance(value, bool) and value >= (name != "order"):
            ledger.carried(node)
            found[name] = value
        else:
            ledger.tell(NoteKind.LOST, node, f"{name} of {quote(owner)}", "not a whole number, or too small")
    return found


def weight(params: Mapping[str, Foreign], owner: str, ledger: Ledger) -> float | None:
    """The weight of an entry as LiteLLM has it."""
    node = params.get("weight")
    if node is None or node.value is None:
        return None
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        ledger.tell(NoteKind.LOST, node, f"weight of {quote(owner)}", "not a number of 0 or more")
        return None
    ledger.carried(node)
    return float(value)


def is_local(endpoint: object) -> bool:
    """Whether a head would run it: at the machine itself, or a private address."""
    if not isinstance(endpoint, str):
        return False
    host = host_of(endpoint)
    place = standing(host) if host is not None else None
    return place is not None and place.kind in (Standing.LOOPBACK, Standing.PRIVATE)


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
"""How the clouds begin the names of their regions: AWS and Bedrock's profiles, Google Cloud."""
_SETTINGS = ("aws_region_name", "vertex_location", "region_name")


def region_of(
    provider: str, upstream: str, settings: Mapping[str, object], regions: tuple[str, ...]
) -> str | None:
    """The region of the fleet that a deployment runs in; None where none, or more than one, could be meant."""
    told = [str(settings[name]) for name in _SETTINGS if isinstance(settings.get(name), str)]
    if provider == "bedrock":
        told.append(upstream.rpartition("/")[2].partition(".")[0])
    found = {code for text in told if (code := _code(text.lower(), regions)) is not None}
    return found.pop() if len(found) == 1 else None


def _code(text: str, regions: tuple[str, ...]) -> str | None:
    if text in regions:
        return text
    area = next((area for pattern, area in _AREAS if pattern.match(text)), None)
    inside = [code for code in regions if code == area or code.startswith(f"{area}-")] if area else []
    return inside[0] if inside == [area] else None


_ENDPOINTS = ("api_base", "base_url")
_GIVEN = frozenset(
    {"model", "custom_llm_provider", "api_key", "litellm_credential_name", "weight", *NUMBERS, *_ENDPOINTS}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedUpstream:
    """A deployment: `fields` as in a model file; `weight` as LiteLLM has it. `places` lead from names of fields.

    `rest` are connection settings that modelspec's LiteLLM target does not hand on.
    """

    fields: Mapping[str, object]
    places: Mapping[str, SourcePlace]
    weight: float | None
    is_local: bool
    node: Foreign
    rest: Mapping[str, object]


class UpstreamReader:
    """Reads entries; `credentials` are the mappings of `credential_list` by their names."""

    def __init__(
        self,
        ledger: Ledger,
        values: Values,
        credentials: Mapping[str, Foreign],
        regions: tuple[str, ...],
        *,
        for_litellm: bool,
    ) -> None:
        self._ledger = ledger
        self._values = values
        self._credentials = credentials
        self._regions = regions
        self._for_litellm = for_litellm

    def upstream(self, entry: Foreign, owner: str) -> ImportedUpstream | None:
        """The deployment of an entry; None, and a note, where it names no model."""
        own = entry.entries.get("litellm_params")
        params = {**self._shared(own, owner), **(own.entries if own is not None else {})}
        model = params.get("model")
        if model is None or not isinstance(model.value, str) or not model.value.strip():
            told = "litellm_params has no model: not carried"
            self._ledger.tell(NoteKind.SUSPICIOUS, entry, f"the model {quote(owner)}", told)
            return None
        if is_key(model.value):
            told = "its upstream's name is a key: rotate it; not carried"
            self._ledger.tell(NoteKind.SECRET, entry, f"the model {quote(owner)}", told)
            return None
        self._ledger.carried(model)
        endpoint, where = self._endpoint(params, owner)
        provider, name = self._provider(model, params, endpoint, owner)
        settings = self._settings(params, provider, owner)
        implied = ImpliedSettings(
            ledger=self._ledger,
            values=self._values,
            params=params,
            owner=owner,
            for_litellm=self._for_litellm,
        )
        implied.cloud_settings(provider, name, settings)
        endpoint, provider = implied.endpoint(endpoint, provider, settings)
        key = implied.key(provider, endpoint, settings)
        region = region_of(provider, name, settings, self._regions)
        if region is not None and settings.get("region_name") == region:
            del settings["region_name"]
        settings, rest = self._parted(provider, settings, params, owner)
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
        if region is not None:
            fields["region"] = region
        fields.update(numbers(params, owner, self._ledger))
        return ImportedUpstream(
            fields=fields,
            places=places,
            weight=weight(params, owner, self._ledger),
            is_local=is_local(endpoint),
            node=entry,
            rest=rest,
        )

    def _parted(
        self, provider: str, settings: dict[str, Value], params: Mapping[str, Foreign], owner: str
    ) -> tuple[dict[str, Value], dict[str, object]]:
        """The settings that are handed on, and the others as a record without effect."""
        if not self._for_litellm:
            return settings, {}
        handed, others = parted(provider, settings)
        rest: dict[str, object] = {}
        for name, value in others.items():
            is_literal = not isinstance(value, dict)
            if is_literal:
                rest[name] = value
            if name in params:
                self._ledger.remark_node(
                    NoteKind.LOST,
                    params[name],
                    f"{quote(name)} of {quote(owner)}",
                    "modelspec's LiteLLM target does not hand it on"
                    + (": kept in metadata.litellm_params, without effect" if is_literal else ""),
                )
        return handed, rest

    def _shared(self, own: Foreign | None, owner: str) -> Mapping[str, Foreign]:
        """The values of the credential that an entry names; its own stand before them."""
        named = own.entries.get("litellm_credential_name") if own is not None else None
        if named is None or not isinstance(named.value, str):
            return {}
        credential = self._credentials.get(named.value)
        if credential is None:
            self._ledger.tell(
                NoteKind.SUSPICIOUS,
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
                    NoteKind.LOST, other, f"base_url of {quote(owner)}", "api_base says the same and counts"
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
                    NoteKind.LOST,
                    given,
                    f"custom_llm_provider of {quote(owner)}",
                    "no provider has that name",
                )
            word, name = prefix, rest
        else:
            if given is not None:
                self._ledger.tell(
                    NoteKind.LOST,
                    given,
                    f"custom_llm_provider of {quote(owner)}",
                    "no provider has that name",
                )
            found = guess(name, host_of(endpoint) if isinstance(endpoint, str) else None)
            word = found or "openai"
            kind = NoteKind.CHANGED if found else NoteKind.SUSPICIOUS
            why = "its name has no provider before a '/'; taken as "
            self._ledger.remark_node(
                kind,
                model,
                f"the provider of {quote(owner)}",
                f"{why}{word}" + ("" if found else ", though LiteLLM would not know what to do with it"),
            )
        return SAME_AS.get(word, word), name

    def _settings(self, params: Mapping[str, Foreign], provider: str, owner: str) -> dict[str, Value]:
        settings: dict[str, Value] = {}
        for setting, node in params.items():
            if setting in _GIVEN or not setting:
                continue
            if is_key(setting) or not is_visible(setting):
                self._ledger.tell(
                    NoteKind.SECRET,
                    node,
                    f"a setting of {quote(owner)}",
                    "its name is a key: rotate it; not carried",
                )
                continue
            if provider == "vertex_ai" and setting == "vertex_credentials":
                continue
            value = self._values.setting(node, setting, owner)
            if value is not None:
                settings[setting] = value
        return settings
