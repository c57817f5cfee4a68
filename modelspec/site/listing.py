"""What the pages of regions, heads, keys and owners are made of: facts, tables, and lists of their models."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from modelspec.emit.tables import first_target
from modelspec.routing.table import Route
from modelspec.site.wording import Link, Row, Wording, count, host

MOST_MODELS = 100
"""Models in one list; the Models page has the rest."""

FEWER_MODELS = 40
"""The same where a page has several lists."""

MOST_ROWS = 1000
"""Rows of a table of keys or owners."""

_MOST_HEADS = 4

Cell = str | Link | Sequence[Link]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns, the first of which names the row, and what each row has in them."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A panel of a page: a title, words, then facts, a table, commands to copy, and models with a link to the rest."""

    title: str
    words: str = ""
    rows: Sequence[Row] = ()
    table: Table | None = None
    commands: Sequence[str] = ()
    models: Markup | None = None
    more: Link | None = None


class Listing:
    """Makes lists of models; the row of a model is made once, whatever pages it is on.

    A row depends on the model's name, region, status and heads, and on the host of its first upstream.
    """

    def __init__(self, names: Wording) -> None:
        self._names = names
        self._rows: dict[str, str] = {}

    def section(
        self, title: str, routes: Sequence[Route], everything: str, *, most: int = MOST_MODELS
    ) -> Section:
        """A list of models, `most` of them; `everything` is the address of all on the Models page."""
        rows = "".join(map(self._row, routes[:most]))
        text = "Find them on the Models page"
        if len(routes) > most:
            text = f"{len(routes) - most:,} more: find them on the Models page"
        head = "".join(f'<th scope="col">{title}</th>' for title in ("Model", "Region", "Heads", "Upstream"))
        table = f'<table class="listed"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        return Section(
            title=f"{title} ({len(routes):,})",
            models=Markup(table) if routes else None,  # noqa: S704 -- every part is escaped
            more=Link(text=text, href=everything) if routes else None,
        )

    def _row(self, route: Route) -> str:
        made = self._rows.get(route.model_id)
        if made is None:
            made = self._rows[route.model_id] = self._new_row(route)
        return made

    def _new_row(self, route: Route) -> str:
        names = self._names
        name, model_id = escape(route.about.name), escape(route.model_id)
        code = "" if name == model_id else f"<code>{model_id}</code>"
        status = "" if route.status == "active" else f' <span class="badge">{route.status}</span>'
        heads = ", ".join(
            f'<a href="{escape(names.links.head(head))}" data-head="{escape(head)}">{escape(head)}</a>'
            for head in route.heads[:_MOST_HEADS]
        )
        more = f" and {len(route.heads) - _MOST_HEADS} more" if len(route.heads) > _MOST_HEADS else ""
        region = escape(route.region)
        return (
            f'<tr data-model="{model_id}"><th scope="row">'
            f'<a href="{escape(names.links.model(route.model_id))}" dir="auto">{name}</a>{status}{code}</th>'
            f'<td><a href="{escape(names.links.region(route.region))}" data-region="{region}">{region}</a></td>'
            f"<td>{heads or 'none in service'}{more}</td><td>{escape(host(first_target(route)))}</td></tr>"
        )


def rest_of(rows: Sequence[object], noun: str) -> str:
    """Words for the rows that a table leaves out."""
    rest = len(rows) - MOST_ROWS
    return f"{count(rest, 'more ' + noun)}: the pages of their models lead to them." if rest > 0 else ""


def counted(routes: Sequence[Route], href: str) -> Link:
    """A number that leads to its models."""
    return Link(text=f"{len(routes):,}", href=href if routes else None)


def some_of(links: Iterable[Link], most: int) -> list[Link]:
    """The first links, and how many more there are."""
    every = list(links)
    rest = len(every) - most
    return [*every[:most], Link(text=f"and {rest:,} more")] if rest > 0 else every
