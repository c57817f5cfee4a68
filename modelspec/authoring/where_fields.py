"""What `--where` can ask of a model: every field with its effective value, and three that follow from them."""

from modelspec.authoring.fields import NoField, field_order, way_of
from modelspec.nearest import nearest
from modelspec.quote import quote

DERIVED = ("path", "heads", "folder")
"""`path` of the file, its `folder` below models.d, and all `heads` that the model names."""


def objection(way: tuple[str, ...]) -> tuple[int, str] | None:
    """The step of a way that leads to no field, and what to say about it."""
    if way[0] in DERIVED:
        return None if len(way) == 1 else (1, f"{quote(way[0])} has no fields of its own")
    found = way_of(way)
    if not isinstance(found, NoField):
        return None
    if found.step:
        return found.step, found.message
    near = nearest(way[0], [*field_order(), *DERIVED])
    said = f"{quote(way[0])} is not a field of a model"
    return 0, f"{said}; did you mean {quote(near)}?" if near else f"{said}; docs/fields.md lists the fields"
