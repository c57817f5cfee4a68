"""Small heads on loopback, which answer with their id and the request, and can be stopped and restarted."""

import asyncio
import json
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

_SECONDS = 10
_LARGE = 1024 * 1024


def free_port() -> int:
    """A free port."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@dataclass
class Upstream:
    """A head: its number of requests without health checks, and whether it fails them or never answers."""

    head_id: str
    port: int
    health_path: str = "/health"
    tls: ssl.SSLContext | None = None
    asked: int = 0
    fails: bool = False
    holds: bool = False
    server: asyncio.Server | None = None
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)


class Upstreams:
    """Heads by id, served by one thread, until the end of a `with`."""

    def __init__(self, *head_ids: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.heads: dict[str, Upstream] = {}
        for head_id in head_ids:
            self.add(head_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, head_id: str, *, health_path: str = "/health", tls: ssl.SSLContext | None = None) -> int:
        """Start a head; return its port."""
        upstream = Upstream(head_id, free_port(), health_path, tls)
        self.heads[head_id] = upstream
        self.revive(head_id)
        return upstream.port

    def revive(self, head_id: str) -> None:
        self._wait(self._start(self.heads[head_id]))

    def kill(self, head_id: str) -> None:
        """Stop listening, and close every connection, even during a request."""
        self._wait(self._stop(self.heads[head_id]))

    def asked(self) -> Counter[str]:
        return Counter({name: head.asked for name, head in self.heads.items()})

    def forget(self) -> None:
        for head in self.heads.values():
            head.asked = 0

    def close(self) -> None:
        for head_id in self.heads:
            self.kill(head_id)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS)
        self._loop.close()

    def _wait(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_SECONDS)

    async def _start(self, upstream: Upstream) -> None:
        if upstream.server is not None:
            return
        upstream.server = await asyncio.start_server(
            _serve(upstream), "127.0.0.1", upstream.port, ssl=upstream.tls, reuse_address=True
        )

    async def _stop(self, upstream: Upstream) -> None:
        if upstream.server is None:
            return
        upstream.server.close()
        upstream.server = None
        for writer in list(upstream.open):
            writer.transport.abort()
        await asyncio.gather(*upstream.tasks, return_exceptions=True)


def _serve(
    upstream: Upstream,
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream.open.add(writer)
        task = asyncio.current_task()
        assert task is not None
        upstream.tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                while True:
                    writer.write(await _answer(reader, upstream))
                    await writer.drain()
        finally:
            upstream.open.discard(writer)
            upstream.tasks.discard(task)
            writer.close()

    return serve


async def _answer(reader: asyncio.StreamReader, upstream: Upstream) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = [tuple(line.split(": ", 1)) for line in head[1:] if line]
    sent = {name.lower(): value for name, value in headers}
    body = await reader.readexactly(int(sent.get("content-length", "0")))
    if sent.get("transfer-encoding") == "chunked":
        body = b"".join([chunk async for chunk in _chunks(reader)])
    if method == "GET":
        status = 200 if path == upstream.health_path else 404
        return _response(status, {})
    upstream.asked += 1
    if upstream.holds:
        await reader.read()  # until the connection ends
    seen = {"head": upstream.head_id, "path": path, "headers": sent, "bytes": len(body)}
    wanted = 200
    with suppress(ValueError):
        asked = json.loads(body if len(body) < _LARGE else b"{}")  # parsing would stop all heads for a while
        seen["model"] = asked.get("model")
        wanted = asked.get("answer", wanted)
    return _response(503 if upstream.fails else wanted, seen)


async def _chunks(reader: asyncio.StreamReader) -> Any:
    while size := int(await reader.readline(), 16):
        yield await reader.readexactly(size)
        await reader.readline()
    await reader.readline()


def _response(status: int, content: dict[str, Any]) -> bytes:
    """With headers in which LiteLLM tells of its upstreams."""
    body = json.dumps(content).encode()
    told = "x-litellm-model-api-base: http://10.9.8.7\r\nllm_provider-server: secret\r\nLLM_provider-x-id: secret\r\n"
    length = f"content-length: {len(body)}\r\nx-litellm-version: 1\r\n"
    return f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{told}{length}\r\n".encode() + body


def urls(upstreams: Upstreams, head_ids: Iterable[str]) -> dict[str, str]:
    """The URLs of the heads, with a name for those with a certificate."""
    return {
        head_id: f"{'https://localhost' if upstreams.heads[head_id].tls else 'http://127.0.0.1'}"
        f":{upstreams.heads[head_id].port}"
        for head_id in head_ids
    }
