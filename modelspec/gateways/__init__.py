"""The gateways: a folder or file for each says what it calls things, what it cannot do, and what is written for it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayOptions:
    """What modelspec.yaml says of one target: its `target_options`, and the edges of the fleet with their regions."""

    options: Mapping[str, object]
    edges: Mapping[str, str | None]
