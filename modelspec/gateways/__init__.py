"""Gateways: a folder or file for each, with its names for things, its limits (`MS7xx`) and its emitter."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayOptions:
    """Settings for one target: its `target_options`, and the edges of the fleet with their regions."""

    options: Mapping[str, object]
    edges: Mapping[str, str | None]
