"""The server process: build, watch, serve, and stop on a signal."""

import signal
import socket
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
    """Listen on a host and port; port 0 is any free one.

    Raises:
        OSError: the port is taken or not allowed, or the host is not on this machine.
    """
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family)


def address(bound: socket.socket, host: str) -> str:
    """The URL of a listening socket, ending in a slash."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{bound.getsockname()[1]}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveServer:
    """What is served, and where.

    `log` gets a line when the server is ready, and a message after each build that changed something or failed.
    """

    root: Path
    host: str
    opens: bool
    today: Callable[[], date]
    log: Callable[[str], None]


def serve(config: LiveServer, bound: socket.socket) -> int:
    """Serve the repository on a listening socket until a signal; returns its number."""
    # The watcher names changes from what is watched, so it must not be relative, nor a link.
    return anyio.run(_serve, replace(config, root=config.root.resolve()), bound)


async def _serve(config: LiveServer, bound: socket.socket) -> int:
    live = Live()
    server = _Server(live, application(live, allowed_names(config.host, socket.gethostname())))
    changed, ended = _Flag(), anyio.Event()
    async with anyio.create_task_group() as group:
        # Started first, so that no change during the first build is missed.
        group.start_soon(_watch, config.root, live, changed, ended)
        await anyio.lowlevel.checkpoint()
        await _build(live, config)
        group.start_soon(_rebuild, live, config, changed)
        url = address(bound, config.host) + (live.site.base if live.site else "/").lstrip("/")
        config.log(f"serving {url}admin/ (Ctrl-C to stop)")
        if config.opens:
            group.start_soon(_open, f"{url}admin/")
        await server.serve(sockets=[bound])
        # The thread of the watcher would notice a cancellation only after its timeout.
        ended.set()
        group.cancel_scope.cancel()
    return server.signal


async def _open(url: str) -> None:
    # A browser in the terminal blocks the thread until it is closed.
    await anyio.to_thread.run_sync(webbrowser.open, url, abandon_on_cancel=True)


async def _watch(root: Path, live: Live, changed: "_Flag", ended: anyio.Event) -> None:
    async for _ in awatch(root, watch_filter=_Sources(root, live), stop_event=ended):
        changed.set()


async def _rebuild(live: Live, config: LiveServer, changed: "_Flag") -> None:
    while True:
        await changed.wait()
        await _build(live, config)


async def _build(live: Live, config: LiveServer) -> None:
    before = live.site.version if live.site else ""
    outcome = await anyio.to_thread.run_sync(lambda: build_site(config.root, today=config.today()))
    live.take(outcome)
    if isinstance(outcome, Faults):
        config.log(outcome.text.rstrip("\n"))
    elif outcome.version != before:
        config.log(f"built {len(outcome.files)} files")


class _Flag:
    """An event that is cleared when it was waited for."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self) -> None:
        await self._event.wait()
        self._event = anyio.Event()


class _Sources(DefaultFilter):
    """Files that a build may read; not its output, nor live files, nor files of version control and editors."""

    def __init__(self, root: Path, live: Live) -> None:
        super().__init__()
        self._root = str(root)
        self._live = live

    def __call__(self, change: Change, path: str) -> bool:
        inside = path.removeprefix(self._root).strip("/").split("/")
        is_source = inside[0] == "models.d" or (len(inside) == 1) or path.endswith(".json")
        site = self._live.site
        is_live = site is not None and site.live is not None and Path(path).parent == site.live
        return is_source and not is_live and super().__call__(change, path)


class _Server(uvicorn.Server):
    """Ends quietly on a signal, with its open streams; `signal` is its number."""

    def __init__(self, live: Live, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(app, log_config=None, log_level="critical", lifespan="off", server_header=False)
        )
        self._live = live
        self.signal = 0

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Unlike the inherited method, do not raise the signal again: the command has its own exit code."""
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
