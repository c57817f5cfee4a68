"""Whether Envoy would accept an edge: Envoy validates `static.json`, which is compared with the other files.

`envoy --mode validate` does not open the files that it would watch, so it gets the same resources in one file.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from shutil import which
from typing import Any

from modelspec.diagnose.refusal import Refusal, shown, unusable
from modelspec.gateways.envoy.api import FILE_LOG, Options, typed, watched
from modelspec.gateways.envoy.authentication import injector
from modelspec.gateways.envoy.emit import discovery, dynamic_resources, plain
from modelspec.gateways.envoy.files import (
    BOOTSTRAP,
    CLUSTERS,
    FOLDER,
    LISTENER,
    NAMES,
    OPTIONAL,
    ROUTES,
    STATIC,
    WATCHED,
    EdgeFiles,
)
from modelspec.text.names import nearest
from modelspec.text.portable import portable, unescaped
from modelspec.text.quote import quote, visible
from modelspec.text.source import stored

_BUILD = "build again: modelspec build --target envoy"


def edges_of(build: Path) -> Mapping[str, Mapping[str, str]] | Refusal:
    """The edges of a build: by id and file name, the digests from the manifest."""
    path = build / "manifest.json"
    try:
        manifest = json.loads(path.read_bytes())
    except OSError as error:
        return unusable("read", path, error, "name the folder of a build with --from")
    except (ValueError, RecursionError):
        return Refusal(message=f"{shown(path)} is not JSON", help=_BUILD)
    files = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(files, dict) or manifest.get("generator") != "modelspec":
        return Refusal(message=f"{shown(path)} is not a manifest of modelspec", help=_BUILD)
    edges: dict[str, dict[str, str]] = {}
    for name, digest in files.items():
        folder, _, file = name.removeprefix(FOLDER).partition("/")
        if name.startswith(FOLDER) and file in NAMES and isinstance(digest, str):
            edges.setdefault(unescaped(folder), {})[file] = digest
    return edges or Refusal(message=f"{shown(build)} does not contain gateways/envoy", help=_BUILD)


def edge_files(
    build: Path, edges: Mapping[str, Mapping[str, str]], edge_id: str | None
) -> EdgeFiles | Refusal:
    """Read one edge, or the only one if none is named, and compare the files with the manifest."""
    known = ", ".join(sorted(edges))
    if edge_id is None and len(edges) > 1:
        return Refusal(message="the build has several edges", help=f"name one with --edge: {known}")
    edge_id = edge_id or next(iter(edges))
    if edge_id not in edges:
        near = nearest(edge_id, edges)
        hint = f"did you mean {quote(near)}?" if near else f"the edges are {known}"
        return Refusal(message=f"the build has no edge {quote(edge_id)}", help=hint)
    content: dict[str, bytes] = {}
    for name in NAMES:
        if name in OPTIONAL and name not in edges[edge_id]:
            continue
        path = build / FOLDER / portable(edge_id) / name
        try:
            content[name] = stored(path.read_bytes())
        except OSError as error:
            return unusable("read", path, error, _BUILD)
        if hashlib.sha256(content[name]).hexdigest() != edges[edge_id].get(name):
            return Refusal(
                message=f"{shown(path)} was changed after the build: its digest differs", help=_BUILD
            )
    return EdgeFiles(edge_id=edge_id, content=content)


_SECONDS = 300.0
_SHOWN = 1000


def find_envoy() -> str | None:
    """The Envoy of this Python environment, or from PATH."""
    own = Path(sys.executable).with_name("envoy")
    return str(own) if os.access(own, os.X_OK) else which("envoy")


_OTHER_FORM = (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError)
_NOT_OURS = "one of its files does not have the form that modelspec writes"


def check(files: EdgeFiles, envoy: str | None) -> Refusal | None:
    """What is wrong with an edge; without Envoy, only whether its files are consistent."""
    with ThreadPoolExecutor(1) as beside:  # Envoy is a process of its own
        judged = None if envoy is None else beside.submit(_validate, files, envoy)
        try:
            read = {name: json.loads(content) for name, content in files.content.items()}
            found = next(_differences(read), None)
        except _OTHER_FORM:
            found = _NOT_OURS
    if found is not None:
        return Refusal(message=f"edge {files.edge_id}: {found}", help=_BUILD)
    return None if judged is None else judged.result()


def _differences(read: dict[str, Any]) -> Iterator[str]:
    """Where `static.json` and the files that Envoy watches differ."""
    static, bootstrap = read[STATIC], read[BOOTSTRAP]
    resources = static["static_resources"]
    source = bootstrap["dynamic_resources"]["cds_config"]["path_config_source"]["path"]
    options = Options.of({"config_dir": str(PurePosixPath(source).parent)})
    process = {name: value for name, value in static.items() if name != "static_resources"}
    own = bootstrap.pop("static_resources", {"listeners": [], "clusters": []})
    if bootstrap != {**process, "dynamic_resources": dynamic_resources(options)}:
        yield f"{BOOTSTRAP} differs from {STATIC}"
    for name in filter(read.__contains__, WATCHED):
        if read[name] != discovery(read[name]["resources"]):
            yield f"{name} has the wrong version"
    if [*map(plain, read[CLUSTERS]["resources"]), *own["clusters"]] != resources["clusters"]:
        yield f"{CLUSTERS} differs from the clusters of {STATIC}"
    (listener,) = read[LISTENER]["resources"]
    twin, *others = resources["listeners"]
    if others != own["listeners"]:
        yield f"{BOOTSTRAP} differs from {STATIC}"
    manager, full = _manager(listener), _manager(twin)
    routes = full.pop("route_config")
    sources = manager.pop("rds")
    for chain, name in ((manager, "http_filters"), *((one, "filters") for one in manager["upgrade_configs"])):
        chain[name] = [_inlined(each, read, options) for each in chain[name]]
    if plain(listener) != twin or sources["config_source"] != watched(ROUTES, options):
        yield f"{LISTENER} differs from the listener of {STATIC}"
    (table,) = read[ROUTES]["resources"]
    if plain(table) != routes or sources["route_config_name"] != table["name"]:
        yield f"{ROUTES} differs from the routes of {STATIC}"


def _inlined(filter_: dict[str, Any], read: dict[str, Any], options: Options) -> dict[str, Any]:
    """An HTTP filter as it is in `static.json`: with its configuration instead of the file that has it."""
    if filter_ == injector(watched("head_key.json", options)):
        return injector(None)
    if "config_discovery" not in filter_:
        return filter_
    source = filter_["config_discovery"]["config_source"]
    name = PurePosixPath(source["path_config_source"]["path"]).name
    (resource,) = read[name]["resources"]
    if source != watched(name, options) or resource["name"] != filter_["name"]:
        return filter_
    return {"name": filter_["name"], "typed_config": resource["typed_config"]}


def _manager(listener: dict[str, Any]) -> dict[str, Any]:
    manager: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return manager


def _elsewhere(files: EdgeFiles, folder: Path) -> bytes:
    """The content of `static.json` for a machine that is not the edge.

    What it watches is taken from `folder`, its log is written nowhere, and a missing file of authorities is replaced.
    """
    static = json.loads(files.content[STATIC])
    resources = static["static_resources"]
    for message in _messages([resources["listeners"], resources["clusters"]]):
        if message.get("@type") == typed(FILE_LOG)["@type"]:
            message["path"] = os.devnull
        authorities, source = message.get("trusted_ca"), message.get("path_config_source")
        if authorities is not None and not Path(authorities["filename"]).exists():
            message["trusted_ca"] = {"inline_string": _AUTHORITY}
        if source is not None:
            path = folder / PurePosixPath(source["path"]).name
            path.write_bytes(files.content[path.name])
            message["path_config_source"] = {"path": str(path), "watched_directory": {"path": str(folder)}}
    return json.dumps(static).encode()


_LARGE = {"route_config", "load_assignment"}
"""Fields without paths."""
_AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBQjCB6aADAgECAgEBMAoGCCqGSM49BAMCMB8xHTAbBgNVBAMMFG1vZGVsc3Bl
YyB2YWxpZGF0aW9uMB4XDTIwMDEwMTAwMDAwMFoXDTIwMDEwMjAwMDAwMFowHzEd
MBsGA1UEAwwUbW9kZWxzcGVjIHZhbGlkYXRpb24wWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATwQC+1AyE1HeSe6q0gUKMtuI1QMUl7neBo+77BmC6Da+ZfldNe7xhI
6SmXp2gEy9bhLMHRafOf45A8/TJrkmoAoxYwFDASBgNVHRMBAf8ECDAGAQH/AgEA
MAoGCCqGSM49BAMCA0gAMEUCIQDAXgiUF2fTbRYdVtZF/LgKEp+H39SWyQGSbmg/
CrGOpAIgMpxvHjYPdAoBxR4ltJE9bQYM4VTyCQtlIr9MIq9pFM8=
-----END CERTIFICATE-----
"""
"""Any certificate will do: it verifies nobody."""


def _messages(within: object) -> Iterator[dict[str, Any]]:
    """Every message in a value, except in large fields."""
    if isinstance(within, dict):
        yield within
        within = [value for name, value in within.items() if name not in _LARGE]
    if isinstance(within, list):
        for value in within:
            yield from _messages(value)


def _validate(files: EdgeFiles, envoy: str) -> Refusal | None:
    try:
        with tempfile.TemporaryDirectory(prefix="modelspec-") as folder:
            path = Path(folder, STATIC)
            path.write_bytes(_elsewhere(files, Path(folder)))
            return _judged(files.edge_id, path, envoy)
    except _OTHER_FORM:
        return Refusal(message=f"edge {files.edge_id}: {_NOT_OURS}", help=_BUILD)
    except OSError as error:
        place = os.environ.get("TMPDIR", "/tmp")  # noqa: S108 - a name in a message
        return unusable("write", place, error, "free space there, or name another folder in TMPDIR")


def _judged(edge_id: str, path: Path, envoy: str) -> Refusal | None:
    """What Envoy finds wrong with a static configuration."""
    command = [envoy, "--mode", "validate", "--log-level", "error", "--config-path", str(path)]
    try:
        done = subprocess.run(  # noqa: S603 - a program from the caller, and a path created here
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = "it did not finish" if isinstance(error, subprocess.TimeoutExpired) else "it cannot be run"
        return Refusal(
            message=f"cannot validate with '{visible(envoy)}': {reason}",
            help="name an Envoy with --envoy",
        )
    if done.returncode == 0:
        return None
    output = (done.stderr or done.stdout).decode(errors="replace").strip().replace(str(path), STATIC)
    return Refusal(
        message=f"edge {edge_id}: Envoy rejects {STATIC}: {visible(output, _SHOWN)}",
        help="unless a file is missing on this machine, this is a bug in modelspec: please report it",
    )
