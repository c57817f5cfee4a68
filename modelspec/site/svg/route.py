"""The route of a request: a model, the tiers of heads in order, and the deployments."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from modelspec.site.svg.drawing import element, lettering
from modelspec.site.wording import listed


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnNode:
    """A head or a deployment: `title` is an id, a host or a URL, `region` a title (`Europe (eu)`).

    `weight` is a text (`weight 3`), empty for a single node; `note` is a word such as `draining` or the provider. A
    head may have a `local` deployment. A deployment `is_later` if others are tried before it.
    """

    title: str
    region: str = ""
    weight: str = ""
    note: str = ""
    is_later: bool = False
    local: "DrawnNode | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteView:
    """A route; `tiers` has the heads in the order of attempts, and is empty if no head serves the model.

    `targets` are the deployments that every head calls, empty if each head has a `local` one.
    """

    model: str
    region: str
    tiers: tuple[tuple[DrawnNode, ...], ...]
    targets: tuple[DrawnNode, ...] = ()

    @property
    def heads(self) -> tuple[DrawnNode, ...]:
        """The heads of all tiers."""
        return tuple(head for tier in self.tiers for head in tier)


def spell_route(view: RouteView) -> str:
    """The route in sentences."""
    return " ".join(_sentences(view))


def _sentences(view: RouteView) -> Iterator[str]:
    if not view.tiers:
        yield f"No head serves {view.model}."
        return
    for number, tier in enumerate(view.tiers):
        begin = f"Requests for {view.model} go to" if number == 0 else f"Fallback {number} is"
        yield f"{begin} {listed([_worded(head, ' ') for head in tier])}."
    for head in view.heads:
        if head.local is not None:
            yield f"{head.title} runs the model itself at {_worded(head.local)}."
    for begin, is_later in (("Each head calls", False), ("After that it calls", True)):
        targets = [_worded(target) for target in view.targets if target.is_later == is_later]
        if targets:
            yield f"{begin} {listed(targets)}."


def _worded(node: DrawnNode, joint: str = ", ") -> str:
    place = f"{joint}in {node.region}" if node.region else ""
    return ", ".join(filter(None, (node.title + place, node.weight, node.note)))


_WIDTH = 800
_MODEL = (0, 190)
_HEADS = (270, 230)
_TARGETS = (580, 220)
"""Left edge and width of each column."""
_BOX = 44
_STEP = 54
"""The distance between the tops of two boxes in a column."""
_CAPTION = 24
_SIZE = 14
_BOLD = 1.12
"""The factor by which bold text is wider."""
_SMALL = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """A box in a column; lines meet it at the height `middle`."""

    x: int
    breadth: int
    middle: float
    node: DrawnNode
    kind: str
    is_first: bool


def route_svg(view: RouteView) -> Markup:
    """The route as a picture, with the same in words in its title and description.

    Solid lines lead to the first tier and to the deployments that are tried first, dashed lines to later ones.
    """
    captions, heads, bottom = _heads(view)
    targets = list(_targets(view, heads))
    height = max([bottom, _BOX + _CAPTION, *(box.middle + _BOX / 2 for box in targets)]) + 6
    model = _Placed(
        x=_MODEL[0] + 1,
        breadth=_MODEL[1],
        middle=heads[0].middle if heads else _CAPTION + _BOX / 2,
        node=DrawnNode(title=view.model, region=view.region),
        kind="model",
        is_first=True,
    )
    svg = element(
        "svg",
        element("title", f"Route of {view.model}"),
        element("desc", spell_route(view)),
        *_lines(view, model, heads, targets),
        *captions,
        *(part for box in (model, *heads, *targets) for part in _box(box)),
        class_="route-svg",
        role="img",
        viewBox=f"0 0 {_WIDTH} {height:g}",
    )
    return element("div", svg, class_="route-scroll", tabindex=0, role="group", aria_label="Route")


def _heads(view: RouteView) -> tuple[list[Markup], list[_Placed], float]:
    """The captions of the tiers, the boxes of the heads, and the bottom of their column."""
    captions: list[Markup] = []
    boxes: list[_Placed] = []
    top = 0.0
    x, breadth = _HEADS
    for number, tier in enumerate(view.tiers):
        caption = "First" if number == 0 else f"Fallback {number}"
        captions.append(
            lettering(caption, room=breadth, size=_SMALL, x=x, y=top + 15, class_="route-caption")
        )
        top += _CAPTION
        for head in tier:
            middle, is_first = top + _BOX / 2, number == 0
            boxes.append(
                _Placed(x=x, breadth=breadth, middle=middle, node=head, kind="head", is_first=is_first)
            )
            top += _STEP
    return captions, boxes, top


def _targets(view: RouteView, heads: list[_Placed]) -> Iterator[_Placed]:
    """Deployments, centred on the heads, or each head's own next to it."""
    x, breadth = _TARGETS
    placed = [(box.middle, box.node.local, box.is_first) for box in heads if box.node.local is not None]
    if not placed and heads:
        middle = (heads[0].middle + heads[-1].middle) / 2
        first = max(_CAPTION + _BOX / 2, middle - _STEP * (len(view.targets) - 1) / 2)
        placed = [(first + _STEP * n, target, not target.is_later) for n, target in enumerate(view.targets)]
    for middle, target, is_first in placed:
        yield _Placed(x=x - 1, breadth=breadth, middle=middle, node=target, kind="target", is_first=is_first)


def _lines(view: RouteView, model: _Placed, heads: list[_Placed], targets: list[_Placed]) -> Iterator[Markup]:
    for box in heads:
        yield _line(model.x + model.breadth, model.middle, box.x, box.middle, is_first=box.is_first)
    if any(head.local is not None for head in view.heads):
        by_height = {box.middle: box for box in heads}
        for box in targets:
            head = by_height[box.middle]
            yield _line(head.x + head.breadth, head.middle, box.x, box.middle, is_first=box.is_first)
    elif heads and targets:
        # Every head calls every deployment: the lines meet in one point instead of one line per pair.
        knot = (_HEADS[0] + _HEADS[1] + _TARGETS[0]) / 2
        middle = (targets[0].middle + targets[-1].middle) / 2
        for box in heads:
            yield _line(box.x + box.breadth, box.middle, knot, middle, is_first=box.is_first)
        for box in targets:
            yield _line(knot, middle, box.x, box.middle, is_first=box.is_first)


def _line(x: float, y: float, to_x: float, to_y: float, *, is_first: bool) -> Markup:
    half = (x + to_x) / 2
    return element(
        "path",
        d=f"M{x:g} {y:g}C{half:g} {y:g} {half:g} {to_y:g} {to_x:g} {to_y:g}",
        fill="none",
        class_="route-line" if is_first else "route-line route-later",
        stroke_dasharray=None if is_first else "5 4",
    )


def _box(box: _Placed) -> Iterator[Markup]:
    top = box.middle - _BOX / 2
    state = "" if box.is_first else " route-later"
    yield element(
        "rect",
        x=box.x,
        y=top + 1,
        width=box.breadth,
        height=_BOX - 2,
        rx=8,
        class_=f"route-box route-{box.kind}{state}",
    )
    room, x = box.breadth - 24, box.x + 12
    notes = " · ".join(filter(None, (box.node.region, box.node.weight, box.node.note)))
    yield lettering(box.node.title, room=room / _BOLD, size=_SIZE, x=x, y=top + 19, class_="route-title")
    yield lettering(notes, room=room, size=_SMALL, x=x, y=top + 35, class_="route-note")
