"""docs/gateways.md, followed to the letter: its blocks run as they are written, against a real Envoy.

Only what a test must not touch is replaced: paths outside its folder, ports, host names and `sudo`. Packages are not
installed, and instead of systemd, the test starts the program that the unit names.
"""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from envoy_edge import SECONDS, Edge, program, until
from envoy_fleet import PROGRAM, ROOT
from upstreams import Upstreams, free_port

pytestmark = pytest.mark.gateway

PAGE = (ROOT / "docs" / "gateways.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
HEADS = ("head-service-eu", "head-service-eu-2", "head-service-us", "head-service-us-2")


def blocks(heading: str, kind: str) -> list[str]:
    """The fenced blocks of a section, without its subsections."""
    section = re.split(r"^##+ ", PAGE.partition(f"## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    found = [
        "".join(line.removeprefix(indent) for line in text.splitlines(keepends=True))
        for indent, name, text in FENCE.findall(section)
        if name == kind
    ]
    assert found, f"{heading}: no {kind}"
    return found


@pytest.fixture(scope="module")
def upstreams() -> Iterator[Upstreams]:
    with Upstreams(*HEADS) as heads:
        yield heads


class Machine:
    """A folder that stands for an empty machine, with a repository that `init` wrote."""

    def __init__(self, root: Path, upstreams: Upstreams) -> None:
        self.root, self.fleet, self.etc = root, root / "fleet", root / "etc"
        self.port, self.admin_port = free_port(), free_port()
        self.environment = {
            "PATH": f"{Path(PROGRAM).parent}:{os.environ['PATH']}",
            "HOME": str(root),
            "KEY": "sk-of-a-client",
            "MODELSPEC_CANARY_KEY": "sk-of-a-client",
            "GIT_CONFIG_GLOBAL": "/dev/null",
        }
        self.run(
            f"modelspec init fleet --modelspec-from 'modelspec-gitops==1 --hash=sha256:{'0' * 64}'", root
        )
        self._settle(upstreams)

    def _settle(self, upstreams: Upstreams) -> None:
        """Put own heads in place of the examples, as the page says, and this machine in place of the defaults."""
        heads = self.fleet / "heads.yaml"
        text = heads.read_text(encoding="utf-8")
        for head_id in HEADS:
            text = text.replace(
                f"https://{head_id}.llm.example.net\n", f"http://127.0.0.1:{upstreams.heads[head_id].port}\n"
            )
        heads.write_text(text, encoding="utf-8")
        (added,) = blocks("The first request", "yaml")
        own = {
            "address": "127.0.0.1",
            "port": self.port,
            "admin_port": self.admin_port,
            "config_dir": str(self.etc / "envoy/modelspec"),
            "health_check_interval_ms": 100,
        }
        settings = self.fleet / "modelspec.yaml"
        settings.write_text(
            f"{settings.read_text(encoding='utf-8')}\n{added}target_options: {json.dumps({'envoy': own})}\n",
            encoding="utf-8",
        )
        self.commit("Begin")

    def commit(self, message: str) -> None:
        name = "-c user.name=Test -c user.email=test@example.com"
        self.run(f"git init --quiet; git add --all; git {name} commit --quiet --message {message}")

    def run(self, script: str, folder: Path | None = None) -> str:
        """Run a block; what it printed, standard error included."""
        here = (
            script.replace("sudo ", "")
            .replace("/etc/", f"{self.etc}/")
            .replace(":9901", f":{self.admin_port}")
        )
        here = here.replace("//edge-eu:10000", f"//127.0.0.1:{self.port}")
        here = re.sub(r"^systemctl .*\n", "", here, flags=re.MULTILINE)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", here],
            cwd=folder or self.fleet,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS * 3,
            check=False,
        )
        assert done.returncode == 0, f"{here}\n{done.stdout}"
        return done.stdout

    def expected(self, block: str) -> list[str]:
        """What the comments of a block say that its commands print."""
        lines = [line.removeprefix("# ") for line in block.splitlines() if line.startswith("# ")]
        return [line.replace("/etc/", f"{self.etc}/") for line in lines]


def test_the_page_works_as_it_is_written(upstreams: Upstreams, tmp_path: Path) -> None:
    machine = Machine(tmp_path, upstreams)
    in_ci, request = blocks("The first request", "sh")
    assert "Envoy accepts it" in machine.run(in_ci)
    for head in json.loads((machine.fleet / "dist/routing/table.json").read_bytes())["heads"]:
        upstreams.heads[head["head_id"]].health_path = head["health_path"]
    _, publish, start, *_ = blocks("Deploy it", "sh")
    assert machine.expected(publish)[0] in machine.run(publish)
    (unit,) = blocks("Deploy it", "ini")
    (command,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    words = shlex.split(command.replace("/etc/", f"{machine.etc}/"))
    with (tmp_path / "envoy.log").open("wb") as log:
        process = subprocess.Popen([program(), *words[1:]], stdout=log, stderr=log)
    edge = Edge(machine.port, machine.admin_port, process)
    try:
        until(edge.is_ready, "ready")
        _follow(machine, start, request)
    finally:
        process.terminate()
        process.wait(SECONDS)


def _follow(machine: Machine, start: str, request: str) -> None:
    commit = machine.run("git rev-parse HEAD").strip()
    status = machine.run(start)
    assert status == machine.expected(start)[0].replace("3fe1c09", commit) + "\n"
    until(
        lambda: (
            json.loads(machine.run(request.replace("curl ", "curl --silent ", 1)))["head"]
            == "head-service-eu"
        ),
        "answered",
    )
    model = machine.fleet / "models.d" / "chat-eu.yaml"
    model.write_text(
        model.read_text(encoding="utf-8").replace(
            "priority_head: head-service-eu #", "aliases: [chat]\npriority_head: head-service-eu #"
        ),
        encoding="utf-8",
    )
    machine.commit("Add")
    machine.run(blocks("The first request", "sh")[0])
    (change,) = blocks("Change it", "sh")
    assert machine.run(change).startswith("Envoy uses edge edge-eu (replaced ")
    second = machine.run("git rev-parse HEAD").strip()
    status, back = blocks("What runs, and going back", "sh")
    said = machine.expected(status)
    assert machine.run(status).splitlines() == [
        said[0].replace("8d2b6aa", second),
        said[1].replace("3fe1c09", commit),
    ]
    assert machine.run(back).startswith("Envoy uses edge edge-eu (replaced ")
    stale = machine.run(status.replace("/modelspec\n", "/modelspec || true\n", 1)).splitlines()
    assert stale == [
        f"edge edge-eu runs commit {commit}",
        f"  stale: the build is of commit {second}; publish it",
    ]
    (validate,) = blocks("Validate it", "sh")
    assert machine.expected(validate)[0] in machine.run(validate)


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    (unit,) = blocks("Deploy it", "ini")
    place = tmp_path / "envoy.service"
    place.write_text(unit.replace("/usr/local/bin/envoy", program()), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(place)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    about = [line for line in done.stderr.splitlines() if "envoy.service" in line]
    assert about == []


def test_the_unit_starts_the_program_that_was_installed() -> None:
    (unit,) = blocks("Deploy it", "ini")
    install, *_ = blocks("Deploy it", "sh")
    assert "/opt/modelspec/bin/envoy /usr/local/bin/" in install
    assert "ExecStart=/usr/local/bin/envoy -c /etc/envoy/modelspec/bootstrap.json" in unit
