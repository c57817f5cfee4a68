"""Whether tests notice what is wrong: change one place of the package after the other, and run the nearest tests.

    .venv/bin/python tools/mutate.py modelspec/load --tests tests/load tests/golden --count 400 --seed 1

A mutant is one changed place: a comparison, a boundary, a boolean, a number, a text, arithmetic, a `not`, a returned
value or a statement that is dropped. Each worker changes a copy of the repository, never the repository itself. The
tests are first run as they are, with coverage: a mutant is then tried with the tests that reach its line, from the
quickest, until one fails; what these let through, all the given tests try.
"""

import argparse
import ast
import compileall
import difflib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from queue import SimpleQueue

from coverage import CoverageData

ROOT = Path(__file__).resolve().parents[1]
LEFT = shutil.ignore_patterns(
    ".git", ".venv*", ".tools", ".*_cache", ".hypothesis", "__pycache__", "dist", ".coverage*"
)
ENVIRONMENT = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "CI": "true",
}  # Hypothesis draws the same in CI
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.LShift: ast.RShift,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One changed place, and what became of it: killed, survived or timeout; `by` is the test that failed."""

    file: str
    line: int
    kind: str
    diff: str
    outcome: str = ""
    by: str = ""


def changes(node: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:  # noqa: C901, PLR0912 - a table, read from top to bottom
    """What may stand in the place of a node, by kind; None drops a statement."""
    match node:
        case ast.Compare(ops=[operator, *rest]):
            for other in COMPARISONS[type(operator)]:
                yield "comparison", ast.Compare(node.left, [other(), *rest], node.comparators)
        case ast.BoolOp():
            yield "boolean", ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        case ast.UnaryOp(op=ast.Not()):
            yield "not", node.operand
        case ast.BinOp() if type(node.op) in ARITHMETIC:
            yield "arithmetic", ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)
        case ast.Constant(value=bool(value)):
            yield "constant", ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield "constant", ast.Constant(value + 1)
            yield "constant", ast.Constant(value * 100 if value > 1 else -1)
        case ast.Constant(value=str(value)):
            yield "constant", ast.Constant(f"{value}X")
        case ast.If() | ast.While() | ast.IfExp():
            test = ast.UnaryOp(ast.Not(), node.test)
            yield "condition", type(node)(**{**dict(ast.iter_fields(node)), "test": test})
        case ast.Return(
            value=ast.Call() | ast.Name() | ast.Attribute() | ast.BinOp() | ast.IfExp() | ast.Tuple()
        ):
            yield "return", ast.Return(ast.Constant(None))
        case ast.Break():
            yield "break", ast.Continue()
        case ast.Continue():
            yield "continue", ast.Break()
        case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()) | ast.AugAssign() | ast.Raise():
            yield "statement", None
        case _:
            pass


def places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Where code stands that a test could miss: no docstring, annotation, assertion or part of an f-string."""
    if isinstance(tree, ast.JoinedStr | ast.Assert) or _declares(tree):
        return
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(child, ast.expr | ast.stmt) and not _declares(child):
                yield tree, name, index if isinstance(value, list) else None
            if isinstance(child, ast.AST):
                yield from places(child)


def _declares(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Call(func=ast.Name(id="TypeVar")):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]) | ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case _:
            return False


def spots(file: Path) -> list[tuple[Path, int, int]]:
    """Every mutant of a file: its place, and which of the changes there."""
    found = enumerate(places(ast.parse(file.read_text(encoding="utf-8"))))
    return [
        (file, number, change) for number, place in found for change, _ in enumerate(changes(_node(*place)))
    ]


def _node(parent: ast.AST, name: str, index: int | None) -> ast.AST:
    field = getattr(parent, name)
    node: ast.AST = field if index is None else field[index]
    return node


def mutant(file: Path, number: int, change: int) -> tuple[Mutant, str]:
    """One mutant, and the text of its file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    before = ast.unparse(tree).splitlines()
    parent, name, index = next(islice(places(tree), number, None))
    node = _node(parent, name, index)
    kind, other = next(islice(changes(node), change, None))
    new = ast.copy_location(other or ast.Pass(), node)
    if index is None:
        setattr(parent, name, new)
    else:
        getattr(parent, name)[index] = new
    text = ast.unparse(ast.fix_missing_locations(tree))
    diff = "\n".join([*difflib.unified_diff(before, text.splitlines(), lineterm="", n=2)][2:])
    assert isinstance(node, ast.expr | ast.stmt)
    return Mutant(file=file.relative_to(ROOT).as_posix(), line=node.lineno, kind=kind, diff=diff), text


class Copy:
    """A copy of the repository, with an environment of its own in which the copy is what is installed."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "copy"
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True)
        shutil.copytree(ROOT, self.root, ignore=LEFT, symlinks=True)
        (self.root / "dist").mkdir()
        subprocess.run(["git", "init", "-q", self.root], check=True)
        environment = self.root / ".venv"
        venv.create(environment, symlinks=True)
        self.python = environment / "bin" / "python"
        for program in Path(sysconfig.get_path("scripts")).iterdir():
            if not (environment / "bin" / program.name).exists():
                (environment / "bin" / program.name).symlink_to(program)
        command = environment / "bin" / "modelspec"
        command.unlink(missing_ok=True)
        command.write_text(
            f"#!{self.python}\nfrom modelspec.__main__ import main\n\nmain()\n", encoding="utf-8"
        )
        command.chmod(0o755)
        (packages,) = environment.glob("lib/python*/site-packages")
        (packages / "copy.pth").write_text(
            f"{self.root}\n{sysconfig.get_path('purelib')}\n", encoding="utf-8"
        )
        compileall.compile_dir(self.root, quiet=2)

    def write(self, file: str, text: str) -> None:
        """Give a file this text, and forget what was compiled of it: a file of the same second counts as the same."""
        target = self.root / file
        target.write_text(text, encoding="utf-8")
        for compiled in (target.parent / "__pycache__").glob(f"{target.stem}.*"):
            compiled.unlink()

    def run(
        self, tests: list[str], seconds: float, program: tuple[str, ...] = ("pytest",)
    ) -> tuple[str, str]:
        """Run tests until one fails: passed, failed or timeout, and the test that failed."""
        chosen = self.temporary / "tests.txt"
        chosen.write_text("\n".join(tests), encoding="utf-8")
        limited = 'ulimit -v 8000000; exec "$@"'
        process = subprocess.Popen(
            ["/bin/sh", "-c", limited, "sh", self.python, "-m", *program, f"@{chosen}", "-x", "-q", "-n0",
             "-p", "no:cacheprovider", "--tb=no"],
            cwd=self.root, env={**os.environ, **ENVIRONMENT, "TMPDIR": str(self.temporary)}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            out, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return "timeout", ""
        finally:
            self._end_what_is_left()
        failed = [line.split(" - ")[0] for line in out.splitlines() if line.startswith(("FAILED", "ERROR"))]
        return ("failed" if process.returncode else "passed"), (failed or out.splitlines()[-1:] or [""])[0]

    def _end_what_is_left(self) -> None:
        """Programs that a test started in sessions of their own; they are known by the path of this copy."""
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if os.fsencode(self.root) in (process / "cmdline").read_bytes():
                    os.kill(int(process.name), signal.SIGKILL)
        for left in self.temporary.glob("pytest-of-*"):
            shutil.rmtree(left, ignore_errors=True)


PLUGIN = """
import json, time
import coverage, pytest

took = {}
measured = coverage.Coverage.current()

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    if measured:
        measured.switch_context(item.nodeid)
    began = time.perf_counter()
    try:
        return (yield)
    finally:
        took[item.nodeid] = time.perf_counter() - began
        if measured:
            measured.switch_context("")

def pytest_sessionfinish():
    if not measured:
        with open("took.json", "w") as file:
            json.dump(took, file)
"""


class Nearest:
    """The tests as they are, before anything is changed: how long each takes, and which lines it reaches."""

    def __init__(self, copy: Copy, tests: list[str]) -> None:
        self.tests = tests
        (copy.root / "mutate_plugin.py").write_text(PLUGIN, encoding="utf-8")
        for program in (("pytest",), ("coverage", "run", "-m", "pytest")):
            outcome, by = copy.run(tests, 3600, (*program, "-pmutate_plugin"))
            if outcome != "passed":
                sys.exit(f"the tests do not pass before anything is changed: {by}")
        self.took: dict[str, float] = json.loads((copy.root / "took.json").read_text(encoding="utf-8"))
        self.total = sum(self.took.values())
        subprocess.run([copy.python, "-m", "coverage", "combine", "-q"], cwd=copy.root, check=False)
        self._data = CoverageData(str(copy.root / ".coverage"))
        self._data.read()
        self._root = copy.root

    def of(self, file: str, line: int) -> list[str]:
        """The tests that reach a line, from the quickest, few of each function."""
        reached = self._data.contexts_by_lineno(str(self._root / file)).get(line, [])
        chosen: list[str] = []
        functions: Counter[str] = Counter()
        for test in sorted(set(reached) & self.took.keys(), key=lambda test: self.took[test]):
            functions[test.partition("[")[0]] += 1
            if functions[test.partition("[")[0]] <= 3:  # noqa: PLR2004
                chosen.append(test)
        return chosen[:100]


def judged(copy: Copy, nearest: Nearest, made: Mutant, text: str) -> Mutant:
    """The mutant with what became of it, by the tests that reach its line, and if need be by all."""
    original = (ROOT / made.file).read_text(encoding="utf-8")
    copy.write(made.file, text)
    try:
        quick = nearest.of(made.file, made.line)
        for tests, seconds in (
            (quick, sum(nearest.took[test] for test in quick)),
            (nearest.tests, nearest.total),
        ):
            if tests:
                outcome, by = copy.run(tests, 15 + 4 * seconds)
                if outcome != "passed":
                    return replace(made, outcome="killed" if outcome == "failed" else outcome, by=by)
    finally:
        copy.write(made.file, original)
    return replace(made, outcome="survived")


def main() -> None:
    """Make the mutants, try them, and say which survive."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="+", type=Path, help="modules or folders to change")
    parser.add_argument("--tests", nargs="+", required=True, help="the nearest tests")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument(
        "--json", type=Path, default=Path("mutants.json"), help="where every mutant and its outcome go"
    )
    asked = parser.parse_args()
    files = [
        file for path in asked.paths for file in ([path] if path.is_file() else sorted(path.rglob("*.py")))
    ]
    every = [spot for file in files for spot in spots(file.resolve())]
    chosen = random.Random(asked.seed).sample(every, min(asked.count, len(every)))  # noqa: S311 - to be drawn again
    with tempfile.TemporaryDirectory(prefix="mutate-") as folder:
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(asked.workers):
            copies.put(Copy(Path(folder) / str(number)))
        copy = copies.get()
        nearest = Nearest(copy, asked.tests)
        copies.put(copy)
        sys.stdout.write(
            f"{len(nearest.took)} tests pass in {nearest.total:.0f} s; {len(chosen)} of {len(every)} mutants\n"
        )

        def tried(spot: tuple[Path, int, int]) -> Mutant:
            made, text = mutant(*spot)
            copy = copies.get()
            try:
                done = judged(copy, nearest, made, text)
            finally:
                copies.put(copy)
            shown = f"\n{done.diff}" if done.outcome == "survived" else done.by
            sys.stdout.write(f"{done.outcome}: {done.kind} in {done.file}:{done.line} {shown}\n")
            sys.stdout.flush()
            return done

        with ThreadPoolExecutor(asked.workers) as pool:
            done = list(pool.map(tried, chosen))
    counted = Counter(one.outcome for one in done)
    asked.json.write_text(json.dumps([asdict(one) for one in done], indent=1) + "\n", encoding="utf-8")
    share = 100 * counted["survived"] / max(len(done), 1)
    said = ", ".join(f"{counted[outcome]} {outcome}" for outcome in ("killed", "timeout", "survived"))
    sys.stdout.write(f"\n{said}: {share:.1f} % survived\n")


if __name__ == "__main__":
    main()
