"""The real command, on a fleet whose heads and upstreams are servers on loopback."""

import json
import os
import signal
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema_rs
import pytest
import trustme
from loopback import Loopback, closed_port, http, repository, serving
from modelspec_command import Command, ended

from modelspec.cli import run

SCHEMA = Path(__file__).parents[2] / "schemas/status.schema.json"
SECONDS = 30.0


@pytest.fixture
def head() -> Iterator[Loopback]:
    with serving() as server:
        yield server


@pytest.fixture
def upstream() -> Iterator[Loopback]:
    with serving(http(401)) as server:
        yield server


@pytest.fixture
def fleet(tmp_path: Path, head: Loopback, upstream: Loopback) -> Path:
    return repository(
        tmp_path / "fleet", {"head-a": head.url, "head-b": head.url}, {"atlas": f"{upstream.url}/v1"}
    )


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def written(fleet: Path) -> dict[str, object]:
    value: dict[str, object] = json.loads((fleet / "modelspec-live/status.json").read_bytes())
    return value


def test_all_is_well(command: Command, fleet: Path, upstream: Loopback) -> None:
    outcome = command.run("status", "--root", fleet)
    assert outcome.code == 0, outcome
    assert outcome.out.startswith("heads: 2 up\nupstreams: 1 up\nas of ")
    assert outcome.err == ""
    assert upstream.asked[0].startswith(b"GET /v1 HTTP/1.1\r\n")
    assert b"authorization" not in upstream.asked[0].lower()
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).validate(written(fleet))
    assert command.run("status", "--root", fleet, "--quiet", "--once").out == ""


def test_what_is_down_is_named(command: Command, fleet: Path, head: Loopback) -> None:
    head.answer = http(503)
    outcome = command.run("status", "--root", fleet)
    assert outcome.code == 1
    lines = outcome.out.splitlines()
    assert lines[0] == "heads: 0 up, 2 down"
    assert lines[2].startswith("down head head-a since ")
    assert lines[2].endswith(" UTC: HTTP 503")
    assert "without service, no head answers (1): atlas" in lines


def test_a_model_that_a_fallback_serves_and_an_upstream_that_is_gone(
    command: Command, fleet: Path, upstream: Loopback
) -> None:
    heads = (fleet / "heads.yaml").read_text()
    (fleet / "heads.yaml").write_text(
        heads.replace(heads.split("'")[1], f"http://127.0.0.1:{closed_port()}", 1)
    )
    outcome = command.run("status", "--root", fleet)
    assert outcome.code == 1
    assert "served by a fallback tier (1): atlas" in outcome.out
    upstream.answer = http(500)
    assert f"failing upstream {upstream.url}/v1: HTTP 500" in command.run("status", "--root", fleet).out
    outcome = command.run("status", "--root", fleet)
    assert "without service, no upstream answers (1): atlas" in outcome.out


def test_json_is_the_file(command: Command, fleet: Path) -> None:
    outcome = command.run("status", "--root", fleet, "--format", "json", "--live", fleet / "elsewhere")
    assert outcome.code == 0
    assert outcome.out == (fleet / "elsewhere/status.json").read_text()
    assert not (fleet / "modelspec-live").exists()


def test_a_private_authority_is_trusted_where_it_is_named(command: Command, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with serving(tls=context) as server:
        url = f"https://localhost:{server.port}"
        fleet = repository(tmp_path / "fleet", {"head-a": url}, {"atlas": f"{url}/v1"})
        assert (
            command.run("status", "--root", fleet).out.count("the certificate is of an unknown authority")
            == 2
        )
        outcome = command.run(
            "status", "--root", fleet, "--ca-file", tmp_path / "ca.pem", "--live", tmp_path / "new"
        )
    assert outcome.code == 0, outcome


def test_a_head_that_demands_a_certificate_gets_it_and_an_upstream_does_not(
    command: Command, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("status.example.com").private_key_and_cert_chain_pem.write_to_path(
        tmp_path / "me.pem"
    )
    strict, lax = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    for context, mode in ((strict, ssl.CERT_REQUIRED), (lax, ssl.CERT_OPTIONAL)):
        authority.issue_cert("localhost").configure_cert(context)
        authority.configure_trust(context)
        context.verify_mode = mode
    with serving(tls=strict) as head, serving(tls=lax) as upstream:
        fleet = repository(
            tmp_path / "fleet",
            {"head-a": f"https://localhost:{head.port}"},
            {"atlas": f"https://localhost:{upstream.port}/v1"},
        )
        arguments = ("status", "--root", fleet, "--ca-file", tmp_path / "ca.pem")
        assert command.run(*arguments).code == 1
        outcome = command.run(*arguments, "--client-cert", tmp_path / "me.pem", "--live", tmp_path / "new")
    assert outcome.code == 0, outcome
    assert upstream.certified == [False, False]
    assert head.certified == [True]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--watch", "30"), "not a duration like 30s"),
        (("--watch", "0s"), "not a duration like 30s"),
        (("--watch", "5s", "--once"), "--watch runs on"),
        (("--watch", "5s", "--format", "json"), "--watch runs on"),
        (("--prometheus", "planted"), "this is not a URL"),
        (("--prometheus", "file:///etc/planted"), "this is not a URL"),
        (("--ca-file", "heads.yaml"), "--ca-file 'heads.yaml' cannot be used"),
        (("--ca-file", "gone.pem"), "No such file"),
        (("--client-key", "gone.pem"), "--client-key needs --client-cert"),
        (("--client-cert", "gone.pem"), "--client-cert cannot be used: No such file"),
        (("--client-cert", "heads.yaml"), "--client-cert cannot be used"),
    ],
)
def test_misuse_is_refused(
    fleet: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.chdir(fleet)
    assert run(["status", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "planted" not in err


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("live: dist/live\n", "overlap"),
        ("live: dist\n", "overlap"),
        ("output: build/dist\nlive: build\n", "overlap"),
        ("live: models.d/live\n", "overlap"),
        ("live: .git/live\n", "is outside the repository or in its git folder"),
        ("live: away/live\n", "is outside the repository or in its git folder"),
        ("status: {change_after: 4, of_last: 3}\n", "change_after is 4, of_last only 3"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    fleet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: str, words: str
) -> None:
    (fleet / "away").symlink_to(tmp_path)
    (fleet / "modelspec.yaml").write_text(settings)
    assert run(["status", "--root", str(fleet)]) in (1, 2)
    assert words in capsys.readouterr().err
    assert not (tmp_path / "live").exists()


def test_the_live_folder_lies_beside_the_output(command: Command, fleet: Path) -> None:
    (fleet / "modelspec.yaml").write_text("output: build/dist\n")
    assert command.run("status", "--root", fleet).code == 0
    assert (fleet / "build/modelspec-live/status.json").is_file()


def test_a_repository_with_errors_is_refused(command: Command, fleet: Path) -> None:
    (fleet / "models.d/atlas.yaml").write_text("model_id: [\n")
    outcome = command.run("status", "--root", fleet)
    assert outcome.code == 1
    assert "cannot compile the routes" in outcome.err


def test_without_the_extra_it_says_how_to_install_it(command: Command, fleet: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as util\nfind = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'httpx' else find(name, *more)\n"
    )
    outcome = command.run("status", "--root", fleet, env={"PYTHONPATH": str(tmp_path)})
    assert outcome.code == 2
    assert "[traffic]" in outcome.err


def test_a_prometheus_is_read(command: Command, fleet: Path) -> None:
    body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": []}}).encode()
    with serving(b"HTTP/1.1 200 OK\r\n\r\n" + body) as prometheus:
        outcome = command.run("status", "--root", fleet, "--prometheus", prometheus.url)
    assert outcome.code == 0
    assert "heads: 0 up, 2 unknown" in outcome.out
    assert written(fleet)["source"] == "prometheus"
    with serving(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>") as page:
        outcome = command.run("status", "--root", fleet, "--prometheus", page.url)
    assert (outcome.code, outcome.out) == (1, "")
    assert "answered 'text/html' that is not a result of its query API" in outcome.err


def test_a_watch_goes_on_until_it_is_told_to_stop(
    installed: Command, fleet: Path, head: Loopback, upstream: Loopback
) -> None:
    with (fleet / "modelspec.yaml").open("a") as settings:
        settings.write("status: {change_after: 1, of_last: 1}\n")
    process = installed.start("status", "--root", fleet, "--watch", "1s")
    until(lambda: len(upstream.asked) > 0 and (fleet / "modelspec-live/status.json").exists())
    assert written(fleet)["counts"] == {
        "heads": {"up": 2, "down": 0, "unknown": 0},
        "upstreams": {"up": 1, "down": 0, "unknown": 0},
    }
    head.answer = http(500)
    until(lambda: written(fleet)["without_service"])
    # A change of the repository is taken up, and its faults change nothing.
    (fleet / "heads.yaml").write_text("heads: [")
    asked = len(upstream.asked)
    until(lambda: len(upstream.asked) > asked + 1)
    process.send_signal(signal.SIGTERM)
    outcome = ended(process, SECONDS)
    assert (outcome.code, outcome.out) == (0, "")
    assert "head head-a is down: HTTP 500" in outcome.err
    assert "the repository has errors; probing goes on as before" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_watch_takes_up_a_new_model(installed: Command, fleet: Path) -> None:
    process = installed.start("status", "--root", fleet, "--watch", "1s")
    until((fleet / "modelspec-live/status.json").exists)
    text = (fleet / "models.d/atlas.yaml").read_text()
    (fleet / "models.d/bison.yaml").write_text(text.replace("atlas", "bison"))
    until(lambda: "bison" in str(written(fleet)["models"]))
    process.send_signal(signal.SIGINT)
    outcome = ended(process, SECONDS)
    assert outcome.code == 130
    assert "the repository has changed and was read again" in outcome.err


@pytest.mark.parametrize("hangs", ["prometheus", "head"])
def test_a_watch_ends_at_once_in_the_middle_of_a_round(
    installed: Command, fleet: Path, head: Loopback, hangs: str
) -> None:
    (fleet / "modelspec.yaml").write_text("status: {timeout_seconds: 60}\n")
    head.answer = None
    with serving(None) as prometheus:
        arguments = ("--prometheus", prometheus.url) if hangs == "prometheus" else ()
        process = installed.start("status", "--root", fleet, "--watch", "1s", *arguments)
        until(lambda: prometheus.asked or head.asked)
        process.send_signal(signal.SIGTERM)
        assert ended(process, SECONDS).code == 0


def test_a_prometheus_that_answers_html_is_told_once(installed: Command, fleet: Path) -> None:
    body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": []}}).encode()
    answers = {"<": b"HTTP/1.1 200 OK\r\n\r\n<html>", "{": b"HTTP/1.1 200 OK\r\n\r\n" + body}
    with serving(answers["<"]) as prometheus:
        process = installed.start("status", "--root", fleet, "--watch", "1s", "--prometheus", prometheus.url)
        until(lambda: len(prometheus.asked) > 1)
        assert not (fleet / "modelspec-live/status.json").exists()
        prometheus.answer = answers["{"]
        until((fleet / "modelspec-live/status.json").exists)
        os.kill(process.pid, signal.SIGTERM)
        outcome = ended(process, SECONDS)
    assert outcome.code == 0
    assert outcome.err.count("is not a result of its query API") == 1
    assert outcome.err.endswith("the fault is over\n")
