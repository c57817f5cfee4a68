# noqa: INP001 - a script, not a package
"""Writes docs/fields.md from schemas/: `python docs/generate_fields.py`; `--check` only says if it is stale."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "fields.md"
FILES = {
    "regions": "regions.yaml",
    "heads": "heads.yaml",
    "model": "models.d/**/*.yaml",
    "defaults": "models.d/**/_defaults.yaml",
    "modelspec": "modelspec.yaml",
    "routes.test": "routes.test.yaml",
    "waivers": "waivers.yaml",
    "keys": "keys.yaml",
}
TYPES = {
    "string": "string",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "mapping",
}
OPENING = """\
# Fields

Every field of every file that people write. This page is generated from `schemas/`
by `python docs/generate_fields.py`; a test fails where it is stale.

A field in **bold** is required. Fields that are not listed are errors, except inside `metadata` and `params`.
"""

LIKE_A_MODEL = """\
The fields are those of a model, above, less `model_id`, `name` and `aliases`; none is required. [Folder
defaults](defaults.md) says which value holds where several files give one.
"""


def page() -> str:
    """Return the text of docs/fields.md."""
    parts = [OPENING]
    for kind, name in FILES.items():
        schema = json.loads((ROOT / "schemas" / f"{kind}.schema.json").read_text(encoding="utf-8"))
        parts.append(f"## `{name}`\n\n{schema['description']}\n")
        if kind == "defaults":
            parts.append(LIKE_A_MODEL)
            continue
        parts += sections(schema, schema, "")
    return "\n".join(parts)


def sections(root: dict[str, Any], node: dict[str, Any], path: str) -> Iterator[str]:
    """Yield the table of a mapping, then those of the mappings inside it."""
    properties = {name: merged(root, field) for name, field in node["properties"].items()}
    required = node.get("required", [])
    rows = []
    for name, field in properties.items():
        shown = f"**`{name}`**" if name in required else f"`{name}`"
        rows.append(f"| {shown} | {value(root, field)} | {meaning(field)} |")
    yield "\n".join(["| field | value | meaning |", "|---|---|---|", *rows]) + "\n"
    shown = set()  # definitions that several fields of this mapping share
    for name, field in properties.items():
        if field.get("$ref") in shown:
            continue
        shown.add(field.get("$ref") or name)
        inner, step = field, name
        if "items" in field and "object" not in field["type"]:
            inner, step = merged(root, field["items"]), f"{name}[]"
        elif isinstance(field.get("additionalProperties"), dict):
            inner, step = merged(root, field["additionalProperties"]), f"{name}.*"
        if "properties" in inner:
            place = f"{path}.{step}" if path else step
            yield f"### `{place}`\n\n{inner['description']}\n"
            yield from sections(root, inner, place)


def merged(root: dict[str, Any], field: dict[str, Any]) -> dict[str, Any]:
    """Return a field with what it refers to; its own words win."""
    if "$ref" not in field:
        return field
    return {**root["$defs"][field["$ref"].rsplit("/", 1)[1]], **field}


def value(root: dict[str, Any], field: dict[str, Any]) -> str:
    """Say what may be written, in words."""
    if "enum" in field:
        return ", ".join(f"`{choice}`" for choice in field["enum"])
    if "string" in field["type"] and "x-form" in field:
        return cell(field["x-form"])
    types = [field["type"]] if isinstance(field["type"], str) else field["type"]
    words = " or ".join(TYPES[name] for name in types)
    if types == ["array"]:
        item = merged(root, field["items"])["title"].lower()
        words = f"list of {item}es" if item.endswith("s") else f"list of {item}s"
    return words + limits(field)


def limits(field: dict[str, Any]) -> str:
    """Say the bounds of a value."""
    lowest, highest = field.get("minimum", field.get("exclusiveMinimum")), field.get("maximum")
    if lowest is not None and highest is not None:
        return f", {lowest} to {highest}"
    if lowest is not None:
        return f", more than {lowest}" if "exclusiveMinimum" in field else f", at least {lowest}"
    return f", at most {field['maxLength']} characters" if "maxLength" in field else ""


def meaning(field: dict[str, Any]) -> str:
    """Return the description with the default and an example."""
    parts = [field["description"]]
    if "default" in field:
        parts.append(f"Default: `{json.dumps(field['default']).strip(chr(34))}`.")
    if "examples" in field:
        parts.append(f"Example: `{json.dumps(field['examples'][0], ensure_ascii=False).strip(chr(34))}`.")
    return cell(" ".join(parts))


def cell(text: str) -> str:
    """Escape what would end a table's cell."""
    return text.replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` return 1 where it is stale."""
    text = page()
    if arguments == ["--check"]:
        return int(not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
