"""What is measured on one repository."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from measure import Case, sample

HERE = Path(__file__).parent
SCHEMA = HERE.parent / "schemas" / "model.schema.json"

FLOOR = "floor: list and read every byte"
EVENTS = "floor: PyYAML's C events"
COLD = "validate --no-cache"
FIRST = "validate, empty cache"
UNCHANGED = "validate, nothing changed"
COMMENTED = "validate, one comment changed"
RENAMED = "validate, one name changed"
BUILD = "build, new folder"
REBUILD = "build, over an older one"
CHECK = "build --check"
PEER = "check-jsonschema"

_ARGUMENTS = "1000000"
"""Bytes of file names that xargs passes to one process: as many as systems usually allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """A repository that is measured, and a scratch folder beside it for caches and builds."""

    root: Path
    scratch: Path
    models: Sequence[Path]

    @classmethod
    def of(cls, root: Path, scratch: Path) -> "Fleet":
        """List the models of a repository."""
        models = sorted(path for path in (root / "models.d").rglob("*") if path.suffix in {".yaml", ".yml"})
        return cls(root=root, scratch=scratch, models=models)


def program(name: str) -> str:
    """The command of that name in the environment of this Python.

    Raises:
        FileNotFoundError: it is not installed there.
    """
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise FileNotFoundError(f"{name} is not installed beside {Path(sys.executable).name}")
    return str(path)


def environment(cache: Path) -> Mapping[str, str]:
    """Nothing of the user's but where programs are; the cache is in a folder of its own."""
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(cache), "XDG_CACHE_HOME": str(cache)}


def floor_cases(fleet: Fleet) -> Iterator[Case]:
    """The two floors that everything is compared with."""
    for name, script in ((FLOOR, "floor.py"), (EVENTS, "events.py")):
        yield _case(fleet, name, [sys.executable, str(HERE / script), "models.d"])


def validate_cases(fleet: Fleet, *, has_faults: bool) -> Iterator[Case]:
    """Validation without a cache, with an empty one, and with one that knows all or nearly all."""
    command = [program("modelspec"), "validate", "--quiet", "--root", "."]
    codes = _codes(has_faults=has_faults)
    yield _case(fleet, COLD, [*command, "--no-cache"], codes=codes)
    yield _case(fleet, FIRST, command, around=lambda _run: _emptied(fleet.scratch / FIRST), codes=codes)
    yield _case(fleet, UNCHANGED, command, codes=codes)
    for name, change in ((COMMENTED, _with_comment), (RENAMED, _with_other_name)):
        yield _case(fleet, name, command, around=_changes(fleet, change), codes=codes)


def build_cases(fleet: Fleet) -> Iterator[Case]:
    """Builds into a new folder, over an older build, and the comparison with one."""
    fresh, kept = fleet.scratch / "fresh", fleet.scratch / "kept"
    command = [program("modelspec"), "build", "--quiet", "--root", ".", "--output"]
    yield _case(fleet, BUILD, [*command, str(fresh), "--no-cache"], around=lambda _run: _emptied(fresh))
    yield _case(fleet, REBUILD, [*command, str(kept)])
    yield _case(fleet, CHECK, [*command, str(kept), "--check"])


def peer_case(fleet: Fleet, *, has_faults: bool) -> Case:
    """The same schema and files, by check-jsonschema: as many files a process as the system allows."""
    listed = fleet.scratch / "models.txt"
    listed.write_bytes(b"".join(os.fsencode(path.relative_to(fleet.root)) + b"\0" for path in fleet.models))
    command = ["xargs", "-0", "-s", _ARGUMENTS, "-a", str(listed)]
    command += [program("check-jsonschema"), "--schemafile", str(SCHEMA)]
    return _case(fleet, PEER, command, codes=_codes(has_faults=has_faults) | ({123} if has_faults else set()))


def start_cases(fleet: Fleet) -> Iterator[Case]:
    """What a user waits for before anything happens; `fleet` is a small one."""
    validate = [program("modelspec"), "validate", "--quiet", "--root", "."]
    yield _case(fleet, "python -c pass", [sys.executable, "-c", "pass"])
    yield _case(fleet, "python -c 'import click'", [sys.executable, "-c", "import click"])
    yield _case(fleet, "modelspec --help", [program("modelspec"), "--help"])
    yield _case(fleet, f"{COLD}, {len(fleet.models)} files", [*validate, "--no-cache"])
    yield _case(fleet, f"{UNCHANGED}, {len(fleet.models)} files", validate)


def warmed(cases: Sequence[Case], progress: Callable[[str], None]) -> None:
    """Run each case once without measuring: bytecode, caches and older builds are there from now on.

    Raises:
        FailedError: as `measure.sample`.
    """
    for case in cases:
        progress(f"warming up: {case.name}")
        # Before the first change there must be a cache that knows the unchanged fleet.
        sample(replace(case, around=nullcontext) if case.name in {COMMENTED, RENAMED} else case, 0)


def _case(
    fleet: Fleet,
    name: str,
    command: Sequence[str],
    around: Callable[[int], AbstractContextManager[object]] = nullcontext,
    codes: frozenset[int] = frozenset({0}),
) -> Case:
    cache = fleet.scratch / name.replace("/", "-")
    cache.mkdir(exist_ok=True)
    return Case(
        name=name,
        command=command,
        folder=fleet.root,
        environment=environment(cache),
        around=around,
        codes=codes,
    )


@contextmanager
def _emptied(folder: Path) -> Iterator[None]:
    shutil.rmtree(folder, ignore_errors=True)
    yield


def _changes(
    fleet: Fleet, change: Callable[[bytes, int], bytes]
) -> Callable[[int], AbstractContextManager[object]]:
    """Change another file in each run, and give it back its text afterwards."""

    @contextmanager
    def changed(run: int) -> Iterator[None]:
        path = fleet.models[(run * 7919 + 1) % len(fleet.models)]
        text = path.read_bytes()
        path.write_bytes(change(text, run))
        try:
            yield
        finally:
            path.write_bytes(text)

    return changed


def _codes(*, has_faults: bool) -> frozenset[int]:
    return frozenset({0, 1} if has_faults else {0})


def _with_comment(text: bytes, run: int) -> bytes:
    return text + b"\n# run %d\n" % run


def _with_other_name(text: bytes, run: int) -> bytes:
    return b"".join(
        b"name: Renamed in run %d\n" % run if line.startswith(b"name: ") else line
        for line in text.splitlines(keepends=True)
    )
