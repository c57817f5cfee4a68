"""Fallbacks in every form that LiteLLM accepts, by the model that they are for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from modelspec.fleet.model import prefix_of
from modelspec.importing.draft import Ledger, NoteKind
from modelspec.load.foreign import Foreign
from modelspec.text.quote import quote

CONDITIONS = {
    "error": "fallbacks",
    "context_window": "context_window_fallbacks",
    "content_policy": "content_policy_fallbacks",
}
"""Our name for a condition, and LiteLLM's list for it."""
_ALL = "*"

Names = Mapping[str, str]
"""LiteLLM's name of a model group, or of an alias, to our model_id."""

FallbackModels = Mapping[str, Sequence[str]] | Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackTarget:
    """A model to fall back to: its name as written, the id of the model that it means, and its node."""

    name: str
    owner: str
    node: Foreign


def fallbacks(
    sections: Sequence[Foreign], names: Names, ids: Sequence[str], ledger: Ledger
) -> Mapping[str, tuple[FallbackModels, Foreign]]:
    """The `fallback_models` of each model, and the node of the first one.

    `sections` are router_settings and litellm_settings: the first with a list wins, as in LiteLLM. LiteLLM uses the
    general list for a condition without one; the same list for every condition is written once.
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
            for target in everywhere:
                if target.owner == model_id != target.name:
                    what = f"{name} of {quote(model_id)}"
                    ledger.remark(
                        NoteKind.ABSENT, target.node.spot, what, "it falls back to itself: left out"
                    )
        lists[condition] = found if given or condition == "error" else lists["error"]
    written: dict[str, tuple[FallbackModels, Foreign]] = {}
    edges: dict[str, Sequence[str]] = {}
    for model_id in ids:
        targets = {condition: found[model_id] for condition, found in lists.items() if found.get(model_id)}
        if targets:
            by_condition = {
                condition: list(dict.fromkeys(target.name for target in found))
                for condition, found in targets.items()
            }
            first, *others = by_condition.values()
            is_plain = len(by_condition) == len(CONDITIONS) and all(other == first for other in others)
            written[model_id] = first if is_plain else by_condition, next(iter(targets.values()))[0].node
            edges[model_id] = first if is_plain else [name for found in (first, *others) for name in found]
    _note_cycles(edges, written, ledger)
    return written


def _lists(
    sections: Sequence[Foreign], name: str, names: Names, ledger: Ledger
) -> dict[str, list[FallbackTarget]]:
    """One of LiteLLM's lists, by our ids and `*`."""
    given = [section.entries[name] for section in sections if name in section.entries]
    counts = next((node for node in given if _is_given(node)), None)
    found: dict[str, list[FallbackTarget]] = {}
    for node in given:
        if node is not counts:
            if _is_given(node):
                why = "router_settings has this list too and takes precedence"
                ledger.note(NoteKind.SUSPICIOUS, node, name, why)
            else:
                ledger.carried(node)
            continue
        for key, value in _pairs(node, name, ledger):
            owner = _ALL if key == _ALL else names.get(key)
            objection = _objection(key, owner, names)
            if owner is None or objection is not None:
                kind, why = objection or _UNKNOWN
                ledger.note(kind, value, f"{name} of {quote(key)}", f"{why}: left out")
                continue
            known = found.setdefault(owner, [])
            if not _is_given(value):
                ledger.carried(value)
                continue
            targets = list(_targets(value, key, names, name, ledger))
            known.extend(target for target in targets if target.name not in [k.name for k in known])
    return found


_UNKNOWN = (NoteKind.SUSPICIOUS, "no model in this file has that name")


def _objection(key: str, owner: str | None, names: Names) -> tuple[NoteKind, str] | None:
    """Why no model has the fallbacks of a key."""
    if key == _ALL:
        return None
    if owner is None:
        wildcard = _find(key, names)
        why = "only a wildcard takes that name: give it an entry of its own, and import again"
        return _UNKNOWN if wildcard is None else (NoteKind.DIFFERENT, why)
    why = "LiteLLM finds no fallbacks by the name of a wildcard, so that these are never used"
    return None if prefix_of(owner) is None else (NoteKind.SUSPICIOUS, why)


def _is_given(node: Foreign) -> bool:
    return bool(node.items or node.entries or node.value)


def _pairs(node: Foreign, name: str, ledger: Ledger) -> Iterator[tuple[str, Foreign]]:
    """The three forms: a list of mappings, one mapping, and bare names, which are for every model."""
    for item in node.items or (node,):
        if item.entries:
            if len(item.entries) > 1 and node.items:
                why = "LiteLLM accepts only one model per item; all are imported"
                ledger.remark(NoteKind.SUSPICIOUS, item.spot, name, why)
            yield from item.entries.items()
        elif isinstance(item.value, str) and item.value:
            yield _ALL, item
        elif item.value not in (None, (), {}):
            why = "neither a mapping from a model to others nor a name"
            ledger.note(NoteKind.SUSPICIOUS, item, name, why)


def _targets(value: Foreign, key: str, names: Names, name: str, ledger: Ledger) -> Iterator[FallbackTarget]:
    what = f"{name} of {quote(key)}"
    for node in value.items or (value,):
        target = node.entries.get("model", node)
        if not isinstance(target.value, str):
            ledger.note(NoteKind.SUSPICIOUS, node, what, "it falls back to something other than a name")
            continue
        for setting, inner in node.entries.items():
            if setting != "model":
                why = "a fallback cannot have settings of its own here"
                ledger.note(NoteKind.DIFFERENT, inner, what, why)
        known = _find(target.value, names)
        if known is None:
            why = f"it falls back to {quote(target.value)}, and no imported model has that name: left out"
            ledger.note(NoteKind.SUSPICIOUS, target, what, why)
        elif key != _ALL and known[1] == names.get(key):
            ledger.note(NoteKind.SUSPICIOUS, target, what, "it falls back to itself: left out")
        else:
            ledger.carried(target)
            yield FallbackTarget(name=known[0], owner=known[1], node=target)


def _find(name: str, names: Names) -> tuple[str, str] | None:
    """How a name is written, and the id of its model; a name that only a wildcard covers is written as is."""
    if name in names:
        return names[name], names[name]
    end = len(name)
    while (end := name.rfind("/", 0, end)) >= 0:
        if f"{name[:end]}/*" in names:
            return name, names[f"{name[:end]}/*"]
    return (name, names[_ALL]) if _ALL in names else None


def _default(sections: Sequence[Foreign], names: Names, ledger: Ledger) -> list[FallbackTarget]:
    for section in sections:
        node = section.entries.get("default_fallbacks")
        if node is not None:
            return list(_targets(node, _ALL, names, "default_fallbacks", ledger))
    return []


def note_aliases(
    sections: Sequence[Foreign], aliases: Mapping[str, tuple[str, Foreign]], ledger: Ledger
) -> None:
    """Note aliases, each with its model_name, that fall back as they did not before."""
    lists = [
        section.entries[name]
        for section in sections
        for name in CONDITIONS.values()
        if name in section.entries
    ]
    keyed = {
        key: entry for node in lists for one in node.items or (node,) for key, entry in one.entries.items()
    }
    for alias, (target, node) in aliases.items():
        what = f"fallbacks of the alias {quote(alias)}"
        if alias in keyed:
            why = f"a model has one list for all its names: it is that of {quote(target)} now"
            ledger.remark(NoteKind.ELSEWHERE, keyed[alias].spot, what, why)
        elif target in keyed:
            why = f"LiteLLM has none for an alias; they are those of {quote(target)} now"
            ledger.remark(NoteKind.DIFFERENT, node.spot, what, why)


def _note_cycles(
    edges: Mapping[str, Sequence[str]], written: Mapping[str, tuple[FallbackModels, Foreign]], ledger: Ledger
) -> None:
    """Note cycles of fallbacks, those that share a model once."""
    done: set[str] = set()
    told: set[str] = set()
    for start in edges:
        path: dict[str, Iterator[str]] = {} if start in done else {start: iter(edges[start])}
        while path:
            node = next(reversed(path))
            following = next(path[node], None)
            if following is None:
                del path[node]
                done.add(node)
            elif following in path:
                names = list(path)
                cycle = names[names.index(following) :]
                if not told.isdisjoint(cycle):
                    told.update(cycle)
                    continue
                told.update(cycle)
                shown = " → ".join(map(quote, (*cycle[:6], following)))
                spot = written[following][1].spot
                ledger.remark(NoteKind.SUSPICIOUS, spot, "circular fallbacks", shown)
            elif following in edges and following not in done:
                path[following] = iter(edges[following])
