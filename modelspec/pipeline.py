"""The compile, from top to bottom: files in, every fault named, one routing table out."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from modelspec.cache import Cache, Key, key_of
from modelspec.catalog import Catalog, Model, Names
from modelspec.diagnostic import Diagnostic, Severity
from modelspec.distinct import distinct
from modelspec.examine import Facts, Surroundings, examine_model
from modelspec.excess import without_excess
from modelspec.inherit import Defaults, read_defaults
from modelspec.judge import judge
from modelspec.link import link_catalog
from modelspec.load.find import File, Tree, read_tree
from modelspec.locate import Locator
from modelspec.parallel import each
from modelspec.rule import Scope, is_fixed
from modelspec.rules import RULES
from modelspec.setup import Setup, metadata_path, read_setup
from modelspec.told_once import told_once

_WORTH_KEEPING = 50
"""Facts are written anew when one file in this many has changed: writing costs more than examining a few again."""

_SURROUNDINGS = ("regions.yaml", "heads.yaml", "modelspec.yaml")
"""The files that one model file is checked against; the metadata schema is one more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A repository and every fault of it, in the order in which faults are shown."""

    tree: Tree
    diagnostics: Sequence[Diagnostic]
    locator: Locator

    @property
    def has_errors(self) -> bool:
        """Whether nothing may be emitted."""
        return any(found.severity is Severity.ERROR for found in self.diagnostics)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled(Checked):
    """A checked repository with what routing needs; `facts` are those of every model file by its path."""

    setup: Setup
    catalog: Catalog
    models: Sequence[Model]
    facts: Mapping[str, Facts]

    @property
    def is_linked(self) -> bool:
        """Whether every file could be read and every name looked up, so that each model has a route."""
        return not any(
            found.severity is Severity.ERROR and is_fixed(found.code) for found in self.diagnostics
        )


def validate(root: Path, *, today: date, cache: bool) -> Checked:
    """Find every fault of the repository at `root`; `today` decides which waivers have expired.

    Raises:
        OSError: the root cannot be opened.
    """
    with _without_collection():
        tree = read_tree(root)
        store = Cache.of(root) if cache else None
        if store is None:
            return _compile(tree, today)
        locator = Locator.of(tree)
        key = key_of(tree, _outside(tree, today, locator))
        diagnostics = store.result(key)
        if diagnostics is not None:
            return Checked(tree=tree, diagnostics=diagnostics, locator=locator)
        compiled = _compile(tree, today, store, key)
        store.keep_result(key, compiled.diagnostics)
        return compiled


def check(tree: Tree, *, today: date) -> Checked:
    """Find every fault of a repository that is not on disk yet, or not all of it."""
    with _without_collection():
        return _compile(tree, today)


def compile_fleet(root: Path, *, today: date, targets: Sequence[str] = ()) -> Compiled:
    """Check the repository and keep its models for routing; `targets` are gateways beside those of modelspec.yaml.

    Raises:
        OSError: the root cannot be opened.
    """
    return compile_tree(read_tree(root), today=today, targets=targets)


def compile_tree(
    tree: Tree, *, today: date, like: Compiled | None = None, targets: Sequence[str] = ()
) -> Compiled:
    """Check a repository that was read and keep its models for routing.

    `like` is another state of it. Where both check models against the same, the facts of the files that both have are
    taken over: the very same objects.
    """
    with _without_collection():
        return _compile(tree, today, like=like, keep_models=True, targets=targets)


def _compile(
    tree: Tree,
    today: date,
    store: Cache | None = None,
    key: Key | None = None,
    *,
    like: Compiled | None = None,
    keep_models: bool = False,
    targets: Sequence[str] = (),
) -> Compiled:
    locator = Locator.of(tree)
    setup = read_setup(tree, locator, targets)
    defaults = read_defaults(tree, locator)
    around = Surroundings(
        fleet=setup.fleet, metadata=setup.metadata, locator=locator, defaults=defaults.folders
    )
    known = _shared(tree, setup, like)
    if store is not None and key is not None:
        known.update(store.facts(key))
    new = [file for file in tree.models if file.path not in known]
    if keep_models:
        examined = [examine_model(file, around) for file in new]
    else:
        examined = each(new, lambda file: examine_model(file, around)._replace(model=None))
    known.update((one.path, one) for one in examined)
    facts = [known[file.path] for file in tree.models]
    if store is not None and key is not None and len(new) > len(facts) // _WORTH_KEEPING:
        store.keep_facts(key, facts)
    catalog = _catalog(tree, setup, defaults, facts)
    found = [*tree.faults, *setup.diagnostics, *defaults.diagnostics]
    found.extend(diagnostic for one in facts for diagnostic in one.diagnostics)
    found.extend(_across_models(catalog, locator))
    judged = judge(
        found,
        severities=setup.settings.rules,
        ignores=[
            *setup.ignores,
            *defaults.ignores,
            *(ignore for one in facts for ignore in one.ignores),
        ],
        waivers=setup.waivers,
        today=today,
        where=locator.span,
    )
    given = {file.path for file in tree.defaults.values() if file is not None}
    return Compiled(
        tree=tree,
        diagnostics=without_excess(distinct(told_once(judged, given))),
        locator=locator,
        setup=setup,
        catalog=catalog,
        models=[one.model for one in facts if one.model is not None],
        facts=known,
    )


def _shared(tree: Tree, setup: Setup, like: Compiled | None) -> dict[str, Facts]:
    """The facts of another state that hold in this one as well."""
    if like is None or not has_same_surroundings(tree, setup, like):
        return {}
    theirs = {file.path: file.data for file in like.tree.models}
    return {
        file.path: like.facts[file.path]
        for file in tree.models
        if theirs.get(file.path) == file.data and tree.layers(file.path) == like.tree.layers(file.path)
    }


def has_same_surroundings(tree: Tree, setup: Setup, like: Compiled) -> bool:
    """Whether model files are checked against the same in both states."""
    return (
        all(tree.fixed.get(name) == like.tree.fixed.get(name) for name in _SURROUNDINGS)
        and setup.metadata_file == like.setup.metadata_file
        and setup.settings.targets == like.setup.settings.targets
    )


def _across_models(catalog: Catalog, locator: Locator) -> Iterator[Diagnostic]:
    for code, finding in link_catalog(catalog):
        yield locator.diagnostic(code, Severity.ERROR, finding)
    for rule in RULES:
        if rule.scope is Scope.CATALOG and rule.check is not None:
            for finding in rule.check(catalog):
                yield locator.diagnostic(rule.code, rule.severity, finding)


def _catalog(tree: Tree, setup: Setup, defaults: Defaults, facts: Sequence[Facts]) -> Catalog:
    signatures = [one.signature for one in facts if one.signature is not None]
    unsound = {one.path: one.signature is None for one in facts if not one.is_sound}
    texts = {file.path: file.data.decode(errors="replace") for file in tree.models if file.path in unsound}
    # Defaults declare no name.
    unread = [
        path
        for path in tree.unread
        if path not in setup.readings and not path.rpartition("/")[2].startswith("_")
    ]
    return Catalog(
        fleet=setup.whole,
        signatures=signatures,
        names=Names(signatures),
        paths=[file.path for file in tree.models],
        broken=[*(text for path, text in texts.items() if unsound[path] or "aliases" in text), *unread],
        complete=not unsound and not unread and defaults.is_whole,
    )


def _outside(tree: Tree, today: date, locator: Locator) -> Iterator[bytes]:
    """What an answer depends on beside the files of the tree: the metadata schema, and the day where waivers count."""
    if "waivers.yaml" in tree.fixed:
        yield today.isoformat().encode()
    path = metadata_path(locator)
    if path is not None:
        file = tree.other(path)
        yield file.data if isinstance(file, File) else str(file).encode()


@contextmanager
def _without_collection() -> Iterator[None]:
    """Keep the garbage collector out: a compile makes many objects and no cycles worth looking for."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
