"""One path, two representations: which of them a request is for.

HTML where `Accept` names `text/html` with a quality above 0 and names `application/json` with none higher; JSON
otherwise. Wildcards never outweigh a type that is named, so that a bare `*/*` gets JSON. Of a quality the first decimal
counts: that is as far as the configuration of a web host can compare, and all answer alike.
"""

import re

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
