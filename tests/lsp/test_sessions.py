"""Sessions of an editor as a person reads them: what is done stands behind `>`, what the server shows below it.

`pytest tests/lsp --update-golden` writes what is shown anew. What can be done:

    > open PATH
    > write NEW for OLD in PATH      the first OLD becomes NEW, in which ▌ is where the cursor is then
    > hover, complete, definition, references, fixes, fix TITLE, rename NEW, outline of PATH, lenses of PATH
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from editor_client import Editor, edited, editor
from test_lsp_features import write_fleet

SESSIONS = sorted((Path(__file__).parent / "sessions").glob("*.txt"))
CURSOR = "▌"
_MOST = 6
"""Offers and lines of a hover that are written down."""


@pytest.mark.parametrize("file", SESSIONS, ids=lambda file: file.stem)
def test_session(file: Path, tmp_path: Path, *, update: bool) -> None:
    session = file.read_text(encoding="utf-8")
    done = [line for line in session.splitlines() if line.startswith(("#", "> "))]
    with editor(write_fleet(tmp_path)) as client:
        client.begin()
        shown = "".join(_Hand(client).told(done))
    if update:
        file.write_text(shown, encoding="utf-8")
    else:
        assert shown == session


class _Hand:
    """Does what a session says."""

    def __init__(self, client: Editor) -> None:
        self._client = client
        self._at: dict[str, Any] = {}
        self._path = ""
        self._shown: dict[str, list[Any]] = {}

    def told(self, done: list[str]) -> Iterator[str]:
        for line in done:
            yield f"{line}\n" if line.startswith("#") else f"\n{line}\n"
            if line.startswith("> "):
                yield from (f"  {one}".rstrip() + "\n" for one in self._do(line[2:]))

    def _do(self, what: str) -> Iterator[str]:
        verb, _, rest = what.partition(" ")
        if verb == "open":
            self._path = rest
            self._client.open(rest)
            yield from self._faults()
        elif verb == "write":
            yield from self._write(rest)
        elif verb in ("outline", "lenses"):
            yield from getattr(self, f"_{verb}")(rest.removeprefix("of "))
        else:
            yield from getattr(self, f"_{verb}")(rest)

    def _write(self, rest: str) -> Iterator[str]:
        match = re.fullmatch(r"(.*) for (.+) in (\S+)", rest)
        assert match, rest
        new, old, self._path = (one.replace("\\n", "\n") for one in match.groups())
        text = self._client.texts[self._path]
        assert old in text, old
        self._at = self._client.at(self._path, text.replace(old, new, 1), CURSOR)
        yield from self._faults()

    def _faults(self) -> Iterator[str]:
        """What has changed of what is shown, in any file."""
        self._client.settle(self._path)
        for uri in sorted(self._client.published):
            path = uri.removeprefix(self._client.uri("")).lstrip("/")
            found = self._client.found(path)
            if found != self._shown.get(path, []):
                self._shown[path] = found
                yield from (line for one in found for line in _fault(path, one))
                yield from () if found else (f"{path}: no fault",)

    def _ask(self, method: str, **more: Any) -> Any:
        return self._client.ask(f"textDocument/{method}", **self._at, **more)

    def _complete(self, _: str) -> Iterator[str]:
        items = self._ask("completion")["items"]
        for item in items[:_MOST]:
            label, new = item["label"], item["textEdit"]["newText"]
            yield f"{label}{'' if new.strip(': ') == label else f'  writes {new}'}"
            about = item.get("documentation")
            yield from () if about in (None, label) else (f"    {about.splitlines()[0]}",)
        yield from (f"and {len(items) - _MOST} more",) if items[_MOST:] else ()

    def _hover(self, _: str) -> Iterator[str]:
        found = self._ask("hover")
        lines = ["nothing"] if found is None else found["contents"]["value"].splitlines()
        yield from lines[: 2 * _MOST]
        yield from ("…",) if lines[2 * _MOST :] else ()

    def _definition(self, _: str) -> Iterator[str]:
        yield self._place(self._ask("definition"))

    def _references(self, _: str) -> Iterator[str]:
        yield from map(self._place, self._ask("references", context={"includeDeclaration": True}))

    def _place(self, location: Any) -> str:
        path = location["uri"].removeprefix(self._client.uri("")).lstrip("/")
        text = self._client.texts.get(path) or (self._client.root / path).read_text(encoding="utf-8")
        line = location["range"]["start"]["line"]
        return f"{path}:{_at(location['range'])}  {text.splitlines()[line].strip()}"

    def _actions(self) -> list[Any]:
        document = {"uri": self._client.uri(self._path)}
        found = self._client.found(self._path)
        return [
            action
            for one in found
            for action in self._client.ask(
                "textDocument/codeAction",
                textDocument=document,
                range=one["range"],
                context={"diagnostics": [one]},
            )
        ]

    def _fixes(self, _: str) -> Iterator[str]:
        for action in self._actions():
            mark = "  (preferred)" if action["isPreferred"] else ""
            yield f"{action['diagnostics'][0]['code']}: {action['title']}{mark}"

    def _fix(self, title: str) -> Iterator[str]:
        action = next(one for one in self._actions() if one["title"] == title)
        yield from self._apply(action["edit"]["changes"])
        yield from self._faults()

    def _apply(self, changes: Any) -> Iterator[str]:
        """Make edits, and show the lines that are new."""
        for uri in sorted(changes):
            path = uri.removeprefix(self._client.uri("")).lstrip("/")
            if path not in self._client.texts:
                self._client.open(path)
            before = self._client.texts[path]
            self._client.type(path, edited(before, changes[uri]))
            old = before.splitlines()
            after = self._client.texts[path].splitlines()
            yield from (f"{path}:{n}: {one}" for n, one in enumerate(after, 1) if one not in old)

    def _rename(self, name: str) -> Iterator[str]:
        answer = self._ask("rename", newName=name)
        if "message" in answer:
            yield f"refused: {answer['message']}"
            return
        steps = answer.get("documentChanges", [])
        edits = {one["textDocument"]["uri"]: one["edits"] for one in steps if "edits" in one}
        yield from self._apply(answer.get("changes") or edits)
        for step in steps:
            if step.get("kind") == "rename":
                old, new = (step[side].removeprefix(self._client.uri("")) for side in ("oldUri", "newUri"))
                yield f"moved: {old.lstrip('/')} to {new.lstrip('/')}"
                return
        yield from self._faults()

    def _outline(self, path: str) -> Iterator[str]:
        found = self._client.ask("textDocument/documentSymbol", textDocument={"uri": self._client.uri(path)})
        yield from _symbols(found, "")

    def _lenses(self, path: str) -> Iterator[str]:
        found = self._client.ask("textDocument/codeLens", textDocument={"uri": self._client.uri(path)})
        yield from (f"{path}:{_at(one['range'])}  {one['command']['title']}" for one in found)


def _at(span: Any) -> str:
    return f"{span['start']['line'] + 1}:{span['start']['character'] + 1}"


def _fault(path: str, one: Any) -> Iterator[str]:
    severity = ("error", "warning", "info")[one["severity"] - 1]
    first, *rest = one["message"].splitlines()
    yield f"{path}:{_at(one['range'])}: {severity}[{one['code']}]: {first}"
    yield from (f"    {line}" for line in rest)


def _symbols(found: list[Any], indent: str) -> Iterator[str]:
    for one in found:
        yield f"{indent}{one['name']}{'  ' + one['detail'] if one.get('detail') else ''}"
        yield from _symbols(one.get("children") or [], f"{indent}  ")
