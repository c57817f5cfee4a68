"""Rules for the limits of Envoy edges, if `targets` contains `envoy`: `MS711` to `MS713`."""

from collections.abc import Iterator
from dataclasses import replace

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Rule, Scope, rule, stage_rule
from modelspec.fleet.model import Fleet, Model
from modelspec.text.document import Place
from modelspec.text.quote import quote
from modelspec.url import is_host, parts
from modelspec.url.shape import is_port

_TARGET = "envoy"
_ATLAS = """
    # file: models.d/atlas.yaml
    model_id: atlas
    name: Atlas
    region: us
    priority_head: head-us-1
    fallback_heads: [head-uk-1]
    endpoint: https://atlas.example.com/v1
    """
_SHARED = """
    # file: modelspec.yaml
    targets: [envoy]
    # file: heads.yaml
    heads:
      - {head_id: head-us-1, region: us, url: https://us-1.example.com}
      - {head_id: head-us-2, region: us, url: https://us-2.example.com%s}
      - {head_id: head-uk-1, region: uk, url: https://uk-1.example.com}
      - {head_id: head-eu-1, region: eu, url: https://eu-1.example.com}
      - {head_id: head-eu-2, region: eu, url: https://eu-2.example.com}
      - {head_id: head-cn-1, region: cn, url: https://cn-1.example.com}
    # file: models.d/atlas.yaml
    model_id: atlas
    name: Atlas
    region: us
    priority_head: head-us-1
    fallback_heads: [head-uk-1]
    load_balancing: {policy: least_request, weights: {head-us-1: 1, head-us-2: 1}}
    endpoint: https://atlas.example.com/v1
    """


@rule(
    "MS711",
    Severity.ERROR,
    Scope.MODEL,
    bad=_ATLAS + "access: {client_regions: [us]}\n    # file: modelspec.yaml\n    targets: [envoy]",
    good=_ATLAS + "access: {client_regions: [us]}\n    # file: modelspec.yaml\n    targets: [envoy]\n"
    "    edges: [{edge_id: edge-us, region: us}]",
)
def client_regions_have_edges(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A model is limited to clients of some regions, and no edges are declared.

    An Envoy edge assumes that its clients are in its own region. Without `edges` in modelspec.yaml, a single edge
    without a region is written, which would have to reject every request for the model.

    Declare the edges, each with its region, or name the header in which proxies say it: `client_region` in
    `target_options.envoy`.
    """
    if _TARGET not in fleet.targets or model.client_regions is None or fleet.edge_regions:
        return
    if "client_region" in fleet.edge_options:
        return
    if model.status == "disabled":
        return
    yield Finding(
        place=Place(path=model.path, pointer=("access", "client_regions")),
        message="an Envoy edge cannot know the region of its clients, because modelspec.yaml declares no edges",
        label="needs the region of clients",
        help="declare the edges in modelspec.yaml: 'edges: [{edge_id: edge-us, region: us}]'",
    )


def _heads_have_no_path(fleet: Fleet) -> Iterator[Finding]:
    if _TARGET not in fleet.targets:
        return
    for head in fleet.heads.values():
        url = parts(head.url)
        if url is not None and url.path.strip("/"):
            yield Finding(
                place=Place(path=head.place.path, pointer=(*head.place.pointer, "url")),
                message=f"an Envoy edge cannot prepend the path of {quote(head.head_id)} to requests",
                label="has a path",
                help="end the url after the host, and let the head serve its API at /v1",
            )


def _heads_can_be_called(fleet: Fleet) -> Iterator[Finding]:
    if _TARGET not in fleet.targets:
        return
    for head in fleet.heads.values():
        url = parts(head.url)
        if url is None or not is_host(url.host) or not is_port(url.port):
            yield Finding(
                place=Place(path=head.place.path, pointer=(*head.place.pointer, "url")),
                message=f"an Envoy edge cannot call the url of {quote(head.head_id)}",
                label="has no host and port that exist",
                help="write https://, a name or address, and a port from 1 to 65535 where it is not 443",
                subject=head.head_id,
            )


@rule(
    "MS713",
    Severity.ERROR,
    Scope.LINKED,
    bad=_SHARED % ", health_path: /healthz",
    good=_SHARED % "",
)
def counted_heads_share_a_health_path(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """Heads with the policy `least_request` have different health paths.

    To send a request to the head with the fewest open requests, Envoy needs all heads of the tier in one cluster, and
    it checks the hosts of a cluster at one path. With `round_robin` and `random`, each head has its own cluster.

    Give the heads the same `health_path`, or choose another policy.
    """
    if _TARGET not in fleet.targets or model.policy != "least_request" or model.status == "disabled":
        return
    for status in ("active", "draining"):
        heads = [fleet.heads[head] for head in model.weights if fleet.heads[head].status == status]
        others = [head for head in heads if head.health_path != heads[0].health_path]
        if others:
            yield Finding(
                place=Place(path=model.path, pointer=("load_balancing", "policy")),
                message=f"an Envoy edge cannot count open requests of {quote(heads[0].head_id)} and "
                f"{quote(others[0].head_id)}, which have different health paths",
                label="needs one health_path",
                help="give the heads the same health_path, or use the policy round_robin",
                related=(
                    (
                        others[0].place,
                        f"the health path of {quote(others[0].head_id)} is {quote(others[0].health_path)}",
                    ),
                ),
            )


heads_have_no_path: Rule = replace(
    stage_rule(
        "MS712",
        "The URL of a head has a path, and the edge is an Envoy.",
        """
        The edge chooses a head after it has chosen a route, so a request that is retried at the next head keeps its
        path. The path of a single head cannot be prepended.

        Let the head serve its API at the root of its host: https://head.example.com, with requests to /v1/…
        """,
        bad=_SHARED % "/llm",
        good=_SHARED % "",
    ),
    fleet_check=_heads_have_no_path,
)

heads_can_be_called: Rule = replace(
    stage_rule(
        "MS520",
        "The URL of a head has no host or port that exists, and the edge is an Envoy.",
        """
        Envoy takes the host and the port apart: what has none of them, or a port above 65535, is no address. It is
        MS516 that explains what is wrong with the URL; this rule stands where MS516 is turned off, so that no edge is
        built that its own program refuses.

        Write a host, and a port from 1 to 65535.
        """,
        bad=(_SHARED % "")
        .replace("[envoy]", '[envoy]\n    rules: {MS516: "off"}')
        .replace("us-1.example.com", "us-1.example.com:99999"),
        good=_SHARED % "",
    ),
    fleet_check=_heads_can_be_called,
)

RULES = (
    heads_can_be_called,
    client_regions_have_edges,
    heads_have_no_path,
    counted_heads_share_a_health_path,
)
