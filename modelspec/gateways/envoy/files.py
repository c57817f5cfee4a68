"""The files of an edge: what each is called, and where Envoy reports which version of it runs.

This is the one list of them: emitting, checking and publishing follow it. A new file that Envoy watches is one line in
`WATCHED_FILES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from modelspec.gateways.envoy.tls import SECRETS

FOLDER = "gateways/envoy/"
BOOTSTRAP = "bootstrap.json"
"""Read when Envoy starts, and never again."""
STATIC = "static.json"
"""Everything in one file, for validation; it is not published."""
CLUSTERS = "clusters.json"
ROUTES = "routes.json"
LISTENER = "listener.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedFile:
    """A file that a running Envoy reloads.

    `statistics` is the prefix of the statistics of its subscription at Envoy's admin interface: `version_text`,
    `update_rejected` and `update_failure`. That of an HTTP filter in a file of its own is
    `extension_config_discovery.http_filter.NAME`. Envoy reads a file that is not `always` there only while the
    listener names it.
    """

    name: str
    statistics: str
    always: bool = True


WATCHED_FILES = (
    *(WatchedFile(name=file, statistics=f"sds.{name}", always=False) for name, file in SECRETS.items()),
    WatchedFile(name=CLUSTERS, statistics="cluster_manager.cds"),
    WatchedFile(name=ROUTES, statistics="http.edge.rds.models"),
    WatchedFile(name="head_key.json", statistics="sds.head_key", always=False),
    WatchedFile(
        name="jwt.json",
        statistics="extension_config_discovery.http_filter.modelspec.jwt",
        always=False,
    ),
    WatchedFile(
        name="access.json",
        statistics="extension_config_discovery.http_filter.modelspec.access",
        always=False,
    ),
    WatchedFile(name=LISTENER, statistics="listener_manager.lds"),
)
"""In the order in which they are replaced: what is referred to comes before what refers to it."""

WATCHED = tuple(file.name for file in WATCHED_FILES)
OPTIONAL = tuple(file.name for file in WATCHED_FILES if not file.always)
"""Files that only some edges have."""
NAMES = (*WATCHED, BOOTSTRAP, STATIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeFiles:
    """The content of the files of one edge by name."""

    edge_id: str
    content: Mapping[str, bytes]

    @property
    def watched(self) -> tuple[str, ...]:
        """The names of those that a running Envoy reloads, in the order in which they are replaced."""
        return tuple(name for name in WATCHED if name in self.content)
