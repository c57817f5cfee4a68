"""A plan as it is read: one entry for a cause and all that it causes, a summary, and the load of the heads."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from modelspec.change.effect import (
    KINDS,
    RANK_TITLES,
    Effect,
    EffectPlace,
    HeadLoad,
    HeadShift,
    Plan,
    Quoted,
    Rank,
    Subject,
    Words,
    joined,
)
from modelspec.change.replay_words import NO_USAGE, brief
from modelspec.text.quote import counted


@dataclass(slots=True, kw_only=True)
class FoldedEffect:
    """The effects on one subject in one group; the effects that they cause are `folded` below them."""

    subject: Subject
    rank: Rank
    effects: list[Effect] = field(default_factory=list)
    folded: list[Effect] = field(default_factory=list)

    def title(self, shown: Callable[[str], str]) -> str:
        """The subject, its name as the format shows it; models and files are shown by their names alone."""
        what, name = self.subject.what, shown(self.subject.name)
        return name if what in ("model", "file") else f"{what} {name}"

    @property
    def places(self) -> Sequence[EffectPlace]:
        """Where to look, each place once."""
        return list(dict.fromkeys(place for effect in self.effects for place in effect.places))

    @property
    def touched(self) -> str:
        """How many models a head or a region touches; empty where it touches none."""
        touches = self.effects[0].touches
        return counted(len(touches), "model") if touches else ""

    @property
    def folds(self) -> Sequence[tuple[Words, str, Sequence[str]]]:
        """Sentences, each with the count and names of its subjects; last, other models that are touched."""
        together: dict[tuple[str, str, Words], list[str]] = {}
        for effect in self.folded:
            key = effect.kind, effect.subject.what, effect.words
            together.setdefault(key, []).append(effect.subject.name)
        folds = [
            (words, f" · {counted(len(names), what)}", names) for (_, what, words), names in together.items()
        ]
        shown = {effect.subject.name for effect in self.folded if effect.subject.what == "model"}
        quiet = [name for name in self.effects[0].touches if name not in shown]
        if quiet:
            title = f"{counted(len(quiet), 'other model' if shown else 'model')} touched"
            folds.append(((title,), "", quiet))
        return folds


def entries(effects: Sequence[Effect]) -> Sequence[FoldedEffect]:
    """All effects, each in exactly one entry, the worst first.

    An effect is folded below the first effect of its first cause; that entry then ranks as high as the worst effect
    that it causes.
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


def groups(plan: Plan) -> Iterator[tuple[str, Sequence[FoldedEffect]]]:
    """The heading of each rank that has entries, and these."""
    found = entries(plan.effects)
    for rank, title in RANK_TITLES.items():
        same = [entry for entry in found if entry.rank is rank]
        if same:
            yield title, same


def _cause(effect: Effect) -> Subject | None:
    causes = effect.causes
    return causes[0] if causes and causes[0] != effect.subject else None


_MOST_PHRASES = 8
_MOST_FILES = 3
_MOST_WAIVED = 5


def summary(plan: Plan) -> Words:
    """Like "3 models move, 1 leaves Europe (eu), 2 lose their only fallback", the worst first, and what is waived."""
    weighed = brief(plan.replay) if plan.replay is not None else ()
    if not plan.waived:
        return (*_summary(plan), *weighed)
    shown = joined(((Quoted(code), " for ", Quoted(name)) for code, name in plan.waived[:_MOST_WAIVED]), ", ")
    more = len(plan.waived) - _MOST_WAIVED
    return (*_summary(plan), *weighed, "; it waives ", *shown, f" and {more} more" if more > 0 else "")


def _summary(plan: Plan) -> Words:
    if plan.broken_after or (not plan.compared and plan.models_after is None):
        return ("the proposed state does not compile: ", *_files(plan.broken_after))
    if not plan.compared:
        served = counted(plan.models_after or 0, "model"), counted(len(plan.loads), "head")
        there = f"; the proposed state would serve {served[0]} at {served[1]}"
        why = ("the base does not compile: ", *_files(plan.broken_before)) if plan.broken_before else ()
        return (*(why or ("the base has no models",)), there)
    if not plan.effects:
        if plan.rules_changed:
            return ("no route changes, but other rules may: see ", *_files(plan.rules_changed))
        if plan.changed:
            return ("only formatting changes, in ", *_files(plan.changed))
        return ("nothing changes",)
    return tuple(_sentence(plan))


def notes(plan: Plan) -> Iterator[Words]:
    """What a reviewer must know besides the effects, which are those on routes."""
    if plan.refused_before:
        yield (
            "this version refuses values of the base, which is compared without them: see ",
            *_files(plan.refused_before),
        )
    if plan.lacks_usage:
        yield NO_USAGE
    if plan.effects and plan.rules_changed:
        yield ("also changed: ", *_files(plan.rules_changed))


def _sentence(plan: Plan) -> Iterator[str | Quoted]:
    counts: dict[tuple[str, str], set[str]] = {}
    for effect in plan.effects:
        counts.setdefault((effect.kind, effect.group), set()).add(effect.subject.name)
    noun = ""
    phrases = 0
    left = 0
    for kind in KINDS:
        with_group = "{}" in kind.one
        found: dict[str, set[str]] = {}
        for (name, group), subjects in counts.items():
            if name == kind.name:
                found.setdefault(group if with_group else "", set()).update(subjects)
        for group, subjects in found.items():
            phrases += 1
            if phrases > _MOST_PHRASES:
                left += len(subjects)
                continue
            number = len(subjects)
            what = f"{number:,}" if kind.what == noun else counted(number, kind.what)
            before, braces, after = (kind.one if number == 1 else kind.many).partition("{}")
            yield f"{', ' if noun else ''}{what} {before}"
            if braces:
                yield Quoted(group)
            yield after
            noun = kind.what
    if left:
        yield f", and {counted(left, 'other effect')}"


def _files(paths: Sequence[str]) -> Words:
    words = joined(((Quoted(path),) for path in paths[:_MOST_FILES]), ", ")
    more = len(paths) - _MOST_FILES
    return (*words, f" and {counted(more, 'more file')}") if more > 0 else words


def shown_shifts(plan: Plan) -> Sequence[HeadShift]:
    """Heads whose load changes; where nothing can be compared, all heads as they are."""
    if plan.compared:
        return [shift for shift in plan.loads if shift.before != shift.after]
    return [replace(s, before=s.before or s.after, after=s.after or s.before) for s in plan.loads]


LOAD_TITLE = "Load of the heads"
LOAD_COLUMNS = ("head", "first choice of", "share", "fallback of", "capacity")


def load_cells(shift: HeadShift) -> tuple[str, ...]:
    """The load of one head, before → after, for every column but the first."""
    sides = zip(_cells(shift.before), _cells(shift.after), strict=True)
    return tuple(after if before == after else f"{before} → {after}" for before, after in sides)


def _cells(load: HeadLoad | None) -> tuple[str, ...]:
    if load is None:
        return ("none",) * 4
    capacity = "-" if load.capacity is None else f"{load.capacity:,}"
    return f"{load.first:,}", f"{load.share:,g}", f"{load.fallback:,}", capacity
