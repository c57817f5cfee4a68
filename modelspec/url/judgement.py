"""What is wrong with a URL."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote, unquote_plus

from modelspec.url.address import AddressKind
from modelspec.url.host import Standing, is_wildcard, misleads, standing
from modelspec.url.shape import Parts, is_host, is_ordinary, is_port, parts, possible_hosts

_SHOWN = 80


class Code(StrEnum):
    """The codes of the rules that judge URLs."""

    PLAIN_HTTP = "MS506"
    CREDENTIALS = "MS507"
    METADATA = "MS508"
    LOOPBACK = "MS509"
    FOREIGN_HOST = "MS510"
    CONTROL = "MS511"
    TOO_LONG = "MS512"
    MALFORMED = "MS516"


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlFault:
    """One fault of a URL.

    `message` is a predicate, read after the name of the field ("the endpoint … carries a fragment"). It
    quotes at most the host, visibly escaped: never credentials, a query or the URL. `help` is an action.
    """

    code: Code
    message: str
    help: str


def shown(host: str) -> str:
    """A host between quotes: what is not printable ASCII as its code point, cut after 80 characters."""
    cut = host if len(host) <= _SHOWN else f"{host[:_SHOWN]}..."
    plain = (c if " " < c <= "~" and c not in "'\\" else f"\\u{{{ord(c):x}}}" for c in cut)
    return f"'{''.join(plain)}'"


_PAIRS = re.compile(r"[&;]")
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+")
_TELLING = frozenset(
    {
        "accesskey",
        "accesstoken",
        "apikey",
        "auth",
        "authorization",
        "authtoken",
        "awsaccesskeyid",
        "bearer",
        "clientsecret",
        "code",  # Azure Functions: the function key
        "cred",
        "credential",
        "credentials",
        "jwt",
        "key",
        "passphrase",
        "passwd",
        "password",
        "pwd",
        "sas",
        "secret",
        "sig",  # Azure storage: shared access signatures
        "signature",  # X-Amz-Signature, X-Goog-Signature
        "token",
    }
)


def has_key(query: str) -> bool:
    """Whether a parameter is named as a key, in any of `api_key`, `api-key`, `apiKey`, `API%5FKEY`."""
    for pair in _PAIRS.split(query):
        name = unquote_plus(pair.partition("=")[0])
        words = {word.lower() for word in _WORDS.findall(name)}
        if not _TELLING.isdisjoint(words | {"".join(c for c in name.lower() if c.isalnum())}):
            return True
    return False


URL_FIELDS = frozenset(("endpoint", "url", "inference_url"))
"""The fields of files that are URLs."""
_USER = re.compile(
    r"(?s)[\s\"']*+(?:[A-Za-z][A-Za-z+.-]*:)?[/\\]*"
    r"(?:[a-z][a-z_.-]{0,15}|(?P<user>[^/?#:@]*))(?::(?!/|[0-9]{1,5}[/?#])(?P<password>.+))?@"
)
"""What stands in front of an `@`, however badly the rest is written; a short word is nobody's key."""
_PARAMETER = re.compile(r"[?&;](?P<name>[^=&;#?]*)=(?P<value>[^&;#\"']*)")
_AFTER_HASH = re.compile(r"(?s)#(?P<fragment>.+?)[\"']?\Z")


def private_parts(url: str) -> Iterator[tuple[int, int]]:
    """Where a text that was meant as a URL, in quotes or not, holds what must not be shown."""
    if user := _USER.match(url):
        yield from (user.span(name) for name in ("user", "password") if user[name])
    if "?" in url:
        yield from (one.span("value") for one in _PARAMETER.finditer(url) if has_key(one["name"]))
    if fragment := _AFTER_HASH.search(url):
        yield fragment.span("fragment")


LONGEST = 2048
"""Characters: longer ones are cut or refused by proxies; RFC 9110, 4.1 asks for no more than 8,000."""

_CACHED = 64
"""Enough for one model, which several rules ask about in turn; long URLs must not fill the memory."""
_ALLOWED = re.compile(r"[!#$%&'()*+,./:;=?@\[\]_~A-Za-z0-9-]*+")  # RFC 3986, 2.2 and 2.3
_AFTER_HOST = re.compile(r"(?:[!$&'()*+,./:;=?@_~A-Za-z0-9-]|%[0-9A-Fa-f]{2})*")  # RFC 3986, 3.3 and 3.4
_CONTROL = re.compile(r"%(?:25)*(?:[01][0-9a-f]|7f|c[01])", re.IGNORECASE)
"""C0 controls and DEL, encoded once or more; C0 and C1 begin the overlong forms that RFC 3629 forbids."""
_IDLE_SEGMENT = re.compile(r"/\.(?:/|$)|//")
_NEEDLESS = re.compile(r"%(?:2[de]|3[0-9]|[46][1-9a-f]|[57][0-9a]|5f|7e)", re.IGNORECASE)
"""RFC 3986, 2.3: unreserved characters are the same with and without encoding, and so need none."""
_TWICE = re.compile(r"%(?:25)+")
_FRAGMENT = "a fragment"
_FRAGMENT_HELP = "remove the '#' and the text after it: a fragment is never sent to a server"
_KEY_HELP = "remove this; reference the key in api_key, and revoke a key that was published"
_SLASH = re.compile(r"[/\\]")


def judge(url: str, *, local: bool) -> tuple[UrlFault, ...]:
    """Every fault of a URL, at most one a code, in the order of the codes.

    `local` says that loopback addresses are meant. A forbidden or misleading host explains what is malformed
    about the text; a malformed URL is not asked about plain http. Never raises; time linear in the length.
    """
    return judged(url, local)


def host_of(url: str) -> str | None:
    """The host in one spelling: lower case, no trailing dot, addresses canonical and without brackets.

    None where the URL or its host is malformed.
    """
    found = parts(url)
    if found is None or not _ALLOWED.fullmatch(url) or not is_host(found.host):
        return None
    place = standing(found.host)
    return place.name if place else None


def normal_glob(pattern: str) -> str:
    """A glob of hosts, as it is compared with what `host_of` gives."""
    return pattern.lower().strip("[]").removesuffix(".")


_DEFAULT_PORTS = {"http": "80", "https": "443"}


def normal_url(url: str) -> str:
    """The one spelling of a URL: RFC 3986, 6.2.2.1 and 6.2.3. What has a fault of its own stays as it is."""
    is_plain = url.islower() and url[-1] != "/" and ":443" not in url and ":80" not in url and "[" not in url
    if is_plain or len(url) > LONGEST:
        return url
    return _normal(url)


@lru_cache(maxsize=1024)
def _normal(url: str) -> str:
    found = parts(url)
    if found is None or found.scheme not in _DEFAULT_PORTS or found.userinfo is not None:
        return url
    if not _ALLOWED.fullmatch(url) or not is_host(found.host):
        return url
    place = standing(found.host)
    if place is None or not place.plain or not is_port(found.port):
        return url
    host = f"[{place.name}]" if ":" in place.name else place.name
    port = "" if found.port in (None, _DEFAULT_PORTS[found.scheme]) else f":{found.port}"
    rest = url[len(found.scheme) + 3 + len(found.place) :]
    return f"{found.scheme}://{host}{port}{'' if rest == '/' else rest}"


_IDLE_DOT = re.compile(r"(?<=/)\.(?:/|$)")


def without_needless(url: str) -> str:
    """The same address without what MS516 refuses and RFC 3986, 6.2.2, calls equivalent; else the URL as it is.

    These are encoded letters that need no encoding, and `.` as a part of the path.
    """
    path, mark, query = _NEEDLESS.sub(lambda one: unquote(one[0]), url).partition("?")
    plain = f"{_IDLE_DOT.sub('', path)}{mark}{query}"
    is_same = host_of(url) is not None and host_of(plain) == host_of(url)
    return (
        plain if is_same and not any(fault.code is Code.MALFORMED for fault in judged(plain, True)) else url
    )


@lru_cache(maxsize=_CACHED)
def judged(url: str, local: bool) -> tuple[UrlFault, ...]:  # noqa: FBT001  # positional is faster when cached
    """Give what `judge` gives, for the one place where its call counts."""
    return () if len(url) <= LONGEST and is_ordinary(url) else tuple(_faults(url, local=local))


def _faults(url: str, *, local: bool) -> Iterator[UrlFault]:
    found = parts(url.strip().translate({9: None, 10: None, 13: None}))
    place = _place(url, found)
    host = _host_fault(found, place, local=local)
    malformed = None if host else _malformed(url, found, place)
    if found and found.scheme == "http" and not host and not malformed and _is_public(place):
        yield UrlFault(
            code=Code.PLAIN_HTTP,
            message=f"uses plain http to the public host {shown(found.host)}",
            help="use https, or a name or address of the private network",
        )
    if found and (carried := _carried(found)):
        yield UrlFault(
            code=Code.CREDENTIALS,
            message=f"contains {' and '.join(carried)}",
            help=_FRAGMENT_HELP if carried == [_FRAGMENT] else _KEY_HELP,
        )
    if host:
        yield host
    if _CONTROL.search(url) or (found and _climbs_encoded(found.path)):
        yield UrlFault(
            code=Code.CONTROL,
            message="contains encoded control characters, or an encoded '..' that leaves the path",
            help="write the path without unnecessary encoding",
        )
    if len(url) > LONGEST:
        yield UrlFault(
            code=Code.TOO_LONG,
            message=f"is {len(url):,} characters long; at most {LONGEST:,} are allowed",
            help="shorten it: an endpoint is a host and a short path",
        )
    if malformed:
        yield UrlFault(code=Code.MALFORMED, message=malformed[0], help=malformed[1])


def _place(url: str, found: Parts | None) -> Standing | None:
    """The worst host that the text can mean; where the text is plain there is only one."""
    if found and _ALLOWED.fullmatch(url) and is_host(found.host) and "@" not in (found.userinfo or ""):
        return standing(found.host)
    places = [place for host in possible_hosts(url) if (place := standing(host))]
    return max(places, key=lambda place: place.kind, default=None)


def _host_fault(found: Parts | None, place: Standing | None, *, local: bool) -> UrlFault | None:
    """The fault of the host that explains all others of the host."""
    if place and place.kind is AddressKind.METADATA:
        return UrlFault(
            code=Code.METADATA,
            message=f"points to {shown(place.name)}, a link-local or metadata address",
            help="name the server of the model; such an address exposes the credentials of the machine",
        )
    if place and place.kind is AddressKind.LOOPBACK and not local:
        return UrlFault(
            code=Code.LOOPBACK,
            message=f"points to {shown(place.name)}, the machine itself",
            help="name the server of the model, or set local_inference: true where the head runs it",
        )
    if found and not found.host.isascii():
        return UrlFault(
            code=Code.FOREIGN_HOST,
            message=f"has a host that is not ASCII: {shown(found.host)}",
            help="write the host in its punycode form (xn--...), as the registry shows it",
        )
    if found and misleads(found.host.lower()):
        return UrlFault(
            code=Code.FOREIGN_HOST,
            message=f"has a host whose punycode is invalid, mixes scripts or imitates Latin letters: "
            f"{shown(found.host)}",
            help="check the name letter by letter, and use one that is written in one script",
        )
    return None


def _malformed(url: str, found: Parts | None, place: Standing | None) -> tuple[str, str] | None:
    """What makes the text no URL of a server, and what to do: the first reason."""
    if found is None or found.scheme not in {"http", "https"}:
        return (
            "does not begin with http:// or https://",
            "write the whole URL, as in https://api.example.com/v1",
        )
    return _malformed_text(url) or _malformed_host(found, place) or _malformed_rest(found)


def _malformed_text(url: str) -> tuple[str, str] | None:
    if not url.isascii():
        return "contains a character that is not ASCII", "percent-encode it, as UTF-8"
    if "\\" in url:
        return "contains a backslash", "use / between the parts of the path"
    if not all("!" <= c <= "~" for c in url):
        return "contains a space or a control character", "remove it, or write %20 for a space"
    return None


def _malformed_host(found: Parts, place: Standing | None) -> tuple[str, str] | None:
    if not found.host:
        return "has no host", "write the host after the two slashes"
    if not is_host(found.host) or place is None:
        return (
            "has a host that is neither a name nor an address",
            "write the host with letters, digits, hyphens and dots",
        )
    if place.kind is AddressKind.UNUSABLE:
        return "points to a multicast, broadcast or reserved address", "name the server of the model"
    if found.host.endswith("."):
        return (
            "has a host that ends in a dot: gateways look for a certificate with the dot, and there is none",
            f"write the host as {shown(place.name)}",
        )
    if not place.plain:
        return f"writes the address {place.name} in an unusual form", "write the address in its usual form"
    return None


def _malformed_rest(found: Parts) -> tuple[str, str] | None:
    if not is_port(found.port):
        return "has a port that is not a number from 1 to 65535", "correct the port, or remove it"
    if not _AFTER_HOST.fullmatch(f"{found.path}?{found.query or ''}"):
        return (
            "contains a character that is not allowed in a URL, or an incomplete percent-encoding",
            "percent-encode the character; {env: NAME} as the whole value takes a URL from the environment",
        )
    if _climbs(found.path):
        return "has '..' in its path", "write the path without '..'"
    if _IDLE_SEGMENT.search(found.path):
        return "has a '.' or an empty part in its path", "write the path without it"
    explained = _climbs_encoded(found.path) or has_key(found.query or "")
    if not explained and _NEEDLESS.search(f"{found.path}?{found.query or ''}"):
        return "percent-encodes a letter, a digit or one of -._~", "write the character itself"
    return None


def _is_public(place: Standing | None) -> bool:
    return place is not None and (place.kind is AddressKind.PUBLIC or is_wildcard(place.name))


def _carried(found: Parts) -> list[str]:
    """What a URL should not carry, without a word of it."""
    checks = (
        (found.userinfo is not None, "credentials before the host"),
        (found.query is not None and has_key(found.query), "a query parameter that looks like a key"),
        (found.fragment, _FRAGMENT),
    )
    return [words for carries, words in checks if carries]


def _climbs(path: str) -> bool:
    """Whether a segment of the path is `..`; to some servers `..;x` is one."""
    return any(segment.partition(";")[0] == ".." for segment in _SLASH.split(path))


def _climbs_encoded(path: str) -> bool:
    return "%" in path and not _climbs(path) and _climbs(unquote(_TWICE.sub("%", path)))
