"""Serving a site: content negotiation, headers, error bodies, and configuration for four web hosts.

A client gets HTML if `Accept` names `text/html` with a quality above 0 and not below that of `application/json`, and
JSON otherwise. Wildcards do not count, so `*/*` alone gets JSON. Of a quality, only the first decimal counts: the
configuration of a web host cannot compare more, and all hosts answer alike.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from types import MappingProxyType

from modelspec.emit.artifact import Artifact
from modelspec.site import with_slashes

_END = r"\s*(?:[;,]|$)"

QUALITIES = (
    (r";\s*q=0(?:\.0*)?" + _END, "0"),
    (r";\s*q=0?\.([0-9])[0-9]*" + _END, "$1"),
    (r"(?:\s*(?:[;,]|$))", "A"),
)
"""Patterns for a quality and the character for it: 0 to 9 for the first decimal, A for 1 or no quality."""

ABSENT = "-"
"""The character for a type that is not named."""

PREFERS_HTML = r"^(?:A.|" + "|".join(f"{digit}[-0-{digit}]" for digit in range(9, 0, -1)) + ")$"
"""Matches the characters for HTML and JSON, in this order, if the client prefers HTML."""


def pattern(media_type: str, quality: str) -> str:
    """A case-insensitive pattern for `Accept` with the type, which PCRE, RE2 and Python read alike."""
    parameters = r"\s*(?:;[^,]*)?" if quality.startswith(";") else ""
    return rf"(?:^|,)\s*{re.escape(media_type)}{parameters}{quality}"


def prefers_html(accept: str) -> bool:
    """Whether a request with this `Accept` header gets the page and not the JSON; join several headers by commas."""
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
    """The Content-Security-Policy of a page, for `<meta>`; its forms may open `form_targets` and the site itself.

    With None, another policy decides that: a browser enforces the policies of a page and of its headers together.
    """
    if form_targets is None:
        return "; ".join(_DIRECTIVES)
    targets = " ".join(["'self'", *form_targets])
    return "; ".join([*_DIRECTIVES, f"form-action {targets}"])


def headers(form_targets: Sequence[str] | None = ()) -> Mapping[str, str]:
    """The headers of every response. `frame-ancestors` is only here, because browsers ignore it in a page."""
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
    """A problem without its own page: `title` is that of the status, `detail` says what to do."""
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}


def not_found(base: str) -> Problem:
    """The problem for an unknown path."""
    return problem(404, "Not Found", f"there is no such page; {base}admin/models lists every model")


def read_only(base: str) -> Problem:
    """The problem for a request that would change something."""
    return problem(
        405,
        "Method Not Allowed",
        "this site is read-only and generated: add, edit or delete the YAML file of the model in models.d/ of the "
        f"configuration repository, and open a pull request; {base}admin/propose writes the file for you",
    )


_PLACE = re.compile(r"@(base|headers|home|ids|strip|rules|prefers_html|(?:html|json)_qualities)@")
"""A placeholder in a file of `hosts/`."""


def _template(name: str) -> str:
    return (files(__package__) / "hosts" / name).read_text(encoding="ascii")


def emit(base_path: str, form_targets: Sequence[str] = ()) -> Iterator[Artifact]:
    """Configuration for nginx, Caddy, Netlify and Cloudflare Pages, and the bodies of 404 and 405.

    `form_targets` are the origins that forms may open, for the Content-Security-Policy.
    """
    base = with_slashes(base_path)
    fields = headers(form_targets).items()

    def filled(path: str, field: str, values: Mapping[str, str]) -> Artifact:
        lines = "\n".join(field.format(name, value) for name, value in fields)
        known = {"base": base, "prefers_html": PREFERS_HTML, "headers": lines, **values}
        text = _PLACE.sub(lambda name: known[name[1]], _template(path.rpartition("/")[2]))
        # An empty value leaves an extra empty line.
        return Artifact(path=path, content=re.sub(r"\n{3,}", "\n\n", text).encode())

    yield filled("hosting/Caddyfile", '\theader {} "{}"', _caddy(base))
    yield filled("hosting/nginx.conf", '    add_header {} "{}" always;', _nginx(base))
    for status, body in ((404, not_found(base)), (405, read_only(base))):
        yield Artifact(path=f"site/{status}.json", content=json.dumps(body, indent=2).encode() + b"\n")
    yield filled("site/_headers", "  {}: {}", {})
    yield filled("site/_redirects", "", {"rules": _redirects(base)})


_MOST_COLONS = 8
"""A rule of a web host replaces one of them."""


def _escapes(models: str, colon: str, star: str) -> Iterator[tuple[str, str]]:
    """Patterns of paths below `models`, in two groups around a character, and the hexadecimal digits for it.

    They are those of `portable`, in what PCRE and RE2 read alike. `colon` and `star` are patterns for these characters.
    """
    within = f"^({models}(?:.*/)?"
    yield from [(f"^({models}.*){colon}(.*)$", "3a")] * _MOST_COLONS
    yield f"{within}){star}(.*)$", "2a"
    yield rf"{within}[^/]*)\.(/.*)$", "2e"
    for first, rest in (("c", "on|om[0-9]"), ("p", "rn"), ("a", "ux"), ("n", "ul"), ("l", "pt[0-9]")):
        for letter in (first, first.upper()):
            yield f"{within}){letter}((?i:{rest})(?:[./].*)?)$", f"{ord(letter):02x}"


def _nginx(base: str) -> dict[str, str]:
    ids = "\n".join(
        f'    rewrite "{pattern}" "$1={digits}$2";'
        for pattern, digits in _escapes(f"{re.escape(base)}admin/models/", ":", r"\*")
    )
    home = f"    location = {base} {{\n        return 302 {base}admin/;\n    }}\n"
    strip = ""
    if base != "/":
        home += f"\n    location = {base.rstrip('/')} {{\n        return 302 {base}admin/;\n    }}\n"
        home += "\n    location / {\n        return 404;\n    }\n"
        strip = f'        rewrite "^{re.escape(base)}(.*)$" /$1 break;\n'
    qualities = _qualities(lambda accept, character: f'    "~*{accept}" "{character}";')
    return {"home": home, "ids": ids, "strip": strip, **qualities}


def _caddy(base: str) -> dict[str, str]:
    ids = "\n".join(
        f'\t\turi path_regexp `{pattern}` "$1={digits}$2"'
        for pattern, digits in _escapes("/admin/models/", "(?::|%3[Aa])", r"(?:\*|%2[Aa])")
    )
    home = f"\t\tredir {base} {base}admin/ 302"
    strip = ""
    if base != "/":
        bare = base.rstrip("/")
        home += (
            f"\n\t\tredir {bare} {base}admin/ 302\n\t\t@elsewhere not path {base}*\n\t\terror @elsewhere 404"
        )
        strip = f"\t\turi strip_prefix {bare}\n"
    qualities = _qualities(
        lambda accept, character: f'\t\t`~(?i){accept}` "{character.replace("$1", "${1}")}"'
    )
    return {"home": home, "ids": ids, "strip": strip, **qualities}


def _qualities(line: Callable[[str, str], str]) -> dict[str, str]:
    """The lines of a map from `Accept` to the characters of the qualities."""
    types = {"html_qualities": "text/html", "json_qualities": "application/json"}
    return {
        name: "\n".join(line(pattern(media_type, quality), character) for quality, character in QUALITIES)
        for name, media_type in types.items()
    }


def _redirects(base: str) -> str:
    if base == "/":
        return "/ /admin/ 302"
    # The folder is deployed at the root of the host; a rewrite serves the base path.
    return f"{base} {base}admin/ 302\n{base}* /:splat 200"
