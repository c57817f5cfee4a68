"""An editor without a window: JSON-RPC with a language server over its standard input and output."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any, TypeVar

_SECONDS = 30.0
"""A server that says nothing for so long hangs; it is stopped, and the test fails."""


class LanguageClient:
    """A running server; `published` is what it said last of each document, by its address."""

    def __init__(self, process: "subprocess.Popen[bytes]", root: Path) -> None:
        self._process = process
        self._sent = 0
        self.root = root
        self.published: dict[str, dict[str, Any]] = {}
        self.logged: list[str] = []

    def uri(self, path: str) -> str:
        return (self.root / path).as_uri()

    def send(self, method: str, **params: Any) -> int:
        """Send a request, and return its number."""
        self._sent += 1
        self.write({"id": self._sent, "method": method, "params": params})
        return self._sent

    def result(self, number: int) -> dict[str, Any]:
        """Wait for the response to a request."""
        while True:
            message = self.receive()
            if message.get("id") == number and "method" not in message:
                return message

    def ask(self, method: str, **params: Any) -> Any:
        """Send a request and return its result, or its error."""
        message = self.result(self.send(method, **params))
        return message["error"] if "error" in message else message["result"]

    def tell(self, method: str, **params: Any) -> None:
        self.write({"method": method, "params": params})

    def receive(self) -> dict[str, Any]:
        """Read one message; answer what the server asks, keep what it publishes."""
        assert self._process.stdout is not None
        guard = Timer(_SECONDS, self._process.kill)
        guard.start()
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the server has gone"
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        guard.cancel()
        params = message.get("params") or {}
        if message.get("method") == "textDocument/publishDiagnostics":
            self.published[params["uri"]] = params
        elif message.get("method") in ("window/logMessage", "window/showMessage"):
            self.logged.append(params["message"])
        elif "id" in message and "method" in message:
            self.write({"id": message["id"], "result": self.answer(message["method"], params)})
        return message

    def answer(self, method: str, params: Mapping[str, Any]) -> object:  # noqa: ARG002
        """What the client answers the server."""
        return None

    def write(self, message: Mapping[str, object]) -> None:
        """Send a message, or any other value, as JSON."""
        self.write_bytes(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def write_bytes(self, body: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()


Client = TypeVar("Client", bound=LanguageClient)


@contextmanager
def connected(kind: type[Client], command: Sequence[str], root: Path) -> Iterator[Client]:
    """Run a server until the block ends; it must end well and say nothing on stderr."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root
    ) as process:
        client = kind(process, root)
        guard = Timer(_SECONDS, process.kill)
        try:
            yield client
            guard.start()
            client.ask("shutdown")
            client.tell("exit")
            assert process.stderr is not None
            assert process.stderr.read().decode() == ""
            assert process.wait() == 0
        finally:
            guard.cancel()
            process.kill()
