"""Asking a few changed models through an edge: whether they answer, and which head does.

Only a real request proves the whole way from the client's key to the upstream. So these are real, and cost as much as
one word in and at most 16 tokens out. `REQUESTS` has what is sent; models of other modes are not asked.
"""

import json
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Self

from modelspec.diagnose.refusal import Refusal
from modelspec.emit.artifact import encode
from modelspec.gateways.envoy.admin import within
from modelspec.gateways.envoy.files import CLUSTERS, LISTENER, ROUTES, EdgeFiles
from modelspec.gateways.envoy.observe import NAMESPACE
from modelspec.gateways.envoy.routes import HEAD_HEADER
from modelspec.text.quote import quote
from modelspec.url import parts

MOST = 20
_WORD = "ping"
_TOKENS = 16
_LARGEST = 1024 * 1024
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - read, not bound
_CHAT = ("/v1/chat/completions", {"messages": [{"role": "user", "content": _WORD}], "max_tokens": _TOKENS})
REQUESTS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "chat": _CHAT,
    "completion": ("/v1/completions", {"prompt": _WORD, "max_tokens": _TOKENS}),
    "embedding": ("/v1/embeddings", {"input": _WORD}),
    "rerank": ("/v1/rerank", {"query": _WORD, "documents": [_WORD]}),
    "responses": ("/v1/responses", {"input": _WORD, "max_output_tokens": _TOKENS}),
}
"""Path and body by the mode of a model, without `model`; one without a mode is asked to chat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryAnswer:
    """What answered a model: `head` is "" if the edge itself did, `status` None if nothing did."""

    model_id: str
    status: int | None
    head: str
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether the model answered."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - the class of success

    def __str__(self) -> str:
        """In words."""
        if self.status is None:
            return f"{quote(self.model_id)}: no answer in {self.seconds:.1f} s"
        return f"{quote(self.model_id)}: {self.status} from {self.head or 'the edge itself'} in {self.seconds:.2f} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryTarget:
    """Where an edge takes requests."""

    host: str
    port: int
    is_tls: bool

    @classmethod
    def of(cls, url: str) -> Self | Refusal:
        """At a URL, as clients write it, without a path."""
        found = parts(url)
        wrong = Refusal(
            message=f"--canary-url {quote(url)} is not the URL of an edge", help="write https://HOST:PORT"
        )
        if (
            found is None
            or found.scheme not in ("http", "https")
            or not found.hostname
            or not url.isprintable()
        ):
            return wrong
        if found.userinfo or found.query or found.fragment or found.path.strip("/"):
            return wrong
        return cls(
            host=found.hostname,
            port=found.number or (443 if found.scheme == "https" else 80),
            is_tls=found.scheme == "https",
        )

    @classmethod
    def in_files(cls, files: EdgeFiles, host: str) -> Self | Refusal:
        """At the address of the listener; at `host` if it listens at every address."""
        listener = json.loads(files.content[LISTENER])["resources"][0]
        if any("transport_socket" in chain for chain in listener["filter_chains"]):
            return Refusal(
                message="the edge uses TLS, so a canary needs the name in its certificate",
                help="pass --canary-url https://NAME:PORT",
            )
        place = listener["address"]["socket_address"]
        address = host if place["address"] in _EVERYWHERE else place["address"]
        return cls(host=address, port=place["port_value"], is_tls=False)

    def ask(self, model_id: str, mode: str, key: str, *, wait: float) -> CanaryAnswer:
        """Send one request for a model."""
        path, body = REQUESTS[mode]
        content = json.dumps({"model": model_id, **body}).encode()
        headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
        connection = (
            HTTPSConnection(self.host, self.port, timeout=wait, context=ssl.create_default_context())
            if self.is_tls
            else HTTPConnection(self.host, self.port, timeout=wait)
        )
        status, head, begin = None, "", time.monotonic()
        try:
            with within(connection, wait):
                connection.request("POST", path, content, headers)
                response = connection.getresponse()
                response.read(_LARGEST)
                status, head = response.status, response.getheader(HEAD_HEADER, "")[:63]
        except (OSError, HTTPException, ValueError, AttributeError):
            pass  # no answer: the caller says so, and not what an exception quotes
        finally:
            connection.close()
        return CanaryAnswer(model_id=model_id, status=status, head=head, seconds=time.monotonic() - begin)


def mode_of(model_id: str, modes: Mapping[str, str]) -> str | None:
    """How a model is asked; None if it is not, because its requests need files or cost more."""
    mode = modes.get(model_id, "chat")
    return mode if mode in REQUESTS else None


def changed(before: EdgeFiles | None, after: EdgeFiles) -> list[str]:
    """The models whose way through the edge differs, those first that together use the most clusters.

    Wildcards and aliases are left out. Without an earlier build, every model has changed.
    """
    old = {} if before is None else {name: way for name, (way, _) in _ways(before).items()}
    new = _ways(after)
    names = [name for name, (way, _) in sorted(new.items()) if old.get(name) != way]
    turns: dict[str, int] = {}
    order = []
    for name in names:
        cluster = new[name][1]
        turns[cluster] = turns.get(cluster, -1) + 1
        order.append((turns[cluster], name))
    return [name for _, name in sorted(order)]


def _ways(files: EdgeFiles) -> dict[str, tuple[str, str]]:
    """By model: everything that decides about its requests, as text, and the names of its clusters."""
    clusters = {one["name"]: one for one in json.loads(files.content[CLUSTERS])["resources"]}
    texts: dict[str, str] = {}

    def text(name: str) -> str:
        if name not in texts:
            cluster = clusters.get(name, {})
            members = cluster.get("cluster_type", {}).get("typed_config", {}).get("clusters", ())
            texts[name] = encode(cluster) + "".join(map(text, members))
        return texts[name]

    found: dict[str, tuple[str, str]] = {}
    for model_id, route in _routes(json.loads(files.content[ROUTES])["resources"]):
        action = route["route"]
        names = [one["name"] for one in action.get("weighted_clusters", {}).get("clusters", ())]
        names = names or [action.get("cluster", "")]
        found[model_id] = (encode(route) + "".join(map(text, names)), ", ".join(names))
    return found


def _routes(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401 - any JSON
    """The routes to heads of all models, by id: an alias is the entry of another name."""
    if isinstance(value, list):
        for item in value:
            yield from _routes(item)
    elif isinstance(value, dict):
        for name, item in value.get("exact_match_map", {}).get("map", {}).items():
            route = item.get("action", {}).get("typed_config", {})
            if "route" in route and route["metadata"]["filter_metadata"][NAMESPACE]["model"] == name:
                yield name, route
        for item in value.values():
            yield from _routes(item)
