"""What is said of ordinary mistakes: each is found in its file, and read by people before it was written down here."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from ordinary_mistakes import GROUPS, Mistake
from small_fleets import TODAY

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.incremental import check
from modelspec.load.find import read_tree

EXAMPLE = Path(__file__).parents[2]
SAID = Path(__file__).parent / "said"
FILES = (
    "heads.yaml",
    "keys.yaml",
    "metadata.schema.json",
    "modelspec.yaml",
    "regions.yaml",
    "routes.test.yaml",
    "waivers.yaml",
)
_MOST = 3
"""Findings of one mistake that are written down."""


@pytest.fixture(name="root", scope="module")
def _root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("fleet")
    for name in FILES:
        shutil.copy(EXAMPLE / name, root)
    shutil.copytree(EXAMPLE / "models.d", root / "models.d")
    return root


def _found(root: Path, mistake: Mistake) -> list[Diagnostic]:
    _, name, old, new = mistake
    file = root / name
    text = file.read_text(encoding="utf-8")
    assert old in text, mistake
    try:
        file.write_text(text.replace(old, new, 1) if old else new, encoding="utf-8")
        found = list(check(read_tree(root), today=TODAY).diagnostics)
    finally:
        file.write_text(text, encoding="utf-8")
    # What concerns the file first, as `validate PATH` shows it.
    return sorted(found, key=lambda one: (one.severity.rank, one.path != name))


def _written(found: list[Diagnostic]) -> Iterator[str]:
    for one in found[:_MOST]:
        yield f"    {one.severity}[{one.code}] {one.path}:{one.span.line}:{one.span.column}: {one.message}"
        if one.help:
            yield f"      help: {one.help}"
    if len(found) > _MOST:
        yield f"    and {len(found) - _MOST} more"


def test_the_example_has_no_mistake(root: Path) -> None:
    assert [*check(read_tree(root), today=TODAY).diagnostics] == []


def test_there_are_many() -> None:
    assert sum(map(len, GROUPS.values())) >= 150


@pytest.mark.parametrize("group", GROUPS)
def test_what_is_said(group: str, root: Path, *, update: bool) -> None:
    lines: list[str] = []
    for mistake in GROUPS[group]:
        found = _found(root, mistake)
        assert found, f"nothing is said of {mistake[0]}"
        assert mistake[1] in {found[0].path, *(label.path for label in found[0].related)}, mistake[0]
        lines += [mistake[0], *_written(found)]
    said = "\n".join(lines) + "\n"
    file = SAID / f"{group}.txt"
    if update:
        file.parent.mkdir(exist_ok=True)
        file.write_text(said, encoding="utf-8")
    assert said == file.read_text(encoding="utf-8")
