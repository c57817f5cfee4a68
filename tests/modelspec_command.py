"""The installed command in a process of its own, with nothing of the tester's environment."""

import os
import subprocess
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from forked_command import ForkedCommand

PROGRAM = str(Path(sysconfig.get_path("scripts")) / "modelspec")
SECONDS = 10.0
"""The most that one run may take, whatever it is given to read."""

MODELSPEC_FROM = f"modelspec-gitops @ git+https://git.example.net/platform/modelspec@{'0' * 40}"
"""What the pipelines of `init` install: a copy that is worked on is pinned by nothing."""

MODEL = """\
model_id: {0}
name: Atlas
region: us
priority_head: head-us
fallback_heads: [head-eu]
endpoint: https://atlas.example.com/v1
api_key: {{env: ATLAS_API_KEY}}
"""
REGIONS = """\
regions:
  - {code: us, name: United States}
  - {code: eu, name: Europe, residency: [eu]}
"""
HEADS = """\
heads:
  - {head_id: head-us, region: us, url: https://head-us.example.com}
  - {head_id: head-eu, region: eu, url: https://head-eu.example.com}
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended; `err` is what a terminal would show beside the report."""

    code: int
    out: str
    err: str


MEASURED = {name: value for name, value in os.environ.items() if name == "COVERAGE_PROCESS_CONFIG"}
"""All that a run under test keeps of the tester's environment: where coverage, if it runs, is to be written."""


@dataclass(frozen=True, slots=True)
class Command:
    """`modelspec` for a user whose home is `home`; `prefix` is a program that runs it.

    With `forked`, a run does not start the installed program where nothing is asked of Python's own start.
    """

    home: Path
    prefix: tuple[str, ...] = ()
    forked: ForkedCommand | None = None

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return {
            **MEASURED,
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "MODELSPEC_FROM": MODELSPEC_FROM,
            **(more or {}),
        }

    def start(
        self, *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*self.prefix, PROGRAM, *map(str, arguments)],
            cwd=cwd or self.home,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def run(
        self, *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> Outcome:
        if (
            self.forked is None
            or self.prefix
            or any(name.startswith(("PYTHON", "LC_")) for name in env or ())
        ):
            return ended(self.start(*arguments, cwd=cwd, env=env))
        code, out, err = self.forked.run(
            tuple(map(str, arguments)), cwd=cwd or self.home, environment=self.environment(env)
        )
        return Outcome(code, out.decode(), err.decode())


def ended(process: subprocess.Popen[bytes], seconds: float = SECONDS) -> Outcome:
    """Wait for the end of a run; one that takes too long is killed, and the test fails."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Outcome(process.returncode, out.decode(), err.decode())


def write_fleet(root: Path, files: Mapping[str, str | bytes] | None = None) -> Path:
    """A sound repository of one model, `atlas`, and whatever else is given."""
    base = {"regions.yaml": REGIONS, "heads.yaml": HEADS, "models.d/atlas.yaml": MODEL.format("atlas")}
    for path, content in {**base, **(files or {})}.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def tree(folder: Path) -> dict[str, bytes]:
    """The files below a folder and their content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }
