"""The house as ARCHITECTURE draws it: which room may import which, top to bottom, and the style of every module."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "modelspec"

MAY_IMPORT = {
    "source": "",
    "parallel": "",
    "nearest": "",
    "glob": "",
    "quote": "",
    "refusal": "",
    "secret": "",
    "url": "",
    "routing": "",
    "providers": "",
    "diagnostic": "source",
    "distinct": "source diagnostic",
    "excess": "diagnostic",
    "document": "source",
    "suggest": "nearest",
    "catalog": "source document suggest",
    "rule": "document diagnostic catalog",
    "settings": "catalog",
    "schema": "nearest quote",
    "load": "source document diagnostic catalog quote",
    "locate": "source diagnostic catalog rule load",
    "ignore": "source document",
    "edit": "source document load",
    "reach": "catalog",
    "keys": "document catalog glob providers reach secret url",
    "link": "document catalog rule settings quote reach keys",
    "rules": "source document diagnostic catalog rule providers quote reach keys secret url",
    "judge": "source diagnostic catalog rule rules ignore settings quote",
    "examine": "diagnostic catalog rule rules ignore load locate link schema secret",
    "setup": "document diagnostic catalog rule rules ignore settings load locate link schema examine nearest quote",
    "cache": "source diagnostic catalog ignore load examine",
    "pipeline": "source parallel diagnostic distinct excess catalog rule rules load locate link judge examine setup"
    " cache",
    "route": "catalog providers reach routing",
    "guards": "source diagnostic catalog document rule rules settings quote url routing judge pipeline",
    "git": "diagnostic load nearest quote refusal",
    "states": "catalog load pipeline route routing git refusal",
    "changed": "diagnostic catalog load pipeline states refusal",
    "emit": "routing",
    "write": "emit quote refusal",
    "site": "diagnostic providers routing rules schema secret url emit",
    "build": "load routing settings emit pipeline route site write",
    "report": "source diagnostic rule rules secret",
    "editors": "catalog rule rules load locate setup schema secret quote report write",
    "serve": "diagnostic pipeline site build report",
    "authoring": "source document diagnostic catalog providers nearest glob quote secret schema load edit pipeline git"
    " write site report editors refusal",
    "cli": "source diagnostic catalog providers rule rules load nearest quote settings pipeline build schema write"
    " report editors serve states changed refusal edit git authoring",
    "__main__": "cli",
}
"""Each room and what it may import, all of it from above; `from modelspec import __version__` is open to all."""

ONLY_IN = {
    "click": {"cli"},
    "yaml": {"load"},
    "jsonschema_rs": {"schema"},
    "platformdirs": {"cache"},
    "subprocess": {"git"},
    "http": set(),
    "urllib.request": set(),
    "jinja2": {"site"},
    "starlette": {"serve"},
    "uvicorn": {"serve"},
    "watchfiles": {"serve"},
    "pickle": {"parallel"},  # between a process and its own fork
    "marshal": set(),
    "random": set(),
}
"""Packages that one room knows, and some that nobody may use: a compile starts nothing, asks nobody, rolls no dice."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def _name(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix()


def _room(file: Path) -> str:
    return _name(file).partition("/")[0].removesuffix(".py")


def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _rooms(file: Path) -> set[str]:
    parts = (name.split(".") for name in _imported(_tree(file)))
    return {name[1] for name in parts if name[0] == "modelspec"} - {"__version__", _room(file)}


@pytest.mark.parametrize("file", MODULES, ids=_name)
def test_a_room_imports_what_it_may(file: Path) -> None:
    if file != PACKAGE / "__init__.py":
        assert _rooms(file) <= set(MAY_IMPORT[_room(file)].split())


def test_the_table_lists_the_rooms_that_are_there() -> None:
    assert {_room(file) for file in MODULES} - {"__init__"} == MAY_IMPORT.keys()


def test_a_room_imports_only_rooms_above_it() -> None:
    above: set[str] = set()
    for room, allowed in MAY_IMPORT.items():
        assert set(allowed.split()) <= above, room
        above.add(room)


@pytest.mark.parametrize("file", MODULES, ids=_name)
def test_packages_stay_in_their_rooms(file: Path) -> None:
    for name in _imported(_tree(file)):
        for package, rooms in ONLY_IN.items():
            assert not f"{name}.".startswith(f"{package}.") or _room(file) in rooms


@pytest.mark.parametrize("file", MODULES, ids=_name)
def test_no_module_is_longer_than_300_lines(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("file", MODULES, ids=_name)
def test_bugs_are_caught_in_one_place_only(file: Path) -> None:
    broad = [
        node.lineno
        for node in ast.walk(_tree(file))
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or any(
                isinstance(part, ast.Name) and part.id in ("Exception", "BaseException")
                for part in ast.walk(node.type)
            )
        )
    ]
    assert len(broad) == (_name(file) == "__main__.py")


@pytest.mark.parametrize("file", MODULES, ids=_name)
def test_public_functions_and_classes_say_what_they_are(file: Path) -> None:
    tree = _tree(file)
    owners: list[ast.Module | ast.ClassDef] = [tree]
    owners += [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    silent = [
        node.name
        for owner in owners
        for node in owner.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]
    assert silent == []


@pytest.mark.parametrize("file", MODULES, ids=_name)
def test_no_group_is_repeated_possessively(file: Path) -> None:
    """Python before 3.11.5 forgets where a failed turn of such a group began: gh-106052."""
    assert not re.findall(r"(?<!\()\)[*+?]\+", file.read_text(encoding="utf-8"))
