"""An edge of a routing table that is made by hand: it starts without a build."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from envoy_edge import Edge, running
from routing_tables import head, route, table
from upstreams import free_port

from modelspec.gateways import GatewayOptions
from modelspec.gateways.envoy.emit import emit

ROUTES = (
    route("atlas", {"one": 1}, aliases=("atlas-latest",)),
    route("acme/Big:7b+x", {"one": 1}),
    route("bison", {"two": 1}, visibility="public"),
    route("secret", {"two": 1}, visibility="private"),
    route("off", status="disabled"),
    route("open/*", {"two": 1}),
)


@contextmanager
def started(
    folder: Path, heads: Mapping[str, str], broken: Mapping[str, str] | None = None
) -> Iterator[Edge]:
    """An edge of the routes above, with the URLs of heads `one` and `two`; `broken` replaces parts of its listener."""
    ports = (free_port(), free_port())
    options = {
        "address": "127.0.0.1",
        "port": ports[0],
        "admin_port": ports[1],
        "config_dir": str(folder),
        "health_check_interval_ms": 60_000,
        "paths": ["/v1/ocr"],
    }
    gateway = GatewayOptions(options=options, edges={})
    entries = [head(name, url=url) for name, url in heads.items()]
    for artifact in emit(table([], entries, ROUTES), gateway):
        text = artifact.content.decode()
        for old, new in (broken or {}).items():
            assert old in text or not artifact.path.endswith("/listener.json")
            text = text.replace(old, new)
        (folder / artifact.path.rpartition("/")[2]).write_text(text, encoding="utf-8")
    with running(folder / "bootstrap.json", ports) as envoy:
        yield envoy
