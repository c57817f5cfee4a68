"""The listener of an edge: it reads the name of the model from the body, and writes the responses of the edge."""

from collections.abc import Iterator

from modelspec.gateways.envoy.api import (
    CONNECTION_MANAGER,
    HEADER_MUTATION,
    LISTENER,
    ROUTER,
    Message,
    Options,
    extension,
    seconds,
    typed,
)
from modelspec.gateways.envoy.authentication import AccessFilters, refusals
from modelspec.gateways.envoy.observe import access_log, counters
from modelspec.gateways.envoy.requests import admission, answers, mappers, nameless, naming
from modelspec.gateways.envoy.tls import transport

_CONNECTION_BYTES = 1024 * 1024
"""What a connection buffers of responses that its client does not read; bodies of requests have their own limit."""

_REQUEST_TIME = "300s"
"""From the first byte of a request to its last: 16 MiB at 56 KiB a second. `stream_idle_timeout` begins anew with each
byte, so that a client without it holds a body for as long as it likes. It ends with the response of a WebSocket."""

_ERRORS: dict[int, tuple[str, str, str]] = {
    400: ("This is not a request of HTTP that the edge understands.", "invalid_request_error", "bad_request"),
    403: (
        "This model is not available in the region of this edge.",
        "permission_error",
        "model_not_offered_here",
    ),
    404: ("This model does not exist.", "invalid_request_error", "model_not_found"),
    429: (
        "This API key has sent this model too many requests; 'retry-after' says in how many seconds to try again.",
        "requests",
        "rate_limit_exceeded",
    ),
    408: ("This request took too long to arrive.", "invalid_request_error", "request_timeout"),
    413: ("The body of this request is too large.", "invalid_request_error", "request_too_large"),
    500: ("The edge could not read this request.", "server_error", "edge_error"),
    503: ("No head is currently available for this model.", "server_error", "no_head_available"),
    504: ("The head did not answer in time.", "server_error", "timeout"),
}
"""Message, type and code by status, like the errors of OpenAI: https://platform.openai.com/docs/guides/error-codes."""


def listener(
    edge_id: str, region: str | None, routes: Message, options: Options, access: AccessFilters
) -> Message:
    """The listener; `routes` is the field of the connection manager with the routes or their source."""
    manager = {
        "stat_prefix": "edge",
        "access_log": [*access_log(edge_id, region, options), *counters()],
        "use_remote_address": True,
        # To a head that takes `_` and `-` for one, such a header would be one that the edge sets.
        "common_http_protocol_options": {"headers_with_underscores_action": "DROP_HEADER"},
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "early_header_mutation_extensions": [nameless()],
        "request_headers_timeout": "10s",
        "request_timeout": _REQUEST_TIME,
        "stream_idle_timeout": seconds(options.stream_idle_timeout_ms),
        **routes,
        "http_filters": [*_filters(options, access)],
        "upgrade_configs": [
            {"upgrade_type": "websocket", "filters": [*_filters(options, access, upgrade=True)]}
        ],
        "local_reply_config": {
            "mappers": [
                *refusals(),
                *mappers(options),
                *(_error(status, *words) for status, words in _ERRORS.items()),
            ]
        },
    }
    return typed(
        LISTENER,
        {
            "name": "edge",
            "address": {"socket_address": {"address": options.address, "port_value": options.port}},
            "per_connection_buffer_limit_bytes": _CONNECTION_BYTES,
            "filter_chains": [
                {
                    "filters": [
                        extension(
                            "envoy.filters.network.http_connection_manager", CONNECTION_MANAGER, manager
                        )
                    ],
                    **transport(options),
                }
            ],
        },
    )


def _filters(options: Options, access: AccessFilters, *, upgrade: bool = False) -> Iterator[Message]:
    """What a request passes, in this order: no body is read before the client is known."""
    # 1. the edge's own health, 2. the allow-list of paths
    yield from admission(options)
    # 3. authentication
    yield from access.of_client
    # 4. where the name of the model is
    yield from naming(options, upgrade=upgrade)
    # 5. authorization by the route
    yield from access.of_model
    # 6. rate limits
    yield _discreet()
    # 7. answers of the edge itself, and the heads'
    yield answers(enforced=access.is_on)
    yield extension("envoy.filters.http.router", ROUTER)


def _discreet() -> Message:
    """What LiteLLM says of its upstreams in headers, their addresses among it, stays behind the edge."""
    remove = [
        {"remove": "x-litellm-model-api-base"},
        {"remove_on_match": {"key_matcher": {"prefix": "llm_provider-", "ignore_case": True}}},
    ]
    return extension(
        "envoy.filters.http.header_mutation", HEADER_MUTATION, {"mutations": {"response_mutations": remove}}
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
