"""What is known of the files of the last build into an output folder: `write.Earlier`, out of the cache."""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from modelspec.cache.store import Cache, encode
from modelspec.emit.artifact import Artifact, Rows
from modelspec.write.earlier import NO_KEY, SIZE, Record

_KEY = 20
_ROW = re.compile(rb'(?m)^(?:\{"model_id": |\[)"([^"\\\n]+)"[^\n]*')
"""A row of a list of models, with the id: of ids, the schema allows only letters that JSON does not escape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOutput:
    """The files that the last build wrote, and the models that are as they were then.

    `basis` is the digest of what every file with a key follows from, `models` has that of each model, and `texts` both
    its id and that, as keys are made of them.
    """

    basis: bytes
    models: Mapping[str, str]
    texts: Mapping[str, str]
    files: Mapping[str, bytes]
    unchanged: frozenset[str]

    @classmethod
    def of(cls, stored: Any, basis: str, models: Mapping[str, str]) -> "KnownOutput":  # noqa: ANN401
        """What was kept, or nothing where it cannot be understood."""
        files: dict[str, bytes] = {}
        unchanged: frozenset[str] = frozenset()
        try:
            if stored is not None:
                records = bytes.fromhex(stored["records"])
                slices = (records[at : at + SIZE] for at in range(0, len(records), SIZE))
                files = dict(zip(stored["paths"], slices, strict=True))
                if stored["basis"] == basis:
                    unchanged = frozenset(model for model, _ in stored["models"].items() & models.items())
        except (KeyError, TypeError, ValueError, AttributeError):
            files, unchanged = {}, frozenset()
        texts = {model: _text(model, digest) for model, digest in models.items()}
        return cls(basis=basis.encode(), models=models, texts=texts, files=files, unchanged=unchanged)

    @classmethod
    def built_of(cls, stored: Any, whole: str) -> Mapping[str, bytes]:  # noqa: ANN401
        """The records of all files, if they were built of all this; none otherwise."""
        known = cls.of(stored, "", {})
        return known.files if known.files and stored["whole"] == whole else {}

    def key(self, artifact: Artifact) -> bytes:
        """The digest of the basis, the path, and each model or text that the artifact is made of."""
        made_of, rows = artifact.made_of, artifact.rows
        around = b""
        if rows is not None:
            made_of = rows.models
            around = b"".join([b"\n%d %b" % (len(text), text) for text in (rows.before, rows.after)])
        elif made_of is None:
            return NO_KEY
        known = self.texts
        parts = "".join([known.get(name) or _text(name, None) for name in made_of])
        return sha256(self.basis + artifact.path.encode() + around + parts.encode()).digest()[:_KEY]

    def record(self, path: str) -> Record | None:
        """The record of a file of the last build."""
        packed = self.files.get(path)
        try:
            return None if packed is None else Record.unpacked(packed)
        except struct.error:
            return None

    def rows(self, rows: Rows, old: bytes) -> Mapping[str, bytes]:
        """Of the file as it was, the rows of the models that have not changed."""
        if not self.unchanged or not old.startswith(rows.before):
            return {}
        wanted = self.unchanged.intersection(rows.models)
        found = {}
        for match in _ROW.finditer(old):
            model = match[1].decode()
            if model in wanted:
                row = match[0]
                found[model] = row[:-1] if row.endswith(b",") else row
        return found

    def keep(self, cache: Cache, kind: str, records: Mapping[str, bytes], whole: str) -> None:
        """Remember a finished build; `whole` is the key of all that it was made from."""
        content = {
            "whole": whole,
            "basis": self.basis.decode(),
            "models": self.models,
            "paths": [*records],
            "records": b"".join(records.values()).hex(),
        }
        cache.seal(kind, [encode(content)])


def _text(name: str, digest: str | None) -> str:
    return f"\n{len(name)} {name} {digest}"
