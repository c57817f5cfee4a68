"""When the next head is asked, and how long a request may take: the times and retries of routes."""

from collections.abc import Sequence

from modelspec.gateways.envoy.api import (
    PREVIOUS_HOSTS,
    PREVIOUS_PRIORITIES,
    Message,
    Options,
    extension,
    seconds,
)
from modelspec.routing.table import Route

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
