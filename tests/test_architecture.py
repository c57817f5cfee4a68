"""The house as ARCHITECTURE draws it: which room may import which, top to bottom, and the style of every module."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

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
    "litellm": "",
    "merge": "",
    "diagnostic": "source",
    "distinct": "source diagnostic",
    "excess": "diagnostic",
    "document": "source",
    "suggest": "nearest",
    "catalog": "source document suggest",
    "rule": "diagnostic document catalog",
    "settings": "catalog",
    "schema": "nearest quote",
    "load": "source quote diagnostic document catalog",
    "told_once": "quote diagnostic",
    "locate": "source merge diagnostic catalog rule load",
    "effective": "source document catalog locate",
    "ignore": "source document",
    "edit": "source document load",
    "reach": "catalog",
    "decide": "routing",
    "keys": "glob secret url providers document catalog reach",
    "link": "quote document catalog rule settings reach keys",
    "rules": "source quote secret url providers litellm diagnostic document catalog rule reach keys",
    "judge": "source quote diagnostic catalog rule settings ignore rules",
    "examine": "source secret merge diagnostic excess catalog rule schema load locate ignore link rules",
    "inherit": "merge diagnostic catalog rule load locate ignore examine",
    "setup": "nearest quote diagnostic document catalog rule settings schema load locate ignore link rules"
    " examine",
    "cache": "source diagnostic catalog load ignore examine",
    "pipeline": "source parallel diagnostic distinct excess catalog rule load told_once locate link rules"
    " judge examine inherit setup cache",
    "route": "routing providers catalog reach",
    "guards": "source quote url routing diagnostic document catalog rule settings rules judge pipeline",
    "git": "nearest quote refusal diagnostic load",
    "states": "refusal routing catalog load pipeline route git",
    "changed": "refusal diagnostic catalog load pipeline states",
    "emit": "routing litellm",
    "publish": "nearest quote emit",
    "write": "quote refusal emit",
    "site": "secret url routing providers diagnostic schema rules emit",
    "build": "routing settings load pipeline route emit write site",
    "report": "source secret diagnostic rule rules",
    "plan": "routing diagnostic report",
    "planning": "refusal diagnostic pipeline route guards states report plan",
    "reasons": "nearest quote routing document catalog locate decide report",
    "routes_test": "routing catalog load locate decide report reasons",
    "drill": "routing decide report",
    "importing": "source nearest quote secret url providers litellm diagnostic document load edit pipeline"
    " write report",
    "editors": "quote secret merge catalog rule schema load locate rules setup write report",
    "init": "quote load pipeline write editors",
    "serve": "diagnostic pipeline site build report",
    "authoring": "source nearest glob quote refusal secret providers diagnostic document catalog schema load"
    " locate edit pipeline git write site report editors",
    "cli": "source nearest quote refusal providers diagnostic catalog rule settings schema load edit decide"
    " rules pipeline route git states changed publish write build report plan planning reasons routes_test"
    " drill importing editors init serve authoring",
    "__main__": "cli",
}
"""Each room and what it may import, all of it from above; `from modelspec import __version__` is open to all."""

ONLY_IN = {
    "click": {"cli"},
    "yaml": {"load"},
    "jsonschema_rs": {"schema"},
    "platformdirs": {"cache"},
    "subprocess": {"git", "publish"},  # git, and the gateway's own program, to validate
    "http": {"publish"},  # the gateway's own admin interface
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

MODULES = {
    file.relative_to(PACKAGE).as_posix(): file.read_text(encoding="utf-8")
    for file in sorted(PACKAGE.rglob("*.py"))
}
TREES = {name: ast.parse(text) for name, text in MODULES.items()}


def _room(name: str) -> str:
    return name.partition("/")[0].removesuffix(".py")


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _rooms(name: str) -> set[str]:
    parts = (imported.split(".") for imported in _imported(TREES[name]))
    return {part[1] for part in parts if part[0] == "modelspec"} - {"__version__", _room(name)}


def test_a_room_imports_what_it_may() -> None:
    beyond = {
        name: _rooms(name) - set(MAY_IMPORT[_room(name)].split()) for name in TREES if name != "__init__.py"
    }
    assert {name: rooms for name, rooms in beyond.items() if rooms} == {}


def test_the_table_lists_the_rooms_that_are_there() -> None:
    assert {_room(name) for name in MODULES} - {"__init__"} == MAY_IMPORT.keys()


def test_a_room_imports_only_rooms_above_it() -> None:
    above: set[str] = set()
    for room, allowed in MAY_IMPORT.items():
        assert set(allowed.split()) <= above, room
        above.add(room)


def test_packages_stay_in_their_rooms() -> None:
    assert [
        (name, imported)
        for name, tree in TREES.items()
        for imported in _imported(tree)
        for package, rooms in ONLY_IN.items()
        if f"{imported}.".startswith(f"{package}.") and _room(name) not in rooms
    ] == []


def test_no_module_is_longer_than_300_lines() -> None:
    assert [name for name, text in MODULES.items() if len(text.splitlines()) > 300] == []


def _is_broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or any(
        isinstance(part, ast.Name) and part.id in ("Exception", "BaseException")
        for part in ast.walk(handler.type)
    )


def test_bugs_are_caught_in_one_place_only() -> None:
    assert [
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and _is_broad(node)
    ] == ["__main__.py"]


def _silent(tree: ast.Module) -> Iterator[str]:
    owners: list[ast.Module | ast.ClassDef] = [tree]
    owners += [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    for owner in owners:
        for node in owner.body:
            if (
                isinstance(node, ast.FunctionDef | ast.ClassDef)
                and not node.name.startswith("_")
                and ast.get_docstring(node) is None
            ):
                yield node.name


def test_public_functions_and_classes_say_what_they_are() -> None:
    assert [(name, silent) for name, tree in TREES.items() for silent in _silent(tree)] == []


def test_no_group_is_repeated_possessively() -> None:
    """Python before 3.11.5 forgets where a failed turn of such a group began: gh-106052."""
    assert [name for name, text in MODULES.items() if re.search(r"(?<!\()\)[*+?]\+", text)] == []
