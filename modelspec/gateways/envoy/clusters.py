"""Clusters: one per head, one per distinct chain of heads, and one per distinct tier that counts open requests.

The name of a cluster lists its members. Different chains have different names, so that the clusters of an old and a new
configuration can exist together while Envoy moves from one to the other.

A head is left out while it fails its health checks, or while its own faults eject it. A chain ends with its heads as a
last resort, where nothing ejects them: however many heads are ejected, and for whatever reason, those that pass their
health checks are used.
"""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from math import gcd

from modelspec.gateways.envoy.api import (
    AGGREGATE,
    CLUSTER,
    HTTP_PROTOCOL,
    RAW_BUFFER,
    TLS,
    Message,
    Options,
    extension,
    seconds,
    typed,
)
from modelspec.gateways.envoy.observe import HEAD_METADATA, about
from modelspec.gateways.envoy.tls import OF_HEADS, certificates
from modelspec.routing.table import HeadEntry, Route, Tier
from modelspec.url import parts

_NO_SPILL = 1_000_000
"""Overprovisioning in percent: while one host of a tier is healthy, the next tier gets no requests."""
_REQUESTS = 1_000_000
"""More than any number of open requests: with Envoy's default of 1,024, slow responses would lead to 503."""
_RETRIES_AT_LEAST = 1000
"""When a head fails under load, all its requests are retried at once; Envoy's default of 3 would lead to 503."""
_RESETS: Message = {
    "enforcing_failure_percentage": 0,
    "enforcing_failure_percentage_local_origin": 100,
    "failure_percentage_threshold": 45,
    "failure_percentage_request_volume": 10,
    "failure_percentage_minimum_hosts": 1,
}
"""A head that accepts requests and answers none: each counts as a connection, which is a success, and as a failure, so
50 percent are failures. A head that answers a fifth of its requests stays."""
_LIVENESS: Message = {
    "upstream_connection_options": {
        "tcp_keepalive": {"keepalive_probes": 3, "keepalive_time": 5, "keepalive_interval": 5}
    },
    "upstream_bind_config": {
        "socket_options": [
            # On Linux, TCP_USER_TIMEOUT (18) of IPPROTO_TCP (6), in milliseconds.
            {"level": 6, "name": 18, "int_value": 15_000, "state": "STATE_PREBIND"}
        ]
    },
}
"""A connection whose other end is gone breaks after 15 seconds, and its requests go to the next head. The kernel of a
head answers while a model is slow, so this cuts nothing that `first_byte_seconds` allows."""
_LAST_RESORT = " (last resort)"
_UNHEALTHY_AFTER = 2
_HEALTHY_AFTER = 1


class Clusters:
    """The clusters that routes need, each once, however many models there are."""

    def __init__(self, heads: Iterable[HeadEntry], options: Options) -> None:
        self._heads = {head.head_id: head for head in heads}
        self._options = options
        self._tiers: dict[str, Mapping[str, int]] = {}
        self._chains: dict[str, tuple[str, ...]] = {}

    def chains(self, route: Route) -> Mapping[str, int]:
        """The clusters that share the requests for a route with tiers, with their relative weights.

        Each tries every head of the route. They differ in which head of the first tier comes first, so that only one
        cluster checks the health of a head. For the policy `least_request`, one cluster contains all heads of the tier.
        """
        first, *others = (self._members(tier, route.policy) for tier in route.tiers)
        rest = [member for members in others for member in members]
        common = gcd(*first.values())
        names = list(first)
        return {
            self._chain((*names[turn:], *names[:turn], *rest)): weight // common
            for turn, weight in enumerate(first.values())
        }

    def messages(self) -> Iterator[Message]:
        """The clusters by name, the members of a chain before it."""
        chained = {member for members in self._chains.values() for member in members}
        for name, weights in sorted(self._tiers.items()):
            if name in chained:
                yield self._of_heads(name, weights, can_eject=True)
            yield self._of_heads(name, weights, can_eject=False)
        for name, members in sorted(self._chains.items()):
            yield self._aggregate(name, (*members, *(f"{member}{_LAST_RESORT}" for member in members)))

    def _chain(self, members: tuple[str, ...]) -> str:
        alone = f"{members[0]}{_LAST_RESORT}" if len(members) == 1 else ""
        if (
            alone and len(self._tiers[members[0]]) == 1
        ):  # with no other head, there is nothing to eject it for
            return alone
        name = f"{members[0]} > {alone}" if alone else " > ".join(members)
        self._chains[name] = members
        return name

    def _members(self, tier: Tier, policy: str) -> Mapping[str, int]:
        """The clusters of a tier, with their weights."""
        weights = dict(sorted(tier.weights.items()))
        if len(weights) == 1 or policy != "least_request":
            self._tiers.update((head, {head: 1}) for head in weights)
            return weights
        common = gcd(*weights.values())
        weights = {head: weight // common for head, weight in weights.items()}
        name = f"least_request({' '.join(f'{head}={weight}' for head, weight in weights.items())})"
        self._tiers[name] = weights
        return {name: 1}

    def _of_heads(self, name: str, weights: Mapping[str, int], *, can_eject: bool) -> Message:
        if not can_eject:
            name += _LAST_RESORT
        heads = [(self._heads[head_id], weight) for head_id, weight in weights.items()]
        return typed(
            CLUSTER,
            {
                "name": name,
                "type": "STRICT_DNS",
                # By default, Envoy uses only IPv6 if a name has both, which fails without an IPv6 route.
                "dns_lookup_family": "V4_PREFERRED",
                "connect_timeout": seconds(self._options.connect_timeout_ms),
                "lb_policy": "ROUND_ROBIN" if len(heads) == 1 else "LEAST_REQUEST",
                "common_lb_config": {
                    "healthy_panic_threshold": {"value": 0},
                    # Workers learn of a failed head at once; by default, Envoy waits a second for more updates.
                    "update_merge_window": "0s",
                },
                "load_assignment": {
                    "cluster_name": name,
                    "endpoints": [_endpoint(head, weight) for head, weight in heads],
                    "policy": {"overprovisioning_factor": _NO_SPILL},
                },
                "health_checks": [self._health_check(heads[0][0])],
                **_LIVENESS,
                **(
                    {"outlier_detection": self._outlier_detection(), **self._own_faults()}
                    if can_eject
                    else {}
                ),
                "circuit_breakers": _circuit_breakers(),
                "transport_socket_matches": [self._socket(head) for head, _ in heads],
            },
        )

    def _aggregate(self, name: str, members: tuple[str, ...]) -> Message:
        """A chain. Responses are judged by its settings, not by those of the member that sent them."""
        return typed(
            CLUSTER,
            {
                "name": name,
                "connect_timeout": "1s",
                "lb_policy": "CLUSTER_PROVIDED",
                "cluster_type": extension("envoy.clusters.aggregate", AGGREGATE, {"clusters": list(members)}),
                "circuit_breakers": _circuit_breakers(),
                **self._own_faults(),
            },
        )

    def _own_faults(self) -> Message:
        """What Envoy counts as an error of a head: a response that it did not get from a model."""
        if self._options.answer_header is None:
            return {}
        rules = [
            _header_match(":status", string_match={"safe_regex": {"regex": "50[0234]"}}),
            _header_match(self._options.answer_header, present_match=True, invert_match=True),
        ]
        options = {
            "explicit_http_config": {"http_protocol_options": {}},
            "outlier_detection": {"error_matcher": {"and_match": {"rules": rules}}},
        }
        return {"typed_extension_protocol_options": {HTTP_PROTOCOL: typed(HTTP_PROTOCOL, options)}}

    def _outlier_detection(self) -> Message:
        """Eject a head that is unreachable or fails by itself, not for errors of one of its models if these are known.

        Where no header tells them apart, both count; the last resort keeps the others' requests from being lost.
        """
        is_marked = self._options.answer_header is not None
        return {
            # What fails at the head apart from what the head answers.
            "split_external_local_origin_errors": True,
            "consecutive_local_origin_failure": 5,
            "enforcing_consecutive_local_origin_failure": 100,
            **_RESETS,
            # Of the responses that `_own_faults` describes.
            "consecutive_5xx": 5,
            "enforcing_consecutive_5xx": 100 if is_marked else 0,
            # 502, 503 and 504, whoever is at fault.
            "consecutive_gateway_failure": 5,
            "enforcing_consecutive_gateway_failure": 0 if is_marked else 100,
            "enforcing_success_rate": 0,
            "enforcing_local_origin_success_rate": 0,
            "interval": "1s",
            "base_ejection_time": "5s",
            "max_ejection_time": "60s",
            "max_ejection_percent": 100,
            # A head may answer health checks and still fail every request.
            "successful_active_health_check_uneject_host": False,
        }

    def _health_check(self, head: HeadEntry) -> Message:
        """A health check per cluster, not per host: MS713 reports heads that cannot share one."""
        interval = seconds(self._options.health_check_interval_ms)
        return {
            "timeout": seconds(self._options.health_check_timeout_ms),
            "interval": interval,
            "no_traffic_interval": interval,
            "unhealthy_threshold": _UNHEALTHY_AFTER,
            "healthy_threshold": _HEALTHY_AFTER,
            "http_health_check": {"path": head.health_path},
        }

    def _socket(self, head: HeadEntry) -> Message:
        url = parts(head.url)
        if url and url.scheme == "http":
            socket = extension("envoy.transport_sockets.raw_buffer", RAW_BUFFER)
        else:
            socket = extension("envoy.transport_sockets.tls", TLS, self._tls(url.hostname if url else ""))
        return {"name": head.head_id, "match": {"head": head.head_id}, "transport_socket": socket}

    def _tls(self, host: str) -> Message:
        try:
            ip_address(host)
        except ValueError:
            kind, names = "DNS", {"sni": host}
        else:
            kind, names = "IP_ADDRESS", {}  # RFC 6066, 3: no server name for an address
        trusted: Message = {
            "trusted_ca": {"filename": self._options.ca_file},
            "match_typed_subject_alt_names": [{"san_type": kind, "matcher": {"exact": host}}],
        }
        shown: Message = {}
        if self._options.head_tls is not None:
            shown = {"tls_certificate_sds_secret_configs": certificates(OF_HEADS, self._options)}
        return {**names, "common_tls_context": {"validation_context": trusted, **shown}}


def _endpoint(head: HeadEntry, weight: int) -> Message:
    """A head in its own locality."""
    url = parts(head.url)
    host = url.hostname if url else ""  # what cannot be called is here only where MS516 and MS520 are off
    name = url.place.lower() if url else ""
    port = (url and url.number) or (80 if url and url.scheme == "http" else 443)
    return {
        "locality": {"region": head.region, "zone": head.head_id},
        "lb_endpoints": [
            {
                "load_balancing_weight": weight,
                "endpoint": {
                    "hostname": name,
                    "address": {"socket_address": {"address": host, "port_value": port}},
                    "health_check_config": {"hostname": name},
                },
                "metadata": {
                    "filter_metadata": {
                        HEAD_METADATA: {"head": head.head_id},
                        **about({"region": head.region})["filter_metadata"],
                    }
                },
            }
        ],
    }


def _header_match(name: str, **how: object) -> Message:
    return {"http_response_headers_match": {"headers": [{"name": name, **how}]}}


def _circuit_breakers() -> Message:
    return {
        "thresholds": [
            {
                "priority": "DEFAULT",
                "max_connections": _REQUESTS,
                "max_pending_requests": _REQUESTS,
                "max_requests": _REQUESTS,
                "retry_budget": {
                    "budget_percent": {"value": 100},
                    "min_retry_concurrency": _RETRIES_AT_LEAST,
                },
            }
        ]
    }
