"""`gateways/prometheus/`: what to probe and scrape, when to alert, and a dashboard.

`targets.json` is for file-based service discovery: URLs for the blackbox exporter, and edges to be scraped.
`alerts.yml` has rules for the results, `dashboard.json` is for Grafana. Ids are only in labels, never in templates. No
file contains keys, or endpoints whose URL is in a variable.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from modelspec.emit.artifact import Artifact, encode
from modelspec.gateways import GatewayOptions
from modelspec.routing.table import HeadEntry, Json, RoutingTable
from modelspec.url import parts

_HEADS = 'probe_success{modelspec="head",status="active"}'


def emit(routing: RoutingTable, options: GatewayOptions) -> Iterator[Artifact]:
    """The targets, one a line: heads in the order of their file, endpoints by URL, edges; the alerts; the dashboard.

    `scraped` of the options leads from the id of an edge to the addresses, HOST:PORT, of its metrics.
    """
    targets = [*map(_head, routing.heads), *_endpoints(routing), *_edges(options)]
    yield Artifact(path="gateways/prometheus/targets.json", content=_list("[", targets, "]"))
    rules = _list('{"groups": [{"name": "modelspec", "rules": [', _rules(), "]}]}")
    yield Artifact(path="gateways/prometheus/alerts.yml", content=rules)
    panels = _list(encode(_DASHBOARD).removesuffix("}") + ', "panels": [', _panels(), "]}")
    yield Artifact(path="gateways/prometheus/dashboard.json", content=panels)


def _list(opening: str, items: Iterable[Json], closing: str) -> bytes:
    lines = ",\n".join(map(encode, items))
    return f"{opening}\n{lines}\n{closing}\n".encode()


def _head(head: HeadEntry) -> Json:
    return {
        "targets": [head.url.rstrip("/") + head.health_path],
        "labels": {"modelspec": "head", "head": head.head_id, "region": head.region, "status": head.status},
    }


def _endpoints(routing: RoutingTable) -> Iterator[Json]:
    """The https endpoints of served models; plain http endpoints are in private networks."""
    found: dict[str, set[str]] = {}
    for route in routing.routes:
        if not route.tiers:
            continue
        for target in (*route.targets, *route.local_targets.values()):
            at = parts(target.endpoint) if isinstance(target.endpoint, str) else None
            if at is not None and at.scheme == "https":
                found.setdefault(f"https://{at.place}{at.path}", set()).add(target.provider)
    for url, providers in sorted(found.items()):
        yield {"targets": [url], "labels": {"modelspec": "endpoint", "provider": ",".join(sorted(providers))}}


def _edges(options: GatewayOptions) -> Iterator[Json]:
    """One row an address. The label of the region is not `region`, which the metrics have for heads."""
    scraped = cast("Mapping[str, tuple[str, ...]]", options.options.get("scraped", {}))
    for edge_id, addresses in sorted(scraped.items()):
        labels = {"modelspec": "edge", "edge": edge_id, "edge_region": options.edges[edge_id]}
        yield from ({"targets": [address], "labels": labels} for address in addresses)


def _rules() -> Iterator[Json]:
    yield _rule(
        "ModelspecHeadDown",
        f"{_HEADS} == 0",
        minutes=2,
        severity="critical",
        summary="The head {{ $labels.head }} in {{ $labels.region }} does not answer.",
    )
    yield _rule(
        "ModelspecRegionDown",
        f"sum by (region) ({_HEADS}) == 0",
        minutes=1,
        severity="critical",
        summary="No head in {{ $labels.region }} answers.",
    )
    yield _rule(
        "ModelspecEndpointDown",
        'probe_success{modelspec="endpoint"} == 0',
        minutes=5,
        severity="warning",
        summary="The endpoint {{ $labels.instance }} does not answer.",
    )
    yield _rule(
        "ModelspecNotProbed",
        'up{modelspec=~"head|endpoint"} == 0 or absent(probe_success{modelspec="head"})',
        minutes=5,
        severity="warning",
        summary="The state of heads and endpoints is unknown: the blackbox exporter does not answer.",
    )
    yield from _rules_of_edges()


def _rules_of_edges() -> Iterator[Json]:
    yield _rule(
        "ModelspecEdgeDown",
        'up{modelspec="edge"} == 0',
        minutes=2,
        severity="critical",
        summary="The edge {{ $labels.edge }} does not give its metrics at {{ $labels.instance }}.",
    )
    yield _rule(
        "ModelspecModelFails",
        f"{_share('model', _REQUESTS, '5xx')} > 0.1 and {_rate('model', _REQUESTS)} > 0.1",
        minutes=5,
        severity="warning",
        summary="Over a tenth of the requests for {{ $labels.model }} fail with 5xx.",
    )
    yield _rule(
        "ModelspecFailover",
        f"{_rate('edge', _FAILOVERS)} / {_rate('edge', _REQUESTS)} > 0.1",
        minutes=5,
        severity="warning",
        summary="Over a tenth of the requests at {{ $labels.edge }} are answered behind the first tier of their model.",
    )
    yield _rule(
        "ModelspecCertificateExpires",
        f'envoy_server_days_until_first_cert_expiring{{modelspec="edge"}} < {_DAYS}',
        minutes=60,
        severity="warning",
        summary="A certificate of {{ $labels.edge }} at {{ $labels.instance }} expires in {{ $value }} days.",
    )


_DAYS = 14
_REQUESTS = "envoy_modelspec_requests"
_OF_HEADS = "envoy_modelspec_head_requests"
_FAILOVERS = "envoy_modelspec_failovers"


def _rate(label: str, name: str, matching: str = "", over: str = "5m") -> str:
    """Events a second by a label."""
    return f"sum by ({label}) (rate({name}{matching}[{over}]))"


def _share(label: str, name: str, code: str, edges: str = "", over: str = "5m") -> str:
    """The share of a class of codes by a label."""
    chosen = ", ".join(filter(None, (edges, f'code="{code}"')))
    return f"{_rate(label, name, f'{{{chosen}}}', over)} / {_rate(label, name, f'{{{edges}}}' if edges else '', over)}"


def _rule(name: str, expression: str, *, minutes: int, severity: str, summary: str) -> Json:
    return {
        "alert": name,
        "expr": expression,
        "for": f"{minutes}m",
        "labels": {"severity": severity},
        "annotations": {"summary": summary},
    }


_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_EDGES = 'edge=~"$edge"'
_CHOSEN = f"{{{_EDGES}}}"
_OVER = "$__rate_interval"
_COLUMNS, _HEIGHT = 3, 8
_WIDTH = 24 // _COLUMNS
_DASHBOARD: Json = {
    "uid": "modelspec-edges",
    "title": "LLM fleet: edges",
    "tags": ["modelspec"],
    "schemaVersion": 39,
    "refresh": "30s",
    "time": {"from": "now-6h", "to": "now"},
    "templating": {
        "list": [
            {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"},
            {
                "name": "edge",
                "type": "query",
                "query": 'label_values(up{modelspec="edge"}, edge)',
                "label": "Edge",
                "datasource": _SOURCE,
                "includeAll": True,
                "multi": True,
                "allValue": ".*",
                "refresh": 2,
            },
        ]
    },
}


def _traffic(label: str, name: str) -> str:
    return _rate(label, name, _CHOSEN, _OVER)


def _errors(label: str, name: str, code: str = "5xx") -> str:
    return _share(label, name, code, _EDGES, _OVER)


def _percentile(share: float, label: str, name: str) -> str:
    return f"histogram_quantile({share}, {_traffic(f'le, {label}', f'envoy_modelspec_{name}_ms_bucket')})"


def _most(expression: str) -> str:
    return f"topk(10, {expression})"


def _by_cluster(reduced: str, name: str) -> str:
    return f"{reduced} by (envoy_cluster_name) (envoy_cluster_{name}{_CHOSEN})"


Panel = tuple[str, str, str, str]
"""The title, the unit, the label of each line, and the expression."""
_GRAPHS: Mapping[str, tuple[Panel, ...]] = {
    "Traffic": (
        ("Requests by region of the head", "reqps", "region", _traffic("region", _OF_HEADS)),
        ("Requests by head", "reqps", "head", _traffic("head", _OF_HEADS)),
        ("Models with most requests", "reqps", "model", _most(_traffic("model", _REQUESTS))),
        ("Requests by edge", "reqps", "edge", _traffic("edge", _REQUESTS)),
        ("Requests by class of the code", "reqps", "code", _traffic("code", _REQUESTS)),
    ),
    "Errors": (
        ("5xx by region of the head", "percentunit", "region", _errors("region", _OF_HEADS)),
        ("5xx by head", "percentunit", "head", _errors("head", _OF_HEADS)),
        ("Models with most 5xx", "percentunit", "model", _most(_errors("model", _REQUESTS))),
        ("5xx by edge", "percentunit", "edge", _errors("edge", _REQUESTS)),
        ("4xx by edge", "percentunit", "edge", _errors("edge", _REQUESTS, "4xx")),
    ),
    "Latency": (
        ("First byte by region, p50", "ms", "region", _percentile(0.5, "region", "head_first_byte")),
        ("First byte by region, p99", "ms", "region", _percentile(0.99, "region", "head_first_byte")),
        ("First byte by head, p99", "ms", "head", _percentile(0.99, "head", "head_first_byte")),
        ("Duration by region, p50", "ms", "region", _percentile(0.5, "region", "head_duration")),
        ("Duration by region, p99", "ms", "region", _percentile(0.99, "region", "head_duration")),
        ("Duration by head, p99", "ms", "head", _percentile(0.99, "head", "head_duration")),
    ),
    "Failover": (
        (
            "By region that takes over",
            "reqps",
            "region",
            _traffic("region", "envoy_modelspec_head_failovers"),
        ),
        ("By head that takes over", "reqps", "head", _traffic("head", "envoy_modelspec_head_failovers")),
        ("Models with most", "reqps", "model", _most(_traffic("model", _FAILOVERS))),
        ("Tries at heads by edge", "reqps", "edge", _traffic("edge", "envoy_modelspec_attempts")),
        ("Healthy hosts by head", "none", "envoy_cluster_name", _by_cluster("min", "membership_healthy")),
        (
            "Ejected hosts by head",
            "none",
            "envoy_cluster_name",
            _by_cluster("max", "outlier_detection_ejections_active"),
        ),
    ),
    "Edges": (
        ("Open requests", "none", "edge", f"sum by (edge) (envoy_http_downstream_rq_active{_CHOSEN})"),
        ("Memory", "bytes", "instance", f"max by (instance) (envoy_server_memory_physical_size{_CHOSEN})"),
        (
            "Days until a certificate expires",
            "none",
            "instance",
            f"min by (instance) (envoy_server_days_until_first_cert_expiring{_CHOSEN} < 10000)",
        ),
    ),
}
"""The panels by the title of their row."""


def _panels() -> Iterator[Json]:
    """Rows of panels, three beside each other."""
    top = number = 0
    for row, graphs in _GRAPHS.items():
        number += 1
        at = {"x": 0, "y": top, "w": 24, "h": 1}
        yield {"id": number, "type": "row", "title": row, "collapsed": False, "panels": [], "gridPos": at}
        for place, (title, unit, label, expression) in enumerate(graphs):
            number += 1
            line, column = divmod(place, _COLUMNS)
            query = {
                "refId": "A",
                "datasource": _SOURCE,
                "expr": expression,
                "legendFormat": f"{{{{{label}}}}}",
            }
            yield {
                "id": number,
                "type": "timeseries",
                "title": title,
                "datasource": _SOURCE,
                "targets": [query],
                "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
                "gridPos": {"x": column * _WIDTH, "y": top + 1 + line * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
            }
        top += 1 - len(graphs) // -_COLUMNS * _HEIGHT
