"""JSON text of a configuration: what fits stands on one line, so that a changed model is a changed line."""

from collections.abc import Iterator

from modelspec.emit.artifact import encode

_WIDTH = 800
"""The longest line that is not taken apart; the entry of a model takes about 300 characters."""


def laid_out(value: object) -> bytes:
    """The text of a JSON value, an end of line behind it."""
    return ("".join(_parts(value)) + "\n").encode()


def _parts(value: object) -> Iterator[str]:
    # A long value would be encoded once for every level above it.
    line = encode(value) if _is_short(value) else None
    if line is not None and len(line) <= _WIDTH:
        yield line
    elif isinstance(value, dict):
        separator = "{\n"
        for name, item in value.items():
            yield f"{separator}{encode(name)}: "
            yield from _parts(item)
            separator = ",\n"
        yield "\n}"
    elif isinstance(value, list):
        separator = "[\n"
        for item in value:
            yield separator
            yield from _parts(item)
            separator = ",\n"
        yield "\n]"
    else:
        yield encode(value)


def _is_short(value: object) -> bool:
    """Whether a value may fit on a line, told from the lengths of its first texts."""
    length = 0
    left = [value]
    while left and length <= _WIDTH:
        one = left.pop()
        if isinstance(one, str):
            length += len(one)
        elif isinstance(one, dict):
            length += len(one)
            left.extend(one)
            left.extend(one.values())
        elif isinstance(one, list):
            length += len(one)
            left.extend(one)
    return length <= _WIDTH
