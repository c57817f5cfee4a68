"""What a document does against its schema, as a validator finds it, and the fault that people read of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modelspec.text.document import Pointer, field_path
from modelspec.text.quote import quote, visible

_REFERENCE = frozenset({"env", "file", "vault", "kubernetes"})
_HASH = "sha256"
_PART = 32
"""Characters of a field's name that a path shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaFault:
    """One fault of a document, before its place in the text is known.

    `pointer` leads from the document's root to a key or an item that exists; with `on_key` the key itself is
    at fault, without it the value. `message`, `label` and `help` are the diagnostic's and hold no secret. `name` is the
    missing field of MS102 and the meant one of MS101. What is `private` is not shown in a frame either.
    """

    code: str
    pointer: Pointer
    on_key: bool = False
    message: str
    label: str
    help: str
    name: str = field(default="", compare=False)
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A keyword that a value does not satisfy; `node` is the subschema that holds it.

    `place` leads from the root of the file to the value. With `key` that key of it is at fault, with `name` a field
    that is missing. `declared` are the names on the way that stand in the schema. Nothing `private` is ever quoted. In
    a `foreign` schema, an organisation's own, everything is private. `whole` is what the document is called.
    """

    keyword: str
    node: Mapping[str, Any]
    place: Pointer
    value: Any
    whole: str
    key: str | None = None
    name: str = ""
    declared: frozenset[str] = frozenset()
    private: bool = False
    foreign: bool = False

    @property
    def owner(self) -> str:
        """The place as people write it, `deployments[0].weight`, or the document: to begin a sentence with."""
        return self.path() or self.whole

    @property
    def subject(self) -> str:
        """What is at fault."""
        return self.owner if self.key is None else f"a key of {self.owner}"

    @property
    def is_of_reference(self) -> bool:
        """Whether this stands where a reference or a hash belongs: what is written there may be the secret itself."""
        if not self.private or self.foreign or not self.value or self.keyword == "required":
            return False
        if _HASH in self.declared:
            return True
        fields = {*self.node.get("properties", ())}
        # An endpoint may be a URL, and a param a number: only as a mapping is it meant as a reference.
        is_meant = isinstance(self.value, dict) or "vault" in fields
        return not _REFERENCE.isdisjoint(self.declared | fields if is_meant else self.declared)

    @property
    def measured(self) -> Any:  # noqa: ANN401 - any part of a document
        """What the keyword looked at."""
        return self.value if self.key is None else self.key

    @property
    def field(self) -> str:
        """The name of the field at fault; nothing at the root, in a list, and where it may be a secret."""
        last = self.place[-1] if self.place else ""
        return last if isinstance(last, str) and (not self.private or last in self.declared) else ""

    def quoted(self, before: str) -> str:
        """The value behind these words, or nothing where it is private, a list, a mapping or absent."""
        hidden = self.private or self.measured is None or isinstance(self.measured, list | dict)
        return "" if hidden else f"{before}{quote(self.measured)}"

    def note(self, name: str) -> str:
        """An annotation of the schema, or nothing: in a foreign schema it may be anything."""
        found = self.node.get(name)
        return found if isinstance(found, str) else ""

    def path(self, *more: str) -> str:
        """The place as people write it, or nothing for the root; the schema holds the names in `more`."""
        return field_path(
            (
                *(part if isinstance(part, int) else self._shown(part) for part in self.place),
                *(visible(part, _PART) for part in more),
            )
        )

    def _shown(self, part: str) -> str:
        return "…" if self.private and part not in self.declared else visible(part, _PART)
