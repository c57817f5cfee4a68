"""A log as chunks of whole lines: plain, gzip or zstd, a bounded part of it in memory, whatever is in it.

Written by hand since the engine's own reader ends with no row at a long line, a truncated gzip or trailing garbage, and
the zstd library says nothing of a truncated stream.
"""

import errno
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import zstandard

LONGEST_LINE = 1 << 20
"""Bytes. A longer line is counted and passed over, and never held."""

CHUNK = 24 << 20
"""Bytes of lines that are handed on together: of twice as many, the allocator maps each chunk anew."""

_TOO_LONG = f"longer than {LONGEST_LINE >> 20} MiB"
_BLOCK = 1 << 20
_PIECE = 2048
"""Bytes of zstd that are decompressed at once: each can be 64 MB, as a bomb is made."""

_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PAR1": "parquet",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Whole lines, each with its line break but perhaps the last: `breaks` of them; `line` is the number of the first.

    `end` is the offset in the decompressed text behind the last line.
    """

    data: bytes
    line: int
    breaks: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFault:
    """A line that is no row, or where line is None a file that ends too early; `end` is the offset behind it.

    `is_text`: it is readable and does not begin as JSON does.
    """

    line: int | None
    reason: str
    end: int = 0
    is_text: bool = False


def open_log(path: str) -> tuple[BinaryIO, str]:
    """Open a regular file; its kind is `plain`, `gzip`, `zstd`, `parquet`, `bzip2` or `xz`.

    Raises:
        OSError: it cannot be opened, or is none.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    file = os.fdopen(descriptor, "rb", buffering=0)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "not a regular file", path)
    start = os.pread(descriptor, 8, 0)
    return file, next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), "plain")


def blocks(file: BinaryIO, kind: str) -> Iterator[bytes | LineFault]:
    """The decompressed text, block by block; a fault at its end where the file is damaged."""
    match kind:
        case "gzip":
            yield from _gunzipped(file)
        case "zstd":
            yield from _unzstd(file)
        case _:
            while block := file.read(_BLOCK):
                yield block


def _gunzipped(file: BinaryIO) -> Iterator[bytes | LineFault]:
    """Every member, as far as it can be read."""
    inflate = zlib.decompressobj(31)
    rest = file.read(_BLOCK)
    while rest:
        try:
            text = inflate.decompress(rest, _BLOCK)
        except zlib.error:
            yield LineFault(line=None, reason="damaged gzip: the rest of the file cannot be read")
            return
        if text:
            yield text
        rest = inflate.unconsumed_tail or (inflate.unused_data if inflate.eof else b"") or file.read(_BLOCK)
        if inflate.eof and rest:
            if not rest.strip(b"\0"):
                return
            inflate = zlib.decompressobj(31)
    if not inflate.eof:
        yield LineFault(line=None, reason="truncated gzip: the file ends too early")


def _unzstd(file: BinaryIO) -> Iterator[bytes | LineFault]:
    """Every frame, as far as it can be read."""
    make = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj
    frame = make()
    rest = b""
    while rest := rest or file.read(_BLOCK):
        for at in range(0, len(rest), _PIECE):
            try:
                text = frame.decompress(rest[at : at + _PIECE])
            except zstandard.ZstdError:
                yield LineFault(line=None, reason="damaged zstd: the rest of the file cannot be read")
                return
            yield from (text[part : part + _BLOCK] for part in range(0, len(text), _BLOCK))
            if frame.eof:
                rest = frame.unused_data + rest[at + _PIECE :]
                frame = make()
                break
        else:
            rest = b""
            continue
        if not rest:
            rest = file.read(_BLOCK)
            if not rest:
                return
    yield LineFault(line=None, reason="truncated zstd: the file ends too early")


@dataclass(slots=True, kw_only=True)
class _Lines:
    """What was read and not yet handed on: blocks of whole lines, then those of the last, partial line."""

    whole: list[bytes]
    partial: list[bytes]
    line: int
    offset: int
    size: int = 0
    room: int = LONGEST_LINE
    skips: bool = False

    def chunk(self) -> Iterator[Chunk]:
        """Hand on the whole lines."""
        if self.whole:
            data = b"".join(self.whole)
            self.whole.clear()
            self.size = 0
            self.offset += len(data)
            breaks = data.count(b"\n")
            yield Chunk(data=data, line=self.line, breaks=breaks, end=self.offset)
            self.line += breaks


def chunks(
    parts: Iterator[bytes | LineFault], *, offset: int = 0, line: int = 1, is_final: bool, size: int = CHUNK
) -> Iterator[Chunk | LineFault]:
    """Chunks of about `size` bytes of whole lines, from `offset`, where line number `line` begins.

    The last line is left for the next time unless it ends in a line break or `is_final`.
    """
    lines = _Lines(whole=[], partial=[], line=line, offset=offset)
    to_skip = offset
    for part in parts:
        if isinstance(part, LineFault):
            yield from lines.chunk()
            yield part
            return
        block = part
        if to_skip:
            block, to_skip = block[to_skip:], max(0, to_skip - len(block))
            if not block:
                continue
        yield from _take(lines, block)
        if lines.size >= size:
            yield from lines.chunk()
    if is_final:
        lines.whole += lines.partial
    yield from lines.chunk()
    if is_final and lines.skips:
        yield LineFault(line=lines.line, reason=_TOO_LONG, end=lines.offset)


def _take(lines: _Lines, block: bytes) -> Iterator[Chunk | LineFault]:
    """Take up a block, which is not longer than a line may be."""
    first = block.find(b"\n")
    if lines.skips or (first if first >= 0 else len(block)) > lines.room:
        yield from lines.chunk()
        lines.offset += sum(map(len, lines.partial)) + (len(block) if first < 0 else first + 1)
        lines.partial.clear()
        lines.room = LONGEST_LINE
        lines.skips = first < 0
        if first < 0:
            return
        yield LineFault(line=lines.line, reason=_TOO_LONG, end=lines.offset)
        lines.line += 1
        block = block[first + 1 :]
        first = block.find(b"\n")
    if first < 0:
        lines.partial.append(block)
        lines.room -= len(block)
        return
    end = block.rfind(b"\n") + 1
    whole = [*lines.partial, block[:end]]
    lines.whole += whole
    lines.size += sum(map(len, whole))
    lines.partial = [block[end:]] if end < len(block) else []
    lines.room = LONGEST_LINE - (len(block) - end)
