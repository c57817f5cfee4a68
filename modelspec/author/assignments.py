"""`field=value`, `field+=value` and `field-=value`: what somebody types, as changes of a model file."""

import re

from modelspec.author.change import Append, Change, Discard, Put, Unset
from modelspec.author.fields import NoField, dotted, field_at, types_of, way_of
from modelspec.diagnose.refusal import Refusal
from modelspec.load import read
from modelspec.load.find import File
from modelspec.load.scalar import NotANumberError, TooLargeError, resolve
from modelspec.report.said import without_secrets
from modelspec.secret import looks_like_key, mask
from modelspec.text.document import Pointer
from modelspec.text.quote import quote

LONGEST = 64 * 1024
"""Characters of one assignment: a quarter of what a file may hold."""

_NAME = re.compile(r"[A-Za-z0-9_]{1,128}")
_ASSIGNMENT = re.compile(r'((?:"[^"]*"|[^"=])*?)([+-]?=)(.*)', re.DOTALL)
_STEP = re.compile(r'(?:"([^"]+)"|([^".][^.]*))(\.|\Z)')
"""A part of a way; one in double quotes may hold dots."""

_HELP = "write field=value, field+=item, field-=item, with dots for what is inside: limits.rpm=60"


def reference_to_variable(name: str) -> dict[str, str] | Refusal:
    """`{env: NAME}`; what looks like a key itself is refused and never shown."""
    if looks_like_key(name) or not _NAME.fullmatch(name):
        return Refusal(
            message="this is no name of an environment variable; a key itself is never written into the repository",
            help="name the variable of the gateway that holds the key, such as MISTRAL_API_KEY; if it was a key, "
            "revoke it: the shell's history has it now",
        )
    return {"env": name}


def change_of(text: str) -> Change | Refusal:  # noqa: PLR0911 - a return for each thing that may be wrong
    """The change that an assignment asks for."""
    if len(text) > LONGEST:
        return Refusal(message="an assignment is too long", help=f"keep it below {LONGEST} characters")
    typed = _ASSIGNMENT.fullmatch(text)
    if typed is None or not typed[1].strip():
        return Refusal(message=f"{_quoted(text)} is no assignment", help=_HELP)
    way, operator = typed[1].strip(), typed[2]
    # Who writes `region = eu` means no space.
    given = typed[3] if typed[1] == typed[1].rstrip() else typed[3].strip()
    pointer = pointer_of(way)
    if isinstance(pointer, Refusal):
        return pointer
    if pointer == ("model_id",):
        return Refusal(
            message="an id is changed with `modelspec rename`",
            help="it changes every reference to the model as well",
        )
    if pointer[-2:] == ("api_key", "env"):
        reference = reference_to_variable(given)
        if isinstance(reference, Refusal):
            return reference
    types = _types(pointer)
    if operator == "=":
        value = _value(given, types, pointer)
        return value if isinstance(value, Refusal) else Put(pointer=pointer, value=value)
    if types and "array" not in types:
        return Refusal(message=f"{quote(way)} is no list", help=f"set it whole: {way}=…")
    value = _value(given, _types((*pointer, 0)), pointer)
    if isinstance(value, Refusal):
        return value
    return (Append if operator == "+=" else Discard)(pointer=pointer, value=value)


def unset_of(way: str) -> Change | Refusal:
    """The change that takes a field away."""
    pointer = pointer_of(way)
    return pointer if isinstance(pointer, Refusal) else Unset(pointer=pointer)


def pointer_of(way: str) -> Pointer | Refusal:
    """A dotted way to a field, its steps looked up: `limits.rpm`, `deployments.0.weight`, `metadata."a.b"`."""
    steps: list[str] = []
    position, end = 0, "."
    while end:
        step = _STEP.match(way, position)
        if step is None:
            is_open = way[position : position + 1] == '"' and '"' not in way[position + 1 :]
            if is_open:
                return Refusal(
                    message=f"a quote is never closed in {_quoted(way)}", help='write metadata."a.b"=x'
                )
            return Refusal(message=f"{_quoted(way)} is no way to a field", help=_HELP)
        steps.append(step[1] or step[2])
        position, end = step.end(), step[3]
    pointer = way_of(steps)
    if isinstance(pointer, NoField):
        return Refusal(message=without_secrets(pointer.message), help="docs/fields.md lists the fields")
    return pointer


def _types(pointer: Pointer) -> frozenset[str]:
    schema = field_at(pointer)
    return frozenset() if isinstance(schema, NoField) else types_of(schema)


def _value(text: str, types: frozenset[str], pointer: Pointer) -> object:  # noqa: PLR0911 - a return for each kind of value
    """The value of one of the types that the field may have, else the text, for the validator to name."""
    opening = text.lstrip()[:1]
    if opening == "{" and (not types or "object" in types):
        return _without_key(_collection(text), pointer)
    if opening == "[" and (not types or "array" in types):
        return _collection(text)
    way = dotted(pointer)
    if types and types <= {"array", "object"}:
        return _not_a_collection(way, types, pointer)
    if "string" in types and types <= {"string", "object"}:
        return text
    if not types and opening in ('"', "'"):
        return _collection(text)
    try:
        value = resolve(text)
    except (NotANumberError, TooLargeError):
        return Refusal(
            message=f"the value of {quote(way)} is no number that JSON can hold", help="write a smaller one"
        )
    return text if value is None and types else value


def _not_a_collection(way: str, types: frozenset[str], pointer: Pointer) -> Refusal:
    """The value is never shown: a key is what people put where a reference belongs."""
    if pointer[-1] == "api_key":
        return Refusal(
            message="a key is never written into the repository: api_key takes a reference",
            help="write 'api_key={env: NAME}', the name of the gateway's environment variable",
        )
    if "array" in types:
        return Refusal(
            message=f"{quote(way)} is a list", help=f"write '{way}=[a, b]', or {way}+=a for one more"
        )
    return Refusal(
        message=f"{quote(way)} is a mapping", help=f"write '{way}={{…}}', or set what is inside: {way}.x=…"
    )


def _without_key(value: object, pointer: Pointer) -> object:
    """A reference, unless a key itself stands where the name of its variable belongs."""
    if pointer[-1] == "api_key" and isinstance(value, dict) and isinstance(value.get("env"), str):
        found = reference_to_variable(value["env"])
        return found if isinstance(found, Refusal) else value
    return value


def _collection(text: str) -> object:
    """A flow collection or a quoted text, read as a file would be."""
    reading = read(File("value", b"value: " + text.encode(errors="replace")))
    value = reading.value
    if reading.faults or not isinstance(value, dict) or value.keys() != {"value"}:
        why = f": {reading.faults[0].message}" if reading.faults else ""
        return Refusal(
            message=f"the value is no YAML that fits on one line{mask(why)}", help="check its brackets"
        )
    return value["value"]


def _quoted(text: str) -> str:
    """What somebody typed, unless it looks like a key."""
    return "this" if looks_like_key(text) else quote(without_secrets(text))
