"""The logs that docs/traffic.md reads, of an edge and a head over 28 days: `python sample_logs.py FOLDER [KIND]`.

With `stray` a head outside of the residency answers one request; with `busy` there are more, and Norway answers some.
"""

import gzip
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

_FIRST_DAY = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=28)
_A_DAY = 12
_BUSY = 1_200


def _head(kind: str, number: int) -> str:
    if kind == "stray" and number == 200:
        return "head-service-us"
    return "head-service-no" if kind == "busy" and number % 8 == 0 else "head-service-eu"


def _rows(kind: str) -> Iterator[tuple[dict[str, object], dict[str, object]]]:
    """Each request as the edge and the head wrote it; one in three comes from Norway."""
    a_day = _BUSY if kind == "busy" else _A_DAY
    for number in range(28 * a_day):
        time = _FIRST_DAY + timedelta(days=number // a_day, minutes=number % a_day % 600)
        common: dict[str, object] = {
            "modelspec.log": 1,
            "time": time.isoformat(timespec="milliseconds"),
            "modelspec.request_id": f"request-{number}",
            "modelspec.model": "mistral-7b",
            "modelspec.head": _head(kind, number),
            "http.response.status_code": 200,
            "modelspec.duration_ms": 900 + number % 7,
            "modelspec.first_byte_ms": 90,
        }
        edge: dict[str, object] = {
            "modelspec.layer": "edge",
            "modelspec.key_id": "team-a",
            "gen_ai.request.model": "mistral-7b",
            "modelspec.edge": "edge-eu",
            "modelspec.client_region": "no" if number % 3 == 0 else "eu",
            "modelspec.attempts": 1,
            "modelspec.commit": "c0ffee",
        }
        head: dict[str, object] = {
            "modelspec.layer": "head",
            "modelspec.deployment": "mistral-7b#0",
            "gen_ai.provider.name": "openai",
            "gen_ai.usage.input_tokens": 100,
            "gen_ai.usage.output_tokens": 10,
            "modelspec.cost": 0.25,
        }
        yield common | edge, common | head


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(_rows(sys.argv[2] if sys.argv[2:] else ""))
    for name, layer in (("edge.log", 0), ("head-eu.log.gz", 1)):
        data = "".join(f"{json.dumps(row[layer])}\n" for row in rows).encode()
        (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)


main()
