"""The route of a request as boxes: a model, the tiers of heads in order, what these call, and the fallback models.

Boxes are elements with links, and route.css draws the lines between them, one to each box: side by side in a wide
window, one below the other in a narrow one.
"""

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup, escape

from modelspec.fleet.model import Upstream
from modelspec.routing.table import Route
from modelspec.site.wording import Wording, host
from modelspec.url import parts

CONDITIONS: Mapping[str, str] = {
    "any": "On any failure",
    "error": "On an error",
    "context_window": "Request too long",
    "content_policy": "Content refused",
}
"""When a fallback model is tried."""

_MOST_BOXES = 12
"""Fallback models of one condition that are drawn; all of them are listed below."""

_Group = tuple[str, bool, Sequence[str]]
"""A caption, whether others are tried before it, and boxes."""


class RouteDrawing:
    """Draws the routes of a table; the boxes of heads, which thousands of routes share, are made once.

    A drawing depends on its route, on the region, status and title of its heads, and on the names of its fallback
    models.
    """

    def __init__(self, names: Wording) -> None:
        self._names = names
        self._heads: dict[tuple[str, str], str] = {}

    def draw(self, route: Route) -> Markup:
        """The route; a model without heads stands alone."""
        tiers = list(self._tiers(route))
        ends = list(self._ends(route)) if tiers else []
        unused = self._unused(route)
        columns = [
            f'<div class="way start">{_caption("Requests for")}{self._model(route)}</div>',
            f'<div class="way">{_groups(tiers)}{unused}</div>' if tiers or unused else "",
            f'<div class="way ends">{_groups(ends)}</div>' if ends else "",
        ]
        # Where heads run the model themselves, lines lead on to fallback models only.
        kind = " is-local" if route.local_targets else ""
        return Markup(f'<div class="route{kind}">{"".join(columns)}</div>')  # noqa: S704 -- every part is escaped

    def _model(self, route: Route) -> str:
        region = self._region(route.region)
        return (
            f'<div class="box is-model" data-model="{escape(route.model_id)}">'
            f'<strong dir="auto">{escape(route.about.name)}</strong> <small>{region}</small></div>'
        )

    def _tiers(self, route: Route) -> Iterator[_Group]:
        for number, tier in enumerate(route.tiers):
            shares = len(tier.weights) > 1
            yield (
                f"Fallback {number}" if number else "First",
                number > 0,
                [
                    self._head(head, f"weight {weight}" if shares else "", route.local_targets.get(head))
                    for head, weight in tier.weights.items()
                ],
            )

    def _unused(self, route: Route) -> str:
        """The heads that the file names and no request gets to."""
        about = route.about
        named = dict.fromkeys((about.priority_head, *about.weights, *about.fallback_heads))
        unused = [self._head(head, "", None) for head in named if head not in route.heads]
        if not unused:
            return ""
        caption = "Offline: not used" if route.is_routed else "Disabled: not used"
        return f'<div class="unused">{_caption(caption)}<ul>{_lines(unused)}</ul></div>'

    def _head(self, head_id: str, weight: str, local: Upstream | None) -> str:
        note = weight if local is None else f"{weight}\0{host(local)}"
        made = self._heads.get((head_id, note))
        if made is None:
            made = self._heads[head_id, note] = self._new_head(head_id, weight, local)
        return made

    def _new_head(self, head_id: str, weight: str, local: Upstream | None) -> str:
        entry = self._names.index.heads[head_id]
        status = "" if entry.status == "active" else entry.status
        notes = "".join(f" · {note}" for note in (weight, status) if note)
        runs = "" if local is None else f" <small>runs it at {escape(host(local))}</small>"
        return (
            f'<li><a class="box is-{entry.status}" href="{escape(self._names.links.head(head_id))}"'
            f' data-head="{escape(head_id)}">'
            f"<strong>{escape(head_id)}</strong> <small>{self._region(entry.region)}{notes}</small>{runs}</a></li>"
        )

    def _region(self, code: str) -> str:
        return (
            f'<span data-region="{escape(code)}" dir="auto">{escape(self._names.region_titles[code])}</span>'
        )

    def _ends(self, route: Route) -> Iterator[_Group]:
        """The upstreams that every head calls, those of a later order apart, then the fallback models."""
        first = min((_order(target) for target in route.targets), default=1)
        for caption, is_later in (("Each head calls", False), ("After that", True)):
            boxes = [self._upstream(one) for one in route.targets if (_order(one) > first) == is_later]
            if boxes:
                yield caption, is_later, boxes
        for condition, models in route.fallback_models.items():
            boxes = [self._fallback(name) for name in models[:_MOST_BOXES]]
            if len(models) > _MOST_BOXES:
                boxes.append(f'<li class="more">and {len(models) - _MOST_BOXES:,} more</li>')
            yield f"{CONDITIONS[condition]}: another model", True, boxes

    def _upstream(self, target: Upstream) -> str:
        place = "" if target.region is None else self._region(target.region)
        weight = "" if target.weight is None else f"weight {target.weight}"
        notes = " · ".join(filter(None, (place, weight, str(escape(target.provider)))))
        title = host(target)
        text = f"<strong>{escape(title)}</strong> <small>{notes}</small>"
        if isinstance(target.endpoint, str) and parts(target.endpoint):
            href = escape(self._names.links.models_where(host=title))
            return f'<li><a class="box" href="{href}">{text}</a></li>'
        return f'<li><div class="box">{text}</div></li>'

    def _fallback(self, name: str) -> str:
        route = self._names.index.routes[self._names.meant(name)]
        href = escape(self._names.links.model(route.model_id))
        status = "" if route.status == "active" else f" <small>{route.status}</small>"
        return (
            f'<li><a class="box is-{route.status}" href="{href}" data-model="{escape(route.model_id)}">'
            f"<strong>{escape(name)}</strong>{status}</a></li>"
        )


def _order(target: Upstream) -> int:
    return 1 if target.order is None else target.order


def _caption(text: str) -> str:
    return f'<p class="cap">{text}</p>\n'


def _groups(groups: Sequence[_Group]) -> str:
    items = (
        f'<li class="tier{" later" if is_later else ""}">{_caption(caption)}<ul>{_lines(boxes)}</ul></li>'
        for caption, is_later, boxes in groups
    )
    return f"<ol>{_lines([*items])}</ol>" if groups else ""


def _lines(boxes: Sequence[str]) -> str:
    return "\n".join(boxes)
