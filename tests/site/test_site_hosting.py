"""The configurations for web hosts, run by the real programs. tests/serve/ tests `serve` with the same table."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import pytest
from negotiation_table import ACCEPTS, HTML, JSON, PROBLEM

from modelspec.emit.tables import model_url
from modelspec.site import SiteContext
from modelspec.site.frame import missing_page
from modelspec.site.hosting import emit
from modelspec.text.portable import portable

IDS = (
    "atlas",
    "org/atlas-7b:v1@2",
    "open/*",
    "a+b~c",
    "m" * 64 + "/" + "n" * 63,
    "a:b/c:d:e/f.:8b",
    "con",
    "acme/AUX.v2",
    "a./nul/Com1",
    "console",
)
BASES = ("/", "/models-admin/")
SITE = {
    "admin/index.html": "dashboard",
    "admin/regions.html": "regions",
    "admin/models.html": "models",
    "admin/models/index.html": "models",
    "admin/models.json": '{"models": []}',
    "admin/assets/site.css": "a{}",
    "admin/assets/theme.js": "1",
    "admin/live/status.json": "null\n",
    "admin/live/usage.json": "null\n",
    **{portable(f"admin/models/{model}.html"): f"page of {model}" for model in IDS},
    **{portable(f"admin/models/{model}.json"): json.dumps(model) for model in IDS},
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Host:
    port: int
    base: str
    live: Path

    def ask(self, path: str, accept: str | None = None, method: str = "GET") -> Answer:
        """The response for a path below the base, which is sent unchanged."""
        return self.ask_outside(f"{self.base}{path}", accept, method)

    def ask_outside(self, path: str, accept: str | None = None, method: str = "GET") -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.putrequest(method, path, skip_accept_encoding=True)
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


def _write(folder: Path, base: str) -> None:
    files = {f"site/{path}": text.encode() for path, text in SITE.items()}
    files.update({artifact.path: artifact.content for artifact in emit(base, ("https://git.example.net",))})
    files["site/404.html"] = missing_page(SiteContext(base_path=base))
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _nginx(folder: Path, port: int) -> list[str]:
    snippet = (folder / "hosting/nginx.conf").read_text()
    snippet = snippet.replace("listen 80;", f"listen 127.0.0.1:{port};").replace(
        "/srv/modelspec", str(folder)
    )
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    conf = folder / "whole.conf"
    conf.write_text(
        f"daemon off;\npid {folder}/pid;\nerror_log {folder}/log warn;\nworker_processes 1;\n"
        f"{'user root;' if os.geteuid() == 0 else ''}\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{snippet}\n}}\n"
    )
    return [shutil.which("nginx") or "nginx", "-e", f"{folder}/log", "-c", str(conf)]


def _caddy(folder: Path, port: int) -> list[str]:
    snippet = (folder / "hosting/Caddyfile").read_text()
    snippet = snippet.replace("models.example.net {", f"http://127.0.0.1:{port} {{").replace(
        "/srv/modelspec", str(folder)
    )
    conf = folder / "Caddyfile"
    conf.write_text(f"{{\n\tadmin off\n\tauto_https off\n}}\n{snippet}")
    return [shutil.which("caddy") or "caddy", "run", "--config", str(conf), "--adapter", "caddyfile"]


PROGRAMS: dict[str, Callable[[Path, int], list[str]]] = {"nginx": _nginx, "caddy": _caddy}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(400):
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            probe.settimeout(0.05)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        # The only other event to wait for would be the end of the program.
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module", params=[(program, base) for program in PROGRAMS for base in BASES], ids=str)
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    program, base = request.param
    # A worker of nginx must be able to read it.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder, base)
        port = _free_port()
        log = folder / "output"
        with log.open("wb") as output:
            process = subprocess.Popen(
                PROGRAMS[program](folder, port),
                stdout=output,
                stderr=output,
                env={"HOME": name, "PATH": "/usr/sbin:/usr/bin:/bin"},
            )
            try:
                _wait(process, port, log)
                yield Host(port=port, base=base, live=folder / "live")
            finally:
                process.terminate()
                process.wait(10)


@pytest.mark.gateway
@pytest.mark.parametrize(("accept", "media_type"), ACCEPTS.items())
def test_a_real_host_negotiates(host: Host, accept: str | None, media_type: str) -> None:
    answer = host.ask("admin/models", accept)
    assert (answer.status, answer.headers["content-type"]) == (200, media_type)
    assert answer.body.decode() == SITE["admin/models.html" if media_type == HTML else "admin/models.json"]
    assert "accept" in answer.headers["vary"].lower().split(", ")


@pytest.mark.gateway
@pytest.mark.parametrize("model", IDS)
def test_a_real_host_finds_any_model(host: Host, model: str) -> None:
    for path in (quote(model, safe="/"), quote(model, safe="/:@*+~")):
        assert host.ask(f"admin/models/{path}", "text/html").body.decode() == f"page of {model}"
        assert json.loads(host.ask(f"admin/models/{path}").body) == model
        assert json.loads(host.ask(f"admin/models/{path}.json", "text/html").body) == model
        assert json.loads(host.ask_outside(model_url(host.base, model, "json")).body) == model
        assert host.ask(f"admin/models/{path}.html").headers["content-type"] == HTML


@pytest.mark.gateway
def test_a_real_host_serves_plain_files(host: Host) -> None:
    assert host.ask("admin/").body == b"dashboard"
    assert host.ask("admin").body == b"dashboard"
    assert host.ask("admin/index.html").body == b"dashboard"
    assert host.ask("admin/regions").body == b"regions"
    assert host.ask("admin/models/").body == b"models"
    assert host.ask("admin/assets/site.css").headers["content-type"] == "text/css; charset=utf-8"
    assert host.ask("admin/assets/theme.js").headers["content-type"] == "text/javascript; charset=utf-8"
    assert host.ask("").headers["location"] == f"{host.base}admin/"
    assert host.ask_outside(host.base.rstrip("/") or "/").headers["location"] == f"{host.base}admin/"


@pytest.mark.gateway
def test_a_real_host_serves_what_is_measured_as_it_is_now(host: Host) -> None:
    host.live.mkdir()
    try:
        for name in ("status.json", "usage.json"):
            path = f"admin/live/{name}"
            assert host.ask(path).body == b"null\n"
            for content in (b'{"a": 1}', b'{"a": 22}'):
                (host.live / name).write_bytes(content)
                answer = host.ask(path, "text/html")
                assert (answer.status, answer.body) == (200, content)
                assert answer.headers["content-type"] == JSON
                assert answer.headers["cache-control"] == "no-cache"
                _is_guarded(answer)
            assert host.ask(path, method="POST").status == 405
        (host.live / "secret.json").write_bytes(b"planted")
        for path in (
            "admin/live/secret.json",
            "admin/live/",
            "admin/live/../live/secret.json",
            "live/status.json",
        ):
            assert host.ask(path).status == 404, path
    finally:
        shutil.rmtree(host.live)


@pytest.mark.gateway
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["admin/models", "admin/models/atlas", "admin/models/new", "admin/"])
def test_a_real_host_rejects_writes(host: Host, method: str, path: str) -> None:
    answer = host.ask(path, "text/html", method)
    assert (answer.status, answer.headers["content-type"]) == (405, PROBLEM)
    assert answer.headers["allow"] == "GET, HEAD"
    assert json.loads(answer.body)["detail"].startswith("this site is read-only")
    _is_guarded(answer)


@pytest.mark.gateway
def test_a_real_host_answers_404_for_unknown_paths(host: Host) -> None:
    for path in ("admin/models/none", "admin/models/", "404.json.html", ".."):
        as_json = host.ask(f"{path}x")
        assert (as_json.status, as_json.headers["content-type"]) == (404, PROBLEM)
        assert json.loads(as_json.body)["status"] == 404
        page = host.ask(f"{path}x", "text/html")
        assert (page.status, page.headers["content-type"]) == (404, HTML)
        assert b"Page not found" in page.body
        _is_guarded(page)


@pytest.mark.gateway
def test_a_real_host_sends_security_headers_with_every_response(host: Host) -> None:
    for path in ("admin/", "admin/models", "admin/models/atlas", "admin/assets/site.css", "admin/none"):
        _is_guarded(host.ask(path))
        head = host.ask(path, method="HEAD")
        assert head.body == b""
        _is_guarded(head)


@pytest.mark.gateway
@pytest.mark.parametrize(
    "path",
    [
        "../hosting/nginx.conf",
        "..%2fhosting/nginx.conf",
        "admin/..%2f..%2fhosting/nginx.conf",
        "%2e%2e/%2e%2e/etc/passwd",
    ],
)
def test_a_real_host_stays_in_its_folder(host: Host, path: str) -> None:
    assert host.ask(path).status in (400, 404)


def _is_guarded(answer: Answer) -> None:
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "form-action 'self' https://git.example.net; frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "accept" in answer.headers["vary"].lower().split(", ")


@pytest.mark.parametrize("base", ["/", "/a", "/a/b.c/"])
def test_the_snippets_are_filled_in(base: str) -> None:
    artifacts = {artifact.path: artifact.content.decode() for artifact in emit(base)}
    assert list(artifacts) == [
        "hosting/Caddyfile",
        "hosting/nginx.conf",
        "site/404.json",
        "site/405.json",
        "site/_headers",
        "site/_redirects",
    ]
    for path, text in artifacts.items():
        assert "@base@" not in text.replace("@write", ""), path
        assert not any(f"@{name}@" in text for name in ("headers", "home", "strip", "rules"))
    assert f"{base.rstrip('/')}/admin/models" in artifacts["hosting/nginx.conf"]
    assert JSON in artifacts["hosting/Caddyfile"]


def test_static_hosts_redirect_to_the_dashboard_and_document_their_limits() -> None:
    plain = {artifact.path: artifact.content.decode() for artifact in emit("/")}
    assert plain["site/_redirects"].endswith("\n/ /admin/ 302\n")
    assert "cannot" in plain["site/_redirects"]
    assert "cannot" in plain["site/_headers"]
    below = {artifact.path: artifact.content.decode() for artifact in emit("/a/")}
    assert below["site/_redirects"].endswith("\n/a/ /a/admin/ 302\n/a/* /:splat 200\n")
    assert "form-action 'self'; frame-ancestors" in below["site/_headers"]
