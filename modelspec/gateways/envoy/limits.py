"""Rate limits: `limits.rpm` of a model for each client, counted by each edge for itself."""

from collections.abc import Iterable, Iterator

from modelspec.gateways.envoy.api import LIMIT, Message, Options, extension, typed
from modelspec.gateways.envoy.observe import ACCESS
from modelspec.routing.table import Route

_FILTER = "modelspec.limits"
_CLIENT = "client"
_MOST_CLIENTS = 10_000
"""Clients that are counted for one model; of more, those that asked last. A client that drops out begins anew."""
_UNLIMITED = 4_294_967_295
_MINUTE = "60s"
_ALWAYS: Message = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}


def limit_filters(routes: Iterable[Route], options: Options) -> Iterator[Message]:
    """The filter of the listener, without a limit of its own."""
    if options.enforce_limits and any(route.rpm for route in routes):
        yield extension(_FILTER, LIMIT, {"stat_prefix": "limits"})


def limit_of(route: Route, options: Options) -> Message:
    """The limit of a route. Clients without a key are one client."""
    if not options.enforce_limits or not route.rpm:
        return {}
    client = {
        "metadata": {
            "descriptor_key": _CLIENT,
            "metadata_key": {"key": ACCESS, "path": [{"key": "key_id"}]},
            "default_value": "-",
        }
    }
    limit = {
        "stat_prefix": "limits",
        "filter_enabled": {**_ALWAYS, "runtime_key": "edge.limits.enabled"},
        "filter_enforced": {**_ALWAYS, "runtime_key": "edge.limits.enforced"},
        "token_bucket": _bucket(_UNLIMITED),
        "always_consume_default_token_bucket": False,
        "rate_limits": [{"actions": [client]}],
        "descriptors": [{"entries": [{"key": _CLIENT}], "token_bucket": _bucket(route.rpm)}],
        "max_dynamic_descriptors": _MOST_CLIENTS,
        "enable_retry_after_header": True,
    }
    return {"typed_per_filter_config": {_FILTER: typed(LIMIT, limit)}}


def _bucket(tokens: int) -> Message:
    return {"max_tokens": tokens, "tokens_per_fill": tokens, "fill_interval": _MINUTE}
