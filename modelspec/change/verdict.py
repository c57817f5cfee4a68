"""What a reviewer reads first: a verdict, how much changes, each effect as a row, and the next step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from modelspec.change.effect import Effect, Plan, Quoted, Rank, Words, listed
from modelspec.change.fold import summary
from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.text.quote import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVerdict:
    """One sentence that stands alone, and what to do next."""

    words: Words
    next: str
    is_blocked: bool = False


def verdict(plan: Plan, guards: Sequence[Diagnostic], errors: Sequence[Diagnostic]) -> PlanVerdict:
    """Blocked, safe to merge, or what is to be reviewed; `errors` are those of the proposed state."""
    broken = sum(found.severity is Severity.ERROR for found in guards)
    blockers = [counted(len(errors), "error")] if errors else []
    blockers += [counted(broken, "guard")] if broken else []
    if blockers:
        return PlanVerdict(
            words=("Blocked: ", " and ".join(blockers)),
            next=_unblock(has_errors=bool(errors), has_guards=bool(broken)),
            is_blocked=True,
        )
    if not plan.compared:
        return PlanVerdict(
            words=("Review: ", *summary(plan)), next="review this as you would review a new fleet"
        )
    if plan.rules_changed or plan.waived or any(effect.rank is not Rank.NOTES for effect in plan.effects):
        return PlanVerdict(words=("Review: ", *summary(plan)), next="check each row, then merge")
    if plan.effects:
        words: Words = ("Safe to merge: no request changes (", *summary(plan), ")")
    else:
        words = ("Safe to merge: ", *summary(plan))
    return PlanVerdict(words=words, next="merge")


def _unblock(*, has_errors: bool, has_guards: bool) -> str:
    steps = ["fix the errors, which `modelspec validate` shows in their files"] if has_errors else []
    if has_guards:
        steps.append("make the change smaller, or add the waivers and have them approved")
    return "; then ".join(steps) + "; then push again"


_NEW = frozenset(
    {"model-added", "head-added", "region-added", "name-added", "client-key-added", "waiver-added"}
)
_GONE = frozenset({"model-removed", "head-removed", "region-removed", "name-lost"})


def sign(effect: Effect) -> str:
    """`+` for what is new, `-` for what is gone, `~` for what changes."""
    return "+" if effect.kind in _NEW else "-" if effect.kind in _GONE else "~"


def counts(plan: Plan) -> str:
    """Like "+2 ~3 -1 models, 1 head, 0 regions": how many are touched, each counted once."""
    touched: dict[str, set[str]] = {"model": set(), "head": set(), "region": set()}
    whole: dict[str, set[str]] = {"+": set(), "-": set()}
    for effect in plan.effects:
        what, name = effect.subject.what, effect.subject.name
        if what in touched:
            touched[what].add(name)
        if effect.kind in ("model-added", "model-removed"):
            whole[sign(effect)].add(name)
    added, removed = whole["+"], whole["-"]
    changed = touched["model"] - added - removed
    places = (counted(len(touched[what]), what) for what in ("head", "region"))
    return f"+{len(added):,} ~{len(changed):,} -{len(removed):,} models, {', '.join(places)}"


_MOST_SHOWN = 4
"""Values of a list that a cell shows."""


def cells(effect: Effect) -> tuple[Words, Words, Words]:
    """An effect in columns: what happens, and its old and its new value where these are short.

    A sentence like "calls another host: a → b; and more" is taken apart at its arrow.
    """
    words = _apart(effect.words)
    arrows = [at for at, part in enumerate(words) if part == _ARROW]
    if len(arrows) == 1:
        at = arrows[0]
        starts = [place + 1 for place, part in enumerate(words[:at]) if _is_own(part) and part.endswith(": ")]
        ends = [place for place, part in enumerate(words) if place > at and _is_own(part) and _ends(part)]
        if starts:
            left, right = starts[-1], ends[0] if ends else len(words)
            what = (*words[: left - 1], str(words[left - 1]).removesuffix(": "), *words[right:])
            return what, words[left:at], words[at + 1 : right]
    if arrows or effect.kind in _WHOLE:
        return words, (), ()
    return words, _value(effect.before), _value(effect.after)


_ARROW = " → "
_WHOLE = frozenset({"model-added", "model-removed", "model-enabled", "model-disabled", "model-renamed"})
"""Kinds whose sentence says all that there is to say."""


def _apart(words: Words) -> Words:
    """A sentence in which an arrow is a part of its own."""
    parts: list[str | Quoted] = []
    for part in words:
        if isinstance(part, str) and part.count(_ARROW) == 1 and part != _ARROW:
            before, after = part.split(_ARROW)
            start, colon, value = before.rpartition(": ")
            parts += [one for one in (start + colon, value, _ARROW, after) if one]
        else:
            parts.append(part)
    return tuple(parts)


def _is_own(part: str | Quoted) -> TypeGuard[str]:
    return isinstance(part, str)


def _ends(part: str) -> bool:
    """Whether a part goes on with something else than the value before it."""
    return part.startswith((";", ", which", ", it "))


def _value(value: object) -> Words:
    match value:
        case str() if value:
            return (Quoted(value),)
        case bool() | int() | float():
            return (str(value).lower(),)
        case list() | tuple() if 0 < len(value) <= _MOST_SHOWN and all(isinstance(one, str) for one in value):
            return listed(value)
        case _:
            return ()
