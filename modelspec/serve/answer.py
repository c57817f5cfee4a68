"""One request to one answer, as the snippets for web hosts give it: the order is that of `hosts/nginx.conf`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from modelspec.serve.site import Faults, Site
from modelspec.site.hosting import (
    PROBLEM_TYPE,
    Problem,
    headers,
    missing_page,
    not_found,
    prefers_html,
    problem,
    read_only,
)

OWN = "/_modelspec/"
"""Where the script, the style and the events of `serve` are, whatever the base path is."""

_TYPES = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
}
_FOR_HOSTS = frozenset({"404.html", "404.json", "405.json", "_headers", "_redirects"})
"""Files of the site that are not part of it: what other web hosts answer with, or read."""

_TAGS = Markup(
    '<link rel="stylesheet" href="{own}overlay.css">'
    '<script src="{own}reload.js" data-version="{version}" defer></script>'
)
_WAITING = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>modelspec: faults</title></head><body>'
    "<main><h1>The repository has errors</h1>"
    "<p>The site appears here as soon as they are corrected.</p><pre>{faults}</pre></main></body></html>\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent; the headers that all answers share are in it."""

    status: int
    content_type: str
    body: bytes
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        """Every header but those that the server adds."""
        return {
            **headers(None),
            "Content-Type": self.content_type,
            "Vary": "Accept",
            "Cache-Control": "no-cache",
            **self.more,
        }


def answer(method: str, path: str, accept: str, site: Site | None, faults: Faults | None) -> Answer:
    """The answer to a decoded path. A path is only ever looked up, never opened."""
    if method not in ("GET", "HEAD"):
        return _refusal(method, path, site)
    wants_page = prefers_html(accept)
    if site is None:
        return _waiting(faults, wants_page=wants_page)
    return _lookup(path, site, wants_page=wants_page)


def _lookup(path: str, site: Site, *, wants_page: bool) -> Answer:
    """A file of the site, the way to the dashboard, or 404."""
    if path in (site.base, site.base.rstrip("/")):
        return Answer(
            status=302, content_type="text/plain", body=b"", more={"Location": f"{site.base}admin/"}
        )
    found = _find(path.removeprefix(site.base), site, wants_page=wants_page)
    if not path.startswith(site.base) or found is None:
        if wants_page:
            return _page(404, site.files.get("404.html") or missing_page(site.base), site.version)
        return _problem(not_found(site.base))
    content_type = _TYPES.get(found.rpartition(".")[2], "application/octet-stream")
    if content_type == _TYPES["html"]:
        return _page(200, site.files[found], site.version)
    return Answer(status=200, content_type=content_type, body=site.files[found])


def refuse_host(host: str) -> Answer:
    """A request under a name that is not this server's: another site's name may have been led here."""
    return _problem(
        problem(
            421,
            "Misdirected Request",
            f"this server does not answer for {json.dumps(host[:100])}; "
            "open it by its IP address or as localhost, or name the host with --host",
        )
    )


def _find(name: str, site: Site, *, wants_page: bool) -> str | None:
    """The file for a path below the base path."""
    preferred = "html" if wants_page else "json"
    index = f"{name.rstrip('/')}/index.html"
    for candidate in (name, f"{name}.{preferred}", f"{name}.html", index):
        if candidate in site.files and candidate not in _FOR_HOSTS:
            return candidate
    return None


def _page(status: int, page: bytes, version: str) -> Answer:
    """A page with the script that reloads it."""
    before, end, after = page.rpartition(b"</body>")
    tags = _TAGS.format(own=OWN, version=version).encode()
    return Answer(status=status, content_type=_TYPES["html"], body=before + tags + end + after)


def _waiting(faults: Faults | None, *, wants_page: bool) -> Answer:
    """There has never been a site."""
    text = faults.text if faults else ""
    if wants_page:
        return _page(503, _WAITING.format(faults=text).encode(), "")
    return _problem(problem(503, "Service Unavailable", f"the repository has errors\n{text}"))


def _refusal(method: str, path: str, site: Site | None) -> Answer:
    """405, with the way to make the change."""
    base = site.base if site else "/"
    said = dict(read_only(base))
    rest = path.removeprefix(f"{base}admin/models/")
    source = site.source_of(rest) if site and rest != path else None
    if source is not None:
        verb = "delete" if method == "DELETE" else "edit"
        said["detail"] = (
            f"this site is read-only and generated: {verb} {source} in git and open a pull request"
        )
        said["source"] = source
    if site and site.repository:
        said["repository"] = site.repository
    return _problem(said, {"Allow": "GET, HEAD"})


def _problem(said: Problem, more: Mapping[str, str] | None = None) -> Answer:
    return Answer(
        status=int(str(said["status"])),
        content_type=PROBLEM_TYPE,
        body=json.dumps(said, indent=2).encode() + b"\n",
        more=more or {},
    )
