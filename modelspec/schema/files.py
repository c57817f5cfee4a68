"""Where the schemas are."""

import pkgutil
from pathlib import Path
from typing import Literal

Kind = Literal["model", "defaults", "regions", "heads", "modelspec", "routes.test", "waivers"]

KINDS: tuple[Kind, ...] = ("model", "defaults", "regions", "heads", "modelspec", "routes.test", "waivers")
"""The documents that people write."""

_CHECKOUT = Path(__file__).parents[2]


def schema_text(kind: str) -> bytes:
    """Return the text of `<kind>.schema.json`, from the package, also in a zip archive, or from the checkout around it.

    Raises OSError for a kind that does not exist.
    """
    path = f"schemas/{kind}.schema.json"
    try:
        text = pkgutil.get_data("modelspec", path)
    except OSError:
        text = None
    return (_CHECKOUT / path).read_bytes() if text is None else text
