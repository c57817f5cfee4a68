"""Whether a piece of text was drawn at random, as keys are, or written by a person."""

import re
from collections import Counter
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
