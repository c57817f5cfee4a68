"""Which names a request may ask this server by.

A web page elsewhere can have its own name lead to this machine (DNS rebinding) and read what is served here as if it
were its own. It cannot do that with an IP address, and not with `localhost`.
"""

from ipaddress import ip_address

_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to


def allowed_names(host: str, machine: str) -> frozenset[str]:
    """The names that are this server's, beside IP addresses and localhost: that of `--host`, or the machine's."""
    return frozenset({machine.lower() if host in _EVERYWHERE else host.lower()})


def is_allowed(header: str, names: frozenset[str]) -> bool:
    """Whether a `Host` header names this server."""
    name = _without_port(header.strip().lower())
    return name == "localhost" or name.endswith(".localhost") or name in names or _is_address(name)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
