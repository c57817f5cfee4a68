"""Gateways: a folder or file for each, with its names for things, its limits (`MS7xx`) and its emitter."""

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field

from modelspec.fleet.client_keys import ClientKey


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayOptions:
    """Settings for one target: its `target_options`, and the edges of the fleet with their regions.

    `targets` are all gateways that configuration is written for.
    `key_set` is the text of the identity provider's public keys, if the settings name a file of them.
    `litellm` are the organisation's own settings of that gateway, which are merged with ours.
    `client_keys` are None where the repository has no keys.yaml: then it does not say who may call.
    `commit` and `digest` say what the build was made from: its commit if it is known, and the sha256 of its sources.
    """

    options: Mapping[str, object]
    edges: Mapping[str, str | None]
    targets: frozenset[str] = frozenset()
    commit: str | None = None
    digest: str = ""
    client_keys: tuple[ClientKey, ...] | None = None
    key_set: str = ""
    litellm: Mapping[str, object] = field(default_factory=dict)


def program_text(package: str, name: str) -> str:
    """A file of a gateway's folder that becomes part of what is emitted, also from a zip archive.

    `importlib.resources` would do it too, and would bring archives and temporary files to every run that has rules.
    """
    data = pkgutil.get_data(package, name)
    assert data is not None
    return data.decode()
