"""Heads in processes of their own behind a real Envoy, and many clients that note what each request got."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self

from envoy_edge import SECONDS, Edge
from upstreams import free_port

PROGRAM = Path(__file__).with_name("head_process.py")


@dataclass
class Heads:
    """Running heads by id: their ports and processes. `prefix` runs them somewhere else, such as in a namespace."""

    address: str = "127.0.0.1"
    prefix: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def url(self, head_id: str) -> str:
        return f"http://{self.address_of(head_id)}:{self.ports[head_id]}"

    def address_of(self, head_id: str) -> str:
        return self.address if head_id in self.prefix else "127.0.0.1"

    def start(self, head_id: str) -> None:
        port = self.ports.setdefault(head_id, free_port())
        command = [*self.prefix.get(head_id, ()), sys.executable, str(PROGRAM), head_id, str(port)]
        process = subprocess.Popen(
            [*command, self.address_of(head_id)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        self.processes[head_id] = process
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"

    def signal(self, head_id: str, number: signal.Signals) -> None:
        os.kill(self.processes[head_id].pid, number)

    def kill(self, head_id: str) -> None:
        """End a head as `kill -9` does, even if it is stopped."""
        process = self.processes.pop(head_id)
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()

    def mode(self, head_id: str, query: str = "") -> int:
        """Let a head fail, or end that; return how many requests it got since the last call."""
        connection = HTTPConnection(self.address_of(head_id), self.ports[head_id], timeout=SECONDS)
        try:
            connection.request("GET", f"/mode?{query}")
            return int(json.loads(connection.getresponse().read())["asked"])
        finally:
            connection.close()


@contextmanager
def running_heads(head_ids: Iterable[str], **options: Any) -> Iterator[Heads]:
    """Heads that answer, until the block ends."""
    heads = Heads(**options)
    try:
        for head_id in head_ids:
            heads.start(head_id)
        yield heads
    finally:
        for head_id in list(heads.processes):
            heads.kill(head_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """What a request got: its status, 0 for none; the head that answered; the seconds until the whole response."""

    model: str
    status: int
    head: str
    seconds: float


@dataclass
class Storm:
    """Clients that each send one request after another to an edge; `got` has what they were answered."""

    edge: Edge
    got: list[Got] = field(default_factory=list)

    def send(
        self, wanted: Sequence[tuple[str, Any]], *, clients: int = 20, rate: float | None = None
    ) -> list[Got]:
        """Send requests for models that do something; `rate` is the most a second over all clients."""
        before = len(self.got)
        # In a thread of its own: a browser test in the same process leaves its loop running in this one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, self._all(wanted, clients, rate)).result()
        return self.got[before:]

    async def _all(self, wanted: Sequence[tuple[str, Any]], clients: int, rate: float | None) -> None:
        left = iter(enumerate(wanted))
        began = time.monotonic()

        async def client() -> None:
            with _Connection(self.edge.port) as connection:
                for number, (model, does) in left:
                    if rate:
                        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
                    start = time.monotonic()
                    status, head = await connection.ask(model, does)
                    spent = time.monotonic() - start
                    self.got.append(Got(model=model, status=status, head=head, seconds=spent))

        await asyncio.gather(*(client() for _ in range(clients)))


class _Connection:
    """A connection to the edge, opened where it is needed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._streams:
            self._streams[1].transport.abort()
            self._streams = None

    async def ask(self, model: str, does: Any) -> tuple[int, str]:
        body = json.dumps({"model": model, "messages": [], "do": does}).encode()
        request = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: edge\r\ncontent-type: application/json\r\n"
            f"authorization: Bearer of-a-client\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._streams
            writer.write(request.encode() + body)
            status, content = await asyncio.wait_for(_response(reader), SECONDS * 3)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            self.__exit__()
            return 0, ""
        said = json.loads(content)
        return status, said.get("head", "edge")


async def _response(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
    if headers.get("transfer-encoding") == "chunked":
        content = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            content += await reader.readexactly(size)
            await reader.readuntil(b"\r\n")
        await reader.readuntil(b"\r\n")
    else:
        content = await reader.readexactly(int(headers["content-length"]))
    return int(line.split(" ")[1]), content


def lost(got: Iterable[Got]) -> Counter[tuple[str, int]]:
    """Requests that no head answered with 200, by model and status."""
    return Counter((one.model, one.status) for one in got if one.status != 200)


def slowest(got: Iterable[Got]) -> float:
    return max(one.seconds for one in got)
