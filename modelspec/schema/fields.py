"""Fields that are missing, unknown, or do not go together."""

from collections.abc import Iterator

from modelspec.schema.fault import TOLD, Fault
from modelspec.schema.fold import Finding
from modelspec.schema.trace import Trace
from modelspec.schema.values import finding, not_of_types, other, rest
from modelspec.schema.wording import alternatives, count, example
from modelspec.text.names import nearest
from modelspec.text.quote import quote, visible

_GUESSED = 20
"""Unknown fields of one mapping for which a meant name is looked for: more are no slips of the fingers."""


def missing(at: Trace) -> Iterator[Finding]:
    """MS102 at the key of the mapping, or at the mapping where it has none."""
    name = at.details["property"]
    fault = Fault(
        code="MS102",
        pointer=at.place,
        on_key=bool(at.place) and isinstance(at.place[-1], str),
        message=f"{at.path(name)} is missing",
        label=f"'{visible(name)}' is missing",
        help=f"add a line such as {example(name, at.declaration(name))}",
        name=name,
    )
    yield Finding(fault=fault, name=name)


def unknown(at: Trace) -> Iterator[Finding]:
    """MS101 at each unknown key, or MS104 where keys are free but have a form."""
    if "x-key-form" in at.schema:
        yield from _wrong_keys(at)
        return
    known = sorted(at.schema.get("properties", {}))
    # An organisation's own schema has no say in this.
    others = {} if at.of.closed else at.schema.get("x-elsewhere", {})
    # Where no field is allowed at all, the validator does not list them.
    names = list(at.details.get("unexpected", at.value))
    for index, name in enumerate(names[:TOLD]):
        meant = nearest(name, known) if index < _GUESSED and name not in others else None
        if name in others:
            advice = others[name]
        elif meant is not None:
            advice = f"did you mean '{visible(meant)}'?"
        elif known:
            fields = alternatives(list(map(visible, known)), "and")
            advice = f"the fields are {fields}" if known[1:] else f"the only field is {fields}"
        else:
            advice = "remove it"
        hidden = f"{at.subject} has an unknown field"
        fault = Fault(
            code="MS101",
            pointer=(*at.place, name),
            on_key=True,
            message=hidden if at.private else f"{quote(name)} is not a field of {at.subject}",
            label="unknown field",
            help=advice,
            name=meant or "",
        )
        yield Finding(fault=fault, name=meant or "", fields=len(known))
    if names[TOLD:]:
        more = count(len(names) - TOLD, "more unknown field")
        yield rest(at, "MS101", names[TOLD], f"{at.subject} has {more}", "remove what is no field")


def _wrong_keys(at: Trace) -> Iterator[Finding]:
    """Explain keys that have not the form of the names that belong there.

    The schemas use `patternProperties` for it: `propertyNames` makes an error a key, each with a copy of the
    whole mapping, which takes minutes for some thousand keys.
    """
    sample = next(iter(at.sample()["examples"][0]))
    names = at.details["unexpected"]
    for name in names[:TOLD]:
        shown = "" if at.private else f", not {quote(name)}"
        fault = Fault(
            code="MS104",
            pointer=(*at.place, name),
            on_key=True,
            message=f"a key of {at.subject} must be {at.note('x-key-form')}{shown}",
            label="not of this form",
            help=f"write a key such as {visible(sample)}",
        )
        yield Finding(fault=fault)
    if names[TOLD:]:
        more = count(len(names) - TOLD, "more key")
        message = f"{at.subject} has {more} that {'is' if len(names) == TOLD + 1 else 'are'} not of this form"
        yield rest(at, "MS104", names[TOLD], message, f"write keys such as {visible(sample)}")


def number_of_fields(at: Trace) -> Iterator[Finding]:
    """MS108 where exactly one field is wanted, else MS106."""
    names = alternatives(sorted(map(visible, at.schema.get("properties", {}))) or ["field"])
    number = count(len(at.value), "field")
    limit = at.schema[at.keyword]
    if at.schema.get("minProperties") == at.schema.get("maxProperties") == 1:
        message = f"{at.subject} must have exactly one of {names}, not {number}"
        yield finding(
            at, "MS108", message, "exactly one is needed", at.note("x-help") or f"keep one of {names}"
        )
    elif at.keyword == "minProperties":
        message = f"{at.subject} has too few fields: {number}, at least {limit}"
        advice = "write a field, or remove the mapping"
        yield finding(at, "MS106", message, "too few fields", at.note("x-help") or advice)
    else:
        message = f"{at.subject} has too many fields: {number}, at most {limit}"
        yield finding(at, "MS106", message, "too many fields", at.note("x-help") or "remove some of them")


def excluded(at: Trace) -> Iterator[Finding]:
    """MS108 at the key of a field that another field excludes."""
    match at.evaluation:
        case [*_, "dependentSchemas", trigger, "properties", _]:
            rival = visible(str(trigger))
        case [*_, "properties" | "patternProperties" | "dependentSchemas", "additionalProperties"]:
            yield from other(at)
            return
        case [*_, "additionalProperties"] if isinstance(at.value, dict) and at.value:
            yield from unknown(at)
            return
        case _:
            yield from other(at)
            return
    fault = Fault(
        code="MS108",
        pointer=at.place,
        on_key=isinstance(at.place[-1], str),
        message=f"{at.path()} and {rival} exclude each other",
        label=f"not beside {rival}",
        help=at.chain[-2].get("x-help") or f"keep one of them, {rival} or this field",
    )
    yield Finding(fault=fault, group=(*at.place[:-1], rival))


def none_fits(at: Trace) -> Iterator[Finding]:
    """Explain alternatives of which none, or more than one, is satisfied."""
    branches = [branch for branch in at.schema[at.keyword] if isinstance(branch, dict)]
    names = [
        branch["required"][0] for branch in branches if branch.keys() == {"required"} and branch["required"]
    ]
    types = [branch["type"] for branch in branches if isinstance(branch.get("type"), str)]
    nothing_fits = all(at.details["context"])
    if nothing_fits and len(names) == len(at.schema[at.keyword]):
        listed = alternatives([f"'{visible(name)}'" for name in names])
        yield finding(at, "MS108", f"{at.subject} needs {listed}", "one of them is missing", f"add {listed}")
    elif nothing_fits and len(types) == len(at.schema[at.keyword]):
        yield from not_of_types(at, types)
    else:
        yield from other(at)
