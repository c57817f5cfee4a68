"""The ASGI application: pages, the events that reload them, and who may ask."""

from collections.abc import Callable
from importlib.resources import files

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from modelspec.serve.answer import OWN, Answer, answer, refuse_host
from modelspec.serve.host import is_allowed
from modelspec.serve.live import Live

_ASSETS = {"reload.js": "text/javascript; charset=utf-8", "overlay.css": "text/css; charset=utf-8"}


def application(live: Live, names: frozenset[str]) -> ASGIApp:
    """Everything below `/`; `names` are the hosts that it answers for, beside localhost and IP addresses."""
    assets = [
        Route(f"{OWN}{name}", _asset(name, content_type), methods=["GET"])
        for name, content_type in _ASSETS.items()
    ]
    site = Starlette(
        routes=[*assets, Route(f"{OWN}events", _Events(live)), Mount("/", app=_Pages(live))],
    )
    return _KnownHosts(site, names)


class _KnownHosts:
    """Refuses requests that ask for another host."""

    def __init__(self, site: ASGIApp, names: frozenset[str]) -> None:
        self._site = site
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = Request(scope).headers.get("host", "")
        if is_allowed(host, self._names):
            await self._site(scope, receive, send)
        else:
            await _send(refuse_host(host), scope, receive, send)


class _Pages:
    """The site."""

    def __init__(self, live: Live) -> None:
        self._live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        accept = ", ".join(Request(scope).headers.getlist("accept"))
        live = self._live
        await _send(
            answer(scope["method"], scope["path"], accept, live.site, live.faults), scope, receive, send
        )


class _Events:
    """The stream that tells open pages of new sites and of faults; it ends when the page goes, or the server."""

    def __init__(self, live: Live) -> None:
        self._live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        fields = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        async with anyio.create_task_group() as group:

            async def watch_for_the_end() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                group.cancel_scope.cancel()

            group.start_soon(watch_for_the_end)
            async for event in self._live.news():
                await send({"type": "http.response.body", "body": event, "more_body": True})
            group.cancel_scope.cancel()
        await send({"type": "http.response.body", "body": b""})


async def _send(what: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    await _response(what)(scope, receive, send)


def _response(what: Answer) -> Response:
    return Response(what.body, status_code=what.status, headers=what.headers)


def _asset(name: str, content_type: str) -> Callable[[Request], Response]:
    body = (files(__package__) / "assets" / name).read_bytes()
    sent = Answer(status=200, content_type=content_type, body=body)
    return lambda _request: _response(sent)
