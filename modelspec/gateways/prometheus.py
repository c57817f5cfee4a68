"""`gateways/prometheus/`: what to probe, and when to alert.

`targets.json` is for file-based service discovery with the blackbox exporter: each target is a URL to probe.
`alerts.yml` has rules for the results. Ids are only in labels, never in templates. Neither file contains keys, or
endpoints whose URL is in a variable.
"""

from collections.abc import Iterable, Iterator

from modelspec.emit.artifact import Artifact, encode
from modelspec.gateways import GatewayOptions
from modelspec.routing.table import HeadEntry, Json, RoutingTable
from modelspec.url import parts

_HEADS = 'probe_success{modelspec="head",status="active"}'


def emit(routing: RoutingTable, options: GatewayOptions) -> Iterator[Artifact]:  # noqa: ARG001 - the signature of all emitters
    """The targets, one a line: heads in the order of their file, then endpoints by URL; and the alerts."""
    targets = [*map(_head, routing.heads), *_endpoints(routing)]
    yield Artifact(path="gateways/prometheus/targets.json", content=_list("[", targets, "]"))
    rules = _list('{"groups": [{"name": "modelspec", "rules": [', _rules(), "]}]}")
    yield Artifact(path="gateways/prometheus/alerts.yml", content=rules)


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


def _rule(name: str, expression: str, *, minutes: int, severity: str, summary: str) -> Json:
    return {
        "alert": name,
        "expr": expression,
        "for": f"{minutes}m",
        "labels": {"severity": severity},
        "annotations": {"summary": summary},
    }
