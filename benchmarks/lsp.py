"""From a keystroke in a model to the diagnostics of the whole fleet, as `modelspec lsp` makes and compares them.

    python benchmarks/lsp.py FLEET... [--edits N]

Only the transport is not in it: a message over a pipe takes well below a millisecond. Each fleet has its own process.
"""

import argparse
import resource
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import quantiles

from lsprotocol import types

from modelspec.editors.fleet import EditedFleet
from modelspec.editors.server import FleetServer

HEADINGS = ("models", "first state, s", "p50, ms", "p99, ms", "processor p50, ms", "processor p99, ms", "MiB")


def _today() -> date:
    return datetime.now(UTC).date()


class _Unconnected(FleetServer):
    """The server with nobody who listens: a client that counts code points."""

    units = staticmethod(len)

    def _send(self, uri: str, diagnostics: list[types.Diagnostic]) -> None:
        """Send nothing."""


def measure(root: Path, edits: int) -> list[str]:
    """Type at the end of models all over the fleet: a row of times and of the most memory."""
    fleet, server = EditedFleet(root, _today), _Unconnected(_today)
    begun = time.perf_counter()
    server.publish(fleet, fleet.snapshot())
    first = time.perf_counter() - begun
    assert fleet.latest is not None
    models = fleet.latest.compiled.tree.models
    wall, processor = [], []
    for number in range(edits):
        file = models[number * len(models) // edits]
        wall_begun, processor_begun = time.perf_counter(), time.process_time()
        fleet.show(file.path, file.data + b"# a note\n" * (number % 2 + 1))
        server.publish(fleet, fleet.snapshot())
        wall.append((time.perf_counter() - wall_begun) * 1_000)
        processor.append((time.process_time() - processor_begun) * 1_000)
    cuts = [cut for times in (wall, processor) for cut in quantiles(times, n=100)[49::49]]
    mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [f"{len(models):,}", f"{first:.2f}", *(f"{cut:.0f}" for cut in cuts), f"{mebibytes:.0f}"]


def main() -> None:
    """Measure each fleet in a process of its own, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("fleets", nargs="+", type=Path)
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--row", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.row:
        print("| " + " | ".join(measure(given.fleets[0], given.edits)) + " |")
        return
    print("| " + " | ".join(HEADINGS) + " |")
    print("|" + " --: |" * len(HEADINGS), flush=True)
    for fleet in given.fleets:
        command = [sys.executable, __file__, str(fleet), "--edits", str(given.edits), "--row"]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
