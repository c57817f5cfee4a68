"""Text from a pull request inside the markdown of a comment or a summary: shown as it is, steering nothing.

Forges read a text twice. First their parser looks for structure; an entity (`&#42;`) shows a character and is
never structure. Then filters look through what was rendered for mentions, references, emoji and addresses, to
whom an entity is as good as the character. So a space without width (U+200B) goes where they look for two
characters side by side. No such space is in the text before, since `visible` writes it as an escape.
"""

import re

from modelspec.text.visible import visible

BREAK = "\u200b"
"""What parts a mention from its `@`; a reader sees nothing of it."""

# GitHub's manual names this element for a dollar sign that is no formula.
_DOLLAR = "<span>$</span>"

_SHOWN = str.maketrans(
    {
        **{character: f"&#{ord(character)};" for character in "\\`*_{}[]|#~^!"},
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "$": _DOLLAR,
        BREAK: "&#8203;",
    }
)

# What forges make links, pictures or orders of; the break goes behind each match.
_JOINTS = re.compile(
    r"""
      [@\[{]                                  # mentions, mails; a table of contents, tasks, changes
    | [#!~%&^*](?=[\w"'])                     # issues, merge requests, labels, milestones, epics, alerts
    | :(?=//|[\w+-]{1,64}:)                   # addresses, emoji
    | (?<![A-Za-z0-9])[Ww]{3}(?=\.)           # addresses without a scheme
    | (?<!\w)[A-Z][A-Z0-9_]*-(?=\d)           # tickets: GH-1, CVE-2024-1
    | (?<!\w)(?i:gh|ghsa)-(?=\w)              # the same in small letters, advisories
    """,
    re.VERBOSE,
)

# Forges make links of such words where the repository has such a commit; shorter ones they leave alone.
_COMMIT = re.compile(r"(?<!\w)(?=[0-9]{0,63}[a-f])[0-9a-f]{7,64}(?!\w)")
_SHORT = 6

# An underscore within a word begins no emphasis, and names of fields are full of them.
_UNDERSCORE_IN_WORD = re.compile(r"(?<=[A-Za-z0-9])&#95;(?=[A-Za-z0-9])")

# What begins a list, a rule, an underlined heading, a row of a table, a block of code or, in GitLab, an order.
_OPENING = re.compile(r"[0-9]{1,9}[.)]|[-+=:/ ]")

_BACKTICKS = re.compile("`+")


def escaped(text: str) -> str:
    """A text for the middle of a line, as markdown that shows nothing but the text.

    It may stand at the beginning of a line, of an item, of a heading or in a cell of a table. Secrets are no
    matter of this function: what quotes a value goes through `printable` first.
    """
    line = _JOINTS.sub(rf"\g<0>{BREAK}", _COMMIT.sub(_parted, visible(text)))
    opening = _OPENING.match(line)
    at = opening.end() if opening else 0
    start = line[: at - 1] + _entity(line[at - 1]) if at else ""
    end = _entity(" ") if len(line) > at and line.endswith(" ") else ""
    middle = line[at : -1 if end else None].translate(_SHOWN)
    return start + _UNDERSCORE_IN_WORD.sub("_", middle) + end


def code(text: str) -> str:
    """A text as code within a line, also in a cell of a table."""
    line = visible(text)
    if not line.strip() or "|" in line:
        # A pipe ends a cell even within backticks, and its escape shows outside of tables.
        return f"<code>{escaped(line)}</code>"
    fence = "`" * (1 + max(map(len, _BACKTICKS.findall(line)), default=0))
    gap = " " if line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{gap}{line}{gap}{fence}"


_HARMLESS = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/:*(),=+~-]*[A-Za-z0-9*)])?")
"""What a code span shows without any doubt: no backtick, pipe, angle bracket or dollar, nothing at either end."""

_ACTIVE = re.compile(r"(?i)(?<=www)\.|[^\w /.-]|_", re.ASCII)


def sealed(text: str, *, bare: bool = False) -> str:
    """A visible text as code whose source steers nothing either; `bare` where only HTML is read.

    Forges link no mention, issue or commit and draw no emoji inside of code. What could end a code span, open a tag, a
    comment, a formula or a cell of a table goes as a character reference, so that neither a reader of the source nor a
    program that looks for a marker in it can be led astray.
    """
    if not bare and _HARMLESS.fullmatch(text):
        return f"`{text}`"
    return f"<code>{_ACTIVE.sub(lambda match: _entity(match[0]) if match[0].isascii() else match[0], text)}</code>"


def _parted(word: re.Match[str]) -> str:
    return BREAK.join(word[0][at : at + _SHORT] for at in range(0, len(word[0]), _SHORT))


def _entity(character: str) -> str:
    return f"&#{ord(character)};"
