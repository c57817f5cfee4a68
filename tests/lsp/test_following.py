"""What the server follows and bears: files, folders, messages; and that nothing waits for a compile in vain."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from editor_client import Editor, editor
from test_lsp_features import ATLAS, PATH, write_fleet

_SLOW = """
import sys, time
from pathlib import Path
from modelspec.editors.fleet import EditedFleet
from modelspec.__main__ import main

snapshot, gate = EditedFleet.snapshot, Path(sys.argv.pop(1))

def slow(fleet):
    while not gate.exists():
        time.sleep(0.01)
    return snapshot(fleet)

EditedFleet.snapshot = slow
sys.exit(main())
"""


@contextmanager
def waiting_editor(root: Path, gate: Path) -> Iterator[Editor]:
    """An editor of a server that compiles nothing before the file `gate` is there."""
    with editor(root, (sys.executable, "-c", _SLOW, str(gate), "lsp")) as one:
        one.begin()
        yield one


def test_a_request_that_waits_for_a_compile_can_be_cancelled(tmp_path: Path) -> None:
    root, gate = write_fleet(tmp_path / "fleet"), tmp_path / "gate"
    with waiting_editor(root, gate) as client:
        client.open(PATH)
        document = {"uri": client.uri(PATH)}
        waits = client.send("textDocument/documentSymbol", textDocument=document)
        cancelled = client.send(
            "textDocument/hover", textDocument=document, position={"line": 3, "character": 17}
        )
        client.tell("$/cancelRequest", id=cancelled)
        assert client.result(cancelled)["error"]["code"] == -32800
        # What needs no state is answered at once.
        assert (
            client.ask(
                "textDocument/hover", textDocument={"uri": "untitled:a"}, position={"line": 0, "character": 0}
            )
            is None
        )
        client.type(PATH, ATLAS + "tags: [chat]\n")
        gate.touch()
        # What was typed meanwhile counts.
        assert [one["name"] for one in client.result(waits)["result"]][-1] == "tags"
        assert client.settle(PATH) == []
        assert client.logged == []


def test_a_server_ends_while_requests_wait(tmp_path: Path) -> None:
    root, gate = write_fleet(tmp_path / "fleet"), tmp_path / "gate"
    with waiting_editor(root, gate) as client:
        client.open(PATH)
        client.send("textDocument/documentSymbol", textDocument={"uri": client.uri(PATH)})
        gate.touch()


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"jsonrpc":"2.0"}',
        b'{"jsonrpc":"2.0","method":[],"params":{}}',
        b'{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"file:///a"}}}',
        b'{"jsonrpc":"2.0","id":"x","method":"textDocument/hover","params":{"position":{"line":{}}}}',
        b'{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"never sent"}}',
    ],
)
def test_a_message_that_is_not_understood_ends_nothing(told: Editor, body: bytes) -> None:
    told.logged.clear()
    told.write_bytes(body)
    told.type(PATH, ATLAS)
    assert told.settle(PATH) == []
    assert not any("bug in modelspec" in one for one in told.logged)


@pytest.fixture(name="told", scope="module")
def _told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    with editor(write_fleet(tmp_path_factory.mktemp("fleet"))) as one:
        one.begin()
        one.open(PATH)
        yield one


def test_a_file_with_escapes_in_its_address_is_followed_while_it_comes_and_goes(told: Editor) -> None:
    path = "models.d/été @1.yaml"
    told.open(path, ATLAS.replace("region: eu", "region: xx"))
    assert "MS201" in [one["code"] for one in told.settle(path)]
    assert "MS205" in [one["code"] for one in told.found("models.d/été @1.yaml") + told.found(PATH)]
    told.close(path)
    told.type(PATH, ATLAS + "\n")
    assert told.settle(PATH) == []
    assert told.found(path) == []


def test_nothing_is_shown_of_a_folder_that_leaves_the_workspace(tmp_path: Path) -> None:
    root = write_fleet(tmp_path / "fleet")
    with editor(root) as client:
        client.begin()
        client.open(PATH, ATLAS.replace("region: eu", "region: xx"))
        assert client.settle(PATH)
        folder = {"uri": root.as_uri(), "name": "fleet"}
        client.tell("workspace/didChangeWorkspaceFolders", event={"added": [], "removed": [folder]})
        while client.found(PATH):
            client.receive()


def test_files_that_come_and_go_on_disk_are_followed(told: Editor) -> None:
    path = "models.d/elsewhere/bison.yaml"
    file = told.root / path
    file.parent.mkdir()
    file.write_text(ATLAS.replace("atlas", "bison").replace("region: eu", "region: xx"), encoding="utf-8")
    told.tell("workspace/didChangeWatchedFiles", changes=[{"uri": told.uri(path), "type": 1}])
    while not told.found(path):
        told.receive()
    assert "MS201" in [one["code"] for one in told.found(path)]
    file.unlink()
    file.parent.rmdir()
    # Of a folder that is deleted, editors tell the folder alone.
    told.tell("workspace/didChangeWatchedFiles", changes=[{"uri": told.uri("models.d/elsewhere"), "type": 3}])
    while told.found(path):
        told.receive()


def test_defaults_of_a_folder_count_while_they_are_typed(told: Editor) -> None:
    path = "models.d/_defaults.yaml"
    told.open(path, "priority_head: head-eu-l\nfallback_heads: [head-uk-1]\n")
    told.settle(path)
    told.type(PATH, ATLAS.replace("priority_head: head-eu-1\n", ""))
    told.settle(PATH)
    assert [one["code"] for one in told.found(path)] == ["MS202"]
    told.type(path, "priority_head: head-eu-1\n")
    assert told.settle(path) == []
    told.close(path)
    told.type(PATH, ATLAS)
    assert told.settle(PATH) == []
