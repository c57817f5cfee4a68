"""What a separate process cannot show, or only by chance."""

import os
import shlex
from pathlib import Path

import click
import pytest

from modelspec import __main__, cli
from modelspec.cache import key as cache_key
from modelspec.cache.key import fingerprint
from modelspec.cache.store import Cache
from modelspec.cli.names import find_root
from modelspec.rules.examples import example_files


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    root = tmp_path / "fleet"
    for path, text in example_files("").items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def test_an_interrupt_ends_quietly(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "run", interrupted)
    with pytest.raises(SystemExit) as end:
        __main__.main()
    assert end.value.code == __main__.INTERRUPTED
    assert capfd.readouterr() == ("", "")


_RUNS = {
    "validate": ("", 0, 0),
    "plan": ("--base no-such-commit", 2, 2),
    "build": ("", 0, 0),
    "publish": ("envoy --check --envoy /nowhere/envoy", 1, 1),
    "route": ("zebra", 0, 0),
    "test": ("", 1, 1),
    "drill": ("", 0, 0),
    "status": ("--prometheus ftp://nowhere", 2, 2),
    "usage": ("nowhere.log", 1, 1),
    "drift": ("--from nowhere", 2, 2),
    "suggest": ("--from nowhere", 2, 2),
    "list": ("", 0, 0),
    "show": ("zebra", 0, 0),
    "new": ("bison --name B --region eu --head head-eu-1 --endpoint https://b.example.com/v1", 0, 1),
    "edit": ("zebra tags+=chat", 0, 0),
    "remove": ("bison", 0, 2),
    "rename": ("zebra aurora", 0, 2),
    "head": ("add head-x --region eu --url https://x.example.com", 0, 1),
    "region": ("add xx --name X", 0, 1),
    "key": ("new --owner search --key-id search-1", 0, 1),
    "fmt": ("", 0, 0),
    "migrate": ("--check", 0, 0),
    "explain": ("MS301", 0, 0),
    "schema": ("heads", 0, 0),
    "serve": ("--port 70000", 2, 2),
    "lsp": ("--stdio=no", 2, 2),
    "init": (f"--modelspec-from git+https://git.example.net/a@{40 * chr(48)} ../new", 0, 1),
    "import": ("litellm nowhere.yaml", 1, 1),
    "completion": ("bash", 0, 0),
}
"""Arguments of every verb, and the exit codes of its first and second run in one process."""


def test_every_verb_runs_twice_in_one_process(
    fleet: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(fleet)
    for verb, (arguments, *codes) in _RUNS.items():
        assert [cli.run([verb, *shlex.split(arguments)]) for _ in codes] == codes, verb
    capsys.readouterr()
    assert [cli.run(["--help"]) for _ in range(2)] == [0, 0]
    assert [*cli._VERBS] == [*_RUNS]  # noqa: SLF001 - what --help lists


def test_an_abort_is_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    def aborted(*_: object, **__: object) -> int:
        raise click.Abort

    monkeypatch.setattr("modelspec.cli._modelspec.main", aborted)
    with pytest.raises(KeyboardInterrupt):
        cli.run(["validate"])


def test_unsupported_targets_are_usage_errors(fleet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["build", "--root", str(fleet), "--target", "haproxy"]) == 2
    assert "'haproxy' is not one of envoy," in capsys.readouterr().err


def test_a_configured_output_cannot_leave_the_repository(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (fleet / "modelspec.yaml").write_text("output: out/dist\n", encoding="utf-8")
    (fleet / "out").symlink_to("/tmp")
    assert cli.run(["build", "--root", str(fleet)]) == 1
    assert "is outside the repository" in capsys.readouterr().err


def test_check_lists_what_is_stale_and_refuses_foreign_folders(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build = ["build", "--root", str(fleet), "--quiet"]
    assert cli.run([*build, "--check"]) == 1
    assert "missing: manifest.json" in capsys.readouterr().err
    assert cli.run(build) == 0
    assert cli.run([*build, "--check"]) == 0
    assert capsys.readouterr().err == ""
    assert cli.run([*build, "--check", "--output", str(fleet)]) == 1
    assert "help" in capsys.readouterr().err


def test_the_nearest_parent_with_models_is_the_root(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(fleet / "models.d")
    assert find_root(None) == fleet
    monkeypatch.chdir("/")
    with pytest.raises(click.UsageError, match=r"no models\.d/"):
        find_root(None)
    with pytest.raises(click.UsageError, match="no models"):
        find_root("/")
    with pytest.raises(click.UsageError, match="not a readable folder"):
        find_root("/nowhere")


@pytest.mark.parametrize("verb", ["validate", "build"])
def test_an_unreadable_root_is_a_usage_error(
    verb: str, fleet: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    assert cli.run([verb, "--root", str(fleet)]) == 2
    assert "cannot read the repository: Permission denied" in capsys.readouterr().err


def test_a_compiler_is_known_by_the_content_of_its_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = []
    for number, content in enumerate(("a = 1\n", "a = 2\n", "a = 1\n")):
        file = tmp_path / str(number) / "modelspec" / "rules" / "one.py"
        file.parent.mkdir(parents=True)
        file.write_text(content)
        os.utime(file, ns=(0, 0))
        monkeypatch.setattr(cache_key, "_PACKAGE", file.parents[1])
        seen.append(fingerprint())
    assert seen[0] == seen[2] != seen[1]


def test_a_cache_in_the_current_folder_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: Path("cache"))
    assert Cache.of(tmp_path) is None


def test_there_is_no_cache_without_a_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def homeless(_: str) -> Path:
        raise RuntimeError

    monkeypatch.setattr("platformdirs.user_cache_path", homeless)
    assert Cache.of(tmp_path) is None
