"""The files of the cache, each replaced as a whole: what cannot be read or understood is as good as none.

For each root, `result` holds the diagnostics of the whole repository and `facts` what each model file gave.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from modelspec.cache.key import CacheKey
from modelspec.check.examine import Facts, diagnostic_of, facts_of, place_of, row_of
from modelspec.diagnose.diagnostic import Diagnostic


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
        self._replace(key.facts, self._written(key, facts))

    def _written(self, key: CacheKey, facts: Iterable[Facts]) -> Iterator[bytes]:
        """The JSON of facts, a row at a time: all of them together are large."""
        yield f'{{"key":{encode(key.surroundings)},"facts":{{'.encode()
        separator = ""
        for found in facts:
            row = (
                key.models[found.path],
                None if found.signature is None else found.signature[1:],
                found.is_sound,
                [row_of(diagnostic) for diagnostic in found.diagnostics],
                [(i.codes, i.has_reason, place_of(i.span), i.line) for i in found.ignores],
                *(() if found.by_base is None else ([row_of(diagnostic) for diagnostic in found.by_base],)),
            )
            yield f"{separator}{encode(found.path)}:{encode(row)}".encode()
            separator = ","
        yield b"}}"

    def sealed(self, kind: str) -> Any:  # noqa: ANN401 - JSON of any shape
        """What was kept under a seal; None where anything of it has changed since."""
        try:
            text, _, seal = (self.folder / f"{self.name}.{kind}.json").read_bytes().rpartition(b"\n")
            return json.loads(text) if seal == sha256(text).hexdigest().encode() else None
        except (OSError, ValueError, RecursionError):
            return None

    def seal(self, kind: str, pieces: Iterable[str]) -> None:
        """Keep JSON that is believed as it stands, with a digest, so that damage to the file shows."""
        digest = sha256()

        def sealed() -> Iterator[bytes]:
            for piece in pieces:
                text = piece.encode()
                digest.update(text)
                yield text
            yield b"\n" + digest.hexdigest().encode()

        self._replace(kind, sealed())

    def _load(self, kind: str) -> Any:  # noqa: ANN401 - JSON of any shape: a broken cache is still JSON
        try:
            return json.loads((self.folder / f"{self.name}.{kind}.json").read_bytes())
        except (OSError, ValueError, RecursionError):
            return None

    def _store(self, kind: str, content: Mapping[str, object]) -> None:
        self._replace(kind, [json.dumps(content, separators=(",", ":")).encode()])

    def _replace(self, kind: str, content: Iterable[bytes]) -> None:
        target = self.folder / f"{self.name}.{kind}.json"
        draft = self.folder / f"{self.name}.{kind}.{os.getpid()}.tmp"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.writelines(content)
            draft.replace(target)
        except OSError:
            # A cache that cannot be written only costs time.
            with suppress(OSError):
                draft.unlink()


encode = json.JSONEncoder(separators=(",", ":")).encode
"""A value as the cache has it."""
