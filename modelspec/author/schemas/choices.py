"""The names that a repository declares, as choices for an editor."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from modelspec.check.setup import Setup, read_setup
from modelspec.diagnose.rule import is_fixed
from modelspec.fleet.model import Head, Model, Region, prefix_of
from modelspec.load.defaults import merged
from modelspec.load.find import DEFAULTS, Tree, read_tree
from modelspec.load.locate import Locator
from modelspec.report.printable import without_secrets
from modelspec.rules import RULES
from modelspec.schema import DOCUMENT_KINDS, DocumentKind
from modelspec.schema.documents import schema_of
from modelspec.schema.engine import compiled
from modelspec.text.quote import visible


class NameKind(Enum):
    """What may be used at a place; the value is the name of its definition in the schemas for editors."""

    REGION = "declaredRegion"
    HEAD = "declaredHead"
    HEAD_OR_REGION = "declaredHeadOrRegion"
    MODEL = "declaredModel"
    SENT = "sentName"
    SUBJECT = "waivedSubject"
    RULE = "waivableRule"
    TIERS = "declaredTier"
    HEAD_KEYS = "headKeys"
    RULE_KEYS = "ruleKeys"
    METADATA = "metadata"


_OF_MODELS: Mapping[str, NameKind] = {
    "region": NameKind.REGION,
    "priority_head": NameKind.HEAD,
    "fallback_heads[]": NameKind.HEAD,
    "load_balancing.weights": NameKind.HEAD_KEYS,
    "upstream_region": NameKind.REGION,
    "deployments[].region": NameKind.REGION,
    "fallback_models[]": NameKind.MODEL,
    "fallback_models.error[]": NameKind.MODEL,
    "fallback_models.context_window[]": NameKind.MODEL,
    "fallback_models.content_policy[]": NameKind.MODEL,
    "access.client_regions[]": NameKind.REGION,
    "replaced_by": NameKind.MODEL,
    "metadata": NameKind.METADATA,
}

PLACES: Mapping[DocumentKind, Mapping[str, NameKind]] = {
    "model": _OF_MODELS,
    "defaults": _OF_MODELS,
    "regions": {"regions[].residency[]": NameKind.REGION},
    "heads": {"heads[].region": NameKind.REGION},
    "modelspec": {"edges[].region": NameKind.REGION, "rules": NameKind.RULE_KEYS},
    "routes.test": {
        "tests[].model": NameKind.SENT,
        "tests[].from": NameKind.REGION,
        "tests[].down[]": NameKind.HEAD_OR_REGION,
        "tests[].expect.head": NameKind.HEAD,
        "tests[].expect.tiers[]": NameKind.TIERS,
        "tests[].expect.region": NameKind.REGION,
        "tests[].expect.reach_within[]": NameKind.REGION,
    },
    "waivers": {"waivers[].rule": NameKind.RULE, "waivers[].subject": NameKind.SUBJECT},
    "keys": {},
}
"""By the path of the field, in which `[]` stands for the items of a list."""


def kind_of(path: str) -> DocumentKind:
    """The kind of document at a path, which is relative to the root."""
    if path.rpartition("/")[2] == DEFAULTS:
        return "defaults"
    return next((kind for kind in DOCUMENT_KINDS if path == f"{kind}.yaml"), "model")


def steps(path: str) -> list[str]:
    """The steps of a path: names of fields, and `[]`."""
    return path.replace("[]", ".[]").split(".")


_LONGEST = 200
"""The most characters of the description of a choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A value, and the description that an editor shows beside it."""

    value: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Everything that a repository declares, as far as it can be read, without secrets.

    `regions` and `heads` are in the order of their files, `models` and `aliases` in the order of their names.
    `complete` is False if a region or head may be missing: then any other name is accepted too. `metadata` is the
    organisation's own schema. `defaulted` are the fields that some folder gives to its models, including nested ones.
    `notes` are messages about what was left out.
    """

    regions: tuple[Choice, ...] = ()
    heads: tuple[Choice, ...] = ()
    models: tuple[Choice, ...] = ()
    aliases: tuple[Choice, ...] = ()
    rules: tuple[Choice, ...] = ()
    complete: bool = False
    metadata: Mapping[str, Any] | None = None
    metadata_required: bool = False
    defaulted: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def choices_of(root: Path) -> Choices:
    """Read the repository at `root`, which may have faults: an editor is where they are fixed.

    Raises:
        OSError: the root cannot be opened.
    """
    tree = read_tree(root)
    locator = Locator.of(tree)
    setup = read_setup(tree, locator)
    regions = _sound("regionCode", map(_of_region, setup.fleet.regions.values()))
    heads = _sound("headId", map(_of_head, setup.fleet.heads.values()))
    complete = (
        setup.fleet.complete
        and len(regions) == len(setup.fleet.regions)
        and len(heads) == len(setup.fleet.heads)
    )
    models, aliases = _models(tree, locator)
    schema = setup.metadata
    return Choices(
        regions=regions,
        heads=heads,
        models=models,
        aliases=aliases,
        rules=_rules(),
        complete=complete,
        metadata=None if schema is None else schema.schema,
        metadata_required=schema is not None and not schema.validator.is_valid({}),
        defaulted=_defaulted(tree, locator),
        notes=tuple(_notes(tree, setup, regions, heads, complete=complete)),
    )


def choices_in(setup: Setup, models: Iterable[Model]) -> Choices:
    """The names that a compiled repository declares, in the words of `choices_of`."""
    by_id = {model.model_id: model for model in models}
    named = [_of_model(one.model_id, one.name, one.region, one.status) for _, one in sorted(by_id.items())]
    aliases = {
        alias: _choice(alias, f"alias of {_line(one.model_id)}")
        for one in by_id.values()
        for alias in one.aliases
        if alias not in by_id
    }
    return Choices(
        regions=_sound("regionCode", map(_of_region, setup.fleet.regions.values())),
        heads=_sound("headId", map(_of_head, setup.fleet.heads.values())),
        models=_sound("modelId", named),
        aliases=_sound("modelId", (aliases[name] for name in sorted(aliases))),
        rules=_rules(),
        complete=setup.fleet.complete,
        metadata=None if setup.metadata is None else setup.metadata.schema,
    )


def _rules() -> tuple[Choice, ...]:
    return tuple(_choice(rule.code, rule.title) for rule in RULES if not is_fixed(rule.code))


def _of_model(model_id: str, name: object, region: object, status: object) -> Choice:
    suffix = f", {status}" if status in ("deprecated", "disabled") else ""
    return _choice(model_id, f"{_line(name)} ({_line(region)}){suffix}")


def _of_region(region: Region) -> Choice:
    where = "" if region.residency is None else f"; served in {', '.join(region.residency)}"
    return _choice(region.code, f"{_line(region.title)}{where}")


def _of_head(head: Head) -> Choice:
    return _choice(head.head_id, f"{head.head_id} ({head.region}), {head.status}, {head.url}")


def _defaulted(tree: Tree, locator: Locator) -> Mapping[str, object]:
    """The defaults of all folders, merged: it only matters which fields there are."""
    fields: Mapping[str, object] = {}
    for file in filter(None, tree.defaults.values()):
        fields = merged(fields, locator.effective(file.path))
    return fields


def _models(tree: Tree, locator: Locator) -> tuple[tuple[Choice, ...], tuple[Choice, ...]]:
    """Every model with an id, and every alias; if two files declare a name, the first one counts."""
    models: dict[str, Choice] = {}
    aliases: dict[str, Choice] = {}
    for file in tree.models:
        value = locator.effective(file.path)
        locator.known.pop(file.path, None)  # thousands of them would take much memory
        model_id = value.get("model_id")
        if not isinstance(model_id, str):
            continue
        models.setdefault(
            model_id, _of_model(model_id, value.get("name"), value.get("region"), value.get("status"))
        )
        listed = value.get("aliases")
        for alias in listed if isinstance(listed, list) else ():
            if isinstance(alias, str):
                aliases.setdefault(alias, _choice(alias, f"alias of {_line(model_id)}"))
    own = _sound("modelId", (models[name] for name in sorted(models)))
    return own, _sound("modelId", (aliases[name] for name in sorted(aliases.keys() - models.keys())))


def _choice(value: str, text: str) -> Choice:
    return Choice(value=value, text=_line(text))


def _line(text: object) -> str:
    return visible(without_secrets(text), _LONGEST) if isinstance(text, str) else "?"


def _sound(form: str, choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """The choices whose values are valid names, and neither secrets nor wildcards, which clients cannot send."""
    fits = compiled({"$ref": f"#/$defs/{form}", "$defs": schema_of("model")["$defs"]})
    return tuple(
        choice
        for choice in choices
        if fits.is_valid(choice.value)
        and without_secrets(choice.value) == choice.value
        and prefix_of(choice.value) is None
    )


def _notes(
    tree: Tree, setup: Setup, regions: Iterable[Choice], heads: Iterable[Choice], *, complete: bool
) -> Iterator[str]:
    for name, choices, what in (("regions.yaml", regions, "regions"), ("heads.yaml", heads, "heads")):
        if not choices:
            yield f"no {what} could be read from {name}, so they are left out of the choices"
    if regions and heads and not complete:
        yield "not every region and head could be read, so other names are accepted too"
    if setup.settings.metadata_schema is not None and setup.metadata is None:
        yield "the metadata schema cannot be used, so any metadata is accepted"
    if tree.unread:
        yield f"files that could not be read: {len(tree.unread)}; run modelspec validate to see why"
