"""The base of a change: the policy by which it judges, and what this version understands of it.

The policy that judges a change is that of its base. What this version refuses of the base is left out, value by value,
so that a change is still compared with the rest.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any

from modelspec.check.defaults import read_defaults
from modelspec.check.examine import Facts, Surroundings, completed
from modelspec.check.setup import Setup, metadata_schema, settings_in
from modelspec.diagnose.diagnostic import Label
from modelspec.diagnose.rule import Finding, is_fixed, is_guard
from modelspec.diagnose.waiver import APPROVAL, is_waived, last_day, waiver_entry
from modelspec.fleet.keys import without_refused
from modelspec.fleet.link_fleet import CheckedValue, link_fleet
from modelspec.fleet.link_model import model_of, signature_of
from modelspec.fleet.model import Catalog, Fleet, Model, Names
from modelspec.fleet.settings import Settings
from modelspec.load import Reading, read
from modelspec.load.find import DEFAULTS, MODELS, File, Tree
from modelspec.load.locate import Locator
from modelspec.schema import DocumentKind, MetadataSchema, check
from modelspec.text.document import Place, Pointer
from modelspec.text.quote import quote
from modelspec.text.source import Span

_FILE = "modelspec.yaml"

_DECIDED_BY = {
    "MS109": "metadata_schema",
    "MS504": "secret_folders",
    "MS514": "key_policy",
    "MS515": "key_policy",
}
"""The field of modelspec.yaml that a rule reads beside its severity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Severities, key policy, secret folders, metadata schema and the life of waivers, as the state `title` has them.

    Nothing is known of what stands in the files `unreadable`. With `strict`, its warnings count as its errors do.
    """

    title: str
    settings: Settings
    metadata: MetadataSchema | None
    metadata_file: File | None
    locator: Locator
    unreadable: Sequence[str]
    strict: bool

    def differs(self, settings: Settings, metadata: File | None) -> bool:
        """Whether it may judge otherwise than the policy of these settings and their metadata schema."""
        if self.unreadable:
            return True
        lives = {one.guards.max_waiver_days for one in (self.settings, settings)}
        return (
            self.settings.rules != settings.rules
            or len(lives) > 1
            or self.finds_otherwise(settings, metadata)
        )

    def finds_otherwise(self, settings: Settings, metadata: File | None) -> bool:
        """Whether models have other findings under it, whatever their severities."""
        schemas = {None if file is None else file.data for file in (self.metadata_file, metadata)}
        return (
            self.settings.key_policy != settings.key_policy
            or self.settings.secret_folders != settings.secret_folders
            or len(schemas) > 1
        )

    @property
    def digest(self) -> str:
        """Of all that it says."""
        mine = self.settings
        told = (
            self.title,
            sorted(mine.rules.items()),
            mine.guards.max_waiver_days,
            mine.key_policy,
            mine.secret_folders,
            self.unreadable,
            self.strict,
        )
        digest = sha256(repr(told).encode(errors="backslashreplace"))
        digest.update(b"" if self.metadata_file is None else self.metadata_file.data)
        return digest.hexdigest()

    def over(self, setup: Setup) -> Setup:
        """A setup with this policy in the place of its own."""
        mine = self.settings

        def told(fleet: Fleet) -> Fleet:
            return replace(fleet, key_policy=mine.key_policy, secret_folders=mine.secret_folders)

        return replace(
            setup,
            settings=replace(setup.settings, rules=mine.rules, guards=mine.guards),
            fleet=told(setup.fleet),
            whole=told(setup.whole),
            metadata=self.metadata,
            metadata_file=self.metadata_file,
        )

    def faults(self, setup: Setup, today: date) -> Iterator[Finding]:
        """That the base cannot judge by files that cannot be read, less those that waivers allow for.

        Where the settings of the change have such a fault too, that is reported.
        """
        latest = last_day(today, self.settings.guards.max_waiver_days)
        if any(is_fixed(found.code) and found.path == _FILE for found in setup.diagnostics):
            return
        for path in self.unreadable:
            if not is_waived(setup.waivers, UNREADABLE, path, today, latest):
                yield unreadable_base(path, self.title, today)

    def label(self, code: str, why: str) -> Label | None:
        """The line that makes a `finding` one or, where others find the same, decides its `severity`."""
        if is_guard(code):
            return None
        field = _DECIDED_BY.get(code)
        if code == "MS616":
            pointer: Pointer = ("guards", "max_waiver_days")
        else:
            pointer = ("rules", code) if why == "severity" or field is None else (field,)
        reading = self.locator.reading(_FILE)
        value: object = None if reading is None else reading.value
        for part in pointer:
            value = value.get(part) if isinstance(value, dict) else None
        is_set = value is not None
        place = Place(path=_FILE, pointer=pointer, on_key=True)
        span = self.locator.span(place) if is_set else Span(1, 1, 1, 2)
        text = (
            "decides this"
            if is_set
            else f"does not set {'.'.join(map(str, pointer))}: the default decides this"
        )
        return Label(path=f"{self.title}:{_FILE}", span=span, text=text)


def policy_of(tree: Tree, commit: str, *, strict: bool = False) -> Policy:
    """The policy of a commit, less what of it this version refuses."""
    locator = Locator.of(tree)
    settings = settings_in(locator)
    file, metadata, objections = metadata_schema(tree, settings, locator)
    reading = locator.reading(_FILE)
    is_read = _FILE not in tree.unread and (reading is None or isinstance(reading.value, dict))
    unreadable = [*([] if is_read else [_FILE]), *([settings.metadata_schema or ""] if objections else [])]
    return Policy(
        title=f"base {commit[:7]}",
        settings=settings,
        metadata=metadata,
        metadata_file=file,
        locator=locator,
        unreadable=unreadable,
        strict=strict,
    )


UNREADABLE = "unreadable_base"
"""The guard of MS808, as waivers name it."""


def unreadable_base(path: str, title: str, today: date) -> Finding:
    """MS808: what a file of the base says is not known."""
    entry = waiver_entry(UNREADABLE, path, today)
    return Finding(
        place=Place(path=path),
        message=f"{quote(path)} of the {title} cannot be read, so this change cannot be held against it ({UNREADABLE})",
        label="cannot be read in the base",
        help=f"correct it in the base first; {APPROVAL}{entry}",
        subject=path,
    )


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
            model = without_refused(_linked(model, fleet), setup.settings.secret_folders)
            models.setdefault(model.model_id, model)
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
    kept = [_kept(item, kind) for item in items]
    faults = tuple(
        (kind, position, *pointer) for position, item in enumerate(kept) for pointer in _refused(item, kind)
    )
    return CheckedValue(value={kind: kept}, faults=faults)


def _kept(item: object, kind: DocumentKind) -> object:
    """An entry less what is refused inside its fields; a residency of which nothing is left is that of its region.

    Without it, the region would be served from anywhere, and no change could widen that.
    """
    refused = _refused(item, kind)
    if not refused or not isinstance(item, dict):
        return item
    entry = _without(item, {pointer for pointer in refused if len(pointer) > 1})
    is_restricted = isinstance(entry.get("residency"), list) and ("residency",) not in refused
    if kind == "regions" and "residency" in item and not is_restricted:
        entry["residency"] = [item.get("code")]
    return entry


def _refused(entry: object, kind: DocumentKind) -> set[Pointer]:
    return {fault.pointer[2:] for fault in check({kind: [entry]}, kind) if fault.pointer[2:]}


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
