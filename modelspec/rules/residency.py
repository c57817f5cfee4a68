"""Where upstreams run, and what a residency rule says: `MS311` to `MS314`, and `MS320`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Scope, rule
from modelspec.fleet.geography import ANYWHERE, GEOGRAPHY, ISO, Fact
from modelspec.fleet.location import BY_CLAIM, Evidence, region_place, whereabouts
from modelspec.fleet.model import Catalog, Claims, Fleet, Model, Region, Residency, Signature
from modelspec.fleet.reach import transitive_reach, transitive_sites, unproved_sites
from modelspec.rules.examples import model
from modelspec.rules.heads import is_left_out, residency_of
from modelspec.text.document import Place, Pointer
from modelspec.text.quote import quote, some
from modelspec.url import host_of

_SHOWN = 6


def within(countries: Iterable[str]) -> str:
    """Countries as people read them: `DE, FR`, or `anywhere`."""
    codes = sorted(countries)
    if set(codes) >= ANYWHERE:
        return "anywhere"
    more = f" and {len(codes) - _SHOWN} more" if len(codes) > _SHOWN else ""
    return "in " + ", ".join(code.upper() for code in codes[:_SHOWN]) + more


def _rule_of(code: str, fleet: Fleet) -> tuple[Region, Residency] | None:
    residency = fleet.residencies.get(code)
    return None if residency is None else (fleet.regions[code], residency)


_BEDROCK = model(
    region="eu", endpoint=None, provider="bedrock", upstream_model="anthropic.claude-opus-4-6-v1:0"
)


@rule(
    "MS311",
    Severity.ERROR,
    Scope.LINKED,
    bad=_BEDROCK + "params: {aws_region_name: us-east-1}",
    good=_BEDROCK + "params: {aws_region_name: eu-west-1}",
)
def upstreams_keep_residency(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """An upstream runs outside the residency of its model.

    Where an upstream runs follows from `upstream_region` (`region` of a deployment), from `upstreams` in regions.yaml,
    from the head in front of a private address, and else from its spelling: a cloud's region in its params or host, an
    inference profile in its id, a regional host of its provider. Global profiles and endpoints run anywhere.

    Use an upstream inside the residency, or widen `residency` in regions.yaml, where its owners review the change.
    """
    if (ruled := _rule_of(model.region, fleet)) is None:
        return
    region, residency = ruled
    for upstream in model.deployments:
        found = whereabouts(upstream, model, fleet)
        regions = found.location.regions
        for one in found.evidence:
            countries = () if one.fact is None else one.fact.countries
            if not regions and is_left_out(region, countries):
                continue
            if countries == ANYWHERE or (not regions and residency.forbids(countries)):
                yield _outside(model, region, one.pointer, one.subject, f"runs {within(countries)}")
            elif (
                one.decides
                and found.location.known_by == BY_CLAIM
                and not residency.codes.union((region.code,)).issuperset(regions)
            ):
                yield _outside(model, region, one.pointer, one.subject, f"counts as {', '.join(regions)}")


def _outside(model: Model, region: Region, pointer: Pointer, subject: str, where: str) -> Finding:
    return Finding(
        place=Place(path=model.path, pointer=pointer),
        message=f"{quote(subject)} {where}, outside the residency of {quote(region.code)}",
        label=where,
        help=f"use an upstream in {' or '.join(region.residency or ())}, or change the residency of {region.code}",
        related=(residency_of(region),),
    )


@rule(
    "MS312",
    Severity.ERROR,
    Scope.LINKED,
    bad=_BEDROCK + "params: {aws_region_name: us-east-1}\nupstream_region: eu",
    good=_BEDROCK + "params: {aws_region_name: eu-west-1}\nupstream_region: eu",
)
def declarations_agree_with_spellings(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """An upstream is declared to run in one place and spelled to run in another.

    A declaration is believed, so a wrong one would hide that requests leave. Where the spelling of a host, of a cloud's
    region or of an inference profile shares no country with the declared region, one of them is wrong. `countries`
    in regions.yaml says where a region lies.

    Correct the declaration, or use the upstream that it describes.
    """
    for upstream in model.deployments:
        found = whereabouts(upstream, model, fleet)
        if all(one.fact is None for one in found.evidence):
            continue
        location = found.location
        countries = frozenset(
            c for code in location.regions if code in fleet.regions for c in fleet.regions[code].countries
        )
        if not countries:
            continue
        declared = ", ".join(map(quote, location.regions))
        related: tuple[tuple[Place, str], ...] = ()
        if upstream.region is not None:
            related = ((region_place(model, upstream), "declared here"),)
        elif location.known_by == BY_CLAIM:
            claiming = [fleet.regions[code].place for code in location.regions]
            related = tuple((place.below("upstreams"), "declared here") for place in claiming)
        for one in found.evidence:
            if one.fact is None or not _contradicts(one.fact, countries):
                continue
            if location.known_by == BY_CLAIM and any(_names(claim, one) for claim in fleet.claims):
                continue  # reported once, in regions.yaml
            yield Finding(
                place=Place(path=model.path, pointer=one.pointer),
                message=f"{quote(one.subject)} runs {within(one.fact.countries)}, but this upstream is declared "
                f"to run in {declared}",
                label=f"runs {within(one.fact.countries)}",
                help="correct one of the two; `countries` in regions.yaml says where a region lies",
                related=related,
            )


def _names(claim: Claims, one: Evidence) -> bool:
    """Whether a region claims just this, so that its own line is wrong."""
    return one.subject in (claim.hosts if one.kind == "host" else dict(claim.clouds).get(one.kind, ()))


def _contradicts(fact: Fact, countries: Iterable[str]) -> bool:
    return fact.countries != ANYWHERE and fact.countries.isdisjoint(countries)


def _fleet_agrees(fleet: Fleet) -> Iterator[Finding]:
    """Heads, and what regions claim, whose spelling lies elsewhere."""
    for head in fleet.heads.values():
        region = fleet.regions.get(head.region)
        for name, url in (("url", head.url), ("inference_url", head.inference_url)):
            fact = GEOGRAPHY.of_host(host_of(url) or "") if url and region else None
            if region and region.countries and fact is not None and _contradicts(fact, region.countries):
                yield Finding(
                    place=head.place.below(name),
                    message=f"the {name} of head {quote(head.head_id)} lies {within(fact.countries)}, but its region "
                    f"is {quote(head.region)}",
                    label=f"lies {within(fact.countries)}",
                    help="correct one of the two; `countries` in regions.yaml says where a region lies",
                    related=((head.place.below("region"), "declared here"),),
                    subject=head.head_id,
                )
    for region in fleet.regions.values():
        claims: list[tuple[Pointer, str, Fact | None]] = [
            (("hosts", n), host, GEOGRAPHY.of_host(host)) for n, host in enumerate(region.claims.hosts)
        ]
        for cloud, names in region.claims.clouds:
            known = GEOGRAPHY.clouds.get(cloud, {})
            claims.extend((("clouds", cloud, n), name, known.get(name)) for n, name in enumerate(names))
        for pointer, name, fact in claims:
            if fact is not None and region.countries and _contradicts(fact, region.countries):
                yield Finding(
                    place=region.place.below("upstreams", *pointer),
                    message=f"{quote(name)} runs {within(fact.countries)}, not in {quote(region.code)}",
                    label=f"runs {within(fact.countries)}",
                    help="move it to the region where it runs; `countries` says where a region lies",
                    subject=region.code,
                )


@dataclass(slots=True)
class _Unknown:
    """An upstream whose place is not proved: where it is used first, and by which models under a rule."""

    place: Place
    countries: tuple[str, ...]
    allowed: frozenset[str]
    models: dict[str, str] = field(default_factory=dict)


@rule(
    "MS313",
    Severity.WARNING,
    Scope.CATALOG,
    bad=model(region="eu", endpoint="https://atlas.example.org/v1"),
    good=model(region="eu", endpoint="https://atlas.example.org/v1") + "upstream_region: eu",
)
def residency_is_proved(catalog: Catalog) -> Iterator[Finding]:
    """Nothing proves where an upstream of a model with a residency rule runs.

    The rule is kept only if every upstream runs inside it, fallback models' included. A host, a variable or a provider
    that says nothing of its place could be anywhere; an Azure region says where a resource lies, not where its
    requests are processed. Each is reported once, with the number of models behind it.

    Declare it: `upstream_region` in the model (`region` of a deployment), or once for all models under `upstreams` of a
    region in regions.yaml.
    """
    unknown: dict[str, _Unknown] = {}
    for signature, unproved in unproved_sites(catalog):
        for subject, countries in unproved:
            if subject not in unknown:
                allowed = catalog.fleet.residencies[signature.region].countries
                unknown[subject] = _Unknown(place_of_site(subject, signature, catalog), countries, allowed)
            unknown[subject].models[signature.model_id] = signature.region
    for subject, one in unknown.items():
        count = len(one.models)
        models = f"{count:,} models" if count > 1 else f"the model {quote(next(iter(one.models)))}"
        of = some(list(map(quote, sorted(set(one.models.values())))), _SHOWN)
        outside = set(one.countries) - one.allowed
        if not one.countries:
            why = f"nothing says where {quote(subject)} runs"
        elif outside:
            why = f"{quote(subject)} may run {within(outside)}"
        else:
            why = f"{quote(subject)} lies {within(one.countries)}, but requests to it may be processed elsewhere"
        yield Finding(
            place=one.place,
            message=f"{why}: the residency of {of} is not proved for {models}",
            label="could be outside",
            help="declare upstream_region (in deployments: region), or name it under upstreams of a region in "
            "regions.yaml",
            subject=subject,
        )


def place_of_site(subject: str, signature: Signature, catalog: Catalog) -> Place:
    """Where a subject is written: in this model if it is its own, else in the first that has it."""
    for one in (signature, *catalog.signatures):
        for site in one.sites:
            if site[0] == subject:
                return Place(path=one.path, pointer=site[1])
    raise AssertionError(subject)


@rule(
    "MS314",
    Severity.ERROR,
    Scope.LINKED,
    bad="""
    # file: regions.yaml
    regions:
      - {code: us, name: United States}
      - {code: eu, name: Europe, residency: [eu, uk]}
      - {code: uk, name: United Kingdom, countries: [uk]}
      - {code: cn, name: China}
    """,
    good="""
    # file: regions.yaml
    regions:
      - {code: us, name: United States}
      - {code: eu, name: Europe, residency: [eu, uk]}
      - {code: uk, name: United Kingdom, countries: [gb]}
      - {code: cn, name: China}
    """,
)
def countries_exist(model: Model, fleet: Fleet) -> Iterator[Finding]:  # noqa: ARG001 - it is about regions alone
    """A region names a country that does not exist.

    `countries` are ISO 3166 codes of two letters. Where a region lies decides what its residency rule can prove.

    Use the code of the country; the United Kingdom is `gb`. For the 27 members of the European Union, name the region
    `eu` or list them.
    """
    return iter(())


def _fleet_names_countries(fleet: Fleet) -> Iterator[Finding]:
    for region in fleet.regions.values():
        for code in sorted(region.countries - ISO):
            yield Finding(
                place=region.place.below("countries"),
                message=f"no country has the ISO 3166 code {quote(code)}",
                label=f"{quote(code)} stands here",
                help="use 'gb', the United Kingdom"
                if code == "uk"
                else "use the two letters of ISO 3166, like 'de'",
                subject=region.code,
            )


@rule(
    "MS320",
    Severity.ERROR,
    Scope.CATALOG,
    bad="""
    # file: regions.yaml
    regions:
      - {code: us, name: United States}
      - {code: eu, name: Europe, residency: [uk]}
      - {code: uk, name: United Kingdom}
      - {code: cn, name: China}
    """
    + model(region="eu", upstream_region="eu"),
    good="""
    # file: regions.yaml
    regions:
      - {code: us, name: United States}
      - {code: eu, name: Europe, residency: [eu, uk]}
      - {code: uk, name: United Kingdom}
      - {code: cn, name: China}
    """
    + model(region="eu", upstream_region="eu"),
)
def residency_includes_its_region(catalog: Catalog) -> Iterator[Finding]:
    """A residency rule leaves out its own region, where models are served.

    `residency` lists every region where requests for a region's models may be served, so its own code belongs into the
    list too. It may be left out only where the region's models are all served elsewhere. This is reported once, with
    the number of models, instead of at each of their heads.

    Add the code of the region to its `residency`, or move its models to heads in the regions that it lists.
    """
    left_out = [
        region
        for region in catalog.fleet.regions.values()
        if region.residency is not None and region.code not in region.residency
    ]
    if not left_out:
        return
    reaches = transitive_reach(catalog.signatures, catalog.names)
    spelled = transitive_sites(catalog)
    for region in left_out:
        served = [
            one
            for one in catalog.signatures
            if one.region == region.code
            and (
                region.code in reaches[one.model_id]
                or any(is_left_out(region, countries) for _, countries, _ in spelled[one.model_id])
            )
        ]
        if served:
            assert region.residency is not None
            models = f"{len(served):,} models are" if len(served) > 1 else f"{quote(served[0].model_id)} is"
            yield Finding(
                place=region.place.below("residency"),
                message=f"the residency of {quote(region.code)} leaves out {quote(region.code)} itself, where {models} "
                "served",
                label=f"{region.code} is not among these",
                help=f"write residency: [{', '.join((region.code, *region.residency))}]",
                related=((Place(path=served[0].path, pointer=("priority_head",)), "the first of them"),),
                subject=region.code,
            )


RULES = (
    upstreams_keep_residency,
    replace(declarations_agree_with_spellings, fleet_check=_fleet_agrees),
    residency_is_proved,
    residency_includes_its_region,
    replace(countries_exist, scope=Scope.STAGE, fleet_check=_fleet_names_countries),
)
