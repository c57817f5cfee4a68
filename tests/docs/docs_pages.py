"""The blocks of a page of the documentation, run as a reader would: in order, in a clone of the example fleet.

A fenced block in `sh` or `console` is run. In `console` what follows a command is what it must print: `…` alone on a
line stands for any lines, `…` within a line for any text, and ids of commits differ. Comments of HTML before a fence,
which readers do not see, say more:

    <!-- not run: REASON -->     one of the reasons of test_docs_commands.py
    <!-- exits: 1 10 -->         the exit codes of the commands of the block, where any is not 0
    <!-- run: COMMAND -->        is run before; several in their order
    <!-- shows: COMMAND -->      the block is what this command prints
    <!-- write: PATH -->         the block is what a reader writes to this file
    <!-- replace: PATH -->       the block replaces the lines of the file that begin as its first line does
    <!-- append: PATH -->        the block is added to the end of the file
"""

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from forked_command import ForkedCommand

_FENCE = re.compile(
    r"(?P<notes>(?:^ *<!-- [a-z ]+: (?:(?!-->).)+ -->\n+)*)"
    r"^(?P<ticks> *`{3,})(?P<language>\w*)\n(?P<text>(?:.*\n)*?)(?P=ticks)$",
    re.MULTILINE,
)
_NOTE = re.compile(r"<!-- ([a-z ]+): (.+?) -->")
_COMMIT = re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{7}\b")
_SHELL = frozenset("|&;<>$`*?(){}\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A fenced block, and the notes before it, as pairs of a word and what it says."""

    line: int
    language: str
    text: str
    notes: tuple[tuple[str, str], ...]

    def all(self, word: str) -> tuple[str, ...]:
        """What the notes of one kind say."""
        return tuple(said for name, said in self.notes if name == word)

    @property
    def is_run(self) -> bool:
        return (self.language in {"sh", "console"} or bool(self.all("shows"))) and not self.all("not run")

    def commands(self) -> list[tuple[str, str | None]]:
        """Each command and what it must print; `None`: anything."""
        if shown := self.all("shows"):
            return [(shown[0], self.text)]
        if self.language == "console":
            return [_first_command(part) for part in re.split(r"(?m)^\$ ", self.text)[1:]]
        return [(command, None) for command in _split(self.text)]


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in order."""
    return [
        Block(
            line=page.count("\n", 0, found.start("ticks")) + 1,
            language=found["language"],
            text=found["text"],
            notes=tuple(_NOTE.findall(found["notes"])),
        )
        for found in _FENCE.finditer(page)
    ]


def _split(text: str) -> Iterator[str]:
    """The commands of a script: a line, and those that it goes on in."""
    command = ""
    for line in text.splitlines(keepends=True):
        command += line
        try:
            words = shlex.split(command, comments=True)
        except ValueError:  # a quotation goes on
            continue
        if command.endswith("\\\n"):
            continue
        if words:
            yield command.rstrip("\n")
        command = ""
    assert not command, f"unfinished: {command}"


def _first_command(part: str) -> tuple[str, str]:
    command = next(_split(part))
    return command, part.removeprefix(command).removeprefix("\n")


def matches(shown: str, printed: str) -> bool:
    """Whether a page shows what was printed."""
    pattern = "".join(
        r"(?:.*\n)*" if line == "…\n" else ".*".join(re.escape(part) for part in line.split("…"))
        for line in _COMMIT.sub("COMMIT", shown).splitlines(keepends=True)
    )
    return re.fullmatch(pattern, _COMMIT.sub("COMMIT", printed)) is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Somebody at a terminal, in a folder and with a home of their own.

    `machine` is the folder that stands for the root of the machine: a path below /var or /etc lies in there.
    """

    folder: Path
    machine: Path
    environment: Mapping[str, str]
    command: ForkedCommand

    def run(self, command: str) -> tuple[int, str]:
        """The exit code, and what a terminal shows."""
        moved = re.sub(r"(?<![\w.])/(?=var/|etc/|srv/)", f"{self.machine}/", command)
        bare = moved.replace("\\\n", " ")
        words = shlex.split(bare, comments=True)
        unquoted = re.sub(r"'[^']*'|\"[^\"$`]*\"|#.*", "", bare)
        if words[0] == "modelspec" and not _SHELL & set(unquoted):
            code, out, _ = self.command.run(
                tuple(words[1:]), cwd=self.folder, environment=self.environment, merged=True
            )
            text = out.decode()
        else:
            done = subprocess.run(
                ["bash", "-c", moved], cwd=self.folder, env=self.environment, text=True, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
            )  # fmt: skip
            code, text = done.returncode, done.stdout
        return code, text.replace(f"{self.machine}/", "/")

    def write(self, block: Block) -> None:
        """Files as the block says them."""
        for path in block.all("write"):
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        for path in block.all("append"):
            with (self.folder / path).open("a", encoding="utf-8") as end:
                end.write(block.text)
        for path in block.all("replace"):
            file = self.folder / path
            text = file.read_text(encoding="utf-8")
            start = re.escape(block.text.split(":")[0])
            fresh, count = re.subn(rf"(?m)^{start}:.*\n", lambda _: block.text, text)
            assert count == 1, f"{path} has {count} lines that begin with {start}:"
            file.write_text(fresh, encoding="utf-8")
