"""What the Envoy edge cannot express, where `targets` names it: `MS711` to `MS713`."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Rule, Scope, rule, stage_rule
from modelspec.fleet.model import Fleet, Model
from modelspec.text.document import Place
from modelspec.text.quote import quote

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
    """A model is offered in some regions only, and no edge says where it runs.

    An Envoy edge takes its own region for that of its clients. Without `edges` in modelspec.yaml one edge is written
    that knows no region, and it could only refuse the model to everybody.

    Declare the edges, each with its region.
    """
    if _TARGET not in fleet.targets or model.client_regions is None or fleet.edge_regions:
        return
    if model.status == "disabled":
        return
    yield Finding(
        place=Place(path=model.path, pointer=("access", "client_regions")),
        message="an Envoy edge cannot tell where clients are, for modelspec.yaml declares no edges",
        label="asks where clients are",
        help="declare the edges in modelspec.yaml: 'edges: [{edge_id: edge-us, region: us}]'",
    )


def _heads_have_no_path(fleet: Fleet) -> Iterator[Finding]:
    if _TARGET not in fleet.targets:
        return
    for head in fleet.heads.values():
        try:
            path = urlsplit(head.url).path
        except ValueError:  # told by the rules about URLs
            continue
        if path.strip("/"):
            yield Finding(
                place=Place(path=head.place.path, pointer=(*head.place.pointer, "url")),
                message=f"an Envoy edge cannot put the path of {quote(head.head_id)} before that of a request",
                label="has a path",
                help="end the url behind the host, and let the head serve its API at /v1",
            )


@rule(
    "MS713",
    Severity.ERROR,
    Scope.LINKED,
    bad=_SHARED % ", health_path: /healthz",
    good=_SHARED % "",
)
def counted_heads_share_a_health_path(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """Heads that share requests by open ones are checked at different paths.

    To send a request to the head with the fewest open ones, Envoy must know the heads of the tier as one cluster, and
    it checks the hosts of a cluster at one path. With `round_robin` and `random` each head is a cluster of its own.

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
                message=f"an Envoy edge cannot check {quote(heads[0].head_id)} and {quote(others[0].head_id)} at "
                "different paths and count their open requests",
                label="needs one health_path",
                help="give the heads the same health_path, or use the policy round_robin",
                related=(
                    (
                        others[0].place,
                        f"{quote(others[0].head_id)} is checked at {quote(others[0].health_path)}",
                    ),
                ),
            )


heads_have_no_path: Rule = replace(
    stage_rule(
        "MS712",
        "A head stands below a path, and the edge is an Envoy.",
        """
        The edge chooses a head after it has chosen a route, so that a request that moves on to the next head keeps its
        path. A path of one head cannot be written before it.

        Let the head serve its API at the root of its host, as in https://head.example.com, with requests to /v1/…
        """,
        bad=_SHARED % "/llm",
        good=_SHARED % "",
    ),
    fleet_check=_heads_have_no_path,
)

RULES = (
    client_regions_have_edges,
    heads_have_no_path,
    counted_heads_share_a_health_path,
)
