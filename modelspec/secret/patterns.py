"""What a secret's form is made of, and what makes a text random.

Each pattern is a prefix and a bounded body without an anchor behind it: a key is found whatever follows it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log2

_WORD = re.compile(
    r"[A-Z]*[a-z]*(?:[A-Z][a-z]{2,})*\d{0,4}|\d+"  # model, Instruct2507, NVIDIA, gptOss, 20240229
    r"|[A-Za-z]{0,2}\d{1,4}[A-Za-z]{1,2}\d?"  # 235B, A22B, 8x7b
)
_SEPARATOR = re.compile(r"[-_./+=~\s]+")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_ALWAYS_A_WORD = 5
_DISTINCT = 8
_SURPRISES = 8


def words(text: str) -> frozenset[str]:
    """Return the words of a listing."""
    return frozenset(text.split())


def varied(text: str, *, distinct: int = _DISTINCT, surprises: int = _SURPRISES) -> bool:
    """Whether enough different characters stand in no order: neither `xxxx…` nor `abcd1234…`.

    Counts are absolute, not ratios: a key stays varied whatever is appended to it.
    """
    if len(set(text)) < distinct:
        return False
    return sum(abs(ord(a) - ord(b)) > 1 for a, b in pairwise(text)) >= surprises


def drawn(text: str) -> bool:
    """Whether the parts of a text that are no words are varied, as in a key and not as in `your-api-key-here`."""
    odd = [part for part in _SEPARATOR.split(text) if not _is_word(part)]
    return varied("".join(odd))


def dense(run: str) -> bool:
    """Whether a run of letters and digits carries so much information that only chance can have made it.

    Digests and other hexadecimal numbers do not count: they are everywhere and open nothing.
    """
    if _HEX.fullmatch(run) or not drawn(run):
        return False
    mixed = any(c.isupper() for c in run) and any(c.islower() for c in run) and any(c.isdigit() for c in run)
    return entropy(run) >= (3.8 if mixed else 4.1)


def entropy(text: str) -> float:
    """Shannon's entropy of the characters, in bits a character; 0 for an empty text."""
    return sum(-n / len(text) * log2(n / len(text)) for n in Counter(text).values())


def _is_word(part: str) -> bool:
    return len(part) <= _ALWAYS_A_WORD or _WORD.fullmatch(part) is not None


Judge = Callable[[re.Match[str]], bool]
"""Whether a match is a secret and no placeholder; the group `body` is what was drawn at random."""

URLSAFE = r"[A-Za-z0-9_-]"
ALNUM = r"[A-Za-z0-9]"
HEX_RUN, UPPER = "[0-9a-f]", "[A-Z0-9]"
SOLID = 20
_SOLID_BODIES = (ALNUM, HEX_RUN, UPPER)
_LONGEST = 96
"""How much of a body is looked at; the hit still reaches to the end of its run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One way to write a secret.

    One of `needles` stands in every match. `solid`: so does a run of `SOLID` letters and digits. What else belongs to
    a key, behind it and with `left` before it, is in `run`. `source` is a page that shows the form.
    """

    kind: str
    needles: tuple[str, ...]
    solid: bool
    regex: re.Pattern[str]
    run: re.Pattern[str]
    judge: Judge
    left: bool = False
    source: str = ""


def is_drawn(match: re.Match[str]) -> bool:
    """Whether the body is no words."""
    return drawn(match["body"])


def is_varied(match: re.Match[str]) -> bool:
    """Whether the body, of capitals and digits or with a prefix that nothing else has, is not of one piece."""
    return varied(match["body"], distinct=6)


def is_long(match: re.Match[str]) -> bool:
    """Whether what is in front of a mark in the middle of a key is drawn at random."""
    before = match.string[max(0, match.start() - SOLID) : match.start()]
    return varied(before) and not _HEX.fullmatch(before)


_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MIXED = re.compile(r"(?=[^_-]*[A-Z])(?=[^_-]*[a-z])(?=[^_-]*[0-9])[A-Za-z0-9]{20}")


def is_openai_style(match: re.Match[str]) -> bool:
    """`task-…`, `disk-…`, `risk-…` end in the same letters: behind a vowel only an unmistakable body counts."""
    body, before = match["body"], match.string[max(0, match.start() - 1) : match.start()]
    if before and before in "aeiou":
        return _MIXED.match(body) is not None and drawn(body)
    return drawn(body) or (_UUID.match(body) is not None and varied(body))


_JWT = re.compile(
    r"eyJ[A-Za-z0-9_-]{12,1024}+\.(?:eyJ[A-Za-z0-9_-]{12}|[A-Za-z0-9_-]{0,1024}+\.[A-Za-z0-9_-]{12})",
    re.ASCII,
)


def is_web_token(match: re.Match[str]) -> bool:
    """Whether it has the parts of a JSON Web Token."""
    return _JWT.match(match.string, match.start()) is not None


def issued(
    kind: str,
    prefix: str,
    least: int,
    *needles: str,
    body: str = URLSAFE,
    judge: Judge = is_drawn,
    left: bool = False,
    solid: bool = False,
) -> Pattern:
    """A prefix and at least so many characters behind it; without `needles`, the prefix is the needle."""
    return Pattern(
        kind=kind,
        needles=needles or (prefix,),
        solid=solid
        or (
            body in _SOLID_BODIES
            and least + (4 if all(map(str.isalnum, needles or (prefix,))) else 0) >= SOLID
        ),
        regex=re.compile(f"{prefix}(?P<body>{body}{{{least},{_LONGEST}}})", re.ASCII),
        run=re.compile(f"{body}*+", re.ASCII),
        judge=judge,
        left=left,
    )


def published(source: str, *patterns: Pattern) -> Iterator[Pattern]:
    """The patterns with the page that shows their form."""
    return (replace(pattern, source=source) for pattern in patterns)


DOCUMENTED = frozenset(
    (
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAIOSFODNN7EXAMPLE",
        "AKIAI44QH8DHBEXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    )
)
"""Keys that their issuer prints in its documentation, whole: https://docs.aws.amazon.com/IAM/latest/UserGuide/."""
