"""The real yaml-language-server, driven over standard input and output as by an editor."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

REPOSITORY = Path(__file__).parents[2]
PROGRAM = "yaml-language-server"
VARIABLE = "YAML_LANGUAGE_SERVER"
_SECONDS = 120.0
"""A server that takes longer hangs; it is stopped, and the test fails."""

_YAML: Mapping[str, object] = {
    "schemaStore": {"enable": False},
    "kubernetesCRDStore": {"enable": False},
    "validate": True,
    "completion": True,
    "hover": True,
}
"""The settings of the editor: nothing that needs the network."""


def program() -> str:
    """The program, from the environment variable, `.tools/` of this repository, or the path.

    Raises FileNotFoundError where there is none: who asked for the marker wants these tests to run.
    """
    own = REPOSITORY / ".tools" / "node_modules" / ".bin" / PROGRAM
    found = os.environ.get(VARIABLE) or shutil.which(own) or shutil.which(PROGRAM)
    if not found:
        raise FileNotFoundError(f"no {PROGRAM}: run npm install {PROGRAM} in .tools, or set {VARIABLE}")
    return found


class Server:
    """A running server and the documents that are open in it."""

    def __init__(self, process: "subprocess.Popen[bytes]", root: Path, yaml: Mapping[str, object]) -> None:
        self._process = process
        self._root = root
        self._settings = {"yaml": yaml}
        self._sent = 0
        self._configured = False
        self._published: dict[str, list[Any]] = {}
        self._versions: dict[str, int] = {}

    def begin(self) -> None:
        workspace = {"uri": self._root.as_uri(), "name": "fleet"}
        markup = {"documentationFormat": ["markdown", "plaintext"]}
        self.ask(
            "initialize",
            {
                "processId": None,
                "rootUri": self._root.as_uri(),
                "workspaceFolders": [workspace],
                "capabilities": {
                    "workspace": {"configuration": True, "workspaceFolders": True},
                    "textDocument": {
                        "completion": {"completionItem": markup},
                        "hover": {"contentFormat": ["markdown"]},
                    },
                },
            },
        )
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": self._settings}})
        while not self._configured:  # without its settings, it would fetch schemas from the network
            self._receive()

    def ask(self, method: str, params: Mapping[str, object]) -> Any:
        """Send a request and return its result."""
        self._sent += 1
        number = self._sent
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def diagnostics(self, path: str, text: str) -> list[str]:
        """Open a text in the server as the content of `path`; its diagnostics.

        Each path is shown once: nothing in an answer tells which of two texts it is about.
        """
        uri = self._show(path, text)
        assert self._versions[uri] == 1
        while uri not in self._published:
            self._receive()
        return [found["message"] for found in self._published[uri]]

    def completions(self, path: str, text: str) -> dict[str, dict[str, Any]]:
        """What is offered at the `|` in a text, by its label."""
        result = self.ask("textDocument/completion", self._place(path, text))
        return {item["label"]: item for item in result["items"]}

    def hover(self, path: str, text: str) -> str:
        """The hover at the `|` in a text."""
        result = self.ask("textDocument/hover", self._place(path, text))
        return str(result["contents"]["value"]) if result else ""

    def _place(self, path: str, text: str) -> dict[str, object]:
        before = text.partition("|")[0]
        uri = self._show(path, text.replace("|", "", 1))
        line = before.count("\n")
        return {
            "textDocument": {"uri": uri},
            "position": {"line": line, "character": len(before) - before.rfind("\n") - 1},
        }

    def _show(self, path: str, text: str) -> str:
        uri = (self._root / path).as_uri()
        version = self._versions[uri] = self._versions.get(uri, 0) + 1
        self._published.pop(uri, None)
        document = {"uri": uri, "languageId": "yaml", "version": version, "text": text}
        if version == 1:
            self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        else:
            params = {
                "textDocument": {"uri": uri, "version": version},
                "contentChanges": [{"text": text}],
            }
            self._send({"method": "textDocument/didChange", "params": params})
        return uri

    def _receive(self) -> dict[str, Any]:
        """Read one message; answer what the server asks, keep what it publishes."""
        assert self._process.stdout is not None
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the server has gone"
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        method = message.get("method")
        if method == "textDocument/publishDiagnostics":
            self._published[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "id" in message and method is not None:
            self._send({"id": message["id"], "result": self._answer(method, message.get("params") or {})})
        return message

    def _answer(self, method: str, params: Mapping[str, Any]) -> object:
        if method != "workspace/configuration":
            return None
        self._configured = True
        return [self._settings.get(item.get("section", "")) for item in params["items"]]

    def _send(self, message: Mapping[str, object]) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def end(self) -> None:
        self.ask("shutdown", {})
        self._send({"method": "exit"})


@contextmanager
def language_server(root: Path, settings: Mapping[str, object] | None = None) -> Iterator[Server]:
    """Run the server for the repository at `root` until the block ends; `settings` are more of those of `yaml`."""
    with subprocess.Popen(
        [program(), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root
    ) as process:
        server = Server(process, root, {**_YAML, **(settings or {})})
        guard = Timer(_SECONDS, process.kill)
        guard.start()
        try:
            server.begin()
            yield server
            server.end()
        finally:
            guard.cancel()
            process.kill()
