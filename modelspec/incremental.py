"""The program without doing twice what was done before. Deleting this module changes no byte of any output.

Three ways, none of which is visible in an answer: what an earlier run found out is kept in the user's cache folder,
model files are examined in two processes, and two states of one repository share what they have in common.

The cache is two files of JSON for each root: `result`, the diagnostics of the whole repository, and `facts`, what each
model file gave. Both are keyed by the compiler, the schemas and the files with fixed names; the facts of a model file
also by its content and that of the defaults that it takes. Nothing is ever read from the repository itself, so a pull
request cannot plant an answer, and a cache that cannot be understood is as good as none.
"""

import json
import os
import pickle
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from modelspec import __version__, pipeline
from modelspec.check.base import Policy
from modelspec.check.examine import (
    Facts,
    Surroundings,
    diagnostic_of,
    examine_model,
    facts_of,
    place_of,
    row_of,
)
from modelspec.check.own_settings import own_settings_path
from modelspec.check.setup import Setup, key_set_path, settings_in
from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.fleet.model import Catalog, Model
from modelspec.load.find import File, Tree, read_tree
from modelspec.load.locate import Locator
from modelspec.pipeline import Checked, Compiled, examine_each
from modelspec.routing.route import route
from modelspec.routing.table import Route, RoutingTable

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
    path = settings.metadata_schema
    metadata = None if path is None else tree.other(path)
    schema = metadata if isinstance(metadata, File) else None
    if policy is not None and not policy.differs(settings, schema):
        policy = None
    otherwise = policy is not None and policy.finds_otherwise(settings, schema)
    basis = Basis(policy=policy, is_of_models=otherwise)
    outside = [] if path is None else [metadata]
    others = key_set_path(settings), own_settings_path(settings), settings.prices
    outside += (tree.other(one) for one in others if one)
    extra = [one.data if isinstance(one, File) else str(one).encode() for one in outside]
    key = key_of(tree, extra, basis, today)
    diagnostics = store.result(key)
    if diagnostics is not None:
        return Checked(tree=tree, diagnostics=diagnostics, locator=locator)
    examine = partial(_examine_unknown, known=store.facts(key), keep=partial(store.keep_facts, key))
    compiled = pipeline.compile_tree(tree, today=today, examine=examine, route=None, policy=policy)
    store.keep_result(key, compiled.diagnostics)
    return compiled


def check(tree: Tree, *, today: date, policy: Policy | None = None) -> Checked:
    """Find every fault of a repository that was read, or is not on disk yet."""
    return pipeline.compile_tree(tree, today=today, examine=_examine_for_faults, route=None, policy=policy)


def compile_fleet(root: Path, *, today: date, targets: Sequence[str] = ()) -> Compiled:
    """Compile the repository at `root`; `targets` are gateways beside those of modelspec.yaml.

    Raises:
        OSError: the root cannot be opened.
    """
    return compile_tree(read_tree(root), today=today, targets=targets)


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
        tree, today=today, targets=targets, examine=likeness.examine, route=likeness.route
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

    def examine(self, files: Sequence[File], around: Surroundings) -> list[Facts]:
        """With the other state's facts of the files that both have, where both check models against the same."""
        tree, like = self._tree, self._like
        self._is_alike = _has_same_surroundings(tree, around.setup, like)
        known: dict[str, Facts] = {}
        if self._is_alike:
            theirs = {file.path: file.data for file in like.tree.models}
            known = {
                file.path: like.facts[file.path]
                for file in files
                if theirs.get(file.path) == file.data
                and tree.layers(file.path) == like.tree.layers(file.path)
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
    return (
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


_FORMAT = 4
_PACKAGE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The policy that judges beside the repository's own, if any; `is_of_models`: models have other findings by it."""

    policy: Policy | None = None
    is_of_models: bool = False

    def digest(self, *, of_models: bool) -> bytes:
        """Of what the facts of models, or an answer, depend on."""
        if self.policy is None or (of_models and not self.is_of_models):
            return b""
        return self.policy.digest.encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheKey:
    """What a cached answer depends on: all but the models, each model by its path, and everything.

    Facts under two policies are kept apart from those under one, so that neither takes the place of the other.
    """

    surroundings: str
    models: Mapping[str, str]
    whole: str
    facts: str


_NO_BASIS = Basis()


def key_of(
    tree: Tree, extra: Iterable[bytes], basis: Basis = _NO_BASIS, today: date | None = None
) -> CacheKey:
    """The key of a repository as it was read; `extra` is whatever else the answer depends on.

    `today` decides what has expired or passed, which no model knows by itself.
    """
    outer = sha256(f"{_FORMAT} {__version__} {_fingerprint()}\n".encode())
    for part in extra:
        outer.update(b"%d:" % len(part) + part)
    for name, file in sorted(tree.fixed.items()):
        outer.update(f"{name} {len(file.data)}\n".encode() + file.data)
    models = {file.path: _digest(tree, file) for file in tree.models}
    of_models = basis.digest(of_models=True)
    outer.update(of_models)
    surroundings = outer.hexdigest()
    outer.update(f"{today}\n".encode())
    outer.update(basis.digest(of_models=False))
    for folder, given in tree.defaults.items():
        outer.update(f"{folder} {'' if given is None else sha256(given.data).hexdigest()}\n".encode())
    outer.update("".join(f"{digest} {path}\n" for path, digest in models.items()).encode())
    for fault in (*tree.faults, *tree.notes):
        outer.update(f"{fault.code} {fault.path} {fault.message}\n".encode(errors="backslashreplace"))
    return CacheKey(
        surroundings=surroundings,
        models=models,
        whole=outer.hexdigest(),
        facts="facts-base" if of_models else "facts",
    )


def _digest(tree: Tree, model: File) -> str:
    """Of a model and of the defaults that it takes."""
    digest = sha256(model.data)
    for folder, file in tree.layers(model.path):
        # Where it ends is told apart by the length, and a file that is not there from an empty one.
        digest.update(b"\n-\n" if file is None else b"\n%d\n" % len(file.data))
        digest.update(folder.encode() + b"\n" + (b"" if file is None else file.data))
    return digest.hexdigest()


def _fingerprint() -> str:
    """What tells this compiler from others of its version: the content of its files, wherever they are installed."""
    digest = sha256()
    for top in (_PACKAGE, _PACKAGE.parent / "schemas"):
        for folder, folders, names in os.walk(top):
            folders.sort()
            for name in sorted(names):
                if not name.endswith(".pyc"):
                    content = Path(folder, name).read_bytes()
                    digest.update(f"{folder[len(str(top)) :]}/{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Cache:
    """The cached answers about one root."""

    folder: Path
    name: str

    @classmethod
    def of(cls, root: Path) -> "Cache | None":
        """The cache of a root, in the cache folder of the user; none for a user without a home."""
        # Only a run that uses the cache pays for this import.
        from platformdirs import user_cache_path  # noqa: PLC0415

        try:
            folder = user_cache_path("modelspec")
        except RuntimeError:
            return None
        if not folder.is_absolute():
            # It would lie in the current folder, which may be the repository itself.
            return None
        return cls(folder, sha256(os.fsencode(root.resolve())).hexdigest()[:32])

    def result(self, key: CacheKey) -> list[Diagnostic] | None:
        """The diagnostics of an unchanged repository."""
        stored = self._load("result")
        try:
            if stored is None or stored["key"] != key.whole:
                return None
            return [diagnostic_of(row) for row in stored["diagnostics"]]
        except (KeyError, TypeError, ValueError, IndexError):
            return None

    def facts(self, key: CacheKey) -> dict[str, Facts]:
        """The facts of every model file that has not changed, by path."""
        stored = self._load(key.facts)
        try:
            if stored is None or stored["key"] != key.surroundings:
                return {}
            models = key.models
            return {
                path: facts_of(path, *row)
                for path, (digest, *row) in stored["facts"].items()
                if models.get(path) == digest
            }
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            return {}

    def keep_result(self, key: CacheKey, diagnostics: Sequence[Diagnostic]) -> None:
        """Remember the diagnostics of a repository."""
        self._store("result", {"key": key.whole, "diagnostics": [row_of(found) for found in diagnostics]})

    def keep_facts(self, key: CacheKey, facts: Iterable[Facts]) -> None:
        """Remember the facts of every model file."""
        rows = {
            found.path: (
                key.models[found.path],
                None if found.signature is None else found.signature[1:],
                found.is_sound,
                [row_of(diagnostic) for diagnostic in found.diagnostics],
                [(i.codes, i.has_reason, place_of(i.span), i.line) for i in found.ignores],
                *(() if found.by_base is None else ([row_of(diagnostic) for diagnostic in found.by_base],)),
            )
            for found in facts
        }
        self._store(key.facts, {"key": key.surroundings, "facts": rows})

    def _load(self, kind: str) -> Any:  # noqa: ANN401 - JSON of any shape: a broken cache is still JSON
        try:
            return json.loads((self.folder / f"{self.name}.{kind}.json").read_bytes())
        except (OSError, ValueError, RecursionError):
            return None

    def _store(self, kind: str, content: Mapping[str, object]) -> None:
        target = self.folder / f"{self.name}.{kind}.json"
        draft = self.folder / f"{self.name}.{kind}.{os.getpid()}.tmp"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")
            draft.replace(target)
        except OSError:
            # A cache that cannot be written only costs time.
            with suppress(OSError):
                draft.unlink()
