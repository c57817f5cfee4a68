"""Model files to `Model`s: their names of regions and heads looked up, then those of other models."""

from collections.abc import Iterator, Mapping
from typing import Any

from modelspec.diagnose.rule import Finding
from modelspec.fleet.keys import key_hosts
from modelspec.fleet.link_fleet import unknown_head, unknown_region
from modelspec.fleet.location import region_place, runs_on_heads, sites
from modelspec.fleet.model import Access, Catalog, Fleet, Model, ModelReference, Signature, Upstream
from modelspec.fleet.providers import MEANT, PROVIDER_SUGGESTIONS, WORDS
from modelspec.fleet.reach import own_reach
from modelspec.fleet.reference import Reference
from modelspec.load.find import folders_of
from modelspec.schema import defaults
from modelspec.text.document import Place, Pointer, Scalar
from modelspec.text.names import one_name
from modelspec.text.quote import quote
from modelspec.url import normal_url

Found = tuple[str, Finding]
"""A code of a link fault with its finding."""

_MODEL = defaults("model")
_POLICY = defaults("model", "load_balancing")["policy"]
_VISIBILITY = defaults("model", "access")["visibility"]
USUAL_ACCESS: Access = (_VISIBILITY, (), None)
"""That of a model without `access`."""
_NO_PARAMS: Mapping[str, Scalar | Reference] = {}
_NO_REQUEST: Mapping[str, object] = {}
_NO_INFO: Mapping[str, Scalar] = {}
_NO_WEIGHTS: Mapping[str, int] = {}
_NO_METADATA: Mapping[str, object] = {}


def model_of(path: str, line: int, value: Mapping[str, Any], lines: str = "") -> Model:
    """The model that a document of the right form describes, its defaults filled in; `lines` as a `Model` has them."""
    get = value.get
    model_id = value["model_id"]
    balancing = get("load_balancing") or {}
    limits = get("limits") or {}
    access = get("access") or {}
    listed = get("deployments")
    client_regions = access.get("client_regions")
    retry_on = get("retry_on")
    return Model(
        path=path,
        line=line,
        lines=lines,
        model_id=model_id,
        name=value["name"],
        region=value["region"],
        priority_head=value["priority_head"],
        fallback_heads=tuple(get("fallback_heads") or ()),
        policy=balancing.get("policy", _POLICY),
        weights=_weights(balancing.get("weights")),
        deployments=(_deployment(value, model_id, ()),)
        if listed is None
        else tuple(
            _deployment(item, model_id, ("deployments", position)) for position, item in enumerate(listed)
        ),
        local_inference=get("local_inference", _MODEL["local_inference"]),
        fallback_models=tuple(_fallback_models(get("fallback_models"))),
        aliases=tuple(get("aliases") or ()),
        rpm=_whole(limits.get("rpm")),
        tpm=_whole(limits.get("tpm")),
        first_byte_seconds=_whole(limits.get("first_byte_seconds")),
        retry_on=None if retry_on is None else tuple(sorted(set(map(int, retry_on)))),
        hedge=get("hedge", _MODEL["hedge"]),
        has_access=bool(access),
        visibility=access.get("visibility", _VISIBILITY),
        groups=tuple(access.get("groups") or ()),
        client_regions=None if client_regions is None else tuple(client_regions),
        status=get("status", _MODEL["status"]),
        sunset=get("sunset"),
        replaced_by=get("replaced_by"),
        tags=tuple(get("tags") or ()),
        metadata=get("metadata") or _NO_METADATA,
    )


def link_model(model: Model, fleet: Fleet) -> list[Found]:
    """What a model names and nobody declares: providers, regions, heads."""
    return [*_unknown_providers(model), *_undeclared(model, fleet)]


def _unknown_providers(model: Model) -> Iterator[Found]:
    """MS208, with the nearest known word."""
    for deployment in model.deployments:
        word = deployment.provider
        if word not in WORDS:
            near = MEANT.get(
                word.lower().replace(" ", "_").replace("-", "_")
            ) or PROVIDER_SUGGESTIONS.nearest(word)
            yield (
                "MS208",
                Finding(
                    place=Place(path=model.path, pointer=(*deployment.pointer, "provider")),
                    message=f"no provider is named {quote(word)}",
                    label="not known",
                    help=f"did you mean {quote(near)}?"
                    if near
                    else "if it speaks the protocol of OpenAI, write 'provider: openai' with its endpoint",
                ),
            )


def _undeclared(model: Model, fleet: Fleet) -> list[Found]:
    if not fleet.complete:
        return []
    if fleet.knows(model) and all(code in fleet.regions for code in model.client_regions or ()):
        return []
    path = model.path
    regions: list[tuple[str, Place]] = [(model.region, Place(path=path, pointer=("region",)))]
    regions.extend(
        (code, Place(path=path, pointer=("access", "client_regions", position)))
        for position, code in enumerate(model.client_regions or ())
    )
    regions.extend(
        (deployment.region, region_place(model, deployment))
        for deployment in model.deployments
        if deployment.region is not None
    )
    heads: list[tuple[str, Place]] = [(model.priority_head, Place(path=path, pointer=("priority_head",)))]
    heads.extend(
        (head, Place(path=path, pointer=("fallback_heads", position)))
        for position, head in enumerate(model.fallback_heads)
    )
    heads.extend(
        (head, Place(path=path, pointer=("load_balancing", "weights", head), on_key=True))
        for head in model.weights
    )
    return [
        *(unknown_region(code, place, fleet) for code, place in regions if code not in fleet.regions),
        *(unknown_head(head, place, fleet) for head, place in heads if head not in fleet.heads),
    ]


def signature_of(model: Model, fleet: Fleet | None) -> Signature:
    """What other files may depend on; without a fleet (its names are not all known) the reach stays empty."""
    return Signature(
        path=model.path,
        model_id=model.model_id,
        aliases=model.aliases,
        region=model.region,
        regions=_regions(model),
        status=model.status,
        heads=model.heads,
        reach=() if fleet is None else own_reach(model, fleet),
        sites=() if fleet is None else tuple(sites(model, fleet)),
        fallback_models=tuple((r.model_id, r.pointer) for r in model.fallback_models),
        replaced_by=model.replaced_by,
        key_hosts=tuple(key_hosts(model)),
        is_tied_to_heads=runs_on_heads(model) and model.deployments[0].endpoint is not None,
        access=(model.visibility, model.groups, model.client_regions) if model.has_access else None,
        sunset=model.sunset,
    )


def _regions(model: Model) -> tuple[str, ...]:
    deployed = (d.region for d in model.deployments if d.region is not None)
    return tuple(sorted({model.region, *deployed, *(model.client_regions or ())}))


def _deployment(value: Mapping[str, Any], model_id: str, pointer: Pointer) -> Upstream:
    get = value.get
    params = get("params")
    key, endpoint = get("api_key"), get("endpoint")
    limits = value if pointer else {}
    return Upstream(
        endpoint=normal_url(endpoint) if isinstance(endpoint, str) else _value(endpoint),
        has_own_endpoint=endpoint is not None,
        provider=get("provider", _MODEL["provider"]),
        is_declared="endpoint" in value or "provider" in value,
        upstream_model=get("upstream_model", model_id),
        api_key=None if key is None else Reference.of(key),
        params={name: _value(item) for name, item in params.items()} if params else _NO_PARAMS,
        request=get("request") or _NO_REQUEST,
        model_info=get("model_info") or _NO_INFO,
        region=value.get("region" if pointer else "upstream_region"),
        weight=_whole(limits.get("weight")),
        order=_whole(limits.get("order")),
        rpm=_whole(limits.get("rpm")),
        tpm=_whole(limits.get("tpm")),
        pointer=pointer,
    )


def _whole(number: float | None) -> int | None:
    """JSON Schema takes 60.0 for a whole number; the outputs say 60."""
    return None if number is None else int(number)


def _weights(value: Mapping[str, float] | None) -> Mapping[str, int]:
    return {head: int(weight) for head, weight in value.items()} if value else _NO_WEIGHTS


def _value(value: Any) -> Any:  # noqa: ANN401 - what the schema admits: a scalar, or a mapping that is a reference
    return Reference.of(value) if isinstance(value, dict) else value


def _fallback_models(value: list[str] | Mapping[str, list[str]] | None) -> Iterator[ModelReference]:
    if value is None:
        return
    if isinstance(value, list):
        for position, model_id in enumerate(value):
            yield ModelReference(model_id=model_id, condition="any", pointer=("fallback_models", position))
        return
    for condition, listed in value.items():
        for position, model_id in enumerate(listed):
            yield ModelReference(
                model_id=model_id, condition=condition, pointer=("fallback_models", condition, position)
            )


def link_catalog(catalog: Catalog) -> Iterator[Found]:
    """Unknown models, names declared twice, and file names that are one on some file systems."""
    yield from _repeated_names(catalog)
    yield from _repeated_paths(catalog)
    for signature in catalog.signatures:
        for name, pointer in signature.fallback_models:
            yield from _unknown_model(name, signature, pointer, catalog)
        if signature.replaced_by is not None:
            yield from _unknown_model(signature.replaced_by, signature, ("replaced_by",), catalog)


def _unknown_model(name: str, signature: Signature, pointer: Pointer, catalog: Catalog) -> Iterator[Found]:
    if catalog.names.find(name) is not None or catalog.may_declare(name):
        return
    near = catalog.names.suggestions.nearest(name)
    owner = catalog.names.find(near) if near else None
    yield (
        "MS203",
        Finding(
            place=Place(path=signature.path, pointer=pointer),
            message=f"no model is named {quote(name)}",
            label="used here",
            help=f"did you mean {quote(near)}?" if near else "use the model_id or an alias of a model",
            related=(
                (Place(path=owner.path, pointer=("model_id",)), f"{quote(near or '')} is declared here"),
            )
            if owner
            else (),
            subject=signature.model_id,
        ),
    )


def _repeated_names(catalog: Catalog) -> Iterator[Found]:
    first: dict[str, tuple[str, Signature, Pointer]] = {}
    for signature in catalog.signatures:
        names: list[tuple[str, Pointer]] = [(signature.model_id, ("model_id",))]
        names.extend((alias, ("aliases", position)) for position, alias in enumerate(signature.aliases))
        for name, pointer in names:
            folded = name.lower()
            if folded not in first:
                first[folded] = (name, signature, pointer)
                continue
            earlier, owner, where = first[folded]
            how = "is declared twice" if name == earlier else f"differs from {quote(earlier)} by case only"
            yield (
                "MS205",
                Finding(
                    place=Place(path=signature.path, pointer=pointer),
                    message=f"the name {quote(name)} {how}",
                    label="again here",
                    help="ids and aliases share one namespace and must differ by more than case: rename one",
                    related=((Place(path=owner.path, pointer=where), "first here"),),
                    subject=signature.model_id,
                ),
            )


def _repeated_paths(catalog: Catalog) -> Iterator[Found]:
    first: dict[str, str] = {}
    holders: dict[str, str] = {}
    explained: set[str] = set()
    for path in catalog.paths:
        if path.rpartition("/")[0] not in holders:
            for folder in folders_of(path):
                holders.setdefault(folder, path)
        earlier = first.setdefault(one_name(path), path)
        if earlier != path:
            explained.update(folders_of(path))
            yield _twin("file", path, earlier, path, earlier)
    for folder, path in holders.items():
        earlier = first.setdefault(one_name(folder), folder)
        if earlier != folder and folder not in explained:
            yield _twin("folder", folder, earlier, path, holders.get(earlier, earlier))


def _twin(what: str, name: str, other: str, path: str, other_path: str) -> Found:
    by = "case" if name.lower() == other.lower() else "the form of its letters"
    return (
        "MS206",
        Finding(
            place=Place(path=path),
            message=f"the name of {'this file' if what == 'file' else f'the folder {quote(name)}'} differs from "
            f"{quote(other)} by {by} only",
            help=f"rename one: on macOS and Windows they are the same {what}",
            related=((Place(path=other_path), f"the other {what}"),),
            subject=path,
        ),
    )
