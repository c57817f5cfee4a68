"""Names of Envoy's API: https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/api."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from modelspec.schema import defaults

Message = dict[str, Any]
"""A protobuf message as JSON; Envoy's own validation is the schema."""

_PREFIX = "type.googleapis.com/"

AGGREGATE = "envoy.extensions.clusters.aggregate.v3.ClusterConfig"
BUFFER = "envoy.extensions.filters.http.buffer.v3.Buffer"
CEL_FILTER = "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"
CLUSTER = "envoy.config.cluster.v3.Cluster"
CONNECTION_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
DOWNSTREAM_TLS = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
EARLY_HEADER_MUTATION = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation"
EXTENSION = "envoy.config.core.v3.TypedExtensionConfig"
FILE_LOG = "envoy.extensions.access_loggers.file.v3.FileAccessLog"
HEADER_MUTATION = "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation"
HEADER_INPUT = "envoy.type.matcher.v3.HttpRequestHeaderMatchInput"
HEALTH_CHECK = "envoy.extensions.filters.http.health_check.v3.HealthCheck"
HTTP_PROTOCOL = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
LISTENER = "envoy.config.listener.v3.Listener"
INJECTED = "envoy.extensions.http.injected_credentials.generic.v3.Generic"
INJECTOR = "envoy.extensions.filters.http.credential_injector.v3.CredentialInjector"
JWT = "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"
LIMIT = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
LUA = "envoy.extensions.filters.http.lua.v3.Lua"
PREVIOUS_HOSTS = "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
PREVIOUS_PRIORITIES = "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig"
RAW_BUFFER = "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"
RBAC = "envoy.extensions.filters.http.rbac.v3.RBAC"
ROUTE = "envoy.config.route.v3.Route"
ROUTE_CONFIGURATION = "envoy.config.route.v3.RouteConfiguration"
ROUTER = "envoy.extensions.filters.http.router.v3.Router"
SECRET = "envoy.extensions.transport_sockets.tls.v3.Secret"  # noqa: S105 - the name of a message
STATS_LOG = "envoy.extensions.access_loggers.stats.v3.Config"
STDERR_LOG = "envoy.extensions.access_loggers.stream.v3.StderrAccessLog"
STDOUT_LOG = "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog"
TLS = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"

LITELLM_ANSWER = "x-litellm-call-id"
"""LiteLLM 1.108.7 sets it on what a model answered and on "the upstream cannot be reached", not on its own errors."""


def typed(kind: str, message: Message | None = None) -> Message:
    """A message with its type."""
    return {"@type": f"{_PREFIX}{kind}", **(message or {})}


def extension(name: str, kind: str, message: Message | None = None) -> Message:
    """An extension of Envoy with its configuration."""
    return {"name": name, "typed_config": typed(kind, message)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of every edge, with the names of `target_options.envoy`, which the schema documents.

    Times are in milliseconds, but for `first_byte_seconds`. `config_dir` and `ca_file` are paths on the machine where
    Envoy runs. `answer_header` None: nothing tells the errors of a head from those of its models.
    Times are in milliseconds. `config_dir`, `ca_file` and those of certificates are paths on the machine where Envoy
    runs.
    """

    address: str
    port: int
    admin_address: str
    admin_port: int
    config_dir: str
    ca_file: str
    max_body_bytes: int
    paths: tuple[str, ...]
    connect_timeout_ms: int
    first_byte_seconds: int
    stream_idle_timeout_ms: int
    retry_on: Sequence[int]
    health_check_interval_ms: int
    health_check_timeout_ms: int
    access_log: Mapping[str, str]
    enforce_limits: bool
    metrics: Mapping[str, Any] | None = None
    auth: Mapping[str, Any] = field(default_factory=dict)
    client_region: Mapping[str, Any] | None = None
    request_timeout_ms: int | None = None
    answer_header: str | None = None
    tls: Mapping[str, str] | None = None
    head_tls: Mapping[str, str] | None = None

    @classmethod
    def of(cls, given: Mapping[str, object], targets: Collection[str] = ()) -> Self:
        """The given options, and for the others the defaults of the schema for these targets."""
        if "litellm" in targets:
            given = {"answer_header": LITELLM_ANSWER, **given}
        settings = {**defaults("modelspec", "target_options", "envoy"), **given}
        return cls(**{**settings, "paths": tuple(settings.get("paths", ()))})


def watched(file: str, options: Options) -> Message:
    """A configuration source: a file that is reloaded when any file is moved into its folder."""
    source = {
        "path": f"{options.config_dir}/{file}",
        "watched_directory": {"path": options.config_dir},
    }
    return {"resource_api_version": "V3", "path_config_source": source}


def seconds(milliseconds: int) -> str:
    """A duration in the JSON form of protobuf: `2.5s`."""
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole}.{rest:03}".rstrip("0").rstrip(".") + "s"
