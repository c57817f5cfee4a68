"""Where the schemas are."""

from pathlib import Path
from typing import Literal

Kind = Literal["model", "defaults", "regions", "heads", "modelspec", "routes.test", "waivers"]

KINDS: tuple[Kind, ...] = ("model", "defaults", "regions", "heads", "modelspec", "routes.test", "waivers")
"""The documents that people write."""

_PACKAGE = Path(__file__).parent.parent


def schema_text(kind: str) -> bytes:
    """Return the text of `<kind>.schema.json`, from the installed package or from the checkout around it.

    Raises FileNotFoundError for a kind that does not exist.
    """
    return (schema_folder() / f"{kind}.schema.json").read_bytes()


def schema_folder(package: Path = _PACKAGE) -> Path:
    """Return the folder of the schemas: inside the package in a wheel, beside the package in a checkout."""
    inside = package / "schemas"
    return inside if inside.is_dir() else package.parent / "schemas"
