"""Measures modelspec as whole processes, beside floors and a peer: the figures of docs/performance.md.

Everything that one table holds is run in turns, so that a busy machine slows all of it. Fleets are written once to the
system's folder for temporary files and used again.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from cases import (
    HERE,
    Fleet,
    build_cases,
    environment,
    floor_cases,
    peer_case,
    program,
    start_cases,
    validate_cases,
    warmed,
)
from measure import Case, FailedError, interleaved
from table import FULL_SIZE, LARGE_SIZE, Samples, aligned, fleet_rows, growth_rows, markdown, start_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SIZES = (1_000, FULL_SIZE, LARGE_SIZE)
FEW = 10
"""Models of the fleet on which the start is measured."""

_PEER_LIMIT = FULL_SIZE
"""Models above which check-jsonschema, which takes minutes there, is left out."""


def main() -> None:
    """Measure and print what the options ask for; exit with 1 where a measured program fails."""
    options = _options()
    show: Callable[[Sequence[Sequence[str]]], str] = markdown if options.markdown else aligned
    scratch = Path(tempfile.mkdtemp(prefix="modelspec-benchmark-"))
    try:
        print(f"Python {platform.python_version()}, {os.cpu_count()} cores, medians of {options.runs} runs")
        if options.root is not None:
            fleet, has_faults = _copy(options.root, scratch)
            samples = _measured([*_cases(fleet, has_faults=has_faults)], options.runs)
            _print(f"{len(fleet.models):,} models", show([*fleet_rows(samples, len(fleet.models))]))
            return
        few = Fleet.of(_fleet(FEW), _made(scratch / "start"))
        _print("Start", show([*start_rows(_measured([*start_cases(few)], options.runs))]))
        measured: dict[int, Samples] = {}
        for size in options.sizes:
            fleet = Fleet.of(_fleet(size), _made(scratch / str(size)))
            measured[size] = _measured([*_cases(fleet, has_faults=False)], options.runs)
            _print(f"{size:,} models", show([*fleet_rows(measured[size], size)]))
            shutil.rmtree(fleet.scratch)
        if FULL_SIZE in measured and LARGE_SIZE in measured:
            rows = growth_rows(measured[FULL_SIZE], measured[LARGE_SIZE])
            _print(f"From {FULL_SIZE:,} to {LARGE_SIZE:,}", show([*rows]))
    except FailedError as error:
        sys.exit(str(error))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument(
        "--sizes",
        type=_sizes,
        default=SIZES,
        metavar="N,N",
        help="models a fleet; default: 1000,10000,100000",
    )
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each case; default: 5")
    parser.add_argument(
        "--root", type=_folder, metavar="DIR", help="measure a copy of this repository instead"
    )
    parser.add_argument("--markdown", action="store_true", help="print tables for a page")
    return parser.parse_args()


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a folder")
    return path


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(part.replace("_", "")) for part in text.split(","))


def _cases(fleet: Fleet, *, has_faults: bool) -> list[Case]:
    cases = [*floor_cases(fleet), *validate_cases(fleet, has_faults=has_faults)]
    if not has_faults:
        cases += build_cases(fleet)
    if len(fleet.models) <= _PEER_LIMIT:
        cases.append(peer_case(fleet, has_faults=has_faults))
    return cases


def _measured(cases: list[Case], runs: int) -> Samples:
    warmed(cases, _progress)
    try:
        return interleaved(cases, runs, _progress)
    finally:
        _progress("")


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{words}", end="", file=sys.stderr, flush=True)


def _print(title: str, table: str) -> None:
    print(f"\n### {title}\n\n{table}", flush=True)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _fleet(size: int) -> Path:
    """Generate a fleet, or find the one that an earlier run of the same generator has left."""
    script = HERE / "fleet.py"
    kind = sha256(script.read_bytes()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"modelspec-fleet-{os.getuid()}-{kind}-{size}"
    if not folder.exists():
        # By another process: its memory would else be counted to every process that is started from here.
        draft = Path(tempfile.mkdtemp(prefix=folder.name, dir=folder.parent))
        subprocess.run([sys.executable, script, draft, str(size)], check=True)
        draft.rename(folder)
    return folder


def _copy(root: Path, scratch: Path) -> tuple[Fleet, bool]:
    """Copy a repository, since cases change its files, and see whether it has errors: then nothing is built.

    Raises:
        FailedError: it is no repository, or modelspec has a bug.
    """
    copy = scratch / "copy"
    shutil.copytree(root, copy, symlinks=True, ignore=shutil.ignore_patterns(".*", "dist", "node_modules"))
    command = [program("modelspec"), "validate", "--quiet", "--no-cache", "--root", str(copy)]
    outcome = subprocess.run(command, check=False, capture_output=True, env=environment(scratch))
    if outcome.returncode > 1:
        raise FailedError(outcome.stderr.decode(errors="replace"))
    return Fleet.of(copy, _made(scratch / "work")), outcome.returncode == 1


if __name__ == "__main__":
    main()
