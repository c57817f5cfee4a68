"""Sessions in a real terminal: the questions of `new`, confirmations, and an editor."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from modelspec_command import Command, tree, write_fleet
from terminal_sessions import DOWN, ENTER, UP, ended, start

HEADS = """\
heads:
  - {head_id: head-us, region: us, url: https://head-us.example.com}
  - {head_id: head-eu, region: eu, url: https://head-eu.example.com}
  - {head_id: head-eu-2, region: eu, url: https://head-eu-2.example.com, status: offline}
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    return write_fleet(tmp_path / "fleet", {"heads.yaml": HEADS})


WANTED = """\
model_id: acme/bison
name: Bison
region: eu
priority_head: head-us
fallback_heads: [head-eu]
endpoint: https://bison.example.com/v1
api_key: {env: BISON_KEY}
"""


def test_new_asks_by_lists(command: Command, fleet: Path) -> None:
    session = start(command, fleet, "new")
    session.expect("Model id, as clients send it")
    session.sendline("acme/bison")
    session.expect(r"Name, as people read it \[bison\]")
    session.sendline("Bison")
    session.expect("Region")
    session.expect(r"United States \(us\)")
    session.expect(r"Europe \(eu\)")
    session.send(DOWN + ENTER)
    session.expect("First head")
    # Heads of the region come first; one that is not active shows its status.
    session.expect(r"head-eu, Europe \(eu\)")
    session.expect(r"head-eu-2, Europe \(eu\), offline")
    session.expect(r"head-us, United States \(us\)")
    session.send(UP + ENTER)
    session.expect("Fallback heads")
    session.expect("head-eu-2")
    session.send(" " + ENTER)
    session.expect("Upstream URL")
    session.sendline("https://bison.example.com/v1")
    session.expect("Environment variable that holds its key")
    session.sendline("BISON_KEY")
    code, _ = ended(session)
    assert code == 1  # Europe keeps its requests, and head-us is in the United States
    assert not (fleet / "models.d/acme").exists()


def test_new_asks_by_numbers_where_the_library_is_missing(command: Command, fleet: Path) -> None:
    (fleet / "regions.yaml").write_text(
        "regions: [{code: us, name: United States}, {code: eu, name: Europe}]\n"
    )
    session = start(command, fleet, "new", library=False)
    session.expect("Model id, as clients send it")
    session.sendline("acme/bison")
    session.expect(r"Name, as people read it \[bison\]")
    session.sendline("Bison")
    session.expect(r" 2  Europe \(eu\)")
    session.sendline("7")
    session.expect("Number")
    session.sendline("2")
    session.expect(r" 1  head-eu, Europe \(eu\)\r\n +2  head-eu-2, Europe \(eu\), offline\r\n +3  head-us")
    session.sendline("3")
    session.expect("Fallback heads:")
    session.expect("Numbers")
    session.sendline("1 9")
    session.expect("numbers from 1 to 2")
    session.sendline("1")
    session.expect("Upstream URL")
    session.sendline("https://bison.example.com/v1")
    session.expect("Environment variable that holds its key")
    session.sendline("BISON_KEY")
    code, rest = ended(session)
    assert (code, "wrote models.d/acme/bison.yaml" in rest) == (0, True)
    assert (fleet / "models.d/acme/bison.yaml").read_text() == WANTED


def test_new_asks_only_for_what_is_missing(command: Command, fleet: Path) -> None:
    (fleet / "heads.yaml").write_text(
        HEADS.replace("example.com}", "example.com, inference_url: http://10.0.0.1/v1}")
    )
    session = start(command, fleet, "new", "bison", "--region", "us", "--fallback", "head-eu")
    session.expect(r"Name, as people read it \[bison\]")
    session.sendline("")
    session.expect("First head")
    session.send(ENTER)
    session.expect("Upstream URL")
    session.sendline("")
    code, rest = ended(session)
    assert code == 0, rest
    text = (fleet / "models.d/bison.yaml").read_text()
    assert text == (
        "model_id: bison\nname: bison\nregion: us\npriority_head: head-us\nfallback_heads: [head-eu]\n"
        "local_inference: true\n"
    )


@pytest.mark.parametrize("library", [True, False])
def test_questions_can_be_cancelled(command: Command, fleet: Path, *, library: bool) -> None:
    before = tree(fleet)
    session = start(command, fleet, "new", "bison", "--name", "B", library=library)
    session.expect("Region")
    session.expect("Europe")
    session.send("\x03")
    code, _ = ended(session)
    assert code not in (0, 3, None)
    assert tree(fleet) == before


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1)])
def test_many_models_change_only_after_confirmation(
    command: Command, fleet: Path, answer: str, code: int
) -> None:
    before = tree(fleet)
    session = start(command, fleet, "edit", "--where", 'region == "us"', "tags+=x")
    session.expect(r"atlas: tags \[x\] added")
    session.expect(r"Change 1 file\? \[y/N\]")
    session.sendline(answer)
    assert ended(session)[0] == code
    assert (tree(fleet) == before) == (answer == "n")


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Path]:
    """A fake editor, which runs the next of its scripts each time."""
    path = tmp_path / "editor.sh"
    path.write_text('#!/bin/sh\necho "editing $1"\nturn=$(cat "$0.turn" 2>/dev/null || echo 0)\n'
                    'echo $((turn + 1)) > "$0.turn"\n. "$0.$turn"\n')  # fmt: skip
    path.chmod(0o755)
    yield path
    assert not list(Path(os.environ.get("TMPDIR", "/tmp")).glob("modelspec-*/atlas.yaml.swp"))


def _turn(editor: Path, number: int, script: str) -> None:
    Path(f"{editor}.{number}").write_text(script)


def test_an_edit_by_hand_is_judged_and_can_be_corrected(command: Command, fleet: Path, editor: Path) -> None:
    _turn(editor, 0, 'sed -i "s/region: us/region: su/" "$1"')
    _turn(editor, 1, 'sed -i "s/region: su/region: us  # home/" "$1"')
    session = start(command, fleet, "edit", "atlas", env={"EDITOR": str(editor), "TMPDIR": str(command.home)})
    session.expect("no region is named 'su'")
    session.expect(r"Open it again\? \[Y/n\]")
    assert b"region: us\n" in (fleet / "models.d/atlas.yaml").read_bytes()
    session.sendline("")
    code, rest = ended(session)
    assert (code, "wrote models.d/atlas.yaml" in rest) == (0, True)
    assert b"region: us  # home\n" in (fleet / "models.d/atlas.yaml").read_bytes()
    assert not list(command.home.glob("modelspec-*"))


def test_the_text_of_a_cancelled_edit_is_kept(command: Command, fleet: Path, editor: Path) -> None:
    before = tree(fleet)
    _turn(editor, 0, 'sed -i "s/model_id: atlas/model_id: other/" "$1"')
    session = start(command, fleet, "edit", "atlas", env={"VISUAL": str(editor), "TMPDIR": str(command.home)})
    session.expect("the id of 'atlas' was changed")
    session.expect(r"Open it again\?")
    session.sendline("n")
    code, rest = ended(session)
    assert (code, "your text is kept in" in rest) == (1, True)
    (kept,) = command.home.glob("modelspec-*/atlas.yaml")
    assert b"model_id: other" in kept.read_bytes()
    assert tree(fleet) == before


@pytest.mark.parametrize(
    ("script", "code", "message"),
    [
        ("exit 3", 1, "Editing failed"),
        ('rm "$1"', 1, "cannot read"),
        ("true", 0, "nothing to change"),
        ('echo "tags: [x]" >> "$1"', 0, "wrote models.d/atlas.yaml"),
        ('echo "tags: [" >> "$1"', 1, "your text is kept in"),
        ('printf "\\377" >> "$1"', 1, "your text is kept in"),
        ('head -c 300000 /dev/zero | tr "\\\\0" "#" >> "$1"', 1, "your text is kept in"),
    ],
)
def test_an_editor_without_a_terminal(
    command: Command, fleet: Path, editor: Path, script: str, code: int, message: str
) -> None:
    before = tree(fleet)
    _turn(editor, 0, script)
    outcome = command.run(
        "edit", "atlas", cwd=fleet, env={"EDITOR": str(editor), "TMPDIR": str(command.home)}
    )
    assert outcome.code == code, outcome.err
    assert message in outcome.err
    assert (tree(fleet) == before) == ("wrote" not in message)


@pytest.mark.parametrize("editor", ["/nowhere/editor --wait", "'unclosed"])
def test_a_missing_editor_is_reported(command: Command, fleet: Path, editor: str) -> None:
    before = tree(fleet)
    outcome = command.run("edit", "atlas", cwd=fleet, env={"EDITOR": editor, "TMPDIR": str(command.home)})
    assert outcome.code == 1
    assert "nothing was written" in outcome.err
    assert "Traceback" not in outcome.err
    assert tree(fleet) == before
    assert not list(command.home.glob("modelspec-*"))


def test_nothing_is_asked_without_a_terminal(command: Command, fleet: Path) -> None:
    for arguments in (("new",), ("edit", "atlas"), ("edit", "--where", 'region == "us"', "tags+=x")):
        outcome = command.run(*arguments, cwd=fleet)
        assert outcome.code == 2
        assert outcome.out == ""
