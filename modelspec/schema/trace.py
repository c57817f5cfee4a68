"""From an error of the validator to the parts of schema and document that it is about."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from modelspec.schema.place import exact_place, keys
from modelspec.schema.wording import path
from modelspec.text.quote import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jsonschema_rs import ValidationError

Pointer = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A document and the schema that refuses it.

    `whole` names the document in messages; `prefix` is the way to it from the root of its file; with `closed`
    every value counts as private.
    """

    schema: dict[str, Any]
    document: object
    whole: str
    prefix: Pointer = ()
    closed: bool = False


@dataclass(frozen=True, kw_only=True)
class Trace:
    """One error: its keyword, the value, and the subschemas that led there, outermost first.

    `place` is the pointer from the root of the file; `key` is set where a key of the value is at fault.
    `field` holds the last of `chain` and what refers to it directly: the subschemas that describe the field.
    """

    of: Examined
    keyword: str
    details: dict[str, Any]
    place: Pointer
    value: Any
    key: str | None
    chain: tuple[dict[str, Any], ...]
    field: tuple[dict[str, Any], ...]
    evaluation: Pointer

    @property
    def schema(self) -> dict[str, Any]:
        """The subschema that holds the keyword."""
        return self.chain[-1]

    @cached_property
    def private(self) -> bool:
        """Whether the value may be a secret, so that no message may quote it."""
        return self.of.closed or any(part.get("x-private") is True for part in self.chain)

    @cached_property
    def declared(self) -> frozenset[str]:
        """Names on the way here that the schema itself holds."""
        pairs = zip(self.evaluation, self.evaluation[1:], strict=False)
        below = (str(name) for key, name in pairs if key == "properties")
        return frozenset([*map(str, self.of.prefix), *below])

    @property
    def name(self) -> str:
        """The field that is at fault, or nothing at the root and for the items of a list."""
        last = self.place[-1] if self.place else ""
        return last if isinstance(last, str) and (not self.private or last in self.declared) else ""

    @property
    def subject(self) -> str:
        """What the fault is about, to begin a sentence with."""
        return self.path() or self.of.whole

    @property
    def measured(self) -> Any:  # noqa: ANN401 - any part of a document
        """The value that the keyword looked at: the key where a key is at fault."""
        return self.value if self.key is None else self.key

    @property
    def quoted(self) -> str:
        """The value as a message may show it; nothing where it is private, a list, a mapping or absent."""
        hidden = self.private or self.measured is None or isinstance(self.measured, list | dict)
        return "" if hidden else quote(self.measured)

    def note(self, name: str) -> str:
        """Return an annotation of the field, the inner one first, or nothing."""
        notes = (part[name] for part in reversed(self.field) if isinstance(part.get(name), str))
        return next(notes, "")

    def sample(self) -> dict[str, Any]:
        """Return the subschema of the field that holds examples, the outer one first, or nothing."""
        parts = (part for part in self.field if isinstance(part.get("examples"), list))
        return next(parts, {})

    def neighbour(self) -> Any:  # noqa: ANN401 - any part of a document
        """Return what stands at such a place in the example of the list or mapping around it, or None."""
        around = self.chain[: -len(self.field)]
        for owner in around[-1:-3:-1]:
            samples = owner.get("examples")
            match samples[0] if isinstance(samples, list) and samples else None:
                case [first, *_] if owner.get("items") is self.field[0]:
                    return first
                case dict() as mapping if self.place[-1] in mapping:
                    return mapping[self.place[-1]]
                case dict() as mapping if mapping and "properties" not in owner:
                    return next(iter(mapping.values()))
        return None

    def declaration(self, name: str) -> dict[str, Any]:
        """Return the subschema of a field below, or what it refers to where only that has examples."""
        properties = self.schema.get("properties", {})
        declared = properties.get(name, {}) if isinstance(properties, dict) else {}
        if isinstance(declared, dict) and "examples" not in declared and "$ref" in declared:
            declared = resolve(self.of.schema, declared["$ref"])
        return declared if isinstance(declared, dict) else {}

    def item_type(self) -> object:
        """Return the type of the items of a list, or None."""
        items = self.schema.get("items")
        if isinstance(items, dict) and "$ref" in items:
            items = resolve(self.of.schema, items["$ref"])
        return items.get("type") if isinstance(items, dict) else None

    def path(self, *more: str | int) -> str:
        """Write the place in the document; names in `more` come from the schema."""
        declared = self.declared.union(part for part in more if isinstance(part, str))
        return path((*self.place, *more), declared, private=self.private)


def trace(error: "ValidationError", of: Examined) -> Trace:
    """Follow an error into the schema and the document."""
    key = None
    inner = error
    if error.kind.name == "propertyNames":
        # Only the inner error knows the key and its way through the schema.
        inner = error.kind.as_dict()["error"]
        key = str(inner.instance)
    place, value = exact_place(error, of.document)
    chain, field = _chain(of.schema, inner.evaluation_path)
    return Trace(
        of=of,
        keyword=inner.kind.name,
        details=inner.kind.as_dict(),
        place=(*of.prefix, *place),
        value=value,
        key=key,
        chain=chain,
        field=field,
        evaluation=tuple(inner.evaluation_path),
    )


_Chain = tuple[dict[str, Any], ...]


def _chain(root: dict[str, Any], evaluation: "Sequence[str | int]") -> tuple[_Chain, _Chain]:
    """List the mappings of the schema on the way to the keyword, and those of them that describe the field."""
    node: Any = root
    chain = [root]
    field = [root]
    for part in evaluation[:-1]:
        reference = node.get("$ref") if part == "$ref" and isinstance(node, dict) else None
        node = resolve(root, reference) if isinstance(reference, str) else node[next(keys(node, part))]
        if isinstance(node, dict):
            chain.append(node)
            field = [*field, node] if isinstance(reference, str) else [node]
    return tuple(chain), tuple(field)


def resolve(root: dict[str, Any], reference: str) -> Any:  # noqa: ANN401 - any part of a JSON document
    """Return what a local reference (`#`, `#/…`) points to.

    Raises LookupError, ValueError or TypeError where it points to nothing.
    """
    node: Any = root
    for part in reference.removeprefix("#").split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        node = node[int(name)] if isinstance(node, list) else node[name]
    return node
