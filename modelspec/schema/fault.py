"""What is wrong with a document, before its place in the text is known."""

from dataclasses import dataclass, field

TOLD = 100
"""Faults of one list or mapping that are told one by one: more are not the work of a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of a document.

    `pointer` leads from the document's root to a key or an item that exists; with `on_key` the key itself is
    at fault, without it the value. `message`, `label` and `help` are the diagnostic's and hold no secret. `name` is the
    missing field of MS102 and the meant one of MS101.
    """

    code: str
    pointer: tuple[str | int, ...]
    on_key: bool = False
    message: str
    label: str
    help: str
    name: str = field(default="", compare=False)
