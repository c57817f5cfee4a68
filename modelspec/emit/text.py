"""JSON text: one object a line, so that a change of one model is a change of one line."""

import json
from collections.abc import Iterable

encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
"""A value on one line. Python's C encoder is only used without indentation, and is three times faster."""


def document(head: Iterable[tuple[str, str]], lists: Iterable[tuple[str, Iterable[str]]]) -> bytes:
    """An object of encoded values, then of lists with one encoded item a line."""
    parts = [f'"{name}": {value}' for name, value in head]
    for name, items in lists:
        rows = ",\n".join(items)
        parts.append(f'"{name}": [\n{rows}\n]' if rows else f'"{name}": []')
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()
