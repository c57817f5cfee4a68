"""Repositories whose heads are small local servers, built by the installed command for a local edge."""

import json
import shutil
import ssl
import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme
from envoy_edge import SECONDS, Ports
from upstreams import Upstreams, free_port, urls

ROOT = Path(__file__).parents[2]
PROGRAM = str(Path(sysconfig.get_path("scripts")) / "modelspec")
HEADS = ("head-us-1", "head-us-2", "head-eu-1", "head-eu-2")
FILES = ("bootstrap.json", "clusters.json", "listener.json", "routes.json")
_OPTIONAL = ("access.json", "jwt.json", "tls.json", "head_tls.json")

_EXAMPLE = ("regions.yaml", "heads.yaml", "models.d", "metadata.schema.json")
_OTHER_HEALTH_PATH = {"head-service-eu-2": "/health/readiness"}


@dataclass(frozen=True)
class Fleet:
    """A repository, its build, and the folder that Envoy reads."""

    root: Path
    config: Path
    ports: Ports
    ca_file: Path

    @property
    def dist(self) -> Path:
        return self.root / "dist"

    def configure(
        self, edges: Mapping[str, str], *, targets: Sequence[str] = ("envoy",), **options: Any
    ) -> None:
        """Write modelspec.yaml, with short times and a listener on loopback."""
        settings = {
            "targets": list(targets),
            "edges": [{"edge_id": edge_id, "region": region} for edge_id, region in edges.items()],
            # The heads of a test are on this machine, and two in the fleet are unreachable.
            "rules": {"MS510": "off", "MS601": "off", "MS404": "off"},
            "target_options": {
                "envoy": {
                    "address": "127.0.0.1",
                    "port": self.ports[0],
                    "admin_port": self.ports[1],
                    "config_dir": str(self.config),
                    "ca_file": str(self.ca_file),
                    "health_check_interval_ms": 100,
                    **options,
                }
            },
        }
        (self.root / "modelspec.yaml").write_text(json.dumps(settings), encoding="utf-8")

    def build(self) -> None:
        done = modelspec("build", "--root", self.root)
        assert done.returncode == 0, done.stdout + done.stderr

    def install(self, edge_id: str) -> Path:
        """Copy the files of an edge to the folder that Envoy reads; return the bootstrap."""
        self.config.mkdir(exist_ok=True)
        for name in (*FILES, *_OPTIONAL):
            if name in _OPTIONAL and not (self.dist / "gateways" / "envoy" / edge_id / name).exists():
                continue
            shutil.copy(self.dist / "gateways" / "envoy" / edge_id / name, self.config / name)
        return self.config / "bootstrap.json"


def modelspec(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the installed command."""
    return subprocess.run(
        [PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS * 3, check=False
    )


def certified(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """The certificate of a head named localhost, and the file of its authority."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    return context, ca_file


def example_fleet(folder: Path, upstreams: Upstreams, tls_head: str) -> Fleet:
    """A copy of the example fleet; `tls_head` uses TLS."""
    root = folder / "fleet"
    root.mkdir(parents=True)
    for name in _EXAMPLE:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, root / name)
    context, ca_file = certified(folder)
    text = (root / "heads.yaml").read_text(encoding="utf-8")
    heads = [line.split()[2] for line in text.splitlines() if line.lstrip().startswith("- head_id:")]
    for head_id in heads:
        upstreams.add(
            head_id,
            health_path=_OTHER_HEALTH_PATH.get(head_id, "/health"),
            tls=context if head_id == tls_head else None,
        )
    (root / "heads.yaml").write_text(_moved(text, urls(upstreams, heads)), encoding="utf-8")
    return Fleet(root, folder / "envoy", (free_port(), free_port()), ca_file)


def small_fleet(folder: Path, upstreams: Upstreams, models: Mapping[str, str]) -> Fleet:
    """Four heads in two regions; `models` maps ids to further lines of their files."""
    for head_id in HEADS:
        if head_id not in upstreams.heads:
            upstreams.add(head_id)
    return fleet_of(folder, urls(upstreams, HEADS), models)


def fleet_of(folder: Path, places: Mapping[str, str], models: Mapping[str, str]) -> Fleet:
    """Heads at these URLs in the regions of their names; `models` maps ids to further lines of their files."""
    root = folder / "fleet"
    (root / "models.d").mkdir(parents=True)
    regions = [{"code": "us", "name": "United States"}, {"code": "eu", "name": "Europe"}]
    rows = [{"head_id": head_id, "region": head_id[5:7], "url": url} for head_id, url in places.items()]
    (root / "regions.yaml").write_text(json.dumps({"regions": regions}), encoding="utf-8")
    (root / "heads.yaml").write_text(json.dumps({"heads": rows}), encoding="utf-8")
    fleet = Fleet(root, folder / "envoy", (free_port(), free_port()), folder / "ca.pem")
    for model_id, more in models.items():
        write_model(fleet, model_id, more)
    return fleet


def write_model(fleet: Fleet, model_id: str, more: str = "") -> None:
    """A model at head-us-1 that falls back to head-eu-1, unless `more` overrides it."""
    lines = [
        f"model_id: {model_id}",
        "name: A model",
        "region: us",
        "endpoint: https://models.example.com/v1",
    ]
    if "priority_head" not in more:
        lines += ["priority_head: head-us-1", "fallback_heads: [head-eu-1]"]
    path = fleet.root / "models.d" / f"{model_id.replace('/', '_').replace('*', 'any')}.yaml"
    path.write_text("\n".join([*lines, more, ""]), encoding="utf-8")


def _moved(text: str, places: Mapping[str, str]) -> str:
    """heads.yaml with only the urls changed."""
    lines, head_id = [], ""
    for line in text.splitlines():
        words = line.split()
        if words[:2] == ["-", "head_id:"]:
            head_id = words[2]
        lines.append(f"    url: {places[head_id]}" if words[:1] == ["url:"] else line)
    return "\n".join([*lines, ""])
