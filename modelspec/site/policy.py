"""The headers that every answer carries, whoever serves the site."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

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
