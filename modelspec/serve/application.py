"""The ASGI application: pages, the events that reload them, and the hosts that it serves."""

import json
import re
from collections.abc import AsyncIterator
from importlib.resources import files
from ipaddress import ip_address

import anyio
import anyio.to_thread
from anyio import Event
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from modelspec.serve.answer import OWN, Answer, answer, live_answer, refuse_host
from modelspec.serve.site import Faults, Site


class Live:
    """The last good site, and the faults since. One task takes outcomes; any number of pages listen."""

    def __init__(self) -> None:
        self.site: Site | None = None
        self.faults: Faults | None = None
        self._changed = Event()
        self._is_closed = False

    def take(self, outcome: Site | Faults) -> None:
        """Replace the site, or keep it and set the faults."""
        if isinstance(outcome, Site):
            self.site, self.faults = outcome, None
        else:
            self.faults = outcome
        self._notify()

    def close(self) -> None:
        """End every event stream, so that the server can stop."""
        self._is_closed = True
        self._notify()

    async def news(self) -> AsyncIterator[bytes]:
        """Server-sent events: the current state, then each new one, until `close`."""
        while not self._is_closed:
            changed = self._changed
            state = {
                "version": self.site.version if self.site else "",
                "faults": self.faults.text if self.faults else None,
            }
            yield f"data: {json.dumps(state)}\n\n".encode()
            await changed.wait()

    def _notify(self) -> None:
        changed, self._changed = self._changed, Event()
        changed.set()


_ASSETS = {"reload.js": "text/javascript; charset=utf-8", "overlay.css": "text/css; charset=utf-8"}
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to


def allowed_names(host: str, machine: str) -> frozenset[str]:
    """The host names of this server besides IP addresses and localhost: `--host`, or the machine's name."""
    return frozenset({machine.lower() if host in _EVERYWHERE else host.lower()})


_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::[0-9]{0,5})?")
"""https://www.rfc-editor.org/rfc/rfc9110#field.host, less what no name or address of a server has."""


def is_allowed(header: str, names: frozenset[str]) -> bool:
    """Whether a `Host` header names this server, and nothing else."""
    host = _HOST.fullmatch(header.strip(" \t").lower())
    if host is None:
        return False
    name = host[1] or host[2]
    return name == "localhost" or name.endswith(".localhost") or name in names or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def application(live: Live, names: frozenset[str]) -> ASGIApp:
    """The application; `names` are the hosts that it serves, besides localhost and IP addresses."""
    assets = {
        f"{OWN}{name}": Answer(
            status=200, content_type=content_type, body=(files(__package__) / "assets" / name).read_bytes()
        )
        for name, content_type in _ASSETS.items()
    }

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        method, path, host = scope["method"], scope["path"], request.headers.get("host", "")
        if not is_allowed(host, names):
            found = refuse_host(host)
        elif path == f"{OWN}events":
            await _send_events(live, receive, send)
            return
        elif path in assets and method in ("GET", "HEAD"):
            found = assets[path]
        else:
            accept = ", ".join(request.headers.getlist("accept"))
            found = answer(method, path, accept, live.site, live.faults)
            measured = await anyio.to_thread.run_sync(live_answer, method, path, live.site)
            found = found if measured is None else measured
        await Response(found.body, found.status, found.headers)(scope, receive, send)

    return respond


async def _send_events(live: Live, receive: Receive, send: Send) -> None:
    """Stream new sites and faults to an open page, until the page closes or the server stops."""
    fields = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    async with anyio.create_task_group() as group:

        async def watch_for_disconnect() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        group.start_soon(watch_for_disconnect)
        async for event in live.news():
            await send({"type": "http.response.body", "body": event, "more_body": True})
        group.cancel_scope.cancel()
    await send({"type": "http.response.body", "body": b""})
