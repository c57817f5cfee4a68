"""From log files to the aggregate: each file once, as far as it has grown, and every line that is no row named."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import duckdb

from modelspec.diagnose.refusal import Refusal, shown, unusable
from modelspec.traffic.chunks import LineFault, blocks, chunks, open_log
from modelspec.traffic.layouts import LogMapping
from modelspec.traffic.merge import merge_days
from modelspec.traffic.stage import ROUND, KnownNames, Stage, quoted
from modelspec.traffic.store import (
    HEAD_BYTES,
    FolderState,
    LogSource,
    UsageFolder,
    described_beside,
    place_of_day,
)

MOST_NAMED = 20
"""Lines that are named of those that could not be read; all are counted."""

_OF_LITELLM = (b'"modelspec.layer": "head"', b'"modelspec.layer":"head"', b'"call_type"')
"""What a log has that LiteLLM wrote."""

Progress = Callable[[int, int], None]
"""Told after each chunk how many bytes of how many were read."""


@dataclass(kw_only=True)
class ReadReport:
    """What became of the lines: `rows` of requests, of which `repeats` were there before; `others` tell of no request.

    `texts` are lines of other text in logs of LiteLLM, which writes those on its standard output too.
    `faults` counts broken lines by reason, `named` are the first of them as `file:line: reason`. `unchanged` files had
    nothing new. `breaches` counts rows that touched a region outside.
    """

    rows: int = 0
    repeats: int = 0
    others: int = 0
    texts: int = 0
    files: int = 0
    unchanged: int = 0
    breaches: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    named: list[str] = field(default_factory=list)

    def fault(self, name: str, found: LineFault) -> None:
        """Count a line, and name it if it is one of the first."""
        self.faults[found.reason] += 1
        if len(self.named) < MOST_NAMED:
            where = name if found.line is None else f"{name}:{found.line}"
            self.named.append(f"{where}: {found.reason}")


@dataclass(kw_only=True)
class _Texts:
    """Lines of text of one file: whether they are faults is known once the file was read."""

    is_of_litellm: bool
    counts: Counter[str] = field(default_factory=Counter)
    first: list[LineFault] = field(default_factory=list)

    def look(self, data: bytes) -> None:
        """Look for who has written it."""
        self.is_of_litellm = self.is_of_litellm or any(mark in data for mark in _OF_LITELLM)

    def take(self, found: LineFault) -> bool:
        """Whether it is such a line."""
        if found.is_text:
            self.counts[found.reason] += 1
            if len(self.first) < MOST_NAMED:
                self.first.append(found)
        return found.is_text

    def settle(self, name: str, report: ReadReport) -> None:
        """Count the lines, at the end of the file."""
        if self.is_of_litellm:
            report.texts += self.counts.total()
            return
        for found in self.first:
            report.fault(name, found)
            self.counts[found.reason] -= 1
        report.faults.update(+self.counts)


def read_logs(
    paths: Sequence[Path],
    folder: UsageFolder,
    known: KnownNames,
    mappings: Sequence[LogMapping] = (),
    *,
    is_final: bool = False,
    progress: Progress | None = None,
    round_size: int = ROUND,
) -> ReadReport | Refusal:
    """Read what is new in files, and in all files of folders, and add it to an aggregate.

    With `is_final`, the last line of a file counts even without a line break. A refusal leaves the aggregate as it was.
    """
    with folder.writing() as scratch:
        if isinstance(scratch, Refusal):
            return scratch
        try:
            run = _LogRun(
                folder=folder,
                state=folder.state(),
                stage=Stage(
                    scratch=scratch,
                    known=known,
                    mappings=mappings,
                    seen=folder.seen(folder.state()),
                    round_size=round_size,
                ),
                is_final=is_final,
                progress=progress,
            )
            try:
                report = run.read(paths)
                if run.changed:
                    # What was read is in the aggregate: where there is no room to merge, the next run tries again.
                    with suppress(OSError, duckdb.Error):
                        merge_days(folder, scratch, run.stage.engine)
                return report
            finally:
                run.stage.close()
        except OSError as error:
            return unusable(
                "read or write", error.filename or folder.path, error, "correct that, and run again"
            )
        except duckdb.Error as error:
            return Refusal(
                message=f"cannot write the aggregate {shown(folder.path)}: {type(error).__name__}",
                help="free some space or memory, and run again: nothing was changed",
            )


@dataclass(kw_only=True)
class _LogRun:
    """One run: its files are read, summed up and committed."""

    folder: UsageFolder
    state: FolderState
    stage: Stage
    is_final: bool
    progress: Progress | None
    report: ReadReport = field(default_factory=ReadReport)
    names: list[str] = field(default_factory=list)
    changed: list[tuple[LogSource | None, LogSource]] = field(default_factory=list)
    done: int = 0
    total: int = 0

    def read(self, paths: Sequence[Path]) -> ReadReport | Refusal:
        """Read, and commit if there is something new."""
        files: list[Path] = []
        for path in paths:
            if not path.exists():
                return Refusal(
                    message=f"{shown(path)} does not exist", help="name log files, or folders of them"
                )
            files.extend(sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path])
        self.total = sum(path.stat().st_size for path in files)
        heads: set[str] = set()
        for path in files:
            self._file(path, heads)
        self.report.files = len(files)
        if self.changed:
            self._commit()
        self.report.rows, self.report.repeats = self.stage.rows, self.stage.repeats
        self.report.others = self.stage.others
        return self.report

    def _file(self, path: Path, heads: set[str]) -> None:
        """Read what is new of a file; `heads` are the beginnings of those that this run has read."""
        try:
            file, kind = open_log(str(path))
        except OSError as error:
            self.report.fault(str(path), LineFault(line=None, reason=os.strerror(error.errno or 0)))
            return
        with file:
            size = os.fstat(file.fileno()).st_size
            if kind in ("bzip2", "xz"):
                reason = f"compressed by {kind}, which is not read: decompress it, or use gzip or zstd"
                self.report.fault(str(path), LineFault(line=None, reason=reason))
            elif kind == "parquet":
                self._parquet(path, file, size)
            else:
                self._lines(path, file, kind, heads)
            self.done += size
            self._tell(0)

    def _tell(self, more: int) -> None:
        if self.progress is not None:
            self.progress(self.done + more, self.total)

    def _lines(self, path: Path, file: BinaryIO, kind: str, heads: set[str]) -> None:
        parts = blocks(file, kind)
        start: list[bytes | LineFault] = []
        head = b""
        while len(head) < HEAD_BYTES and (part := next(parts, None)) is not None:
            start.append(part)
            head += b"" if isinstance(part, LineFault) else part[: HEAD_BYTES - len(head)]
        digest = sha256(head).hexdigest()
        found = os.fstat(file.fileno())
        old = self.state.find(head, found.st_dev, found.st_ino) if head else None
        if not head or digest in heads:
            self.report.unchanged += 1
            return
        heads.add(digest)
        if old is not None and kind == "plain" and found.st_size < old.offset:
            old = None  # it was cut off and written again
        number = len(self.names)
        self.names.append(str(path))
        offset, line = (0, 1) if old is None else (old.offset, old.line)
        end, last = offset, line
        is_final = self.is_final or kind != "plain"
        texts = _Texts(is_of_litellm=any(mark in head for mark in _OF_LITELLM))
        for one in chunks(chain(start, parts), offset=offset, line=line, is_final=is_final):
            if isinstance(one, LineFault):
                self.report.fault(str(path), one)
                if one.line is not None:
                    end, last = max(end, one.end), one.line + 1
                continue
            texts.look(one.data)
            for fault in self.stage.add(one, number):
                if not texts.take(fault):
                    self.report.fault(str(path), fault)
            end = one.end
            last = one.line + one.breaks + (not one.data.endswith(b"\n"))
            self._tell(file.tell())
        texts.settle(str(path), self.report)
        if end == offset:
            self.report.unchanged += 1
            return
        source = LogSource(
            name=str(path),
            device=found.st_dev,
            inode=found.st_ino,
            head=digest,
            head_bytes=len(head),
            offset=end,
            line=last,
        )
        self.changed.append((old, source))

    def _parquet(self, path: Path, file: BinaryIO, size: int) -> None:
        """A Parquet file is written once: what is known of it is known of all of it."""
        ends = os.pread(file.fileno(), HEAD_BYTES, 0) + os.pread(
            file.fileno(), HEAD_BYTES, max(0, size - HEAD_BYTES)
        )
        found = os.fstat(file.fileno())
        if self.state.find(ends, found.st_dev, found.st_ino) is not None:
            self.report.unchanged += 1
            return
        number = len(self.names)
        self.names.append(str(path))
        try:
            counted = self.stage.engine.execute(
                f"SELECT count(*) FROM read_parquet({quoted(str(path))})"
            ).fetchone()
            rows = counted[0] if counted else 0
            for fault in self.stage.add_parquet(str(path), number, rows):
                self.report.fault(str(path), fault)
        except duckdb.Error:
            reason = "no Parquet file with columns of requests: name them in traffic.mapping"
            self.report.fault(str(path), LineFault(line=None, reason=reason))
            return
        source = LogSource(
            name=str(path),
            device=found.st_dev,
            inode=found.st_ino,
            head=sha256(ends).hexdigest(),
            head_bytes=len(ends),
            offset=rows,
            line=rows + 1,
        )
        self.changed.append((None, source))

    def _commit(self) -> None:
        run = _digest(self.changed)
        files: dict[str, Path] = {}
        for day in self.stage.finish():
            path = self.stage.scratch / f"{day.isoformat()}.parquet"
            self.stage.write_day(day, path)
            files[place_of_day(day, run)] = path
        breaches = self.stage.scratch / "breaches.jsonl"
        with breaches.open("w", encoding="utf-8") as file:
            for one in self._breaches():
                file.write(json.dumps(one) + "\n")
                self.report.breaches += 1
        if self.report.breaches:
            files[f"breaches/{run}.jsonl"] = breaches
        seen = self.stage.scratch / "seen.parquet"
        last = self.stage.write_seen(seen)
        if last is not None:
            files[f"seen/{run}.parquet"] = seen
            files[f"seen/{described_beside(Path(run)).name}"] = described_beside(seen)
        self.folder.commit(
            files, self.changed, self.state, {} if last is None else {f"{run}.parquet": last}, run
        )

    def _breaches(self) -> Iterator[dict[str, object]]:
        for (
            source,
            line,
            ms,
            request,
            layer,
            model,
            head,
            served,
            upstream,
            edge,
            commit,
        ) in self.stage.breaches():
            assert isinstance(source, int)
            assert isinstance(ms, int)
            yield {
                "file": self.names[source],
                "line": line,
                "time": datetime.fromtimestamp(ms / 1e3, UTC).isoformat(timespec="milliseconds"),
                "request": None if request is None else f"{request:016x}",
                "layer": layer,
                "model": model,
                "head": head,
                "served": served,
                "upstream": upstream,
                "edge": edge,
                "commit": commit,
            }


def _digest(changed: Sequence[tuple[LogSource | None, LogSource]]) -> str:
    """Of what was read: the same parts of the same files have the same."""
    parts = sorted((new.head, 0 if old is None else old.offset, new.offset) for old, new in changed)
    return sha256(json.dumps(parts).encode()).hexdigest()[:32]
