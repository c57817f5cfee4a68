"""Values from a repository inside of markdown that forges render: shown as they are, and dead."""

import re

from modelspec.plan.effect import Said, Words
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
