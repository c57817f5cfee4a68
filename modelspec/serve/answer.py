"""From a request to its answer, by the same rules and in the same order as `hosting/nginx.conf`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from modelspec.serve.site import Faults, Site
from modelspec.site import SiteContext
from modelspec.site.frame import missing_page
from modelspec.site.hosting import (
    PROBLEM_TYPE,
    Problem,
    headers,
    not_found,
    prefers_html,
    problem,
    read_only,
)
from modelspec.text.portable import portable
from modelspec.traffic.live import LIVE_FILES, read_file

OWN = "/_modelspec/"
"""The path of the script, style and events of `serve`, independent of the base path."""

_TYPES = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
}
_FOR_HOSTS = frozenset({"404.html", "404.json", "405.json", "_headers", "_redirects"})
"""Files for other web hosts, which are not pages of the site."""

_TAGS = Markup(
    '<link rel="stylesheet" href="{own}overlay.css">'
    '<script src="{own}reload.js" data-version="{version}" defer></script>'
)
_WAITING = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>modelspec: faults</title></head><body>'
    "<main><h1>The repository has errors</h1>"
    "<p>The site appears here as soon as they are fixed.</p><pre>{faults}</pre></main></body></html>\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent; `headers` include those that all answers share."""

    status: int
    content_type: str
    body: bytes
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        """Every header except those that the server adds."""
        return {
            **headers(None),
            "Content-Type": self.content_type,
            "Vary": "Accept",
            "Cache-Control": "no-cache",
            **self.more,
        }


def answer(method: str, path: str, accept: str, site: Site | None, faults: Faults | None) -> Answer:
    """The answer for a decoded path, which is looked up and never opened as a file."""
    if method not in ("GET", "HEAD"):
        return _refusal(method, path, site)
    wants_page = prefers_html(accept)
    if site is None:
        return _waiting(faults, wants_page=wants_page)
    return _lookup(path, site, wants_page=wants_page)


def _lookup(path: str, site: Site, *, wants_page: bool) -> Answer:
    """A file of the site, a redirect to the dashboard, or 404."""
    if path in (site.base, site.base.rstrip("/")):
        return Answer(
            status=302, content_type="text/plain", body=b"", more={"Location": f"{site.base}admin/"}
        )
    found = _find(path.removeprefix(site.base), site, wants_page=wants_page)
    if not path.startswith(site.base) or found is None:
        if wants_page:
            return _page(
                404,
                site.files.get("404.html") or missing_page(SiteContext(base_path=site.base)),
                site.version,
            )
        return _problem(not_found(site.base))
    content_type = _TYPES.get(found.rpartition(".")[2], "application/octet-stream")
    if content_type == _TYPES["html"]:
        return _page(200, site.files[found], site.version)
    return Answer(status=200, content_type=content_type, body=site.files[found])


def live_answer(method: str, path: str, site: Site | None) -> Answer | None:
    """A live file as it is now, which is no file of the site; None for any other path.

    Only the names in `LIVE_FILES` are opened, whatever the path is.
    """
    if site is None or site.live is None or method not in ("GET", "HEAD"):
        return None
    name = path.removeprefix(f"{site.base}admin/live/")
    if name == path or name not in LIVE_FILES:
        return None
    content = read_file(site.live, name)
    if not isinstance(content, bytes):
        return None
    return Answer(status=200, content_type=_TYPES["json"], body=content)


def refuse_host(host: str) -> Answer:
    """Refuse a host name that is not this server's, as DNS rebinding would use."""
    return _problem(
        problem(
            421,
            "Misdirected Request",
            f"this server does not serve {json.dumps(host[:100])}; "
            "open it by its IP address or as localhost, or name the host with --host",
        )
    )


def _find(name: str, site: Site, *, wants_page: bool) -> str | None:
    """The file for a path below the base path."""
    preferred = "html" if wants_page else "json"
    index = f"{name.rstrip('/')}/index.html"
    for candidate in (name, f"{name}.{preferred}", f"{name}.html", index):
        file = portable(candidate)
        if file in site.files and file not in _FOR_HOSTS:
            return file
    return None


def _page(status: int, page: bytes, version: str) -> Answer:
    """A page with the script that reloads it."""
    before, end, after = page.rpartition(b"</body>")
    tags = _TAGS.format(own=OWN, version=version).encode()
    return Answer(status=status, content_type=_TYPES["html"], body=before + tags + end + after)


def _waiting(faults: Faults | None, *, wants_page: bool) -> Answer:
    """The answer before the first site is built."""
    text = faults.text if faults else ""
    if wants_page:
        return _page(503, _WAITING.format(faults=text).encode(), "")
    return _problem(problem(503, "Service Unavailable", f"the repository has errors\n{text}"))


def _refusal(method: str, path: str, site: Site | None) -> Answer:
    """405, with how to make the change."""
    base = site.base if site else "/"
    body = dict(read_only(base))
    rest = path.removeprefix(f"{base}admin/models/")
    source = site.source_of(rest) if site and rest != path else None
    if source is not None:
        verb = "delete" if method == "DELETE" else "edit"
        body["detail"] = (
            f"this site is read-only and generated: {verb} {source} in git and open a pull request"
        )
        body["source"] = source
    if site and site.repository:
        body["repository"] = site.repository
    return _problem(body, {"Allow": "GET, HEAD"})


def _problem(body: Problem, more: Mapping[str, str] | None = None) -> Answer:
    return Answer(
        status=int(str(body["status"])),
        content_type=PROBLEM_TYPE,
        body=json.dumps(body, indent=2).encode() + b"\n",
        more=more or {},
    )
