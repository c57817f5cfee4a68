"""What an operator reads of an edge: a line for every request.

Each field of a line is one operator of Envoy, so that numbers stay numbers and what is unknown is null:
https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/observability/access_log/usage. No operator reads a header of
the client, the query, an address or a body.
"""

from collections.abc import Mapping

from modelspec.gateways import log
from modelspec.gateways.envoy.api import (
    FILE_LOG,
    STDERR_LOG,
    STDOUT_LOG,
    Message,
    Options,
    extension,
)

NAMESPACE = "modelspec"
"""Metadata of routes and virtual hosts, and dynamic metadata of a request: `model` in it is the name as it was sent."""
ACCESS = "modelspec.access"
"""Dynamic metadata of a request about its client: `key_id`, `groups`."""
HEAD_METADATA = "envoy.transport_socket_match"
"""Metadata of an endpoint: `head` in it is the id, which also chooses the transport socket."""
_MOST_OF_A_NAME = 128
_STREAMS = {"/dev/stdout": STDOUT_LOG, "/dev/stderr": STDERR_LOG}
"""Opened by their path, these fail where they are sockets, as under systemd."""


def about(facts: Mapping[str, object]) -> Message:
    """Metadata of a route or virtual host, as it is read by `%METADATA(ROUTE:modelspec:NAME)%`."""
    return {"filter_metadata": {NAMESPACE: dict(facts)}}


def access_log(edge_id: str, region: str | None, options: Options) -> list[Message]:
    """The logger that writes lines, unless the log is off."""
    path = options.access_log["path"]
    if path == "off":
        return []
    name, kind = "envoy.access_loggers.file", FILE_LOG
    place = {"path": path}
    if path in _STREAMS:
        name, kind, place = f"envoy.access_loggers.{path.rpartition('/')[2]}", _STREAMS[path], {}
    line = {"log_format": {"json_format": _line(edge_id, region, options)}}
    return [{**extension(name, kind, {**place, **line}), "filter": REQUESTS}]


REQUESTS: Message = {"not_health_check_filter": {}}
"""All but health checks of the edge itself."""


def _line(edge_id: str, region: str | None, options: Options) -> Message:
    """A line with the fields of `log.EDGE_FIELDS`.

    The edge is a literal, because a request that is refused before it has a route has no metadata. The commit is
    metadata, because a new listener would close connections, and new routes do not.
    """
    return {
        log.LOG: log.VERSION,
        log.LAYER: "edge",
        log.TIME: "%START_TIME(%Y-%m-%dT%H:%M:%E3SZ)%",
        log.REQUEST_ID: f"%REQUEST_HEADER(x-request-id):{_MOST_OF_A_NAME}%",
        "modelspec.key_id": f"%DYNAMIC_METADATA({ACCESS}:key_id)%",
        log.ASKED: f"%DYNAMIC_METADATA({NAMESPACE}:model):{_MOST_OF_A_NAME}%",
        log.MODEL: f"%METADATA(ROUTE:{NAMESPACE}:model)%",
        "modelspec.edge": edge_id,
        "modelspec.client_region": region
        if options.client_region is None
        else f"%DYNAMIC_METADATA({ACCESS}:client_region)%",
        log.HEAD: f"%METADATA(UPSTREAM_HOST:{HEAD_METADATA}:head)%",
        log.STATUS: "%RESPONSE_CODE%",
        "modelspec.flags": "%RESPONSE_FLAGS%",
        log.DURATION: "%DURATION%",
        log.FIRST_BYTE: "%RESPONSE_DURATION%",
        "http.request.body.size": "%BYTES_RECEIVED%",
        "http.response.body.size": "%BYTES_SENT%",
        "modelspec.attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
        "modelspec.commit": f"%METADATA(VIRTUAL_HOST:{NAMESPACE}:commit)%",
    }
