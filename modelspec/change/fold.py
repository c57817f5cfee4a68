"""Effects as they are read: one cause is one entry, with all that it brings about folded below it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from modelspec.change.effect import RANK_TITLES, Effect, Plan, Rank, Said, Subject, Words
from modelspec.change.kinds import KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """The same thing said of several subjects: `words` behind their `names`, which stand in their order."""

    kind: str
    words: Words
    what: str
    names: Sequence[str]


@dataclass(slots=True, kw_only=True)
class FoldedEffect:
    """What is said of one subject in one group; `folds` are brought about by it."""

    subject: Subject
    rank: Rank
    effects: list[Effect] = field(default_factory=list)
    folded: list[Effect] = field(default_factory=list)

    @property
    def folds(self) -> Sequence[Fold]:
        """What is folded, the same sentences together, in the order of the effects."""
        together: dict[tuple[str, str, Words], list[str]] = {}
        for effect in self.folded:
            together.setdefault((effect.kind, effect.subject.what, effect.words), []).append(
                effect.subject.name
            )
        return [
            Fold(kind=kind, what=what, words=words, names=names)
            for (kind, what, words), names in together.items()
        ]


def entries(effects: Sequence[Effect]) -> Sequence[FoldedEffect]:
    """All effects, each in exactly one entry, the worst consequence first.

    An effect is folded below the first effect of its first cause; that entry then stands as high as the worst that
    it brings about.
    """
    made: dict[tuple[Subject, Rank], FoldedEffect] = {}
    home: dict[Subject, FoldedEffect] = {}
    waiting: list[tuple[Effect, Subject]] = []
    subjects = {effect.subject for effect in effects if not _cause(effect)}
    for effect in effects:
        cause = _cause(effect)
        if cause is not None and cause in subjects:
            waiting.append((effect, cause))
            continue
        entry = made.setdefault(
            (effect.subject, effect.rank), FoldedEffect(subject=effect.subject, rank=effect.rank)
        )
        entry.effects.append(effect)
        home.setdefault(effect.subject, entry)
    for effect, cause in waiting:
        entry = home[cause]
        entry.folded.append(effect)
        entry.rank = min(entry.rank, effect.rank)
    return sorted(made.values(), key=lambda entry: entry.rank)


def groups(found: Sequence[FoldedEffect]) -> Iterator[tuple[str, Sequence[FoldedEffect]]]:
    """The heading of each rank that has entries, and these."""
    for rank, title in RANK_TITLES.items():
        same = [entry for entry in found if entry.rank is rank]
        if same:
            yield title, same


def counted(number: int, noun: str) -> str:
    """Like `1 model` or `3 models`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def spoken(words: Words) -> str:
    """A sentence as bare text; it is not safe to print yet."""
    return "".join(part.text if isinstance(part, Said) else part for part in words)


def _cause(effect: Effect) -> Subject | None:
    causes = effect.causes
    return causes[0] if causes and causes[0] != effect.subject else None


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
