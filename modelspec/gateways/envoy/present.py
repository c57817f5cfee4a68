"""What is at an edge before something is done to it: the files in its folder, and the Envoy that runs."""

import json
from dataclasses import dataclass
from typing import Any

from modelspec.diagnose.refusal import Refusal, shown
from modelspec.gateways.envoy.admin import Admin
from modelspec.gateways.envoy.files import BOOTSTRAP, OPTIONAL, ROUTES, WATCHED, EdgeFiles
from modelspec.gateways.envoy.folder import WatchedFolder
from modelspec.gateways.envoy.identity import BuiltFrom, Started
from modelspec.gateways.envoy.kept import resources
from modelspec.text.quote import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentEdge:
    """An edge: its id, the bootstrap in its folder if there is one, and what was started if Envoy is running."""

    edge_id: str
    folder: WatchedFolder
    admin: Admin
    bootstrap: bytes | None
    started: Started | None


def present_edge(wanted: str | None, folder: WatchedFolder, admin: Admin) -> PresentEdge | Refusal:
    """The edge of a folder. It must be the wanted one, and so must be the one that runs."""
    bootstrap = folder.read(BOOTSTRAP)
    if isinstance(bootstrap, Refusal):
        return bootstrap
    node = None if bootstrap is None else started_by(bootstrap)
    if bootstrap is not None and node is None:
        return Refusal(
            message=f"{shown(folder.path / BOOTSTRAP)} is not a file that modelspec wrote",
            help="restore the file, or remove it if no Envoy runs from this folder",
        )
    started = _started(bootstrap, admin)
    routes = folder.read(ROUTES)
    built = built_from(routes) if isinstance(routes, bytes) else None
    places = [
        (shown(folder.path), node and node.edge_id),
        (shown(folder.path / ROUTES), built and built.edge_id),
        (f"the Envoy at {quote(admin.url)}", started.edge_id if isinstance(started, Started) else None),
    ]
    known = [(place, found) for place, found in places if found]
    wanted = wanted or next((found for _, found in known), None)
    for place, found in known:
        if wanted and found != wanted:
            return other_edge(place, found, wanted)
    if isinstance(started, Refusal):
        return started
    if wanted is None:
        return Refusal(message=f"no edge is in {shown(folder.path)}", help="name the `config_dir` of an edge")
    return PresentEdge(edge_id=wanted, folder=folder, admin=admin, bootstrap=bootstrap, started=started)


def _started(bootstrap: bytes | None, admin: Admin) -> Started | Refusal | None:
    """What runs; None if it is certain that nothing does: an Envoy that is only silent would still read the files."""
    started = admin.started()
    if not isinstance(started, Refusal) or not admin.is_closed():
        return started
    if bootstrap is None:
        return None
    try:
        address = _object(bootstrap)["admin"]["address"]["socket_address"]
        is_there = admin.is_of(address["address"], address["port_value"])
    except (KeyError, TypeError):
        is_there = False
    return None if is_there else started


def other_edge(place: str, found: str, wanted: str) -> Refusal:
    """The refusal of a place that belongs to another edge."""
    return Refusal(
        message=f"{place} is of edge {quote(found)}, not {quote(wanted)}: nothing was written",
        help="name the edge with --edge, or the folder and the --admin of its machine; "
        "for a machine to become another edge, stop its Envoy and empty the folder",
    )


def built_from(routes: bytes) -> BuiltFrom | None:
    """What a file of routes was built from."""
    read = resources(routes)
    return BuiltFrom.in_metadata(read["resources"][0]) if read and read["resources"] else None


def started_by(bootstrap: bytes) -> Started | None:
    """The edge that a bootstrap starts; None if modelspec did not write it."""
    return Started.of_node(_object(bootstrap).get("node"))


def files_in(edge: PresentEdge) -> EdgeFiles | Refusal | None:
    """All files of an edge that are in its folder, as they are; None if one is missing or not text."""
    found: dict[str, bytes] = {}
    for name in (BOOTSTRAP, *WATCHED):
        content = edge.folder.read(name)
        if isinstance(content, Refusal):
            return content
        if content is not None and _is_text(content):
            found[name] = content
        elif content is not None or name not in OPTIONAL:
            return None
    return EdgeFiles(edge_id=edge.edge_id, content=found)


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _object(content: bytes) -> dict[str, Any]:
    try:
        read = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}
