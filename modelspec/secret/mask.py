"""Hiding secrets in a text that is no file: a message, a comment, a note, a command line.

What a file may show is decided by its tree, in `load/redact.py`; this is what that leaves to words.
"""

import re
from collections.abc import Iterator

from modelspec.secret.names import telling_key
from modelspec.secret.scan import is_placeholder, scan

Range = tuple[int, int]

_PAIR = re.compile(
    r"(?<![\w.-])(?P<key>[\w.-]++(?: [\w.-]++){0,2}?)[\"']?[ \t]*(?P<sign>[:=])[ \t]*(?:\r?\n[ \t]*)?"
    r"(?:(?i:bearer|basic|token)[ \t]+)?"
    r"(?P<value>\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*+'|\[[^\]\n]*+\]?|\{[^}\n]*+\}*|[^\s\"'&;,{}\[\]]++)"
    r"(?P<prose>[ \t]+[A-Za-z])?"
)
_USER = re.compile(r"://(?!(?:[a-z][a-z_.-]{0,15})[:@])([^\s/?#@:\"'<>]+)(?=:?[^\s/?#@\"'<>]*@)")
"""The user name of a URL, unless it is a plain word: tokens are often written there."""
_WORD = re.compile(r"[A-Za-z]?[a-z]*[.,]?")
_REFERENCE = re.compile(r"\{[ ]*(?:env|file|vault|kubernetes)[ ]*:[^\[\]]*\}")
_HARMLESS = re.compile(r"(?i:true|false|null|~|[0-9]{1,7}|[0-9]{0,5}\.[0-9]{1,5}|os\.environ/[a-z0-9_]*|)")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z_-]{0,40}")
_VISIBLE = re.compile(r"[^\s\x00-\x1f\x7f-\x9f]")


def mask(text: str) -> str:
    """The text with every secret, and every value behind a telling key, replaced by as many `*`.

    Lines and columns stay what they were.
    """
    return covered(text, [*known(text), *spoken(text)])


def covered(text: str, ranges: list[Range]) -> str:
    """The text with `*` for every visible character of the ranges, which may overlap."""
    parts: list[str] = []
    done = 0
    for start, end in sorted(ranges):
        if end > done:
            parts += (text[done : max(start, done)], _VISIBLE.sub("*", text[max(start, done) : end]))
            done = end
    return "".join((*parts, text[done:]))


def known(text: str) -> Iterator[Range]:
    """What is a secret by its own form."""
    return ((hit.start, hit.end) for hit in scan(text))


def spoken(text: str) -> Iterator[Range]:
    """Values behind telling keys in words, `password: X`, `api_key=X`, but no word of a sentence; users of URLs."""
    if "@" in text:
        yield from (match.span(1) for match in _USER.finditer(text))
    place = 0
    while match := _PAIR.search(text, place):
        place = match.end("key") + 1
        (start, end), said = match.span("value"), match["value"]
        if not telling_key(match["key"]) or is_harmless(said.strip("[]")) or _REFERENCE.fullmatch(said):
            continue
        if match["sign"] == ":" and match["prose"] and _WORD.fullmatch(match["value"]):
            continue
        yield start, end
        place = end


def is_plain_key(key: str) -> bool:
    """Whether a key below a telling one is a word, as `user` is, and not itself what must not be shown."""
    return _PLAIN_KEY.fullmatch(key) is not None


def is_harmless(value: str) -> bool:
    """Whether a value says nothing, whatever key it stands beside."""
    value = value.strip().strip("\"'")
    return is_placeholder(value) or _HARMLESS.fullmatch(value) is not None
