"""Which edge a file or a running Envoy is, and what it was built from.

The bootstrap says which edge it starts, and has a version of its own: Envoy reads it once. Everything that changes with
each commit is in the routes, which Envoy reloads, so a new commit alone needs no restart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from modelspec.emit.artifact import encode
from modelspec.gateways import GatewayOptions
from modelspec.gateways.envoy.api import Message
from modelspec.gateways.envoy.observe import NAMESPACE, about

_MOST = 256
"""Longer values are not of modelspec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltFrom:
    """The edge, and the commit and the digest of the sources that its build was made from, as far as they are known.

    Without a commit, the log and `commit` have the digest.
    """

    edge_id: str
    commit: str = ""
    digest: str = ""

    @classmethod
    def of(cls, edge_id: str, gateway: GatewayOptions) -> Self:
        """What a build for an edge is made from."""
        return cls(edge_id=edge_id, commit=gateway.commit or gateway.digest, digest=gateway.digest)

    @classmethod
    def in_metadata(cls, holder: object) -> Self | None:
        """The same from the metadata of a route configuration, if it has it."""
        values = _of(_of(_of(holder, "metadata"), "filter_metadata"), NAMESPACE)
        edge_id, commit, digest = (_text(_of(values, name)) for name in ("edge", "commit", "digest"))
        return cls(edge_id=edge_id, commit=commit, digest=digest) if edge_id else None

    @property
    def metadata(self) -> Message:
        """The field `metadata` of a message."""
        values = {"edge": self.edge_id, "commit": self.commit, "digest": self.digest}
        return about({name: value for name, value in values.items() if value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The edge that a bootstrap starts, and the version of the bootstrap; "" if modelspec was older."""

    edge_id: str
    version: str

    @classmethod
    def of_node(cls, node: object) -> Self | None:
        """From `node` of a bootstrap, or from what a running Envoy says of itself."""
        values = _of(_of(node, "metadata"), NAMESPACE)
        edge_id = _text(_of(values, "edge")) or _text(_of(node, "id"))
        return cls(edge_id=edge_id, version=_text(_of(values, "version"))) if edge_id else None


def identified(bootstrap: Message, edge_id: str) -> Message:
    """The bootstrap, or its static twin, of an edge: `node` says which one it is and which version of the bootstrap."""
    version = sha256(encode({"edge": edge_id, **bootstrap}).encode()).hexdigest()[:16]
    node = {**bootstrap["node"], "metadata": {NAMESPACE: {"edge": edge_id, "version": version}}}
    return {**bootstrap, "node": node}


def _of(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= _MOST else ""
