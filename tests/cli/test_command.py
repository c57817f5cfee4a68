"""The command line: exit codes, streams, options, and how a run ends early."""

import json
import os
import pty
import re
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from modelspec_command import MODEL, PROGRAM, Command, ended, write_fleet

from modelspec import __version__
from modelspec.cli import _GROUPS, _MEANT, _VERBS

_MANY = 4500
"""Enough models to keep both processes of the compiler busy while it is interrupted."""
_LONE = MODEL.replace("fallback_heads: [head-eu]\n", "")


@pytest.fixture
def command(installed: Command) -> Command:
    return installed


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    return write_fleet(tmp_path / "faulty", {"models.d/bison.yaml": MODEL.format("bison") + "regoin: us\n"})


@pytest.fixture
def warned(tmp_path: Path) -> Path:
    return write_fleet(tmp_path / "warned", {"models.d/bison.yaml": _LONE.format("bison")})


def test_a_sound_repository_gives_0_and_a_summary(command: Command, fleet: Path) -> None:
    outcome = command.run("validate", "--root", fleet)
    assert outcome.code == 0
    assert outcome.out.startswith("checked 1 model in ")
    assert outcome.out.endswith(" s: no faults\n")
    assert outcome.err == ""


def test_errors_give_1_on_standard_output(command: Command, faulty: Path) -> None:
    outcome = command.run("validate", "--root", faulty)
    assert outcome.code == 1
    assert "'regoin' is not a field of a model\n  --> models.d/bison.yaml:8:1\n" in outcome.out
    assert outcome.err == ""


def test_warnings_are_errors_only_with_strict(command: Command, warned: Path) -> None:
    relaxed, strict = (
        command.run("validate", "--root", warned),
        command.run("validate", "--root", warned, "--strict"),
    )
    assert (relaxed.code, strict.code) == (0, 1)
    assert "warning[MS402]" in relaxed.out
    assert "warning[MS402]" in strict.out


def test_strict_builds_nothing_if_there_is_a_warning(command: Command, warned: Path) -> None:
    assert command.run("build", "--root", warned, "--strict").code == 1
    assert not (warned / "dist").exists()
    assert command.run("build", "--root", warned).code == 0


def test_quiet_leaves_faults_and_drops_the_summary(command: Command, fleet: Path, faulty: Path) -> None:
    assert command.run("validate", "--root", fleet, "--quiet").out == ""
    outcome = command.run("validate", "--root", faulty, "-q")
    assert "error[MS101]" in outcome.out
    assert "checked" not in outcome.out


def test_a_build_reports_on_standard_error(command: Command, fleet: Path) -> None:
    outcome = command.run("build", "--root", fleet, "--format", "json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["diagnostics"] == []
    checked, written = outcome.err.splitlines()
    assert checked.startswith("checked 1 model in ")
    assert written.startswith("wrote ")


def test_a_faulty_repository_is_not_built(command: Command, faulty: Path) -> None:
    outcome = command.run("build", "--root", faulty)
    assert outcome.code == 1
    assert "nothing was written" in outcome.err
    assert not (faulty / "dist").exists()


def test_json_stands_alone_on_standard_output(command: Command, faulty: Path) -> None:
    outcome = command.run("validate", "--root", faulty, "--format", "json")
    report = json.loads(outcome.out)
    assert outcome.code == 1
    assert re.fullmatch(r"checked 2 models in [0-9.]+ s: 1 error\n", outcome.err)
    assert report["tool"]["version"] == __version__
    (fault,) = report["diagnostics"]
    assert (fault["code"], fault["path"], fault["line"], fault["column"]) == (
        "MS101",
        "models.d/bison.yaml",
        8,
        1,
    )


def test_github_annotations_stand_alone_on_standard_output(command: Command, faulty: Path) -> None:
    outcome = command.run("validate", "--root", faulty, "--format", "github", "--quiet")
    (first,) = outcome.out.splitlines()
    assert outcome.code == 1
    assert outcome.err == ""
    assert first.startswith("::error ")
    assert "file=models.d/bison.yaml" in first
    assert "line=8" in first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("valdiate",), "did you mean 'validate'?"),
        (("frobnicate",), "the commands are "),
        (("validate", "--rot", "."), "No such option"),
        (("validate", "--format", "xml"), "'xml' is not one of"),
        (("validate", "--strict=yes"), "does not take a value"),
        (("validate", "--root", "nowhere"), "is not a readable folder"),
        (("validate", "--root", "."), "has no models.d/"),
        (("validate",), "no models.d/ in this folder or its parents"),
        (("build", "--target", "haproxy"), ""),
        (("publish", "envoy"), "name the folder that Envoy reads"),
        (("publish", "envoy", "--check", "here"), "leave out DIR and --admin"),
        (("publish", "envoy", "--admin", "https://x:1", "here"), "write http://HOST:PORT"),
        (("publish", "nobody"), "No such command"),
    ],
)
def test_misuse_gives_2_and_a_hint(arguments: tuple[str, ...], message: str, command: Command) -> None:
    outcome = command.run(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert message in outcome.err
    assert "Traceback" not in outcome.err


def test_a_bug_gives_3_and_its_places_without_a_value(command: Command, fleet: Path, tmp_path: Path) -> None:
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import json\n\ndef broken(*args, **kwargs):\n    raise ZeroDivisionError('made by a test')\n\n"
        "import modelspec.incremental\nmodelspec.incremental.validate = broken\n",
        encoding="utf-8",
    )
    outcome = command.run("validate", "--root", fleet, env={"PYTHONPATH": str(hook)})
    assert outcome.code == 3
    assert outcome.out == ""
    assert "ZeroDivisionError" in outcome.err
    assert "sitecustomize.py" in outcome.err
    assert "made by a test" not in outcome.err, "a message may hold a value of a file"
    assert outcome.err.splitlines()[-1].startswith(
        "modelspec: this is a bug in modelspec, not a fault in your files"
    )


def test_the_root_is_the_nearest_folder_upward(command: Command, fleet: Path) -> None:
    deep = fleet / "models.d" / "a" / "b"
    deep.mkdir(parents=True)
    assert command.run("validate", cwd=deep).code == 0
    assert command.run("validate", cwd=fleet).code == 0


def test_a_given_root_overrides_the_current_folder(command: Command, fleet: Path, faulty: Path) -> None:
    assert command.run("validate", "--root", "../faulty", cwd=fleet).code == 1
    assert command.run("validate", "--root", faulty, "--root", fleet, cwd=faulty).code == 0


def test_version_and_help_need_no_repository(command: Command) -> None:
    assert command.run("--version").out == f"modelspec {__version__}\n"
    overview = command.run("--help")
    assert overview.code == 0
    for verb in _VERBS:
        outcome = command.run(verb, "--help")
        assert outcome.code == 0, verb
        assert outcome.out.startswith(f"Usage: modelspec {verb}"), verb
        assert outcome.err == ""


def test_colour_is_for_terminals_unless_asked_for(command: Command, faulty: Path) -> None:
    assert "\x1b[" not in command.run("validate", "--root", faulty).out
    assert "\x1b[" not in command.run("validate", "--root", faulty, "--color", "never").out
    assert "\x1b[1;31merror" in command.run("validate", "--root", faulty, "--color", "always").out


def _on_a_terminal(command: Command, faulty: Path, *arguments: str, **env: str) -> str:
    master, slave = pty.openpty()
    try:
        process = subprocess.Popen(
            [PROGRAM, "validate", "--root", str(faulty), *arguments],
            env=command.environment({"TERM": "xterm", **env}),
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        shown = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            shown += piece
        assert process.wait(timeout=10) == 1
    finally:
        os.close(master)
    return shown.decode()


def test_a_terminal_gets_colour(command: Command, faulty: Path) -> None:
    assert "\x1b[1;31merror" in _on_a_terminal(command, faulty)


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_can_decline_colour(command: Command, faulty: Path, env: dict[str, str]) -> None:
    assert "\x1b[" not in _on_a_terminal(command, faulty, **env)


def test_an_empty_no_color_has_no_effect(command: Command, faulty: Path) -> None:
    assert "\x1b[" in _on_a_terminal(command, faulty, NO_COLOR="")


@pytest.mark.parametrize(
    "env",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
    ],
)
def test_every_encoding_of_the_output_works(command: Command, tmp_path: Path, env: dict[str, str]) -> None:
    root = write_fleet(tmp_path / "wide", {"models.d/bison.yaml": MODEL.format("bison") + "模型: 1\n"})
    outcome = command.run("validate", "--root", root, env=env)
    assert outcome.code == 1
    assert outcome.err == ""
    assert "is not a field of a model" in outcome.out


def test_the_reader_may_close_the_pipe_early(command: Command, tmp_path: Path) -> None:
    lines = "".join(f"field_{number}: x\n" for number in range(3000))
    root = write_fleet(tmp_path / "long", {"models.d/bison.yaml": MODEL.format("bison") + lines})
    process = command.start("validate", "--root", root)
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"error[MS101]")
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=10) == 1


@pytest.mark.parametrize(
    ("verb", "code"), [("list", 0), ("list --format json", 0), ("explain", 0), ("validate", 1)]
)
@pytest.mark.parametrize("reader", ["true", "head -1", "cat"])
def test_an_exit_code_does_not_depend_on_the_reader(
    verb: str, code: int, reader: str, command: Command, faulty: Path
) -> None:
    whole = f"({PROGRAM} {verb}; echo $? >code) 2>&1 | {reader} >/dev/null; exec true"
    shell = Command(command.home, ("/bin/sh", "-c", whole))
    outcome = shell.run(cwd=faulty)
    assert (outcome.err, (faulty / "code").read_text()) == ("", f"{code}\n")


@pytest.mark.parametrize("closing", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams_are_handled(closing: str, command: Command, faulty: Path, fleet: Path) -> None:
    shell = Command(command.home, ("/bin/sh", "-c", f'exec "$0" "$@" {closing}'))
    assert shell.run("validate", "--root", fleet).code == 0
    outcome = shell.run("validate", "--root", faulty)
    assert outcome.code == 1
    assert outcome.err == ""


@pytest.mark.parametrize("arguments", [("validate", "--format", "json"), ("drill",), ("--help",)])
def test_an_unwritable_output_is_reported(arguments: tuple[str, ...], command: Command, fleet: Path) -> None:
    full = Command(command.home, ("/bin/sh", "-c", 'exec "$0" "$@" >/dev/full'))
    outcome = full.run(*arguments, cwd=fleet)
    assert outcome.code == 1
    assert "cannot write the output: No space left on device; free some space" in outcome.err
    assert "Traceback" not in outcome.err


def _has_open(process: int, folder: Path) -> bool:
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):
            if descriptor.readlink() == folder:
                return True
    return False


def test_control_c_ends_quietly_with_130(command: Command, tmp_path: Path) -> None:
    files = {f"models.d/m{n}.yaml": MODEL.format(f"m{n}") for n in range(_MANY)}
    root = write_fleet(tmp_path / "busy", files)
    process = command.start("validate", "--root", root, "--no-cache")
    while not _has_open(process.pid, root / "models.d"):
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)  # a terminal signals the whole group
    outcome = ended(process)
    assert (outcome.code, outcome.out, outcome.err.strip()) == (130, "", "")


def test_named_files_alone_are_reported_and_decide_the_exit_code(command: Command, faulty: Path) -> None:
    faulty = write_fleet(faulty, {"models.d/cats/cobra.yaml": _LONE.format("cobra")})
    whole = command.run("validate", "--root", faulty)
    assert (whole.code, "MS101" in whole.out, "MS402" in whole.out) == (1, True, True)
    outcome = command.run("validate", "models.d/cats/cobra.yaml", cwd=faulty)
    assert (outcome.code, "MS101" in outcome.out, "MS402" in outcome.out) == (0, False, True)
    assert "; 1 other left out" in outcome.out
    assert command.run("validate", "models.d/bison.yaml", "models.d/cats", cwd=faulty).code == 1
    assert command.run("validate", ".", cwd=faulty).out.count("-->") == whole.out.count("-->") == 2
    elsewhere = command.run("validate", faulty / "models.d" / "cats", cwd=faulty.parent)
    assert (elsewhere.code, "MS402" in elsewhere.out) == (0, True)
    # What points into a named file concerns it too.
    write_fleet(faulty, {"models.d/other.yaml": MODEL.format("bison")})
    assert "other.yaml" in command.run("validate", "models.d/bison.yaml", cwd=faulty).out


@pytest.mark.parametrize("path", ["gone.yaml", "x" * 5000, "/dev/null"])
def test_a_path_that_is_not_in_the_repository_gives_2(command: Command, fleet: Path, path: str) -> None:
    outcome = command.run("validate", "--root", fleet, path, cwd=fleet)
    assert (outcome.code, outcome.out) == (2, "")


def test_every_verb_is_in_one_group_of_the_help(command: Command) -> None:
    shown = command.run("--help").out
    assert sorted(verb for verbs in _GROUPS.values() for verb in verbs if verb in _VERBS) == sorted(_VERBS)
    for verb, (_, text) in _VERBS.items():
        assert re.search(rf"^  {verb} +{re.escape(text)}$", shown, re.MULTILINE), verb
    assert [title for title in _GROUPS if f"\n{title}:\n" in shown] == [
        title for title, verbs in _GROUPS.items() if not _VERBS.keys().isdisjoint(verbs)
    ]


def test_help_is_a_verb_and_other_tools_names_are_understood(command: Command) -> None:
    assert command.run("help").out == command.run("--help").out
    assert command.run("help", "route").out == command.run("route", "--help").out
    assert command.run("-V").out == f"modelspec {__version__}\n"
    for name, verb in _MEANT.items():
        assert name not in _VERBS
        assert verb in _VERBS
        outcome = command.run(name)
        assert (outcome.code, f"did you mean '{verb}'?" in outcome.err) == (2, True)


def test_statistics_count_by_rule(command: Command, faulty: Path) -> None:
    faulty = write_fleet(faulty, {f"models.d/{name}.yaml": _LONE.format(name) for name in ("cobra", "dingo")})
    outcome = command.run("validate", "--statistics", cwd=faulty)
    assert outcome.code == 1
    assert [line.split("  ")[:3] for line in outcome.out.splitlines()] == [
        ["2", "MS402", "warning"],
        ["1", "MS101", "error"],
    ]
    assert command.run("validate", "--statistics", "--format", "json", cwd=faulty).code == 2


def test_a_watch_validates_again_and_ends_on_control_c(installed: Command, fleet: Path) -> None:
    process = installed.start("validate", "--watch", cwd=fleet)
    assert process.stdout is not None
    assert process.stderr is not None
    waiting = b"modelspec: watching for changes; Ctrl-C ends it\n"
    assert process.stderr.readline() == waiting
    (fleet / "models.d" / "bison.yaml").write_text(MODEL.format("bison") + "regoin: us\n")
    assert process.stderr.readline() == waiting
    (fleet / "models.d" / "bison.yaml").unlink()
    assert process.stderr.readline() == waiting
    process.send_signal(signal.SIGINT)
    outcome = ended(process)
    # One change may be noticed twice.
    assert (outcome.code, {*outcome.err.split("\n")} - {"", waiting.decode().strip()}) == (130, set())
    said = outcome.out.splitlines()
    assert said[0].endswith("no faults")
    assert "error[MS101]" in outcome.out
    assert said[-1].endswith("no faults")
    assert "\x1b" not in outcome.out
