"""The real yaml-language-server, driven over standard input and output as by an editor."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from language_client import LanguageClient, connected

REPOSITORY = Path(__file__).parents[2]
PROGRAM = "yaml-language-server"
VARIABLE = "YAML_LANGUAGE_SERVER"
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


class Server(LanguageClient):
    """A running server and the documents that are open in it."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._settings: dict[str, object] = {}
        self._configured = False
        self._versions: dict[str, int] = {}

    def begin(self, settings: Mapping[str, object]) -> None:
        """Say hello; `settings` are those of `yaml`."""
        self._settings = {"yaml": settings}
        markup = {"documentationFormat": ["markdown", "plaintext"]}
        self.ask(
            "initialize",
            processId=None,
            rootUri=self.root.as_uri(),
            workspaceFolders=[{"uri": self.root.as_uri(), "name": "fleet"}],
            capabilities={
                "workspace": {"configuration": True, "workspaceFolders": True},
                "textDocument": {
                    "completion": {"completionItem": markup},
                    "hover": {"contentFormat": ["markdown"]},
                },
            },
        )
        self.tell("initialized")
        self.tell("workspace/didChangeConfiguration", settings=self._settings)
        while not self._configured:  # without its settings, it would fetch schemas from the network
            self.receive()

    def diagnostics(self, path: str, text: str) -> list[str]:
        """Open a text in the server as the content of `path`; its diagnostics.

        Each path is shown once: nothing in an answer tells which of two texts it is about.
        """
        uri = self._show(path, text)
        assert self._versions[uri] == 1
        while uri not in self.published:
            self.receive()
        return [found["message"] for found in self.published[uri]["diagnostics"]]

    def completions(self, path: str, text: str) -> dict[str, dict[str, Any]]:
        """What is offered at the `|` in a text, by its label."""
        result = self.ask("textDocument/completion", **self._place(path, text))
        return {item["label"]: item for item in result["items"]}

    def hover(self, path: str, text: str) -> str:
        """The hover at the `|` in a text."""
        result = self.ask("textDocument/hover", **self._place(path, text))
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
        uri = self.uri(path)
        version = self._versions[uri] = self._versions.get(uri, 0) + 1
        self.published.pop(uri, None)
        document = {"uri": uri, "languageId": "yaml", "version": version, "text": text}
        if version == 1:
            self.tell("textDocument/didOpen", textDocument=document)
        else:
            known = {"uri": uri, "version": version}
            self.tell("textDocument/didChange", textDocument=known, contentChanges=[{"text": text}])
        return uri

    def answer(self, method: str, params: Mapping[str, Any]) -> object:
        """The settings."""
        if method != "workspace/configuration":
            return None
        self._configured = True
        return [self._settings.get(item.get("section", "")) for item in params["items"]]


@contextmanager
def language_server(root: Path, settings: Mapping[str, object] | None = None) -> Iterator[Server]:
    """Run the server for the repository at `root` until the block ends; `settings` are more of those of `yaml`."""
    with connected(Server, [program(), "--stdio"], root) as server:
        server.begin({**_YAML, **(settings or {})})
        yield server
