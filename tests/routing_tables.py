"""Routing tables made by hand, with what no file could hold as well."""

from collections.abc import Mapping, Sequence

from modelspec.routing.table import About, HeadEntry, Route, RoutingTable, Tier


def head(
    head_id: str,
    *,
    region: str = "us",
    url: str | None = None,
    status: str = "active",
    health: str = "/health",
) -> HeadEntry:
    return HeadEntry(
        head_id=head_id,
        region=region,
        url=url or f"https://{head_id}.example.net",
        status=status,
        health_path=health,
        inference_url=None,
        capacity=None,
    )


def a_route(
    model_id: str,
    tiers: Sequence[Mapping[str, int]],
    *,
    aliases: tuple[str, ...] = (),
    policy: str = "round_robin",
    status: str = "active",
    client_regions: tuple[str, ...] | None = None,
    visibility: str = "internal",
) -> Route:
    return Route(
        model_id=model_id,
        aliases=aliases,
        status=status,
        region="us",
        policy=policy,
        tiers=tuple(Tier(weights=weights) for weights in tiers),
        local_inference=False,
        targets=(),
        local_targets={},
        fallback_models={},
        reach=(),
        client_regions=client_regions,
        visibility=visibility,
        groups=(),
        rpm=None,
        tpm=None,
        about=About(
            name=model_id,
            priority_head="",
            fallback_heads=(),
            weights={},
            sunset=None,
            replaced_by=None,
            tags=(),
            metadata={},
            path="models.d/x.yaml",
            line=1,
        ),
    )


def table(heads: Sequence[HeadEntry], routes: Sequence[Route]) -> RoutingTable:
    return RoutingTable(
        regions=(), heads=tuple(heads), routes=tuple(sorted(routes, key=lambda route: route.model_id))
    )
