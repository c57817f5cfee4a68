"""Where in the document an error is, exactly.

The validator's own path leaves out keys that are empty and makes numbers of keys such as `0`, `+7` and `007`. It is
therefore matched against the document, and where it fits several places, the value decides.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

_TRIED = 64
"""Places that one path may fit before the first is taken: more come only from a document made for it."""


def exact_place(error: "ValidationError", document: object) -> tuple[tuple[str | int, ...], Any]:
    """Return the pointer to the value of an error, and the value."""
    fitting = list(islice(_places(document, error.instance_path), _TRIED))
    if len(fitting) == 1:
        return fitting[0]
    wanted = error.instance
    return next((place for place in fitting if place[1] == wanted), fitting[0])


def _places(node: Any, parts: Sequence[str | int]) -> Iterator[tuple[tuple[str | int, ...], Any]]:  # noqa: ANN401 - JSON
    """Yield each place that a path without empty keys may mean."""
    if not parts:
        yield (), node
    else:
        for key in keys(node, parts[0]):
            for pointer, value in _places(node[key], parts[1:]):
                yield (key, *pointer), value
    if isinstance(node, dict) and "" in node:
        for pointer, value in _places(node[""], parts):
            yield ("", *pointer), value


def keys(node: Any, part: str | int) -> Iterator[str | int]:  # noqa: ANN401 - JSON
    """Yield the keys or the index that a part of the validator's path may mean, the likeliest first."""
    if isinstance(node, list):
        if isinstance(part, int) and part < len(node):
            yield part
    elif isinstance(node, dict):
        written = str(part)
        if written in node:
            yield written
        if isinstance(part, int):
            yield from (key for key in node if key != written and is_number(key) and _digits(key) == written)


def is_number(key: str) -> bool:
    """Whether the validator makes a number of a key."""
    return key.removeprefix("+").isdecimal() and key.isascii()


def _digits(key: str) -> str:
    return key.removeprefix("+").lstrip("0") or "0"
