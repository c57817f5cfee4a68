"""What the second state of a repository costs: one state beside two of them, with 1 and with 500 changed files.

    python benchmarks/plan.py                       # a generated fleet of 5,000 models
    python benchmarks/plan.py --fleet ../my-fleet   # a copy of your own repository

The fleet is committed once to a git repository in a scratch folder. Everything runs in turns, whole processes seen from
outside; the ratios are medians of the ratios within one round.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from cases import COLD, HERE, Fleet, environment, program
from measure import Case, FailedError, interleaved, ratio, sample, typical
from table import Samples, aligned, markdown

CHANGES = (1, 500)
ONE = "one state compiled and routed"

_IMPORTS = "from datetime import date; from pathlib import Path; "
_ONE_STATE = (
    _IMPORTS + "from modelspec.incremental import compile_fleet; "
    "compile_fleet(Path('.'), today=date(2026, 6, 1))"
)
_TWO_STATES = (
    _IMPORTS + "from modelspec.change.states import read_states; "
    "read_states(Path('.'), base='HEAD', head=None, today=date(2026, 6, 1)).head"
)
_CODES = frozenset({0, 1, 10})


def main() -> None:
    """Measure and print; exit with 1 where a measured program fails."""
    options = _options()
    scratch = Path(tempfile.mkdtemp(prefix="modelspec-benchmark-"))
    try:
        fleet = _committed(options.fleet, options.models, scratch)
        cases = list(_cases(fleet))
        for case in cases:
            sample(case, 0)
        samples = interleaved(cases, options.runs, lambda _words: None)
        rows = list(_rows(samples))
        print(f"{len(fleet.models):,} models, medians of {options.runs} runs\n")
        print(markdown(rows) if options.markdown else aligned(rows))
    except FailedError as error:
        sys.exit(str(error))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--fleet", type=Path, metavar="DIR", help="measure a copy of this repository")
    parser.add_argument("--models", type=int, default=5_000, metavar="N", help="size of the generated fleet")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each case; default: 5")
    parser.add_argument("--markdown", action="store_true", help="print a table for a page")
    return parser.parse_args()


def _committed(given: Path | None, models: int, scratch: Path) -> Fleet:
    root, work = scratch / "fleet", scratch / "work"
    work.mkdir()
    if given is None:
        subprocess.run([sys.executable, HERE / "fleet.py", root, str(models)], check=True)
    else:
        shutil.copytree(
            given, root, symlinks=True, ignore=shutil.ignore_patterns(".*", "dist", "node_modules")
        )
    identity = {"NAME": "benchmark", "EMAIL": "benchmark@example.com", "DATE": "2026-01-01T00:00:00Z"}
    settings = {
        f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in identity.items()
    }
    for command in ("init --quiet", "add --all", "commit --quiet --message fleet", "gc --quiet"):
        git = ["git", *command.split()]
        subprocess.run(git, cwd=root, check=True, env={**environment(work), **settings})
    return Fleet.of(root, work)


def _cases(fleet: Fleet) -> Iterator[Case]:
    modelspec = program("modelspec")
    yield _case(fleet, COLD, [modelspec, "validate", "--quiet", "--root", ".", "--no-cache"], 0)
    yield _case(fleet, ONE, [sys.executable, "-c", _ONE_STATE], 0)
    commands = {
        "two states": [sys.executable, "-c", _TWO_STATES],
        "validate --changed-since HEAD": [
            modelspec,
            "validate",
            "--quiet",
            "--root",
            ".",
            "--changed-since",
            "HEAD",
        ],
        "plan --base HEAD": [modelspec, "plan", "--root", ".", "--base", "HEAD"],
    }
    for name, command in commands.items():
        for changes in CHANGES:
            yield _case(fleet, f"{name}, {changes} changed", command, changes)


def _case(fleet: Fleet, name: str, command: Sequence[str], changes: int) -> Case:
    around: Callable[[int], AbstractContextManager[object]] = nullcontext
    if changes:
        around = _changed(fleet.models[:: max(1, len(fleet.models) // changes)][:changes])
    return Case(
        name=name,
        command=command,
        folder=fleet.root,
        environment={
            **environment(fleet.scratch),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
        },
        around=around,
        codes=_CODES,
    )


def _changed(paths: Sequence[Path]) -> Callable[[int], AbstractContextManager[object]]:
    """Give files a tag more, or failing that a comment, and their texts back afterwards."""

    @contextmanager
    def changed(run: int) -> Iterator[None]:
        texts = [path.read_bytes() for path in paths]
        for path, text in zip(paths, texts, strict=True):
            more = b"# run %d\n" if b"\ntags:" in text else b"tags: [run-%d]\n"
            path.write_bytes(text.rstrip(b"\n") + b"\n" + more % run)
        try:
            yield
        finally:
            for path, text in zip(paths, texts, strict=True):
                path.write_bytes(text)

    return changed


def _rows(samples: Samples) -> Iterator[Sequence[str]]:
    yield ("", "seconds", "processor", "MiB", "x one state", "by processor", f"x {COLD}")
    for name, measured in samples.items():
        middle = typical(measured)
        wall, processor = ratio(measured, samples[ONE])
        yield (
            name,
            f"{middle.wall:.3f}",
            f"{middle.processor:.3f}",
            f"{middle.peak:.0f}",
            f"{wall:.2f}",
            f"{processor:.2f}",
            f"{ratio(measured, samples[COLD])[0]:.2f}",
        )


if __name__ == "__main__":
    main()
