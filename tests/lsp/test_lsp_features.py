"""A session of an editor for each thing that the language server does, over standard input and output."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from editor_client import Editor, edited, editor
from small_fleets import TODAY, model

from modelspec.incremental import check
from modelspec.load.find import read_tree
from modelspec.report.printable import advised
from modelspec.rules.examples import example_files

ATLAS = """\
model_id: atlas
name: Atlas
region: eu
priority_head: head-eu-1
fallback_heads: [head-uk-1]
endpoint: https://atlas.example.com/v1
"""
PATH = "models.d/atlas.yaml"


def write_fleet(root: Path) -> Path:
    for path, text in {**example_files(""), PATH: ATLAS}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


@pytest.fixture(name="shared", scope="module")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    with editor(write_fleet(tmp_path_factory.mktemp("fleet"))) as one:
        one.begin()
        one.open(PATH)
        yield one


@pytest.fixture(name="open_editor")
def _open_editor(shared: Editor) -> Editor:
    """One server for all tests, with the text of the file as it is on disk."""
    shared.type(PATH, ATLAS)
    assert shared.settle(PATH) == []
    shared.logged.clear()
    return shared


def _said(found: list[Any]) -> list[str]:
    return [f"{one['code']} {one['message']}" for one in found]


def test_a_fault_is_shown_as_it_is_typed_and_gone_as_it_is_undone(open_editor: Editor) -> None:
    open_editor.type(PATH, ATLAS.replace("region: eu", "region: e"))
    (found,) = open_editor.settle(PATH)
    assert found["code"] == "MS201"
    assert found["source"] == "modelspec"
    assert found["severity"] == 1
    assert found["range"] == {"start": {"line": 2, "character": 8}, "end": {"line": 2, "character": 9}}
    open_editor.type(PATH, ATLAS)
    assert open_editor.settle(PATH) == []


def test_a_change_shows_what_it_breaks_in_other_files(open_editor: Editor) -> None:
    open_editor.open("heads.yaml")
    heads = (open_editor.root / "heads.yaml").read_text(encoding="utf-8")
    open_editor.type("heads.yaml", heads.replace("head_id: head-eu-1", "head_id: head-eu-9"))
    open_editor.settle("heads.yaml")
    open_editor.type(PATH, ATLAS + "# \n")
    assert [one["code"] for one in open_editor.settle(PATH)] == ["MS202"]
    assert "MS202" in [one["code"] for one in open_editor.found("models.d/zebra.yaml")]
    open_editor.close("heads.yaml")
    open_editor.type(PATH, ATLAS)
    assert open_editor.settle(PATH) == []
    assert open_editor.found("models.d/zebra.yaml") == []


def test_positions_count_as_the_protocol_does(open_editor: Editor) -> None:
    text = ATLAS.replace("name: Atlas\nregion: eu", '"name": "🦬🦬"\nregion: eu').replace(
        "fallback_heads: [head-uk-1]", 'fallback_heads: ["🦬", nowhere-1]'
    )
    open_editor.type(PATH, text)
    found = {one["code"]: one["range"]["start"] for one in open_editor.settle(PATH)}
    assert found["MS104"] == {"line": 4, "character": 17}
    at = open_editor.at(PATH, text.replace("nowhere-1", "head-u|"))
    (item, *_) = open_editor.ask("textDocument/completion", **at)["items"]
    assert item["textEdit"]["range"]["start"] == {"line": 4, "character": 23}
    with editor(open_editor.root) as other:
        assert other.begin(encodings=("utf-32", "utf-16"))["capabilities"]["positionEncoding"] == "utf-32"
        other.open(PATH, text.replace("nowhere-1", "head-us-9"))
        other.settle(PATH)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        (
            ATLAS.replace("region: eu", "region: |"),
            ["United States (us)", "Europe (eu)", "United Kingdom (uk)"],
        ),
        (ATLAS.replace("region: eu", "region: Eur|"), ["Europe (eu)"]),
        (ATLAS.replace("[head-uk-1]", "[head-uk-1, head-u|"), ["head-uk-1", "head-us-1", "head-us-2"]),
        (ATLAS.replace("[head-uk-1]", "\n  - head-cn|"), ["head-cn-1"]),
        (ATLAS + "fallback_models: [z|", ["zebra"]),
        (ATLAS + "load_balancing: {pol|", ["policy"]),
        (ATLAS + "load_balancing:\n  weights:\n    head-c|", ["head-cn-1"]),
        (ATLAS + "status: |", ["active", "deprecated", "disabled"]),
        (ATLAS + "local_inf|", ["local_inference"]),
        (ATLAS + "params:\n  api_ver|", ["api_version"]),
        (ATLAS + "request:\n  temperat|", ["temperature"]),
        (ATLAS + "provider: mistr|", ["mistral"]),
        (ATLAS + "# region: |", []),
    ],
)
def test_names_fields_and_words_are_offered_while_the_file_is_not_valid(
    open_editor: Editor, text: str, labels: list[str]
) -> None:
    found = open_editor.ask("textDocument/completion", **open_editor.at(PATH, text))
    assert [item["label"] for item in found["items"]][:3] == labels


def test_a_region_is_written_by_its_code(open_editor: Editor) -> None:
    at = open_editor.at(PATH, ATLAS.replace("region: eu", "region: Eur|"))
    (item,) = open_editor.ask("textDocument/completion", **at)["items"]
    assert item["textEdit"]["newText"] == "eu"
    assert item["documentation"] == "Europe (eu); served in eu, uk"


def test_a_hover_tells_the_head_the_field_the_rule_and_the_route(open_editor: Editor) -> None:
    def hover(text: str) -> str:
        found = open_editor.ask("textDocument/hover", **open_editor.at(PATH, text))
        return str(found["contents"]["value"])

    assert hover(ATLAS.replace("head-eu-1", "he|ad-eu-1")) == (
        "head head-eu-1 (eu), active, https://head-eu-1.example.com"
    )
    assert hover(ATLAS.replace("region: eu", "region: e|u")) == "region Europe (eu); served in eu, uk"
    assert hover(ATLAS.replace("region: eu", "reg|ion: eu")).startswith("Region\n\nThe region that the model")
    assert "200: 'atlas' is routed to head-eu-1" in hover(
        ATLAS.replace("model_id: atlas", "model_id: at|las")
    )
    assert "MS301: " in hover(ATLAS.replace("[head-uk-1]", "[head-us|-1]"))


def test_a_name_leads_to_its_declaration_its_uses_and_its_other_name(open_editor: Editor) -> None:
    at = open_editor.at(PATH, ATLAS.replace("head-eu-1", "he|ad-eu-1"))
    found = open_editor.ask("textDocument/definition", **at)
    assert found["uri"] == open_editor.uri("heads.yaml")
    assert found["range"]["start"] == {"line": 1, "character": 14}
    uses = open_editor.ask("textDocument/references", **at, context={"includeDeclaration": True})
    assert sorted(one["uri"].rpartition("/")[2] for one in uses) == ["atlas.yaml", "heads.yaml", "zebra.yaml"]
    assert open_editor.ask("textDocument/prepareRename", **at)["start"] == {"line": 3, "character": 15}
    edit = open_editor.ask("textDocument/rename", **at, newName="head-eu-7")
    assert {uri.rpartition("/")[2] for uri in edit["changes"]} == {"atlas.yaml", "heads.yaml", "zebra.yaml"}
    assert "head-uk-1" in open_editor.ask("textDocument/rename", **at, newName="head-uk-1")["message"]


def test_a_renamed_model_moves_its_file_and_keeps_its_old_name_as_an_alias(open_editor: Editor) -> None:
    at = open_editor.at(PATH, ATLAS.replace("model_id: atlas", "model_id: at|las"))
    edit, move = open_editor.ask("textDocument/rename", **at, newName="bison")["documentChanges"]
    assert edit["textDocument"]["uri"] == open_editor.uri(PATH)
    assert "bison" in edit["edits"][0]["newText"]
    assert "aliases" in edit["edits"][0]["newText"]
    assert (move["kind"], move["newUri"]) == ("rename", open_editor.uri("models.d/bison.yaml"))


def test_a_quick_fix_makes_its_fault_go_away(open_editor: Editor) -> None:
    text = ATLAS.replace("head-uk-1", "head-uk-l")
    open_editor.type(PATH, text)
    (found,) = open_editor.settle(PATH)
    document = {"uri": open_editor.uri(PATH)}
    (action,) = open_editor.ask(
        "textDocument/codeAction",
        textDocument=document,
        range=found["range"],
        context={"diagnostics": [found]},
    )
    assert action["title"] == "Change to 'head-uk-1'"
    assert action["isPreferred"]
    (edit,) = action["edit"]["changes"][document["uri"]]
    open_editor.type(PATH, edited(text, [edit]))
    assert open_editor.settle(PATH) == []


def test_outline_and_route_above_a_model(open_editor: Editor) -> None:
    document = {"uri": open_editor.uri(PATH)}
    outline = open_editor.ask("textDocument/documentSymbol", textDocument=document)
    assert [one["name"] for one in outline][:3] == ["model_id", "name", "region"]
    (lens,) = open_editor.ask("textDocument/codeLens", textDocument=document)
    assert lens["command"]["title"] == "head-eu-1 → head-uk-1 · reach: eu, uk"


def test_two_fleets_below_the_top_of_a_workspace(tmp_path: Path) -> None:
    one, two = write_fleet(tmp_path / "a" / "fleet"), write_fleet(tmp_path / "b" / "deep" / "fleet")
    (one / PATH).write_text(ATLAS.replace("region: eu", "region: xx"), encoding="utf-8")
    with editor(tmp_path) as client:
        client.begin(tmp_path)
        path = (two / PATH).relative_to(tmp_path).as_posix()
        client.open(path, ATLAS.replace("region: eu", "region: yy"))
        assert [found["code"] for found in client.settle(path)] == ["MS201"]
        other = (one / PATH).relative_to(tmp_path).as_posix()
        while client.uri(other) not in client.published:
            client.receive()
        assert "'xx'" in client.found(other)[0]["message"]


def test_what_no_repository_has_is_left_alone(open_editor: Editor, tmp_path: Path) -> None:
    for uri in ("untitled:Untitled-1", (tmp_path / "notes.yaml").as_uri(), "git:/a.yaml?x"):
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": "region: eu"}
        open_editor.tell("textDocument/didOpen", textDocument=document)
        place = {"line": 0, "character": 9}
        asked = open_editor.ask("textDocument/hover", textDocument={"uri": uri}, position=place)
        assert asked is None
    assert open_editor.logged == []


@pytest.mark.parametrize(
    "text",
    [
        "\ud800: [\n",
        "a: &a [*a, *a]\r\rb",
        "{" * 2_000,
        "x" * 300_000,
        ATLAS.replace("atlas", '"<img onerror=alert(1)>"').replace("eu", "\u202eue"),
        "models: ../../etc/passwd\n--- \n...\n\t",
    ],
)
def test_hostile_texts_are_answered(open_editor: Editor, text: str) -> None:
    open_editor.type(PATH, text)
    assert open_editor.settle(PATH)
    at = {"textDocument": {"uri": open_editor.uri(PATH)}, "position": {"line": 99, "character": 99_999}}
    for method in ("hover", "completion", "definition", "documentSymbol", "codeLens", "prepareRename"):
        answer = open_editor.ask(f"textDocument/{method}", **at)
        assert not (isinstance(answer, dict) and answer.get("code")), method
    assert open_editor.logged == []


def test_no_secret_is_in_any_answer(open_editor: Editor) -> None:
    secret = "sk-" + "proj-Zk3vQ9xT7bL2mN8pR4wY6cH1dF5gJ0aS"
    text = (
        ATLAS.replace("name: Atlas", f"name: {secret}")
        + f"api_key: {secret}\nmetadata: {{token: {secret}}}\n"
    )
    open_editor.type(PATH, text)
    shown = [str(open_editor.settle(PATH))]
    for line, one in enumerate(text.split("\n")):
        at = {
            "textDocument": {"uri": open_editor.uri(PATH)},
            "position": {"line": line, "character": len(one)},
        }
        shown += [
            str(open_editor.ask(f"textDocument/{m}", **at)) for m in ("hover", "completion", "documentSymbol")
        ]
    assert "MS50" in shown[0]
    assert secret not in "".join(shown)


def test_diagnostics_are_those_of_validate(open_editor: Editor) -> None:
    text = model("atlas", "fallback_heads: [head-us-1, head-us-1]", "extra: 1")
    open_editor.type(PATH, text)
    open_editor.settle(PATH)
    open_editor.save(PATH, text)
    open_editor.type(PATH, text + "\n")
    open_editor.type(PATH, text)
    open_editor.settle(PATH)
    found = check(read_tree(open_editor.root), today=TODAY).diagnostics
    assert sorted(f"{one.code} {advised(one)}" for one in found) == sorted(
        one for each in open_editor.published.values() for one in _said(each["diagnostics"])
    )
    open_editor.save(PATH, ATLAS)
