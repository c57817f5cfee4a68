"""What can be wrong with a URL, and how a host is shown to people."""

from dataclasses import dataclass
from enum import StrEnum

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
