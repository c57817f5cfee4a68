"""From a keystroke in a model to the diagnostics of the whole fleet, in the state that `modelspec lsp` keeps.

    python benchmarks/lsp.py FLEET [EDITS]

The transport is not in it: a message over a pipe takes well below a millisecond.
"""

import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

from modelspec.editors.fleet import EditedFleet


def measure(root: Path, edits: int) -> None:
    """Type at the end of models all over the fleet, and print the times in milliseconds of wall clock and processor."""
    fleet = EditedFleet(root, lambda: datetime.now(UTC).date())
    begun = time.perf_counter()
    models = fleet.snapshot().compiled.tree.models
    first = time.perf_counter() - begun
    wall, processor = [], []
    for number in range(edits):
        file = models[number * len(models) // edits]
        wall_begun, processor_begun = time.perf_counter(), time.process_time()
        fleet.show(file.path, file.data + b"# a note\n" * (number % 2 + 1))
        assert fleet.snapshot().by_path is not None
        wall.append((time.perf_counter() - wall_begun) * 1_000)
        processor.append((time.process_time() - processor_begun) * 1_000)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(models)} models: first {first:.2f} s, {megabytes:.0f} MB")
    for name, times in (("wall clock", wall), ("processor", processor)):
        cuts = quantiles(times, n=100)
        print(f"  {name}: p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms")


if __name__ == "__main__":
    measure(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else 100)
