"""A plan for a comment on a pull request.

GitHub accepts 65,536 characters; other forges count bytes. What does not fit is cut from the end, where the least
important effects are, and counted. The first line is a marker by which a bot finds its own comment again.
"""

from collections.abc import Iterator, Sequence

from modelspec.change.effect import EffectPlace, Plan, Quoted, Rank, Words
from modelspec.change.fold import (
    LOAD_COLUMNS,
    LOAD_TITLE,
    FoldedEffect,
    groups,
    load_cells,
    notes,
    shown_shifts,
    summary,
)
from modelspec.change.replay_words import RATE_COLUMNS, REPLAY_TITLE, rate_cells, sentences, shown_rates
from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.report.printable import printable
from modelspec.text.markdown import sealed
from modelspec.text.quote import counted, some

MARKER = "<!-- modelspec:plan -->"
"""No value can spell it: angle brackets from a repository are escaped."""

LIMIT = 65_536
"""Bytes; characters and UTF-16 units are never more."""

_RESERVED = 2_000
"""Bytes reserved for the closing tags and the list of what was cut."""

_MOST_NAMES = 100
_MOST_DIAGNOSTICS = 20
_LONGEST = 200
"""Characters of a value that are shown, and a few times as many of a whole sentence; JSON has all of them."""
_LONGEST_SENTENCE = 1_200
_LONGEST_MESSAGE = 1_000
"""Characters of a diagnostic, parts of which are meant to be pasted."""


def code(text: str, *, bare: bool = False, longest: int = _LONGEST) -> str:
    """A value as code, without secrets; `bare` where markdown is not read, as on the line of an HTML tag."""
    shown = printable(text)
    return sealed(shown if len(shown) <= longest else f"{shown[:longest]}…", bare=bare)


def sentence(words: Words, *, bare: bool = False) -> str:
    """A sentence with its values as code; a very long sentence ends in an ellipsis."""
    length = 0
    parts: list[str] = []
    for part in words:
        if length > _LONGEST_SENTENCE:
            parts.append(" …")
            break
        parts.append(code(part.text, bare=bare) if isinstance(part, Quoted) else part)
        length += len(parts[-1])
    return "".join(parts)


class _CommentSheet:
    """A comment that grows until it is full."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = LIMIT - _RESERVED

    def add(self, text: str) -> bool:
        """Whether there was room for the whole piece; if not, none of it was added, and nothing more will be."""
        size = len(text.encode(errors="replace"))
        if size > self._room:
            self._room = 0
            return False
        self._room -= size
        self._parts.append(text)
        return True

    def end_fold(self) -> None:
        """Close a fold, in reserved room."""
        self._parts.append("\n</details>\n")

    def close(self, text: str) -> str:
        """The whole comment, with an end in reserved room."""
        return "".join([*self._parts, text])


def render(plan: Plan, guards: Sequence[Diagnostic], errors: Sequence[Diagnostic]) -> Iterator[str]:
    """One piece: broken guards, errors of the proposed state, effects by rank, and the load of the heads."""
    sheet = _CommentSheet()
    sheet.add(f"{MARKER}\n**{sentence(summary(plan))}**\n\nFrom {code(plan.before)} to {code(plan.after)}.\n")
    for note in notes(plan):
        words = sentence(note)
        sheet.add(f"\n{words[0].upper()}{words[1:]}.\n")
    cut = [
        *_diagnostics(sheet, "Guards", guards),
        *_diagnostics(sheet, "Errors of the proposed state", errors),
        *_requests(sheet, plan),
        *_effects(sheet, plan),
        *_loads(sheet, plan),
    ]
    end = (
        f"\n_Cut to fit into a comment: {'; '.join(cut)}. Run `modelspec plan` for all of it._\n"
        if cut
        else ""
    )
    yield sheet.close(end)


def _diagnostics(sheet: _CommentSheet, title: str, found: Sequence[Diagnostic]) -> Iterator[str]:
    if not found:
        return
    sheet.add(f"\n### {title}\n\n")
    for number, diagnostic in enumerate(found):
        message, *advice = (
            code(line, longest=_LONGEST_MESSAGE)
            for line in (diagnostic.message, *diagnostic.help.split("\n"))
            if line.strip()
        )
        place = f"{code(diagnostic.path)}:{diagnostic.span.line}"
        text = f"- **{diagnostic.severity.value} {diagnostic.code}** {message} · {place}\n"
        text += "".join(f"  - {line}\n" for line in advice)
        if number == _MOST_DIAGNOSTICS or not sheet.add(text):
            yield _left(number, found, title)
            return


def _left(number: int, found: Sequence[object], title: str) -> str:
    return f"{len(found) - number:,} of {len(found):,} under “{title}”"


def _requests(sheet: _CommentSheet, plan: Plan) -> Iterator[str]:
    """What the change does to requests, before its effects on models."""
    if plan.replay is None:
        return
    lines = "".join(f"- {sentence(words)}\n" for words in sentences(plan.replay))
    if not sheet.add(f"\n### {REPLAY_TITLE}\n\n{lines}"):
        yield f"all under “{REPLAY_TITLE}”"
        return
    rates = shown_rates(plan.replay)
    if not rates:
        return
    rows = "".join(f"| {code(rate.head_id)} | {' | '.join(rate_cells(rate))} |\n" for rate in rates)
    head = f"\n| {' | '.join(RATE_COLUMNS)} |\n|---|--:|--:|--:|\n"
    if not sheet.add(f"{head}{rows}"):
        yield f"the rates of {counted(len(rates), 'head')}"


def _effects(sheet: _CommentSheet, plan: Plan) -> Iterator[str]:
    for title, found in groups(plan):
        is_folded = found[0].rank >= Rank.SETTINGS
        heading = f"\n### {title}\n\n"
        if is_folded:
            heading = f"\n<details><summary><b>{title}</b> ({len(found):,})</summary>\n\n"
        if not sheet.add(heading):
            yield f"all {len(found):,} under “{title}”"
            continue
        for number, entry in enumerate(found):
            if not sheet.add(_entry(entry)):
                yield _left(number, found, title)
                break
        if is_folded:
            sheet.end_fold()


def _entry(entry: FoldedEffect) -> str:
    words = "; ".join(sentence(effect.words) for effect in entry.effects)
    touched = f" · touches {entry.touched}" if entry.touched else ""
    places = ", ".join(map(_place, entry.places))
    lines = [f"- **{entry.title(code)}** {words}{touched} · {places}\n"]
    for folded, count, names in entry.folds:
        shown = some(list(map(code, names)), _MOST_NAMES)
        title = f"{sentence(folded, bare=True)}{count}"
        lines.append(f"\n  <details><summary>{title}</summary>\n\n  {shown}\n\n  </details>\n\n")
    return "".join(lines)


def _place(place: EffectPlace) -> str:
    line = "" if place.line is None else f":{place.line}"
    return f"{code(place.path)}{line}{'' if place.side == 'after' else ' in the base'}"


def _loads(sheet: _CommentSheet, plan: Plan) -> Iterator[str]:
    shifts = shown_shifts(plan)
    if not shifts:
        return
    head = (
        f"\n<details><summary>{LOAD_TITLE}: {counted(len(shifts), 'head')}</summary>\n\n"
        f"| {' | '.join(LOAD_COLUMNS)} |\n|---|--:|--:|--:|--:|\n"
    )
    if not sheet.add(head):
        yield f"the {LOAD_TITLE[0].lower()}{LOAD_TITLE[1:]}"
        return
    for number, shift in enumerate(shifts):
        if not sheet.add(f"| {code(shift.head_id)} | {' | '.join(load_cells(shift))} |\n"):
            yield _left(number, shifts, LOAD_TITLE)
            break
    sheet.end_fold()
