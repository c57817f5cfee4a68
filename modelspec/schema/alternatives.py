"""Alternatives of a schema, folded into the one error that a person would name."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jsonschema_rs import ValidationError


def folded_alternatives(errors: "Iterable[ValidationError]") -> "Iterator[ValidationError]":
    """Replace an error of `anyOf` or `oneOf` by those of the one alternative that was meant, if there is one.

    It is the only alternative whose type fits: who writes a mapping where a string or a mapping may stand
    means the mapping.
    """
    for error in errors:
        branches = error.kind.as_dict().get("context", []) if error.kind.name in ("anyOf", "oneOf") else []
        meant = [branch for branch in branches if not any(_refuses(error, inner) for inner in branch)]
        if len(meant) == 1 < len(branches):
            yield from folded_alternatives(meant[0])
        else:
            yield error


def _refuses(outer: "ValidationError", inner: "ValidationError") -> bool:
    """Whether an alternative turns the whole value away, by its type or for not being a constant."""
    return (
        inner.kind.name in ("type", "const", "enum", "falseSchema")
        and inner.instance_path == outer.instance_path
    )
