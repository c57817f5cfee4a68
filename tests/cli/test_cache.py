"""The cache of `modelspec validate` affects only the time: every result is compared with one without it."""

import json
import shutil
from pathlib import Path
from random import Random

import pytest
from modelspec_command import HEADS, MODEL, REGIONS, Command, tree, write_fleet

from modelspec.cli import run


@pytest.fixture
def cache(command: Command) -> Path:
    return command.home / ".cache" / "modelspec"


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    files = {
        "models.d/bison.yaml": MODEL.format("bison") + "region: eu\n",
        "models.d/cobra.yaml": MODEL.format("dingo"),
    }
    return write_fleet(tmp_path / "faulty", files)


def _report(command: Command, root: Path, *more: str) -> str:
    return command.run("validate", "--root", root, "--quiet", *more).out


def test_a_cached_run_reports_the_same(command: Command, faulty: Path, cache: Path) -> None:
    first = _report(command, faulty)
    assert len(tree(cache)) == 2
    kept = tree(cache)
    assert "error[MS011]" in first
    assert _report(command, faulty) == first == _report(command, faulty, "--no-cache")
    assert tree(cache) == kept


def test_no_cache_writes_nothing(command: Command, faulty: Path) -> None:
    before = tree(faulty)
    _report(command, faulty, "--no-cache")
    assert tree(command.home) == {}
    _report(command, faulty)
    assert tree(faulty) == before


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"key": 1}',
        b"\xff\xfe\0",
        b"[" * 100_000,
        b'{"key": "KEY", "diagnostics": [[]], "facts": {"models.d/bison.yaml": 1}}',
    ],
)
def test_a_damaged_cache_is_ignored(damage: bytes, command: Command, faulty: Path, cache: Path) -> None:
    first = _report(command, faulty)
    for path in cache.iterdir():
        key = json.loads(path.read_bytes())["key"]
        path.write_bytes(damage.replace(b"KEY", key.encode()))
    assert _report(command, faulty) == first


def test_a_cache_of_another_format_is_ignored(command: Command, faulty: Path, cache: Path) -> None:
    first = _report(command, faulty)
    for path in cache.iterdir():
        stored = json.loads(path.read_bytes())
        for part in ("diagnostics", "facts"):
            if part in stored:
                stored[part] = [["MS011"]] if part == "diagnostics" else dict.fromkeys(stored[part], "x")
        path.write_text(json.dumps(stored), encoding="utf-8")
    assert _report(command, faulty) == first


def test_a_cache_in_the_repository_is_not_read(
    command: Command, fleet: Path, faulty: Path, cache: Path
) -> None:
    _report(command, fleet)
    for folder in (".cache/modelspec", "modelspec", "~/.cache/modelspec"):
        planted = faulty / folder
        planted.mkdir(parents=True)
        for path in cache.iterdir():
            shutil.copy(path, planted)
    before = tree(faulty)
    for env in ({"HOME": "."}, {"HOME": ".", "XDG_CACHE_HOME": "."}, {"XDG_CACHE_HOME": "."}):
        outcome = command.run("validate", cwd=faulty, env=env)
        assert outcome.code == 1
        assert "error[MS011]" in outcome.out
        assert tree(faulty) == before


@pytest.mark.parametrize("kind", ["file", "loop"])
def test_an_unwritable_cache_folder_is_ignored(kind: str, command: Command, faulty: Path) -> None:
    blocked = command.home / ".cache"
    if kind == "file":
        blocked.write_text("", encoding="utf-8")
    else:
        blocked.symlink_to(blocked)
    outcome = command.run("validate", "--root", faulty)
    assert (outcome.code, outcome.err) == (1, "")


def _edits(name: str) -> dict[str, tuple[str, ...]]:
    """What each file may change to; None deletes it."""
    model = MODEL.format(name)
    waiver = "  - {rule: RULE, subject: m0, reason: x, expires: 2035-01-31, approved_by: x}\n"
    return {
        f"models.d/{name}.yaml": (
            model,
            MODEL.format("m0"),
            model + "tags: [\n",
            model + "fallback_models: [m3]\n",
            model + "metadata: {owner: x}\n",
            model + "status: disabled  # modelspec: ignore[MS402] small\n",
            "",
        ),
        "regions.yaml": (REGIONS, REGIONS.replace("[eu]", "[us]"), REGIONS.replace("us,", "uk,"), "x", ""),
        "heads.yaml": (
            HEADS,
            HEADS.replace("head-eu,", "head-uk,"),
            HEADS.replace("region: eu", "status: offline, region: eu"),
            "",
        ),
        "modelspec.yaml": ("{}\n", "rules: {MS402: error, MS601: off}\n", "metadata_schema: meta.json\n", ""),
        "meta.json": ('{"type": "object", "required": ["owner"]}', "{}", "{", ""),
        "waivers.yaml": ("waivers:\n" + waiver.replace("RULE", "MS603"), "waivers: []\n", ""),
    }


def _edit(draw: Random, root: Path) -> str:
    """Change a random file, and return its path."""
    files = _edits(f"m{draw.randrange(4)}")
    path = draw.choice(list(files))
    text = draw.choice(files[path])
    if text:
        (root / path).write_text(text, encoding="utf-8")
    else:
        (root / path).unlink(missing_ok=True)
    return path


@pytest.mark.parametrize("seed", range(4))
def test_a_warm_cache_notices_every_change(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    draw = Random(seed)
    root = write_fleet(tmp_path / "fleet", {f"models.d/m{n}.yaml": MODEL.format(f"m{n}") for n in range(4)})
    for step in range(60):
        last = [_edit(draw, root) for _ in range(draw.randrange(1, 3))]
        warm = run(["validate", "--root", str(root), "--quiet"]), capsys.readouterr()
        cold = run(["validate", "--root", str(root), "--quiet", "--no-cache"]), capsys.readouterr()
        assert warm == cold, f"step {step}, after {last}"
