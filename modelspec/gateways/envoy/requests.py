"""What may be asked of an edge: its paths, where the name of the model is, and the answers of the edge itself.

Only paths of this table reach a head, as they stand here; what lies below a path is answered by the edge.
The scripts stand beside this file; `scan.lua` and `form.lua` find the name and know nothing of Envoy.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from modelspec.emit.artifact import encode
from modelspec.gateways import program_text
from modelspec.gateways.envoy.api import (
    BUFFER,
    CEL_FILTER,
    EARLY_HEADER_MUTATION,
    HEALTH_CHECK,
    LUA,
    RBAC,
    Message,
    Options,
    extension,
)
from modelspec.routing.table import Route

MODEL_HEADER = "x-model"
"""Set by the edge alone, and removed before the request reaches a head."""
NO_MODEL = "-"
"""In the header until the name is known, for the routes to refuse: no name begins with a hyphen."""
MODELS = "-models"
"""In the header if the request asks for the models of the edge."""
ANSWERS = "modelspec.models"
"""The filter that answers with the models of the edge, and the namespace of its metadata at the route."""
HEALTH = "/healthz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Paths that are asked in one way. `kind` is where their model is; `below` are prefixes, kept from heads."""

    kind: str
    methods: tuple[str, ...]
    paths: tuple[str, ...]
    below: tuple[str, ...] = ()


def _twice(*paths: str) -> tuple[str, ...]:
    """With `/v1` and without: LiteLLM serves both, and its users give clients the address without it."""
    return tuple(f"{start}{path}" for path in paths for start in ("/v1", ""))


WAYS = (
    # https://platform.openai.com/docs/api-reference, and /rerank: https://docs.litellm.ai/docs/rerank
    Ways(
        kind="json",
        methods=("POST",),
        paths=_twice(
            "/chat/completions",
            "/completions",
            "/embeddings",
            "/responses",
            "/responses/compact",
            "/responses/input_tokens",
            "/moderations",
            "/images/generations",
            "/audio/speech",
            "/rerank",
        ),
    ),
    # https://docs.anthropic.com/en/api/messages and /messages-count-tokens; https://docs.cohere.com/reference/rerank
    Ways(kind="json", methods=("POST",), paths=("/v1/messages", "/v1/messages/count_tokens", "/v2/rerank")),
    # https://platform.openai.com/docs/api-reference/audio and /images
    Ways(
        kind="form",
        methods=("POST",),
        paths=_twice("/audio/transcriptions", "/audio/translations", "/images/edits", "/images/variations"),
    ),
    # https://platform.openai.com/docs/guides/realtime-websocket
    Ways(kind="realtime", methods=("GET",), paths=_twice("/realtime")),
    # https://platform.openai.com/docs/api-reference/models and https://docs.anthropic.com/en/api/models-list
    Ways(kind="models", methods=("GET",), paths=_twice("/models"), below=_twice("/models/")),
    # What a head or its upstream keeps: an id does not say where it was made.
    Ways(
        kind="made",
        methods=("GET", "POST", "DELETE"),
        paths=_twice("/files", "/batches"),
        below=("/v1/messages/batches", *_twice("/responses/", "/files/", "/batches/")),
    ),
)
"""Every path of the edge but `/healthz`, with the sources of what clients ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeError:
    """An error of the edge in the format of OpenAI: https://platform.openai.com/docs/guides/error-codes."""

    status: int
    message: str
    kind: str = "invalid_request_error"
    param: str | None = None


REFUSALS: Mapping[str, EdgeError] = {
    "model_required": EdgeError(
        status=400,
        message="This request names no model: it stands in 'model', at the top of a JSON body, in a field of a form, "
        "or in the query of a WebSocket.",
        param="model",
    ),
    "model_invalid": EdgeError(
        status=400,
        message="'model' must be text of 1 to 4,096 bytes without ',', '#' and control characters that does not begin "
        "with a hyphen, and neither begins nor ends with a space.",
        param="model",
    ),
    "model_ambiguous": EdgeError(
        status=400,
        message="This request may name two models: 'model' must stand once, in one place, and 'Model', 'fallbacks', "
        "'extra_body', 'custom_llm_provider' and the like must not stand beside it.",
        param="model",
    ),
    "model_unknown": EdgeError(
        status=400,
        message="This edge chooses a head by the model, and this id does not say at which head it was made: "
        "ask that head itself.",
    ),
    "invalid_json": EdgeError(
        status=400,
        message="The body is not one JSON object of at most 1,024 fields that is nested at most 256 deep.",
    ),
    "invalid_form": EdgeError(
        status=400,
        message="The body is not a form as RFC 7578 describes it: multipart/form-data with a boundary, and a name for "
        "each part.",
    ),
    "invalid_page": EdgeError(
        status=400,
        message="'limit' must be from 1 to 1000, and 'after_id' and 'before_id' ids of this list.",
    ),
    "upgrade_required": EdgeError(
        status=426, message="This path is a WebSocket: connect to it with 'upgrade: websocket'."
    ),
    "upgrade_not_offered": EdgeError(status=400, message="This path is not a WebSocket."),
    "model_not_found": EdgeError(status=404, message="This model does not exist.", param="model"),
    "unsupported_media_type": EdgeError(
        status=415,
        message="The edge reads application/json, and multipart/form-data where files are sent, uncompressed.",
    ),
}
"""The refusals of the scripts by their code, which is in the dynamic metadata `modelspec:refusal`."""

_NO_PATH = EdgeError(status=404, message="This edge does not serve this path.")
_NO_METHOD = EdgeError(
    status=405,
    message="This path does not take this method; a page of another site may not call it either (CORS).",
)
_RBAC = "envoy.filters.http.rbac"
_DENIAL = "rbac_access_denied_matched_policy"
"""What Envoy says of a request that RBAC refuses, with the policy in brackets."""


def nameless() -> Message:
    """Take what a client sent for the name, before anything reads it: a later filter would leave the route as it was.

    A script that fails leaves it so, and the routes refuse.
    """
    none = {
        "header": {"key": MODEL_HEADER, "value": NO_MODEL},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }
    name = "envoy.http.early_header_mutation.header_mutation"
    return extension(name, EARLY_HEADER_MUTATION, {"mutations": [{"append": none}]})


def admission(options: Options) -> Iterator[Message]:
    """The edge's own health, and the allow-list of methods and paths."""
    health = {"name": ":path", "string_match": {"exact": HEALTH}}
    yield extension(
        "envoy.filters.http.health_check", HEALTH_CHECK, {"pass_through_mode": False, "headers": [health]}
    )
    methods = {
        _named(methods): _policy({"not_rule": _of_methods(methods)}, _of_paths(ways))
        for methods, ways in _by_methods(options).items()
    }
    yield extension(_RBAC, RBAC, {"rules": {"action": "DENY", "policies": methods}})
    paths = {"paths": _policy(*(_of_paths(ways) for ways in _by_methods(options).values()), kind="or_rules")}
    yield extension(_RBAC, RBAC, {"rules": {"action": "ALLOW", "policies": paths}})


def naming(options: Options, *, upgrade: bool) -> Iterator[Message]:
    """Set `x-model` from where the name is.

    The body of a request is held until it is read; an `upgrade` has none that ends.
    """
    if not upgrade:
        limit = {"max_request_bytes": options.max_body_bytes}
        yield extension("envoy.filters.http.buffer", BUFFER, limit)
    kinds = {path: one.kind for one in _ways(options) for path in one.paths}
    yield _lua("modelspec.requests", _table("PATHS", kinds), "query", "scan", "form", "requests")


def answers(*, enforced: bool) -> Message:
    """The filter that answers with the models; `enforced`, where clients are authenticated before."""
    return _lua(ANSWERS, f"local ENFORCED = {str(enforced).lower()}\n", "query", "models")


def names(rows: Iterable[tuple[str, str, Route]], *, by_region: bool) -> Message:
    """For the metadata of the route of the models: names with the model that each stands for, and its route."""
    lines = [
        f"{name}\t{model}\t{_callers(route, by_region=by_region)}\t{encode(route.about.name or model)}\n"
        for name, model, route in rows
    ]
    return {ANSWERS: {"names": "\n" + "".join(lines)}}


_UNIT, _RECORD = "\x1f", "\x1e"
"""Between groups, and before regions: names may hold commas, and the reader of files admits no control characters."""


def _callers(route: Route, *, by_region: bool) -> str:
    """Who may call a model; groups that would break a line are left out, and so the model is listed for fewer.

    With `by_region`, the regions of clients stand behind it, if they are limited.
    """
    who = route.visibility
    if who == "private":
        groups = (group for group in route.groups if group.isprintable())
        who = _UNIT + "".join(f"{group}{_UNIT}" for group in groups)
    regions = route.client_regions if by_region else None
    return who if regions is None else f"{who}{_RECORD}{_UNIT.join(('', *regions, ''))}"


def mappers(options: Options) -> Iterator[Message]:
    """Bodies of the refusals, to stand before those by status alone."""
    for methods in _by_methods(options):
        wrong = by_details(f"{_DENIAL}[{_named(methods)}]")
        allow = {"header": {"key": "allow", "value": ", ".join(methods)}}
        yield {**error_body(wrong, "method_not_allowed", _NO_METHOD), "headers_to_add": [allow]}
    yield error_body(by_details(f"{_DENIAL}[none]"), "path_not_found", _NO_PATH)
    yield error_body(by_details("upgrade_failed"), "upgrade_not_offered", REFUSALS["upgrade_not_offered"])
    for code, answer in REFUSALS.items():
        yield error_body(by_metadata("modelspec", "refusal", code), code, answer)


def _ways(options: Options) -> tuple[Ways, ...]:
    return (*WAYS, Ways(kind="json", methods=("POST",), paths=options.paths))


def _by_methods(options: Options) -> Mapping[tuple[str, ...], Ways]:
    """The paths that take the same methods; a path that stands in the table twice takes those of both."""
    found: dict[tuple[str, ...], Ways] = {}
    for one in _ways(options):
        known = found.get(one.methods)
        found[one.methods] = (
            one
            if known is None
            else replace(known, paths=(*known.paths, *one.paths), below=(*known.below, *one.below))
        )
    return found


def _named(methods: Sequence[str]) -> str:
    """The name of a policy, which has no spaces where Envoy notes it."""
    return "+".join(methods)


def _policy(*rules: Message, kind: str = "and_rules") -> Message:
    """What everybody may do, or may not."""
    return {"permissions": [{kind: {"rules": [*rules]}}], "principals": [{"any": True}]}


def _of_methods(methods: Sequence[str]) -> Message:
    rules = [{"header": {"name": ":method", "string_match": {"exact": method}}} for method in methods]
    return {"or_rules": {"rules": rules}}


def _of_paths(ways: Ways) -> Message:
    paths = [{"exact": path} for path in ways.paths] + [{"prefix": start} for start in ways.below]
    return {"or_rules": {"rules": [{"url_path": {"path": path}} for path in paths]}}


def by_metadata(namespace: str, key: str, value: str) -> Message:
    """A filter of answers by what a script has noted."""
    matcher = {"filter": namespace, "path": [{"key": key}], "value": {"string_match": {"exact": value}}}
    return {"metadata_filter": {"matcher": matcher, "match_if_key_not_found": False}}


def by_details(text: str) -> Message:
    """A filter of answers by what Envoy notes of them: RBAC writes metadata only after it has answered."""
    details = {"expression": f"response.code_details == '{text}'"}
    return {"extension_filter": extension("cel", CEL_FILTER, details)}


def error_body(matched: Message, code: str, answer: EdgeError) -> Message:
    """The body of the answers that match."""
    error = {"message": answer.message, "type": answer.kind, "param": answer.param, "code": code}
    return {
        "filter": matched,
        "status_code": answer.status,
        "body_format_override": {"json_format": {"error": error}},
    }


def _lua(name: str, constants: str, *scripts: str) -> Message:
    """A filter of the scripts, with what they share above them."""
    statuses = _table("STATUS", {code: str(answer.status) for code, answer in REFUSALS.items()})
    texts = [program_text(__package__, f"{script}.lua") for script in scripts]
    return extension(
        name, LUA, {"default_source_code": {"inline_string": statuses + constants + "".join(texts)}}
    )


def _table(name: str, entries: Mapping[str, str]) -> str:
    """A table of Lua; keys and values need no escapes."""
    rows = ", ".join(f'["{key}"] = "{value}"' for key, value in entries.items())
    return f"local {name} = {{ {rows} }}\n"
