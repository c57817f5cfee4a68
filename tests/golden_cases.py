"""Golden cases: a small repository and what must come of it, in one text file that a person can read and edit.

    base: common

    -- models.d/atlas.yaml --
    model_id: atlas
    -- models.d/steady.yaml (deleted) --
    -- heads.yaml (escaped) --
    heads: []\\r
    -- expected/report.txt --
    checked 1 model: no faults

`base` is a folder of `tests/fleets/` or another case beside this one; a section adds a file to it, replaces one, or
deletes one. What nobody sees is escaped, with the whole section marked so: \\t \\r \\\\ \\xff \\u200d, and a backslash
at the end of a line joins it with the next one, or takes the end of the last one away. `pytest --update-golden`
writes the sections below `expected` anew. Read what it wrote: a wrong expectation proves nothing.

Other settings, which may be given several times: `run` is what is typed, `compare` chooses among what is expected, and
`region` and `head` are options of an import.
"""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from git_repositories import write

BASES = Path(__file__).parent / "fleets"
EXPECTED = "expected/"
KEYS = {"base", "run", "region", "head", "compare"}

_SECTION = re.compile(r"(?m)^-- (\S+)(?: \((escaped|deleted)\))? --\n")
_ESCAPE = re.compile(rb"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([\s\S]?))")
_NAMED = {"\r": "\\r", "\t": "\\t", "\\": "\\\\"}

Files = Mapping[str, bytes | None]
"""Contents by path; nothing in place of a content deletes the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`given` is the text of the file up to its expectations."""

    path: Path
    given: str
    settings: tuple[tuple[str, str], ...]
    files: Files
    expected: Files

    @property
    def base(self) -> str | None:
        return next(iter(self.all("base")), None)

    def all(self, key: str) -> tuple[str, ...]:
        """The values of a setting, which may be given several times."""
        return tuple(value for name, value in self.settings if name == key)

    def below(self, folder: str) -> Files:
        """The files of one part of a case that has several."""
        return _below(self.files, f"{folder}/")

    def write(self, root: Path, part: str | None = None) -> Path:
        """The repository of the case: its base with its files over it, or with those of one part of it."""
        if self.base is None:
            root.mkdir()
        elif (BASES / self.base).is_dir():
            shutil.copytree(BASES / self.base, root)
        else:
            read(self.path.with_name(f"{self.base}.txt")).write(root)
        return write(root, self.files if part is None else self.below(part))

    def settle(self, actual: Mapping[str, str | bytes | None], *, update: bool) -> None:
        """Compare what came of the case with what it expects, or write it down as that."""
        found = {name: _bytes(content) for name, content in actual.items()}
        if update and found != dict(self.expected):
            self.path.write_bytes((self.given + "".join(map(_section, found, found.values()))).encode())
            return
        for name, content in found.items():
            assert name in self.expected, f"{name} is not expected: {content!r}"
            assert _text(content) == _text(self.expected[name]), name
        assert self.expected.keys() == found.keys()


def read(path: Path) -> Case:
    """Read a case; the mistakes of its author are raised, with its path."""
    text = path.read_bytes().decode()
    head, *parts = _SECTION.split(text)
    settings = [line.partition(": ") for line in head.split("\n") if line and not line.startswith("#")]
    if unknown := {key for key, _, _ in settings} - KEYS:
        raise ValueError(f"{path}: {unknown} are no settings of a case")
    files: dict[str, bytes | None] = {}
    for name, how, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        if name in files:
            raise ValueError(f"{path}: {name} is there twice")
        if not name.startswith(EXPECTED) and any(other.startswith(EXPECTED) for other in files):
            raise ValueError(f"{path}: {name} stands behind what is expected")
        if body and (how == "deleted" or not body.endswith("\n")):
            raise ValueError(f"{path}: {name}: no text may follow 'deleted', and a text ends with its line")
        if how != "escaped" and not _is_seen(body):
            raise ValueError(f"{path}: {name} holds what nobody sees: escape it")
        files[name] = None if how == "deleted" else _unescaped(body) if how else body.encode()
    return Case(
        path=path,
        given=re.split(rf"(?m)^-- {EXPECTED}", text, maxsplit=1)[0],
        settings=tuple((key, value) for key, _, value in settings),
        files={name: content for name, content in files.items() if not name.startswith(EXPECTED)},
        expected=_below(files, EXPECTED),
    )


def _below(files: Files, folder: str) -> Files:
    return {path.removeprefix(folder): content for path, content in files.items() if path.startswith(folder)}


def cases(folder: Path) -> dict[str, Case]:
    """The cases of a folder, which holds nothing else, by name."""
    return {path.stem: read(path) for path in sorted(folder.iterdir())}


def _section(name: str, content: bytes | None) -> str:
    if content is None:
        return f"-- expected/{name} (deleted) --\n"
    text = content.decode(errors="surrogateescape")
    if _is_seen(text) and (not text or text.endswith("\n")) and not _SECTION.search(text):
        return f"-- expected/{name} --\n{text}"
    return f"-- expected/{name} (escaped) --\n{escaped(content)}"


def escaped(content: bytes) -> str:
    """A text that says every byte, and hides none."""
    text = "".join(map(_character, content.decode(errors="surrogateescape")))
    text = re.sub("(?m)^--(?= )", r"\\x2d-", text)  # what looks like the begin of a section
    return text if text.endswith("\n") else f"{text}\\\n"


def _character(one: str) -> str:
    code = ord(one)
    if one in _NAMED:
        return _NAMED[one]
    if one == "\n" or one.isprintable():
        return one
    if code < 0x80 or 0xDC80 <= code <= 0xDCFF:  # the second are bytes that are no UTF-8
        return f"\\x{code & 0xFF:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _unescaped(text: str) -> bytes:
    def said(match: re.Match[bytes]) -> bytes:
        byte, short, long, other = match.groups()
        if byte:
            return bytes.fromhex(byte.decode())
        if short or long:
            return chr(int(short or long, 16)).encode()
        named = {b"r": b"\r", b"t": b"\t", b"\\": b"\\", b"\n": b""}
        if other not in named:
            raise ValueError(f"no escape: {match[0]!r}")
        return named[other]

    return _ESCAPE.sub(said, text.encode())


def _is_seen(text: str) -> bool:
    return all(one.isprintable() for one in text.split("\n"))


def _bytes(content: str | bytes | None) -> bytes | None:
    return content.encode() if isinstance(content, str) else content


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode(errors="backslashreplace")
