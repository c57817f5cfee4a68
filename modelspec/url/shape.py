"""The text of a URL taken apart, strictly for what is right and leniently for what an attacker may mean."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from modelspec.url.host import PRIVATE_ENDS, SPECIAL_TAILS, disguises

_LABEL = r"[a-z0-9]++(?:-[a-z0-9]++)*"
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_ORDINARY = re.compile(
    rf"http(s)?://(?:((?:{_LABEL}\.)+([a-z]{{2,63}}+))"
    rf"|(?:10\.{_BYTE}|172\.(?:1[6-9]|2[0-9]|3[01])|192\.168)\.{_BYTE}\.{_BYTE})"
    r"(?::[1-9][0-9]{1,3})?(?:/[A-Za-z0-9_~@-][A-Za-z0-9._~@-]*+)*/?"
)
"""What nearly every URL looks like, with nothing in it to judge but the name of its host."""

_PARTS = re.compile(r"(?s:([A-Za-z][A-Za-z0-9+.-]*+)://([^/?#\\]*+)([^?#]*+)(?:\?([^#]*+))?(?:(#).*+)?)")
_LENIENT = re.compile(r"(?si:[\x00-\x20]*+https?:[/\\]*+(.*+))")
_WINDOWS_END = re.compile(r"[/?#\\]")
_PLAIN_END = re.compile(r"[/?#]")
_AUTHORITY = re.compile(r"(\[[^\]]*+\]|[^:]*+)(?::(.*+))?", re.DOTALL)
_HOST = re.compile(r"(?i:\[[0-9a-f:.]++(?:%25[a-z0-9._~-]++)?\]|[a-z0-9_.-]++)")
_NAME = r"[a-z0-9_](?:[a-z0-9_-]{0,62}+(?<!-))?"
_LABELS = re.compile(rf"(?i:{_NAME}(?:\.{_NAME})*\.?)")
_PORT = re.compile(r"[1-9][0-9]{0,4}+")
_LONGEST_NAME = 253
_LONGEST_LABEL = 63
_LAST_PORT = 65535
_DROPPED = str.maketrans("", "", "\t\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """`scheme://userinfo@host:port/path?query#…`: all raw; None where absent."""

    scheme: str
    userinfo: str | None
    host: str
    port: str | None
    path: str
    query: str | None
    fragment: bool

    @property
    def hostname(self) -> str:
        """The host in lower case, without brackets and a dot at its end; empty where there is none."""
        return self.host.lower().strip("[]").removesuffix(".")

    @property
    def place(self) -> str:
        """The host with an explicit port: nothing of it is secret."""
        host = self.host.removesuffix(".")
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def number(self) -> int | None:
        """The port as a number; None where it is absent or none that exists."""
        return int(self.port) if self.port is not None and is_port(self.port) else None


def is_ordinary(url: str) -> bool:
    """Whether a URL is right beyond doubt: a cheap test that says no where it does not know."""
    match = _ORDINARY.fullmatch(url)
    if match is None:
        return False
    secure, host, end = match.groups()
    if host is None:
        return True
    if end == "localhost" or len(host) > _LONGEST_LABEL or not (secure or end in PRIVATE_ENDS):
        return False
    return host[host.rfind(".", 0, -len(end) - 1) + 1 :] not in SPECIAL_TAILS


def parts(url: str) -> Parts | None:
    """The parts of a URL, None where it does not begin with a scheme and `://`.

    Never raises, whatever the text holds; nothing else in the house takes a URL apart.
    """
    match = _PARTS.fullmatch(url)
    if match is None:
        return None
    scheme, authority, path, query, fragment = match.groups()
    userinfo, at, place = authority.rpartition("@")
    host, port = _split(place)
    return Parts(
        scheme=scheme.lower(),
        userinfo=userinfo if at else None,
        host=host,
        port=port,
        path=path,
        query=query,
        fragment=fragment is not None,
    )


def is_host(host: str) -> bool:
    """Whether the text is a name of DNS (with `_`, which Compose allows) or could be a bracketed address."""
    if host.startswith("["):
        return _HOST.fullmatch(host) is not None
    return len(host) <= _LONGEST_NAME + 1 and _LABELS.fullmatch(host) is not None


def is_port(port: str | None) -> bool:
    """Whether the port is absent or a decimal number from 1 to 65535 without leading zeros."""
    return port is None or (_PORT.fullmatch(port) is not None and int(port) <= _LAST_PORT)


def possible_hosts(url: str) -> Iterator[str]:
    """Every host that some program may find in the text, some of them more than once.

    Parsers differ about backslashes (the WHATWG standard takes them for `/`), about which `@` ends the
    credentials, about tabs and line ends (dropped, or an end) and about how many slashes there must be.
    """
    for text in dict.fromkeys((url.translate(_DROPPED), url)):
        match = _LENIENT.fullmatch(text)
        if match is None:
            continue
        for end in (_WINDOWS_END, _PLAIN_END):
            authority = end.split(match[1], maxsplit=1)[0]
            for place in dict.fromkeys((authority.rpartition("@")[2], *authority.split("@", 2)[1:2])):
                for host in disguises(place):
                    yield _split(host)[0]


def _split(place: str) -> tuple[str, str | None]:
    match = _AUTHORITY.fullmatch(place)
    return (match[1], match[2]) if match else (place, None)
