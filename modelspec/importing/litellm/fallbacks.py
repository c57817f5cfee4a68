"""Fallbacks in every shape that LiteLLM takes, by the model that they are for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from modelspec.importing.draft import NoteKind
from modelspec.importing.ledger import Ledger
from modelspec.load.foreign import Foreign
from modelspec.text.quote import quote

CONDITIONS = {
    "error": "fallbacks",
    "context_window": "context_window_fallbacks",
    "content_policy": "content_policy_fallbacks",
}
"""Our word for a condition, and LiteLLM's list of it."""
_ALL = "*"

Names = Mapping[str, str]
"""LiteLLM's name of a model group, or of an alias, to our model_id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackTarget:
    """A model to fall back to, as it will be written, the id of the model that answers, and where it stands."""

    name: str
    owner: str
    node: Foreign


def fallbacks(
    sections: Sequence[Foreign], names: Names, ids: Sequence[str], ledger: Ledger
) -> Mapping[str, tuple[Mapping[str, Sequence[str]] | Sequence[str], Foreign]]:
    """What each model falls back to, as its `fallback_models`, and where the first of it stands.

    `sections` are router_settings and litellm_settings: the first that has a list counts, as in LiteLLM. Where a
    condition has no list at all, LiteLLM takes the general one for it; one list for every condition is written plain.
    """
    general = _lists(sections, "fallbacks", names, ledger)
    spare = _default(sections, names, ledger) or general.pop(_ALL, [])
    lists: dict[str, dict[str, list[FallbackTarget]]] = {}
    for condition, name in CONDITIONS.items():
        found = general if condition == "error" else _lists(sections, name, names, ledger)
        everywhere = found.pop(_ALL, spare if condition == "error" else [])
        given = bool(found or everywhere)
        for model_id in ids if everywhere else ():
            found.setdefault(model_id, [target for target in everywhere if target.owner != model_id])
        lists[condition] = found if given or condition == "error" else lists["error"]
    written = {}
    for model_id in ids:
        by_condition = {c: _distinct(found[model_id]) for c, found in lists.items() if found.get(model_id)}
        if not by_condition:
            continue
        first = next(found[model_id][0].node for found in lists.values() if found.get(model_id))
        same = list(by_condition.values())
        plain = len(same) == len(CONDITIONS) and same[0] == same[1] == same[2]
        written[model_id] = (same[0] if plain else by_condition, first)
    _tell_circles({i: list(_all(value)) for i, (value, _) in written.items()}, written, ledger)
    return written


def _distinct(targets: Sequence[FallbackTarget]) -> list[str]:
    return list(dict.fromkeys(target.name for target in targets))


def _all(value: Mapping[str, Sequence[str]] | Sequence[str]) -> Iterator[str]:
    for names in value.values() if isinstance(value, Mapping) else (value,):
        yield from names


def _lists(
    sections: Sequence[Foreign], name: str, names: Names, ledger: Ledger
) -> dict[str, list[FallbackTarget]]:
    """One of LiteLLM's lists, by our ids and `*`."""
    given = [section.entries[name] for section in sections if name in section.entries]
    counts = next((node for node in given if node.items or node.entries or node.value), None)
    found: dict[str, list[FallbackTarget]] = {}
    for node in given:
        if node is not counts:
            ledger.tell(NoteKind.LOST, node, name, "router_settings has this list too, and that one counts")
            continue
        for key, value in _pairs(node, name, ledger):
            owner = _ALL if key == _ALL else names.get(key)
            if owner is None:
                ledger.tell(
                    NoteKind.SUSPICIOUS,
                    value,
                    f"{name} of {quote(key)}",
                    "no model of this file has that name: left out",
                )
                continue
            targets = list(_targets(value, key, names, name, ledger))
            known = found.setdefault(owner, [])
            known.extend(target for target in targets if target.name not in [k.name for k in known])
    return {owner: targets for owner, targets in found.items() if targets}


def _pairs(node: Foreign, name: str, ledger: Ledger) -> Iterator[tuple[str, Foreign]]:
    """The three shapes: a list of mappings, one mapping, and bare names, which are for every model."""
    for item in node.items or (node,):
        if item.entries:
            if len(item.entries) > 1 and node.items:
                ledger.remark_node(
                    NoteKind.SUSPICIOUS,
                    item,
                    name,
                    "LiteLLM takes one model an item and refuses more; all are carried",
                )
            yield from item.entries.items()
        elif isinstance(item.value, str) and item.value:
            yield _ALL, item
        elif item.value not in (None, (), {}):
            ledger.tell(
                NoteKind.SUSPICIOUS, item, name, "neither a mapping from a model to others nor a name"
            )


def _targets(value: Foreign, key: str, names: Names, name: str, ledger: Ledger) -> Iterator[FallbackTarget]:
    for node in value.items or (value,):
        target = node.entries.get("model", node)
        if not isinstance(target.value, str):
            ledger.tell(
                NoteKind.SUSPICIOUS,
                node,
                f"{name} of {quote(key)}",
                "it falls back to something that is no name",
            )
            continue
        for setting, inner in node.entries.items():
            if setting != "model":
                ledger.tell(
                    NoteKind.LOST,
                    inner,
                    f"{name} of {quote(key)}",
                    "a fallback is a model here, without settings of its own",
                )
        known = _find(target.value, names)
        if known is None:
            ledger.tell(
                NoteKind.SUSPICIOUS,
                target,
                f"{name} of {quote(key)}",
                f"it falls back to {quote(target.value)}, which no model of this file is named: left out",
            )
        elif key != _ALL and known[1] == names.get(key):
            ledger.tell(
                NoteKind.SUSPICIOUS, target, f"{name} of {quote(key)}", "it falls back to itself: left out"
            )
        else:
            ledger.carried(target)
            yield FallbackTarget(name=known[0], owner=known[1], node=target)


def _find(name: str, names: Names) -> tuple[str, str] | None:
    """What is written for a name, and the id of its model: of one that only a wildcard covers, the name itself."""
    if name in names:
        return names[name], names[name]
    end = len(name)
    while (end := name.rfind("/", 0, end)) >= 0:
        if f"{name[:end]}/*" in names:
            return name, names[f"{name[:end]}/*"]
    return None


def _default(sections: Sequence[Foreign], names: Names, ledger: Ledger) -> list[FallbackTarget]:
    for section in sections:
        node = section.entries.get("default_fallbacks")
        if node is not None:
            return list(_targets(node, _ALL, names, "default_fallbacks", ledger))
    return []


def _tell_circles(
    edges: Mapping[str, Sequence[str]],
    written: Mapping[str, tuple[object, Foreign]],
    ledger: Ledger,
) -> None:
    """Every model that falls back to itself by way of others, told once a circle."""
    done: set[str] = set()
    for start in edges:
        if start in done:
            continue
        path: list[str] = []
        on_path: dict[str, int] = {}
        pending = [(start, iter(edges[start]))]
        on_path[start] = 0
        path.append(start)
        while pending:
            node, rest = pending[-1]
            following = next(rest, None)
            if following is None:
                pending.pop()
                path.pop()
                del on_path[node]
                done.add(node)
            elif following in on_path:
                circle = path[on_path[following] :]
                shown = " → ".join(map(quote, (*circle[:6], following)))
                ledger.remark_node(
                    NoteKind.SUSPICIOUS, written[following][1], "fallbacks that go round in a circle", shown
                )
            elif following in edges and following not in done:
                on_path[following] = len(path)
                path.append(following)
                pending.append((following, iter(edges[following])))
