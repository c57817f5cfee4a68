"""How messages speak of fields, values and types."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from modelspec.text.quote import visible

_WANTED = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_PART = 32
"""Characters of a field's name that a path shows."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ./_:@+-]*\Z|[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_NOT_STRINGS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def path(pointer: Sequence[str | int], declared: frozenset[str], *, private: bool) -> str:
    """Write a pointer as people do: `deployments[0].weight`.

    Of keys below a private field only those that the schema declares are shown: others may hold a secret.
    """
    words = ""
    for part in pointer:
        if isinstance(part, int):
            words += f"[{part}]"
        else:
            shown = "…" if private and part not in declared else visible(part, _PART)
            words += f".{shown}" if words else shown
    return words


def wanted(types: Iterable[str]) -> str:
    """Name the types that a schema allows, in its order."""
    return alternatives([_WANTED[name] for name in types])


def found(value: object) -> str:
    """Name the type of a value that is there, in the words of YAML."""
    match value:
        case bool():
            return "true/false"
        case str():
            return "a string"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return "a number"


def alternatives(words: Sequence[str], joint: str = "or") -> str:
    """Join words, at least one, as `a, b or c`."""
    *first, last = words
    return f"{', '.join(first)} {joint} {last}" if first else last


def count(number: int, noun: str) -> str:
    """Write `1 item`, `2 items`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def flow(value: object) -> str:
    """Write a value as one line of YAML."""
    match value:
        case str() if (
            _PLAIN.match(value) and value.casefold() not in _NOT_STRINGS and ": " not in f"{value} "
        ):
            return value
        case list():
            return f"[{', '.join(map(flow, value))}]"
        case dict():
            return f"{{{', '.join(f'{key}: {flow(item)}' for key, item in value.items())}}}"
        case _:
            return json.dumps(value, ensure_ascii=False)


def example(name: str, schema: dict[str, Any]) -> str:
    """Write a line that sets a field, or without a name the value alone, from the schema's examples."""
    examples = schema.get("examples")
    value = flow(examples[0]) if isinstance(examples, list) and examples else "…"
    return f"{name}: {value}" if name else value
