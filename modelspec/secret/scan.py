"""Finding secrets in any text."""

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, replace

from modelspec.secret.issuers import PATTERNS
from modelspec.secret.patterns import DOCUMENTED, Pattern, dense, drawn, words
from modelspec.secret.view import View, views


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A stretch `text[start:end]` that holds a secret; `kind` is in words for people.

    `certain` is False where nothing but its randomness speaks for it.
    """

    start: int
    end: int
    kind: str
    certain: bool


_WORDS = words("""
    changeme change-me change_me todo tbd fixme none null nil n/a na unset empty example placeholder
    redacted removed hidden masked omitted
    """)
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


_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_CONTENT = re.compile(r"[A-Za-z0-9]{20}")
_PEM_LINES = re.compile(r"(?:[\s#\\\"',]*+[A-Za-z0-9+/=]++(?![:\w]))*")
_PEM_NEAR, _PEM_FAR = 400, 16_384
_USERINFO = re.compile(
    r"://(?P<user>[^\s/?#@:\"'<>]{0,256})(?P<colon>:)?(?P<password>(?<=:)[^\s/?#@\"'<>]{1,256})?@"
)
_SHORTEST_USER = 16
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])")
_WRAPPED = re.compile(r"[A-Za-z0-9+/_-]{27,}+")
_DIGEST = re.compile(r"[0-9a-f]++")
_RUN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{24,}+")
_ID_PREFIXES = words("""
    org- proj_ user- asst_ thread_ run_ step_ msg_ resp_ file- batch_ vs_ ftjob- chatcmpl- cmpl- req_ call_ modelscope-
    pk_live_ pk_test_ acct_ cus_ price_ prod_ sub_ evt_ pi_ ch_ seti_
    prj_ team_ dpl_ pk-lf- phc_ sb_publishable_ G-
    """)
"""What names a thing at its issuer and opens none: https://platform.openai.com/docs/api-reference/introduction,
https://docs.stripe.com/keys, https://vercel.com/docs/rest-api, https://posthog.com/docs/api,
https://supabase.com/docs/guides/api/api-keys."""
_PUBLIC = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,30}(?:CERTIFICATE|PUBLIC KEY)[A-Z ]{0,10}-----[A-Za-z0-9+/=\s\\#]*+"
    r"|AAAA[BCE][A-Za-z0-9+/]{20,}+"
    r"|base64,[A-Za-z0-9+/=\s]*+"
    r"|(?i:sha|blake)\d{1,3}[-:][A-Za-z0-9+/=]++"
    rf"|(?<![A-Za-z0-9])(?:(?:{'|'.join(_ID_PREFIXES)})[A-Za-z0-9]++"
    r"|[0-3][A-Za-z0-9]{26}|[0-7][0-9A-HJKMNP-TV-Z]{25}|c[klmn][a-z0-9]{23})(?![A-Za-z0-9])"
    r"|[0-9a-z]{32}\.apps\.googleusercontent\.com"
)
"""Certificates, public keys (OpenSSH's begin with `AAAA`), embedded files, digests and ids are random and no secrets.

Ids: KSUIDs up to 2050 (https://github.com/segmentio/ksuid), ULIDs (https://github.com/ulid/spec), CUIDs
(https://github.com/paralleldrive/cuid) and OAuth clients of Google.
"""
_LONGEST_RUN = 96
UNSURE = "a long random string"


def scan(text: str) -> list[Hit]:
    """Every secret in a text, in its order and without overlaps.

    It is looked for in the text as it stands, behind escapes, across line breaks, and in one level of base64.
    """
    hits = list(_certain(text))
    for view in views(text):
        hits += (_original(hit, view) for hit in _certain(view.text))
    sure = _merged(hits)
    return _merged([*sure, *_random_runs(text, sure)])


def _certain(text: str) -> Iterator[Hit]:
    yield from _issued(text)
    if "PRIVATE KEY" in text:
        yield from _private_keys(text)
    if "@" in text:
        for match in _USERINFO.finditer(text):
            if match["password"] and not is_placeholder(match["password"]):
                start, end = match.span("password")
                yield Hit(start=start, end=end, kind="password in a URL", certain=True)
            if (
                len(match["user"]) >= _SHORTEST_USER
                and drawn(match["user"])
                and not is_placeholder(match["user"])
            ):
                start, end = match.span("user")
                yield Hit(start=start, end=end, kind="key as the user name of a URL", certain=True)
    yield from _wrapped(text)


_NEEDLES = tuple((needle, pattern) for pattern in PATTERNS for needle in pattern.needles)


def _issued(text: str) -> Iterator[Hit]:
    likely = dict.fromkeys(pattern for needle, pattern in _NEEDLES if needle in text)
    found = [hit for pattern in likely for hit in _matches(pattern, text)]
    yield from found
    if any(hit.kind == "AWS access key" for hit in found):
        for match in _AWS_SECRET.finditer(text):
            if dense(match[0]) and match[0] not in DOCUMENTED:
                yield Hit(start=match.start(), end=match.end(), kind="AWS secret access key", certain=True)


def _matches(pattern: Pattern, text: str) -> Iterator[Hit]:
    place = 0
    while match := pattern.regex.search(text, place):
        if not pattern.judge(match):
            # Another key may begin inside this body.
            place = match.start("body")
            continue
        start, end = match.start(), match.end()
        run = pattern.run.match(text, end)
        assert run is not None, "a run may be empty"
        end = run.end()
        if pattern.left:
            start = _leftward(pattern.run, text, start, place)
        place = end
        if text[start:end] not in DOCUMENTED:
            yield Hit(start=start, end=end, kind=pattern.kind, certain=True)


def _leftward(run: re.Pattern[str], text: str, start: int, limit: int) -> int:
    while start > limit and run.fullmatch(text, start - 1, start) and text[start - 1] not in "\"' ":
        start -= 1
    return start


def _private_keys(text: str) -> Iterator[Hit]:
    place = 0
    while match := _PEM.search(text, place):
        place = match.end()
        if not _PEM_CONTENT.search(text, place, place + _PEM_NEAR):
            continue
        end = text.find("-----END", place, place + _PEM_FAR)
        if end >= 0:
            end = text.find("-----", end + 8, end + _PEM_NEAR)
        lines = _PEM_LINES.match(text, place)
        place = max(end + 5, lines.end() if lines else place)
        yield Hit(start=match.start(), end=place, kind="private key", certain=True)


def _wrapped(text: str) -> Iterator[Hit]:
    for match in _WRAPPED.finditer(text):
        if _DIGEST.fullmatch(match[0]):
            continue
        run = match[0].replace("-", "+").replace("_", "/")
        for offset in range(4):
            whole = (len(run) - offset) // 4 * 4
            decoded = b64decode(run[offset : offset + whole]).decode("latin-1")
            found = [*_issued(decoded), *_private_keys(decoded)]
            inner = min(found, key=lambda hit: hit.start, default=None)
            if inner is not None:
                yield Hit(start=match.start(), end=match.end(), kind=f"{inner.kind} in base64", certain=True)
                break


def _random_runs(text: str, sure: list[Hit]) -> Iterator[Hit]:
    taken = bytearray(len(text))
    for start, end in [(hit.start, hit.end) for hit in sure] + [
        match.span() for match in _PUBLIC.finditer(text)
    ]:
        taken[start:end] = b"\1" * (end - start)
    for match in _RUN.finditer(text):
        if 1 not in taken[match.start() : match.end()] and dense(match[0][:_LONGEST_RUN]):
            yield Hit(start=match.start(), end=match.end(), kind=UNSURE, certain=False)


def _original(hit: Hit, view: View) -> Hit:
    last = view.origins[hit.end - 1]
    return replace(hit, start=view.origins[hit.start], end=max(last + 1, view.origins[hit.end]))


def _merged(hits: list[Hit]) -> list[Hit]:
    """Hits that overlap become one, named for the first of the widest."""
    merged: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (h.start, -h.end, not h.certain)):
        if merged and hit.start < merged[-1].end:
            merged[-1] = replace(merged[-1], end=max(merged[-1].end, hit.end))
        else:
            merged.append(hit)
    return merged
