"""A small fleet, an aggregate of its days written row by row, and what `suggest` says of both."""

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
from small_fleets import model

from modelspec.fleet.settings import Suggesting, settings_of
from modelspec.incremental import compile_fleet
from modelspec.pipeline import Compiled
from modelspec.routing.decide import Index
from modelspec.traffic.demand import demand_from
from modelspec.traffic.engines import DuckEngine
from modelspec.traffic.observed import Observed
from modelspec.traffic.prices import PriceList, price_list
from modelspec.traffic.query import Usage
from modelspec.traffic.stage import known_names
from modelspec.traffic.store import COLUMNS, DUCKDB_TYPES, WIDTH, UsageFolder, day_folder
from modelspec.traffic.suggested import SuggestReport, suggest

LAST = date(2026, 11, 30)
RULE: Suggesting = settings_of({}).suggest

REGIONS = """\
regions:
  - {code: us, name: United States, location: {latitude: 39, longitude: -77}}
  - {code: eu, name: Europe, residency: [eu, uk], location: {latitude: 50, longitude: 8}, \
upstreams: {hosts: ["*.example.com"]}}
  - {code: uk, name: United Kingdom, location: {latitude: 51, longitude: 0}, upstreams: {hosts: ["*.example.com"]}}
  - {code: ca, name: Canada, location: {latitude: 45, longitude: -73}}
"""
HEADS = """\
heads:
  - {head_id: head-eu, region: eu, url: https://head-eu.example.net}
  - {head_id: head-uk, region: uk, url: https://head-uk.example.net}
  - {head_id: head-us, region: us, url: https://head-us.example.net}
  - {head_id: head-us-2, region: us, url: https://head-us-2.example.net}
"""
ATLAS = """\
# The chat model.
model_id: atlas
name: Atlas
region: uk  # where the team is
priority_head: head-uk  # measured in May
fallback_heads:
  - head-us  # the next best
  - head-eu
endpoint: https://upstream.example.com/v1
"""
FILES = {
    "regions.yaml": REGIONS,
    "heads.yaml": HEADS,
    "models.d/atlas.yaml": ATLAS,
    "models.d/bison.yaml": model("bison", "fallback_heads: [head-us]", region="us", head="head-us-2"),
    "models.d/civet.yaml": model("civet", "fallback_heads: [head-uk]", region="eu", head="head-eu"),
}

Row = tuple[date, str, str, str, str, int]
"""Day, model, client region, head, code class, requests."""


@dataclass(frozen=True)
class Days:
    """An aggregate to be written, its rows day by day."""

    path: Path

    def write(
        self,
        rows: Iterable[Row],
        latency: dict[tuple[str, str], int] | None = None,
        *,
        fallen: Collection[str] = (),
        upstream: str = "",
        tokens: int = 0,
    ) -> None:
        """`latency` has milliseconds by client region and head; 100 where it has none.

        What heads of `fallen` answered fell over. `tokens` is what each request reads and writes, at an `upstream`.
        """
        connection = duckdb.connect()
        connection.execute(
            f"CREATE TABLE one ({', '.join(f'{name} {DUCKDB_TYPES[kind]}' for name, kind in COLUMNS.items())})"
        )
        texts = ", ".join(name for name, kind in COLUMNS.items() if kind == "string")
        found: list[tuple[object, ...]] = []
        for day, name, client, head, code, requests in rows:
            served = head.removeprefix("head-").removesuffix("-2")
            common = ("edge", day, 12, name, client, head, served, upstream, code, "")
            fell = requests if head in fallen else 0
            sums = (requests, 0, fell, tokens * requests, tokens * requests, 0)
            bucket = int(math.log((latency or {}).get((client, head), 100)) / math.log(WIDTH))
            found.append(("requests", *common, "", "", "", 0, *sums))
            found.append(("asked", *common, name, "", "", 0, *sums))
            found.extend(
                (kind, "edge", day, 0, *common[3:], "", "", "", bucket, *sums)
                for kind in ("duration", "first_byte")
            )
        folder = self.path / day_folder(LAST)
        folder.mkdir(parents=True, exist_ok=True)
        lines = self.path / "rows.csv"
        lines.write_text("".join(f"{','.join(map(str, row))}\n" for row in found))
        connection.execute(f"COPY one FROM '{lines}' (FORMAT csv, NULLSTR 'none', FORCE_NOT_NULL ({texts}))")
        number = len(list(folder.iterdir()))
        connection.execute(f"COPY one TO '{folder}/{number}.parquet' (FORMAT parquet)")
        assert UsageFolder(path=self.path).files()


def steady(name: str, head: str, shares: dict[str, int], days: int = 40, code: str = "2xx") -> Iterator[Row]:
    for back in range(days):
        for client, requests in shares.items():
            yield LAST - timedelta(days=back), name, client, head, code, requests


QUIET = [
    *steady("bison", "head-us-2", {"us": 50, "eu": 40}),
    *steady("civet", "head-eu", {"eu": 50, "us": 40}),
]


def observed(fleet: Path, usage: Days, recent: Collection[str] | None = ()) -> tuple[Compiled, Observed]:
    compiled = compile_fleet(fleet, today=LAST)
    assert compiled.table is not None
    engine = DuckEngine.over(UsageFolder(path=usage.path).files(), usage.path)
    assert isinstance(engine, DuckEngine)
    settings = compiled.setup.settings
    listed: PriceList | None = None
    if settings.prices is not None:
        read = price_list(compiled.tree, settings.prices, known_names(compiled.table))
        assert isinstance(read, PriceList)
        listed = read
    seen = Observed.of(Usage(engine=engine), Index(compiled.table), settings.suggest, recent, listed)
    assert seen is not None
    return compiled, seen


def report_of(fleet: Path, usage: Days, recent: Collection[str] | None = ()) -> SuggestReport:
    compiled, seen = observed(fleet, usage, recent)
    return suggest(compiled, seen, demand_from(seen.usage, seen.rule.days), LAST)


def titles(report: SuggestReport) -> list[str]:
    return [one.draft.title for one in report.suggestions]
