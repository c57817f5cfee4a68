"""The listener of an edge: it reads the name of the model from the body, and writes the responses of the edge."""

from collections.abc import Iterator

from modelspec.gateways.envoy.api import (
    CONNECTION_MANAGER,
    HEADER_MUTATION,
    JSON_TO_METADATA,
    LISTENER,
    ROUTER,
    Message,
    Options,
    extension,
    seconds,
    typed,
)
from modelspec.gateways.envoy.observe import access_log
from modelspec.gateways.envoy.routes import MODEL_HEADER, NO_MODEL

_NAMESPACE = "modelspec"
_KEY = "model"

_ERRORS: dict[int, tuple[str, str, str]] = {
    400: (
        "This request names no model: the edge reads 'model' from a JSON body sent as application/json.",
        "invalid_request_error",
        "model_required",
    ),
    403: (
        "This model is not available in the region of this edge.",
        "permission_error",
        "model_not_offered_here",
    ),
    404: ("This model does not exist.", "invalid_request_error", "model_not_found"),
    413: ("The body of this request is too large.", "invalid_request_error", "request_too_large"),
    503: ("No head is currently available for this model.", "server_error", "no_head_available"),
    504: ("The head did not answer in time.", "server_error", "timeout"),
}
"""Message, type and code by status, like the errors of OpenAI: https://platform.openai.com/docs/guides/error-codes."""


def listener(edge_id: str, region: str | None, routes: Message, options: Options) -> Message:
    """The listener; `routes` is the field of the connection manager with the routes or their source."""
    manager = {
        "stat_prefix": "edge",
        "access_log": access_log(edge_id, region, options),
        "use_remote_address": True,
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "request_headers_timeout": "10s",
        "stream_idle_timeout": seconds(options.request_timeout_ms),
        **routes,
        "http_filters": [*_filters()],
        "local_reply_config": {"mappers": [_error(status, *words) for status, words in _ERRORS.items()]},
    }
    return typed(
        LISTENER,
        {
            "name": "edge",
            "address": {"socket_address": {"address": options.address, "port_value": options.port}},
            "per_connection_buffer_limit_bytes": options.per_connection_buffer_limit_bytes,
            "filter_chains": [
                {
                    "filters": [
                        extension(
                            "envoy.filters.network.http_connection_manager", CONNECTION_MANAGER, manager
                        )
                    ]
                }
            ],
        },
    )


def _filters() -> Iterator[Message]:
    """What a request passes, in this order: no body is read before the client is known."""
    # 1. the edge's own health, 2. the allow-list of paths
    # 3. authentication
    # 4. where the name of the model is
    yield _json_to_metadata()
    yield _header_mutation()
    # 5. authorization by the route, 6. rate limits, 7. answers of the edge itself
    yield extension("envoy.filters.http.router", ROUTER)


def _json_to_metadata() -> Message:
    place = {"metadata_namespace": _NAMESPACE, "key": _KEY}
    nothing = {**place, "value": NO_MODEL}
    rule = {
        "selectors": [{"key": "model"}],
        "on_present": {**place, "type": "STRING"},
        "on_missing": nothing,
        "on_error": nothing,
    }
    return extension(
        "envoy.filters.http.json_to_metadata",
        JSON_TO_METADATA,
        {
            "request_rules": {
                "rules": [rule],
                "allow_content_types_regex": {"regex": r"(?i)application/([a-z0-9.+-]+\+)?json\s*(;.*)?"},
            }
        },
    )


def _header_mutation() -> Message:
    """Overwrite the header; remove the client's first, because without a model nothing would replace it."""
    value = f"%DYNAMIC_METADATA({_NAMESPACE}:{_KEY})%"
    written = {
        "header": {"key": MODEL_HEADER, "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }
    return extension(
        "envoy.filters.http.header_mutation",
        HEADER_MUTATION,
        {"mutations": {"request_mutations": [{"remove": MODEL_HEADER}, {"append": written}]}},
    )


def _error(status: int, message: str, kind: str, code: str) -> Message:
    body = {"error": {"message": message, "type": kind, "param": "model", "code": code}}
    return {
        "filter": {
            "status_code_filter": {
                "comparison": {
                    "op": "EQ",
                    "value": {"default_value": status, "runtime_key": f"edge.{status}"},
                }
            }
        },
        "body_format_override": {"json_format": body},
    }
