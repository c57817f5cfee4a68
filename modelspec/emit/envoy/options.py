"""`target_options.envoy`, its defaults filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of every edge; the fields have the names of `target_options.envoy`, which documents them.

    Times are in milliseconds. `config_dir` and `ca_file` are paths on the machine where Envoy runs.
    """

    address: str = "0.0.0.0"  # noqa: S104 - an edge is there to be reached
    port: int = 10000
    admin_address: str = "127.0.0.1"
    admin_port: int = 9901
    config_dir: str = "/etc/envoy/modelspec"
    ca_file: str = "/etc/ssl/certs/ca-certificates.crt"
    per_connection_buffer_limit_bytes: int = 32 * _MIB
    connect_timeout_ms: int = 2000
    request_timeout_ms: int = 600_000
    health_check_interval_ms: int = 5000
    health_check_timeout_ms: int = 2000

    @classmethod
    def of(cls, given: Mapping[str, object]) -> Self:
        """The options that the schema has let through."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in given.items() if name in known})  # type: ignore[arg-type]


def seconds(milliseconds: int) -> str:
    """A duration as protobuf's JSON writes it: `2.5s`."""
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole}.{rest:03}".rstrip("0").rstrip(".") + "s"
