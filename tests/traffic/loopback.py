"""Servers on loopback that answer as they are told, and fleets that name them."""

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from modelspec_command import write_fleet

from modelspec.fleet.settings import Probing
from modelspec.incremental import compile_fleet
from modelspec.routing.decide import Index
from modelspec.traffic.status import ProbedFleet

PROBING = Probing(timeout_seconds=5, concurrency=16, change_after=2, of_last=3)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
REGIONS = "regions:\n  - {code: us, name: United States}\n  - {code: eu, name: Europe}\n"


def http(code: int, *headers: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {code} Told", *headers, "content-length: 0", "", "")).encode()


Answer = bytes | None | Callable[[bytes], bytes]
"""What is sent for the head of a request; None says nothing and keeps the connection."""


@dataclass
class Loopback:
    """A listening server; `asked` are the heads of the requests, `certified` whether each client had a certificate.

    Where `is_torn`, it answers in plain text after the TLS handshake.
    """

    answer: Answer
    port: int = 0
    is_torn: bool = False
    asked: list[bytes] = field(default_factory=list)
    certified: list[bool] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(answer: Answer = OK, tls: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    server = Loopback(answer)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server.port = listening.getsockname()[1]
        thread = threading.Thread(target=_serve, args=(server, listening, tls, ended))
        thread.start()
        try:
            yield server
        finally:
            ended.set()
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", server.port)).close()
            thread.join()


def _serve(
    server: Loopback, listening: socket.socket, tls: ssl.SSLContext | None, ended: threading.Event
) -> None:
    kept = []
    while True:
        plain, _ = listening.accept()
        if ended.is_set():
            plain.close()
            break
        plain.settimeout(10)
        with suppress(OSError):
            connection = tls.wrap_socket(plain, server_side=True) if tls else plain
            head = b""
            while (
                not head.startswith(b"\x16") and b"\r\n\r\n" not in head and (more := connection.recv(65536))
            ):
                head += more
            server.asked.append(head)
            server.certified.append(isinstance(connection, ssl.SSLSocket) and bool(connection.getpeercert()))
            if server.answer is None:
                kept.append(connection)
                continue
            answer = server.answer(head) if callable(server.answer) else server.answer
            if server.is_torn:
                os.write(connection.fileno(), answer)
            else:
                connection.sendall(answer)
            connection.close()
        plain.close()
    for connection in kept:
        connection.close()


def closed_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


def repository(root: Path, heads: dict[str, str], upstreams: dict[str, str], settings: str = "") -> Path:
    """A fleet of these heads by id and URL, and of a model for each upstream; the first head is the priority head."""
    lines = (f"  - {{head_id: {name}, region: us, url: '{url}'}}\n" for name, url in heads.items())
    first, *others = heads
    models = {
        f"models.d/{name}.yaml": f"model_id: {name}\nname: {name}\nregion: us\npriority_head: {first}\n"
        f"fallback_heads: [{', '.join(others)}]\nendpoint: {url}\n"
        for name, url in upstreams.items()
    }
    write_fleet(
        root,
        {
            "regions.yaml": REGIONS,
            "heads.yaml": "heads:\n" + "".join(lines),
            "modelspec.yaml": "rules: {MS401: 'off'}\n" + settings,
            **models,
        },
    )
    if "atlas" not in upstreams:
        (root / "models.d/atlas.yaml").unlink()
    return root


def fleet_at(
    root: Path, environment: dict[str, str] | None = None, probing: Probing = PROBING
) -> ProbedFleet:
    compiled = compile_fleet(root, today=date(2026, 6, 1))
    assert compiled.table is not None, [*compiled.diagnostics]
    return ProbedFleet(index=Index(compiled.table), probing=probing, environment=environment or {})
