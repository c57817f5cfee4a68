"""A repository that this version refuses, less the values that it refuses: what a change of it is compared with."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from modelspec.check.defaults import read_defaults
from modelspec.check.examine import Facts, Surroundings, completed
from modelspec.check.setup import Setup
from modelspec.fleet.link_fleet import CheckedValue, link_fleet
from modelspec.fleet.link_model import model_of, signature_of
from modelspec.fleet.model import Catalog, Fleet, Model, Names
from modelspec.load import Reading, read
from modelspec.load.find import DEFAULTS, MODELS, File, Tree
from modelspec.load.locate import Locator
from modelspec.schema import DocumentKind, check
from modelspec.schema.violation import Pointer

_NAMES = ("model_id", "name", "region", "priority_head")
"""What every model says; a text is kept as it is, since it still names what was there."""

_UNDERSTOOD = frozenset({"MS006", "MS009", "MS011", "MS012", "MS013", "MS014", "MS015", "MS016", "MS020"})
"""Faults of reading beside which there is a value."""

_TURNS = 8
"""A value that was refused may have hidden others: the model is looked at so often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvage:
    """What can be understood; of the files `unreadable`, nothing."""

    catalog: Catalog
    models: Sequence[Model]
    unreadable: Sequence[str]


def salvage(tree: Tree, setup: Setup, facts: Mapping[str, Facts]) -> Salvage:
    """Read again what has faults of reading, schema or links; `facts` are those of the model files."""
    locator = Locator.of(tree)
    values = {name: _entries(locator.reading(f"{name}.yaml"), name) for name in ("regions", "heads")}
    fleet = link_fleet(values["regions"], values["heads"], setup.settings)[0]
    around = Surroundings(setup=setup, locator=locator, defaults=read_defaults(tree, locator).folders)
    lost = [path for path in tree.unread if path == MODELS or path.startswith(f"{MODELS}/")]
    if not tree.models and not lost:
        return Salvage(catalog=_catalog(fleet, [], tree), models=[], unreadable=[])
    unreadable = [*(f"{name}.yaml" for name, value in values.items() if value.value is None), *lost]
    if not fleet.heads and "heads.yaml" not in unreadable:
        unreadable.append("heads.yaml")
    unreadable += [
        path for path, reading in locator.known.items() if path.endswith(DEFAULTS) and _value(reading) is None
    ]
    models: dict[str, Model] = {}
    for file in tree.models:
        known = facts[file.path].model
        model = known if known is not None else _salvaged(file, around)
        if model is None:
            unreadable.append(file.path)
        else:
            models.setdefault(model.model_id, _linked(model, fleet))
    found = list(models.values())
    return Salvage(catalog=_catalog(fleet, found, tree), models=found, unreadable=unreadable)


def _catalog(fleet: Fleet, models: Sequence[Model], tree: Tree) -> Catalog:
    signatures = [signature_of(model, fleet) for model in models]
    return Catalog(
        fleet=fleet,
        signatures=signatures,
        names=Names(signatures),
        paths=[file.path for file in tree.models],
        broken=(),
        complete=True,
    )


def _value(reading: Reading | None) -> dict[str, Any] | None:
    """What a file says, whatever else is wrong with it."""
    if reading is None or not isinstance(reading.value, dict):
        return None
    if reading.faults:
        if not _UNDERSTOOD.issuperset(fault.code for fault in reading.faults):
            return None
        try:
            json.dumps(reading.value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return None
    return reading.value


def _entries(reading: Reading | None, kind: DocumentKind) -> CheckedValue:
    """The entries of a file, each checked by itself, so that a flood of faults hides none."""
    items = (_value(reading) or {}).get(kind)
    if not isinstance(items, list):
        return CheckedValue(value=None, faults=())
    faults = tuple(
        (kind, position, *fault.pointer[2:])
        for position, item in enumerate(items)
        for fault in check({kind: [item]}, kind)
        if fault.pointer[2:]
    )
    return CheckedValue(value={kind: items}, faults=faults)


def _salvaged(file: File, around: Surroundings) -> Model | None:
    reading = read(file)
    if _value(reading) is None:
        return None
    reading = replace(reading, faults=[])
    given = around.given(file.path)
    if given is not None:
        reading = completed(reading, given)
    value = {} if reading.faults else _pruned(_value(reading) or {})
    if not value.get("model_id"):
        return None
    told = {name: value.get(name, value["model_id"] if name == "name" else "") for name in _NAMES}
    return model_of(file.path, 1, {**value, **told})


def _pruned(value: Mapping[str, Any]) -> dict[str, Any]:
    """A model without what its schema refuses, down to single entries."""
    pruned = dict(value)
    for _ in range(_TURNS):
        pointers = (fault.pointer for fault in check(pruned, "model"))
        refused = {pointer for pointer in pointers if pointer and not _is_name(pointer, pruned)}
        if not refused:
            return pruned
        pruned = _without(pruned, refused)
    return {name: pruned[name] for name in _NAMES if isinstance(pruned.get(name), str)}


def _is_name(pointer: Pointer, value: Mapping[str, Any]) -> bool:
    return len(pointer) == 1 and pointer[0] in _NAMES and isinstance(value[str(pointer[0])], str)


def _without(value: Any, refused: set[Pointer]) -> Any:  # noqa: ANN401 - any part of a document
    """A value less the refused parts; a mapping that is left with nothing goes as well."""
    here = {pointer[0] for pointer in refused if len(pointer) == 1}
    below: dict[str | int, set[Pointer]] = {}
    for pointer in refused:
        below.setdefault(pointer[0], set()).add(pointer[1:])
    items: Iterator[tuple[Any, Any]] = iter(value.items() if isinstance(value, dict) else enumerate(value))
    kept = {
        key: _without(item, below[key]) if key in below and isinstance(item, dict | list) else item
        for key, item in items
        if key not in here
    }
    kept = {key: item for key, item in kept.items() if key not in below or item not in ({}, [])}
    return kept if isinstance(value, dict) else list(kept.values())


def _linked(model: Model, fleet: Fleet) -> Model:
    """A model less the heads that are not declared; without any, nothing serves it."""
    heads = [head for head in model.heads if head in fleet.heads]
    if len(heads) == len(model.heads):
        return model
    return replace(
        model,
        priority_head=heads[0] if heads else "",
        fallback_heads=tuple(head for head in model.fallback_heads if head in heads[1:]),
        weights={head: weight for head, weight in model.weights.items() if head in heads},
        status=model.status if heads else "disabled",
        local_inference=model.local_inference and bool(heads),
    )
