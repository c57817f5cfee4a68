"""The loop, alive, on this machine alone: `make demo`.

Builds a fleet of two heads (LiteLLM, each with a small model of its own) and one edge (Envoy), sends it requests with
OpenAI's client from two regions, kills a head and starts it again, then lets modelspec say what happened. It listens on
free ports of loopback, stops every program that it started, and leaves everything in one folder, `demo-run` by default.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from urllib.request import ProxyHandler, build_opener

from demo_clients import CLIENTS, Clients

ROOT = Path(__file__).parents[1]
SCRIPTS = Path(sysconfig.get_path("scripts"))
HEADS = {"head-eu": "eu", "head-us": "us"}
VICTIM = "head-us"
SECONDS = 180.0
"""The time limit of every wait: another program may use this machine as well."""
HEAD_KEY = "sk-demo-of-the-heads"
"""What the edge shows to the heads: they listen on loopback, for as long as the demo lasts."""
MODELS: Mapping[str, Mapping[str, Any]] = {
    "smol": {"region": "us", "priority_head": "head-us", "fallback_heads": ["head-eu"], "aliases": ["small"]},
    "smol-eu": {"region": "eu", "priority_head": "head-eu"},
    "smol-rare": {"region": "us", "priority_head": "head-us", "fallback_heads": ["head-eu"]},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where the programs listen."""

    edge: int
    admin: int
    heads: Mapping[str, int]
    models: Mapping[str, int]


@dataclass
class Programs:
    """What was started, by name; the output of each is in a file of its own."""

    said: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(
        self, name: str, command: Sequence[str | Path], at: Path, variables: Mapping[str, str] = {}
    ) -> None:
        """Start a program with no variable of the caller, in a session of its own: Ctrl-C is for this script alone."""
        own = {"PATH": os.defpath, "HOME": str(at), "NO_PROXY": "*", **variables}
        with (self.said / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command,
                env=own,
                cwd=at,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """Kill -9."""
        process = self.running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """Ask all to end, and kill those that do not."""
        for process in self.running.values():
            process.terminate()
        for name in list(self.running):
            with suppress(subprocess.TimeoutExpired):
                self.running[name].wait(20)
            self.kill(name)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Repeat a check until it holds; a program that ends meanwhile ends the demo."""
        end = time.monotonic() + SECONDS
        while not condition():
            ended = [name for name, process in self.running.items() if process.poll() is not None]
            if ended or time.monotonic() > end:
                why = f"{ended[0]} ended" if ended else f"{what}: not within {SECONDS:.0f} s"
                fail(f"{why}; {self.said} has what the programs said")
            time.sleep(0.1)


def fail(why: str) -> NoReturn:
    """End the demo."""
    raise SystemExit(f"demo: {why}")


def say(title: str) -> None:
    """A step of the report."""
    print(f"\n== {title}", flush=True)


def modelspec(fleet: Path, *words: str | Path, codes: tuple[int, ...] = (0,), shown: bool = True) -> str:
    """Run a verb in the fleet, and print the command and what it says, unless it holds a key."""
    command = [str(SCRIPTS / "modelspec"), *map(str, words)]
    if shown:
        short = (str(word).replace(f"{fleet.parent}/", "../") for word in words)
        print(f"$ modelspec {' '.join(short)}", flush=True)
    ended = subprocess.run(command, cwd=fleet, capture_output=True, text=True, check=False, timeout=SECONDS)
    if shown:
        print(textwrap.indent((ended.stderr + ended.stdout).strip(), "  "), flush=True)
    if ended.returncode not in codes:
        fail(f"modelspec {words[0]} ended with {ended.returncode}: {ended.stderr.strip()}")
    return ended.stdout


def git(fleet: Path, *words: str) -> str:
    """Run git in the fleet, with an author of its own."""
    own = ("-c", "user.name=demo", "-c", "user.email=demo@example.com", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *own, *words], cwd=fleet, check=True, capture_output=True, text=True
    ).stdout.strip()


def free_ports(number: int) -> list[int]:
    """Free ports, all different."""
    with ExitStack() as stack:
        opened = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in opened:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in opened]


def write_fleet(folder: Path, ports: Ports) -> Path:
    """The repository of the fleet, with all as JSON, which is YAML."""
    fleet = folder / "fleet"
    (fleet / "models.d").mkdir(parents=True)
    envoy = {
        "address": "127.0.0.1",
        "port": ports.edge,
        "admin_port": ports.admin,
        "config_dir": str(folder / "envoy"),
        "access_log": {"path": str(folder / "logs" / "edge-eu.jsonl")},
        "health_check_interval_ms": 1000,
        "health_check_timeout_ms": 20_000,
        "auth": {"head_key": {"file": str(folder / "head-key")}},
        "client_region": {"header": "x-client-region", "from": ["127.0.0.1/32"]},
    }
    heads = [
        {
            "head_id": head_id,
            "region": region,
            "url": f"http://127.0.0.1:{ports.heads[head_id]}",
            "inference_url": f"http://127.0.0.1:{ports.models[head_id]}/v1",
        }
        for head_id, region in HEADS.items()
    ]
    regions = [
        {"code": "eu", "name": "Europe", "residency": ["eu"]},
        {"code": "us", "name": "United States", "residency": ["us", "eu"]},
    ]
    texts: dict[str, Any] = {
        "regions.yaml": {"regions": regions},
        "heads.yaml": {"heads": heads},
        "keys.yaml": {"keys": []},
        "modelspec.yaml": {
            "targets": ["envoy", "litellm"],
            "edges": [{"edge_id": "edge-eu", "region": "eu"}],
            # A model with one head, and plain addresses on loopback, are what a demo has.
            "rules": dict.fromkeys(("MS402", "MS404", "MS509", "MS510", "MS601"), "off"),
            "target_options": {
                "envoy": envoy,
                "litellm": {"log": {"path": str(folder / "logs" / "heads.jsonl")}},
            },
        },
    }
    for model_id, fields in MODELS.items():
        texts[f"models.d/{model_id}.yaml"] = {
            "model_id": model_id,
            "name": f"SmolLM2, as {model_id}",
            **fields,
            "local_inference": True,
            "upstream_model": "SmolLM2-135M-Instruct",
        }
    for name, content in texts.items():
        (fleet / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (fleet / ".gitignore").write_text("dist/\nmodelspec-live/\n", encoding="utf-8")
    git(fleet, "init", "--quiet", "--initial-branch=main")
    return fleet


def publish(fleet: Path, ports: Ports) -> str:
    """Make a client's key, build the commit, and install it for the edge; the key is returned and never shown."""
    key = modelspec(
        fleet, "key", "new", "--owner", "demo@example.com", "--key-id", "demo", shown=False
    ).strip()
    git(fleet, "add", ".")
    git(fleet, "commit", "--quiet", "--message", "A fleet of two heads")
    modelspec(fleet, "build", "--commit", git(fleet, "rev-parse", "HEAD"))
    head_key = fleet.parent / "head-key"
    head_key.touch(mode=0o600)
    head_key.write_text(HEAD_KEY, encoding="utf-8")
    modelspec(fleet, "publish", "envoy", "--admin", f"http://127.0.0.1:{ports.admin}", fleet.parent / "envoy")
    return key


def start_head(programs: Programs, fleet: Path, head_id: str, port: int, litellm: Path) -> None:
    """Start the LiteLLM of a head, with the variables that its build asks for."""
    built = fleet / "dist" / "gateways" / "litellm"
    asked = json.loads((built / f"{head_id}.env.json").read_text(encoding="utf-8"))["variables"]
    variables = {row["name"]: HEAD_KEY for row in asked} | {
        "LITELLM_MASTER_KEY": HEAD_KEY,
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command: list[str | Path] = [
        litellm,
        "--config",
        built / f"{head_id}.yaml",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    programs.start(head_id, command, fleet.parent, variables)


def answers(port: int, path: str, text: str = "") -> bool:
    """Whether a GET is answered with 200, and a text."""
    with (
        suppress(OSError),
        build_opener(ProxyHandler({})).open(f"http://127.0.0.1:{port}{path}", timeout=20) as response,
    ):
        return text in response.read().decode(errors="replace")
    return False


def head_in_service(programs: Programs, ports: Ports, head_id: str) -> None:
    """Wait until the edge sends requests to a head."""
    port = ports.heads[head_id]
    healthy = f"{head_id}::127.0.0.1:{port}::health_flags::healthy"
    programs.until(lambda: answers(port, "/health/liveliness"), f"{head_id} has started")
    programs.until(lambda: answers(ports.admin, "/clusters", healthy), f"{head_id} is in service")


def lines(path: Path, wanted: str) -> int:
    """How many lines of a log have a text."""
    return path.read_text(encoding="utf-8", errors="replace").count(wanted) if path.exists() else 0


def serve(programs: Programs, fleet: Path, ports: Ports, options: argparse.Namespace) -> None:
    """Start everything, send requests, kill a head and start it again, and stop everything."""
    folder = fleet.parent
    say("A fleet of two heads and an edge, built from git")
    key = publish(fleet, ports)
    say("Two small models, two LiteLLM, one Envoy")
    script = ROOT / "tools" / "demo_model.py"
    more = ["--stand-in"] if options.stand_in else []
    for head_id in HEADS:
        model = [options.model, script, str(ports.models[head_id]), *more]
        programs.start(f"model-of-{head_id}", model, folder)
        start_head(programs, fleet, head_id, ports.heads[head_id], options.litellm)
    envoy: list[str | Path] = [
        SCRIPTS / "envoy",
        "-c",
        folder / "envoy" / "bootstrap.json",
        "--log-level",
        "warning",
    ]
    flags = ["--disable-hot-restart", "--reject-unknown-dynamic-fields", "--file-flush-interval-msec", "200"]
    programs.start("edge-eu", [*envoy, *flags, "--concurrency", "1"], folder)
    for head_id in HEADS:
        head_in_service(programs, ports, head_id)
    said = [programs.said / f"model-of-{head_id}.log" for head_id in HEADS]
    programs.until(lambda: all(lines(log, "\n") for log in said), "the models listen")
    real = not any(lines(log, "a stand-in, no model") for log in said)
    what = "SmolLM2 135M" if real else "a STAND-IN, no model: it repeats the question"
    pids = ", ".join(f"{name} {process.pid}" for name, process in programs.running.items())
    print(f"  behind each head: {what}\n  running: {pids}", flush=True)
    clients = Clients(ports.edge, key, SECONDS)
    third = options.requests // 3

    say(f"{third} requests of OpenAI's client, from two regions, some of them streamed")
    clients.send(third, streams=True)
    print(f"  {clients.example}")
    clients.report(Counter())
    modelspec(fleet, "status")

    say(f"{third} more, none of them streamed, and kill -9 for {VICTIM} in the middle")
    before = clients.served.copy()
    clients.send(third, streams=False, midway=lambda: programs.kill(VICTIM))
    clients.report(before)
    modelspec(fleet, "status", "--quiet", codes=(0, 1), shown=False)  # two probes change a state
    modelspec(fleet, "status", codes=(1,))

    say(f"{VICTIM} comes back, and {options.requests - 2 * third} requests more")
    before = clients.served.copy()
    start_head(programs, fleet, VICTIM, ports.heads[VICTIM], options.litellm)
    head_in_service(programs, ports, VICTIM)
    clients.send(options.requests - 2 * third, streams=True)
    clients.report(before)
    modelspec(fleet, "status", "--quiet", codes=(0, 1), shown=False)
    modelspec(fleet, "status")
    edge, heads = folder / "logs" / "edge-eu.jsonl", folder / "logs" / "heads.jsonl"
    programs.until(lambda: lines(edge, "\n") >= clients.sent, "the edge has logged every request")
    # A head that is killed takes with it the lines of requests that it had just answered.
    programs.until(lambda: lines(heads, "\n") >= clients.sent - CLIENTS, "the heads have logged the requests")
    if clients.failed:
        fail("requests without an answer: " + "; ".join(clients.failed[:3]))


def look_back(fleet: Path) -> None:
    """Let modelspec say what happened, and weigh a change by it."""
    usage = fleet.parent / "usage"
    say("What happened, from the logs")
    modelspec(fleet, "usage", "--into", usage, fleet.parent / "logs", "--by", "model,client,head")
    modelspec(fleet, "usage", "--from", usage, "--by", "key_id,owner")
    modelspec(fleet, "usage", "--residency", fleet.parent / "logs")
    modelspec(fleet, "drift", "--from", usage)
    say("A change on a branch, weighed by these requests: smol goes to Europe first")
    wanted = ("priority_head=head-eu", "fallback_heads-=head-eu", "fallback_heads+=head-us")
    modelspec(fleet, "edit", "smol", *wanted, "--branch", "smol-in-europe")
    modelspec(
        fleet, "plan", "--base", "main", "--head", "smol-in-europe", "--replay", usage, codes=(0, 1, 10)
    )
    git(fleet, "switch", "--quiet", "main")
    say("What these requests suggest: nothing, since minutes are no evidence")
    modelspec(fleet, "suggest", "--from", usage)


def main() -> int:
    """Run the demo; 0 if each request was answered, 130 on Ctrl-C."""
    parser = argparse.ArgumentParser(description="A fleet of real programs on this machine, for two minutes.")
    parser.add_argument(
        "--stand-in", action="store_true", help="no model: a server that repeats the question"
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "demo-run", help="what it leaves; replaced")
    parser.add_argument("--litellm", type=Path, default=ROOT / ".tools" / "litellm" / "bin" / "litellm")
    parser.add_argument("--model", type=Path, default=ROOT / ".tools" / "model" / "bin" / "python")
    parser.add_argument("--requests", type=int, default=72)
    options = parser.parse_args()
    folder = options.folder.absolute()
    if not options.model.exists():
        options.model, options.stand_in = Path(sys.executable), True
    for program in (options.litellm, SCRIPTS / "envoy"):
        if not program.exists():
            fail(f"{program} is missing: run `make demo`, which installs it")
    if folder.exists() and any(folder.iterdir()) and not (folder / "fleet").is_dir():
        fail(f"{folder} is not of an earlier demo: name another --folder")
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("logs", "said", "envoy"):
        (folder / name).mkdir(parents=True)
    numbers = free_ports(2 + 2 * len(HEADS))
    ports = Ports(
        edge=numbers[0],
        admin=numbers[1],
        heads=dict(zip(HEADS, numbers[2:], strict=False)),
        models=dict(zip(HEADS, numbers[2 + len(HEADS) :], strict=True)),
    )
    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for one in ends:
        signal.signal(one, signal.default_int_handler)
    fleet = write_fleet(folder, ports)
    programs = Programs(folder / "said")
    try:
        serve(programs, fleet, ports, options)
    except KeyboardInterrupt:
        print("\ndemo: interrupted, all programs are stopped", file=sys.stderr)
        return 130
    finally:
        for one in ends:
            signal.signal(one, signal.SIG_IGN)  # a second Ctrl-C must not leave programs behind
        programs.stop()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    look_back(fleet)
    site = folder / "site"
    shutil.copytree(fleet / "dist" / "site", site)
    shutil.copytree(
        fleet / "modelspec-live",
        site / "admin" / "live",
        ignore=shutil.ignore_patterns(".*"),
        dirs_exist_ok=True,
    )
    say("All programs are stopped. The page, with what was measured:")
    print(f"  {SCRIPTS / 'modelspec'} serve --root {fleet}\n  its files: {site}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
