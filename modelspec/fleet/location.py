"""Where an upstream runs, and how that is known: by declaration, by the head in front of it, or by its spelling."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from modelspec.fleet.geography import GEOGRAPHY, Fact
from modelspec.fleet.model import Claims, Fleet, Head, Location, Model, Upstream
from modelspec.fleet.providers import ADDRESS_PARAM, REGION_PARAMS, endpoint_of
from modelspec.fleet.reference import Reference
from modelspec.text.document import Place, Pointer
from modelspec.text.names import is_match
from modelspec.url import host_of, is_private_host

_TELLING_MODELS = ("bedrock", "vertex_ai")
_OF_STS = "sts_endpoint"
"""Who asks for a token there sends it no request of a client."""

BY_CLAIM = "upstreams in regions.yaml"
"""What a location is known by where a region claims the upstream."""


class Evidence(NamedTuple):
    """What one field says of where an upstream runs.

    `subject` is what people know it by: a host, `{env: NAME}`, a cloud's region. `fact` is None where nothing is known
    of it. `kind` is `host`, `variable`, or the cloud whose region `subject` is. `decides`: requests go there, whatever
    the other fields say.
    """

    pointer: Pointer
    subject: str
    words: str
    fact: Fact | None
    kind: str
    decides: bool


class Whereabouts(NamedTuple):
    """All that is known of one upstream: what was declared, and what its spelling says."""

    location: Location
    evidence: tuple[Evidence, ...]


def runs_on_heads(model: Model) -> bool:
    """Whether the heads run the model themselves; deployments win where a waiver lets both stand."""
    return model.local_inference and not model.deployments[0].pointer


def region_place(model: Model, upstream: Upstream) -> Place:
    """Where the region of an upstream is declared."""
    field = "region" if upstream.pointer else "upstream_region"
    return Place(path=model.path, pointer=(*upstream.pointer, field))


def runs_at(head: Head) -> Location:
    """Where a head runs what it runs itself."""
    return Location(regions=(head.region,), known_by="its head")


Site = tuple[str, Pointer, tuple[str, ...], bool]
"""
One field that tells where an undeclared upstream runs: its subject and pointer, the countries, and whether these are
promised. No countries: what decides where requests go says nothing.
"""


def sites(model: Model, fleet: Fleet) -> Iterator[Site]:
    """What is known of a model's upstreams beside declarations, which the reach holds."""
    if model.status == "disabled":
        return
    for upstream in model.deployments:
        found = whereabouts(upstream, model, fleet)
        if found.location.regions:
            continue
        for one in found.evidence:
            if one.fact is not None:
                yield one.subject, one.pointer, tuple(sorted(one.fact.countries)), one.fact.is_promised
            elif one.decides:
                yield one.subject, one.pointer, (), False


def spelled(upstream: Upstream) -> tuple[tuple[tuple[str, ...], bool], ...]:
    """What the spelling of an undeclared upstream of a table says: countries, and whether these are promised.

    Where requests go and nothing is known of it, there are no countries.
    """
    model_name = upstream.upstream_model if upstream.provider in _TELLING_MODELS else ""
    params = tuple((n, value) for n, value in upstream.params.items() if isinstance(value, str | Reference))
    found = _evidence((), upstream.endpoint, upstream.provider, model_name, params)
    return tuple(
        ((), False) if one.fact is None else (tuple(one.fact.countries), one.fact.is_promised)
        for one in found
        if one.fact is not None or one.decides
    )


def whereabouts(upstream: Upstream, model: Model, fleet: Fleet) -> Whereabouts:
    """Where an upstream of a model runs: its own region first, then regions.yaml, its heads, and its spelling."""
    latest = _LATEST
    if latest.upstream is not upstream or latest.model is not model or latest.fleet is not fleet:
        evidence = _evidence_of(upstream, model)
        location = _location(upstream, model, fleet, evidence)
        latest.upstream, latest.model, latest.fleet = upstream, model, fleet
        latest.found = Whereabouts(location, evidence)
    return latest.found


@dataclass(slots=True)
class _Latest:
    """The last answer: the reach, the sites and two rules ask about one upstream after the other."""

    upstream: Upstream | None
    model: Model | None
    fleet: Fleet | None
    found: Whereabouts


_LATEST = _Latest(None, None, None, Whereabouts(Location(), ()))


def _location(upstream: Upstream, model: Model, fleet: Fleet, evidence: tuple[Evidence, ...]) -> Location:
    if upstream.region is not None:
        field = "deployments[].region" if upstream.pointer else "upstream_region"
        return Location(regions=(upstream.region,), known_by=field)
    claimed = _claimed(evidence, fleet.claims)
    if claimed:
        return Location(regions=claimed, known_by=BY_CLAIM)
    if runs_on_heads(model):
        return Location(regions=_head_regions(model, fleet), known_by="its place at its heads")
    deciding = [one for one in evidence if one.decides]
    if any(map(_is_private, deciding)) and all(one.fact or _is_private(one) for one in deciding):
        return Location(regions=_head_regions(model, fleet), known_by="its private address behind its heads")
    return _spelled(evidence)


def _head_regions(model: Model, fleet: Fleet) -> tuple[str, ...]:
    return tuple(sorted({fleet.heads[head].region for head in model.heads if head in fleet.heads}))


@lru_cache(maxsize=4096)
def _spelled(evidence: tuple[Evidence, ...]) -> Location:
    """What every field together says; nothing where the one that decides says nothing."""
    known = [one for one in evidence if one.fact is not None]
    if not known or any(one.decides and one.fact is None for one in evidence):
        return Location()
    countries: frozenset[str] = frozenset().union(*(one.fact.countries for one in known if one.fact))
    return Location(
        countries=("*",) if "*" in countries else tuple(sorted(countries)),
        known_by=" and ".join(dict.fromkeys(one.words for one in known)),
    )


def _evidence_of(upstream: Upstream, model: Model) -> tuple[Evidence, ...]:
    if upstream.endpoint is None and (runs_on_heads(model) or not upstream.is_declared):
        return ()
    params = tuple((n, value) for n, value in upstream.params.items() if isinstance(value, str | Reference))
    # The names of other providers' models say nothing, and each is another.
    model_name = upstream.upstream_model if upstream.provider in _TELLING_MODELS else ""
    return _evidence(upstream.pointer, upstream.endpoint, upstream.provider, model_name, params)


@lru_cache(maxsize=16384)
def _evidence(
    pointer: Pointer,
    endpoint: str | Reference | None,
    provider: str,
    upstream_model: str,
    params: tuple[tuple[str, str | Reference], ...],
) -> tuple[Evidence, ...]:
    return tuple(_all_evidence(pointer, endpoint, provider, upstream_model, params))


def _all_evidence(
    pointer: Pointer,
    endpoint: str | Reference | None,
    provider: str,
    upstream_model: str,
    params: tuple[tuple[str, str | Reference], ...],
) -> Iterator[Evidence]:
    region_params = REGION_PARAMS.get(provider, {})
    sent = endpoint or endpoint_of(provider)
    if sent is not None:
        at = (*pointer, "endpoint" if endpoint is not None else "provider")
        yield from _of_address(at, sent)
    for name, value in params:
        at = (*pointer, "params", name)
        if name in region_params:
            yield _of_cloud_region(at, value, region_params[name], decides=sent is None)
        elif ADDRESS_PARAM.search(name) and not name.endswith(_OF_STS):
            yield from _of_address(at, value)
        elif name == "model_id" and isinstance(value, str):  # what Bedrock is asked for in place of the model
            yield from _of_model(at, provider, value)
    if sent is None and not any(name in region_params for name, _ in params):
        yield Evidence((*pointer, "provider"), f"provider {provider}", "", None, "", True)
    yield from _of_model((*pointer, "upstream_model"), provider, upstream_model)


def _of_address(pointer: Pointer, value: str | Reference) -> Iterator[Evidence]:
    if isinstance(value, Reference):
        yield _of_variable(pointer, value)
    elif host := host_of(value):  # what is not a URL has a fault of its own
        yield Evidence(pointer, host, f"the host {host}", GEOGRAPHY.of_host(host), "host", True)


def _of_variable(pointer: Pointer, reference: Reference, *, decides: bool = True) -> Evidence:
    return Evidence(pointer, f"{{{reference.kind}: {reference.normal}}}", "", None, "variable", decides)


def _of_cloud_region(pointer: Pointer, value: str | Reference, cloud: str, *, decides: bool) -> Evidence:
    if isinstance(value, Reference):
        return _of_variable(pointer, value, decides=decides)
    region = value.lower()
    return Evidence(
        pointer, region, f"the {cloud} region {region}", GEOGRAPHY.clouds[cloud].get(region), cloud, decides
    )


_ARN = re.compile(r"arn:aws[a-z-]*:bedrock:([a-z0-9-]+):")
_VERTEX = re.compile(r"(?:^|/)locations/([a-z0-9-]+)(?:/|$)")


def _of_model(at: Pointer, provider: str, upstream_model: str) -> Iterator[Evidence]:
    """What an id says, for the providers whose ids name a region."""
    if provider == "vertex_ai" and (match := _VERTEX.search(upstream_model)):
        yield _of_cloud_region(at, match[1], "gcp", decides=False)
    if provider != "bedrock":
        return
    *leading, last = upstream_model.split("/")
    if match := _ARN.match(upstream_model):
        yield _of_cloud_region(at, match[1], "aws", decides=False)
    for segment in leading:
        if segment in GEOGRAPHY.clouds["aws"]:
            yield _of_cloud_region(at, segment, "aws", decides=False)
    prefix = last.partition(".")[0]
    fact = GEOGRAPHY.profiles.get(prefix)
    if fact is not None:
        yield Evidence(at, f"{prefix}.", f"the inference profile {prefix}.", fact, "", False)


@lru_cache(maxsize=16384)
def _claimed(evidence: tuple[Evidence, ...], claims: tuple[Claims, ...]) -> tuple[str, ...]:
    """The regions whose `upstreams` name what decides where requests go."""
    deciding = [
        (one, [claim.region for claim in claims if _is_claimed(one, claim)])
        for one in evidence
        if one.decides
    ]
    if any(one.fact is None and not regions and not _is_private(one) for one, regions in deciding):
        return ()  # requests may go there as well
    return tuple(sorted({region for _, regions in deciding for region in regions}))


def _is_private(one: Evidence) -> bool:
    return one.kind == "host" and is_private_host(one.subject)


def _is_claimed(one: Evidence, claim: Claims) -> bool:
    match one.kind:
        case "host":
            return any(is_match(pattern, one.subject) for pattern in claim.hosts)
        case "variable":
            name = one.subject.removeprefix("{env: ").removesuffix("}")
            return any(is_match(pattern, name) for pattern in claim.variables)
        case cloud:
            return one.subject in dict(claim.clouds).get(cloud, ())
