"""A plan in one line."""

from collections.abc import Iterator, Sequence

from modelspec.plan.effect import Plan, Said, Words
from modelspec.plan.fold import counted
from modelspec.plan.kinds import KINDS

_MOST_PHRASES = 8
_MOST_FILES = 3


def summary(plan: Plan) -> Words:
    """Like "3 models move, 1 leaves Europe (eu), 2 lose their only fallback", the worst first."""
    if plan.broken_after or (not plan.compared and plan.models_after is None):
        return ("the head does not compile: ", *_files(plan.broken_after))
    if not plan.compared:
        served = counted(plan.models_after or 0, "model"), counted(len(plan.loads), "head")
        there = f"; the head would serve {served[0]} at {served[1]}"
        return ("the base does not compile: ", *_files(plan.broken_before), there)
    if not plan.effects:
        if plan.rules_changed:
            return ("no route changes, but other rules may: see ", *_files(plan.rules_changed))
        if plan.changed:
            return ("nothing changes but formatting, in ", *_files(plan.changed))
        return ("nothing changes",)
    return tuple(_sentence(plan))


def beside(plan: Plan) -> Words:
    """What else a reviewer has to look at: effects are those on routes, and a policy is none."""
    if not plan.effects or not plan.rules_changed:
        return ()
    return ("beside the routes, other rules may change: see ", *_files(plan.rules_changed))


def _sentence(plan: Plan) -> Iterator[str | Said]:
    counts: dict[tuple[str, str], set[str]] = {}
    for effect in plan.effects:
        counts.setdefault((effect.kind, effect.group), set()).add(effect.subject.name)
    noun = ""
    said = 0
    left = 0
    for kind in KINDS:
        with_group = "{}" in kind.one
        found: dict[str, set[str]] = {}
        for (name, group), subjects in counts.items():
            if name == kind.name:
                found.setdefault(group if with_group else "", set()).update(subjects)
        for group, subjects in found.items():
            said += 1
            if said > _MOST_PHRASES:
                left += len(subjects)
                continue
            number = len(subjects)
            what = f"{number:,}" if kind.what == noun else counted(number, kind.what)
            verb = kind.one if number == 1 else kind.many
            before, braces, after = verb.partition("{}")
            yield f"{', ' if noun else ''}{what} {before}"
            if braces:
                yield Said(group)
            yield after
            noun = kind.what
    if left:
        yield f", and {counted(left, 'other effect')}"


def _files(paths: Sequence[str]) -> Words:
    words: list[str | Said] = []
    for name in paths[:_MOST_FILES]:
        words += [", "] if words else []
        words += [Said(name)]
    more = len(paths) - _MOST_FILES
    if more > 0:
        words += [f" and {counted(more, 'more file')}"]
    return tuple(words)
