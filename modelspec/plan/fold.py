"""Effects as they are read: one cause is one entry, with all that it brings about folded below it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from modelspec.plan.effect import RANK_TITLES, Effect, Rank, Said, Subject, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """The same thing said of several subjects: `words` behind their `names`, which stand in their order."""

    kind: str
    words: Words
    what: str
    names: Sequence[str]


@dataclass(slots=True, kw_only=True)
class Entry:
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


def entries(effects: Sequence[Effect]) -> Sequence[Entry]:
    """All effects, each in exactly one entry, the worst consequence first.

    An effect is folded below the first effect of its first cause; that entry then stands as high as the worst that
    it brings about.
    """
    made: dict[tuple[Subject, Rank], Entry] = {}
    home: dict[Subject, Entry] = {}
    waiting: list[tuple[Effect, Subject]] = []
    subjects = {effect.subject for effect in effects if not _cause(effect)}
    for effect in effects:
        cause = _cause(effect)
        if cause is not None and cause in subjects:
            waiting.append((effect, cause))
            continue
        entry = made.setdefault(
            (effect.subject, effect.rank), Entry(subject=effect.subject, rank=effect.rank)
        )
        entry.effects.append(effect)
        home.setdefault(effect.subject, entry)
    for effect, cause in waiting:
        entry = home[cause]
        entry.folded.append(effect)
        entry.rank = min(entry.rank, effect.rank)
    return sorted(made.values(), key=lambda entry: entry.rank)


def groups(found: Sequence[Entry]) -> Iterator[tuple[str, Sequence[Entry]]]:
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
