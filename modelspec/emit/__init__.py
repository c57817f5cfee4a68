"""Routing table to artifacts: what every build writes, in this order, and its manifest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from modelspec import __version__
from modelspec.emit.artifact import Artifact, encode
from modelspec.emit.tables import emit_heads, emit_regions, emit_snapshot, emit_table
from modelspec.routing.table import RoutingTable


def emit(routing: RoutingTable, base: str = "/") -> Iterator[Artifact]:
    """Every artifact of a build except the site, the gateways and the manifest; `base` is where the site is served."""
    yield from emit_table(routing)
    yield from emit_heads(routing)
    yield from emit_regions(routing)
    yield from emit_snapshot(routing, base)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a build was made from.

    `digest` is the sha256 of all files that were read. The caller passes the commit and its date: a build reads
    neither a clock nor git.
    """

    digest: str
    commit: str | None
    commit_date: str | None


def manifest(files: Mapping[str, str], origin: Origin) -> Artifact:
    """The last artifact of a build; `files` maps the path of every other artifact to its sha256."""
    rows = ",\n".join(f"{encode(path)}: {encode(digest)}" for path, digest in sorted(files.items()))
    source = {"sha256": origin.digest, "commit": origin.commit, "commit_date": origin.commit_date}
    text = (
        '{\n"schema_version": 1,\n"generator": "modelspec",\n'
        f'"version": {encode(__version__)},\n"source": {encode(source)},\n"files": {{\n{rows}\n}}\n}}\n'
    )
    return Artifact(path="manifest.json", content=text.encode())
