"""What stands at a place of a file, and what there is to say of it: hover, definition, outline, routes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from modelspec.ask.account import account
from modelspec.ask.account_formats import account_text
from modelspec.ask.places import Places
from modelspec.author.references import HEADS, MODELS, REGIONS, Use, uses
from modelspec.author.schemas.choices import PLACES, NameKind, kind_of
from modelspec.author.schemas.tailored import offered
from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.editors.complete import dotted, field_nodes
from modelspec.editors.fleet import Snapshot
from modelspec.report.printable import printable, without_secrets
from modelspec.routing.decide import Request, decide
from modelspec.rules import RULES
from modelspec.text.document import Document, ListNode, MapNode, Node, Place, Pointer, ScalarNode
from modelspec.text.quote import counted
from modelspec.text.source import Span, Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Spotted:
    """A key or value under the cursor; `name` is its text if it is a string."""

    pointer: Pointer
    on_key: bool
    span: Span
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetName:
    """A name of the fleet under the cursor."""

    what: str
    name: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """A field or item for the outline of a file."""

    name: str
    detail: str
    span: Span
    key: Span
    inner: "tuple[Symbol, ...]" = ()


def spotted(document: Document, line: int, column: int) -> Spotted | None:
    """What stands at a 1-based line and column; a key or scalar."""
    return None if document.root is None else _spotted(document.root, (), (line, column))


def _spotted(node: Node, pointer: Pointer, at: tuple[int, int]) -> Spotted | None:
    match node:
        case ScalarNode():
            name = node.value if isinstance(node.value, str) else None
            return (
                Spotted(pointer=pointer, on_key=False, span=node.span, name=name)
                if _has(node.span, at)
                else None
            )
        case MapNode():
            for key, entry in node.entries.items():
                if _has(entry.key, at):
                    return Spotted(pointer=(*pointer, key), on_key=True, span=entry.key, name=key)
                found = None if entry.alias is not None else _spotted(entry.node, (*pointer, key), at)
                if found is not None:
                    return found
        case ListNode():
            for number, item in enumerate(node.items):
                found = None if number in node.aliases else _spotted(item, (*pointer, number), at)
                if found is not None:
                    return found
    return None


def _has(span: Span, at: tuple[int, int]) -> bool:
    return (span.line, span.column) <= at <= (span.end_line, span.end_column)


def path_of(pointer: Pointer) -> tuple[str, ...]:
    """A pointer as the path of a field, with `[]` for items."""
    return tuple("[]" if isinstance(step, int) else step for step in pointer)


_DECLARED = {
    ("heads.yaml", "heads[].head_id"): "head",
    ("regions.yaml", "regions[].code"): "region",
}


def named_at(now: Snapshot, path: str, found: Spotted) -> FleetName | None:
    """The model, head or region that is declared or used here."""
    kind = kind_of(path)
    place = dotted(path_of(found.pointer[:-1] if found.on_key else found.pointer))
    use = PLACES[kind].get(place)
    if found.name is None or found.on_key != (use is NameKind.HEAD_KEYS):
        return None
    what = _DECLARED.get((path, place))
    if what is None and kind == "model" and place in ("model_id", "aliases[]"):
        what = "model"
    if what is None and use is None and place.startswith("tests[].expect.tiers[]"):
        use = NameKind.HEAD
    if what is None and use is not None:
        what = _what(now, use, found.name)
    return None if what is None else FleetName(what=what, name=found.name, span=found.span)


def _what(now: Snapshot, kind: NameKind, name: str) -> str | None:
    fleet = now.named.setup.fleet
    if kind in HEADS and name in fleet.heads:
        return "head"
    if kind in REGIONS and name in fleet.regions:
        return "region"
    if kind in MODELS or (kind is NameKind.SUBJECT and name in now.declared):
        return "model"
    if kind is NameKind.SUBJECT:
        return "head" if name in fleet.heads else "region" if name in fleet.regions else None
    return "head" if kind is NameKind.HEAD else "region" if kind is NameKind.REGION else None


def hover(now: Snapshot, path: str, line: int, column: int) -> tuple[str, Span | None]:
    """What a hover shows, as plain text in paragraphs, and the text that it is about."""
    reading = now.reading(path)
    found = None if reading is None else spotted(reading.document, line, column)
    parts = [*_rules_at(now, path, (line, column))]
    if found is not None:
        named = named_at(now, path, found)
        parts = [*(_about_name(now, named) if named else _about_field(path, found)), *parts]
    return "\n\n".join(parts), None if found is None else found.span


def _rules_at(now: Snapshot, path: str, at: tuple[int, int]) -> Iterator[str]:
    about = {rule.code: rule for rule in RULES}
    seen = set()
    for one in now.by_path.get(path, ()):
        if _has(one.span, at) and one.code in about and one.code not in seen:
            seen.add(one.code)
            rule = about[one.code]
            yield f"{rule.code}: {rule.title}\n\n{rule.text}"


def _about_name(now: Snapshot, named: FleetName) -> Iterator[str]:
    kinds = {"head": NameKind.HEAD, "region": NameKind.REGION, "model": NameKind.SENT}
    text = next(
        (one.text for one in offered(kinds[named.what], now.choices) if one.value == named.name), None
    )
    if text is not None:
        yield f"{named.what} {text}" if named.what != "model" else f"model {named.name}: {text}"
    if named.what == "model":
        route = route_text(now, named.name)
        if route:
            yield route


def _about_field(path: str, found: Spotted) -> Iterator[str]:
    for node in field_nodes(kind_of(path), path_of(found.pointer))[:1]:
        title, text = node.get("title", ""), node.get("description", "")
        if title or text:
            yield f"{title}\n\n{text}".strip()


def route_text(now: Snapshot, name: str) -> str:
    """The account of `modelspec route`, or nothing where there is no route yet."""
    if now.index is None or now.index.find(name) is None or without_secrets(name) != name:
        return ""
    decision = decide(now.index, Request(model=name))
    if now.compiled.table is not now.index.table:
        return printable(lens_of(now, name))
    places = Places(locator=now.compiled.locator, fleet=now.compiled.setup.fleet)
    return "".join(account_text(account(now.index, decision, places), colour=False)).rstrip()


def lens_of(now: Snapshot, name: str) -> str:
    """The route of a model in one line."""
    route = None if now.index is None else now.index.routes.get(name)
    if route is None:
        return ""
    if not route.is_routed:
        return "disabled: 404"
    tiers = " → ".join(" + ".join(tier.weights) for tier in route.tiers) or "no head: 503"
    return f"{tiers} · reach: {', '.join(route.reach)}" if route.reach else tiers


def definition(now: Snapshot, named: FleetName) -> Spot | None:
    """Where a name is declared."""
    compiled = now.compiled
    if named.what == "model":
        path = now.declared.get(named.name)
        reading = None if path is None else now.reading(path)
        if path is None or reading is None:
            return None
        value = reading.value if isinstance(reading.value, dict) else {}
        aliases = value.get("aliases")
        pointer: Pointer = ("model_id",)
        if value.get("model_id") != named.name and isinstance(aliases, list) and named.name in aliases:
            pointer = ("aliases", aliases.index(named.name))
        return Spot(path, reading.document.span(pointer))
    fleet = compiled.setup.fleet
    entry = fleet.heads.get(named.name) if named.what == "head" else fleet.regions.get(named.name)
    if entry is None:
        return None
    key = "head_id" if named.what == "head" else "code"
    place = Place(path=entry.place.path, pointer=(*entry.place.pointer, key))
    return Spot(place.path, compiled.locator.span(place))


def references(now: Snapshot, named: FleetName) -> list[Spot]:
    """Every place that uses a name."""
    kinds = {"head": HEADS, "region": REGIONS, "model": MODELS}[named.what]
    found = uses(now.compiled.tree, kinds, lambda name: name == named.name)
    return [spot for use in found if (spot := _spot(now, use)) is not None]


def _spot(now: Snapshot, use: Use) -> Spot | None:
    reading = now.reading(use.path)
    return None if reading is None else Spot(use.path, reading.document.span(use.pointer, on_key=use.on_key))


def symbols(document: Document) -> tuple[Symbol, ...]:
    """The outline of a file."""
    return tuple(_symbols(document.root))


def _symbols(node: Node | None) -> Iterator[Symbol]:
    match node:
        case MapNode():
            for name, entry in node.entries.items():
                inner = () if entry.alias is not None else tuple(_symbols(entry.node))
                end = entry.node.span if entry.alias is None else entry.alias
                span = Span(entry.key.line, entry.key.column, *max(_end(entry.key), _end(end)))
                yield Symbol(
                    name=_shown(name), detail=_detail(entry.node), span=span, key=entry.key, inner=inner
                )
        case ListNode():
            for number, item in enumerate(node.items):
                if isinstance(item, MapNode) and item.entries and number not in node.aliases:
                    first = next(iter(item.entries.values()))
                    yield Symbol(
                        name=_detail(first.node) or str(number),
                        detail="",
                        span=item.span,
                        key=first.key,
                        inner=tuple(_symbols(item)),
                    )
        case ScalarNode() | None:
            pass


def _end(span: Span) -> tuple[int, int]:
    return span.end_line, span.end_column


def _detail(node: Node) -> str:
    return _shown(node.value) if isinstance(node, ScalarNode) and isinstance(node.value, str) else ""


def _shown(text: str) -> str:
    return printable(without_secrets(text))[:80] or "?"


def overlapping(now: Snapshot, path: str, span: Span) -> list[Diagnostic]:
    """The diagnostics of a file that touch a span."""
    return [
        one
        for one in now.by_path.get(path, ())
        if _has(one.span, (span.line, span.column)) or one.span.overlaps(span)
    ]


def lenses(now: Snapshot, path: str) -> Iterator[tuple[Span, str]]:
    """The route of a model above its file, and how many models each head serves first in heads.yaml."""
    if now.index is None:
        return
    reading = now.reading(path)
    value = None if reading is None else reading.value
    if reading is None or not isinstance(value, dict):
        return
    if kind_of(path) == "model" and isinstance(value.get("model_id"), str):
        title = lens_of(now, value["model_id"])
        if title:
            yield reading.document.span(("model_id",), on_key=True), title
    elif path == "heads.yaml":
        served = Counter(
            head for route in now.index.routes.values() for tier in route.tiers[:1] for head in tier.weights
        )
        listed = value.get("heads")
        for number, entry in enumerate(listed if isinstance(listed, list) else ()):
            head = entry.get("head_id") if isinstance(entry, dict) else None
            if isinstance(head, str):
                yield (
                    reading.document.span(("heads", number)),
                    counted(served[head], "model") + " served first",
                )
