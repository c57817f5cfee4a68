"""`make demo`: the loop from a commit to what requests say of the next one, with the real programs."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from envoy_edge import until
from litellm_proxy import ROOT, litellm_program

pytestmark = pytest.mark.gateway

REQUESTS = 54
SECONDS = 1200


def command(folder: Path, *more: str) -> list[str | Path]:
    """The demo, with the real model where it is installed, else with its stand-in."""
    demo: list[str | Path] = [
        sys.executable,
        ROOT / "tools" / "demo.py",
        "--folder",
        folder,
        "--litellm",
        litellm_program(),
    ]
    return [*demo, "--requests", str(REQUESTS), *more]


def alive(said: str) -> list[int]:
    """The programs that a demo has named and that run."""
    (names,) = re.findall(r"^  running: (.*)$", said, re.MULTILINE)
    pids = [int(one.rpartition(" ")[2]) for one in names.split(", ")]
    assert len(pids) == 5
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What a demo printed, and what it left."""

    said: str
    folder: Path

    def ask(self, *words: str | Path, codes: tuple[int, ...] = (0,)) -> Any:
        """What a verb says of what was left."""
        program = Path(sys.executable).with_name("modelspec")
        wanted = [program, *words, "--root", self.folder / "fleet", "--format", "json"]
        ended = subprocess.run(wanted, capture_output=True, text=True, check=False, timeout=SECONDS)
        assert ended.returncode in codes, ended.stderr
        return json.loads(ended.stdout)

    def step(self, title: str) -> str:
        """What was printed of a step."""
        (found,) = [step for step in self.said.split("\n== ") if title in step.partition("\n")[0]]
        return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo") / "run"
    ended = subprocess.run(command(folder), capture_output=True, text=True, check=False, timeout=SECONDS)
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
    yield Demo(said=ended.stdout, folder=folder)
    assert not alive(ended.stdout)


def test_every_request_is_answered_while_a_head_is_killed_and_comes_back(demo: Demo) -> None:
    killed = demo.step("kill -9 for head-us")
    answered = {
        (model, head): int(count)
        for count, model, head in re.findall(r"(\d+) x (\S+) from \w+, answered by (\S+)", killed)
    }
    assert answered["smol", "head-eu"]
    assert {head for _, head in answered} <= {"head-eu", "head-us"}
    assert "answered by head-us" in demo.step("head-us comes back")
    assert f"0 of {REQUESTS} requests so far without an answer" in demo.said


def test_status_sees_the_head_down_and_up_again(demo: Demo) -> None:
    assert "down head head-us since" in demo.step("kill -9 for head-us")
    assert "served by a fallback tier (2): smol, smol-rare" in demo.step("kill -9 for head-us")
    live = json.loads((demo.folder / "site" / "admin" / "live" / "status.json").read_text(encoding="utf-8"))
    heads = {head["head_id"]: head for head in live["heads"]}
    assert {name: head["state"] for name, head in heads.items()} == {"head-eu": "up", "head-us": "up"}
    assert heads["head-us"]["last_change"] is not None
    assert heads["head-eu"]["last_change"] is None


def test_usage_counts_each_request_once_with_the_tokens_of_its_head(demo: Demo) -> None:
    report = demo.ask("usage", "--from", demo.folder / "usage", "--by", "model,client,key_id,owner")
    rows = report["rows"]
    assert sum(row["requests"] for row in rows) == REQUESTS
    asked = {("smol", "eu"), ("smol", "us"), ("smol-eu", "eu"), ("smol-eu", "us")}
    groups = [row["group"] for row in rows]
    assert {(group["model"], group["client"]) for group in groups} == asked
    assert {(group["key_id"], group["owner"]) for group in groups} == {("demo", "demo@example.com")}
    sums = demo.ask("usage", "--from", demo.folder / "usage", "--by", "head")["rows"]
    assert all(row["input_tokens"] and row["output_tokens"] for row in sums)
    logs = [json.loads(line) for line in (demo.folder / "logs" / "heads.jsonl").read_text().splitlines()]
    edge = [json.loads(line) for line in (demo.folder / "logs" / "edge-eu.jsonl").read_text().splitlines()]
    requests = {line["modelspec.request_id"] for line in edge}
    assert len(edge) == len(requests) == REQUESTS
    # The lines of what it was just answering died with the head.
    assert len(requests & {line["modelspec.request_id"] for line in logs}) >= REQUESTS - 4
    assert sum(row["input_tokens"] for row in sums) == sum(
        line["gen_ai.usage.input_tokens"] for line in logs if line["http.response.status_code"] == 200
    )


def test_no_request_left_its_region_and_nothing_drifted(demo: Demo) -> None:
    assert f"{REQUESTS} requests: none touched a region outside" in demo.said
    judged = demo.ask("usage", "--residency", demo.folder / "logs")
    assert (judged["judged"], judged["unjudged"], judged["breaches"]) == (REQUESTS, 0, [])
    drift = demo.ask("drift", "--from", demo.folder / "usage")
    assert (drift["undeclared"], drift["idle"]) == ([], ["smol-rare"])
    assert [edge["is_expected"] for edge in drift["edges"]] == [True]


def test_a_change_on_a_branch_is_weighed_by_these_requests_and_nothing_is_suggested(demo: Demo) -> None:
    usage = demo.folder / "usage"
    plan = demo.ask("plan", "--base", "main", "--head", "smol-in-europe", "--replay", usage, codes=(10,))
    moves = {(move["name"], move["client"]) for move in plan["usage"]["moves"]}
    assert moves == {("smol", "eu"), ("smol", "us"), ("small", "eu")}
    assert plan["usage"]["moved_share"] == pytest.approx(2 / 3, abs=0.001)
    assert "nothing to suggest yet: usage of 1 of 28 days is there" in demo.step(
        "What these requests suggest"
    )
    # Less than a day is not made one.
    assert re.search(r"\d+ in \d+ hours? move to another head or model \(66\.7 %\)", demo.said)


def test_the_page_is_left_and_the_key_of_the_client_is_not(demo: Demo) -> None:
    assert (demo.folder / "site" / "admin" / "index.html").is_file()
    texts = [file.read_bytes() for file in demo.folder.rglob("*") if file.is_file()]
    assert len(texts) > 50
    assert not [text for text in texts if b"ms_demo_" in text]
    assert "ms_demo_" not in demo.said


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_stops_every_program(tmp_path: Path, ending: signal.Signals) -> None:
    output = tmp_path / "said"
    with output.open("wb") as said:
        started = subprocess.Popen(
            command(tmp_path / "run"), stdout=said, stderr=said, env=os.environ | {"PYTHONUNBUFFERED": "1"}
        )
    try:
        until(lambda: "  running: " in output.read_text() or started.poll() is not None, "running", SECONDS)
        said_first = output.read_text()
        assert len(alive(said_first)) == 5, said_first
        started.send_signal(ending)
        assert started.wait(SECONDS) == 130
    finally:
        started.kill()
        started.wait()
    assert not alive(said_first)
    assert "interrupted, all programs are stopped" in output.read_text()
