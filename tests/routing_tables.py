"""Routing tables made by hand: small enough to be seen through, and with what no file could hold as well."""

from collections.abc import Mapping, Sequence
from typing import Any

from modelspec.fleet.model import Upstream
from modelspec.fleet.reference import Reference
from modelspec.routing.table import About, HeadEntry, RegionEntry, Route, RoutingTable, Tier


def region(code: str, residency: tuple[str, ...] | None = None) -> RegionEntry:
    return RegionEntry(code=code, name=code.upper(), residency=residency, location=None)


def head(
    head_id: str,
    where: str = "us",
    status: str = "active",
    capacity: int | None = None,
    *,
    url: str | None = None,
    health: str = "/health",
) -> HeadEntry:
    return HeadEntry(
        head_id=head_id,
        region=where,
        url=url or f"https://{head_id}.example.net",
        status=status,
        health_path=health,
        inference_url=None,
        capacity=capacity,
    )


def target(endpoint: str | Reference | None, upstream: str = "up", where: str | None = None) -> Upstream:
    return Upstream(
        endpoint=endpoint,
        has_own_endpoint=endpoint is not None,
        provider="openai",
        upstream_model=upstream,
        api_key=None,
        params={},
        request={},
        model_info={},
        region=where,
        weight=None,
        order=None,
        rpm=None,
        tpm=None,
    )


def route(  # noqa: PLR0913
    model_id: str,
    *tiers: Mapping[str, int],
    aliases: tuple[str, ...] = (),
    where: str = "eu",
    status: str = "active",
    policy: str = "round_robin",
    visibility: str = "internal",
    groups: tuple[str, ...] = (),
    rpm: int | None = None,
    reach: tuple[str, ...] = (),
    client_regions: tuple[str, ...] | None = None,
    targets: tuple[Upstream, ...] = (),
    local: Mapping[str, Upstream] | None = None,
    named: tuple[str, ...] = (),
    fallback_models: Mapping[str, tuple[str, ...]] | None = None,
    **retries: Any,
) -> Route:
    """`named` are heads that the file names and that are in no tier: offline ones; `retries` are fields of a route."""
    heads = [*(each for tier in tiers for each in tier), *named]
    return Route(
        model_id=model_id,
        aliases=aliases,
        status=status,
        region=where,
        policy=policy,
        tiers=tuple(Tier(weights=tier) for tier in tiers),
        local_inference=local is not None,
        targets=() if local else targets or (target("https://up.example.com/v1"),),
        local_targets=local or {},
        fallback_models=fallback_models or {},
        reach=reach,
        client_regions=client_regions,
        visibility=visibility,
        groups=groups,
        rpm=rpm,
        tpm=None,
        **retries,
        about=About(
            name=model_id,
            priority_head=heads[0] if heads else "none",
            fallback_heads=tuple(heads[1:]),
            weights={},
            sunset=None,
            replaced_by=None,
            tags=(),
            metadata={},
            path=f"models.d/{model_id}.yaml",
            line=1,
        ),
    )


def table(
    regions: Sequence[RegionEntry], heads: Sequence[HeadEntry], routes: Sequence[Route]
) -> RoutingTable:
    return RoutingTable(
        regions=tuple(regions),
        heads=tuple(heads),
        routes=tuple(sorted(routes, key=lambda each: each.model_id)),
    )
