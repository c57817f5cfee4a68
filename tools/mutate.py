"""Whether tests notice what is wrong: change one place of the package after the other, and run the nearest tests.

    .venv/bin/python tools/mutate.py modelspec/load --tests tests/load tests/golden --count 400 --seed 1

A mutant is one changed place: a comparison, a boundary, a boolean, a number, a text, arithmetic, a `not`, a returned
value or a statement that is dropped. Each worker changes a copy of the repository, never the repository itself. The
tests are first run as they are, with coverage: a mutant is then tried with the tests that reach its line, from the
quickest, until one fails, or with all where it runs on import or in another process. No run starts Python anew: see
`mutate_worker.py`. docs/decisions/0012-mutation-testing.md has the figures, and why it is so.
"""

import argparse
import ast
import compileall
import difflib
import inspect
import json
import marshal
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import venv
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from select import select
from tempfile import TemporaryDirectory, TemporaryFile
from types import CodeType

import mutate_worker
from coverage import CoverageData

ROOT = Path(__file__).resolve().parents[1]
LEFT = shutil.ignore_patterns(
    ".git", ".venv*", ".tools", ".*_cache", ".hypothesis", "__pycache__", "dist", ".coverage*"
)
ENVIRONMENT = {"PYTHONHASHSEED": "0", "CI": "true"}  # Hypothesis draws the same in CI
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

Changes = list[tuple[CodeType, CodeType]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One changed place, and what became of it: killed, survived, timeout or stuck; `by` is the test that failed.

    A timeout has used its seconds of CPU. What is stuck has not, and has not ended either: it waits for something, or
    the machine is too busy.
    """

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


def mutant(file: Path, number: int, change: int) -> tuple[Mutant, str, Changes | None]:
    """One mutant, the text of its file, and the functions that it changes."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    code = compile(tree, file, "exec", dont_inherit=True)
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
    made = Mutant(file=file.relative_to(ROOT).as_posix(), line=node.lineno, kind=kind, diff=diff)
    return made, text, changed(code, compile(tree, file, "exec", dont_inherit=True))


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

    def start(self, tests: list[str]) -> None:
        """Start the processes that runs are forked off."""
        self._fresh, fresh = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._collected, collected = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        descriptors = fresh.fileno(), collected.fileno()
        limited = 'ulimit -v 8000000; exec "$@"'
        with fresh, collected:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", limited, "sh", self.python, "tools/mutate_worker.py", *map(str, descriptors),
                 *tests],
                cwd=self.root, env={**os.environ, **ENVIRONMENT, "TMPDIR": str(self.temporary)},
                stdin=subprocess.DEVNULL, pass_fds=descriptors, start_new_session=True,
            )  # fmt: skip

    def wait(self) -> None:
        """Until the processes can take a run."""
        self._kept = self._process.pid, int(self._fresh.recv(100))

    def end(self) -> None:
        """End the processes that runs are forked off."""
        self._fresh.close()
        self._collected.close()
        self._process.wait()

    def run(self, tests: dict[str, float], seconds: float, changes: Changes | None) -> tuple[str, str]:
        """Run tests until one fails: passed, failed, timeout, stuck or unknown, and the test that failed.

        `tests` are in their order, with the most seconds of each: no tests are all. `changes` are for the process that
        has imported what is changed.
        """
        control = self._fresh if changes is None else self._collected
        with TemporaryFile(dir=self.temporary) as out, TemporaryFile(dir=self.temporary) as request:
            marshal.dump((tests, changes), request)
            request.seek(0)
            socket.send_fds(control, [b"%d" % (seconds + 1)], [out.fileno(), request.fileno()])
            pid = int(control.recv(100))
            ended, _, _ = select([control], [], [], 300 + 20 * seconds)
            if not ended:
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
            code = int(control.recv(100))
            self._end_what_is_left()
            out.seek(0)
            failed = out.read().decode().partition("\n")[0]
        if not ended:
            return "stuck", ""
        if code in (-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGPROF):
            return "timeout", ""
        return {0: "passed", mutate_worker.UNKNOWN: "unknown"}.get(code, "failed"), failed

    def _end_what_is_left(self) -> None:
        """Programs that a test started in sessions of their own; they are known by the path of this copy."""
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (
                    int(process.name) not in self._kept
                    and os.fsencode(self.root) in (process / "cmdline").read_bytes()
                ):
                    os.kill(int(process.name), signal.SIGKILL)
        for left in self.temporary.glob("pytest-of-*"):
            shutil.rmtree(left, ignore_errors=True)


def changed(old: CodeType, new: CodeType) -> Changes | None:
    """The functions that differ, before and after; None where what runs on import does."""
    if old == new:
        return []
    if old.co_flags & inspect.CO_OPTIMIZED:
        return [(old, new)]
    inner = [[one for one in code.co_consts if isinstance(one, CodeType)] for code in (old, new)]
    if len(inner[0]) != len(inner[1]) or _body(old) != _body(new):
        return None
    found = [changed(*pair) for pair in zip(*inner, strict=True)]
    return None if None in found else [pair for one in found for pair in one or ()]


def _body(code: CodeType) -> tuple[object, ...]:
    plain = [repr(one) for one in code.co_consts if not isinstance(one, CodeType)]
    return code.co_code, code.co_names, plain, code.co_exceptiontable


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """The tests as they are: the seconds of each, which start processes, and which reach what line of what file."""

    took: dict[str, float]
    starts: list[str]
    reached: dict[str, dict[str, list[str]]]

    @classmethod
    def found(cls, copy: Copy, tests: list[str], files: list[str]) -> "Nearest":
        """Run the tests twice, before anything is changed: the second time with coverage."""
        outcome, by = copy.run({}, 3600, [])
        if outcome != "passed":
            sys.exit(f"the tests do not pass before anything is changed: {by}")
        said = json.loads((copy.root / mutate_worker.TOOK).read_text(encoding="utf-8"))
        subprocess.run(
            [copy.python, "-m", "coverage", "run", f"--source={','.join({str(Path(f).parent) for f in files})}",
             "-m", "pytest", *tests, *mutate_worker.OPTIONS, "-pmutate_worker"],
            cwd=copy.root, stdout=subprocess.DEVNULL, check=True,
            env={**os.environ, **ENVIRONMENT, "TMPDIR": str(copy.temporary), "PYTHONPATH": "tools"},
        )  # fmt: skip
        subprocess.run([copy.python, "-m", "coverage", "combine", "-q"], cwd=copy.root, check=False)
        data = CoverageData(str(copy.root / ".coverage"))
        data.read()
        lines = {file: data.contexts_by_lineno(str(copy.root / file)) for file in files}
        return cls(
            took={test: took for test, (took, _) in said.items()},
            starts=[test for test, (_, starts) in said.items() if starts],
            reached={file: {str(line): tests for line, tests in lines[file].items()} for file in files},
        )

    def of(self, file: str, line: int) -> tuple[list[str], bool]:
        """The tests that reach a line, first the quickest few of each function; whether it runs on import as well."""
        reached = set(self.reached[file].get(str(line), [""]))
        imported = "import" in reached
        near = self.took.keys() & (reached.union(self.starts) if "" in reached else reached)
        functions: Counter[str] = Counter()
        order: dict[str, tuple[bool, float]] = {}
        for test in sorted(self.took if imported else near or self.took, key=self.took.__getitem__):
            functions[test.partition("[")[0]] += 1
            order[test] = (functions[test.partition("[")[0]] > 3, self.took[test])  # noqa: PLR2004
        return sorted(order, key=order.__getitem__), imported


def judged(copy: Copy, nearest: Nearest, made: Mutant, text: str, changes: Changes | None) -> Mutant:
    """The mutant with what became of it."""
    original = (ROOT / made.file).read_text(encoding="utf-8")
    copy.write(made.file, text)
    try:
        names, imported = nearest.of(made.file, made.line)
        tests = {name: 3 + 4 * nearest.took[name] for name in names}
        seconds = 10 + 2 * sum(map(nearest.took.__getitem__, names))
        outcome, by = copy.run(tests, seconds, None if imported else changes)
        if outcome == "unknown":
            outcome, by = copy.run(tests, seconds, None)
    finally:
        copy.write(made.file, original)
    return replace(made, outcome={"passed": "survived", "failed": "killed"}.get(outcome, outcome), by=by)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="+", type=Path, help="modules or folders to change")
    parser.add_argument("--tests", nargs="+", required=True, help="the nearest tests")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--start", type=int, default=0, help="how many of them to pass over: those of a run that ended"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument(
        "--json", type=Path, default=Path("mutants.json"), help="where every mutant and its outcome go"
    )
    parser.add_argument(
        "--again", action="store_true", help="only the mutants that survived, by the file of --json"
    )
    parser.add_argument(
        "--nearest", type=Path, help="where it is kept which tests reach what, for the next run"
    )
    return parser.parse_args()


def _chosen(files: list[Path], asked: argparse.Namespace) -> list[tuple[Path, int, int]]:
    every = [spot for file in files for spot in spots(file)]
    chosen = random.Random(asked.seed).sample(every, min(asked.count, len(every)))  # noqa: S311 - to be drawn again
    sys.stdout.write(f"{len(chosen)} of {len(every)} mutants\n")
    if not asked.again:
        return chosen[asked.start :]
    before = json.loads(asked.json.read_text(encoding="utf-8"))
    survived = {(one["file"], one["diff"]) for one in before if one["outcome"] == "survived"}
    made = [(spot, mutant(*spot)[0]) for spot in chosen]
    return [spot for spot, one in made if (one.file, one.diff) in survived]


def _nearest(copy: Copy, files: list[Path], asked: argparse.Namespace) -> Nearest:
    if asked.nearest and asked.nearest.exists():
        return Nearest(**json.loads(asked.nearest.read_text(encoding="utf-8")))
    nearest = Nearest.found(copy, asked.tests, [file.relative_to(ROOT).as_posix() for file in files])
    if asked.nearest:
        asked.nearest.write_text(json.dumps(asdict(nearest)), encoding="utf-8")
    return nearest


def main() -> None:
    """Make the mutants, try them, and say which survive."""
    asked = _asked()
    found = (sorted(path.rglob("*.py")) if path.is_dir() else [path] for path in asked.paths)
    files = [file.resolve() for several in found for file in several]
    chosen = _chosen(files, asked)
    with TemporaryDirectory(prefix="mutate-") as folder, ExitStack() as ends:
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(asked.workers):
            copies.put(copy := Copy(Path(folder) / str(number)))
            copy.start(asked.tests)
            ends.callback(copy.end)
        for _ in range(asked.workers):
            (copy := copies.get()).wait()
            copies.put(copy)
        nearest = _nearest(copy, files, asked)
        sys.stdout.write(f"{len(nearest.took)} tests pass in {sum(nearest.took.values()):.0f} s\n")

        def tried(spot: tuple[Path, int, int]) -> Mutant:
            made, text, changes = mutant(*spot)
            copy = copies.get()
            try:
                done = judged(copy, nearest, made, text, changes)
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
    said = ", ".join(
        f"{counted[outcome]} {outcome}" for outcome in ("killed", "timeout", "stuck", "survived")
    )
    sys.stdout.write(f"\n{said}: {share:.1f} % survived\n")


if __name__ == "__main__":
    main()
