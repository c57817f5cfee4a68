"""`modelspec serve` in a separate process, on a small repository."""

import json
import queue
import signal
import subprocess
import sysconfig
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PROGRAM = str(Path(sysconfig.get_path("scripts")) / "modelspec")
SECONDS = 30.0
"""The most that anything here may take; only a failure waits that long."""

REGIONS = "regions:\n  - {code: eu, name: Europe}\n"
HEADS = """\
heads:
  - {head_id: head-eu, region: eu, url: https://head-eu.example.com}
  - {head_id: head-eu-2, region: eu, url: https://head-eu-2.example.com}
"""
MODEL = """\
model_id: "{0}"
name: {1}
region: eu
priority_head: head-eu
fallback_heads: [head-eu-2]
endpoint: https://upstream.example.com/v1
"""
IDS = ("atlas", "org/atlas-7b:v1@2", "open/*", "a+b~c", "m" * 64 + "/" + "n" * 63)


def write_repository(root: Path, *, settings: str = "", ids: tuple[str, ...] = IDS) -> Path:
    (root / "models.d").mkdir(parents=True)
    (root / "regions.yaml").write_text(REGIONS)
    (root / "heads.yaml").write_text(HEADS)
    if settings:
        (root / "modelspec.yaml").write_text(settings)
    for number, model_id in enumerate(ids):
        (root / f"models.d/m{number}.yaml").write_text(MODEL.format(model_id, f"Model {number}"))
    return root


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(kw_only=True)
class Served:
    """A running server; `url` ends without a slash."""

    process: subprocess.Popen[str]
    url: str
    lines: "queue.Queue[str]" = field(repr=False)

    def ask(
        self, path: str, accept: str | None = None, method: str = "GET", host: str | None = None
    ) -> Answer:
        """The answer for a path, which is sent unchanged."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=SECONDS)
        connection.putrequest(method, path, skip_accept_encoding=True, skip_host=host is not None)
        if host is not None:
            connection.putheader("Host", host)
        if accept is not None:
            connection.putheader("Accept", accept)
        connection.endheaders()
        response = connection.getresponse()
        answer = Answer(
            status=response.status,
            headers={name.lower(): value for name, value in response.getheaders()},
            body=response.read(),
        )
        connection.close()
        return answer

    @contextmanager
    def events(self) -> Iterator[Iterator[dict[str, Any]]]:
        """The states sent to an open page, the current one first."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=SECONDS)
        connection.request("GET", "/_modelspec/events")
        response = connection.getresponse()
        try:
            yield (json.loads(line[len(b"data: ") :]) for line in response if line.startswith(b"data: "))
        finally:
            response.close()
            connection.close()

    def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Send a signal; the exit code and what was written since the start."""
        self.process.send_signal(number)
        code = self.process.wait(SECONDS)
        written = "".join(iter(lambda: self.lines.get(timeout=SECONDS), ""))
        return code, written


@contextmanager
def serving(
    root: Path, *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[Served]:
    """Run the installed command until the block ends; it is always stopped."""
    process = subprocess.Popen(
        [PROGRAM, "serve", "--root", str(root), "--port", "0", *arguments],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "HOME": str(root.parent), "LC_ALL": "C.UTF-8", **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process, lines))
    reader.start()
    try:
        message = ""
        while " serving " not in (line := lines.get(timeout=SECONDS)):
            message += line
            assert line, message
        url = line.split(" serving ")[1].split()[0]
        parts = urlsplit(url)
        yield Served(process=process, url=f"{parts.scheme}://{parts.netloc}", lines=lines)
    finally:
        process.terminate()
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(SECONDS)


def _read(process: subprocess.Popen[str], lines: "queue.Queue[str]") -> None:
    """Every line, and an empty one at the end."""
    assert process.stderr is not None
    with process.stderr as stream:
        for line in stream:
            lines.put(line)
    lines.put("")
