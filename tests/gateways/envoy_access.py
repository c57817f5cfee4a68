"""An edge that knows its clients, and requests with any headers."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envoy_edge import Edge, Reply, running
from routing_tables import head, region, table
from upstreams import Upstreams, free_port, urls

from modelspec.fleet.client_keys import ClientKey
from modelspec.gateways import GatewayOptions
from modelspec.gateways.envoy.emit import emit
from modelspec.routing.table import Route
from modelspec.secret.client_key import digest
from modelspec.text.document import Place

HEADS = ("head-a", "head-b")


def client_key(
    key: str, groups: Sequence[str] = (), expires: str | None = None, status: str = "active"
) -> ClientKey:
    return ClientKey(
        key_id=key.split("_")[1],
        sha256=digest(key),
        groups=tuple(groups),
        owner='"}} os.exit() --',
        created=None,
        expires=expires,
        status=status,
        place=Place(path="keys.yaml"),
    )


@dataclass
class Guarded:
    """An edge whose clients are known, and the folder that it reads."""

    edge: Edge
    folder: Path
    options: dict[str, Any]
    heads: Upstreams
    routes: Sequence[Route]

    def publish(self, keys: Sequence[ClientKey], name: str = "access.json") -> None:
        """Replace one file as `publish` does."""
        draft = self.folder / "draft"
        draft.write_bytes(files(self.heads, self.options, keys, self.routes)[name])
        draft.replace(self.folder / name)

    def version(self, keys: Sequence[ClientKey], name: str = "access.json") -> str:
        version: str = json.loads(files(self.heads, self.options, keys, self.routes)[name])["version_info"]
        return version

    def ask(self, model: str, *pairs: tuple[str, str], body: bytes | None = None) -> Reply:
        """Send any headers, the same name twice included."""
        connection = self.edge.connect()
        try:
            sent = json.dumps({"model": model}).encode() if body is None else body
            connection.putrequest("POST", "/v1/chat/completions")
            for name, value in (
                ("content-type", "application/json"),
                ("content-length", str(len(sent))),
                *pairs,
            ):
                connection.putheader(name, value.encode("latin-1"))
            connection.endheaders(sent)
            response = connection.getresponse()
            return Reply(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()


def files(
    heads: Upstreams,
    options: dict[str, Any],
    keys: Sequence[ClientKey] | None,
    routes: Sequence[Route],
    key_set: str = "",
) -> dict[str, bytes]:
    rows = [head(name, url=url) for name, url in urls(heads, HEADS).items()]
    gateway = GatewayOptions(
        options=options,
        edges={"edge": "us"},
        client_keys=None if keys is None else tuple(keys),
        key_set=key_set,
    )
    found = emit(table([region("us"), region("eu")], rows, routes), gateway)
    return {artifact.path.rpartition("/")[2]: artifact.content for artifact in found}


def options_of(folder: Path, **more: Any) -> dict[str, Any]:
    return {
        "address": "127.0.0.1",
        "port": free_port(),
        "admin_port": free_port(),
        "config_dir": str(folder),
        "health_check_interval_ms": 100,
        "access_log": {"path": str(folder / "edge.log")},
        **more,
    }


def start(folder: Path, options: dict[str, Any], content: dict[str, bytes]) -> AbstractContextManager[Edge]:
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return running(folder / "bootstrap.json", (options["port"], options["admin_port"]))


def bearer(key: str) -> tuple[str, str]:
    return "authorization", f"Bearer {key}"
