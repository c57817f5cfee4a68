"""The admin interface of a running Envoy: which version of each file it uses."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any, Self
from urllib.parse import quote as escaped

from modelspec.diagnose.refusal import Refusal
from modelspec.gateways.envoy.files import CLUSTERS, WATCHED_FILES
from modelspec.gateways.envoy.identity import BuiltFrom, Started
from modelspec.text.quote import quote
from modelspec.url import parts

_SECONDS = 5.0
_LARGEST = 4 * 1024 * 1024
_STATISTICS = {file.name: file.statistics for file in WATCHED_FILES}
_WARMING = ("cluster_manager.warming_clusters", "listener_manager.total_listeners_warming")
_ASKED = (
    f"^({'|'.join(map(re.escape, _STATISTICS.values()))})[.](version_text|update_rejected|update_failure)$"
)
_FILTER = f"{_ASKED}|^({'|'.join(map(re.escape, _WARMING))})$"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeState:
    """The version of each file that Envoy reads, how often it rejected one, and how much is still warming."""

    versions: dict[str, str]
    refused: dict[str, int]
    warming: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """The admin interface of one Envoy, queried without proxies or redirects."""

    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self | Refusal:
        """The interface at a URL such as http://127.0.0.1:9901."""
        wrong = Refusal(
            message=f"--admin {quote(url)} is not the URL of an admin interface",
            help="write http://HOST:PORT, such as http://127.0.0.1:9901",
        )
        found = parts(url)
        if found is None or found.scheme != "http" or not found.hostname or not url.isprintable():
            return wrong
        if found.number is None or found.userinfo or found.query or found.fragment or found.path.strip("/"):
            return wrong
        return cls(host=found.hostname, port=found.number)

    def state(self) -> EdgeState | Refusal:
        """Query the state once."""
        content = self._get(f"/stats?format=json&filter={escaped(_FILTER, safe='')}")
        return content if isinstance(content, Refusal) else _state(content) or self._foreign()

    def started(self) -> Started | Refusal:
        """Which edge was started."""
        content = self._get("/server_info")
        if isinstance(content, Refusal):
            return content
        found = _read(content)
        return Started.of_node(found.get("node")) or self._foreign()

    def built_from(self) -> BuiltFrom | Refusal | None:
        """What the routes that Envoy uses were built from; None if an older modelspec wrote them."""
        content = self._get("/config_dump?resource=dynamic_route_configs&mask=route_config.metadata")
        if isinstance(content, Refusal):
            return content
        rows = _read(content).get("configs")
        found = (
            (row.get("route_config") for row in rows if isinstance(row, dict))
            if isinstance(rows, list)
            else ()
        )
        return next((one for one in map(BuiltFrom.in_metadata, found) if one), None)

    def is_closed(self) -> bool:
        """Whether nothing listens at the port: no Envoy runs there."""
        try:
            socket.create_connection((self.host, self.port), timeout=_SECONDS).close()
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
        return False

    def is_of(self, address: object, port: object) -> bool:
        """Whether this is the interface that a bootstrap puts at an address and port of this machine."""
        hosts = {address, *(("localhost",) if address in ("127.0.0.1", "::1") else ())}
        everywhere = address in ("0.0.0.0", "::")  # noqa: S104 - read, not bound
        return port == self.port and (everywhere or self.host in hosts)

    def _get(self, path: str) -> bytes | Refusal:
        """A response, of limited size and within a limited time."""
        connection = HTTPConnection(self.host, self.port, timeout=_SECONDS)
        try:
            with within(connection, _SECONDS):
                connection.request("GET", path)
                response = connection.getresponse()
                content = response.read(_LARGEST + 1)
        except (OSError, HTTPException, ValueError, AttributeError):  # AttributeError: closed in the middle
            return Refusal(
                message=f"no Envoy answers at the admin interface {quote(self.url)}",
                help="start Envoy, or correct --admin; the port is `admin_port` in target_options.envoy",
            )
        finally:
            connection.close()
        return content if response.status == HTTPStatus.OK and len(content) <= _LARGEST else self._foreign()

    def _foreign(self) -> Refusal:
        return Refusal(
            message=f"{quote(self.url)} is not the admin interface of an Envoy that runs an edge",
            help="use the admin port of the Envoy that reads this folder",
        )

    @property
    def url(self) -> str:
        """As `--admin` takes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


@contextmanager
def within(connection: HTTPConnection, seconds: float) -> Iterator[None]:
    """Cut a connection after some seconds, whatever is sent: the timeout of a socket starts anew with each byte."""

    def cut() -> None:
        with suppress(OSError, AttributeError):  # closed already
            connection.sock.shutdown(socket.SHUT_RDWR)

    limit = threading.Timer(seconds, cut)
    limit.daemon = True
    limit.start()
    try:
        yield
    finally:
        limit.cancel()


def _read(content: bytes) -> dict[str, Any]:
    """A JSON object; empty if it is none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _state(content: bytes) -> EdgeState | None:
    """The state from a response; None if it is not from an Envoy with clusters in a file."""
    try:
        rows = {row["name"]: row["value"] for row in _read(content)["stats"] if "name" in row}
    except (KeyError, TypeError):
        return None
    numbers = {name: value for name, value in rows.items() if isinstance(value, int)}
    if _WARMING[0] not in numbers or f"{_STATISTICS[CLUSTERS]}.version_text" not in rows:
        return None
    versions = {file: rows.get(f"{prefix}.version_text") for file, prefix in _STATISTICS.items()}
    return EdgeState(
        versions={file: str(version) for file, version in versions.items() if version is not None},
        refused={
            file: numbers.get(f"{prefix}.update_rejected", 0) + numbers.get(f"{prefix}.update_failure", 0)
            for file, prefix in _STATISTICS.items()
        },
        warming=sum(numbers.get(name, 0) for name in _WARMING),
    )
