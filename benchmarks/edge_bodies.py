"""Measures what large bodies cost a real Envoy edge: its memory and processor time, by what the body holds.

Each body has the largest size that the edge takes, `max_body_bytes`, and a fresh Envoy reads it and passes it on to a
head on loopback. Memory is the peak over what the Envoy held before, processor time that of all its threads.
"""

import argparse
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from edge import free_port
from gateways import ready, routing_of
from table import aligned, markdown

from modelspec.gateways import GatewayOptions
from modelspec.gateways.envoy.check import find_envoy
from modelspec.gateways.envoy.emit import emit

MIB = 1024 * 1024
SHAPES = {
    "numbers": b"1,",
    "objects": b'{"a":1},',
    "empty texts": b'"",',
    "backslashes": b'"' + b"\\\\" * 500 + b'",',
    "one text": b"",
    "a form with one file": b"",
}
"""What the body repeats; one text is a single value."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument(
        "--mib", type=int, default=16, metavar="N", help="the largest body in MiB; default: 16"
    )
    parser.add_argument("--markdown", action="store_true", help="print a table for a page")
    options = parser.parse_args()
    envoy = find_envoy()
    if envoy is None:
        sys.exit("no envoy: make .venv/gateways")
    scratch = Path(tempfile.mkdtemp(prefix="modelspec-bodies-"))
    try:
        rows: list[Sequence[str]] = [
            ("body", "MiB", "status", "Envoy before, MiB", "peak over it, MiB", "x body", "processor, s")
        ]
        with _head() as where:
            rows += [_measured(envoy, scratch / name, where, name, options.mib * MIB) for name in SHAPES]
        print((markdown if options.markdown else aligned)(rows))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer a health check."""
        self._answer()

    def do_POST(self) -> None:
        """Read a body."""
        left = int(self.headers["content-length"])
        while left > 0:
            left -= len(self.rfile.read(min(left, MIB)))
        self._answer()

    def _answer(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()


@contextmanager
def _head() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _measured(envoy: str, folder: Path, head: int, name: str, size: int) -> Sequence[str]:
    folder.mkdir()
    ports = {"port": free_port(), "admin_port": free_port()}
    options = {
        "address": "127.0.0.1",
        "config_dir": str(folder),
        "max_body_bytes": size,
        "access_log": {"path": "off"},
        **ports,
    }
    routing = routing_of(1)
    heads = tuple(replace(one, url=f"http://127.0.0.1:{head}") for one in routing.heads)
    gateway = GatewayOptions(options=options, edges={})
    for artifact in emit(replace(routing, heads=heads), gateway):
        (folder / artifact.path.rpartition("/")[2]).write_bytes(artifact.content)
    kind, path, body = _body(name, size)
    with ready(envoy, folder) as (process, _):
        base, spent = _memory(process, "VmRSS"), _processor(process)
        connection = HTTPConnection("127.0.0.1", ports["port"], timeout=120)
        connection.request("POST", path, body, {"content-type": kind})
        status = connection.getresponse().status
        connection.close()
        peak, spent = _memory(process, "VmHWM") - base, _processor(process) - spent
    return (
        name,
        f"{len(body) / MIB:.1f}",
        str(status),
        f"{base / MIB:.0f}",
        f"{peak / MIB:.0f}",
        f"{peak / len(body):.1f}",
        f"{spent:.2f}",
    )


def _body(name: str, size: int) -> tuple[str, str, bytes]:
    """The content type, the path and a body that names the only model at its end."""
    model = "acme/model-000000-instruct"
    room = size - 400
    if name == "a form with one file":
        part = "--b\r\ncontent-disposition: form-data; name="
        start = f'{part}"file"; filename="a"\r\n\r\n'.encode()
        rest = f'\r\n{part}"model"\r\n\r\n{model}\r\n--b--\r\n'.encode()
        return "multipart/form-data; boundary=b", "/v1/audio/transcriptions", start + b"x" * room + rest
    piece = SHAPES[name]
    inner = piece * (room // len(piece)) + b"1" if piece else b'"' + b"x" * room + b'"'
    return "application/json", "/v1/embeddings", b'{"input":[' + inner + f'],"model":"{model}"}}'.encode()


def _memory(process: int, field: str) -> int:
    """Bytes."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith(field))) * 1024


def _processor(process: int) -> float:
    """Seconds."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
