"""End to end: a client's key at the real Envoy, the edge's own at two real LiteLLM heads, a small upstream."""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection, RemoteDisconnected
from pathlib import Path
from typing import Any

import pytest
from envoy_edge import SECONDS, Edge, running, until
from envoy_fleet import FILES, modelspec
from litellm_proxy import MASTER_KEY, Proxy, proxy
from upstream import Seen, Upstream, upstream
from upstreams import free_port

from modelspec.secret.client_key import digest, new_key

pytestmark = pytest.mark.gateway

HEADS = ("head-us-1", "head-eu-1")
CLIENT_KEY = new_key("client", 13**69 % 2**256)
_VARIABLES = {"OPENAI_API_KEY": "gateways-own", "LITELLM_MASTER_KEY": MASTER_KEY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """All three; the proxy of each head has its own stack, so that closing it kills the proxy."""

    edge: Edge
    proxies: dict[str, ExitStack]
    ports: dict[str, int]
    provider: Upstream

    def ask(self, model: str, **headers: str) -> tuple[str, Seen]:
        """The response of the edge, and the requests that the upstream got."""
        self.provider.take()
        content: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
        sent = {"authorization": f"Bearer {CLIENT_KEY}", **headers}
        reply = self.edge.send("POST", "/v1/chat/completions", json.dumps(content).encode(), headers=sent)
        assert reply.status == 200, reply
        (seen,) = self.provider.take()
        return reply.json["choices"][0]["message"]["content"], seen


def _files(folder: Path, provider: Upstream, heads: dict[str, int], edge: tuple[int, int]) -> Path:
    """Build a fleet with one model at these ports with the installed command; return the build."""
    root = folder / "fleet"
    (root / "models.d").mkdir(parents=True)
    envoy = {
        "address": "127.0.0.1",
        "port": edge[0],
        "admin_port": edge[1],
        "config_dir": str(folder / "envoy"),
        "health_check_interval_ms": 500,
        "auth": {"head_key": {"file": str(folder / "head-key")}},
        "health_check_timeout_ms": 20_000,  # a proxy on a busy machine may be slow
    }
    texts: dict[str, Any] = {
        "regions.yaml": {"regions": [{"code": code, "name": code.upper()} for code in ("us", "eu")]},
        "heads.yaml": {
            "heads": [
                {"head_id": head_id, "region": head_id[5:7], "url": f"http://127.0.0.1:{port}"}
                for head_id, port in heads.items()
            ]
        },
        "modelspec.yaml": {
            "targets": ["envoy", "litellm"],
            "edges": [{"edge_id": "edge-us", "region": "us"}],
            "key_policy": [{"key": {"env": "ATLAS_*"}, "hosts": ["127.0.0.1"]}],
            # The heads and the upstream of a test are on this machine.
            "rules": {"MS404": "off", "MS509": "off", "MS510": "off", "MS601": "off"},
            "target_options": {"envoy": envoy},
        },
        "keys.yaml": {"keys": [{"key_id": "client", "sha256": digest(CLIENT_KEY), "owner": "a team"}]},
        "models.d/atlas.yaml": {
            "model_id": "atlas",
            "name": "Atlas",
            "region": "us",
            "priority_head": HEADS[0],
            "fallback_heads": [HEADS[1]],
            "aliases": ["atlas-latest"],
            "endpoint": f"{provider.url}/v1",
            "upstream_model": "org/Atlas-7B-Instruct",
            "api_key": {"env": "ATLAS_KEY"},
        },
        **_wildcard(f"{provider.url}/v1"),
    }
    for name, content in texts.items():
        (root / name).write_text(json.dumps(content), encoding="utf-8")
    (folder / "head-key").write_text(MASTER_KEY, encoding="utf-8")
    built = modelspec("build", "--root", root)
    assert built.returncode == 0, built.stdout + built.stderr
    return root / "dist" / "gateways"


def _wildcard(endpoint: str) -> dict[str, Any]:
    """A wildcard that every client may call, and a private model under it."""
    known = {"region": "us", "priority_head": HEADS[0], "endpoint": endpoint, "provider": "openai"}
    return {
        "models.d/any.yaml": {
            "model_id": "openai/*",
            "name": "Any",
            **known,
            "api_key": {"env": "ATLAS_KEY"},
        },
        "models.d/vault.yaml": {
            "model_id": "openai/vault",
            "name": "Vault",
            **known,
            "upstream_model": "vault-1",
            "api_key": {"env": "ATLAS_VAULT"},
            "access": {"visibility": "private", "groups": ["vault"]},
        },
    }


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with ExitStack() as stack:
        provider = stack.enter_context(upstream("provider"))
        ports = {head_id: free_port() for head_id in HEADS}
        edge_ports = (free_port(), free_port())
        gateways = _files(tmp_path, provider, ports, edge_ports)
        proxies: dict[str, ExitStack] = {}
        for head_id, port in ports.items():
            home = tmp_path / head_id
            home.mkdir()
            # Each head has its own key, so that the upstream knows which head called it.
            variables = {**_VARIABLES, "ATLAS_KEY": f"key-at-{head_id}", "ATLAS_VAULT": "vaults"}
            proxies[head_id] = stack.enter_context(ExitStack())
            started: Proxy = proxies[head_id].enter_context(
                proxy(gateways / "litellm" / f"{head_id}.yaml", home, variables, port=port)
            )
            assert started.port == port
        config = tmp_path / "envoy"
        config.mkdir()
        for name in (*FILES, "access.json", "head_key.json"):
            shutil.copy(gateways / "envoy" / "edge-us" / name, config / name)
        edge = stack.enter_context(running(config / "bootstrap.json", edge_ports))
        for head_id in HEADS:
            until(lambda name=head_id: edge.health(name) == {"healthy"}, f"seen that {head_id} lives")
        yield Chain(edge=edge, proxies=proxies, ports=ports, provider=provider)


def test_a_request_reaches_the_upstream_by_way_of_the_edge_and_a_head_and_survives_the_heads_death(
    chain: Chain,
) -> None:
    for model in ("atlas", "atlas-latest"):
        says, seen = chain.ask(model, **{"x-model": "stolen"})
        assert (says, seen.path) == ("provider", "/v1/chat/completions")
        assert seen.body["model"] == "org/Atlas-7B-Instruct"
        assert seen.headers["authorization"] == "Bearer key-at-head-us-1"
        assert "x-model" not in seen.headers
        hidden = (MASTER_KEY, CLIENT_KEY, "gateways-own")
        assert not [text for text in seen.headers.values() if any(key in text for key in hidden)]

    _names_one_model(chain)
    _keeps_a_private_model_from_a_wildcard(chain)

    chain.proxies["head-us-1"].close()
    says, seen = chain.ask("atlas-latest")
    assert (says, seen.headers["authorization"]) == ("provider", "Bearer key-at-head-eu-1")
    known = {"authorization": f"Bearer {CLIENT_KEY}"}
    assert chain.edge.ask("stolen", headers=known).code == (404, "model_not_found")
    # The heads' own key opens nothing at the edge.
    for key in (None, MASTER_KEY, new_key("client")):
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        assert chain.edge.ask("atlas", headers=headers).status == 401


def _names_one_model(chain: Chain) -> None:
    """What LiteLLM takes for the model beside the body does not pass the edge, and neither does its administration."""
    body = b'{"model": "atlas", "messages": [{"role": "user", "content": "Hello"}]}'
    path = "/v1/chat/completions?model=nowhere"
    sent = {"authorization": f"Bearer {MASTER_KEY}", "content-type": "application/json"}
    head = HTTPConnection("127.0.0.1", chain.ports["head-us-1"], timeout=SECONDS)
    try:
        head.request("POST", path, body, sent)
        answer = head.getresponse()
        assert (answer.status, b"nowhere" in answer.read()) == (400, True)
    finally:
        head.close()
    sent["authorization"] = f"Bearer {CLIENT_KEY}"
    assert chain.edge.send("POST", path, body, headers=sent).code == (400, "model_ambiguous")
    fallbacks = body.replace(b"{", b'{"fallbacks": ["nowhere"], ', 1)
    refused = chain.edge.send("POST", "/v1/chat/completions", fallbacks, headers=sent)
    assert refused.code == (400, "model_ambiguous")
    assert chain.edge.send("POST", "/key/generate", body, headers=sent).code == (404, "path_not_found")
    assert chain.provider.take() == []


def _keeps_a_private_model_from_a_wildcard(chain: Chain) -> None:
    """What LiteLLM does with these names and keys is why the edge refuses them."""
    said = {"messages": [{"role": "user", "content": "Hello"}]}
    path = "/v1/chat/completions"
    cases: tuple[tuple[str, dict[str, Any], str, tuple[str, str]], ...] = (
        (path, {"model": "openai/vault#0", **said}, "model_invalid", ("vault-1", "vaults")),
        (
            path,
            {"model": "openai/vault-1", "specific_deployment": True, **said},
            "model_ambiguous",
            ("vault-1", "vaults"),
        ),
        (
            "/v1/responses",
            {"model": "openai/cheap", "input": "Hello", "extra_body": {"model": "dear"}},
            "model_ambiguous",
            ("dear", "key-at-head-us-1"),
        ),
    )
    assert chain.ask("openai/cheap")[1].body["model"] == "cheap"
    assert chain.edge.ask("openai/vault", headers={"authorization": f"Bearer {CLIENT_KEY}"}).status == 403
    head = Edge(chain.ports["head-us-1"], 0, chain.edge.process)
    for at, body, code, (name, key) in cases:
        chain.provider.take()
        sent = {"authorization": f"Bearer {MASTER_KEY}"}
        head.send("POST", at, json.dumps(body).encode(), headers=sent)
        seen = chain.provider.take()
        assert {(one.body["model"], one.headers["authorization"]) for one in seen} == {
            (name, f"Bearer {key}")
        }
        sent = {"authorization": f"Bearer {CLIENT_KEY}"}
        refused = chain.edge.send("POST", at, json.dumps(body).encode(), headers=sent)
        assert refused.code == (400, code)
        assert chain.provider.take() == []
    broken = json.dumps({"model": "openai/cheap ", **said}).encode()
    with pytest.raises(RemoteDisconnected):  # LiteLLM cannot write this name into a header of its response
        head.send("POST", path, broken, headers={"authorization": f"Bearer {MASTER_KEY}"})
    assert len(chain.provider.take()) == 1
    refused = chain.edge.send("POST", path, broken, headers={"authorization": f"Bearer {CLIENT_KEY}"})
    assert refused.code == (400, "model_invalid")
    assert chain.provider.take() == []
