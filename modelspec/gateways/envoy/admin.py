"""What Envoy tells at its admin port: which version of each file it uses."""

import json
import re
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Self
from urllib.parse import quote as escaped
from urllib.parse import urlsplit

from modelspec.diagnose.refusal import Refusal
from modelspec.text.quote import quote

_SECONDS = 5.0
_LARGEST = 1024 * 1024
_PREFIX = {
    "clusters.json": "cluster_manager.cds",
    "routes.json": "http.edge.rds.models",
    "listener.json": "listener_manager.lds",
}
_WARMING = ("cluster_manager.warming_clusters", "listener_manager.total_listeners_warming")
_ASKED = f"^({'|'.join(map(re.escape, _PREFIX.values()))})[.](version_text|update_rejected|update_failure)$"
_FILTER = f"{_ASKED}|^({'|'.join(map(re.escape, _WARMING))})$"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeState:
    """What Envoy uses: the version of each file, how often it refused one, and what it still waits for."""

    versions: dict[str, str]
    refused: dict[str, int]
    warming: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """The admin interface of one Envoy. Nobody else is asked: no proxy, no redirect is followed."""

    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self | Refusal:
        """The interface at a URL such as http://127.0.0.1:9901."""
        wrong = Refusal(
            message=f"--admin {quote(url)} is not the URL of an admin interface",
            help="write http://HOST:PORT, such as http://127.0.0.1:9901",
        )
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return wrong
        plain = not any((parts.username, parts.password, parts.query, parts.fragment, parts.path.strip("/")))
        if parts.scheme != "http" or not parts.hostname or port is None or not plain or not url.isprintable():
            return wrong
        return cls(host=parts.hostname, port=port)

    def state(self) -> EdgeState | Refusal:
        """Ask once."""
        connection = HTTPConnection(self.host, self.port, timeout=_SECONDS)
        try:
            connection.request("GET", f"/stats?format=json&filter={escaped(_FILTER, safe='')}")
            response = connection.getresponse()
            content = response.read(_LARGEST)
        except (OSError, HTTPException, ValueError):
            return Refusal(
                message=f"no Envoy answers at the admin interface {quote(self._name)}",
                help="start Envoy, or correct --admin; `admin_port` of target_options.envoy is its port",
            )
        finally:
            connection.close()
        return _state(content) or Refusal(
            message=f"what answers at {quote(self._name)} is not the admin interface of an Envoy that runs an edge",
            help="name the admin port of the Envoy that reads this folder",
        )

    @property
    def _name(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def _state(content: bytes) -> EdgeState | None:
    """The state in an answer; None where it is not that of an Envoy with clusters in a file."""
    try:
        rows = {row["name"]: row["value"] for row in json.loads(content)["stats"] if "name" in row}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    numbers = {name: value for name, value in rows.items() if isinstance(value, int)}
    if _WARMING[0] not in numbers or f"{_PREFIX['clusters.json']}.version_text" not in rows:
        return None
    return EdgeState(
        versions={file: str(rows.get(f"{prefix}.version_text", "")) for file, prefix in _PREFIX.items()},
        refused={
            file: numbers.get(f"{prefix}.update_rejected", 0) + numbers.get(f"{prefix}.update_failure", 0)
            for file, prefix in _PREFIX.items()
        },
        warming=sum(numbers.get(name, 0) for name in _WARMING),
    )
