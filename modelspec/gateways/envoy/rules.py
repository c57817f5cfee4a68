"""Rules for the limits of Envoy edges, if `targets` contains `envoy`: `MS711` to `MS715`, `MS520` and `MS731`."""

from collections.abc import Iterator
from dataclasses import replace

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Rule, Scope, rule, stage_rule
from modelspec.fleet.link_fleet import LITELLM_HEALTH_PATHS, LITELLM_OPEN_PATHS
from modelspec.fleet.model import Fleet, Model
from modelspec.gateways.envoy.requests import HEALTH
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
_WITH_LITELLM = _SHARED.replace("[envoy]", "[envoy, litellm]").replace("policy: least_request, ", "")


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


_ADMINISTRATIVE = """
    a2a access_group access_groups active adaptive_router add agent agents alerting api apply_guardrail apps
    assistants authorize auto_router budget budgets cache callback callbacks claude-code cloudzero compliance
    comprehendmedical config config_overrides containers coordination_redis cost cost_optimization credentials
    customer debug delete discover enabled end_user evals fallback fine_tuning flushall gateway get
    get_favicon get_image get_logo_url global guardrails health identities indexes introspect invitation jwt
    key lazy litellm live login logs make_public managed mcp memory memory-usage memory-usage-in-mem-cache
    memory-usage-in-mem-cache-items metrics model model-insights model_group model_hub moyai network oauth
    onboarding openapi-registry organization otel-spans ping plugin-proxy policies policy project prompts
    provider public queue redis register registry.json reload report repositories revoke roi-calculator router
    routes schedule scim search_tools server service session sessions settings skills spend spend_logs sso
    sync systemone tag team teams telemetry test threads token tool tools toolset traces ui update upload
    usage user user-credentials user-env-vars users utils vantage vector_store vector_stores workflows
"""
"""First parts of paths, behind a version, at which LiteLLM 1.108.7 does not infer: of the routes in litellm/proxy."""
_MODEL_IN_PATH = """
    anthropic assemblyai azure azure_ai azure_speech bedrock bespoke cohere cursor deepgram engines
    eu.assemblyai fal_ai gemini gigachat interactions langfuse laya milvus mistral nvidia_nim openai
    openai_passthrough openrouter tinyfish transcribe typesafe v1beta vertex-ai vertex_ai vllm watsonx
"""
"""First parts below which LiteLLM takes the model from the path, or passes the request on to a provider."""
_ANSWERED = ("models", "responses", "files", "batches", "realtime", HEALTH[1:])


def _paths_name_a_model(fleet: Fleet) -> Iterator[Finding]:
    if _TARGET not in fleet.targets:
        return
    for position, path in enumerate(fleet.edge_options.get("paths", ())):
        behind = [part for part in path.split("/")[1:] if not (part[:1] == "v" and part[1:].isdigit())]
        first = behind[0].lower() if behind else ""
        if first in _ADMINISTRATIVE.split():
            reason = "administers a LiteLLM head, or tells of it"
        elif first in _MODEL_IN_PATH.split():
            reason = "takes the model from the path, or none"
        elif first in ("", *_ANSWERED):
            reason = "is answered by the edge itself"
        else:
            continue
        yield Finding(
            place=Place(path="modelspec.yaml", pointer=("target_options", "envoy", "paths", position)),
            message=f"the path {quote(path)} {reason}",
            label="not for requests whose body names the model",
            help="remove it: the edge serves the paths of the OpenAI and Anthropic APIs without being told",
        )


@rule(
    "MS715",
    Severity.ERROR,
    Scope.MODEL,
    bad=_ATLAS
    + """limits: {first_byte_seconds: 900}
    # file: modelspec.yaml
    targets: [envoy]
    target_options: {envoy: {request_timeout_ms: 600000}}""",
    good=_ATLAS
    + """limits: {first_byte_seconds: 900}
    # file: modelspec.yaml
    targets: [envoy]
    target_options: {envoy: {request_timeout_ms: 3600000}}""",
)
def first_byte_comes_before_the_end(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A model may be silent for as long as the edge lets a request take in total.

    `request_timeout_ms` ends a request with all its tries. If a head may use all of it before its first byte, no other
    head is ever asked.

    Raise `request_timeout_ms`, or leave it out: then only silence is bounded. Or give the model less time.
    """
    total = fleet.edge_options.get("request_timeout_ms")
    first_byte = model.first_byte_seconds
    if (
        _TARGET not in fleet.targets
        or not isinstance(total, int)
        or first_byte is None
        or model.status == "disabled"
    ):
        return
    if first_byte * 1000 >= total:
        yield Finding(
            place=Place(path=model.path, pointer=("limits", "first_byte_seconds")),
            message=f"a request ends after {total / 1000:g} seconds, before another head is asked",
            label="as long as a request may take",
            help="raise target_options.envoy.request_timeout_ms in modelspec.yaml, or leave it out",
        )


def _health_paths_need_no_key(fleet: Fleet) -> Iterator[Finding]:
    if "litellm" not in fleet.targets:
        return
    for head in fleet.heads.values():
        if head.health_path not in LITELLM_OPEN_PATHS:
            yield Finding(
                place=Place(path=head.place.path, pointer=(*head.place.pointer, "health_path")),
                message=f"LiteLLM does not answer {quote(head.health_path)} with 200 to a health check, "
                "which has no key",
                label="fails every check",
                help=f"delete the field, or write {LITELLM_HEALTH_PATHS[0]}",
                subject=head.head_id,
            )


health_paths_need_no_key: Rule = replace(
    stage_rule(
        "MS714",
        "The health path of a head is one that LiteLLM answers with an error.",
        """
        `targets` has `litellm`, so each head is a LiteLLM. Health checks of the edge and of Prometheus have no key. To
        them, LiteLLM answers with 200 at `/health/liveliness`, `/health/liveness` and `/health/readiness`, with 500 at
        `/health` and with 401 at `/metrics`. With such a path, every check fails, and the edge never uses the head.

        Delete the field: the default is `/health/liveliness`. If something in front of LiteLLM answers another path,
        turn this rule off in modelspec.yaml.
        """,
        bad=_WITH_LITELLM % ", health_path: /health",
        good=_WITH_LITELLM % ", health_path: /health/liveliness",
    ),
    fleet_check=_health_paths_need_no_key,
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

paths_name_a_model: Rule = replace(
    stage_rule(
        "MS731",
        "A path that the edge is to serve is not for requests whose body names the model.",
        """
        `target_options.envoy.paths` adds to the paths that reach a head, and whoever may call a model may then call
        them. A LiteLLM head makes keys at `/key/generate` and changes its models at `/model/new`; below `/engines/`,
        `/openai/deployments/` and the names of providers it takes the model from the path, so that a request names one
        model for the edge and another for the head.

        Remove the path. Administer a head from inside its network.
        """,
        bad=(_SHARED % "").replace(
            "[envoy]", "[envoy]\n    target_options: {envoy: {paths: [/key/generate]}}"
        ),
        good=(_SHARED % "").replace("[envoy]", "[envoy]\n    target_options: {envoy: {paths: [/v1/ocr]}}"),
    ),
    fleet_check=_paths_name_a_model,
)

RULES = (
    paths_name_a_model,
    heads_can_be_called,
    client_regions_have_edges,
    heads_have_no_path,
    counted_heads_share_a_health_path,
    health_paths_need_no_key,
    first_byte_comes_before_the_end,
)
