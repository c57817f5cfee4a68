"""The program without doing twice what was done before. Deleting this module changes no byte of any output.

Three ways, none of which is visible in an answer: what an earlier run found out is kept in the user's cache folder,
model files are examined in two processes, and two states of one repository share what they have in common.

The cache is two files of JSON for each root: `result`, the diagnostics of the whole repository, and `facts`, what each
model file gave. Both are keyed by the compiler, the schemas and the files with fixed names; the facts of a model file
also by its content and that of the defaults that it takes. Nothing is ever read from the repository itself, so a pull
request cannot plant an answer, and a cache that cannot be understood is as good as none.
"""

import os
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from modelspec import pipeline
from modelspec.cache.key import Basis, CacheKey, key_of
from modelspec.cache.outputs import KnownOutput
from modelspec.cache.routes import KnownRoutes
from modelspec.cache.store import Cache
from modelspec.check.base import Policy
from modelspec.check.examine import Facts, Surroundings, examine_model
from modelspec.check.own_settings import own_settings_path
from modelspec.check.setup import Setup, key_set_path, read_setup, settings_in
from modelspec.diagnose.refusal import Refusal
from modelspec.fleet.model import Catalog, Model
from modelspec.fleet.settings import Settings
from modelspec.load.find import File, Tree, read_tree
from modelspec.load.locate import Locator
from modelspec.pipeline import Checked, Compiled, Emission, Provenance, emit, examine_each
from modelspec.routing.route import route
from modelspec.routing.table import Route, RoutingTable

if TYPE_CHECKING:
    from modelspec.emit.artifact import Artifact
    from modelspec.write import Stale, Written

_WORTH_A_WRITER = 1_000
"""Models from which a second process that writes pays for itself."""

_MOST_LISTED = 30_000
"""Models up to which artifacts, all unmade, are listed once for both writers: with more, memory is worth more."""

_WORTH_KEEPING = 50
"""Facts are written anew when one file in this many has changed: writing costs more than examining a few again."""

_SURROUNDINGS = ("regions.yaml", "heads.yaml", "modelspec.yaml")
"""The files that one model file is checked against; the metadata schema is one more."""


def validate(root: Path, *, today: date, cache: bool, policy: Policy | None = None) -> Checked:
    """Find every fault of the repository at `root`; `today` decides which waivers have expired.

    `policy` is as in `pipeline.compile_tree`.

    Raises:
        OSError: the root cannot be opened.
    """
    tree = read_tree(root)
    store = Cache.of(root) if cache else None
    if store is None:
        return check(tree, today=today, policy=policy)
    locator = Locator.of(tree)
    settings = settings_in(locator)
    schema = _metadata(tree, settings)
    if policy is not None and not policy.differs(settings, schema):
        policy = None
    otherwise = policy is not None and policy.finds_otherwise(settings, schema)
    key = _key(tree, settings, today, Basis(policy=policy, is_of_models=otherwise))
    diagnostics = store.result(key)
    if diagnostics is not None:
        return Checked(tree=tree, diagnostics=diagnostics, locator=locator)
    examine = partial(_examine_unknown, known=store.facts(key), keep=partial(store.keep_facts, key))
    compiled = pipeline.compile_tree(tree, today=today, examine=examine, route=None, policy=policy)
    store.keep_result(key, compiled.diagnostics)
    return compiled


def _metadata(tree: Tree, settings: Settings) -> File | None:
    found = None if settings.metadata_schema is None else tree.other(settings.metadata_schema)
    return found if isinstance(found, File) else None


def _key(
    tree: Tree, settings: Settings, today: date, basis: Basis | None = None, more: Iterable[str] = ()
) -> CacheKey:
    """The key of a repository, with the files that its settings name."""
    outside = [tree.other(path) for path in _named(settings)]
    extra = [one.data if isinstance(one, File) else str(one).encode() for one in outside]
    return key_of(tree, [*extra, *(text.encode() for text in more)], basis or Basis(), today)


def _named(settings: Settings) -> list[str]:
    """The paths of the files that settings name."""
    named = (
        settings.metadata_schema,
        key_set_path(settings),
        own_settings_path(settings),
        settings.prices,
    )
    return [path for path in named if path]


def check(tree: Tree, *, today: date, policy: Policy | None = None) -> Checked:
    """Find every fault of a repository that was read, or is not on disk yet."""
    return pipeline.compile_tree(tree, today=today, examine=_examine_for_faults, route=None, policy=policy)


def compile_fleet(root: Path, *, today: date, targets: Sequence[str] = ()) -> Compiled:
    """Compile the repository at `root`; `targets` are gateways beside those of modelspec.yaml.

    Raises:
        OSError: the root cannot be opened.
    """
    return compile_tree(read_tree(root), today=today, targets=targets)


@pipeline.without_collection()
def compile_to_build(root: Path, *, today: date, targets: Sequence[str] = (), cache: bool = True) -> Compiled:
    """The same, to be built: with the routes of the files that have not changed since the last build.

    `models` and `facts` then have only models that were examined now, which a build does not ask for.

    Raises:
        OSError: the root cannot be opened.
    """
    tree = read_tree(root)
    store = Cache.of(root) if cache else None
    if store is None:
        return pipeline.compile_tree(tree, today=today, targets=targets, examine=_examine_models)
    key = _key(tree, settings_in(Locator.of(tree)), today, more=targets)
    known = KnownRoutes.of(store, key)
    compiled = pipeline.compile_tree(
        tree, today=today, targets=targets, examine=partial(_examine_to_route, known=known), route=known.route
    )
    store.keep_result(key, compiled.diagnostics)
    if compiled.table is not None and not compiled.has_errors:
        known.keep(compiled.facts.values(), compiled.table)
    sources = {model_id: f"{key.models[path]} {path}" for model_id, path in known.paths.items()}
    return replace(compiled, provenance=Provenance(basis=key.surroundings, sources=sources, whole=key.whole))


def _examine_to_route(files: Sequence[File], around: Surroundings, *, known: KnownRoutes) -> list[Facts]:
    new = {one.path: one for one in _examine_models([f for f in files if f.path not in known.facts], around)}
    return [new.get(file.path) or known.facts[file.path] for file in files]


def _examine_models(files: Sequence[File], around: Surroundings) -> list[Facts]:
    return each(files, partial(examine_model, around=around))


@pipeline.without_collection()
def write(emission: Emission, output: Path) -> "Written | Refusal":
    """As `pipeline.write`, with the files of the last build that are still right linked, and in two processes."""
    from modelspec.write import write_tree  # noqa: PLC0415 - only a build pays for what emits

    store, known = _known_output(emission, output)
    written = write_tree(
        output,
        list(emit(emission)) if len(emission.table.routes) <= _MOST_LISTED else _Artifacts(emission),
        manifest=pipeline.manifest_of(emission),
        root=emission.root,
        earlier=known,
        writers=2 if len(emission.table.routes) >= _WORTH_A_WRITER else 1,
    )
    if known is not None and store is not None and not isinstance(written, Refusal):
        known.keep(store, _kind(output), written.records, _whole(emission))
    return written


@pipeline.without_collection()
def stale_files(emission: Emission, output: Path) -> "list[Stale] | Refusal":
    """As `pipeline.stale_files`: a file whose content is known is hashed, and its artifact not made."""
    from modelspec.write import stale  # noqa: PLC0415 - as above

    _, known = _known_output(emission, output)
    return stale(
        output, emit(emission), manifest=pipeline.manifest_of(emission), root=emission.root, earlier=known
    )


@pipeline.without_collection()
def fresh_output(
    root: Path,
    *,
    today: date,
    targets: Sequence[str],
    output: Path | None,
    origin: tuple[str | None, str | None],
) -> tuple[Checked, Path] | None:
    """What is wrong with a repository, and its output, if that was built of this very repository, and no byte differs.

    `origin` is the commit and its date; where they are None, those that the output names. None: it is not known.

    Raises:
        OSError: the root cannot be opened.
    """
    from modelspec.write import is_intact, read_origin  # noqa: PLC0415 - as above

    tree = read_tree(root)
    store = Cache.of(root)
    if store is None:
        return None
    locator = Locator.of(tree)
    settings = settings_in(locator)
    key = _key(tree, settings, today, more=targets)
    diagnostics = store.result(key)
    if diagnostics is None:
        return None
    checked = Checked(tree=tree, diagnostics=diagnostics, locator=locator)
    place = output or pipeline.configured_output(checked, settings)
    if checked.has_errors or isinstance(place, Refusal):
        return None
    recorded = read_origin(place)
    commit, commit_date = origin[0] or recorded[0], origin[1] or recorded[1]
    records = KnownOutput.built_of(store.sealed(_kind(place)), f"{key.whole} {commit} {commit_date}")
    if not records or not is_intact(place, records, root=root, each=partial(each, at_least=WORTH_A_FORK)):
        return None
    return checked, place


@dataclass(frozen=True, slots=True)
class _Artifacts:
    """All artifacts, as often as they are asked for."""

    emission: Emission

    def __iter__(self) -> Iterator["Artifact"]:
        return emit(self.emission)


def _known_output(emission: Emission, output: Path) -> tuple[Cache | None, KnownOutput | None]:
    store = None if emission.provenance is None else Cache.of(emission.root)
    if store is None or emission.provenance is None:
        return None, None
    from modelspec.site.frame import rendered_by  # noqa: PLC0415 - as above

    basis = f"{emission.provenance.basis} {rendered_by()}"
    unproved = emission.context.unproved
    sources = emission.provenance.sources
    models = {
        one.model_id: sha256(
            f"{sources[one.model_id]} {one.reach} {unproved.get(one.model_id)}".encode()
        ).hexdigest()[:40]
        for one in emission.table.routes
    }
    stored = store.sealed(_kind(output))
    return store, KnownOutput.of(stored, basis, models)


def _kind(output: Path) -> str:
    return f"output-{sha256(os.fsencode(os.path.realpath(output))).hexdigest()[:16]}"


def _whole(emission: Emission) -> str:
    assert emission.provenance is not None
    origin = emission.origin
    since = "" if emission.context.since is None else f" {emission.context.since}"
    return f"{emission.provenance.whole} {origin.commit} {origin.commit_date}{since}"


def compile_tree(
    tree: Tree,
    *,
    today: date,
    like: Compiled | None = None,
    targets: Sequence[str] = (),
    policy: Policy | None = None,
) -> Compiled:
    """Compile a repository that was read; `policy` is as in `pipeline.compile_tree`.

    `like` is another state of it. Where both check models against the same, the facts and routes of the files that both
    have are taken over: the very same objects, so that what is the same object has not changed.
    """
    if like is None:
        return pipeline.compile_tree(tree, today=today, targets=targets, policy=policy)
    likeness = _Likeness(tree, like)
    return pipeline.compile_tree(
        tree,
        today=today,
        targets=targets,
        examine=likeness.examine,
        route=likeness.route,
        setup_of=likeness.setup,
    )


def _examine_for_faults(files: Sequence[File], around: Surroundings) -> list[Facts]:
    """Without the models, which nothing needs that only looks for faults: a process hands over less."""
    return each(files, lambda file: examine_model(file, around)._replace(model=None))


def _examine_unknown(
    files: Sequence[File],
    around: Surroundings,
    *,
    known: Mapping[str, Facts],
    keep: Callable[[Sequence[Facts]], None],
) -> list[Facts]:
    new = {one.path: one for one in _examine_for_faults([f for f in files if f.path not in known], around)}
    facts = [new.get(file.path) or known[file.path] for file in files]
    if len(new) > len(facts) // _WORTH_KEEPING:
        keep(facts)
    return facts


class _Likeness:
    """What a state takes over from another one."""

    def __init__(self, tree: Tree, like: Compiled) -> None:
        self._tree = tree
        self._like = like
        self._is_alike = False

    def setup(self, tree: Tree, locator: Locator, targets: Sequence[str]) -> Setup:
        """The other state's, where all that it was made of is the same; also what was read of files that both have."""
        like = self._like
        locator.known.update(
            (path, one) for path, one in like.locator.known.items() if locator.files.get(path) == one.file
        )
        settings = settings_in(locator)
        theirs = like.setup
        named = {path: tree.other(path) for path in _named(settings)}
        sources = (*like.locator.files.values(), theirs.metadata_file, theirs.key_set_file)
        known = {one.path: one for one in sources if one is not None and one.path in named}
        if (
            tree.fixed != like.tree.fixed
            or tree.unread != like.tree.unread
            or tuple(dict.fromkeys((*settings.targets, *targets))) != theirs.settings.targets
            or named != known
        ):
            return read_setup(tree, locator, targets)
        for path in (own_settings_path(settings), settings.prices):
            if path is not None:
                locator.add(known[path])
        return theirs

    def examine(self, files: Sequence[File], around: Surroundings) -> list[Facts]:
        """With the other state's facts of the files that both have, where both check models against the same."""
        tree, like = self._tree, self._like
        self._is_alike = _has_same_surroundings(tree, around.setup, like)
        known: dict[str, Facts] = {}
        if self._is_alike:
            theirs = {file.path: file for file in like.tree.models}
            is_given_the_same = tree.defaults == like.tree.defaults
            known = {
                file.path: like.facts[file.path]
                for file in files
                if theirs.get(file.path) == file
                and (is_given_the_same or tree.layers(file.path) == like.tree.layers(file.path))
            }
        new = {one.path: one for one in examine_each([f for f in files if f.path not in known], around)}
        return [new.get(file.path) or known[file.path] for file in files]

    def route(self, catalog: Catalog, models: Iterable[Model]) -> RoutingTable:
        """With the other state's routes of the very same models."""
        known: dict[str, tuple[Model, Route]] = {}
        if self._is_alike and self._like.table is not None:
            theirs = {model.model_id: model for model in self._like.models}
            known = {one.model_id: (theirs[one.model_id], one) for one in self._like.table.routes}
        return route(catalog, models, known=known)


def _has_same_surroundings(tree: Tree, setup: Setup, like: Compiled) -> bool:
    """Whether model files are checked against the same in both states."""
    return setup is like.setup or (
        all(tree.fixed.get(name) == like.tree.fixed.get(name) for name in _SURROUNDINGS)
        and setup.metadata_file == like.setup.metadata_file
        and setup.settings.targets == like.setup.settings.targets
    )


Item = TypeVar("Item")
Result = TypeVar("Result")

WORTH_A_FORK = 3_000
"""Items from which a second process pays for itself, as docs/performance.md measures: with fewer, carrying its
results over costs more than it saves."""


def each(
    items: Sequence[Item], work: Callable[[Item], Result], *, at_least: int = WORTH_A_FORK
) -> list[Result]:
    """The results of `work` in the order of the items.

    From `at_least` items on, the second half is done by a child process, if there is a processor for it. Then results
    must be picklable, and what `work` changes outside of its result is lost.
    """
    # A fork is what makes it cheap, and only Linux programs are known to survive one whatever they have loaded.
    if len(items) < at_least or sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:  # noqa: PLR2004
        return [work(item) for item in items]
    middle = len(items) // 2
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _serve(writing, items[middle:], work)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as stream:
            first = [work(item) for item in items[:middle]]
            sent = stream.read()
    finally:
        _, status = os.waitpid(child, 0)
    if status:
        # It failed where this process would fail too, and report why.
        return first + [work(item) for item in items[middle:]]
    second: list[Result] = pickle.loads(sent)  # noqa: S301 - written by our own child, through a pipe of ours
    return first + second


def _serve(writing: int, items: Sequence[Item], work: Callable[[Item], Result]) -> NoReturn:
    """Do the child's part and end, without the clean-up that is the parent's."""
    status = 1
    try:
        sent = pickle.dumps([work(item) for item in items], protocol=pickle.HIGHEST_PROTOCOL)
        with os.fdopen(writing, "wb") as stream:
            stream.write(sent)
        status = 0
    finally:
        os._exit(status)
