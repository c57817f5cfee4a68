"""Routing table to artifacts: one module per output, each pure.

What every build writes is listed in `EMITTERS`, in the order in which it is written; `manifest` closes a build.
"""

from collections.abc import Callable, Iterator

from modelspec.emit.artifact import Artifact
from modelspec.emit.snapshot import emit_snapshot
from modelspec.emit.tables import emit_heads, emit_regions, emit_table
from modelspec.routing.table import RoutingTable

Emitter = Callable[[RoutingTable], Iterator[Artifact]]

EMITTERS: tuple[Emitter, ...] = (emit_table, emit_heads, emit_regions, emit_snapshot)

__all__ = ["EMITTERS", "Emitter", "emit"]


def emit(routing: RoutingTable) -> Iterator[Artifact]:
    """Every artifact of a build but the manifest."""
    for emitter in EMITTERS:
        yield from emitter(routing)
