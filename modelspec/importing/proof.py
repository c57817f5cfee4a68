"""A proof: how the requests of two configurations differ, and how bad that is."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from modelspec.secret import telling_key
from modelspec.text.source import Spot

_KEY_HEADERS = frozenset(
    {"authorization", "api-key", "x-api-key", "x-goog-api-key", "ocp-apim-subscription-key"}
)


_FORM = frozenset(
    (
        "accept",
        "content-type",
        "contents",
        "images",
        "input",
        "inputs",
        "inferenceConfig",
        "messages",
        "prompt",
    )
) | {"stream", "text", "texts"}
"""What differs with the kind of the request, which the URL tells."""


_OLLAMA = ("/api/generate", "/api/chat")
"""Both answer a chat, and `ollama/` and `ollama_chat/` are LiteLLM's words for them."""
_LONGEST = 80


class ProofRank(StrEnum):
    """How bad a difference is, the worst first."""

    BREAKS = "will break"
    ELSEWHERE = "goes elsewhere"
    BEHAVES = "behaves differently"
    ABSENT = "will not be there"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ProvenDifference:
    """One difference; `what` holds no name of a model, so that equal ones of many models are one line."""

    rank: ProofRank
    what: str
    spot: Spot
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Two configurations compared.

    `deployments` are those of the original, of which `equal` send the same bytes and get the same share; for `silent`
    ones, LiteLLM sends nothing on either side, so nothing is proven; of `differing` ones, differences are known.
    """

    source: str
    deployments: int = 0
    equal: int = 0
    silent: int = 0
    differing: int = 0
    differences: Sequence[ProvenDifference] = ()

    @property
    def is_safe(self) -> bool:
        """Whether nothing breaks or goes elsewhere."""
        return not any(one.rank in (ProofRank.BREAKS, ProofRank.ELSEWHERE) for one in self.differences)


def in_order(one: ProvenDifference) -> tuple[object, ...]:
    """The worst first, equal ones together."""
    return [*ProofRank].index(one.rank), one.what, one.spot, one.name


def distance(one: Mapping[str, Any], other: Mapping[str, Any]) -> int:
    """In how many ways two outcomes differ."""
    return len([*differing(one, other)])


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[ProofRank, str]]:
    """How two outcomes of a deployment differ: requests, answers without one, errors before one."""
    if "sent" not in other:
        if "sent" in one or "answered" in one:
            reason = other.get("failed", "LiteLLM answers itself")
            yield ProofRank.BREAKS, f"no request leaves: {reason}"
    elif "answered" in one:
        yield ProofRank.ELSEWHERE, "a request leaves where LiteLLM answered itself"
    elif "sent" not in one:
        yield ProofRank.BEHAVES, f"a request leaves where LiteLLM refused: {one['failed']}"
    else:
        found = [*_differing_requests(one["sent"], other["sent"])]
        yield from found or [(ProofRank.BEHAVES, "the same key in another form")]


def _differing_requests(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[ProofRank, str]]:
    (url, query), (new, new_query) = (_divided(side["url"]) for side in (one, other))
    if (one["method"], url) != (other["method"], new):
        is_same_server = url.removesuffix(_OLLAMA[0]) == new.removesuffix(_OLLAMA[1]) != url
        yield ProofRank.BEHAVES if is_same_server else ProofRank.ELSEWHERE, f"URL: {url} → {new}"
    if query != new_query:
        yield ProofRank.BEHAVES, f"query of the URL: {query or 'none'} → {new_query or 'none'}"
    is_other_form = (one["method"], url.rpartition("/")[2]) != (other["method"], new.rpartition("/")[2])
    for name in sorted(one["headers"].keys() | other["headers"].keys()):
        value, changed = one["headers"].get(name), other["headers"].get(name)
        if value == changed or (is_other_form and name in _FORM):
            continue
        if name in _KEY_HEADERS or telling_key(name):
            yield from _differing_keys(value, changed)
        else:
            yield ProofRank.BEHAVES, f"header {name}: {short(value)} → {short(changed)}"
    if one["timeout"] != other["timeout"] and not is_other_form:
        yield ProofRank.BEHAVES, f"timeout: {one['timeout']} → {other['timeout']}"
    for name in sorted(one["body"].keys() | other["body"].keys()):
        value, changed = one["body"].get(name), other["body"].get(name)
        if value != changed and not (is_other_form and name in _FORM):
            rank = ProofRank.ELSEWHERE if name in ("model", "modelId") else ProofRank.BEHAVES
            yield rank, f"{name}: {short(value)} → {short(changed)}"


def _divided(url: str) -> tuple[str, str]:
    before, _, query = url.partition("?")
    return before, query


def _differing_keys(value: str | None, changed: str | None) -> Iterator[tuple[ProofRank, str]]:
    """Every real key is a stand-in, so a header without one has a placeholder."""
    had, has = _keys_in(value), _keys_in(changed)
    if had and not has:
        yield ProofRank.BREAKS, f"no key is sent in place of {had}"
    elif has and value is not None and not had:
        yield ProofRank.BEHAVES, f"a key is sent where a placeholder was: {has}"
    elif has != had:
        yield ProofRank.ELSEWHERE, f"another key: {had or 'none'} → {has}"


def _keys_in(value: str | None) -> str:
    return " ".join(dict.fromkeys(re.findall(r"\$\w+|literal key [0-9]+", value or "")))


def comparable(outcome: Mapping[str, Any]) -> Mapping[str, Any]:
    """An outcome without the placeholders of keys: servers that need no key ignore them."""
    if "sent" not in outcome:
        return outcome if "answered" in outcome else {"failed": True}
    sent = outcome["sent"]
    headers = {
        name: value
        for name, value in sent["headers"].items()
        if _keys_in(value) or not (name in _KEY_HEADERS or telling_key(name))
    }
    return {"sent": {**sent, "headers": headers}}


_NUMBER = re.compile("-?[0-9.]+")


def short(value: object) -> str:
    """A value as it is shown."""
    text = (
        "nothing"
        if value is None
        else value
        if isinstance(value, str) and not _NUMBER.fullmatch(value)
        else json.dumps(value, ensure_ascii=False)
    )
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
