"""The files of one edge in a build, believed only as far as the manifest vouches for them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modelspec.nearest import nearest
from modelspec.publish.refusal import Refusal, shown, unusable
from modelspec.quote import quote

FOLDER = "gateways/envoy/"
WATCHED = ("clusters.json", "routes.json", "listener.json")
"""What a running Envoy reads again, in the order in which it may be given to it."""
BOOTSTRAP = "bootstrap.json"
STATIC = "static.json"
_NAMES = (*WATCHED, BOOTSTRAP, STATIC)
_BUILD = "build anew: modelspec build --target envoy"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeFiles:
    """The content of the five files, by name."""

    edge_id: str
    content: Mapping[str, bytes]


def edges_of(build: Path) -> Mapping[str, Mapping[str, str]] | Refusal:
    """The edges of a build: by id, and by the name of a file, the digests that the manifest tells."""
    path = build / "manifest.json"
    try:
        manifest = json.loads(path.read_bytes())
    except OSError as error:
        return unusable("read", path, error, "name the folder of a build with --from")
    except (ValueError, RecursionError):
        return Refusal(message=f"{shown(path)} is not JSON", help=_BUILD)
    files = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(files, dict) or manifest.get("generator") != "modelspec":
        return Refusal(message=f"{shown(path)} is no manifest of modelspec", help=_BUILD)
    edges: dict[str, dict[str, str]] = {}
    for name, digest in files.items():
        edge_id, _, file = name.removeprefix(FOLDER).partition("/")
        if name.startswith(FOLDER) and file in _NAMES and isinstance(digest, str):
            edges.setdefault(edge_id, {})[file] = digest
    return edges or Refusal(message=f"{shown(build)} holds no gateways/envoy", help=_BUILD)


def edge_files(
    build: Path, edges: Mapping[str, Mapping[str, str]], edge_id: str | None
) -> EdgeFiles | Refusal:
    """Read one edge, the only one where none is named; every file is what the manifest says it is."""
    known = ", ".join(sorted(edges))
    if edge_id is None and len(edges) > 1:
        return Refusal(message="the build holds several edges", help=f"name one with --edge: {known}")
    edge_id = edge_id or next(iter(edges))
    if edge_id not in edges:
        near = nearest(edge_id, edges)
        hint = f"did you mean {quote(near)}?" if near else f"the edges are {known}"
        return Refusal(message=f"the build holds no edge {quote(edge_id)}", help=hint)
    content: dict[str, bytes] = {}
    for name in _NAMES:
        path = build / FOLDER / edge_id / name
        try:
            content[name] = path.read_bytes()
        except OSError as error:
            return unusable("read", path, error, _BUILD)
        if hashlib.sha256(content[name]).hexdigest() != edges[edge_id].get(name):
            return Refusal(
                message=f"{shown(path)} is not what its build wrote: the digest differs", help=_BUILD
            )
    return EdgeFiles(edge_id=edge_id, content=content)
