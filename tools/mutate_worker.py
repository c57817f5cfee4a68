"""The processes that `mutate.py` forks its runs off, and the plugin of pytest that measures which test reaches what.

The first process has imported what the tests need, but nothing of ours: a run in it sees whatever is changed in a
file. The second has collected the tests as well: a run in it puts the changed code into the functions that are there.
"""

import gc
import json
import marshal
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import coverage
import pytest

TOOK = Path("took.json")
UNKNOWN = 99
"""The exit code of a run that cannot be made in the process that has collected the tests."""
OPTIONS = (
    *("-x", "-q", "-n0", "--tb=no", "-m", "not (browser or gateway or editor or registry)"),
    *(f"-pno:{slow}" for slow in ("cacheprovider", "anyio", "schemathesis")),
)
_STARTS = {"subprocess.Popen", "os.fork", "os.posix_spawn", "os.exec"}

measured = coverage.Coverage.current()
if measured:
    measured.switch_context("import")


class Measures:
    """Which test failed; of each, the seconds of CPU, their limit, whether it starts a process, what it reaches."""

    def __init__(self) -> None:
        self.took: dict[str, tuple[float, bool]] = {}
        self.failed: list[str] = []
        self.limits: dict[str, float] = {}
        self._started = False
        sys.addaudithook(self._noticed)

    def _noticed(self, event: str, _: object) -> None:
        self._started = self._started or event in _STARTS

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:  # noqa: D102
        if report.failed:
            self.failed.append(report.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:  # noqa: D102
        self._started = "forked" in getattr(item, "fixturenames", ())
        if measured:
            measured.switch_context(item.nodeid)
        if item.nodeid in self.limits:
            signal.setitimer(signal.ITIMER_PROF, self.limits[item.nodeid])
        began = _seconds()
        try:
            return (yield)
        finally:
            self.took[item.nodeid] = _seconds() - began, self._started
            if measured:
                measured.switch_context("import")


def _seconds() -> float:
    ended = os.times()
    return time.process_time() + ended.children_user + ended.children_system


if measured:

    def pytest_configure(config: pytest.Config) -> None:
        """Measure what each test reaches."""
        config.pluginmanager.register(Measures())


class Collected:
    """In the place of running what was collected: wait, and run in a fork what is asked for."""

    def __init__(self, control: socket.socket, measures: Measures) -> None:
        self.control = control
        self.measures = measures

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:  # noqa: D102
        ours = f"{Path.cwd()}{os.sep}modelspec{os.sep}"
        functions: dict[CodeType, list[FunctionType]] = {}
        caches = []
        for one in gc.get_objects():
            if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(ours):
                functions.setdefault(one.__code__, []).append(one)
            elif isinstance(one, _lru_cache_wrapper) and (one.__module__ or "").startswith("modelspec"):
                caches.append(one)
        items = {item.nodeid: item for item in session.items}
        gc.collect()
        gc.freeze()
        for out, (tests, changes) in served(self.control):
            code = 3
            try:
                for old, new in changes:
                    for function in functions[old]:
                        function.__code__ = new
                for cache in caches:
                    cache.cache_clear()
                self.measures.limits = tests
                self._run(session, [items[test] for test in tests or items])
                code = int(bool(self.measures.failed))
                os.write(out, "\n".join(self.measures.failed).encode())
                if not tests:
                    TOOK.write_text(json.dumps(self.measures.took), encoding="utf-8")
            except (LookupError, ValueError):
                code = UNKNOWN
            finally:
                os._exit(code)
        return True

    def _run(self, session: pytest.Session, chosen: list[pytest.Item]) -> None:
        for item, following in zip(chosen, [*chosen[1:], None], strict=True):
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.measures.failed:
                break
        session._setupstate.teardown_exact(None)  # noqa: SLF001 - what pytest does after its last test


def served(control: socket.socket) -> Iterator[tuple[int, Any]]:
    """The requests, each in a fork of its own, with the file that takes the test that failed."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 100, 2)
        if not message:
            return
        if child := os.fork():
            for descriptor in descriptors:
                os.close(descriptor)
            control.send(str(child).encode())
            control.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
            continue
        os.setsid()
        control.close()
        seconds = int(message)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        out, request = descriptors
        with os.fdopen(request, "rb") as asked:
            yield out, marshal.load(asked)  # noqa: S302 - the tool's own


class Imported:
    """Tells which modules from elsewhere the tests have imported."""

    def __init__(self, told: int) -> None:
        self.told = told

    def pytest_collection_finish(self) -> None:  # noqa: D102
        names = [
            name
            for name, module in list(sys.modules.items())
            if "site-packages" in (getattr(module, "__file__", None) or "") and "pytest" not in name
        ]
        os.write(self.told, json.dumps(names).encode())


def main() -> None:
    """Serve runs from the first process, and start the second."""
    fresh, collected = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    tests = sys.argv[3:]
    sys.argv[1:] = []
    sys.path.insert(0, str(Path.cwd()))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    reading, told = os.pipe()
    if not os.fork():
        pytest.main([*OPTIONS, *tests, "--collect-only"], plugins=[Imported(told)])
        os._exit(0)
    os.close(told)
    with os.fdopen(reading) as names:
        for name in json.load(names):
            import_module(name)
    os.wait()
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    measures = Measures()
    gc.collect()
    gc.freeze()
    if second := os.fork():
        fresh.send(str(second).encode())
    else:
        fresh.close()
        pytest.main([*QUIET, *tests], plugins=[Collected(collected, measures), measures])
        os._exit(0)
    collected.close()
    for out, (chosen, _) in served(fresh):
        measures.limits = chosen
        code = pytest.main([*QUIET, *chosen], plugins=[measures])
        os.write(out, "\n".join(measures.failed).encode())
        os._exit(code)


QUIET = (
    *OPTIONS,
    "-Wignore::pytest.PytestAssertRewriteWarning",
)  # modules are imported before pytest is there


if __name__ == "__main__":
    main()
