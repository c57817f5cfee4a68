"""An aggregate: its columns and its folder, what was read up to where, and changes that are whole or not there.

```
v1/day=2026-11-30/<digest of sources>.parquet   the aggregate
breaches/<digest>.jsonl                         requests that touched a region outside of their residency
seen/<digest>.parquet                           request ids of the last 48 hours, as hashes
sources.json                                    what was read, up to where
```

A run names its files in `pending.json`, renames them into place, replaces `sources.json` and removes `pending.json`.
Files of a run that was killed in between are no part of the aggregate, and the next run removes them.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from modelspec.diagnose.refusal import Refusal, shown, unusable
from modelspec.write.lock import take

VERSION = "v1"
"""The folder of the files. A column may be added within a version, and never changes its meaning."""

WIDTH = 1.02
"""Bucket b holds the whole milliseconds from 1.02^b up to 1.02^(b+1); 0 ms counts as 1 ms."""

MOST_MS = 30 * 86_400_000
"""A longer duration is no duration: it is left out of the histograms."""

REQUESTS, DURATION, FIRST_BYTE, ASKED, EDGES = "requests", "duration", "first_byte", "asked", "edges"
"""What `measure` can be: counts by hour, the two histograms by day, counts by the name as asked, and by the commit that
an edge ran."""

EDGE, DIRECT, HEAD = "edge", "direct", "head"
"""What `layer` can be: a request that an edge logged; a call that a head logged and no edge passed on, although its log
was read; a call that a head logged while no edge's log was read. The last are counted only where no edge counts."""

COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "measure": "string",
        "layer": "string",
        "date": "date",
        "hour": "int16",
        "model": "string",
        "client": "string",
        "head": "string",
        "served": "string",
        "upstream": "string",
        "code_class": "string",
        "key_id": "string",
        "asked": "string",
        "edge": "string",
        "commit": "string",
        "bucket": "int16",
        "requests": "int64",
        "retried": "int64",
        "failovers": "int64",
        "input_tokens": "int64",
        "output_tokens": "int64",
        "cost_nano": "int64",
    }
)
"""Names and types, as Ibis spells these.

`client` is the client's region, `served` the region of the head that answered, `upstream` that of the head's upstream
(known for rows of heads only). `hour` is 0 to 23 in UTC, and 0 in histograms, as `bucket` is 0 in counts. `code_class`
is one of `CODES`. `retried` are requests that took several tries, `failovers` those that a head answered which is not
of the model's first tier. `cost_nano` are billionths of a US dollar, as the gateway estimated them.
"""

SUMS = ("requests", "retried", "failovers", "input_tokens", "output_tokens", "cost_nano")
KEYS = tuple(name for name in COLUMNS if name not in SUMS)

DUCKDB_TYPES: Mapping[str, str] = MappingProxyType(
    {"string": "VARCHAR", "date": "DATE", "int16": "SMALLINT", "int64": "BIGINT"}
)

OTHER = "(other)"
"""What stands for names that no table knows, beyond the most frequent ones."""

CODES = ("1xx", "2xx", "3xx", "401", "403", "404", "429", "4xx", "503", "5xx", "none")
"""Classes of status codes; those that have a meaning of their own here stand apart. `none`: no answer was sent."""


def milliseconds(bucket: int) -> float:
    """The middle of a bucket, in the logarithm."""
    middle: float = WIDTH ** (bucket + 0.5)
    return middle


def day_folder(day: date) -> str:
    """The folder of a day, relative to that of the aggregate."""
    return f"{VERSION}/day={day.isoformat()}"


WINDOW_MS = 48 * 3_600_000
"""How far apart two rows with one request id are the same request."""

_SOURCES, _PENDING, _RUN = "sources.json", "pending.json", ".run-"
_FORMAT = 1
_MOST_SOURCES = 10_000
"""Files that are remembered, the last ones read: rotated ones do not come again for ever."""

HEAD_BYTES = 4096
"""The start of a file by which it is known under another name, or compressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSource:
    """A file and how much of it was read; `offset` counts decompressed bytes, or rows of Parquet, `line` the next line.

    `head` is the SHA-256 of its first `head_bytes` decompressed bytes.
    """

    name: str
    device: int
    inode: int
    head: str
    head_bytes: int
    offset: int
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderState:
    """What `sources.json` says; `seen` leads from files to the time of their last row, in milliseconds.

    `replaced` are files whose sums are in another one now. The next run removes them, so that whoever reads now may
    finish.
    """

    run: str = ""
    replaced: frozenset[str] = frozenset()
    sources: tuple[LogSource, ...] = ()
    seen: Mapping[str, int]

    def find(self, head: bytes, device: int, inode: int) -> LogSource | None:
        """What was read of a file that begins so, under whatever name; the same inode is preferred."""
        digests: dict[int, str] = {}
        best: tuple[bool, int, LogSource] | None = None
        for source in self.sources:
            length = source.head_bytes
            if not 0 < length <= len(head):
                continue
            if length not in digests:
                digests[length] = sha256(head[:length]).hexdigest()
            if digests[length] == source.head:
                rank = ((source.device, source.inode) == (device, inode), source.offset, source)
                best = rank if best is None or rank[:2] > best[:2] else best
        return None if best is None else best[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFolder:
    """The folder at `path`."""

    path: Path

    def state(self) -> FolderState:
        """What was read. A file that is not ours counts as nothing read.

        Raises:
            OSError: it cannot be read.
        """
        value = _json(self.path / _SOURCES)
        if value.get("version") != _FORMAT:
            return FolderState(seen={})
        names = [one.name for one in fields(LogSource)]
        return FolderState(
            run=str(value.get("run", "")),
            replaced=frozenset(map(str, value.get("replaced", ()))),
            sources=tuple(
                LogSource(**{name: one[name] for name in names})
                for one in value.get("sources", ())
                if isinstance(one, dict) and set(names) <= one.keys()
            ),
            seen={str(name): int(last) for name, last in dict(value.get("seen", {})).items()},
        )

    def files(self, since: date | None = None, until: date | None = None) -> list[Path]:
        """The files of the aggregate, of the days from `since` to `until`, both included."""
        left_out = self._left_out()
        return [
            path
            for path in sorted((self.path / VERSION).glob("day=*/*.parquet"))
            if (day := _day(path)) is not None
            and (since is None or day >= since)
            and (until is None or day <= until)
            and self._relative(path) not in left_out
        ]

    def breaches(self) -> Iterator[Mapping[str, Any]]:
        """What `breaches/` holds, file by file."""
        unfinished = self._unfinished()
        for path in sorted((self.path / "breaches").glob("*.jsonl")):
            if self._relative(path) not in unfinished:
                with path.open(encoding="utf-8") as file:
                    yield from map(json.loads, file)

    def seen(self, state: FolderState) -> list[Path]:
        """The files of request ids that are there."""
        paths = [self.path / "seen" / name for name in state.seen]
        return [path for path in paths if path.is_file() and described_beside(path).is_file()]

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()

    def _left_out(self) -> frozenset[str]:
        """Files that are there and do not count."""
        return self._unfinished() | self.state().replaced

    def _unfinished(self) -> frozenset[str]:
        """Files of a run that has not come to its end."""
        pending = _json(self.path / _PENDING)
        if not pending or pending.get("run") == _json(self.path / _SOURCES).get("run"):
            return frozenset()
        return frozenset(map(str, pending.get("files", ())))

    @contextmanager
    def writing(self) -> Iterator[Path | Refusal]:
        """Lock the folder, and clear away what killed runs have left; gives a folder to work in."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        except OSError as error:
            yield unusable("write to", self.path, error, "name another folder with --into")
            return
        try:
            if not take(lock):
                yield Refusal(
                    message=f"another run is writing to {shown(self.path)}",
                    help="wait for it to finish, or stop it, then run again",
                )
                return
            self._recover()
            scratch = self.path / f"{_RUN}{os.getpid()}"
            scratch.mkdir()
            try:
                yield scratch
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
        finally:
            os.close(lock)

    def _recover(self) -> None:
        for left in self.path.glob(f"{_RUN}*"):
            shutil.rmtree(left, ignore_errors=True)
        for name in self._left_out():
            path = self.path / name
            if ".." not in Path(name).parts and not Path(name).is_absolute() and path.is_file():
                path.unlink()
        (self.path / _PENDING).unlink(missing_ok=True)

    def commit(
        self,
        files: Mapping[str, Path],
        read: Sequence[tuple[LogSource | None, LogSource]],
        state: FolderState,
        seen: Mapping[str, int],
        run: str,
        replaced: Sequence[str] = (),
    ) -> None:
        """Make finished files, by their place in the folder, part of the aggregate, all at once.

        Those of `replaced` cease to be part of it at the same moment. `read` has what was known of each file before and
        what is known now, `seen` the new file of request ids.

        Raises:
            OSError: the disk is full, or the like; the folder stays as it was.
        """
        kept = {(one.head, one.head_bytes): one for one in state.sources}
        for old, one in read:
            for known in (old, one):
                if known is not None:
                    kept.pop((known.head, known.head_bytes), None)
            kept[(one.head, one.head_bytes)] = one
        together = {**state.seen, **seen}
        newest = max(together.values(), default=0)
        lasting = {name: last for name, last in together.items() if last > newest - WINDOW_MS}
        for path in files.values():
            _flush(path)
        _write(self.path / _PENDING, {"run": run, "files": sorted(files)})
        for name, path in files.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
            _flush(target.parent)
        value = {
            "version": _FORMAT,
            "run": run,
            "sources": [asdict(one) for one in [*kept.values()][-_MOST_SOURCES:]],
            "seen": dict(sorted(lasting.items())),
            "replaced": sorted(replaced),
        }
        _write(self.path / _SOURCES, value)
        (self.path / _PENDING).unlink(missing_ok=True)
        for name in together.keys() - lasting.keys():
            gone = self.path / "seen" / name
            gone.unlink(missing_ok=True)
            described_beside(gone).unlink(missing_ok=True)


def described_beside(seen: Path) -> Path:
    """The file with the descriptions of the rows of a file in `seen/`."""
    return seen.with_suffix(".names.parquet")


def place_of_day(day: date, run: str) -> str:
    """Where a run's aggregate of a day lies in the folder."""
    return f"{day_folder(day)}/{run}.parquet"


def _day(path: Path) -> date | None:
    try:
        return date.fromisoformat(path.parent.name.removeprefix("day="))
    except ValueError:
        return None


def _json(path: Path) -> dict[str, Any]:
    """An object in a file; empty where there is none, or it is no object."""
    try:
        value = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _write(path: Path, value: Mapping[str, object]) -> None:
    """Replace a file atomically."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    _flush(new)
    new.replace(path)
    _flush(path.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
