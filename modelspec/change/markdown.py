"""A plan for a comment on a pull request.

GitHub accepts 65,536 characters; other forges count bytes. What does not fit is cut from the end, where the least
important effects are, and counted. The first line is a marker by which a bot finds its own comment again.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

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
from modelspec.change.verdict import cells, counts, sign, verdict
from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.diagnose.waiver import APPROVAL
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
_MOST_PLACES = 3
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


Link = Callable[[EffectPlace], str | None]
"""The URL of a place at the forge, where it has one."""


def render(
    plan: Plan, guards: Sequence[Diagnostic], errors: Sequence[Diagnostic], link: Link
) -> Iterator[str]:
    """One piece: the verdict, what blocks, the effects as a table, the rest folded, and the next step."""
    sheet = _CommentSheet()
    judged = verdict(plan, guards, errors)
    size = f"`{counts(plan)}`, from" if plan.compared else "From"
    sheet.add(
        f"{MARKER}\n**{sentence(judged.words)}**\n\n{size} {code(plan.before)} to {code(plan.after)}.\n"
    )
    if judged.is_blocked:
        sheet.add(f"\n{_capital(sentence(summary(plan)))}.\n")
    for note in notes(plan):
        sheet.add(f"\n{_capital(sentence(note))}.\n")
    cut = [
        *_diagnostics(sheet, "Guards", guards, link),
        *_diagnostics(sheet, "Errors of the proposed state", errors, link),
        *_requests(sheet, plan),
        *_effects(sheet, plan, link),
        *_loads(sheet, plan),
    ]
    end = f"\n**Next:** {judged.next}.\n"
    if cut:
        end = f"\n_Cut to fit into a comment: {'; '.join(cut)}. Run `modelspec plan` for all of it._\n{end}"
    yield sheet.close(end)


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _diagnostics(sheet: _CommentSheet, title: str, found: Sequence[Diagnostic], link: Link) -> Iterator[str]:
    """One block a diagnostic: what, why, and for a guard the waiver to copy."""
    if not found:
        return
    sheet.add(f"\n### {title}\n")
    for number, diagnostic in enumerate(found):
        message, label = (
            code(line, longest=_LONGEST_MESSAGE) for line in (diagnostic.message, diagnostic.label)
        )
        place = _place(EffectPlace(path=diagnostic.path, line=diagnostic.span.line, side="after"), link)
        text = f"\n**{diagnostic.severity.value} {diagnostic.code}** {message}\n"
        text += f"{place}: {label}\n" if diagnostic.label else f"{place}\n"
        help_, approval, entry = diagnostic.help.partition(APPROVAL)
        lines = [line.removesuffix("; ") for line in help_.split("\n") if line.strip()]
        text += "".join(f"- {code(line, longest=_LONGEST_MESSAGE)}\n" for line in lines)
        if approval:
            text += f"- or get this approved, below `waivers:` in `waivers.yaml`:\n\n```yaml\n{printable(entry)}\n```\n"
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


_MOST_ROWS = 40
"""Rows of the table; the others are folded below it."""
_HEAD = "\n| | what | change | before | after | where |\n|---|---|---|---|---|---|\n"


def _effects(sheet: _CommentSheet, plan: Plan, link: Link) -> Iterator[str]:
    """The effects on requests as one table, the worst first; then what they cause, settings and notes, folded."""
    found = [entry for _, entries in groups(plan) for entry in entries]
    telling = [entry for entry in found if entry.rank < Rank.SETTINGS]
    yield from _table(sheet, telling[:_MOST_ROWS], "the effects on requests", link)
    for entry in telling:
        for text in _consequences(entry):
            if not sheet.add(text):
                yield f"what {entry.title(code)} causes"
                break
    if len(telling) > _MOST_ROWS:
        yield from _folded(sheet, "More effects on requests", telling[_MOST_ROWS:], link)
    for title, entries in groups(plan):
        if entries[0].rank >= Rank.SETTINGS:
            yield from _folded(sheet, title, entries, link)


def _folded(sheet: _CommentSheet, title: str, found: Sequence[FoldedEffect], link: Link) -> Iterator[str]:
    if not sheet.add(f"\n<details><summary><b>{title}</b> ({len(found):,})</summary>\n"):
        yield f"all {len(found):,} under “{title}”"
        return
    yield from _table(sheet, found, f"“{title}”", link)
    sheet.end_fold()


def _table(sheet: _CommentSheet, found: Sequence[FoldedEffect], title: str, link: Link) -> Iterator[str]:
    if not found:
        return
    if not sheet.add(_HEAD):
        yield f"all {len(found):,} under {title}"
        return
    for number, entry in enumerate(found):
        where = ", ".join(_place(place, link) for place in entry.places[:_MOST_PLACES])
        touched = f"; touches {entry.touched}" if entry.touched else ""
        rows = []
        for effect in entry.effects:
            what, *values = (sentence(words) for words in cells(effect))
            rows.append(
                f"| `{sign(effect)}` | {entry.title(code)} | {what}{touched} | {' | '.join(values)} | {where} |\n"
            )
            touched = ""
        if not sheet.add("".join(rows)):
            yield f"{len(found) - number:,} of {len(found):,} under {title}"
            return


def _consequences(entry: FoldedEffect) -> Iterator[str]:
    """What an effect causes for others: a fold for each kind, with the names of those."""
    for folded, count, names in entry.folds:
        shown = some(list(map(code, names)), _MOST_NAMES)
        title = f"Because of {entry.title(partial(code, bare=True))}: {sentence(folded, bare=True)}{count}"
        yield f"\n<details><summary>{title}</summary>\n\n{shown}\n\n</details>\n"


def _place(place: EffectPlace, link: Link) -> str:
    """A link to the line, or its path and number."""
    line = "" if place.line is None else f":{place.line}"
    url = link(place)
    words = code(place.path) + line
    if url is not None:
        words = f"[{words}]({url.translate(_PARENTHESES)})"
    return words if place.side == "after" else f"{words} in the base"


_PARENTHESES = str.maketrans({"(": "%28", ")": "%29"})


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
