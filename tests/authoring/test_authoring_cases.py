"""Every verb that lists or changes models, as a user runs it: output, exit code and changed files."""

import difflib
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from forked_command import ForkedCommand
from golden_cases import cases
from modelspec_command import Command, tree

CASES = cases(Path(__file__).parent / "cases")


@pytest.mark.parametrize("name", CASES)
def test_a_verb_does_what_its_case_says(
    name: str, tmp_path: Path, forked: ForkedCommand, *, update: bool
) -> None:
    case = CASES[name]
    root = case.write(tmp_path / "fleet")
    before = tree(root)
    (tmp_path / "home").mkdir()
    (command,) = case.all("run")
    outcome = Command(tmp_path / "home", forked=forked).run(*shlex.split(command), cwd=root)
    parts = [
        f"exit code {outcome.code}\n",
        *_part("standard output", outcome.out),
        *_part("standard error", outcome.err.replace(str(tmp_path), "…")),
        *_part("files", "".join(_diff(before, tree(root)))),
    ]
    text = "\n".join(part.rstrip("\n") for part in parts) + "\n"
    case.settle({"outcome.txt": text}, update=update)


def _part(title: str, text: str) -> list[str]:
    return [f"--- {title}", text] if text else []


def _diff(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[str]:
    for path in sorted({*before, *after}):
        # Carriage returns are made visible, so that a lost one is noticed.
        old, new = (
            files.get(path, b"").decode().replace("\r", "<CR>").splitlines(keepends=True)
            for files in (before, after)
        )
        yield from difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", n=1)
