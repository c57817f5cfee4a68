"""Names, titles and addresses of things on the pages: the only place that words a region, a head or a key."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from itertools import chain
from typing import NamedTuple, Self
from urllib.parse import quote, urlencode

from markupsafe import Markup, escape

from modelspec.emit.artifact import encode
from modelspec.emit.tables import model_url
from modelspec.fleet.model import Upstream
from modelspec.fleet.reference import Reference
from modelspec.routing.decide import Index
from modelspec.routing.table import Route, RoutingTable
from modelspec.text.portable import portable
from modelspec.url import parts

_KEYS = {"env": "environment variable {}", "file": "file {}", "vault": "Vault {}"}


class Link(NamedTuple):
    """A text with an address, or only a text: a tuple, since a site has half a million.

    `hook` is the attribute by which scripts find the head, region or model `of`; `is_code`: it is text of machines.
    """

    text: str
    href: str | None = None
    hook: str = ""
    of: str = ""
    is_code: bool = False


class Row(NamedTuple):
    """A term and its values."""

    term: Link
    values: tuple[Link, ...]

    @classmethod
    def of(cls, term: str | Link, *values: str | Link) -> Self:
        """A row of texts and links."""
        term, *rest = [Link(one) if isinstance(one, str) else one for one in (term, *values)]
        return cls(term, tuple(rest))


def linked(link: Link) -> Markup:
    """A link as an element. A page has dozens, and a template would take ten times as long for each."""
    return _known_element(link) if len(link.text) <= _KEPT else _element(link)


def copy_button(text: str, of: str) -> Markup:
    """A button that copies a text, which is `of` a kind."""
    return Markup(  # noqa: S704 -- every part is escaped
        f'<button type="button" class="copy" data-copy="{escape(text)}" data-of="{of}" aria-label="Copy {of}"'
        " data-js></button>"
    )


_KEPT = 100
"""Characters of a text that is worth remembering: many pages have the same terms, regions, heads and keys."""


def _element(link: Link) -> Markup:
    text = escape(link.text)
    if link.href is not None:
        hook = f' data-{link.hook}="{escape(link.of)}"' if link.hook else ""
        made = f'<a href="{escape(link.href)}"{hook}><bdi>{text}</bdi></a>'
    else:
        made = f"<code>{text}</code>" if link.is_code else f"<bdi>{text}</bdi>"
    return Markup(made)  # noqa: S704 -- every part is escaped


_known_element = lru_cache(maxsize=8192)(_element)


def rows(each: Iterable[Row]) -> Markup:
    """Rows as a list of terms and values."""
    lines = "".join(
        [
            f'<div><dt dir="auto">{linked(term)}</dt>'
            f"{''.join([f'<dd>{linked(value)}</dd>' for value in values])}</div>\n"
            for term, values in each
        ]
    )
    return Markup(f'<dl class="rows">\n{lines}</dl>\n')  # noqa: S704 -- every part is escaped


class Links:
    """URLs of a site, to files that any static host serves; `base` begins and ends with `/`."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.assets = f"{base}admin/assets/"
        self.dashboard = f"{base}admin/index.html"
        self.models = f"{base}admin/models.html"
        self.models_index = f"{base}admin/models/page/index.html"
        self.snapshot = f"{base}admin/models.json"
        self.regions = f"{base}admin/regions.html"
        self.heads = f"{base}admin/heads.html"
        self.keys = f"{base}admin/keys.html"
        self.owners = f"{base}admin/owners.html"
        self.propose = f"{base}admin/propose.html"
        self.traffic = f"{base}admin/traffic.html"

    def models_from(self, model_id: str) -> str:
        """The page of a long list that begins with a model."""
        return self._page(f"models/page/{slug(model_id)}")

    def models_where(self, **facets: str) -> str:
        """The models page, filtered: `region="eu"`."""
        return f"{self.models}?{urlencode(facets)}"

    def model(self, model_id: str, ending: str = "html") -> str:
        """The page of a model, or its JSON, under the name of its file."""
        return model_url(self.base, model_id, ending)

    def edit(self, model_id: str) -> str:
        """The form that changes a model."""
        return f"{self.propose}?{urlencode({'model': model_id})}"

    def region(self, code: str) -> str:
        """The page of a region."""
        return self._page(f"regions/{code}")

    def head(self, head_id: str) -> str:
        """The page of a head."""
        return self._page(f"heads/{head_id}")

    def key(self, reference: Reference) -> str:
        """The page of a reference to a key."""
        return self._page(f"keys/{slug(str(reference))}")

    def owner(self, name: str) -> str:
        """The page of an owner."""
        return self._page(f"owners/{slug(name)}")

    def _page(self, path: str) -> str:
        return self.base + _page_below(path)


@lru_cache(maxsize=8192)
def _page_below(path: str) -> str:
    return f"admin/{quote(portable(f'{path}.html'), safe='/=')}"


_READABLE = 48
"""The most letters of a name that its slug keeps."""
_HASHED = 16
"""Hexadecimal digits behind them: names that only differ in case stay apart, and nobody finds two with the same."""


@lru_cache(maxsize=8192)
def slug(name: str) -> str:
    """A portable file name for any text, another one for each: `Team Blue` becomes `team-blue-…`."""
    readable = re.sub("[^a-z0-9]+", "-", name.lower())[:_READABLE].strip("-")
    return f"{readable}-{sha256(name.encode()).hexdigest()[:_HASHED]}".lstrip("-")


def owner_of(route: Route) -> str | None:
    """Who owns a model: `owner` of its metadata, else `team`, where it is a text."""
    named = (route.about.metadata.get(field) for field in ("owner", "team"))
    return next((name for name in named if isinstance(name, str) and name.strip()), None)


class Wording:
    """Titles and addresses of everything in a routing table."""

    def __init__(self, routing: RoutingTable, links: Links) -> None:
        self.links = links
        self.index = Index(routing)
        self.region_titles = {r.code: f"{r.name} ({r.code})" for r in routing.regions}
        self.head_titles = {h.head_id: f"{h.head_id} ({h.region})" for h in routing.heads}
        self._regions = {
            code: Link(text=title, href=links.region(code), hook="region", of=code)
            for code, title in self.region_titles.items()
        }
        self._heads = {
            head_id: Link(text=title, href=links.head(head_id), hook="head", of=head_id)
            for head_id, title in self.head_titles.items()
        }

    def region(self, code: str) -> Link:
        """Like "Europe (eu)"."""
        return self._regions[code]

    def head(self, head_id: str) -> Link:
        """Like "head-service-eu (eu)"."""
        return self._heads[head_id]

    def key(self, reference: Reference) -> Link:
        """Where a key is kept, with a link to where it goes."""
        return Link(text=key(reference), href=self.links.key(reference))

    def owner(self, name: str) -> Link:
        """An owner of models."""
        return Link(text=name, href=self.links.owner(name))

    def meant(self, name: str) -> str:
        """The id of the model that a name means."""
        found = self.index.find(name)
        assert found is not None, "linking has found it before"
        return found[0].model_id

    def model(self, name: str) -> Link:
        """A link to a model, under the name that another model uses for it."""
        meant = self.meant(name)
        return Link(text=name, href=self.links.model(meant), hook="model", of=meant)

    def related(self, route: Route) -> list[str]:
        """The ids of a model and of every one that it leads to, by whatever chain."""
        if not route.fallback_models and route.about.replaced_by is None:
            return [route.model_id]
        return [one.model_id for one in self._chain(route, lambda one: (one.about.replaced_by,))]

    def fallbacks(self, route: Route) -> Iterable[Route]:
        """A model and every one that may answer for it, by whatever chain."""
        return self._chain(route, lambda _: ()) if route.fallback_models else (route,)

    def _chain(self, route: Route, more: Callable[[Route], Iterable[str | None]]) -> Iterable[Route]:
        found = {route.model_id: route}
        waiting = [route]
        while waiting:
            one = waiting.pop()
            ids = [*chain.from_iterable(one.fallback_models.values()), *more(one)]
            for meant in map(self.meant, filter(None, ids)):
                if meant not in found:
                    found[meant] = self.index.routes[meant]
                    waiting.append(found[meant])
        return found.values()

    def rule(self, code: str) -> str:
        """The residency rule of a region in words."""
        residency = self.index.regions[code].residency
        if residency is None:
            return "Requests may be served anywhere."
        return f"Requests may be served only in {listed([self.region_titles[one] for one in residency])}."


def host(target: Upstream) -> str:
    """The host of the endpoint with an explicit port, or words if the endpoint is not a URL."""
    place = _place(target.endpoint) if isinstance(target.endpoint, str) else None
    return endpoint(target) if place is None else place


@lru_cache(maxsize=4096)
def _place(url: str) -> str | None:
    found = parts(url)
    return None if found is None else found.place


def endpoint(target: Upstream) -> str:
    """The endpoint in words."""
    match target.endpoint:
        case None:
            return "chosen by the provider's settings"
        case str(url):
            return url
        case reference:
            return key(reference)


def key(reference: Reference | None) -> str:
    """Where a key is kept; never the key."""
    if reference is None:
        return "none"
    if reference.kind == "kubernetes":
        secret, _, name = reference.written.partition("/")
        return f"Kubernetes secret {secret}, key {name}"
    return _KEYS[reference.kind].format(reference.written)


def setting(value: object) -> str:
    """A value of `params` and the like: references in words, booleans as in YAML, lists and mappings as in JSON."""
    match value:
        case bool():
            return "true" if value else "false"
        case Reference():
            return key(value)
        case Mapping() | list():
            return encode(value)
        case _:
            return str(value)


def count(number: int, noun: str) -> str:
    """Like "1 model", "2,000 models"."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def listed(words: list[str]) -> str:
    """Like "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
