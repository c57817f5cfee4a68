"""What a cached answer depends on, as digests."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from modelspec import __version__
from modelspec.check.base import Policy
from modelspec.load.find import File, Tree

_FORMAT = 4
_PACKAGE = Path(__file__).parents[1]


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
    outer = sha256(f"{_FORMAT} {__version__} {fingerprint()}\n".encode())
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


def fingerprint() -> str:
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
