"""`model_id: "*"` with the real gateways: it gets the names that nothing else has, and no other."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from envoy_access import HEADS, Guarded, bearer, client_key, files, options_of, start
from envoy_edge import until
from litellm_proxy import environment, litellm_program
from routing_tables import route
from small_fleets import FIXED, compiled, model, routed
from upstream import upstream
from upstreams import Upstreams

from modelspec.gateways import GatewayOptions
from modelspec.gateways.litellm.emit import emit
from modelspec.secret.client_key import new_key

pytestmark = pytest.mark.gateway

PLAIN, MEMBER = new_key("plain", 5**90 % 2**256), new_key("member", 5**91 % 2**256)
NOBODYS = (
    "gpt-9",
    "acme",
    "acme:x",
    "SECRET",
    "secret/x",
    "secret ",
    "模型",
    "%PROTOCOL%",
    "*",
    "/*",
    "off/x",
)


def test_an_edge_sends_it_the_names_that_nothing_else_has(tmp_path: Path) -> None:
    routes = [
        route("*", {"head-b": 1}),
        route("acme/*", {"head-a": 1}, visibility="private", groups=("research",)),
        route("secret", {"head-a": 1}, visibility="private", groups=("research",), aliases=("hidden",)),
        route("off", status="disabled"),
    ]
    options = options_of(tmp_path)
    keys = [client_key(PLAIN), client_key(MEMBER, ["research"])]
    with (
        Upstreams(*HEADS) as heads,
        start(tmp_path, options, files(heads, options, keys, routes)) as edge,
    ):
        guarded = Guarded(edge, tmp_path, options, heads, routes)
        until(lambda: guarded.ask("gpt-9", bearer(PLAIN)).status == 200, "healthy")
        answers = {name: guarded.ask(name, bearer(PLAIN)) for name in NOBODYS if name == name.strip()}
        assert {name for name, reply in answers.items() if reply.head != "head-b"} == set()
        assert all(reply.json["model"] == name for name, reply in answers.items())
        assert guarded.ask("gpt-9").code == (401, "missing_api_key")
        for name in ("secret", "hidden", "acme/x"):
            assert guarded.ask(name, bearer(PLAIN)).code == (403, "model_not_allowed")
            assert guarded.ask(name, bearer(MEMBER)).head == "head-a"
        assert guarded.ask("off", bearer(MEMBER)).code == (404, "model_not_found")
        # What the scripts of the edge set while a name is not known is no name of a model.
        for name in ("-", "-models", "secret ", " ", "", "a#b", "a,b"):
            assert guarded.ask(name, bearer(MEMBER)).status == 400
        headers = dict([bearer(PLAIN)])
        assert edge.send("GET", "/v1/models/gpt-9", headers=headers).status == 200
        assert edge.send("GET", "/v1/models/secret", headers=headers).status == 404
        assert edge.send("GET", "/v1/models", headers=headers).json["data"] == []


FALLS = "fallback_models: [backup]"
MAY = {
    ("gpt-9", "internal"): True,
    ("gpt-9", "research"): False,
    ("secret", "internal"): False,
    ("secret", "research"): True,
    ("hidden", "internal"): False,
    ("acme/x", "internal"): False,
    ("backup", "internal"): False,
}


def test_a_head_calls_it_for_the_names_that_nothing_else_has(tmp_path: Path) -> None:
    with upstream("one") as one, upstream("two") as two, upstream("bad") as bad:
        bad.fails = (500, "server_error", "out of order")
        locked = "access: {visibility: private, groups: [research]}"
        models = {
            "any": model('"*"', f"endpoint: {bad.url}/v1", FALLS),
            "acme": model("acme/*", f"endpoint: {bad.url}/v1", FALLS, locked),
            "secret": model("secret", f"endpoint: {two.url}/v1", locked, "aliases: [hidden]"),
            "broken": model("broken", f"endpoint: {bad.url}/v1"),
            "backup": model("backup", f"endpoint: {one.url}/v1", "access: {visibility: private}"),
        }
        asked = ["gpt-9", "acme/x", "secret", "hidden"]
        answers = _ask(tmp_path, models, {"chat": asked, "access": [[name, [to]] for name, to in MAY]})
        assert answers["chat"] == ["one", "one", "two", "two"]
        assert dict(zip(MAY, answers["access"], strict=True)) == MAY
        assert {request.body["model"] for request in bad.take()} == {"gpt-9", "acme/x"}
        one.take()
        answers = _ask(tmp_path, models, {"caught": [["chat", "broken"]]})
        # Its own failure is final: the fallback models of `*` are those of wildcards alone.
        assert answers["caught"] == [f"{bad.url}/v1/chat/completions"]
        assert one.take() == []


def _ask(folder: Path, models: dict[str, str], questions: dict[str, Any]) -> dict[str, Any]:
    fixed = FIXED | {"modelspec.yaml": "targets: [litellm]\nrules: {MS509: off, MS318: off, MS319: off}\n"}
    routing = routed(compiled(folder, models, fixed))
    written = {a.path: a.content for a in emit(routing, GatewayOptions(options={"num_retries": 0}, edges={}))}
    config = written["gateways/litellm/head-eu-1.yaml"].decode()
    done = subprocess.run(
        [litellm_program().with_name("python"), Path(__file__).with_name("ask_litellm_router.py")],
        input=json.dumps([{"config": config, **questions}]),
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (answers,) = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(answers, dict)
    return answers
