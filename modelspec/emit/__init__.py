"""Routing table to artifacts: one module per output, each pure.

What every build writes is listed in `EMITTERS`, in the order in which it is written; `manifest` closes a build.
"""

from collections.abc import Callable, Iterator

from modelspec.emit import heads, regions, snapshot, table
from modelspec.emit.artifact import Artifact
from modelspec.routing import RoutingTable

Emitter = Callable[[RoutingTable], Iterator[Artifact]]

EMITTERS: tuple[Emitter, ...] = (table.emit, heads.emit, regions.emit, snapshot.emit)

__all__ = ["EMITTERS", "Emitter", "emit"]


def emit(routing: RoutingTable) -> Iterator[Artifact]:
    """Every artifact of a build but the manifest."""
    for emitter in EMITTERS:
        yield from emitter(routing)
