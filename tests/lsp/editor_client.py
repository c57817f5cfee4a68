"""A client of `modelspec lsp` that opens files and types in them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from language_client import LanguageClient, connected

SERVER = (sys.executable, "-m", "modelspec", "lsp")


class Editor(LanguageClient):
    """A running server and the files that are open in it, each by its path from the root."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._versions: dict[str, int] = {}
        self.texts: dict[str, str] = {}

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
        self._versions[path], self.texts[path] = 1, text
        document = {"uri": self.uri(path), "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", textDocument=document)

    def type(self, path: str, text: str) -> None:
        """Change the text of an open file, unsaved."""
        self._versions[path] += 1
        self.texts[path] = text
        document = {"uri": self.uri(path), "version": self._versions[path]}
        self.tell("textDocument/didChange", textDocument=document, contentChanges=[{"text": text}])

    def save(self, path: str, text: str) -> None:
        (self.root / path).write_text(text, encoding="utf-8")
        self.tell("textDocument/didSave", textDocument={"uri": self.uri(path)})

    def close(self, path: str) -> None:
        self.tell("textDocument/didClose", textDocument={"uri": self.uri(path)})

    def found(self, path: str) -> list[Any]:
        """The diagnostics of a file that were published last."""
        return list(self.published.get(self.uri(path), {}).get("diagnostics", ()))

    def settle(self, path: str) -> list[Any]:
        """Wait until the last text of an open file was looked at; its diagnostics."""
        while self.published.get(self.uri(path), {}).get("version") != self._versions[path]:
            self.receive()
        return self.found(path)

    def at(self, path: str, text: str, mark: str = "|") -> dict[str, Any]:
        """The position of a mark in a text, which is typed without it."""
        before, _, after = text.partition(mark)
        self.type(path, before + after)
        line = before.split("\n")[-1]
        place = {"line": before.count("\n"), "character": len(line.encode("utf-16-le")) // 2}
        return {"textDocument": {"uri": self.uri(path)}, "position": place}


@contextmanager
def editor(root: Path, command: tuple[str, ...] = SERVER) -> Iterator[Editor]:
    """Run the server until the block ends."""
    with connected(Editor, command, root) as one:
        yield one


def edited(text: str, edits: list[Any]) -> str:
    """A text after edits whose positions count in UTF-16."""
    for edit in sorted(edits, key=lambda one: str(one["range"]["start"]), reverse=True):
        start, end = (_offset(text, edit["range"][side]) for side in ("start", "end"))
        text = text[:start] + edit["newText"] + text[end:]
    return text


def _offset(text: str, place: Any) -> int:
    lines = text.split("\n")
    line = lines[place["line"]] if place["line"] < len(lines) else ""
    before = line.encode("utf-16-le")[: place["character"] * 2].decode("utf-16-le", "ignore")
    return len("\n".join([*lines[: place["line"]], before]))
