"""What an operator sees of an edge: a line for every request, and numbers for Prometheus.

Each field of a line is one operator of Envoy, so that numbers stay numbers and what is unknown is null:
https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/observability/access_log/usage. No operator reads a header of
the client, the query, an address or a body.

Envoy has a hundred statistics a cluster, and the edge a cluster for each chain of heads. So an edge keeps few of them,
and counts requests by `envoy.access_loggers.stats`: by model and class of the code, and by head and class, never by
both. In Envoy 1.40 that extension is still marked as work in progress, for trusted clients and upstreams: what clients
choose is therefore in no tag.
"""

from collections.abc import Iterator, Mapping

from modelspec.gateways import log
from modelspec.gateways.envoy.api import (
    CEL_FILTER,
    CONNECTION_MANAGER,
    FILE_LOG,
    ROUTER,
    STATS_LOG,
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
    return [{**extension(name, kind, {**place, **line}), "filter": _REQUESTS}]


_REQUESTS: Message = {"not_health_check_filter": {}}
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


_MOST_STATISTICS = 100_000
"""Of each logger. Tags are declared ids, so this is a guard: what is above it is not counted, as
`server.stats_overflow_counter` says."""
_CLASSES: Mapping[str, tuple[tuple[str, int], ...]] = {
    "2xx": (("GE", 200), ("LE", 299)),
    "4xx": (("GE", 400), ("LE", 499)),
    "5xx": (("GE", 500),),
}
_OTHER = "other"
"""Class of codes: redirects, WebSockets, and clients that left before there was a code."""
_MODEL = {"name": "model", "value_format": f"%METADATA(ROUTE:{NAMESPACE}:model)%"}
_HEAD = [
    {"name": "head", "value_format": f"%METADATA(UPSTREAM_HOST:{HEAD_METADATA}:head)%"},
    {"name": "region", "value_format": f"%METADATA(UPSTREAM_HOST:{NAMESPACE}:region)%"},
]
"""A head is in one region, so its region adds no rows."""
_FAILED_OVER = (
    f"!(xds.upstream_host_metadata.filter_metadata['{HEAD_METADATA}']['head']"
    f" in xds.route_metadata.filter_metadata['{NAMESPACE}']['first'])"
)
"""The head is not in the first tier of the model. Without a head or a model, this is an error, and not counted."""
_ANSWERED = "response.code_details == 'via_upstream'"


def counters() -> Iterator[Message]:
    """The loggers that count. At most five rows are of one model."""
    for name, limits in _CLASSES.items():
        yield _counted(_both(*(_status(*limit) for limit in limits)), _by_class(name))
    other = {"or_filter": {"filters": [_status("LE", 199), _both(_status("GE", 300), _status("LE", 399))]}}
    yield _counted(other, _by_class(_OTHER))
    yield _counted(
        _where(_FAILED_OVER),
        {"counters": [_counter("failovers", [_MODEL]), _counter("head_failovers", _HEAD)]},
    )
    tries = {"stat": {"name": "attempts"}, "value_format": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%"}
    yield _counted(
        None, {"counters": [tries], "histograms": [_milliseconds("head_duration_ms", "%DURATION%")]}
    )
    first_byte = _milliseconds("head_first_byte_ms", "%RESPONSE_DURATION%")
    yield _counted(_where(_ANSWERED), {"histograms": [first_byte]})


def _where(expression: str) -> Message:
    kind = "envoy.access_loggers.extension_filters.cel"
    return {"extension_filter": extension(kind, CEL_FILTER, {"expression": expression})}


def _milliseconds(name: str, value: str) -> Message:
    return {"stat": {"name": name, "tags": _HEAD}, "unit": "Milliseconds", "value_format": value}


def _by_class(name: str) -> Message:
    code = {"name": "code", "value_format": name}
    return {"counters": [_counter("requests", [_MODEL, code]), _counter("head_requests", [*_HEAD, code])]}


def _counter(name: str, tags: list[Message]) -> Message:
    return {"stat": {"name": name, "tags": tags}, "value_fixed": 1}


def _counted(which: Message | None, what: Message) -> Message:
    scope = {"prefix": NAMESPACE, "max_counters": _MOST_STATISTICS, "max_histograms": _MOST_STATISTICS}
    logger = extension("envoy.access_loggers.stats", STATS_LOG, {"stats_scope": scope, **what})
    return {**logger, "filter": _both(*([_REQUESTS, which] if which else [_REQUESTS]))}


def _both(*filters: Message) -> Message:
    return filters[0] if len(filters) == 1 else {"and_filter": {"filters": list(filters)}}


def _status(comparison: str, code: int) -> Message:
    value = {"default_value": code, "runtime_key": f"edge.class.{code}"}
    return {"status_code_filter": {"comparison": {"op": comparison, "value": value}}}


_OF_A_HEAD = (
    r"health_check\.(failure|healthy)",
    r"membership_(healthy|total)",
    r"outlier_detection\.ejections_(active|enforced_total)",
    r"ssl\.(connection_error|fail_verify_.*)",
    r"upstream_cx_(active|connect_fail|connect_timeout|destroy_remote_with_active_rq)",
    r"upstream_rq_(active|per_try_timeout|timeout)",
)
_OF_THE_SERVER = (
    "concurrency",
    "days_until_first_cert_expiring",
    "live",
    "memory_.*",
    "stats_overflow_counter",
    "total_connections",
    "uptime",
)
STATISTICS = (
    # What the loggers count.
    rf"{NAMESPACE}\..*",
    # What `publish` waits for.
    r"(cluster_manager|listener_manager|sds|extension_config_discovery)\..*",
    r"http\.edge\..*",
    rf"server\.({'|'.join(_OF_THE_SERVER)})",
    # Clusters of heads, and of a tier that counts open requests; no chains, and no last resorts.
    rf"cluster\.([a-z0-9-]+|least_request\([^)]*\))\.({'|'.join(_OF_A_HEAD)})",
    r"listener\.[^ ]*\.ssl\.(connection_error|fail_verify_.*|handshake|no_certificate|versions\..*)",
)
"""Regular expressions for the names of the statistics that an edge keeps, whole."""
_READ_ONLY = "/(certs|clusters|config_dump|listeners|memory|ready|server_info|stats|stats/prometheus)"
"""Paths of the admin interface that change nothing."""


def statistics() -> Message:
    """What the bootstrap says of statistics. Histograms are merged when they are read, not every five seconds."""
    kept = [{"safe_regex": {"regex": expression}} for expression in STATISTICS]
    return {
        "stats_config": {"stats_matcher": {"inclusion_list": {"patterns": kept}}},
        "stats_flush_on_admin": True,
    }


def admin(options: Options) -> Message:
    """The admin interface: nobody who reaches it can stop or change the edge."""
    allowed = {"safe_regex": {"regex": rf"{_READ_ONLY}(\?.*)?"}}
    return {"address": _address(options.admin_address, options.admin_port), "allow_paths": [allowed]}


_SCRAPED = "/stats/prometheus"
_ADMIN = "admin"
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - an address to connect to, not to listen at


def metrics_listener(options: Options) -> Message:
    """Resources for the bootstrap: a listener where Prometheus can read the statistics, and nothing else."""
    if options.metrics is None:
        return {}
    only = {"path": _SCRAPED, "headers": [{"name": ":method", "string_match": {"exact": "GET"}}]}
    manager = {
        "stat_prefix": "metrics",
        "request_headers_timeout": "10s",
        "stream_idle_timeout": "60s",
        "route_config": {
            "virtual_hosts": [
                {"name": _ADMIN, "domains": ["*"], "routes": [{"match": only, "route": {"cluster": _ADMIN}}]}
            ]
        },
        "http_filters": [extension("envoy.filters.http.router", ROUTER)],
    }
    listener = {
        "name": "metrics",
        "address": _address(options.metrics["address"], options.metrics["port"]),
        "filter_chains": [
            {
                "filters": [
                    extension("envoy.filters.network.http_connection_manager", CONNECTION_MANAGER, manager)
                ]
            }
        ],
    }
    own = _LOOPBACK.get(options.admin_address, options.admin_address)
    endpoint = {"endpoint": {"address": _address(own, options.admin_port)}}
    cluster = {
        "name": _ADMIN,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": _ADMIN, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _address(address: object, port: object) -> Message:
    return {"socket_address": {"address": address, "port_value": port}}
