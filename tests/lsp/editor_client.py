"""An editor without a window: a small JSON-RPC client of `modelspec lsp` over standard input and output."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

_SECONDS = 120.0
"""A server that takes longer hangs; it is stopped, and the test fails."""


class Editor:
    """A running server; `published` are the diagnostics of each file by its path."""

    def __init__(self, process: "subprocess.Popen[bytes]", root: Path) -> None:
        self._process = process
        self.root = root
        self.published: dict[str, list[Any]] = {}
        self.logged: list[str] = []
        self._versions: dict[str, int] = {}
        self._seen: dict[str, int | None] = {}
        self._sent = 0

    def begin(self, *folders: Path, encodings: tuple[str, ...] = ("utf-16",), moves: bool = True) -> Any:
        given = [{"uri": one.as_uri(), "name": one.name} for one in folders or (self.root,)]
        edits = {"documentChanges": True, "resourceOperations": ["rename"] if moves else []}
        result = self.ask(
            "initialize",
            processId=None,
            rootUri=given[0]["uri"],
            workspaceFolders=given,
            capabilities={
                "general": {"positionEncodings": [*encodings]},
                "workspace": {
                    "workspaceEdit": edits,
                    "didChangeWatchedFiles": {"dynamicRegistration": True},
                },
            },
        )
        self.tell("initialized")
        return result

    def open(self, path: str, text: str | None = None) -> None:
        """Open a file, by default as it is on disk."""
        text = (self.root / path).read_text(encoding="utf-8") if text is None else text
        self._versions[path] = 1
        document = {"uri": self.uri(path), "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", textDocument=document)

    def type(self, path: str, text: str) -> None:
        """Change the text of an open file, unsaved."""
        self._versions[path] += 1
        document = {"uri": self.uri(path), "version": self._versions[path]}
        self.tell("textDocument/didChange", textDocument=document, contentChanges=[{"text": text}])

    def save(self, path: str, text: str) -> None:
        (self.root / path).write_text(text, encoding="utf-8")
        self.tell("textDocument/didSave", textDocument={"uri": self.uri(path)})

    def close(self, path: str) -> None:
        self.tell("textDocument/didClose", textDocument={"uri": self.uri(path)})

    def settle(self, path: str) -> list[Any]:
        """Wait until the last text of an open file was looked at; its diagnostics."""
        while self._seen.get(path) != self._versions[path]:
            self.receive()
        return self.published[path]

    def at(self, path: str, text: str, mark: str = "|") -> dict[str, Any]:
        """The position of a mark in a text, which is typed without it."""
        before, _, after = text.partition(mark)
        self.type(path, before + after)
        line = before.split("\n")[-1]
        place = {"line": before.count("\n"), "character": len(line.encode("utf-16-le")) // 2}
        return {"textDocument": {"uri": self.uri(path)}, "position": place}

    def ask(self, method: str, **params: Any) -> Any:
        """Send a request and return its result, or its error."""
        self._sent += 1
        number = self._sent
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self.receive()
            if message.get("id") == number and "method" not in message:
                return message["error"] if "error" in message else message["result"]

    def tell(self, method: str, **params: Any) -> None:
        self._send({"method": method, "params": params})

    def uri(self, path: str) -> str:
        return (self.root / path).as_uri()

    def receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the server has gone"
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        params = message.get("params", {})
        if message.get("method") == "textDocument/publishDiagnostics":
            path = params["uri"].removeprefix(self.uri("")).lstrip("/")
            self.published[path] = params["diagnostics"]
            self._seen[path] = params.get("version")
        elif message.get("method") in ("window/logMessage", "window/showMessage"):
            self.logged.append(params["message"])
        elif "id" in message and "method" in message:
            self._send({"id": message["id"], "result": None})
        return message

    def _send(self, message: Mapping[str, object]) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()


@contextmanager
def editor(root: Path) -> Iterator[Editor]:
    """Run the server until the block ends; it must end well and say nothing on stderr."""
    command = [sys.executable, "-m", "modelspec", "lsp"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root
    ) as process:
        one = Editor(process, root)
        guard = Timer(_SECONDS, process.kill)
        guard.start()
        try:
            yield one
            one.ask("shutdown")
            one.tell("exit")
            assert process.stderr is not None
            assert process.stderr.read().decode() == ""
            assert process.wait() == 0
        finally:
            guard.cancel()
            process.kill()
