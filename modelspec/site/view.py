"""What the layout shows around every page, and the parts that several pages share. Each text is worded already."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A text with an address; without one it stands as text alone."""

    text: str
    href: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A term and what is said of it."""

    term: str
    values: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The same on every page of a site.

    `nav` is in the order shown; `origin` says what the site was made from; `repository` is where changes are made.
    """

    base: str
    assets: str
    policy: str
    nav: tuple[Link, ...]
    dashboard: str
    models: str
    snapshot: str
    propose: str
    origin: str
    version: str
    repository: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """A source file: where it is and what the forge offers for it; None where there is no such page."""

    path: str
    line: int
    view: str | None = None
    edit: str | None = None
    delete: str | None = None
