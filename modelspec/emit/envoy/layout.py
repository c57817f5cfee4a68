"""JSON text of a configuration: what fits stands on one line, so that a changed model is a changed line."""

from collections.abc import Iterator

from modelspec.emit.text import encode

_WIDTH = 800
"""The longest line that is not taken apart; the entry of a model takes about 300 characters."""


def laid_out(value: object) -> bytes:
    """The text of a JSON value, an end of line behind it."""
    return ("".join(_parts(value)) + "\n").encode()


def _parts(value: object) -> Iterator[str]:
    line = encode(value)
    if len(line) <= _WIDTH:
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
        yield line
