"""What stands where a value belongs and is plainly none."""

import re

from modelspec.secret.patterns import DOCUMENTED
from modelspec.secret.randomness import drawn

_WORDS = frozenset(
    {
        "changeme",
        "change-me",
        "change_me",
        "todo",
        "tbd",
        "fixme",
        "none",
        "null",
        "nil",
        "n/a",
        "na",
        "unset",
        "empty",
        "example",
        "placeholder",
        "redacted",
        "removed",
        "hidden",
        "masked",
        "omitted",
    }
)
_BRACKETED = re.compile(
    r"<[^<>]*>|\[[^\[\]]*\]|\$\{[^{}]*\}|\{\{[^{}]*\}\}|\$[A-Za-z_][A-Za-z0-9_]*|%[A-Za-z_][A-Za-z0-9_]*%"
)
_REQUEST = re.compile(r"(?i:your|insert|enter|replace|put|paste|fill)[-_ ]")
_ELIDED = re.compile(r"(?:[A-Za-z]{1,10}[0-9]{0,2}[-_.]){0,4}(?:\.{3,}|…|[xX]{3,}|\*{3,}|0{4,}|-{3,}|_{3,})")
_LONGEST = 64


def is_placeholder(value: str) -> bool:
    """Whether a value says by its form that the real one stands elsewhere.

    Only forms that no key can have count: a key with the word `example` behind it is still a key.
    """
    value = value.strip()
    return (
        len(set(value)) <= 1
        or value.casefold() in _WORDS
        or value in DOCUMENTED
        or _BRACKETED.fullmatch(value) is not None
        or _ELIDED.fullmatch(value) is not None
        or (len(value) <= _LONGEST and _REQUEST.match(value) is not None and not drawn(value))
    )
