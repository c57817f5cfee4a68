"""What is served now, and word of it to every open page."""

import json
from collections.abc import AsyncIterator

from anyio import Event

from modelspec.serve.site import Faults, Site


class Live:
    """The last good site and the faults that came after it. One task takes outcomes; any number of pages listen."""

    def __init__(self) -> None:
        self.site: Site | None = None
        self.faults: Faults | None = None
        self._changed = Event()
        self._is_closed = False

    def take(self, outcome: Site | Faults) -> None:
        """A new site replaces the old one; faults leave it up."""
        if isinstance(outcome, Site):
            self.site, self.faults = outcome, None
        else:
            self.faults = outcome
        self._tell()

    def close(self) -> None:
        """End every stream of news, so that the server can stop."""
        self._is_closed = True
        self._tell()

    async def news(self) -> AsyncIterator[bytes]:
        """Server-sent events: the state now, and then each new one, until the end."""
        while not self._is_closed:
            changed = self._changed
            state = {
                "version": self.site.version if self.site else "",
                "faults": self.faults.text if self.faults else None,
            }
            yield f"data: {json.dumps(state)}\n\n".encode()
            await changed.wait()

    def _tell(self) -> None:
        changed, self._changed = self._changed, Event()
        changed.set()
