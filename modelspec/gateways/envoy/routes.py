"""The routes of an edge: from the name in `x-model` to a cluster, with its tries, or to a response of the edge."""

from collections.abc import Mapping, Sequence

from modelspec.gateways.envoy.api import (
    HEADER_INPUT,
    PREVIOUS_HOSTS,
    PREVIOUS_PRIORITIES,
    ROUTE,
    ROUTE_CONFIGURATION,
    Message,
    Options,
    extension,
    seconds,
    typed,
)
from modelspec.gateways.envoy.authentication import ANYBODY, limits, route_access
from modelspec.gateways.envoy.clusters import Clusters
from modelspec.gateways.envoy.observe import about
from modelspec.gateways.envoy.requests import MODEL_HEADER, MODELS, NO_MODEL, names
from modelspec.routing.decide import may_call
from modelspec.routing.table import Route, RoutingTable

HEAD_HEADER = "x-modelspec-head"
"""In responses: the id of the head that answered; a response of the edge itself has none."""
_ANSWERED_BY = "%METADATA(UPSTREAM_HOST:envoy.transport_socket_match:head)%"
ROUTES = "models"
"""The name of the route configuration."""
_MOST_RETRIES = 10
_FAULTS = "connect-failure,refused-stream,reset-before-request,gateway-error"
"""Faults of a connection, silence beyond `per_try_timeout`, and 502, 503 and 504."""


class Retries:
    """The retries of all routes: one policy of the virtual host, and those of the models that have their own."""

    def __init__(self, routes: Sequence[Route], options: Options) -> None:
        longest = max((len(route.heads) for route in routes), default=0)
        self._retries = min(max(longest - 1, 1), _MOST_RETRIES)
        self._options = options

    def policy(self, first_byte: int | None = None, retry_on: Sequence[int] | None = None) -> Message:
        """One retry for each further head of the longest chain, skipping failed tiers and hosts.

        `first_byte` in seconds and `retry_on` are those of the fleet where they are None. A try is bounded until its
        response begins, never after: a stream may then take as long as it takes.
        """
        options = self._options
        codes = options.retry_on if retry_on is None else retry_on
        statuses = {"retriable_status_codes": sorted(set(codes))} if codes else {}
        return {
            "retry_on": f"{_FAULTS},retriable-status-codes" if codes else _FAULTS,
            **statuses,
            "num_retries": self._retries,
            "per_try_timeout": f"{first_byte or options.first_byte_seconds}s",
            "retry_priority": extension(
                "envoy.retry_priorities.previous_priorities", PREVIOUS_PRIORITIES, {"update_frequency": 1}
            ),
            "retry_host_predicate": [extension("envoy.retry_host_predicates.previous_hosts", PREVIOUS_HOSTS)],
            "host_selection_retry_max_attempts": 3,
            "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
        }

    def of(self, route: Route) -> Message:
        """The times of a route, and what it has of its own.

        `timeout` bounds a request in total, `idle_timeout` its silence, which spans all tries until the first byte.
        """
        total = self._options.request_timeout_ms
        found: Message = {"timeout": "0s" if total is None else seconds(total)}
        first_byte = route.first_byte_seconds
        if first_byte is not None:
            silence = first_byte * (self._retries + 1) * 1000
            if silence > self._options.stream_idle_timeout_ms:
                found["idle_timeout"] = seconds(silence)
        if first_byte is not None or route.retry_on is not None:
            found["retry_policy"] = self.policy(first_byte, route.retry_on)
        if route.hedge:
            found["hedge_policy"] = {"hedge_on_per_try_timeout": True}
        return found


def route_configuration(
    routing: RoutingTable, region: str | None, clusters: Clusters, options: Options, build: Message
) -> Message:
    """The route configuration of an edge in `region`, which adds the clusters that it needs to `clusters`.

    `region` is None if the fleet has no edges: then no model depends on the region of its clients. `build` is metadata
    that says what the edge runs.
    """
    retries = Retries(routing.routes, options)
    exact: dict[str, Message] = {}
    prefixes: dict[str, Message] = {}
    for route in routing.routes:
        answer = _answer(route, region, clusters, retries, options)
        action = _action({**_metadata(route), **answer})
        exact.update(dict.fromkeys(route.exact, action))
        prefixes.update(dict.fromkeys(route.prefixes, action))
    return typed(
        ROUTE_CONFIGURATION,
        {
            "name": ROUTES,
            "virtual_hosts": [
                {
                    "name": ROUTES,
                    "domains": ["*"],
                    "metadata": build,
                    **limits(routing.routes, options),
                    "retry_policy": retries.policy(),
                    "request_headers_to_remove": [MODEL_HEADER],
                    "response_headers_to_add": [_answered_by()],
                    "matcher": _matcher(exact, prefixes, _models(routing.routes, region, options)),
                }
            ],
        },
    )


def _matcher(exact: dict[str, Message], prefixes: dict[str, Message], models: Message) -> Message:
    """An exact name, else the longest prefix, else what `*` takes or 404; without a name, a fault of the edge."""
    unknown = prefixes.pop("", None) or _action(_direct(404))
    if prefixes:
        unknown = {"matcher": {**_tree(MODEL_HEADER, "prefix_match_map", prefixes), "on_no_match": unknown}}
    return {
        **_tree(
            MODEL_HEADER,
            "exact_match_map",
            {NO_MODEL: _action(_direct(500)), MODELS: _action(models), **exact},
        ),
        "on_no_match": unknown,
    }


def _tree(header: str, kind: str, entries: dict[str, Message]) -> Message:
    return {
        "matcher_tree": {
            "input": extension("header", HEADER_INPUT, {"header_name": header}),
            kind: {"map": entries},
        }
    }


def _action(route: Message) -> Message:
    return {"action": extension("route", ROUTE, {"match": {"prefix": "/"}, **route})}


def _metadata(route: Route) -> Message:
    """What later filters and the log read of the model that takes a request."""
    first = {"first": sorted(route.tiers[0].weights)} if route.tiers else {}
    known = about({"model": route.model_id, **first})["filter_metadata"]
    return {"metadata": {"filter_metadata": {**known, **route_access(route)}}}


def _answer(
    route: Route, region: str | None, clusters: Clusters, retries: Retries, options: Options
) -> Message:
    if not route.is_routed:
        return _direct(404)
    if options.client_region is None and not _is_open(route, region):
        return _direct(403)
    if not route.tiers:
        return _direct(503)
    return {
        "route": {
            **_clusters(clusters.chains(route)),
            **retries.of(route),
            "auto_host_rewrite": True,
        }
    }


def _clusters(chains: Mapping[str, int]) -> Message:
    if len(chains) == 1:
        return {"cluster": next(iter(chains))}
    return {
        "weighted_clusters": {
            "clusters": [{"name": name, "weight": weight} for name, weight in chains.items()]
        }
    }


def _is_open(route: Route, region: str | None) -> bool:
    return may_call(route, region or "")  # no region has that code


def _direct(status: int) -> Message:
    """A response of the edge; the listener writes the body."""
    return {"direct_response": {"status": status}}


def _models(routes: Sequence[Route], region: str | None, options: Options) -> Message:
    """What a filter of the listener answers `GET /v1/models` with: the names that this edge serves."""
    rows = [
        (f"{name}*" if name in route.prefixes else name, route.model_id, route)
        for route in routes
        if route.tiers and (options.client_region is not None or _is_open(route, region))
        for name in (*route.exact, *route.prefixes)
    ]
    return {
        **_direct(500),
        "metadata": {
            "filter_metadata": {**names(rows, by_region=options.client_region is not None), **ANYBODY}
        },
    }


def _answered_by() -> Message:
    """A header that says which head answered, whatever a head writes into it."""
    return {
        "header": {"key": HEAD_HEADER, "value": _ANSWERED_BY},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }
