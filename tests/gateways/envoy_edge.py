"""The real Envoy, and clients for it."""

import json
import ssl
import subprocess
import sysconfig
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from shutil import which
from typing import Any

SECONDS = 20.0
"""The time limit of every wait."""
Ports = tuple[int, int]


def program() -> str:
    """The `envoy` of this environment or from PATH; if it is missing, the test fails."""
    own = Path(sysconfig.get_path("scripts")) / "envoy"
    found = str(own) if own.exists() else which("envoy")
    assert found, "no envoy: make .venv/gateways"
    return found


@dataclass(frozen=True)
class Reply:
    """The response to a client of the edge; `json` is its body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json", self
        return json.loads(self.body)

    @property
    def head(self) -> str:
        assert self.status == 200, self
        return str(self.json["head"])

    @property
    def code(self) -> tuple[int, str]:
        """The status and the code of an error in the format of OpenAI's API."""
        assert self.json["error"].keys() == {"message", "type", "param", "code"}
        return self.status, self.json["error"]["code"]


@dataclass
class Edge:
    """A running Envoy: the ports of its listener and of its admin interface; `context` is for clients that use TLS."""

    port: int
    admin_port: int
    process: subprocess.Popen[bytes]
    context: ssl.SSLContext | None = None

    @property
    def admin(self) -> str:
        return f"http://127.0.0.1:{self.admin_port}"

    def ask(
        self,
        model: object,
        *,
        path: str = "/v1/chat/completions",
        headers: dict[str, str] | None = None,
        answer: int = 200,
        connection: HTTPConnection | None = None,
    ) -> Reply:
        """Name a model; its head answers with the status `answer`."""
        wanted = {} if answer == 200 else {"answer": answer}
        body = json.dumps({"messages": [], "model": model, **wanted}).encode()
        return self.send("POST", path, body, headers=headers, connection=connection)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        headers: dict[str, str] | None = None,
        connection: HTTPConnection | None = None,
    ) -> Reply:
        own = connection or self.connect()
        try:
            own.request(method, path, body, {"content-type": "application/json", **(headers or {})})
            response = own.getresponse()
            return Reply(response.status, dict(response.getheaders()), response.read())
        finally:
            if connection is None:
                own.close()

    def connect(self) -> HTTPConnection:
        if self.context is not None:
            return HTTPSConnection("localhost", self.port, timeout=SECONDS, context=self.context)
        return HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)

    def stat(self, name: str) -> int:
        text = self._admin(f"/stats?usedonly&filter=^{name}$")
        return int(text.rpartition(": ")[2] or "0")

    def scrape(self) -> str:
        return self._admin("/stats/prometheus")

    def stat_text(self, name: str) -> str:
        """The value of a statistic that is a text."""
        return self._admin(f"/stats?filter=^{name}$&type=TextReadouts").rpartition(": ")[2].strip().strip('"')

    def clusters(self) -> str:
        return self._admin("/clusters")

    def health(self, cluster: str) -> set[str]:
        """The health of the hosts of a cluster: `healthy` or flags such as `/failed_active_hc`."""
        start = f"{cluster}::"
        lines = (line[len(start) :] for line in self.clusters().splitlines() if line.startswith(start))
        return {line.partition("health_flags::")[2] for line in lines if "::health_flags::" in line}

    def is_ready(self) -> bool:
        assert self.process.poll() is None, "envoy ended"
        try:
            return self._admin("/ready") == "LIVE\n" and self._listens()
        except (OSError, HTTPException):
            return False

    def _listens(self) -> bool:
        with suppress(OSError):
            self.send("GET", "/healthz")
            return True
        return False

    def _admin(self, path: str) -> str:
        connection = HTTPConnection("127.0.0.1", self.admin_port, timeout=SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()


def until(condition: Any, what: str, seconds: float = SECONDS) -> None:
    """Repeat a check until it holds, for a limited time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"never {what}"
        threading.Event().wait(0.02)


@contextmanager
def running(
    bootstrap: Path, ports: Ports, stdout: Any = None, context: ssl.SSLContext | None = None
) -> Iterator[Edge]:
    """An Envoy that has loaded a configuration and accepts requests."""
    log = bootstrap.with_name("envoy.log")
    with log.open("wb") as said:
        process = subprocess.Popen(
            [
                program(),
                *("-c", str(bootstrap), "--concurrency", "2", "--log-level", "warning"),
                *("--disable-hot-restart", "--reject-unknown-dynamic-fields"),
                *("--file-flush-interval-msec", "50"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=stdout or said,
            stderr=said,
        )
        edge = Edge(*ports, process, context)
        try:
            until(edge.is_ready, f"ready: {log.read_text(errors='replace')[-2000:]}")
            yield edge
        finally:
            process.terminate()
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass
class Load:
    """Clients that request models in turn until stopped; `failed` has the responses other than 200.

    `pause` is the time between two requests of a client, in seconds.
    """

    edge: Edge
    models: Sequence[str]
    pause: float = 0
    heads: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    sent: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def running(self, clients: int = 4) -> Iterator["Load"]:
        threads = [threading.Thread(target=self._client, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(SECONDS)

    def ask(self, number: int, clients: int = 4) -> None:
        """Send a number of requests, and wait for the responses."""
        share = number // clients
        threads = [threading.Thread(target=self._client, args=(k, share)) for k in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS * 3)

    def more(self, number: int) -> None:
        """Wait for this many more responses."""
        goal = self.sent + number
        until(lambda: self.sent >= goal, f"answered {number} requests more")

    def _client(self, offset: int, most: int = 100_000) -> None:
        connection = self.edge.connect()
        try:
            for number in range(most):
                if self._stop.wait(self.pause):
                    return
                model = self.models[(offset + number) % len(self.models)]
                try:
                    reply = self.edge.ask(model, connection=connection)
                    said = reply.head if reply.status == 200 else f"{reply.status} {reply.body[:200]!r}"
                    ok = reply.status == 200
                except (OSError, HTTPException) as error:
                    said, ok = repr(error), False
                    connection.close()
                with self._lock:
                    self.sent += 1
                    self.heads[said] += ok
                    if not ok:
                        self.failed.append(f"{model}: {said}")
        finally:
            connection.close()
