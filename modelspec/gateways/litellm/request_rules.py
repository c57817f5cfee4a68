"""What a model may add to requests with LiteLLM: `MS737`, with the parameters that are known to be harmless."""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Rule, Scope, rule
from modelspec.fleet.model import Fleet, Model
from modelspec.fleet.providers import ADDRESS_PARAM
from modelspec.gateways.litellm.upstream_rules import OPEN, deployments_of, place_in
from modelspec.secret import telling_key
from modelspec.secret.patterns import words
from modelspec.text.document import Place, Pointer
from modelspec.text.names import nearest
from modelspec.text.quote import quote


class RequestKind(Enum):
    """The kind of value of a parameter."""

    WHOLE = "a whole number, 0 or more"
    NUMBER = "a number"
    FLAG = "true or false"
    WORD = "a line of text without an address"
    WORDS = "a line of text, or a list of such"
    EFFORT = "a word, or a mapping"
    MAPPING = "a mapping"
    ITEMS = "a list of mappings"


_TABLE = {
    # OPENAI_CHAT_COMPLETION_PARAMS and OPENAI_EMBEDDING_PARAMS of its constants.py, less what other fields decide, what
    # only a client can know (messages, tools, stream), and what may hold an address.
    RequestKind.WHOLE: "max_tokens max_completion_tokens n seed top_logprobs dimensions",
    RequestKind.NUMBER: "temperature top_p presence_penalty frequency_penalty",
    RequestKind.FLAG: "logprobs parallel_tool_calls store",
    RequestKind.WORD: "user service_tier safety_identifier prompt_cache_retention verbosity encoding_format",
    RequestKind.WORDS: "stop modalities",
    RequestKind.EFFORT: "reasoning_effort",
    RequestKind.MAPPING: "response_format logit_bias audio thinking web_search_options extra_headers extra_body",
}
_MORE = {
    # Of single providers, by their parts of https://docs.litellm.ai/docs/providers; LiteLLM sends them as they are.
    RequestKind.WHOLE: "top_k min_tokens num_ctx num_predict num_keep repeat_last_n mirostat thinking_budget",
    RequestKind.NUMBER: "min_p top_a typical_p repetition_penalty repeat_penalty length_penalty mirostat_eta",
    RequestKind.FLAG: "enable_thinking include_reasoning think ignore_eos safe_prompt skip_special_tokens",
    RequestKind.WORD: "input_type truncate keep_alive quality size style voice language output_format background",
    RequestKind.MAPPING: "reasoning chat_template_kwargs output_config thinking_config guardrailConfig usage provider",
    RequestKind.ITEMS: "safety_settings",
}
_OWN = {
    # Of LiteLLM itself: what it does to a request before it sends it.
    RequestKind.FLAG: "drop_params merge_reasoning_content_in_choices use_chat_completions_api",
    RequestKind.WORDS: "additional_drop_params allowed_openai_params",
    RequestKind.ITEMS: "cache_control_injection_points",
}
_SENT = {name: kind for table in (_TABLE, _MORE) for kind, names in table.items() for name in names.split()}
REQUEST_PARAMS: Mapping[str, RequestKind] = MappingProxyType(
    {**_SENT, **{name: kind for kind, names in _OWN.items() for name in names.split()}}
)
"""By name. Of whatever else stands in `litellm_params`, LiteLLM takes much for its own, and sends the rest upstream."""

_DECIDED: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("api_base", "base_url"), "endpoint"),
        **dict.fromkeys(("model", "deployment_id"), "upstream_model"),
        "custom_llm_provider": "provider",
        **dict.fromkeys(("api_key", "token"), "api_key"),
        **dict.fromkeys(
            ("api_version", "organization", "timeout", "request_timeout", "stream_timeout", "max_retries"),
            "params",
        ),
        **dict.fromkeys(("rpm", "tpm", "weight", "order"), "a field of the deployment with that name"),
        **dict.fromkeys(("fallbacks", "models", "context_window_fallback_dict"), "fallback_models"),
        **dict.fromkeys(("base_model", "mode"), "model_info"),
        **dict.fromkeys(("headers", "default_headers"), "extra_headers"),
        "tags": "tags",
        "metadata": "metadata",
    }
)
"""Parameters that another field stands for."""

_NOWHERE = frozenset(["model", "models", "fallbacks", "headers", "default_headers"])
"""What even a mapping in a parameter must not decide."""
_HEADER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_OF_CONNECTIONS = words("""
    host connection content-length content-type content-encoding transfer-encoding te trailer upgrade expect via
    keep-alive accept-encoding forwarded x-request-id x-real-ip openai-organization
    """)
_HEADER_FAMILIES = (
    "proxy-",
    "sec-",
    "x-forwarded-",
    "x-amz-",
    "x-goog-",
    "x-ms-",
    "x-litellm-",
    "x-envoy-",
    "x-modelspec-",
)
_CREDENTIALS = words("""
    auth authorization authentication token tokens key keys apikey secret password passwd credential credentials
    cookie cookies session signature sig sas jwt bearer cert
    """)
_LONGEST = 1024
_WITH_ADDRESSES = ("response_format", "extra_headers")
"""JSON Schemas name their dialect, and `HTTP-Referer` is an address."""


@rule(
    "MS737",
    Severity.ERROR,
    Scope.MODEL,
    bad=OPEN + "request: {max_tokens: 4096, mock_response: Hello}\n",
    good=OPEN + "request: {max_tokens: 4096, temperature: 0.2}\n",
)
def requests_get_known_parameters(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A parameter in `request` is not one that LiteLLM may add to requests.

    LiteLLM gets `request` together with the connection of the model. A name there may invent answers, replace the
    endpoint, the model or the key, or send requests to a logging service; LiteLLM sends a name that it does not know
    upstream, in the body of each request. So only parameters of the known APIs are allowed, with values of their kind:
    no addresses, nothing that is named like a secret, and in `extra_headers` no header that carries credentials or that
    belongs to the connection.

    Delete the parameter, correct it, or write the field that stands for it.
    """
    for deployment in deployments_of(model, fleet):
        for pointer, message, advice in _faults(deployment.request):
            place = place_in(model, deployment, "request", *pointer)
            yield Finding(
                place=Place(path=place.path, pointer=place.pointer, on_key=isinstance(pointer[-1], str)),
                message=message,
                label="not for LiteLLM",
                help=advice,
            )


def fitting(name: str, value: object) -> bool:
    """Whether a parameter may be in `request`, as an importer asks."""
    return not any(True for _ in _faults({name: value}))


_Fault = tuple[Pointer, str, str]


def _faults(request: Mapping[str, object]) -> Iterator[_Fault]:
    for name, value in request.items():
        if name not in REQUEST_PARAMS:
            yield (name,), f"{quote(name)} is not a parameter that LiteLLM may add to requests", _advice(name)
        else:
            yield from _faults_of(name, value)


def _faults_of(name: str, value: object) -> Iterator[_Fault]:
    kind = REQUEST_PARAMS[name]
    if not _FITS[kind](value):
        yield (name,), f"{quote(name)} must be {kind.value}", f"write {kind.value}, or delete it"
    elif name == "extra_headers":
        assert isinstance(value, Mapping)
        for header, content in value.items():
            fault = _fault_of_header(header, content)
            if fault is not None:
                yield (name, header), *fault
    elif name == "extra_body":
        assert isinstance(value, Mapping)
        for inner, item in value.items():
            if inner not in _SENT or inner in ("extra_headers", "extra_body"):
                message = f"{quote(inner)} is not a parameter that LiteLLM may add to requests"
                yield (name, inner), message, _advice(inner)
            else:
                for pointer, message, advice in _faults_of(inner, item):
                    yield (name, *pointer), message, advice
    else:
        yield from _inner_faults((name,), value, with_addresses=name in _WITH_ADDRESSES)


def _advice(name: str) -> str:
    if name in _DECIDED:
        return f"write {_DECIDED[name]} instead"
    near = nearest(name, REQUEST_PARAMS)
    return (
        f"did you mean {quote(near)}?" if near else "delete it; docs/gateways-litellm.md lists the parameters"
    )


def _fault_of_header(name: str, value: object) -> tuple[str, str] | None:
    lower = name.lower()
    if not _HEADER.fullmatch(name):
        return f"{quote(name)} is not the name of a header", "write letters, digits and '-'"
    if not _CREDENTIALS.isdisjoint(re.split("[_-]", lower)) or telling_key(name):
        return (
            f"the header {quote(name)} carries credentials",
            "delete it, and write api_key for the upstream's key",
        )
    if lower in _OF_CONNECTIONS or lower.startswith(_HEADER_FAMILIES):
        return f"the header {quote(name)} belongs to the connection or to another field", "delete it"
    if (
        not isinstance(value, str)
        or not (value.isascii() and value.isprintable())
        or not 0 < len(value) <= _LONGEST
    ):
        kind = f"a line of at most {_LONGEST:,} printable ASCII characters"
        return f"the header {quote(name)} must be {kind}", f"write {kind}"
    if value.startswith("os.environ/"):
        return f"the header {quote(name)} would hold a variable of the gateway", "write the value itself"
    return None


def _inner_faults(pointer: Pointer, value: object, *, with_addresses: bool) -> Iterator[_Fault]:
    """Addresses and names of secrets in a value; a JSON Schema may describe some."""
    match value:
        case Mapping():
            for name, item in value.items():
                here = (*pointer, name)
                if not with_addresses and (
                    telling_key(name) or ADDRESS_PARAM.search(name) or name in _NOWHERE
                ):
                    yield (
                        here,
                        f"{quote(name)} is not a parameter that LiteLLM may add to requests",
                        _advice(name),
                    )
                else:
                    yield from _inner_faults(here, item, with_addresses=with_addresses)
        case list():
            for position, item in enumerate(value):
                yield from _inner_faults((*pointer, position), item, with_addresses=with_addresses)
        case str() if value.startswith("os.environ/") or ("://" in value and not with_addresses):
            name = quote(str(pointer[0]))
            yield pointer, f"{name} holds an address or a variable", "delete it: no parameter needs one"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value)


_FITS: Mapping[RequestKind, Callable[[Any], bool]] = {
    RequestKind.WHOLE: lambda value: _is_number(value) and value >= 0 and value % 1 == 0,
    RequestKind.NUMBER: _is_number,
    RequestKind.FLAG: lambda value: isinstance(value, bool),
    RequestKind.WORD: _is_word,
    RequestKind.WORDS: lambda value: (
        _is_word(value) or (isinstance(value, list) and bool(value) and all(map(_is_word, value)))
    ),
    RequestKind.EFFORT: lambda value: _is_word(value) or _is_mapping(value),
    RequestKind.MAPPING: _is_mapping,
    RequestKind.ITEMS: lambda value: isinstance(value, list) and bool(value) and all(map(_is_mapping, value)),
}


RULES: tuple[Rule, ...] = (requests_get_known_parameters,)
