"""How rules speak of a residency rule."""

from collections.abc import Mapping, Sequence

from modelspec.catalog import Catalog, Place, Region, Signature
from modelspec.quote import quote


def residency_of(region: Region) -> tuple[Place, str]:
    """The place of a region's residency rule, and what it says."""
    place = Place(path=region.place.path, pointer=(*region.place.pointer, "residency"))
    return place, f"{quote(region.code)} allows {', '.join(region.residency or ())}"


def way_out(
    model: Signature, region: str, reaches: Mapping[str, Sequence[str]], catalog: Catalog
) -> tuple[Place, str]:
    """Where a model reaches a region: by itself, or by the first of its own fallback models that does."""
    if region not in model.reach:
        for name, pointer in model.fallback_models:
            fallback = catalog.names.find(name)
            if fallback is not None and region in reaches[fallback.model_id]:
                return Place(
                    path=model.path, pointer=pointer
                ), f"{quote(model.model_id)} reaches it through this"
    return Place(path=model.path, pointer=("priority_head",)), f"{quote(model.model_id)} is served here"
