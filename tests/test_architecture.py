"""The house as its design has it: rooms in their order, and the style of every module. A test lists its offenders."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "modelspec"

ROOMS = (
    "text",
    "secret",
    "url",
    "diagnose",
    "load",
    "schema",
    "fleet",
    "routing",
    "emit",
    "gateways",
    "rules",
    "check",
    "site",
    "write",
    "cache",
    "pipeline",
    "incremental",
    "report",
    "git",
    "change",
    "ask",
    "author",
    "importing",
    "traffic",
    "api",
    "editors",
    "serve",
    "cli",
    "__main__",
)
"""Every room, from the top to the bottom: each may import those above it; `modelspec.__version__` is open to all."""

ONLY_IN = {
    "click": {"cli"},
    "yaml": {"load"},
    "jsonschema": {"schema"},
    "jsonschema_rs": {"schema"},
    "referencing": {"schema"},
    "platformdirs": {"cache"},
    "subprocess": {"git", "gateways"},  # git, and the gateway's own program, to validate
    "http": {"gateways"},  # the gateway's own admin interface
    "urllib.request": set(),
    "urllib.parse.urlsplit": set(),  # it raises on what a pull request may hold: `url.parts` never does
    "urllib.parse.urlparse": set(),
    "importlib.resources": {
        "site",
        "author",
        "serve",
    },  # it brings archives and temporary files: no rule may need it
    "traceback.print_exc": set(),  # a message of an exception may hold a value of a file
    "traceback.format_exc": set(),
    "jinja2": {"site"},
    "duckdb": {"traffic"},
    "httpx": {"traffic", "gateways"},  # in the second, within LiteLLM, whose requests are caught
    "ibis": {"traffic"},
    "zstandard": {"traffic"},
    "pygls": {"editors"},
    "lsprotocol": {"editors"},
    "starlette": {"serve"},
    "uvicorn": {"serve"},
    "watchfiles": {"serve"},
    "pickle": {"incremental"},  # between a process and its own fork
    "marshal": set(),
    "random": {"gateways"},  # LiteLLM's router draws, in its own process, with our seed
}
"""Packages that one room knows, and some that nobody may use: a compile starts nothing, asks nobody, rolls no dice."""

LONGEST_FILE = 500
LONGEST_FUNCTION = 60
MOST_FILES = 341

TREES = {
    file.relative_to(PACKAGE).as_posix(): ast.parse(file.read_text(encoding="utf-8"))
    for file in sorted(PACKAGE.rglob("*.py"))
}


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


def _modules(tree: ast.Module) -> Iterator[str]:
    """The modules of the package that one imports, by their files."""
    for name in _imported(tree):
        head, _, tail = name.removeprefix("modelspec.").replace(".", "/").rpartition("/")
        for file in (
            f"{head}/{tail}.py",
            f"{tail}.py",
            f"{head}/{tail}/__init__.py",
            f"{head}.py",
            f"{head}/__init__.py",
        ):
            if name.startswith("modelspec.") and file in TREES:
                yield file
                break


def test_the_listing_has_the_rooms_that_are_there() -> None:
    assert {_room(name) for name in TREES} - {"__init__"} == set(ROOMS)


def test_a_room_imports_only_rooms_above_it() -> None:
    place = {room: number for number, room in enumerate(ROOMS)}
    assert [
        f"{name} imports {imported}"
        for name, tree in TREES.items()
        for imported in _modules(tree)
        if _room(imported) != _room(name) and place[_room(imported)] > place[_room(name)]
    ] == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    faces = {name for name in TREES if name.endswith("__init__.py")}
    graph = {name: set(_modules(tree)) - {name} - faces for name, tree in TREES.items()}
    assert [*TopologicalSorter(graph).static_order()]  # raises CycleError, which names the circle


def test_packages_stay_in_their_rooms() -> None:
    assert [
        f"{name} imports {imported}"
        for name, tree in TREES.items()
        for imported in _imported(tree)
        for package, rooms in ONLY_IN.items()
        if f"{imported}.".startswith(f"{package}.") and _room(name) not in rooms
    ] == []


def test_files_and_functions_can_be_seen_as_a_whole() -> None:
    lines = {name: len((PACKAGE / name).read_text(encoding="utf-8").splitlines()) for name in TREES}
    assert [f"{name}: {length}" for name, length in lines.items() if length > LONGEST_FILE] == []
    assert [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ] == []
    assert len(TREES) <= MOST_FILES


def test_a_class_name_stands_for_one_thing() -> None:
    places = defaultdict(list)
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name.lstrip("_")].append(f"{name}:{node.lineno}")
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_a_module_says_why_it_is_opened() -> None:
    assert [name for name, tree in TREES.items() if not ast.get_docstring(tree)] == []


def test_bugs_are_caught_in_one_place_only() -> None:
    """The log of a head runs in LiteLLM, where it must not harm a request."""
    assert [
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if name != "gateways/litellm/modelspec_log.py"
        and isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or any(
                isinstance(part, ast.Name) and part.id in ("Exception", "BaseException")
                for part in ast.walk(node.type)
            )
        )
    ] == ["__main__.py"]


def _owners(tree: ast.Module) -> Iterator[ast.Module | ast.ClassDef]:
    yield tree
    yield from (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name[0] != "_")


def test_public_functions_and_classes_say_what_they_are() -> None:
    assert [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in TREES.items()
        for owner in _owners(tree)
        for node in owner.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ] == []


def test_no_group_is_repeated_possessively() -> None:
    """Python before 3.11.5 forgets where a failed turn of such a group began: gh-106052."""
    assert [
        name
        for name in TREES
        if re.findall(r"(?<!\()\)[*+?]\+", (PACKAGE / name).read_text(encoding="utf-8"))
    ] == []
