"""The words of each fault: what is wrong, at which key or value, and what to write instead."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from modelspec.schema.engine import compiled
from modelspec.schema.violation import SchemaFault, Violation
from modelspec.secret import REVOKE
from modelspec.text.names import nearest
from modelspec.text.quote import LONGEST, quote, visible

_RANK = {"MS103": 0, "MS105": 1, "MS104": 2, "MS106": 3}
"""Of several faults of one value only the first of these is worth reporting."""

_TYPES = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_FOUND = {bool: "true/false", str: "a string", list: "a list", dict: "a mapping"}
_BOOLEANS = {"yes": "true", "y": "true", "on": "true", "no": "false", "n": "false", "off": "false"}
_PLAIN = re.compile(r"(?:[A-Za-z](?:[A-Za-z0-9 ./_@+-]|:[^ ])*|[0-9]{4}-[0-9]{2}-[0-9]{2})\Z")
_BOUNDS = {
    "minLength": ("short", "at least", "character"),
    "maxLength": ("long", "at most", "character"),
    "minItems": ("short", "at least", "item"),
    "maxItems": ("long", "at most", "item"),
    "minProperties": ("small", "at least", "field"),
    "maxProperties": ("large", "at most", "field"),
    "minimum": ("small", "at least", ""),
    "maximum": ("large", "at most", ""),
    "exclusiveMinimum": ("small", "more than", ""),
    "exclusiveMaximum": ("large", "less than", ""),
}
"""Keyword: what the value is, how the limit is to be read, and what is counted."""

_nearest = lru_cache(256)(nearest)

_Words = tuple[str, str, str, str]
"""Code, message, label and help."""


def faults_of(violations: Iterable[Violation]) -> list[SchemaFault]:
    """Word the violations, less those that only follow from another."""
    best: dict[object, SchemaFault] = {}
    code = ""
    for position, at in enumerate(violations):
        fault = _fault(at, code)
        code = fault.code
        place = (fault.pointer, fault.on_key, at.keyword == "more")
        if at.keyword == "more":
            best.setdefault(place, fault)
        elif code not in _RANK:
            best[position] = fault
        elif place not in best or _RANK[code] < _RANK[best[place].code]:
            best[place] = fault
    # What a misspelt field stands for is not missing as well, nor is one field too many beside an unknown one.
    unknown = {(fault.pointer[:-1], fault.name) for fault in best.values() if fault.code == "MS101"}
    mixed_up = {owner for owner, _ in unknown}
    return [
        fault
        for fault in best.values()
        if not (fault.code == "MS102" and (fault.pointer, fault.name) in unknown)
        and not (fault.code == "MS108" and fault.pointer in mixed_up)
    ]


def _fault(at: Violation, code_before: str) -> SchemaFault:
    code, message, label, advice = _WORDS.get(at.keyword, _other)(at)
    is_about_fields = at.keyword in ("required", "more")
    advice = advice if at.key is not None or is_about_fields else at.note("x-help") or advice
    return SchemaFault(
        code=code or code_before,
        pointer=at.place if at.key is None else (*at.place, at.key),
        on_key=at.key is not None or (is_about_fields and isinstance((0, *at.place)[-1], str)),
        message=message,
        label=label,
        help=f"{advice}; {REVOKE}".replace("?; if", "? If") if at.is_of_reference else advice,
        private=at.is_of_reference,
        name=_meant(at) if code == "MS101" else at.name if code == "MS102" else "",
    )


def _more(at: Violation) -> _Words:
    """Report that more faults exist, under the code of the last one."""
    message = f"{at.subject} has more than {at.name} faults; the others are not reported"
    return "", message, "more faults", "correct those that are reported, then check again"


def _missing(at: Violation) -> _Words:
    line = _line(at.name, at.node.get("properties", {}).get(at.name))
    name = visible(at.name)
    return "MS102", f"{at.path(at.name)} is missing", f"'{name}' is missing", f"add a line such as {line}"


def _unknown(at: Violation) -> _Words:
    # An organisation's own schema cannot set this.
    elsewhere = {} if at.foreign else at.node.get("x-elsewhere", {})
    if "x-key-form" in at.node and not at.foreign:
        # `propertyNames` would ask for the form as well, but jsonschema-rs copies the whole mapping for each key of it.
        message = f"{at.subject} must be {at.note('x-key-form')}{at.quoted(', not ')}"
        sample = visible(next(iter(at.node["examples"][0])))
        return "MS104", message, "not of this form", f"write a key such as {sample}"
    known = list(map(visible, sorted(at.node.get("properties", {}))))
    meant = visible(_meant(at))
    if at.is_of_reference and ":" in (at.key or "") and at.value[at.key] is None:
        advice = "put a space behind the ':'"
    elif at.key in elsewhere:
        advice = elsewhere[at.key]
    elif not meant and not at.foreign and (line := _BELONGS.get(at.key or "", "")).partition(":")[0] in known:
        advice = f"write instead {line}"
    elif len(known) > 1:
        advice = f"did you mean '{meant}'?" if meant else f"the fields are {_listed(known, 'and')}"
    else:
        advice = f"the only field is {known[0]}" if known else "remove it"
    hidden = f"{at.owner} has an unknown field"
    message = hidden if at.private else f"{quote(at.key)} is not a field of {at.owner}"
    return "MS101", message, "unknown field", advice


def _meant(at: Violation) -> str:
    """The field that an unknown one stands for: the nearest, or the only one that there could have been."""
    known = tuple(at.node.get("properties", ()))
    if len(known) == 1:
        return str(known[0])
    near = _nearest(at.key or "", known)
    return near or next((name for name in _ALSO_CALLED.get(at.key or "", ()) if name in known), "")


_ALSO_CALLED: Mapping[str, tuple[str, ...]] = {
    "api_base": ("endpoint",),
    "base_url": ("endpoint",),
    "head": ("priority_head", "head_id"),
    "heads": ("priority_head",),
    "id": ("model_id", "head_id", "code", "key_id"),
    "key": ("api_key",),
    "label": ("tags",),
    "labels": ("tags",),
    "lat": ("latitude",),
    "lng": ("longitude",),
    "lon": ("longitude",),
    "model": ("model_id", "upstream_model"),
    "name": ("head_id",),
    "per_connection_buffer_limit_bytes": ("max_body_bytes",),
    "title": ("name",),
    "url": ("endpoint", "inference_url"),
    "weights": ("load_balancing",),
}
"""What other programs, and earlier versions, call our fields, where no field of ours is spelt like it."""

_BELONGS: Mapping[str, str] = {
    "active": "status: active or offline",
    "api_key_env": "api_key: {env: NAME}",
    "deprecated": "status: deprecated",
    "description": "metadata: {description: …}",
    "disabled": "status: disabled",
    "enabled": "status: active or disabled",
    "groups": "access: {groups: […]}",
    "max_tokens": "request: {max_tokens: …}",
    "owner": "metadata: {owner: …}",
    "rpm": "limits: {rpm: …}",
    "team": "metadata: {owner: …}",
    "temperature": "request: {temperature: …}",
    "timeout": "limits: {first_byte_seconds: …}",
    "top_p": "request: {top_p: …}",
    "tpm": "limits: {tpm: …}",
    "visibility": "access: {visibility: …}",
}
"""What other programs have as a field and we write within another: the line to write, where its field exists."""


def _wrong_number_of_fields(at: Violation) -> _Words:
    if at.node.get("minProperties") != at.node.get("maxProperties"):
        return _out_of_bounds(at)
    names = _listed(sorted(map(visible, at.node.get("properties", {}))) or ["field"])
    message = f"{at.subject} must have exactly one of {names}, not {_count(len(at.value), 'field')}"
    return "MS108", message, "exactly one is needed", f"keep one of {names}"


def _excluded(at: Violation) -> _Words:
    rules = at.node["dependentSchemas"].items()
    rival, rule = next((r, rule) for r, rule in rules if r in at.value and at.key in rule["properties"])
    first, *rest = sorted(rule["properties"].keys() & at.value.keys())
    also = f", {'as do' if rest[1:] else 'as does'} {_listed(rest, 'and')}" if rest else ""
    message = f"{at.path(first)} and {rival} exclude each other{also}"
    return "MS108", message, f"not together with {rival}", rule["x-help"]


def _no_alternative(at: Violation) -> _Words:
    """Explain that one of several fields must be there: our schemas use `anyOf` for nothing else."""
    if at.foreign:
        return _other(at)
    listed = _listed([f"'{branch['required'][0]}'" for branch in at.node["anyOf"]])
    return "MS108", f"{at.subject} needs {listed}", "one of them is missing", f"add {listed}"


def _wrong_type(at: Violation) -> _Words:
    types = [at.node["type"]] if isinstance(at.node["type"], str) else at.node["type"]
    wanted = _listed([_TYPES[name] for name in types])
    found = _FOUND.get(type(at.value), "a number")
    message, label = f"{at.subject} must be {wanted}, not {found}{at.quoted(': ')}", f"{found}, not {wanted}"
    if at.value is None:
        message, label = f"{at.subject} is empty; it must be {wanted}", "empty"
    return "MS103", message, label, _conversion(at, types) or _for_example(at) or f"write {wanted}"


def _conversion(at: Violation, types: Sequence[str]) -> str:
    """Say how a value that only looks wrong is made right, or nothing."""
    if isinstance(at.value, bool | int | float) and "string" in types:
        return _conversion_to_text(at, str(at.value).lower() if isinstance(at.value, bool) else str(at.value))
    if not isinstance(at.value, str) or at.private:
        return ""
    word = at.value.casefold()
    if "boolean" in types and word in _SPOKEN:
        spoken = f"YAML 1.2 reads {quote(at.value)} as a string; write {_BOOLEANS.get(word)}"
        return spoken if word in _BOOLEANS else f"write {word} without quotes"
    if {"integer", "number"} & {*types} and at.value.isascii() and at.value.isdigit():
        return "remove the quotes"
    return _conversion_to_number(at, types) or _conversion_to_list(at, types)


def _conversion_to_number(at: Violation, types: Sequence[str]) -> str:
    found = _WITH_UNIT.fullmatch(at.value)
    if found is None or "integer" not in types:
        return ""
    return f"write {found[1].replace('_', '')}{'000' if found[2] == 'k' else ''}, the number alone"


def _conversion_to_list(at: Violation, types: Sequence[str]) -> str:
    if "array" not in types:
        return ""
    if at.value.casefold() in _NOTHING and at.field:
        return "delete this line"
    if at.node["items"].get("type") != "string" or not at.value.isprintable() or len(at.value) > LONGEST:
        return ""
    items = [item.strip() for item in at.value.removeprefix("(").removesuffix(")").split(",")]
    line = _line(at.field, {"examples": [items if all(items) else [at.value]]})
    return "put a space behind the '-'" if at.value.startswith("-") else f"write {line}"


_WITH_UNIT = re.compile(r"([0-9][0-9_]*) ?(k|s|sec|seconds?|%|/ ?min|/ ?minute|rpm|tpm)?")
_NOTHING = frozenset({"all", "any", "anywhere", "nil", "no", "none", "nothing"})
"""Words for a list that is not there: without one there is no limit, and no item."""


def _conversion_to_text(at: Violation, text: str) -> str:
    if "enum" in at.node:
        return f"write one of {_listed(list(map(quote, at.node['enum'])))}"
    if at.private and not at.foreign:
        return ""
    fits = compiled({key: at.node[key] for key in ("pattern", "minLength", "maxLength") if key in at.node})
    if fits.is_valid(text):
        return f"put it in quotes; without them YAML reads it as {_FOUND.get(type(at.value), 'a number')}"
    date = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return f"write {_line(at.field, {'examples': [date]})}, with hyphens" if fits.is_valid(date) else ""


def _for_example(at: Violation) -> str:
    """Write a line that would do, or nothing where the schema shows none."""
    if at.node.get("examples"):
        return f"write, for example, {_line(at.field, at.node)}"
    if not at.place:
        name = at.node.get("required", sorted(at.node["properties"]))[0]
        return f"write fields, one a line, such as {_line(name, at.node['properties'][name])}"
    return ""


def _wrong_form(at: Violation) -> _Words:
    """Say the form in words; only an organisation's own may be a bare pattern."""
    said = f"must be {at.note('x-form')}{at.quoted(', not ')}"
    bare = f"does not have the form that the schema requires{at.quoted(': ')}"
    advice = _meant_form(at) or _for_example(at) or at.note("description") or _as_the_schema_says(at)
    return "MS104", f"{at.subject} {said if at.note('x-form') else bare}", "not of this form", advice


def _meant_form(at: Violation) -> str:
    """What a string was probably meant to be: several items without a comma, or a name in another spelling."""
    pattern = at.node.get("pattern")
    if at.keyword != "pattern" or at.key is not None or at.private or not isinstance(at.value, str):
        return ""
    fits = re.compile(str(pattern)).search
    titled = _TITLED.search(at.value)
    if titled is not None and fits(titled[1]):
        return f"did you mean {quote(titled[1])}?"
    words = at.value.split()
    if words[1:] and at.place and isinstance(at.place[-1], int) and all(map(fits, words)):
        return f"put a comma between the items: {visible(', '.join(words), LONGEST)}"
    if words[1:] and "\n" in at.value:
        return ""
    joined = "-".join(words)
    respelled = (joined, joined.lower().replace("_", "-"))
    meant = next((one for one in respelled if one != at.value and fits(one)), None)
    return f"did you mean {quote(meant)}?" if meant else ""


_TITLED = re.compile(r"\(([^()]{1,64})\)$")
"""A code as the page shows it behind its title: Europe (eu)."""
_ROOT = 4
"""Letters that two words of one root share: warn and warning, drained and draining."""


def _no_choice(at: Violation) -> _Words:
    choices = at.node["enum"] if at.keyword == "enum" else [at.node["const"]]
    words = tuple(choice for choice in choices if isinstance(choice, str))
    meant = None
    if isinstance(at.value, str) and not at.private:
        root = at.value[:_ROOT].casefold()
        meant = _nearest(at.value, words)
        meant = meant or next((w for w in words if len(root) == _ROOT and w.startswith(root)), None)
    listed = f"{'one of ' if choices[1:] else ''}{_listed(list(map(quote, choices)))}"
    message = f"{at.subject} must be {listed}{at.quoted(', not ')}"
    advice = f"did you mean {quote(meant)}?" if meant else f"write {listed}"
    return "MS105", message, "not among the choices", advice


def _out_of_bounds(at: Violation) -> _Words:
    size, reading, noun = _BOUNDS[at.keyword]
    limit = at.node[at.keyword]
    allowed = f"{reading} {_count(limit, noun) if noun else limit}"
    if not noun:
        message = f"{at.subject} is too {size}{at.quoted(': ')}; it must be {allowed}"
    elif at.measured:
        message = f"{at.subject} is too {size}: {_count(len(at.measured), noun)}, {reading} {limit}"
    else:
        message = f"{at.subject} is empty; it needs {allowed}"
    advice = _for_example(at) or f"write {'' if noun else 'a number that is '}{allowed}"
    return "MS106", message, allowed, advice


def _repeated(at: Violation) -> _Words:
    if at.foreign:
        return "MS107", f"{at.subject} contains equal items", "equal items", "remove one of them"
    holder = at.path().rpartition("[")[0]
    advice = f"remove it: {holder}[{at.name}] is the same"
    return "MS107", f"{holder} contains {at.quoted('') or 'the same item'} twice", "repeated here", advice


def _other(at: Violation) -> _Words:
    message = f"{at.subject} does not satisfy the schema ({visible(at.keyword)})"
    return "MS104", message, "not valid", at.note("description") or _as_the_schema_says(at)


def _as_the_schema_says(at: Violation) -> str:
    """Advise by the keyword alone: an organisation's own schema may hold no word for people."""
    if at.keyword not in at.node:
        return "remove it"
    how = "matches" if at.keyword == "pattern" else f"satisfies {visible(at.keyword)}:"
    return f"write a {'value' if at.key is None else 'key'} that {how} {quote(at.node[at.keyword])}"


def _listed(words: Sequence[str], joint: str = "or") -> str:
    """Join words, at least one, as `a, b or c`."""
    *first, last = words
    return f"{', '.join(first)} {joint} {last}" if first else last


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _line(name: str, field: Any) -> str:  # noqa: ANN401 - of a foreign schema, any JSON
    """Write a line that sets a field, or without a name the value alone, from the field's examples."""
    examples = field.get("examples") if isinstance(field, dict) else None
    value = _flow(examples[0]) if examples else "…"
    return f"{name}: {value}" if name else value


def _flow(value: object) -> str:
    """Write a value as one line of YAML."""
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_flow(item)}' for key, item in value.items())}}}"
    is_plain = isinstance(value, str) and _PLAIN.match(value) and value.casefold() not in ("null", *_SPOKEN)
    return str(value) if is_plain else json.dumps(value, ensure_ascii=False)


_SPOKEN = frozenset({"true", "false", *_BOOLEANS})

_WORDS: dict[str, Callable[[Violation], _Words]] = {
    **dict.fromkeys(_BOUNDS, _out_of_bounds),
    "additionalProperties": _unknown,
    "anyOf": _no_alternative,
    "const": _no_choice,
    "dependentSchemas": _excluded,
    "enum": _no_choice,
    "maxProperties": _wrong_number_of_fields,
    "minProperties": _wrong_number_of_fields,
    "more": _more,
    "not": _wrong_form,
    "pattern": _wrong_form,
    "required": _missing,
    "type": _wrong_type,
    "unevaluatedProperties": _unknown,
    "uniqueItems": _repeated,
}
