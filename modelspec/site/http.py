"""One path, two representations: which of them a request is for.

HTML where `Accept` names `text/html` with a quality above 0 and names `application/json` with none higher; JSON
otherwise. Wildcards never outweigh a type that is named, so that a bare `*/*` gets JSON. Of a quality the first decimal
counts: that is as far as the configuration of a web host can compare, and all answer alike.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

_END = r"\s*(?:[;,]|$)"

QUALITIES = (
    (r";\s*q=0(?:\.0*)?" + _END, "0"),
    (r";\s*q=0?\.([0-9])[0-9]*" + _END, "$1"),
    (r"(?:\s*(?:[;,]|$))", "A"),
)
"""How a quality is written and the character that stands for it: 0 to 9 for its first decimal, A for one or none."""

ABSENT = "-"
"""What stands for a type that is not named."""

PREFERS_HTML = r"^(?:A.|" + "|".join(f"{digit}[-0-{digit}]" for digit in range(9, 0, -1)) + ")$"
"""Matches the characters of HTML and JSON, in this order, where HTML is to be sent."""


def pattern(media_type: str, quality: str) -> str:
    """A regular expression, case to be ignored, for `Accept` naming the type: the same to PCRE, RE2 and Python."""
    parameters = r"\s*(?:;[^,]*)?" if quality.startswith(";") else ""
    return rf"(?:^|,)\s*{re.escape(media_type)}{parameters}{quality}"


def prefers_html(accept: str) -> bool:
    """Whether a request with this `Accept` header, several joined by commas, gets the page and not the JSON."""
    qualities = _quality("text/html", accept) + _quality("application/json", accept)
    return re.match(PREFERS_HTML, qualities) is not None


def _quality(media_type: str, accept: str) -> str:
    for quality, character in QUALITIES:
        found = re.search(pattern(media_type, quality), accept, re.IGNORECASE)
        if found:
            return found[1] if character == "$1" else character
    return ABSENT


_DIRECTIVES = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
)


def content_policy(form_targets: Sequence[str] | None = ()) -> str:
    """The Content-Security-Policy of a page, for `<meta>`; `form_targets` are the origins that its forms may open.

    None leaves that to another policy: where a page and its headers have one each, a browser obeys both.
    """
    if form_targets is None:
        return "; ".join(_DIRECTIVES)
    targets = " ".join(form_targets) or "'none'"
    return "; ".join([*_DIRECTIVES, f"form-action {targets}"])


def headers(form_targets: Sequence[str] | None = ()) -> Mapping[str, str]:
    """What a host adds to every answer. A browser heeds `frame-ancestors` in a header only, so it stands here alone."""
    return MappingProxyType(
        {
            "Content-Security-Policy": f"{content_policy(form_targets)}; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
    )


PROBLEM_TYPE = "application/problem+json"

Problem = Mapping[str, object]


def problem(status: int, title: str, detail: str) -> dict[str, object]:
    """A problem without a page of its own: `title` is the one of the status, `detail` says what to do."""
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}


def not_found(base: str) -> Problem:
    """Nothing is at this path."""
    return problem(404, "Not Found", f"nothing is here; {base}admin/models lists every model")


def read_only(base: str) -> Problem:
    """The path, or the whole site, takes no such request."""
    return problem(
        405,
        "Method Not Allowed",
        "this site is read-only and generated: add, edit or delete the YAML file of the model under models.d/ in the "
        f"configuration repository and open a pull request; {base}admin/propose writes the file for you",
    )
