"""The frame that all pages of a site share, and rendering of templates."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import version

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import escape

from modelspec import __version__
from modelspec.emit.artifact import Artifact
from modelspec.site import SiteContext
from modelspec.site.forges import change_of, home_of, origin_of
from modelspec.site.hosting import content_policy
from modelspec.site.wording import Link, Links, copy_button, linked, rows


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFrame:
    """What all pages of a site have in common.

    `nav` is in the order of display; `repository` links to the place for changes, each of them a `change`. The commit
    is not part of it: it would change every page with every commit.
    """

    links: Links
    policy: str
    nav: tuple[Link, ...]
    version: str
    repository: Link
    change: str


def frame_of(context: SiteContext) -> PageFrame:
    """The frame; its policy allows forms to open only the forge."""
    links = Links(context.base_path)
    forge = origin_of(context.repository)
    return PageFrame(
        links=links,
        policy=content_policy([] if forge is None else [forge]),
        nav=(
            Link(text="Dashboard", href=links.dashboard),
            Link(text="Models", href=links.models),
            Link(text="Regions", href=links.regions),
            Link(text="Heads", href=links.heads),
            Link(text="Keys", href=links.keys),
            Link(text="Owners", href=links.owners),
            Link(text="Propose", href=links.propose),
        ),
        version=__version__,
        repository=Link(
            text="the configuration repository",
            href=None if context.repository is None else home_of(context.repository),
        ),
        change=change_of(context.repository),
    )


def page(path: str, template: str, frame: PageFrame, **view: object) -> Artifact:
    """A page of `site/admin/`; its template gets the `frame` of the site and the `view` of the page.

    All templates belong to modelspec: a file of the repository is never one.
    """
    return lazy_page(path, template, frame, lambda: view, made_of=None)


def lazy_page(
    path: str,
    template: str,
    frame: PageFrame,
    view: Callable[[], Mapping[str, object]],
    *,
    made_of: Sequence[str] | None,
) -> Artifact:
    """The same, for pages of which there are many: the view is made only if the page is.

    `made_of` is as in `Artifact`. Such a page may show neither diagnostics nor the commit, nor count the models.
    """
    return Artifact(
        path=f"site/admin/{path}",
        content=lambda: _template(template).render(frame=frame, view=view()).encode(),
        made_of=made_of,
    )


_PARTS = ("title", "of", "content")


class Shell:
    """The pages of a kind of which there are thousands: what they have in common is rendered once.

    Its template puts `title`, `of` and `content` into the layout; that called `<template>_content` gets the frame and
    the whole view as names, and makes the content.
    """

    def __init__(self, template: str, frame: PageFrame) -> None:
        self._template = template
        self._frame = frame

    def page(
        self, path: str, view: Callable[[], Mapping[str, object]], *, made_of: Sequence[str]
    ) -> Artifact:
        """A page, as `lazy_page` has it, whose view has a `title` and an `of`."""
        return Artifact(path=f"site/admin/{path}", content=lambda: self._render(view()), made_of=made_of)

    def _render(self, view: Mapping[str, object]) -> bytes:
        content = _template(f"{self._template}_content").render(view, frame=self._frame)
        parts = {"title": escape(view["title"]), "of": escape(view["of"]), "content": content}
        return "".join([parts.get(piece, piece) for piece in self._pieces]).encode()

    @cached_property
    def _pieces(self) -> list[str]:
        """Text and names of parts in the order of the page; a NUL, which no template has, is around each name."""
        marked = {part: f"\0{part}\0" for part in _PARTS}
        return _template(self._template).render(marked, frame=self._frame).split("\0")


def missing_page(context: SiteContext) -> bytes:
    """The page for an unknown path."""
    return _template("missing").render(frame=frame_of(context), view={}).encode()


def rendered_by() -> str:
    """The versions of what renders pages: other ones might give other bytes."""
    return " ".join((*map(str, sys.version_info), *map(version, ("jinja2", "markupsafe"))))


@cache
def _template(name: str) -> Template:
    return _environment().get_template(f"{name}.html.j2")


@cache
def _environment() -> Environment:
    # Always escape: by file name, the suffix `.j2` would turn escaping off.
    environment = Environment(
        loader=PackageLoader("modelspec.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(copy_element=copy_button, linked_element=linked, rows_element=rows)
    return environment
