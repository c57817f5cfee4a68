"""The installed command, with requests as browsers and programs send them."""

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from negotiation_table import ACCEPTS, HTML, JSON, PROBLEM
from served_fleet import IDS, MODEL, PROGRAM, SECONDS, Served, serving, write_repository

SETTINGS = "repository: {url: https://git.example.net/fleet, forge: github}\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = write_repository(tmp_path_factory.mktemp("served") / "fleet", settings=SETTINGS)
    with serving(root) as running:
        yield running


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_repository(tmp_path / "fleet", ids=("atlas",))


@pytest.mark.parametrize(("accept", "media_type"), ACCEPTS.items())
def test_one_path_has_two_representations(served: Served, accept: str | None, media_type: str) -> None:
    answer = served.ask("/admin/models", accept)
    assert (answer.status, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["vary"] == "Accept"
    assert answer.body.startswith(b"<!doctype html>" if media_type == HTML else b'{\n"schema_version"')


@pytest.mark.parametrize("model", IDS)
def test_any_model_is_found(served: Served, model: str) -> None:
    for path in (quote(model, safe="/"), quote(model, safe=""), quote(model, safe="/:@*+~")):
        assert served.ask(f"/admin/models/{path}").json["model"]["model_id"] == model
        assert served.ask(f"/admin/models/{path}", "text/html").headers["content-type"] == HTML
        assert served.ask(f"/admin/models/{path}.json", "text/html").headers["content-type"] == JSON


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("POST", "/admin/models", "add, edit or delete the YAML file"),
        ("PUT", "/admin/models/atlas", "edit models.d/m0.yaml in git and open a pull request"),
        ("PATCH", "/admin/models/org%2Fatlas-7b:v1@2", "edit models.d/m1.yaml in git"),
        ("DELETE", "/admin/models/atlas", "delete models.d/m0.yaml in git"),
        ("DELETE", "/admin/models/none", "add, edit or delete the YAML file"),
        ("OPTIONS", "/admin/", "read-only"),
    ],
)
def test_writing_is_refused_with_a_hint(served: Served, method: str, path: str, words: str) -> None:
    answer = served.ask(path, "text/html", method)
    assert (answer.status, answer.headers["content-type"]) == (405, PROBLEM)
    assert answer.headers["allow"] == "GET, HEAD"
    assert words in answer.json["detail"]
    assert answer.json["repository"] == "https://git.example.net/fleet"


@pytest.mark.parametrize("path", ["/admin/", "/admin/models", "/admin/models/none", "/"])
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_head_is_get_without_its_body(served: Served, path: str, accept: str) -> None:
    whole, head = served.ask(path, accept), served.ask(path, accept, "HEAD")
    assert (head.status, head.body) == (whole.status, b"")
    changing = {"date"}
    assert {k: v for k, v in head.headers.items() if k not in changing} == {
        k: v for k, v in whole.headers.items() if k not in changing
    }


@pytest.mark.parametrize(
    "path",
    [
        "/../regions.yaml",
        "/admin/../../regions.yaml",
        "/..%2fregions.yaml",
        "/admin/%2e%2e/%2e%2e/regions.yaml",
        "/admin/models/..%2f..%2f..%2fregions.yaml",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/admin\\..\\regions.yaml",
        "/admin/%00",
        "/admin/models/%ff",
        "/_modelspec/..%2fsite.py",
        "/_modelspec/none",
        "/_headers",
        "/404.json",
    ],
)
def test_nothing_but_the_site_is_served(served: Served, path: str) -> None:
    answer = served.ask(path)
    assert (answer.status, answer.headers["content-type"]) == (404, PROBLEM)
    page = served.ask(path, "text/html")
    assert (page.status, page.headers["content-type"]) == (404, HTML)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "",
        "[::1]@evil",
        "localhost:80@evil",
    ],
)
def test_a_foreign_host_name_is_refused(served: Served, host: str) -> None:
    for path in ("/admin/models", "/_modelspec/events"):
        answer = served.ask(path, host=host)
        assert (answer.status, answer.headers["content-type"]) == (421, PROBLEM)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "app.localhost", "127.0.0.1:9", "[::1]:8000", "10.0.0.7"]
)
def test_localhost_and_addresses_are_accepted(served: Served, host: str) -> None:
    assert served.ask("/admin/models", host=host).status == 200


def test_the_reload_script_follows_the_content_security_policy(served: Served) -> None:
    page = served.ask("/admin/", "text/html")
    assert b'<script src="/_modelspec/reload.js" data-version="' in page.body
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert served.ask("/_modelspec/reload.js").headers["content-type"].startswith("text/javascript")
    assert served.ask("/_modelspec/overlay.css").headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("way", ["whole", ".", "models.d/..", "link"])
def test_a_change_is_built_and_sent_to_every_page(root: Path, way: str) -> None:
    named = {"whole": root, "link": root.parent / "link"}.get(way, Path(way))
    if way == "link":
        named.symlink_to(root)
    with serving(named, cwd=root) as served, served.events() as events:
        first = next(events)
        assert first["faults"] is None
        (root / "models.d/bison.yaml").write_text(MODEL.format("bison", "Bison"))
        second = next(events)
        while second["version"] == first["version"]:  # a save may be seen half done
            second = next(events)
        assert second["faults"] is None
        assert served.ask("/admin/models/bison").json["model"]["name"] == "Bison"


def test_faults_are_sent_and_the_last_good_site_stays_up(root: Path) -> None:
    model = root / "models.d/m0.yaml"
    good = model.read_text()
    with serving(root) as served, served.events() as events:
        first = next(events)
        model.write_text(good.replace("head-eu\n", "head-uk\n"))
        second = next(events)
        while second["faults"] is None or "head-uk" not in second["faults"]:
            second = next(events)
        assert "error[MS2" in second["faults"]
        assert "models.d/m0.yaml:4" in second["faults"]
        assert second["version"] == first["version"]
        assert served.ask("/admin/models/atlas").status == 200
        model.write_text(good)
        third = next(events)
        while third["faults"] is not None:
            third = next(events)
        assert third["version"] == first["version"]


def test_a_repository_with_errors_at_the_start_has_a_page_of_faults(root: Path) -> None:
    regions = root / "regions.yaml"
    good = regions.read_text()
    regions.write_text("regions: <b>\n")
    with serving(root) as served, served.events() as events:
        assert next(events)["version"] == ""
        page = served.ask("/admin/models", "text/html")
        assert (page.status, page.headers["content-type"]) == (503, HTML)
        assert b"error[MS" in page.body
        assert b"/_modelspec/reload.js" in page.body
        assert b"<b>" not in page.body
        answer = served.ask("/admin/models")
        assert (answer.status, answer.headers["content-type"]) == (503, PROBLEM)
        assert "error[MS" in answer.json["detail"]
        assert served.ask("/admin/models/x", method="PUT").status == 405
        regions.write_text(good)
        state = next(events)
        while state["faults"] is not None:
            state = next(events)
        assert served.ask("/admin/models").status == 200


def test_a_base_path_prefixes_everything(tmp_path: Path) -> None:
    root = write_repository(tmp_path / "fleet", settings="base_path: /models-admin\n", ids=("atlas",))
    with serving(root) as served:
        assert served.ask("/models-admin/admin/models").headers["content-type"] == JSON
        assert served.ask("/models-admin").headers["location"] == "/models-admin/admin/"
        assert served.ask("/models-admin/").headers["location"] == "/models-admin/admin/"
        assert served.ask("/admin/models").status == 404
        assert served.ask("/").status == 404
        assert (
            served.ask("/models-admin/admin/models/atlas", method="PUT").json["source"] == "models.d/m0.yaml"
        )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_it_quietly_even_with_an_open_page(root: Path, number: int, code: int) -> None:
    with serving(root) as served, served.events() as events:
        next(events)
        ended, written = served.end(number)
        assert (ended, written.strip()) == (code, "")


def test_the_page_is_opened_on_demand(root: Path, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}.new && mv {opened}.new {opened}\n')
    browser.chmod(0o755)
    with serving(root, "--open", env={"BROWSER": str(browser)}) as served:
        with served.events() as events:
            next(events)
        # A command for BROWSER is waited for before the thread ends, and asking takes longer than a shell script.
        for _ in range(5_000):
            if opened.exists():
                break
            served.ask("/admin/models")
        assert opened.read_text() == f"{served.url}/admin/\n"


@pytest.mark.parametrize("host", ["::1", "localhost"])
def test_another_address_can_be_listened_at(root: Path, host: str) -> None:
    with serving(root, "--host", host) as served:
        assert served.ask("/admin/models").status == 200


def _run(*arguments: str, program: tuple[str, ...] = (PROGRAM,)) -> tuple[int, str]:
    done = subprocess.run(
        [*program, *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env={"PATH": "/bin"},
    )
    return done.returncode, done.stderr


def test_a_taken_port_is_a_usage_error(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        code, message = _run("serve", "--root", str(root), "--port", str(other.getsockname()[1]))
    assert code == 2
    assert "choose another with --port" in message


def test_a_host_of_another_machine_is_a_usage_error(root: Path) -> None:
    code, message = _run("serve", "--root", str(root), "--host", "192.0.2.1", "--port", "0")
    assert code == 2
    assert "cannot listen on 192.0.2.1" in message


def test_without_the_extra_it_says_how_to_install_it(root: Path) -> None:
    # What is missing is what find_spec does not find: a copy of the interpreter's path without it.
    script = (
        "import sys; from importlib.machinery import PathFinder as P; find = P.find_spec\n"
        "P.find_spec = lambda name, *rest: None if name == 'uvicorn' else find(name, *rest)\n"
        "from modelspec.cli import run; sys.exit(run(sys.argv[1:]))\n"
    )
    code, message = _run("serve", "--root", str(root), program=(sys.executable, "-c", script))
    assert code == 2
    assert "serve needs a few packages more: pip install --editable '" in message
    assert "[serve]'" in message
    assert "Traceback" not in message


def test_the_help_names_the_verb_and_its_options() -> None:
    done = subprocess.run([PROGRAM, "serve", "--help"], capture_output=True, text=True, check=True)
    for option in ("--root", "--host", "--port", "--open"):
        assert option in done.stdout


def test_a_deleted_folder_is_reported(tmp_path: Path) -> None:
    root = write_repository(tmp_path / "fleet", ids=("atlas",))
    with serving(root) as served, served.events() as events:
        next(events)
        shutil.rmtree(root / "models.d")
        state = next(events)
        while state["faults"] is None:
            state = next(events)
        assert served.ask("/admin/models/atlas").status == 200
