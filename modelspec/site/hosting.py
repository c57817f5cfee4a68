"""What a web host needs to serve the site: configuration for four of them, and what they answer where nothing is."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

from markupsafe import Markup

from modelspec.emit.artifact import Artifact
from modelspec.site.context import with_slashes
from modelspec.site.http import (
    PREFERS_HTML,
    QUALITIES,
    content_policy,
    headers,
    not_found,
    pattern,
    read_only,
)

_PAGE = Markup("""\
<!doctype html>
<html lang="en" data-theme="auto">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Not found</title>
<script src="{base}admin/assets/theme.js"></script>
<link rel="stylesheet" href="{base}admin/assets/site.css">
</head>
<body>
<main id="main">
<h1>Nothing is here</h1>
<p>A model may have been renamed or removed. <a href="{base}admin/models.html">All models</a>
 or <a href="{base}admin/index.html">the dashboard</a> lead on.</p>
</main>
</body>
</html>
""")


def missing_page(base: str, form_targets: Sequence[str] = ()) -> bytes:
    """What a browser sees where nothing is; `base` ends in a slash."""
    return str(_PAGE.format(base=base, policy=content_policy(form_targets))).encode()


_TYPES = {"html_qualities": "text/html", "json_qualities": "application/json"}


def emit(base_path: str, form_targets: Sequence[str] = ()) -> Iterator[Artifact]:
    """Snippets for nginx, Caddy, Netlify and Cloudflare Pages, and the answers of 404 and 405.

    `form_targets` are the origins that forms may open, for the Content-Security-Policy.
    """
    base = with_slashes(base_path)
    fields = headers(form_targets)
    yield _artifact("hosting/Caddyfile", "Caddyfile", _caddy(base, fields))
    yield _artifact("hosting/nginx.conf", "nginx.conf", _nginx(base, fields))
    yield Artifact(path="site/404.html", content=missing_page(base, form_targets))
    yield Artifact(path="site/404.json", content=_body(not_found(base)))
    yield Artifact(path="site/405.json", content=_body(read_only(base)))
    yield _artifact("site/_headers", "_headers", {"base": base, "headers": _lines("  {}: {}", fields)})
    yield _artifact("site/_redirects", "_redirects", {"base": base, "rules": _redirects(base)})


def _artifact(path: str, template: str, values: Mapping[str, str]) -> Artifact:
    text = (files(__package__) / "hosts" / template).read_text(encoding="ascii")
    filled = re.sub(
        r"@(base|headers|home|strip|rules|prefers_html|(?:html|json)_qualities)@",
        lambda name: values[name[1]],
        text,
    )
    # A value that is empty leaves an empty line where two were meant to be one.
    return Artifact(path=path, content=re.sub(r"\n{3,}", "\n\n", filled).encode())


def _body(problem: Mapping[str, object]) -> bytes:
    return json.dumps(problem, indent=2).encode() + b"\n"


def _nginx(base: str, fields: Mapping[str, str]) -> dict[str, str]:
    home = f"    location = {base} {{\n        return 302 {base}admin/;\n    }}\n"
    strip = ""
    if base != "/":
        home += f"\n    location = {base.rstrip('/')} {{\n        return 302 {base}admin/;\n    }}\n"
        home += "\n    location / {\n        return 404;\n    }\n"
        strip = f'        rewrite "^{re.escape(base)}(.*)$" /$1 break;\n'
    return {
        "base": base,
        "headers": _lines('    add_header {} "{}" always;', fields),
        "home": home,
        "strip": strip,
        "prefers_html": PREFERS_HTML,
        **{
            name: "\n".join(
                f'    "~*{pattern(media_type, quality)}" "{character}";' for quality, character in QUALITIES
            )
            for name, media_type in _TYPES.items()
        },
    }


def _caddy(base: str, fields: Mapping[str, str]) -> dict[str, str]:
    home = f"\t\tredir {base} {base}admin/ 302"
    strip = ""
    if base != "/":
        bare = base.rstrip("/")
        home += (
            f"\n\t\tredir {bare} {base}admin/ 302\n\t\t@elsewhere not path {base}*\n\t\terror @elsewhere 404"
        )
        strip = f"\t\turi strip_prefix {bare}\n"
    return {
        "base": base,
        "headers": _lines('\theader {} "{}"', fields),
        "home": home,
        "strip": strip,
        "prefers_html": PREFERS_HTML,
        **{
            name: "\n".join(
                f'\t\t`~(?i){pattern(media_type, quality)}` "{character.replace("$1", "${1}")}"'
                for quality, character in QUALITIES
            )
            for name, media_type in _TYPES.items()
        },
    }


def _redirects(base: str) -> str:
    if base == "/":
        return "/ /admin/ 302"
    # The folder is deployed at the top of the host; a rewrite answers for the base path.
    return f"{base} {base}admin/ 302\n{base}* /:splat 200"


def _lines(form: str, fields: Mapping[str, str]) -> str:
    return "\n".join(form.format(name, value) for name, value in fields.items())
