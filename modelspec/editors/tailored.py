"""A published schema, tailored to one repository.

The choices are `enum` with `enumDescriptions`, the form in which yaml-language-server shows a line beside each
choice and in its hover; to other tools the second is an unknown keyword, which JSON Schema tells them to pass over.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from modelspec.editors.choices import Choice, Choices
from modelspec.editors.keywords import embedded, relax, without_own_keywords
from modelspec.editors.places import PLACES, Names, steps
from modelspec.schema import DocumentKind, schema_text

MARK = (
    "Written by `modelspec schema`; do not edit. Write it again when regions.yaml or heads.yaml has changed."
)
"""The comment by which a file of ours is known again."""

_Schema = dict[str, Any]

_NAMES = {"headId", "modelId", "regionCode"}
"""The definitions of the form of a name."""


def tailored(kind: DocumentKind, choices: Choices) -> _Schema:
    """The schema of one kind of file, with the choices of the repository at every place that has some."""
    published = without_own_keywords(json.loads(schema_text(kind)))
    del published["$id"]  # the schema at that address is another one
    schema = {"$schema": published.pop("$schema"), "$comment": MARK, **published}
    for name in _NAMES & schema.get("$defs", {}).keys():
        # They belong to no real repository, and would be offered as if they did.
        schema["$defs"][name].pop("examples", None)
    for path, names in PLACES[kind].items():
        _tailor(schema, path, names, choices)
    metadata = schema.get("$defs", {}).get(Names.METADATA.value, {})
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
    """A schema of ours without the names that it only suggests."""
    suggested = {names.value for names in _SUGGESTED}
    kept = {name: part for name, part in schema.get("$defs", {}).items() if name not in suggested}
    return {**schema, "$defs": kept}


def _tailor(schema: _Schema, path: str, names: Names, choices: Choices) -> None:
    node = schema
    way = [node]
    for step in steps(path):
        node = node["items"] if step == "[]" else node["properties"][step]
        way.append(node)
    match names:
        case Names.METADATA:
            changed = _constrain_metadata(schema, node, choices)
        case Names.HEAD_KEYS:
            changed = _offer_heads_as_keys(node, choices)
        case Names.RULE_KEYS:
            changed = _offer_rules_as_keys(node, choices)
        case _:
            changed = _refer(schema, node, names, choices)
    if changed:
        for outer in way:
            outer.pop("examples", None)


def _refer(schema: _Schema, node: _Schema, names: Names, choices: Choices) -> bool:
    """Leave of a place its words, and let a definition say the rest; where nothing is known, leave it all."""
    offered = list(_offered(names, choices))
    if not offered:
        return False
    words: _Schema = {key: node[key] for key in ("title", "description") if key in node}
    form = {key: value for key, value in node.items() if key not in (*words, "examples", "items")}
    reference = {"$ref": f"#/$defs/{names.value}"}
    node.clear()
    node.update(words)
    if names is Names.TIERS:
        form = {"$ref": "#/$defs/headId"}
        shared = {"type": "array", "items": reference, "minItems": 1, "uniqueItems": True}
        node["anyOf"] = [reference, {"title": "Heads that share the tier", **shared}]
    else:
        node.update(reference)
    strict = names in _STRICT or (choices.complete and names not in _SUGGESTED)
    definition = {"type": "string", **_enum(offered)}
    if not strict:
        definition = {
            "type": "string",
            "anyOf": [{"title": "Declared here", **_enum(offered)}, {"title": "Any other name", **form}],
        }
    schema.setdefault("$defs", {})[names.value] = definition
    return True


_STRICT = (Names.RULE,)
"""The rules are all known, whatever the repository holds."""

_SUGGESTED = (Names.MODEL, Names.SENT, Names.SUBJECT)
"""A new model is a new file, and nobody writes schemas in between; tests and waivers may name what is not there."""


def _offered(names: Names, choices: Choices) -> Iterator[Choice]:
    """What may be written at a place, each name once: a head may have the name of a region."""
    models, heads, regions = choices.models, choices.heads, choices.regions
    lists = {
        Names.REGION: (regions,),
        Names.HEAD: (heads,),
        Names.TIERS: (heads,),
        Names.HEAD_OR_REGION: (heads, regions) if heads and regions else (),
        Names.MODEL: (models,),
        Names.SENT: (models, choices.aliases),
        Names.SUBJECT: (models, heads, regions),
        Names.RULE: (choices.rules,),
    }
    seen = set()
    for choice in chain.from_iterable(lists[names]):
        if choice.value not in seen:
            seen.add(choice.value)
            yield choice


def _enum(choices: Iterable[Choice]) -> _Schema:
    listed = list(choices)
    return {
        "enum": [choice.value for choice in listed],
        "enumDescriptions": [choice.text for choice in listed],
    }


def _offer_heads_as_keys(node: _Schema, choices: Choices) -> bool:
    if not choices.heads:
        return False
    if choices.complete:
        (form,) = node.pop("patternProperties").values()
    else:
        form = {}  # the pattern still says it, of these heads as well
    node["properties"] = _keys(choices.heads, form)
    return True


def _offer_rules_as_keys(node: _Schema, choices: Choices) -> bool:
    if not choices.rules:
        return False
    (form,) = node.pop("patternProperties").values()
    node["properties"] = _keys(choices.rules, form)
    return True


def _keys(choices: Iterable[Choice], form: _Schema) -> _Schema:
    return {choice.value: {**form, "title": choice.value, "description": choice.text} for choice in choices}


def _constrain_metadata(schema: _Schema, node: _Schema, choices: Choices) -> bool:
    if choices.metadata is None:
        return False
    schema["$defs"][Names.METADATA.value] = embedded(choices.metadata, f"#/$defs/{Names.METADATA.value}")
    node["$ref"] = f"#/$defs/{Names.METADATA.value}"
    if choices.metadata_required and "required" in schema:
        schema["required"] = [*schema["required"], "metadata"]
    return True
