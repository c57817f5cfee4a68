"""Whether Envoy would accept an edge: the real program reads the static twin, and the twin is compared with the rest.

`envoy --mode validate` never opens the files that it would watch, so it is shown the same resources in one file.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from shutil import which
from typing import Any

from modelspec.diagnose.refusal import Refusal, shown, unusable
from modelspec.gateways.envoy.api import Options
from modelspec.gateways.envoy.emit import discovery, led_to, plain, watched
from modelspec.text.names import nearest
from modelspec.text.quote import quote, visible

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


_SECONDS = 300.0
_SHOWN = 1000
_CLUSTERS, _ROUTES, _LISTENER = WATCHED


def find_envoy() -> str | None:
    """The program of this environment, or of the system."""
    own = Path(sys.executable).with_name("envoy")
    return str(own) if os.access(own, os.X_OK) else which("envoy")


def check(files: EdgeFiles, envoy: str | None) -> Refusal | None:
    """What is wrong with an edge; without the program, only whether its files agree."""
    try:
        read = {name: json.loads(content) for name, content in files.content.items()}
        found = next(_differences(read), None)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        found = "a file of it is not of the form that modelspec writes"
    if found is not None:
        return Refusal(message=f"edge {files.edge_id}: {found}", help=_BUILD)
    return None if envoy is None else _validate(files, envoy)


def _differences(read: dict[str, Any]) -> Iterator[str]:
    """Where the twin and the files that Envoy is to watch do not say the same."""
    static, bootstrap = read[STATIC], read[BOOTSTRAP]
    resources = static["static_resources"]
    source = bootstrap["dynamic_resources"]["cds_config"]["path_config_source"]["path"]
    options = Options.of({"config_dir": str(PurePosixPath(source).parent)})
    process = {name: value for name, value in static.items() if name != "static_resources"}
    if bootstrap != {**process, "dynamic_resources": led_to(options)}:
        yield f"{BOOTSTRAP} is not that of {STATIC}"
    for name in WATCHED:
        if read[name] != discovery(read[name]["resources"]):
            yield f"{name} has a version that is not its own"
    if [plain(one) for one in read[_CLUSTERS]["resources"]] != resources["clusters"]:
        yield f"{_CLUSTERS} does not hold the clusters of {STATIC}"
    (listener,) = read[_LISTENER]["resources"]
    (twin,) = resources["listeners"]
    manager, full = _manager(listener), _manager(twin)
    routes = full.pop("route_config")
    sources = manager.pop("rds")
    if plain(listener) != twin or sources["config_source"] != watched(_ROUTES, options):
        yield f"{_LISTENER} does not hold the listener of {STATIC}"
    (table,) = read[_ROUTES]["resources"]
    if plain(table) != routes or sources["route_config_name"] != table["name"]:
        yield f"{_ROUTES} does not hold the routes of {STATIC}"


def _manager(listener: dict[str, Any]) -> dict[str, Any]:
    manager: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return manager


def _validate(files: EdgeFiles, envoy: str) -> Refusal | None:
    with tempfile.TemporaryDirectory(prefix="modelspec-") as folder:
        path = Path(folder, STATIC)
        path.write_bytes(files.content[STATIC])
        command = [envoy, "--mode", "validate", "--log-level", "error", "--config-path", str(path)]
        try:
            done = subprocess.run(  # noqa: S603 - the program that the caller names, and a path made here
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = "it did not end" if isinstance(error, subprocess.TimeoutExpired) else "it does not run"
            return Refusal(
                message=f"cannot validate with '{visible(envoy)}': {reason}",
                help="name an Envoy with --envoy",
            )
    if done.returncode == 0:
        return None
    said = (done.stderr or done.stdout).decode(errors="replace").strip().replace(str(path), STATIC)
    return Refusal(
        message=f"edge {files.edge_id}: Envoy refuses {STATIC}: {visible(said, _SHOWN)}",
        help="this is a bug in modelspec unless a file is missing on this machine; please report it",
    )
