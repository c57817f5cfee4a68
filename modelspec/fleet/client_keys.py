"""keys.yaml as plain frozen objects: who may call the edges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from modelspec.schema import defaults
from modelspec.text.document import Place, Pointer

FILE = "keys.yaml"
_KEY = defaults("keys", "keys")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientKey:
    """A key of a client, known by its hash. `expires` is its last day in UTC, as `YYYY-MM-DD`."""

    key_id: str
    sha256: str
    groups: tuple[str, ...]
    owner: str
    created: str | None
    expires: str | None
    status: str
    place: Place

    @property
    def is_revoked(self) -> bool:
        """Whether edges refuse it at once."""
        return self.status == "revoked"

    def is_expired(self, day: str) -> bool:
        """Whether its last day has passed."""
        return self.expires is not None and self.expires < day

    @property
    def ends(self) -> int | None:
        """The second, since 1970, from which it is refused; None where it does not expire."""
        if self.expires is None:
            return None
        return (last_day_of(self.expires) + 1 - date(1970, 1, 1).toordinal()) * 86_400


def last_day_of(text: str) -> int:
    """The ordinal of a date; a day that its month does not have counts as the month's last."""
    year, month, day = map(int, text.split("-"))
    while True:
        try:
            return date(max(year, 1), month, day).toordinal()
        except ValueError:
            day -= 1


def client_keys_of(value: object, faults: Sequence[Pointer] = ()) -> tuple[ClientKey, ...]:
    """The keys of a document in its order, less the entries with faults."""
    items = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(items, list) or ("keys",) in faults:
        # Of a flood of faults only the first are known item by item.
        return ()
    faulty = {fault[1] for fault in faults if len(fault) > 1}
    return tuple(_key(item, position) for position, item in enumerate(items) if position not in faulty)


def _key(item: Mapping[str, Any], position: int) -> ClientKey:
    return ClientKey(
        key_id=item["key_id"],
        sha256=item["sha256"],
        groups=tuple(item.get("groups") or ()),
        owner=item["owner"],
        created=item.get("created"),
        expires=item.get("expires"),
        status=item.get("status", _KEY["status"]),
        place=Place(path=FILE, pointer=("keys", position)),
    )
