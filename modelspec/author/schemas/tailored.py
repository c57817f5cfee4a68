"""Published schemas, tailored to one repository.

Choices are `enum` with `enumDescriptions`, which yaml-language-server shows beside each choice and on hover. To other
tools the latter is an unknown keyword, which JSON Schema tells them to ignore.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from modelspec.author.schemas.choices import PLACES, Choice, Choices, NameKind, steps
from modelspec.schema import DocumentKind, schema_text

_Schema = dict[str, Any]

_BY_NAME = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_DATA = frozenset({"enum", "const", "examples", "default", "dependentRequired"})


def without_own_keywords(schema: _Schema) -> _Schema:
    """A schema of ours without `x-` keywords, which strict validators refuse."""
    kept: _Schema = _rewritten(schema, lambda key, value: None if key.startswith("x-") else (key, value))
    return kept


def embedded(schema: Mapping[str, Any], at: str) -> _Schema:
    """A schema prepared for embedding in another at the reference `at`, with its own references adjusted."""

    def moved(key: str, value: object) -> tuple[str, object] | None:
        if key == "$ref" and isinstance(value, str) and value.startswith("#"):
            value = at + value.removeprefix("#")
        return None if key in ("$schema", "$id") else (key, value)

    inside: _Schema = _rewritten(schema, moved)
    return inside


def relax(schema: _Schema, given: Mapping[str, Any] | None) -> None:
    """Make optional what another file gives, including in nested mappings; None may give anything."""
    required = schema.get("required", ())
    schema["required"] = [] if given is None else [name for name in required if name not in given]
    if not schema["required"]:
        del schema["required"]
    for part in schema.get("allOf", ()):
        if isinstance(part, dict):
            relax(part, given)
    for name, inner in schema.get("properties", {}).items():
        below = None if given is None else given.get(name)
        if isinstance(inner, dict) and (given is None or isinstance(below, dict)):
            relax(inner, below)


_Rewrite = Callable[[str, object], tuple[str, object] | None]


def _rewritten(schema: Any, rewrite: _Rewrite) -> Any:  # noqa: ANN401 - schemas may be booleans
    if not isinstance(schema, Mapping):
        return schema
    kept = filter(None, (rewrite(key, value) for key, value in schema.items()))
    return {key: value if key in _DATA else _inner(key, value, rewrite) for key, value in kept}


def _inner(key: str, value: object, rewrite: _Rewrite) -> object:
    if isinstance(value, dict) and key in _BY_NAME:
        return {name: _rewritten(part, rewrite) for name, part in value.items()}
    if isinstance(value, list) and key in _LISTS:
        return [_rewritten(part, rewrite) for part in value]
    return _rewritten(value, rewrite)


MARK = (
    "Written by `modelspec schema`; do not edit. Write it again when regions.yaml or heads.yaml has changed."
)
"""The comment by which our files are recognised; changing it would orphan existing files."""


_NAMES = {"headId", "modelId", "regionCode"}
"""The definitions for the form of names."""


def tailored(kind: DocumentKind, choices: Choices) -> _Schema:
    """The schema of one kind of file, with the choices of the repository."""
    published = without_own_keywords(json.loads(schema_text(kind)))
    del published["$id"]  # it identifies the published schema
    schema = {"$schema": published.pop("$schema"), "$comment": MARK, **published}
    for name in _NAMES & schema.get("$defs", {}).keys():
        # Editors would offer the examples as if they existed in the repository.
        schema["$defs"][name].pop("examples", None)
    for place, names in PLACES[kind].items():
        _tailor(schema, place, names, choices)
    metadata = schema.get("$defs", {}).get(NameKind.METADATA.value, {})
    if kind == "defaults":
        relax(metadata, None)
    elif kind == "model":
        relax(schema, choices.defaulted)
        given = choices.defaulted.get("metadata")
        relax(metadata, given if isinstance(given, Mapping) else {})
    return schema


def text_of(schema: Mapping[str, Any]) -> str:
    """A schema as the text of a file."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def without_suggestions(schema: _Schema) -> _Schema:
    """A schema of ours without suggested names."""
    suggested = {names.value for names in _SUGGESTED}
    kept = {name: part for name, part in schema.get("$defs", {}).items() if name not in suggested}
    return {**schema, "$defs": kept}


def _tailor(schema: _Schema, place: str, names: NameKind, choices: Choices) -> None:
    node = schema
    path = [node]
    for step in steps(place):
        node = node["items"] if step == "[]" else node["properties"][step]
        path.append(node)
    match names:
        case NameKind.METADATA:
            changed = _constrain_metadata(schema, node, choices)
        case NameKind.HEAD_KEYS:
            changed = _offer_keys(node, choices.heads, complete=choices.complete)
        case NameKind.RULE_KEYS:
            changed = _offer_keys(node, choices.rules, complete=True)
        case _:
            changed = _refer(schema, node, names, choices)
    if changed:
        for outer in path:
            outer.pop("examples", None)


def _refer(schema: _Schema, node: _Schema, names: NameKind, choices: Choices) -> bool:
    """Keep the title and description of a place and refer to a definition; without choices, keep it all."""
    found = offered(names, choices)
    if not found:
        return False
    words: _Schema = {key: node[key] for key in ("title", "description") if key in node}
    form = {key: value for key, value in node.items() if key not in (*words, "examples", "items")}
    reference = {"$ref": f"#/$defs/{names.value}"}
    node.clear()
    node.update(words)
    if names is NameKind.TIERS:
        form = {"$ref": "#/$defs/headId"}
        shared = {"type": "array", "items": reference, "minItems": 1, "uniqueItems": True}
        node["anyOf"] = [reference, {"title": "Heads that share the tier", **shared}]
    else:
        node.update(reference)
    definition = _enum(found)
    # All rules are known, whatever the repository contains.
    if names is not NameKind.RULE and (names in _SUGGESTED or not choices.complete):
        declared = {"title": "Declared here", **definition}
        definition = {"anyOf": [declared, {"title": "Any other name", **form}]}
    definition = {"type": "string", **definition}
    schema.setdefault("$defs", {})[names.value] = definition
    return True


_SUGGESTED = (NameKind.MODEL, NameKind.SENT, NameKind.SUBJECT)
"""A model may be newer than the schemas; tests and waivers may name what does not exist."""


def offered(names: NameKind, choices: Choices) -> list[Choice]:
    """The choices at a place, each name once: a head may have the name of a region."""
    models, heads, regions = choices.models, choices.heads, choices.regions
    by_kind = {
        NameKind.REGION: regions,
        NameKind.HEAD: heads,
        NameKind.TIERS: heads,
        NameKind.HEAD_OR_REGION: (*heads, *regions) if heads and regions else (),
        NameKind.MODEL: models,
        NameKind.SENT: (*models, *choices.aliases),
        NameKind.SUBJECT: (*models, *heads, *regions),
        NameKind.RULE: choices.rules,
    }
    once: dict[str, Choice] = {}
    for choice in by_kind[names]:
        once.setdefault(choice.value, choice)
    return list(once.values())


def _enum(choices: Sequence[Choice]) -> _Schema:
    return {
        "enum": [choice.value for choice in choices],
        "enumDescriptions": [choice.text for choice in choices],
    }


def _offer_keys(node: _Schema, choices: Sequence[Choice], *, complete: bool) -> bool:
    if not choices:
        return False
    form: _Schema = {}  # for other names, the pattern remains
    if complete:
        (form,) = node.pop("patternProperties").values()
    node["properties"] = {
        choice.value: {**form, "title": choice.value, "description": choice.text} for choice in choices
    }
    return True


def _constrain_metadata(schema: _Schema, node: _Schema, choices: Choices) -> bool:
    if choices.metadata is None:
        return False
    reference = f"#/$defs/{NameKind.METADATA.value}"
    schema["$defs"][NameKind.METADATA.value] = embedded(choices.metadata, reference)
    node["$ref"] = reference
    if choices.metadata_required and "required" in schema:
        schema["required"] = [*schema["required"], "metadata"]
    return True
