"""What of an entry is a number, and where it stands in the network."""

from collections.abc import Mapping

from modelspec.importing.ledger import Ledger
from modelspec.importing.note import Kind
from modelspec.load.foreign import Foreign
from modelspec.quote import quote
from modelspec.url import host_of
from modelspec.url.address import Kind as Standing
from modelspec.url.host import standing

NUMBERS = ("rpm", "tpm", "order")


def numbers(params: Mapping[str, Foreign], owner: str, ledger: Ledger) -> dict[str, object]:
    """Limits and order of an entry; orders may begin at 0."""
    found: dict[str, object] = {}
    for name in NUMBERS:
        node = params.get(name)
        if node is None or node.value is None:
            continue
        value = node.value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, str) and value.isdecimal():
            value = int(value[:18])
        if isinstance(value, int) and not isinstance(value, bool) and value >= (name != "order"):
            ledger.carried(node)
            found[name] = value
        else:
            ledger.tell(Kind.LOST, node, f"{name} of {quote(owner)}", "not a whole number, or too small")
    return found


def weight(params: Mapping[str, Foreign], owner: str, ledger: Ledger) -> float | None:
    """The weight of an entry as LiteLLM has it."""
    node = params.get("weight")
    if node is None or node.value is None:
        return None
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        ledger.tell(Kind.LOST, node, f"weight of {quote(owner)}", "not a number of 0 or more")
        return None
    ledger.carried(node)
    return float(value)


def is_local(endpoint: object) -> bool:
    """Whether a head would run it: at the machine itself, or a private address."""
    if not isinstance(endpoint, str):
        return False
    host = host_of(endpoint)
    place = standing(host) if host is not None else None
    return place is not None and place.kind in (Standing.LOOPBACK, Standing.PRIVATE)
