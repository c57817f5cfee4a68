"""A value that is not what the schema asks for."""

from collections.abc import Iterator, Sequence

from modelspec.schema.fault import TOLD, Fault
from modelspec.schema.fold import Finding
from modelspec.schema.gate import compiled
from modelspec.schema.trace import Trace
from modelspec.schema.wording import alternatives, count, example, flow, found, wanted
from modelspec.text.names import nearest
from modelspec.text.quote import quote, visible

_REPEATED = 40
"""Characters of a value that a corrected line may repeat."""

_SPOKEN_BOOLEANS = {"yes": "true", "y": "true", "on": "true", "no": "false", "n": "false", "off": "false"}

_OF_TEXT = ("pattern", "minLength", "maxLength")

BOUNDS = {
    "minLength": ("short", "at least", "character"),
    "maxLength": ("long", "at most", "character"),
    "minItems": ("short", "at least", "item"),
    "maxItems": ("long", "at most", "item"),
    "minimum": ("small", "at least", ""),
    "maximum": ("large", "at most", ""),
    "exclusiveMinimum": ("small", "more than", ""),
    "exclusiveMaximum": ("large", "less than", ""),
}
"""Keyword: what the value is, how the limit is to be read, and what is counted."""


def wrong_type(at: Trace) -> Iterator[Finding]:
    """MS103."""
    types = at.schema["type"]
    yield from not_of_types(at, [types] if isinstance(types, str) else types)


def not_of_types(at: Trace, types: Sequence[str]) -> Iterator[Finding]:
    """MS103 for types that the caller gathered."""
    if at.value is None:
        message, label = f"{at.subject} is empty; it must be {wanted(types)}", "nothing here"
    else:
        shown = f": {at.quoted}" if at.quoted else ""
        message = f"{at.subject} must be {wanted(types)}, not {found(at.value)}{shown}"
        label = f"{found(at.value)}, not {wanted(types)}"
    yield finding(
        at,
        "MS103",
        message,
        label,
        at.note("x-help") or _conversion(at, types) or _for_example(at) or f"write {wanted(types)}",
    )


def _conversion(at: Trace, types: Sequence[str]) -> str:
    """Say how a value that only looks wrong is made right, or nothing."""
    if isinstance(at.value, bool | int | float) and "string" in types:
        return _conversion_to_text(at, str(at.value).lower() if isinstance(at.value, bool) else str(at.value))
    if isinstance(at.value, str) and not at.private:
        return _conversion_of_text(at, at.value, types)
    return ""


def _conversion_to_text(at: Trace, text: str) -> str:
    if "enum" in at.schema:
        return _choose(at.schema["enum"])
    if at.private and not at.of.closed:
        return ""
    fits = compiled({key: at.schema[key] for key in _OF_TEXT if key in at.schema}).is_valid
    if fits(text):
        return f"put it in quotes; without them YAML reads it as {found(at.value)}"
    date = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return f"write {example(at.name, {'examples': [date]})}, with hyphens" if fits(date) else ""


def _conversion_of_text(at: Trace, value: str, types: Sequence[str]) -> str:
    word = value.casefold()
    if "boolean" in types and word in _SPOKEN_BOOLEANS:
        return f"YAML 1.2 reads {quote(value)} as a string; write {_SPOKEN_BOOLEANS[word]}"
    if "boolean" in types and word in _SPOKEN_BOOLEANS.values():
        return f"write {word} without quotes"
    if {"integer", "number"} & {*types} and value.isascii() and value.isdigit():
        return "remove the quotes"
    if "array" in types and at.item_type() == "string" and value.isprintable() and len(value) <= _REPEATED:
        return f"write {example(at.name, {'examples': [[value]]})}"
    return ""


def _for_example(at: Trace) -> str:
    """Write a line that would do, or nothing where the schema shows none."""
    if at.sample():
        return f"write, for example, {example(at.name, at.sample())}"
    if not at.place:
        name = at.schema.get("required", sorted(at.schema["properties"]))[0]
        return f"write fields, one a line, such as {example(name, at.declaration(name))}"
    near = at.neighbour()
    return "" if near is None else f"write, for example, {example(at.name, {'examples': [near]})}"


def wrong_form(at: Trace) -> Iterator[Finding]:
    """MS104; the form is told in words, never as a pattern."""
    form = at.note("x-form")
    subject = at.subject if at.key is None else f"a key of {at.subject}"
    if form:
        shown = f", not {at.quoted}" if at.quoted else ""
        message = f"{subject} must be {form}{shown}"
    else:
        shown = f": {at.quoted}" if at.quoted else ""
        message = f"{subject} does not have the form that the schema asks for{shown}"
    if at.key is None:
        advice = at.note("x-help") or _for_example(at) or at.note("description")
    else:
        advice = f"write a key such as {flow(at.sample()['examples'][0])}" if at.sample() else ""
    yield finding(at, "MS104", message, "not of this form", advice or _as_the_schema_says(at))


def no_choice(at: Trace) -> Iterator[Finding]:
    """MS105."""
    choices = at.schema["enum"] if "enum" in at.schema else [at.schema["const"]]
    listed = alternatives([quote(choice) for choice in choices])
    one = "one of " if len(choices) > 1 else ""
    shown = f", not {at.quoted}" if at.quoted else ""
    meant = None
    if isinstance(at.measured, str) and not at.private:
        meant = nearest(at.measured, [choice for choice in choices if isinstance(choice, str)])
    advice = f"did you mean {quote(meant)}?" if meant else _choose(choices)
    yield finding(at, "MS105", f"{at.subject} must be {one}{listed}{shown}", "not among the choices", advice)


def _choose(choices: Sequence[object]) -> str:
    return f"write {'one of ' if choices[1:] else ''}{alternatives([quote(choice) for choice in choices])}"


def out_of_bounds(at: Trace) -> Iterator[Finding]:
    """MS106."""
    size, reading, noun = BOUNDS[at.keyword]
    limit = at.schema[at.keyword]
    subject = at.subject if at.key is None else f"a key of {at.subject}"
    allowed = f"{reading} {count(limit, noun) if noun else limit}"
    if not noun:
        message = f"{subject} is too {size}{f': {at.quoted}' if at.quoted else ''}; it must be {allowed}"
    elif at.measured:
        message = f"{subject} is too {size}: {count(len(at.measured), noun)}, {reading} {limit}"
    else:
        message = f"{subject} is empty; it needs {allowed}"
    plainly = f"write {allowed}" if noun else f"write a number that is {allowed}"
    yield finding(at, "MS106", message, allowed, at.note("x-help") or _for_example(at) or plainly)


def repeated(at: Trace) -> Iterator[Finding]:
    """MS107 at each repeated item."""
    first: dict[str, int] = {}
    again = last = 0
    for index, item in enumerate(at.value):
        # A list cannot be a key, its written form can; `true` and `1` stay apart.
        written = repr(item)
        if written not in first:
            first[written] = index
            continue
        again += 1
        if again > TOLD:
            last = index if again == TOLD + 1 else last
            continue
        named = "the same item" if at.private or isinstance(item, list | dict) else quote(item)
        fault = Fault(
            code="MS107",
            pointer=(*at.place, index),
            message=f"{at.subject} holds {named} twice",
            label="repeated here",
            help=f"remove it: item {first[written] + 1} of the list is the same",
        )
        yield Finding(fault=fault)
    if again > TOLD:
        more = count(again - TOLD, "more repeated item")
        yield rest(at, "MS107", last, f"{at.subject} holds {more}", "keep one of each")
    if len(first) == len(at.value):
        yield finding(at, "MS107", f"{at.subject} holds equal items", "equal items", "remove one of them")


def other(at: Trace) -> Iterator[Finding]:
    """Explain a keyword that only an organisation's own schema uses."""
    message = f"{at.subject} does not satisfy the schema ({visible(at.keyword)})"
    advice = at.note("description") or _as_the_schema_says(at)
    yield finding(at, "MS104", message, "not as the schema asks", advice)


def _as_the_schema_says(at: Trace) -> str:
    """Advise by the keyword alone: an organisation's own schema may hold no word for people."""
    what = "a key" if at.key is not None else "a value"
    match at.keyword, at.schema.get(at.keyword):
        case "falseSchema", _:
            return "remove it"
        case "pattern", str(form):
            return f"write {what} that matches {quote(form)}"
        case keyword, str() | int() | float() as limit:
            return f"write {what} with {visible(keyword)} {quote(limit)}"
        case _:
            return f"write {what} that satisfies {visible(at.keyword)} in the metadata schema"


def rest(at: Trace, code: str, step: str | int, message: str, advice: str) -> Finding:
    """Say, at the first of them, how many faults are not told one by one."""
    on_key = isinstance(step, str)
    pointer = (*at.place, step)
    fault = Fault(code=code, pointer=pointer, on_key=on_key, message=message, label="and more", help=advice)
    return Finding(fault=fault)


def finding(at: Trace, code: str, message: str, label: str, advice: str) -> Finding:
    """Make a fault at the value, or at the key where a key is at fault."""
    pointer = at.place if at.key is None else (*at.place, at.key)
    on_key = at.key is not None
    fault = Fault(code=code, pointer=pointer, on_key=on_key, message=message, label=label, help=advice)
    return Finding(fault=fault)
