"""The program: from a folder to the routing table, and from the table to its artifacts.

    load ▶ check ▶ link ▶ rules ▶ settle ▶ route ▶ emit ▶ write

What makes it fast is `incremental.py`, which does the same without doing twice what was done before.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from modelspec.check.base import Policy
from modelspec.check.defaults import Defaults, read_defaults
from modelspec.check.examine import Facts, Surroundings, examine_model
from modelspec.check.setup import Setup, read_setup
from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.diagnose.refusal import Refusal, shown
from modelspec.diagnose.rule import OF_THE_DAY, is_early
from modelspec.diagnose.settle import BaseJudgement, Judgement, settle
from modelspec.diagnose.waiver import last_day
from modelspec.fleet.keys import without_refused
from modelspec.fleet.link_model import link_catalog
from modelspec.fleet.model import Catalog, Model, Names
from modelspec.fleet.reach import unproved_sites
from modelspec.fleet.settings import Settings
from modelspec.load.find import File, Tree
from modelspec.load.locate import Locator
from modelspec.routing.route import route
from modelspec.routing.table import RoutingTable
from modelspec.rules import SCOPES, across_models
from modelspec.text.source import Source, stored

if TYPE_CHECKING:  # only a build pays for what emits
    from modelspec.emit import Origin
    from modelspec.emit.artifact import Artifact
    from modelspec.fleet.client_keys import ClientKey
    from modelspec.site import SiteContext
    from modelspec.write import Stale, Written


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

    def sources(self) -> Callable[[str], Source | None]:
        """By the path of a diagnostic, what may be shown of the text of its file."""
        unread = {found.path for found in self.diagnostics if found.code.startswith("MS0")}
        return lambda path: self.locator.source(path, is_sound=path not in unread)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a compiled repository was made from, for whoever recognises the files of an earlier build by it.

    `basis` is the digest of all but the models, `sources` leads from the id of a model to what its file says,
    `whole` is the digest of everything, the day included.
    """

    basis: str
    sources: Mapping[str, str]
    whole: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled(Checked):
    """A checked repository and its routing table; `facts` are those of every model file by its path.

    `table` is None where a file could not be read or a name not be looked up: then not every model has a route.
    """

    setup: Setup
    catalog: Catalog
    models: Sequence[Model]
    facts: Mapping[str, Facts]
    table: RoutingTable | None
    provenance: Provenance | None = None


Examine = Callable[[Sequence[File], Surroundings], list[Facts]]
"""Model files to what each of them says by itself, in their order."""

Route = Callable[[Catalog, Iterable[Model]], RoutingTable]

ReadSetup = Callable[[Tree, Locator, Sequence[str]], Setup]


def examine_each(files: Sequence[File], around: Surroundings) -> list[Facts]:
    """Load, check and link each model file, and ask the rules about one model of it."""
    return [examine_model(file, around) for file in files]


def compile_tree(
    tree: Tree,
    *,
    today: date,
    targets: Sequence[str] = (),
    examine: Examine = examine_each,
    route: Route | None = route,
    policy: Policy | None = None,
    setup_of: ReadSetup = read_setup,
) -> Compiled:
    """Compile the files of a repository; `today` decides which waivers have expired.

    `targets` are gateways beside those of modelspec.yaml. Without `route`, faults are all that is asked for. `policy`
    judges the repository beside its own: what it calls an error is shown as that.
    """
    with without_collection():
        locator = Locator.of(tree)
        setup = setup_of(tree, locator, targets)  # load, check and link all but the models
        defaults = read_defaults(tree, locator)
        own = setup.settings, setup.metadata_file
        policy = policy if policy is not None and policy.differs(*own) else None
        base = policy.over(setup) if policy is not None and policy.finds_otherwise(*own) else None
        around = Surroundings(setup=setup, locator=locator, defaults=defaults.folders, base=base)
        facts = examine(tree.models, around)  # load, check and link each model, and ask the rules about it
        catalog = _catalog(tree, setup, defaults, facts, today)
        shared = [
            *tree.notes,
            *(fault for part in (tree.faults, setup.diagnostics, defaults.diagnostics) for fault in part),
            *(locator.diagnostic(code, Severity.ERROR, found) for code, found in link_catalog(catalog)),
        ]
        diagnostics = settle(
            _judgement(setup, catalog, locator, today, [*shared, *_of_models(facts)]),
            base=None if policy is None else _of_base(policy, setup, catalog, locator, today, shared, facts),
            ignores=[*setup.ignores, *defaults.ignores, *(ignore for one in facts for ignore in one.ignores)],
            waivers=setup.waivers,
            today=today,
            where=locator.span,
            scopes=SCOPES,
            defaults={file.path for file in tree.defaults.values() if file is not None},
        )
        models = [one.model for one in facts if one.model is not None]
        if any(found.hidden is not None and found.severity is Severity.ERROR for found in diagnostics):
            # What is refused may be a key: nothing is built, but a plan says what it can.
            models = [without_refused(model, setup.settings.secret_folders) for model in models]
        table = None if route is None or _is_broken(diagnostics) else route(catalog, models)
    return Compiled(
        tree=tree,
        diagnostics=diagnostics,
        locator=locator,
        setup=setup,
        catalog=catalog,
        models=models,
        facts={one.path: one for one in facts},
        table=table,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """All that emitting needs: the compiled repository, as large again, can be let go of."""

    table: RoutingTable
    origin: "Origin"
    context: "SiteContext"
    settings: Settings
    client_keys: "tuple[ClientKey, ...] | None"
    key_set: str
    litellm: Mapping[str, object]
    root: Path
    provenance: Provenance | None = None


def emission_of(compiled: Compiled, *, commit: str | None = None, commit_date: str | None = None) -> Emission:
    """What is to be emitted of a repository.

    Raises:
        ValueError: it has errors; nothing is emitted then.
    """
    from modelspec.emit import Origin
    from modelspec.site import FormFacts, SiteContext

    if compiled.has_errors or compiled.table is None:
        raise ValueError("nothing is emitted where there is an error")
    settings = compiled.setup.settings
    return Emission(
        table=compiled.table,
        origin=Origin(
            digest=_digest(compiled.tree, compiled.setup.key_set_file, compiled.setup.litellm_file),
            commit=commit,
            commit_date=commit_date,
        ),
        context=SiteContext.of(
            settings,
            diagnostics=[found for found in compiled.diagnostics if found.code not in OF_THE_DAY],
            waivers=compiled.setup.waivers,
            unproved={
                signature.model_id: tuple(subject for subject, _ in sites)
                for signature, sites in unproved_sites(compiled.catalog)
            },
            head_lines={
                head.head_id: compiled.locator.span(head.place).line
                for head in compiled.setup.fleet.heads.values()
            },
            region_lines={
                region.code: compiled.locator.span(region.place).line
                for region in compiled.setup.fleet.regions.values()
            },
            commit=commit,
            commit_date=commit_date,
        ).knowing(FormFacts.of(compiled.setup, compiled.tree.defaults)),
        settings=settings,
        client_keys=compiled.setup.fleet.client_keys,
        key_set=compiled.setup.key_set,
        litellm=compiled.setup.litellm,
        root=compiled.tree.root,
        provenance=compiled.provenance,
    )


def emit(emission: Emission) -> "Iterator[Artifact]":
    """Every file of the output but the manifest, in memory one at a time."""
    from modelspec.emit import emit as emit_tables
    from modelspec.gateways.emit import emit_gateways
    from modelspec.site.emit import emit as emit_site

    settings = emission.settings
    yield from emit_tables(emission.table, emission.context.base_path)
    yield from emit_site(emission.table, emission.context)
    yield from emit_gateways(
        emission.table,
        settings.targets,
        {**settings.target_options, "prometheus": {"scraped": settings.scraped}},
        settings.edges,
        emission.origin,
        emission.client_keys,
        emission.key_set,
        emission.litellm,
    )


def write(emission: Emission, output: Path) -> "Written | Refusal":
    """Replace the output folder as a whole, or leave it as it was and say why."""
    from modelspec.write import write_tree

    return write_tree(output, emit(emission), manifest=manifest_of(emission), root=emission.root)


def stale_files(emission: Emission, output: Path) -> "list[Stale] | Refusal":
    """What `write` would change."""
    from modelspec.write import stale

    return stale(output, emit(emission), manifest=manifest_of(emission), root=emission.root)


def configured_output(checked: Checked, settings: Settings) -> Path | Refusal:
    """The folder that modelspec.yaml names, or `dist`; never outside of the repository, whatever links stand there."""
    root = checked.tree.root.resolve()
    output = root / settings.output
    if not output.parent.resolve().is_relative_to(root):
        return Refusal(
            message=f"the output folder {shown(settings.output)} is outside the repository",
            help="set a folder inside the repository in modelspec.yaml, or pass any folder with --output",
        )
    return output


def manifest_of(emission: Emission) -> "Callable[[Mapping[str, str]], Artifact]":
    """What makes the manifest from the sha256 of every file by its path."""
    from modelspec.emit import manifest

    return lambda files: manifest(files, emission.origin)


def _digest(tree: Tree, *more: File | None) -> str:
    """Of every file that an output is made from, in the order of the paths."""
    digest = sha256()
    for file in sorted((*tree.files, *filter(None, more)), key=lambda file: file.path):
        digest.update(f"{file.path} {sha256(stored(file.data)).hexdigest()}\n".encode())
    return digest.hexdigest()


_OF_METADATA = ("MS109", "MS110")


def _of_models(facts: Sequence[Facts]) -> Iterator[Diagnostic]:
    return (found for one in facts for found in one.diagnostics)


def _of_base(
    policy: Policy,
    setup: Setup,
    catalog: Catalog,
    locator: Locator,
    today: date,
    shared: Sequence[Diagnostic],
    facts: Sequence[Facts],
) -> BaseJudgement:
    found = [
        *shared,
        *(found for one in facts for found in (one.diagnostics if one.by_base is None else one.by_base)),
        *(locator.diagnostic("MS808", Severity.ERROR, found) for found in policy.faults(setup, today)),
    ]
    return BaseJudgement(
        judgement=_judgement(policy.over(setup), catalog, locator, today, found),
        label=policy.label,
        strict=policy.strict,
    )


def _judgement(
    setup: Setup, catalog: Catalog, locator: Locator, today: date, found: Sequence[Diagnostic]
) -> Judgement:
    """What the policy of a setup makes of the repository."""
    under = catalog if setup.whole is catalog.fleet else replace(catalog, fleet=setup.whole)
    across = (locator.diagnostic(code, severity, one) for code, severity, one in across_models(under))
    return Judgement(
        diagnostics=[*found, *across],
        severities=setup.settings.rules,
        latest=last_day(today, setup.settings.guards.max_waiver_days),
    )


def _is_broken(diagnostics: Sequence[Diagnostic]) -> bool:
    """Whether a file could not be read or a name not be looked up; metadata leads nowhere."""
    return any(
        found.severity is Severity.ERROR and is_early(found.code) and found.code not in _OF_METADATA
        for found in diagnostics
    )


def _catalog(tree: Tree, setup: Setup, defaults: Defaults, facts: Sequence[Facts], today: date) -> Catalog:
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
        paths=[file.path for file in (*tree.models, *filter(None, tree.defaults.values()))]
        if tree.models
        else [],
        broken=[*(text for path, text in texts.items() if unsound[path] or "aliases" in text), *unread],
        complete=not unsound and not unread and defaults.is_whole,
        day=today.isoformat(),
    )


@contextmanager
def without_collection() -> Iterator[None]:
    """Keep the garbage collector out: a compile makes many objects and no cycles worth looking for."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
