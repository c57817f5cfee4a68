"""The server process: builds, watches, serves, and ends when it is told to."""

import signal
import socket
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import FrameType

import anyio
import anyio.lowlevel
import anyio.to_thread
import uvicorn
from starlette.types import ASGIApp
from watchfiles import Change, DefaultFilter, awatch

from modelspec.serve.application import Live, allowed_names, application
from modelspec.serve.site import Faults, build_site

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 is any free one.

    Raises:
        OSError: the port is taken or not allowed, or the host is none of this machine.
    """
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family)


def address(bound: socket.socket, host: str) -> str:
    """The URL of a listening socket, ending in a slash."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{bound.getsockname()[1]}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveServer:
    """What is served, where, and to whom it is said.

    `say` is given a line when the server is ready, and text after each build that changed something or failed.
    """

    root: Path
    host: str
    opens: bool
    today: Callable[[], date]
    say: Callable[[str], None]


def serve(stage: LiveServer, bound: socket.socket) -> int:
    """Serve the repository at a listening socket until a signal comes; its number."""
    return anyio.run(_serve, stage, bound)


async def _serve(stage: LiveServer, bound: socket.socket) -> int:
    live = Live()
    server = _Server(live, application(live, allowed_names(stage.host, socket.gethostname())))
    changed, ended = _Flag(), anyio.Event()
    async with anyio.create_task_group() as group:
        # First, so that no change during the first build is missed.
        group.start_soon(_watch, stage.root, changed, ended)
        await anyio.lowlevel.checkpoint()
        await _build(live, stage)
        group.start_soon(_rebuild, live, stage, changed)
        url = address(bound, stage.host) + (live.site.base if live.site else "/").lstrip("/")
        stage.say(f"serving {url}admin/ (Ctrl-C ends)")
        if stage.opens:
            group.start_soon(_open, f"{url}admin/")
        await server.serve(sockets=[bound])
        # The watcher's thread would see a cancellation only after its time.
        ended.set()
        group.cancel_scope.cancel()
    return server.signal


async def _open(url: str) -> None:
    # A browser of the terminal keeps its thread until it is left.
    await anyio.to_thread.run_sync(webbrowser.open, url, abandon_on_cancel=True)


async def _watch(root: Path, changed: "_Flag", ended: anyio.Event) -> None:
    async for _ in awatch(root, watch_filter=_Sources(root), stop_event=ended):
        changed.set()


async def _rebuild(live: Live, stage: LiveServer, changed: "_Flag") -> None:
    while True:
        await changed.wait()
        await _build(live, stage)


async def _build(live: Live, stage: LiveServer) -> None:
    before = live.site.version if live.site else ""
    outcome = await anyio.to_thread.run_sync(lambda: build_site(stage.root, today=stage.today()))
    live.take(outcome)
    if isinstance(outcome, Faults):
        stage.say(outcome.text.rstrip("\n"))
    elif outcome.version != before:
        stage.say(f"built {len(outcome.files)} files")


class _Flag:
    """Set any number of times before it is waited for, it counts as one."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self) -> None:
        await self._event.wait()
        self._event = anyio.Event()


class _Sources(DefaultFilter):
    """Files that a build may read: not what it writes, and not what version control and editors keep."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = str(root.resolve())

    def __call__(self, change: Change, path: str) -> bool:
        inside = path.removeprefix(self._root).strip("/").split("/")
        is_source = inside[0] == "models.d" or (len(inside) == 1) or path.endswith(".json")
        return is_source and super().__call__(change, path)


class _Server(uvicorn.Server):
    """Ends quietly at a signal, its open streams too; `signal` is the one that came."""

    def __init__(self, live: Live, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(app, log_config=None, log_level="critical", lifespan="off", server_header=False)
        )
        self._live = live
        self.signal = 0

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Unlike the inherited one, do not send the signal again at the end: the command has its own exit code."""
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.signal = sig
        super().handle_exit(sig, frame)
        self._live.close()
