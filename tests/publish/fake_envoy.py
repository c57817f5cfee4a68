"""An admin interface that answers as an Envoy would that uses each file as soon as it is in the folder."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelspec.gateways.envoy.admin import Admin
from modelspec.gateways.envoy.files import BOOTSTRAP, ROUTES, WATCHED_FILES


@dataclass
class FakeEnvoy:
    """Started from the bootstrap that is in a folder; `asked` are the paths of all requests.

    `before` is called with the path of a request before it is answered.
    """

    folder: Path
    node: Any
    port: int = 0
    before: Callable[[str], None] = lambda _: None
    asked: list[str] = field(default_factory=list)

    @property
    def admin(self) -> Admin:
        return Admin(host="127.0.0.1", port=self.port)

    def answer(self, path: str) -> Any:
        self.before(path)
        if path.startswith("/server_info"):
            return {"state": "LIVE", "node": self.node}
        if path.startswith("/config_dump"):
            (routes,) = json.loads((self.folder / ROUTES).read_bytes())["resources"]
            return {"configs": [{"route_config": {"metadata": routes.get("metadata", {})}}]}
        rows = {"cluster_manager.warming_clusters": 0, "listener_manager.total_listeners_warming": 0}
        named = {}
        for file in WATCHED_FILES:
            place = self.folder / file.name
            if file.always or place.exists():
                named[f"{file.statistics}.version_text"] = json.loads(place.read_bytes())["version_info"]
                rows[f"{file.statistics}.update_rejected"] = 0
        return {"stats": [{"name": name, "value": value} for name, value in {**rows, **named}.items()]}


@contextmanager
def fake_envoy(folder: Path) -> Iterator[FakeEnvoy]:
    """One that has been started from a folder with all files."""
    envoy = FakeEnvoy(folder, json.loads((folder / BOOTSTRAP).read_bytes())["node"])

    def respond(path: str) -> tuple[int, bytes]:
        envoy.asked.append(path)
        return 200, json.dumps(envoy.answer(path)).encode()

    with answering(respond) as admin:
        envoy.port = admin.port
        yield envoy


@contextmanager
def answering(respond: Callable[[str], tuple[int, bytes]]) -> Iterator[Admin]:
    """A server that answers each GET by its path."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content = respond(self.path)
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield Admin(host="127.0.0.1", port=server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
