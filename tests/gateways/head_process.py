"""A head in a process of its own, which can be stopped or killed: `python head_process.py HEAD_ID PORT [ADDRESS]`.

It answers `/health` and `/health/liveliness`. A request says in `do` what a model does: `{"status": 503, "delay": 2,
"gaps": [0.5, 0.5], "own": true}`, for all heads or, in a mapping, for each. A response carries LiteLLM's
`x-litellm-call-id` unless it is the head's `own`. `GET /mode?…` makes the head itself fail: `status=503`, or `reset=1`.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

HEALTH = ("/health", "/health/liveliness")


class Head:
    """What it is called, and how it fails: an error for every request, or a reset in place of a response."""

    def __init__(self, head_id: str) -> None:
        self.head_id = head_id
        self.mode: Mapping[str, str] = {}
        self.asked = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._answer(reader, writer):
                await writer.drain()
        writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
        method, path, _ = line.split(" ")
        body = await _body(reader, headers)
        if method == "GET":
            return self._control(path, writer)
        self.asked += 1
        if "reset" in self.mode:
            return False
        asked = json.loads(body)
        does = asked.get("do", {})
        does = does.get(self.head_id, does if "status" in does or "delay" in does or "gaps" in does else {})
        if "status" in self.mode:
            does = {"status": int(self.mode["status"]), "own": True}
        await self._respond(does, asked["model"], writer)
        return True

    async def _respond(self, does: Mapping[str, Any], model: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(does.get("delay", 0))
        status = does.get("status", 200)
        call = "" if does.get("own") else "x-litellm-call-id: 0b7e\r\n"
        start = f"HTTP/1.1 {status} X\r\n{call}content-type: application/json\r\n"
        content = json.dumps({"head": self.head_id, "model": model}).encode()
        if "gaps" not in does:
            writer.write(f"{start}content-length: {len(content)}\r\n\r\n".encode() + content)
            return
        writer.write(f"{start}transfer-encoding: chunked\r\n\r\n".encode())
        for gap in does["gaps"]:
            await asyncio.sleep(gap)
            writer.write(b"1\r\n \r\n")
        writer.write(f"{len(content):x}\r\n".encode() + content + b"\r\n0\r\n\r\n")

    def _control(self, path: str, writer: asyncio.StreamWriter) -> bool:
        url = urlsplit(path)
        status = 200 if url.path in (*HEALTH, "/mode") else 404
        if url.path == "/mode":
            self.mode = {name: values[0] for name, values in parse_qs(url.query).items()}
        said = json.dumps({"asked": self.asked}).encode()
        if url.path == "/mode":
            self.asked = 0
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {len(said)}\r\n\r\n".encode() + said)
        return True


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


async def main(head_id: str, port: int, address: str = "127.0.0.1") -> None:
    """Serve until the process ends; say when."""
    server = await asyncio.start_server(Head(head_id).serve, address, port, backlog=4096, limit=2**20)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
