"""The admin interface of a running Envoy: which version of each file it uses."""

import json
import re
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Self
from urllib.parse import quote as escaped

from modelspec.diagnose.refusal import Refusal
from modelspec.gateways.envoy.files import CLUSTERS, WATCHED_FILES
from modelspec.text.quote import quote
from modelspec.url import parts

_SECONDS = 5.0
_LARGEST_STATE = 1024 * 1024
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
        connection = HTTPConnection(self.host, self.port, timeout=_SECONDS)
        try:
            connection.request("GET", f"/stats?format=json&filter={escaped(_FILTER, safe='')}")
            response = connection.getresponse()
            content = response.read(_LARGEST_STATE)
        except (OSError, HTTPException, ValueError):
            return Refusal(
                message=f"no Envoy answers at the admin interface {quote(self._name)}",
                help="start Envoy, or correct --admin; the port is `admin_port` in target_options.envoy",
            )
        finally:
            connection.close()
        return _state(content) or Refusal(
            message=f"{quote(self._name)} is not the admin interface of an Envoy that runs an edge",
            help="use the admin port of the Envoy that reads this folder",
        )

    @property
    def _name(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def _state(content: bytes) -> EdgeState | None:
    """The state from a response; None if it is not from an Envoy with clusters in a file."""
    try:
        rows = {row["name"]: row["value"] for row in json.loads(content)["stats"] if "name" in row}
    except (ValueError, KeyError, TypeError, RecursionError):
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
