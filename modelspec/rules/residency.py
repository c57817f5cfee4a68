"""How rules speak of a residency rule."""

from modelspec.catalog import Place, Region
from modelspec.quote import quote


def residency_of(region: Region) -> tuple[Place, str]:
    """The place of a region's residency rule, and what it says."""
    place = Place(path=region.place.path, pointer=(*region.place.pointer, "residency"))
    return place, f"{quote(region.code)} allows {', '.join(region.residency or ())}"
