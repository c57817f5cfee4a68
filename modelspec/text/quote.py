"""Values inside messages, made safe to print, and counts and lists of them."""

from collections.abc import Sequence

from modelspec.text.visible import BLANK

LONGEST = 60
"""Characters of a quoted text that are shown."""


def quote(value: object) -> str:
    """Return a value as a message shows it: `'text'`, `true`, `12`, `nothing`, `a list`, `a mapping`."""
    match value:
        case str():
            return f"'{visible(value)}'"
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return visible(str(value))


def visible(text: str, longest: int = LONGEST) -> str:
    r"""Show control, bidirectional and other invisible characters as `\u` escapes; cut behind `longest`."""
    if len(text) <= longest and text.isascii() and text.isprintable():
        return text
    shown = 0
    parts: list[str] = []
    for character in text:
        part = character if character.isprintable() and character not in BLANK else _escape(character)
        shown += len(part)
        if shown > longest:
            return "".join(parts) + "…"
        parts.append(part)
    return "".join(parts)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - the end of the first plane


def counted(number: int, noun: str) -> str:
    """Like `1 model` or `3,000 models`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def some(names: Sequence[str], most: int) -> str:
    """The first names with commas between them, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")
