"""Measures the files of an Envoy edge: how large they are, and what the real Envoy takes to validate and to hold them.

Envoy's own start with an empty configuration is the floor. Models share 100 heads, and each has a chain of three.
`--latency` measures what an edge adds to a request instead, and `--publish` how long a change takes to reach it.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from edge import free_port, latency, publishing
from measure import Case, Sample, interleaved, typical
from table import aligned, markdown

from modelspec.gateways import GatewayOptions
from modelspec.gateways.envoy.check import find_envoy
from modelspec.gateways.envoy.emit import emit
from modelspec.routing.table import About, HeadEntry, Route, RoutingTable, Tier

HEADS = 100
SIZES = (100, 1_000, 10_000)
_SECONDS = 60


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each case; default: 5")
    parser.add_argument("--markdown", action="store_true", help="print a table for a page")
    parser.add_argument(
        "--write", nargs=2, metavar=("DIR", "N"), help="write the files of N models, and no more"
    )
    parser.add_argument("--latency", action="store_true", help="what an edge adds to a request")
    parser.add_argument("--publish", action="store_true", help="how long one change takes to reach an edge")
    options = parser.parse_args()
    if options.write:
        print(_write(Path(options.write[0]), int(options.write[1])))
        return
    envoy = find_envoy()
    if envoy is None:
        sys.exit("no envoy: make .venv/gateways")
    scratch = Path(tempfile.mkdtemp(prefix="modelspec-gateways-"))
    try:
        show = markdown if options.markdown else aligned
        if options.latency:
            print(show([*latency(envoy, scratch, routing_of, ready)]))
        if options.publish:
            print(show([*publishing(envoy, scratch, routing_of, ready)]))
        if not options.latency and not options.publish:
            print(show([*_rows(envoy, scratch, options.runs)]))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _rows(envoy: str, scratch: Path, runs: int) -> Iterator[Sequence[str]]:
    yield (
        "models",
        "clusters",
        "MB of files",
        "emit, s",
        "validate, s",
        "x floor",
        "MiB",
        "running, MiB",
        "ready, s",
    )
    (scratch / "0").mkdir()
    (scratch / "0" / "static.json").write_text("{}", encoding="utf-8")
    emitted = {size: _written(scratch / str(size), size) for size in SIZES}
    cases = [_case(envoy, scratch / str(size), str(size)) for size in (0, *SIZES)]
    samples = interleaved(cases, runs, lambda _: None)
    floor = typical(samples["0"])
    yield ("none", "0", "0", "", *_figures(floor, floor), "", "")
    for size in SIZES:
        folder = scratch / str(size)
        clusters = len(json.loads((folder / "clusters.json").read_bytes())["resources"])
        megabytes = (
            sum((folder / f"{name}.json").stat().st_size for name in ("clusters", "routes", "listener")) / 1e6
        )
        held, ready = _running(envoy, folder)
        yield (
            f"{size:,}",
            str(clusters),
            f"{megabytes:.1f}",
            f"{emitted[size]:.2f}",
            *_figures(typical(samples[str(size)]), floor),
            f"{held:.0f}",
            f"{ready:.2f}",
        )


def _figures(sample: Sample, floor: Sample) -> tuple[str, str, str]:
    return f"{sample.wall:.2f}", f"{sample.wall / floor.wall:.1f}", f"{sample.peak:.0f}"


def _case(envoy: str, folder: Path, name: str) -> Case:
    command = [envoy, "--mode", "validate", "--log-level", "error", "-c", str(folder / "static.json")]
    return Case(name=name, command=command, folder=folder, environment={})


def _written(folder: Path, size: int) -> float:
    """The same by another process: its memory would else be counted to every process that is started from here."""
    command = [sys.executable, __file__, "--write", str(folder), str(size)]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def _write(folder: Path, size: int) -> float:
    """Write the files of a fleet; the seconds that making them took."""
    folder.mkdir()
    ports = {"port": free_port(), "admin_port": free_port()}
    options = {"address": "127.0.0.1", "config_dir": str(folder), **ports}
    gateway = GatewayOptions(options=options, edges={"edge": "r0"})
    begin = time.perf_counter()
    artifacts = list(emit(routing_of(size), gateway))
    seconds = time.perf_counter() - begin
    for artifact in artifacts:
        (folder / artifact.path.rpartition("/")[2]).write_bytes(artifact.content)
    return seconds


@contextmanager
def ready(envoy: str, folder: Path) -> Iterator[tuple[int, float]]:
    """An Envoy with the files of a folder: the id of its process, and the seconds until it was ready."""
    address = json.loads((folder / "bootstrap.json").read_bytes())["admin"]["address"]["socket_address"]
    command = [envoy, "--disable-hot-restart", "--concurrency", "2", "--log-level", "error", "-c"]
    begin = time.perf_counter()
    process = subprocess.Popen([*command, str(folder / "bootstrap.json")], stderr=subprocess.DEVNULL)
    try:
        while not _is_ready(address["port_value"]):
            if process.poll() is not None or time.perf_counter() - begin > _SECONDS:
                sys.exit("envoy did not become ready")
            time.sleep(0.02)
        yield process.pid, time.perf_counter() - begin
    finally:
        process.kill()
        process.wait()


def _running(envoy: str, folder: Path) -> tuple[float, float]:
    """MiB that a ready Envoy holds, and the seconds until it was ready; none of its heads answers."""
    with ready(envoy, folder) as (process, seconds):
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(kilobytes) / 1024, seconds


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().read() == b"LIVE\n"
    except OSError:
        return False
    finally:
        connection.close()


def routing_of(size: int, port: int | None = None) -> RoutingTable:
    """A table of models that share the heads, each with a chain of three.

    The heads are at different ports where nobody listens, or all at one.
    """
    heads = tuple(
        HeadEntry(
            head_id=f"head-{number}",
            region=f"r{number % 10}",
            url=f"http://127.0.0.1:{port or 1 + number}",
            status="active",
            health_path="/health",
            inference_url=None,
            capacity=None,
        )
        for number in range(HEADS)
    )
    return RoutingTable(regions=(), heads=heads, routes=tuple(map(_route, range(size))))


def _route(number: int) -> Route:
    first = number % HEADS
    others = ((first + 1) % HEADS, (first + 37 + number // HEADS % 3) % HEADS)
    return Route(
        model_id=f"acme/model-{number:06}-instruct",
        aliases=(),
        status="active",
        region="r0",
        policy="round_robin",
        tiers=tuple(Tier(weights={f"head-{head}": 1}) for head in (first, *others)),
        local_inference=False,
        targets=(),
        local_targets={},
        fallback_models={},
        reach=(),
        client_regions=None,
        visibility="internal",
        groups=(),
        rpm=None,
        tpm=None,
        about=About(
            name="",
            priority_head="",
            fallback_heads=(),
            weights={},
            sunset=None,
            replaced_by=None,
            tags=(),
            metadata={},
            path="",
            line=1,
        ),
    )


if __name__ == "__main__":
    main()
