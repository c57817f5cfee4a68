"""What a running edge adds to a request, and how long a change takes to reach it, with the real Envoy on loopback.

Requests go in turns straight to a head and through each edge, one at a time on connections that stay open. A busy
machine slows all of them, so what counts are the ratios within a run.
"""

import asyncio
import json
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, fields
from functools import partial
from hashlib import sha256
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import trustme

from modelspec.fleet.client_keys import ClientKey
from modelspec.gateways import GatewayOptions
from modelspec.gateways.envoy.api import Options
from modelspec.gateways.envoy.emit import emit
from modelspec.routing.table import RoutingTable
from modelspec.secret.client_key import digest, new_key
from modelspec.text.document import Place

SIZES = (20, 5_276)
_REQUESTS = 2_000
_WARM = 100
_ROUNDS = 5
_KEYS = 1_000
_BODY = json.dumps(
    {"model": "acme/model-000007-instruct", "messages": [{"role": "user", "content": "x" * 500}]}
).encode()
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
Started = Callable[[str, Path], Any]
"""A context in which an Envoy runs from a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """An edge with some of the optional parts."""

    name: str
    options: Mapping[str, object]
    has_keys: bool = False
    has_tls: bool = False


def variants(scratch: Path) -> Iterator[Variant]:
    """The parts one after the other, and all together."""
    off, log = {"access_log": {"path": "off"}}, {"access_log": {"path": str(scratch / "access.log")}}
    yield Variant(name="edge, no log, no keys", options=off)
    yield Variant(name="+ log", options=log)
    yield Variant(name=f"+ {_KEYS:,} keys", options=off, has_keys=True)
    if "tls" in {field.name for field in fields(Options)}:
        place = {"certificate": str(scratch / "edge.pem"), "key": str(scratch / "edge.key")}
        yield Variant(name="+ TLS", options={**off, "tls": place}, has_tls=True)
        yield Variant(name="all of them", options={**log, "tls": place}, has_keys=True, has_tls=True)
    else:
        yield Variant(name="both", options=log, has_keys=True)


def latency(
    envoy: str, scratch: Path, routing: Callable[[int, int], RoutingTable], started: Started
) -> Iterator[Sequence[str]]:
    """Rows of what each variant adds; `routing` makes a table of so many models whose heads are at a port."""
    yield ("models", "", "p50, ms", "p99, ms", "x direct, p50", "x direct, p99")
    context = _certified(scratch)
    keys, key = _keys()
    for size in SIZES:
        with ExitStack() as stack:
            port = stack.enter_context(_head())
            ways = {"direct": _Client(port, None, "")}
            for number, variant in enumerate(variants(scratch)):
                folder = scratch / f"edge-{size}-{number}"
                own = {"health_check_interval_ms": 60_000, **variant.options}
                at = write_edge(folder, routing(size, port), own, keys if variant.has_keys else None)
                stack.enter_context(started(envoy, folder))
                tls = context if variant.has_tls else None
                ways[variant.name] = _Client(at, tls, key if variant.has_keys else "")
            times = _measured(ways)
        floor = {name: _percentiles(found) for name, found in times.items()}
        for name, (half, most) in floor.items():
            ratios = (f"{half / floor['direct'][0]:.1f}", f"{most / floor['direct'][1]:.1f}")
            yield (f"{size:,}", name, f"{half:.2f}", f"{most:.2f}", *ratios)


def publishing(
    envoy: str, scratch: Path, routing: Callable[[int, int], RoutingTable], started: Started
) -> Iterator[Sequence[str]]:
    """Rows of how long `publish` takes for one changed model, as a process from its start to its end."""
    yield ("models", "publish of one change, s", "of it: envoy --mode validate, s", "required")
    for size in SIZES:
        with _head() as port, ExitStack() as stack:
            folder = scratch / f"publish-{size}"
            at = {"port": free_port(), "admin_port": free_port(), "address": "127.0.0.1"}
            options = {**at, "config_dir": str(folder), "health_check_interval_ms": 60_000}
            builds = [
                _build(scratch / f"dist-{size}-{turn}", routing, size - turn, port, options)
                for turn in (0, 1)
            ]
            folder.mkdir()
            admin = f"http://127.0.0.1:{at['admin_port']}"
            _publish(builds[0], admin, folder)
            stack.enter_context(started(envoy, folder))
            until(partial(_is_open, int(str(at["port"]))))
            seconds = [_publish(builds[turn % 2], admin, folder) for turn in range(1, 2 * _ROUNDS + 1)]
            static = builds[0] / "gateways/envoy/edge/static.json"
            check = [
                _seconds([envoy, "--mode", "validate", "--log-level", "off", "-c", str(static)])
                for _ in range(3)
            ]
            kept = "≤ 2 s ✓" if median(seconds) <= 2 else "≤ 2 s ✗"  # noqa: PLR2004 - what is required
            yield (f"{size:,}", f"{median(seconds):.2f}", f"{median(check):.2f}", kept)


def write_edge(
    folder: Path, routing: RoutingTable, options: Mapping[str, object], keys: tuple[ClientKey, ...] | None
) -> int:
    """Write the files of an edge; its port."""
    folder.mkdir()
    at = {"address": "127.0.0.1", "port": free_port(), "admin_port": free_port(), "config_dir": str(folder)}
    gateway = GatewayOptions(options={**at, **options}, edges={"edge": "r0"}, client_keys=keys)
    for artifact in emit(routing, gateway):
        (folder / artifact.path.rpartition("/")[2]).write_bytes(artifact.content)
    return int(str(at["port"]))


def _build(
    dist: Path,
    routing: Callable[[int, int], RoutingTable],
    size: int,
    port: int,
    options: Mapping[str, object],
) -> Path:
    """A build folder with one edge only."""
    gateway = GatewayOptions(
        options=options, edges={"edge": "r0"}, commit=f"{size:040}", digest=f"{size:064}"
    )
    digests = {}
    for artifact in emit(routing(size, port), gateway):
        place = dist / artifact.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(artifact.content)
        digests[artifact.path] = sha256(artifact.content).hexdigest()
    (dist / "manifest.json").write_text(
        json.dumps({"generator": "modelspec", "files": digests}), encoding="utf-8"
    )
    return dist


def _publish(build: Path, admin: str, folder: Path) -> float:
    command = [sys.executable, "-m", "modelspec", "publish", "envoy", "--from", str(build)]
    return _seconds([*command, "--admin", admin, str(folder)])


def _seconds(command: Sequence[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begin


class _Client:
    """One open connection."""

    def __init__(self, port: int, context: ssl.SSLContext | None, key: str) -> None:
        self._port, self._context = port, context
        auth = f"authorization: Bearer {key}\r\n" if key else ""
        self._request = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: edge\r\n{auth}"
            f"content-type: application/json\r\ncontent-length: {len(_BODY)}\r\n\r\n"
        ).encode() + _BODY
        self._socket: socket.socket | None = None

    def ask(self) -> float:
        """Send a request; the seconds until its response was read."""
        if self._socket is None:
            until(lambda: _is_open(self._port))
            plain = socket.create_connection(("127.0.0.1", self._port), timeout=30)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = (
                self._context.wrap_socket(plain, server_hostname="localhost") if self._context else plain
            )
        begin = time.perf_counter()
        self._socket.sendall(self._request)
        answer = self._socket.recv(65536)
        while b"\r\n\r\n{}" not in answer:
            more = self._socket.recv(65536)
            if not more:
                break
            answer += more
        seconds = time.perf_counter() - begin
        if not answer.startswith(b"HTTP/1.1 200"):
            sys.exit(f"an edge answered {answer[:300]!r}")
        return seconds

    def is_ready(self) -> bool:
        """Whether a head answers through it yet."""
        with suppress(SystemExit, OSError):
            return self.ask() > 0
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        return False


def _measured(ways: Mapping[str, _Client]) -> dict[str, list[float]]:
    """The seconds of each request, by way, in turns."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for client in ways.values():
        until(client.is_ready)
    for turn in range(_REQUESTS + _WARM):
        for name, client in ways.items():
            seconds = client.ask()
            if turn >= _WARM:
                times[name].append(seconds)
    return times


def _percentiles(times: Sequence[float]) -> tuple[float, float]:
    cuts = quantiles(times, n=100)
    return cuts[49] * 1000, cuts[98] * 1000


def _keys() -> tuple[tuple[ClientKey, ...], str]:
    """Keys of clients, and the last of them."""
    made = [new_key(f"client-{number}", number + 2**200) for number in range(_KEYS)]
    return tuple(
        ClientKey(
            key_id=f"client-{number}",
            sha256=digest(key),
            groups=(),
            owner="benchmark",
            created=None,
            expires=None,
            status="active",
            place=Place(path="keys.yaml"),
        )
        for number, key in enumerate(made)
    ), made[-1]


def _certified(scratch: Path) -> ssl.SSLContext:
    """What trusts the certificate of the edges, which is written."""
    authority = trustme.CA()
    made = authority.issue_cert("localhost")
    made.cert_chain_pems[0].write_to_path(scratch / "edge.pem")
    made.private_key_pem.write_to_path(scratch / "edge.key")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@contextmanager
def _head() -> Iterator[int]:
    """A head in a process of its own; its port."""
    with subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


class _Head(asyncio.Protocol):
    """Answers every request with the same few bytes."""

    def __init__(self) -> None:
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head, end, body = self._seen.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        if end and len(body) >= length:
            self._seen = body[length:]
            self._transport.write(_ANSWER)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Head, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def until(holds: Callable[[], bool]) -> None:
    """Wait for a limited time."""
    end = time.monotonic() + 60
    while not holds():
        if time.monotonic() > end:
            sys.exit("an edge did not become ready")
        time.sleep(0.05)


def _is_open(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def free_port() -> int:
    """A free port."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


if __name__ == "__main__":
    asyncio.run(_serve())
