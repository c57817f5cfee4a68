"""A plan for a comment on a pull request.

GitHub takes 65,536 characters; other forges count bytes. What does not fit is cut from the end, where the least
consequence stands, and counted. The first line is a marker by which a bot finds its own comment again.
"""

import re
from collections.abc import Iterator, Sequence

from modelspec.change.effect import EffectPlace, Plan, Rank, Said, Words
from modelspec.change.fold import Fold, FoldedEffect, beside, counted, entries, groups, summary
from modelspec.change.text import load_row, shown_shifts
from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.report.said import said

_HARMLESS = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/:*(),=+~-]*[A-Za-z0-9*)])?")
"""What a code span shows without any doubt: no backtick, pipe, angle bracket or dollar, nothing at either end."""

_ACTIVE = re.compile(r"(?i)(?<=www)\.|[^\w /.-]|_", re.ASCII)


_LONGEST = 200
"""Characters of a value that are shown, and of a whole sentence a few times as many: JSON has them all."""

_LONGEST_SENTENCE = 1200


def code(text: str, *, bare: bool = False, longest: int = _LONGEST) -> str:
    """A value as code; `bare` where markdown is not read, as on the line of an HTML tag.

    Forges link no mention, issue or commit and draw no emoji inside of code. What could end a code span, open a tag, a
    comment, a formula or a cell of a table goes as a character reference, so that neither a reader of the source nor a
    program that looks for a marker in it can be led astray.
    """
    shown = said(text)
    if len(shown) > longest:
        shown = shown[:longest] + "…"
    if not bare and _HARMLESS.fullmatch(shown):
        return f"`{shown}`"
    return f"<code>{_ACTIVE.sub(_reference, shown)}</code>"


def sentence(words: Words, *, bare: bool = False) -> str:
    """A sentence with its values as code; a very long one ends in an ellipsis."""
    length = 0
    parts: list[str] = []
    for part in words:
        if length > _LONGEST_SENTENCE:
            parts.append(" …")
            break
        parts.append(code(part.text, bare=bare) if isinstance(part, Said) else part)
        length += len(parts[-1])
    return "".join(parts)


def _reference(match: re.Match[str]) -> str:
    character = match.group()
    return f"&#{ord(character)};" if character.isascii() else character


MARKER = "<!-- modelspec:plan -->"
"""No value can spell it: what comes from a repository has its angle brackets taken away."""

LIMIT = 65_536
"""Bytes; characters and UTF-16 units are never more."""

_RESERVED = 2_000
"""Bytes that are kept for the closing tags and for what was cut."""

_MOST_NAMES = 100
_MOST_DIAGNOSTICS = 20
_LONGEST_SHOWN = 1_000


class _CommentSheet:
    """Text that grows until it is full."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = LIMIT - _RESERVED

    def add(self, text: str) -> bool:
        """Whether there was room for the whole piece; if not, nothing of it was added, and nothing more will be."""
        size = len(text.encode(errors="replace"))
        if size > self._room:
            self._room = 0
            return False
        self._room -= size
        self._parts.append(text)
        return True

    def end_fold(self) -> None:
        """Close a fold; room was kept for it."""
        self._parts.append("\n</details>\n")

    def close(self, text: str) -> str:
        """All of it, with an end for which room was kept."""
        return "".join([*self._parts, text])


def render(plan: Plan, guards: Sequence[Diagnostic], errors: Sequence[Diagnostic]) -> Iterator[str]:
    """One piece: broken guards, errors of the head, then the effects by rank and the load of the heads."""
    sheet = _CommentSheet()
    sheet.add(f"{MARKER}\n**{sentence(summary(plan))}**\n\nFrom {code(plan.before)} to {code(plan.after)}.\n")
    if note := beside(plan):
        words = sentence(note)
        sheet.add(f"\n{words[0].upper()}{words[1:]}.\n")
    cut = [
        *_diagnostics(sheet, "Guards", guards),
        *_diagnostics(sheet, "Errors of the head", errors),
        *_effects(sheet, plan),
        *_loads(sheet, plan),
    ]
    end = (
        f"\n_Cut to fit into a comment: {'; '.join(cut)}. `modelspec plan` shows them all._\n" if cut else ""
    )
    yield sheet.close(end)


def _diagnostics(sheet: _CommentSheet, title: str, found: Sequence[Diagnostic]) -> Iterator[str]:
    if not found:
        return
    sheet.add(f"\n### {title}\n\n")
    for number, diagnostic in enumerate(found):
        place = f"{code(diagnostic.path)}:{diagnostic.span.line}"
        text = f"- **{diagnostic.severity.value} {diagnostic.code}** {_long(diagnostic.message)} · {place}\n"
        if diagnostic.help:
            text += "".join(f"  - {_long(line)}\n" for line in diagnostic.help.split("\n") if line.strip())
        if number == _MOST_DIAGNOSTICS or not sheet.add(text):
            yield f"{len(found) - number:,} of {len(found):,} under “{title}”"
            return


def _long(text: str) -> str:
    """What a diagnostic says, in full: some of it is to be pasted."""
    return code(text, longest=_LONGEST_SHOWN)


def _effects(sheet: _CommentSheet, plan: Plan) -> Iterator[str]:
    for title, found in groups(entries(plan.effects)):
        folded = found[0].rank >= Rank.SETTINGS
        heading = f"\n### {title}\n\n"
        if folded:
            heading = f"\n<details><summary><b>{title}</b> ({len(found):,})</summary>\n\n"
        if not sheet.add(heading):
            yield f"all {len(found):,} under “{title}”"
            continue
        for number, entry in enumerate(found):
            if not sheet.add(_entry(entry)):
                yield f"{len(found) - number:,} of {len(found):,} under “{title}”"
                break
        if folded:
            sheet.end_fold()


def _entry(entry: FoldedEffect) -> str:
    subject = entry.subject
    name = code(subject.name) if subject.what in ("model", "file") else f"{subject.what} {code(subject.name)}"
    places: dict[EffectPlace, None] = {}
    for effect in entry.effects:
        places.update(dict.fromkeys(effect.places))
    said = "; ".join(sentence(effect.words) for effect in entry.effects)
    touches = entry.effects[0].touches
    touched = f" · touches {counted(len(touches), 'model')}" if touches else ""
    lines = [f"- **{name}** {said}{touched} · {', '.join(map(_place, places))}\n"]
    lines += map(_fold, entry.folds)
    told = {name for fold in entry.folds if fold.what == "model" for name in fold.names}
    quiet = [name for name in touches if name not in told]
    if quiet:
        what = "touched in nothing else" if told else "touched"
        lines.append(_names(f"{counted(len(quiet), 'model')} {what}", quiet))
    return "".join(lines)


def _fold(fold: Fold) -> str:
    return _names(f"{sentence(fold.words, bare=True)} · {counted(len(fold.names), fold.what)}", fold.names)


def _names(title: str, names: Sequence[str]) -> str:
    shown = ", ".join(map(code, names[:_MOST_NAMES]))
    if len(names) > _MOST_NAMES:
        shown += f" and {len(names) - _MOST_NAMES:,} more"
    return f"\n  <details><summary>{title}</summary>\n\n  {shown}\n\n  </details>\n\n"


def _place(place: EffectPlace) -> str:
    line = "" if place.line is None else f":{place.line}"
    side = "" if place.side == "after" else " in the base"
    return f"{code(place.path)}{line}{side}"


def _loads(sheet: _CommentSheet, plan: Plan) -> Iterator[str]:
    shifts = shown_shifts(plan)
    if not shifts:
        return
    head = (
        f"\n<details><summary>Load of the heads: {counted(len(shifts), 'head')}</summary>\n\n"
        "| head | first choice of | share | fallback of | capacity |\n|---|--:|--:|--:|--:|\n"
    )
    if not sheet.add(head):
        yield "the load of the heads"
        return
    for number, shift in enumerate(shifts):
        name, *cells = load_row(shift)
        if not sheet.add(f"| {code(name)} | {' | '.join(cells)} |\n"):
            yield f"{len(shifts) - number:,} of {len(shifts):,} under “Load of the heads”"
            break
    sheet.end_fold()
