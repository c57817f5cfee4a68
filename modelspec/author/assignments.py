"""Assignments as typed, `field=value`, `field+=value` and `field-=value`, to changes of a model, head or region."""

import re
from collections.abc import Sequence

from modelspec.author.change import Append, Change, Discard, Put, Unset
from modelspec.author.fields import FieldsOf, NoField, field_at, resolve_path, types_of
from modelspec.diagnose.refusal import Refusal
from modelspec.load import read
from modelspec.load.find import File
from modelspec.load.scalar import NotANumberError, TooLargeError, resolve
from modelspec.report.printable import without_secrets
from modelspec.secret import looks_like_key, mask
from modelspec.text.document import Pointer, field_path
from modelspec.text.quote import quote

LONGEST = 64 * 1024
"""Characters of one assignment: a quarter of what a file may hold."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_ASSIGNMENT = re.compile(r'((?:"[^"]*"|[^"=])*?)([+-]?=)(.*)', re.DOTALL)
_STEP = re.compile(
    r'(?:"(?P<quoted>[^"]+)"|(?P<bare>[^".][^.\[\]]*))(?P<items>(?:\[[0-9]{1,5}\])*)(?P<end>\.|\Z)'
)
"""A part of a field path and the positions behind it; in double quotes it may contain dots."""

_HELP = "write field=value, field+=item or field-=item, as in limits.rpm=60 or deployments[0].weight=3"


def reference_to_variable(name: str) -> dict[str, str] | Refusal:
    """`{env: NAME}`; what looks like a key itself is refused and never shown."""
    if looks_like_key(name) or not _NAME.fullmatch(name):
        return Refusal(
            message="this is not the name of an environment variable; a key itself is never written to the repository",
            help="pass the name of the gateway's variable that holds the key, such as MISTRAL_API_KEY; "
            "if this was a key, revoke it: it is in your shell history now",
        )
    return {"env": name}


def changes_of(
    assignments: Sequence[str], unset: Sequence[str], of: FieldsOf = "model"
) -> list[Change] | Refusal:
    """The changes that assignments and the paths of fields to remove ask for, at least one."""
    changes = []
    for change in (*(change_of(text, of) for text in assignments), *(unset_of(path, of) for path in unset)):
        if isinstance(change, Refusal):
            return change
        changes.append(change)
    return changes or Refusal(message="nothing to change", help="pass FIELD=VALUE or --unset FIELD")


_KEYS = {"model": "model_id", "head": "head_id", "region": "code"}


def change_of(text: str, of: FieldsOf = "model") -> Change | Refusal:  # noqa: PLR0911 - a return for each thing that may be wrong
    """The change that an assignment asks for, by its place in the model, head or region."""
    if len(text) > LONGEST:
        return Refusal(message="the assignment is too long", help=f"use at most {LONGEST} characters")
    typed = _ASSIGNMENT.fullmatch(text)
    if typed is None or not typed[1].strip():
        return Refusal(message=f"{_quoted(text)} is not an assignment", help=_HELP)
    path, operator = typed[1].strip(), typed[2]
    # In `region = eu`, the spaces are not part of the value.
    given = typed[3] if typed[1] == typed[1].rstrip() else typed[3].strip()
    pointer = pointer_of(path, of)
    if isinstance(pointer, Refusal):
        return pointer
    if pointer == (_KEYS[of],):
        return _not_the_id(of)
    if pointer[-2:] == ("api_key", "env"):
        reference = reference_to_variable(given)
        if isinstance(reference, Refusal):
            return reference
    types = _types(pointer, of)
    if operator == "=":
        value = _value(given, types, pointer)
        return value if isinstance(value, Refusal) else Put(pointer=pointer, value=value)
    if types and "array" not in types:
        return Refusal(message=f"{quote(path)} is not a list", help=f"set the whole value: {path}=…")
    value = _value(given, _types((*pointer, 0), of), pointer)
    if isinstance(value, Refusal):
        return value
    return (Append if operator == "+=" else Discard)(pointer=pointer, value=value)


def _not_the_id(of: FieldsOf) -> Refusal:
    verb = "rename" if of == "model" else f"{of} rename"
    return Refusal(
        message="edit does not change ids" if of != "region" else "edit does not change codes",
        help=f"use `modelspec {verb}`, which also changes every reference to the {of}",
    )


def unset_of(path: str, of: FieldsOf = "model") -> Change | Refusal:
    """The change that removes a field."""
    pointer = pointer_of(path, of)
    return pointer if isinstance(pointer, Refusal) else Unset(pointer=pointer)


def pointer_of(path: str, of: FieldsOf = "model") -> Pointer | Refusal:
    """Resolve a field path: `limits.rpm`, `deployments[0].weight` (or `deployments.0.weight`), `metadata."a.b"`."""
    steps: list[str | int] = []
    position, end = 0, "."
    while end:
        step = _STEP.match(path, position)
        if step is None:
            is_open = path[position : position + 1] == '"' and '"' not in path[position + 1 :]
            if is_open:
                return Refusal(message=f"unclosed quote in {_quoted(path)}", help='write metadata."a.b"=x')
            return Refusal(message=f"{_quoted(path)} is not a field path", help=_HELP)
        steps.append(step["quoted"] or step["bare"])
        steps.extend(map(int, re.findall("[0-9]+", step["items"])))
        position, end = step.end(), step["end"]
    pointer = resolve_path(tuple(steps), of)
    if isinstance(pointer, NoField):
        return Refusal(message=without_secrets(pointer.message), help="docs/fields.md lists the fields")
    return pointer


def _types(pointer: Pointer, of: FieldsOf) -> frozenset[str]:
    schema = field_at(pointer, of)
    return frozenset() if isinstance(schema, NoField) else types_of(schema)


def _value(text: str, types: frozenset[str], pointer: Pointer) -> object:  # noqa: PLR0911 - a return for each kind of value
    """The value as a type that the field allows; else the text itself, for the validator to report."""
    opening = text.lstrip()[:1]
    if opening == "{" and (not types or "object" in types):
        return _without_key(_collection(text), pointer)
    if opening == "[" and (not types or "array" in types):
        return _collection(text)
    path = field_path(pointer)
    if types and types <= {"array", "object"}:
        return _not_a_collection(path, types, pointer)
    if "string" in types and types <= {"string", "object"}:
        return text
    if not types and opening in ('"', "'"):
        return _collection(text)
    try:
        value = resolve(text)
    except (NotANumberError, TooLargeError):
        return Refusal(
            message=f"the value of {quote(path)} is a number that JSON cannot represent",
            help="write a smaller one",
        )
    return text if value is None and types else value


def _not_a_collection(path: str, types: frozenset[str], pointer: Pointer) -> Refusal:
    """The value is never shown: it may be a key where a reference belongs."""
    if pointer[-1] == "api_key":
        return Refusal(
            message="a key is never written to the repository: api_key takes a reference",
            help="write 'api_key={env: NAME}', with the name of the gateway's environment variable",
        )
    if "array" in types:
        return Refusal(
            message=f"{quote(path)} is a list", help=f"write '{path}=[a, b]', or {path}+=a to add an item"
        )
    return Refusal(
        message=f"{quote(path)} is a mapping", help=f"write '{path}={{…}}', or set a nested field: {path}.x=…"
    )


def _without_key(value: object, pointer: Pointer) -> object:
    """The value, unless it has a key where the name of a variable belongs."""
    if pointer[-1] == "api_key" and isinstance(value, dict) and isinstance(value.get("env"), str):
        found = reference_to_variable(value["env"])
        return found if isinstance(found, Refusal) else value
    return value


def _collection(text: str) -> object:
    """Read a flow collection or a quoted text as YAML."""
    reading = read(File("value", b"value: " + text.encode(errors="replace")))
    value = reading.value
    if reading.faults or not isinstance(value, dict) or value.keys() != {"value"}:
        why = f": {reading.faults[0].message}" if reading.faults else ""
        return Refusal(
            message=f"the value is not valid YAML on one line{mask(why)}", help="check its brackets"
        )
    return value["value"]


def _quoted(text: str) -> str:
    """The text as typed, unless it looks like a key."""
    return "this" if looks_like_key(text) else quote(without_secrets(text))
