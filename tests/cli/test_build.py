"""`modelspec build`: up to date, stale, refused, concurrent and killed."""

import json
import signal
from pathlib import Path

import pytest
from modelspec_command import MODEL, Command, ended, tree, write_fleet

_MANY = 300


@pytest.fixture
def command(installed: Command) -> Command:
    return installed


def test_check_tells_missing_fresh_and_stale_and_writes_nothing(command: Command, fleet: Path) -> None:
    missing = command.run("build", "--root", fleet, "--check")
    assert missing.code == 1
    assert "missing: manifest.json" in missing.err
    assert not (fleet / "dist").exists()

    assert command.run("build", "--root", fleet).code == 0
    fresh = command.run("build", "--root", fleet, "--check")
    assert (fresh.code, "is up to date" in fresh.err) == (0, True)

    built = tree(fleet / "dist")
    model = fleet / "models.d" / "atlas.yaml"
    model.write_text(model.read_text(encoding="utf-8").replace("Atlas", "Atlas 2"), encoding="utf-8")
    stale = command.run("build", "--root", fleet, "--check")
    assert stale.code == 1
    assert "differs: site/admin/models.json" in stale.err
    assert "is stale; run modelspec build" in stale.err
    assert tree(fleet / "dist") == built


def test_check_lists_files_edited_by_hand(command: Command, fleet: Path) -> None:
    command.run("build", "--root", fleet)
    table = fleet / "dist" / "routing" / "table.json"
    table.write_text(table.read_text(encoding="utf-8") + " ", encoding="utf-8")
    outcome = command.run("build", "--root", fleet, "--check")
    assert outcome.code == 1
    assert "routing/table.json" in outcome.err


def test_builds_are_reproducible(command: Command, fleet: Path, tmp_path: Path) -> None:
    odd = {"LC_ALL": "C", "TZ": "Asia/Kolkata", "PYTHONHASHSEED": "7"}
    command.run("build", "--root", fleet, "--output", tmp_path / "one")
    command.run("build", cwd=fleet, env=odd)
    first = tree(tmp_path / "one")
    assert first == tree(fleet / "dist")
    command.run("build", "--root", fleet)
    assert first == tree(fleet / "dist")
    assert set(json.loads(first["manifest.json"])["files"]) == first.keys() - {"manifest.json"}


def test_the_output_is_named_by_modelspec_yaml_or_the_option(command: Command, tmp_path: Path) -> None:
    root = write_fleet(tmp_path / "fleet", {"modelspec.yaml": "output: public\n"})
    command.run("build", "--root", root)
    assert (root / "public" / "manifest.json").exists()
    command.run("build", "--root", root, "--output", "here", cwd=tmp_path)
    assert (tmp_path / "here" / "manifest.json").exists()


@pytest.mark.parametrize(
    "output", ["/", ".", "..", "models.d", "models.d/dist", ".git/x", "foreign", "a-file", "link"]
)
def test_a_foreign_output_folder_is_refused_and_unchanged(output: str, command: Command, fleet: Path) -> None:
    (fleet / "foreign").mkdir()
    (fleet / "foreign" / "thesis.txt").write_text("years of work", encoding="utf-8")
    (fleet / "a-file").write_text("kept", encoding="utf-8")
    (fleet / "link").symlink_to("foreign")
    before = tree(fleet)
    outcome = command.run("build", "--root", fleet, "--output", output, cwd=fleet)
    assert outcome.code == 1
    assert "cannot build into" in outcome.err
    assert "= help: " in outcome.err
    assert tree(fleet) == before


def test_the_home_folder_is_no_output(command: Command, fleet: Path) -> None:
    assert "contains your home folder" in command.run("build", "--root", fleet, "--output", command.home).err


def test_an_output_that_cannot_be_written_is_refused(command: Command, fleet: Path) -> None:
    outcome = command.run("build", "--root", fleet, "--output", "/proc/modelspec/dist")
    assert outcome.code == 1
    assert "cannot write to '/proc/modelspec/dist'" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_full_disk_keeps_the_old_output(command: Command, fleet: Path) -> None:
    command.run("build", "--root", fleet)
    before = tree(fleet)
    # A limit on the size of files has the effect of a full disk in the middle of a write.
    small = Command(command.home, ("/bin/sh", "-c", 'ulimit -f 1; exec "$0" "$@"'))
    outcome = small.run("build", "--root", fleet, "--commit", "x" * 4000)
    assert outcome.code == 1
    assert "File too large" in outcome.err
    assert tree(fleet) == before


def test_two_builds_at_once_both_succeed(command: Command, fleet: Path) -> None:
    both = [command.start("build", "--root", fleet) for _ in range(2)]
    assert [ended(process).code for process in both] == [0, 0]
    assert command.run("build", "--root", fleet, "--check").code == 0
    assert list(fleet.glob(".*")) == []


def test_a_killed_build_leaves_the_old_output_or_the_new_one(command: Command, tmp_path: Path) -> None:
    files = {f"models.d/m{n}.yaml": MODEL.format(f"m{n}") for n in range(_MANY)}
    root = write_fleet(tmp_path / "fleet", files)
    command.run("build", "--root", root)
    old = tree(root / "dist")
    (root / "models.d" / "m0.yaml").write_text(MODEL.format("m0").replace("Atlas", "New"), encoding="utf-8")

    process = command.start("build", "--root", root)
    while not list(root.glob(".dist.modelspec-*/routing")):
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    assert ended(process).code == -signal.SIGKILL
    killed = tree(root / "dist")

    assert command.run("build", "--root", root).code == 0
    new = tree(root / "dist")
    assert old != new
    assert killed in (old, new)
    assert [path.name for path in root.glob(".dist*")] == []
