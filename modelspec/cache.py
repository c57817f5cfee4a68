"""What an earlier run found out, so that an unchanged repository is not read by YAML again.

Two files of JSON for each root in the user's cache folder: `result`, the diagnostics of the whole repository, and
`facts`, what each model file told. Both are keyed by the compiler, the schemas and the files with fixed names; the
facts of a model file also by its content and that of the defaults that it takes. Nothing is ever read from the
repository itself, so a pull request cannot plant an answer, and a cache that cannot be understood is as good as none.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from modelspec import __version__
from modelspec.catalog import Signature
from modelspec.diagnostic import Diagnostic, Label, Severity
from modelspec.examine import Facts
from modelspec.ignore import Ignore
from modelspec.load.find import File, Tree
from modelspec.source import Span

_FORMAT = 3
_PACKAGE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a cached answer depends on: all but the models, each model by its path, and everything."""

    surroundings: str
    models: Mapping[str, str]
    whole: str


def key_of(tree: Tree, extra: Iterable[bytes]) -> Key:
    """The key of a repository as it was read; `extra` is whatever else the answer depends on."""
    outer = sha256(f"{_FORMAT} {__version__} {_fingerprint()}\n".encode())
    for part in extra:
        outer.update(b"%d:" % len(part) + part)
    for name, file in sorted(tree.fixed.items()):
        outer.update(f"{name} {len(file.data)}\n".encode() + file.data)
    models = {file.path: _digest(tree, file) for file in tree.models}
    surroundings = outer.hexdigest()
    for folder, given in tree.defaults.items():
        outer.update(f"{folder} {'' if given is None else sha256(given.data).hexdigest()}\n".encode())
    outer.update("".join(f"{digest} {path}\n" for path, digest in models.items()).encode())
    for fault in tree.faults:
        outer.update(f"{fault.code} {fault.path} {fault.message}\n".encode(errors="backslashreplace"))
    return Key(surroundings=surroundings, models=models, whole=outer.hexdigest())


def _digest(tree: Tree, model: File) -> str:
    """Of a model and of the defaults that it takes."""
    digest = sha256(model.data)
    for folder, file in tree.layers(model.path):
        # Where it ends is told apart by the length, and a file that is not there from an empty one.
        digest.update(b"\n-\n" if file is None else b"\n%d\n" % len(file.data))
        digest.update(folder.encode() + b"\n" + (b"" if file is None else file.data))
    return digest.hexdigest()


def _fingerprint() -> str:
    """What tells this compiler from others of its version: a checkout's files, or what an installer has noted."""
    if not (_PACKAGE.parent / "pyproject.toml").exists():
        record = _PACKAGE.parent / f"modelspec_gitops-{__version__}.dist-info" / "RECORD"
        try:
            return sha256(record.read_bytes()).hexdigest()
        except OSError:
            return ""
    found: list[str] = []
    for top in (_PACKAGE, _PACKAGE.parent / "schemas"):
        for folder, _, names in os.walk(top):
            for name in names:
                if name.endswith((".py", ".json")):
                    stat = Path(folder, name).stat()
                    found.append(f"{folder}/{name}:{stat.st_mtime_ns}:{stat.st_size}")
    return " ".join(sorted(found))


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

    def result(self, key: Key) -> list[Diagnostic] | None:
        """The diagnostics of an unchanged repository."""
        stored = self._load("result")
        try:
            if stored is None or stored["key"] != key.whole:
                return None
            return [_diagnostic(row) for row in stored["diagnostics"]]
        except (KeyError, TypeError, ValueError, IndexError):
            return None

    def facts(self, key: Key) -> dict[str, Facts]:
        """The facts of every model file that has not changed, by path."""
        stored = self._load("facts")
        try:
            if stored is None or stored["key"] != key.surroundings:
                return {}
            models = key.models
            return {
                path: _facts(path, *row)
                for path, (digest, *row) in stored["facts"].items()
                if models.get(path) == digest
            }
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            return {}

    def keep_result(self, key: Key, diagnostics: Sequence[Diagnostic]) -> None:
        """Remember the diagnostics of a repository."""
        self._store("result", {"key": key.whole, "diagnostics": [_row(found) for found in diagnostics]})

    def keep_facts(self, key: Key, facts: Iterable[Facts]) -> None:
        """Remember the facts of every model file."""
        rows = {
            found.path: (
                key.models[found.path],
                None if found.signature is None else found.signature[1:],
                found.is_sound,
                [_row(diagnostic) for diagnostic in found.diagnostics],
                [(i.codes, i.has_reason, _place(i.span), i.line) for i in found.ignores],
            )
            for found in facts
        }
        self._store("facts", {"key": key.surroundings, "facts": rows})

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


def _place(span: Span) -> list[int]:
    return [span.line, span.column, span.end_line, span.end_column]


def _row(found: Diagnostic) -> list[object]:
    related = [(label.path, _place(label.span), label.text) for label in found.related]
    return [
        found.code,
        found.severity.value,
        found.message,
        found.path,
        _place(found.span),
        found.label,
        found.help,
        related,
        found.subject,
    ]


def _diagnostic(row: Sequence[Any]) -> Diagnostic:
    code, severity, message, path, span, label, help_, related, subject = row
    return Diagnostic(
        code=code,
        severity=Severity(severity),
        message=message,
        path=path,
        span=Span(*span),
        label=label,
        help=help_,
        related=tuple(Label(path=path, span=Span(*span), text=text) for path, span, text in related),
        subject=subject,
    )


def _facts(path: str, signature: Any, is_sound: Any, diagnostics: Any, ignores: Any) -> Facts:  # noqa: ANN401
    return Facts(
        path=path,
        signature=None if signature is None else _signature(path, signature),
        is_sound=is_sound,
        diagnostics=tuple(map(_diagnostic, diagnostics)) if diagnostics else (),
        ignores=tuple(_ignore(path, row) for row in ignores) if ignores else (),
        model=None,
    )


def _signature(path: str, row: Sequence[Any]) -> Signature:
    (
        model_id,
        aliases,
        region,
        regions,
        status,
        heads,
        reach,
        fallback_models,
        replaced_by,
        key_hosts,
        tied,
    ) = row
    return Signature(
        path,
        model_id,
        tuple(aliases),
        region,
        tuple(regions),
        status,
        tuple(heads),
        tuple(reach),
        tuple((name, tuple(pointer)) for name, pointer in fallback_models) if fallback_models else (),
        replaced_by,
        tuple((key, host, tuple(pointer)) for key, host, pointer in key_hosts) if key_hosts else (),
        tied,
    )


def _ignore(path: str, row: Sequence[Any]) -> Ignore:
    codes, has_reason, span, line = row
    return Ignore(path=path, codes=tuple(codes), has_reason=has_reason, span=Span(*span), line=line)
