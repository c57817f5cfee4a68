"""The columns of the aggregate, `v1/day=D/*.parquet`, and the buckets of its histograms: the one definition.

Every row is a sum, so files of several machines, days and regions are merged by adding up. No value is null, since
engines differ about nulls: a text that is not known is empty, a number 0.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

VERSION = "v1"
"""The folder of the files. A column may be added within a version, and never changes its meaning."""

WIDTH = 1.02
"""Bucket b holds the whole milliseconds from 1.02^b up to 1.02^(b+1); 0 ms counts as 1 ms."""

MOST_MS = 30 * 86_400_000
"""A longer duration is no duration: it is left out of the histograms."""

REQUESTS, DURATION, FIRST_BYTE, ASKED, EDGES = "requests", "duration", "first_byte", "asked", "edges"
"""What `measure` can be: counts by hour, the two histograms by day, counts by the name as asked, and by the commit that
an edge ran."""

EDGE, DIRECT, HEAD = "edge", "direct", "head"
"""What `layer` can be: a request that an edge logged; a call that a head logged and no edge passed on, although its log
was read; a call that a head logged while no edge's log was read. The last are counted only where no edge counts."""

COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "measure": "string",
        "layer": "string",
        "date": "date",
        "hour": "int16",
        "model": "string",
        "client": "string",
        "head": "string",
        "served": "string",
        "upstream": "string",
        "code_class": "string",
        "key_id": "string",
        "asked": "string",
        "edge": "string",
        "commit": "string",
        "bucket": "int16",
        "requests": "int64",
        "retried": "int64",
        "failovers": "int64",
        "input_tokens": "int64",
        "output_tokens": "int64",
        "cost_nano": "int64",
    }
)
"""Names and types, as Ibis spells these.

`client` is the client's region, `served` the region of the head that answered, `upstream` that of the head's upstream
(known for rows of heads only). `hour` is 0 to 23 in UTC, and 0 in histograms, as `bucket` is 0 in counts. `code_class`
is one of `CODES`. `retried` are requests that took several tries, `failovers` those that a head answered which is not
of the model's first tier. `cost_nano` are billionths of a US dollar, as the gateway estimated them.
"""

SUMS = ("requests", "retried", "failovers", "input_tokens", "output_tokens", "cost_nano")
KEYS = tuple(name for name in COLUMNS if name not in SUMS)

DUCKDB_TYPES: Mapping[str, str] = MappingProxyType(
    {"string": "VARCHAR", "date": "DATE", "int16": "SMALLINT", "int64": "BIGINT"}
)

OTHER = "(other)"
"""What stands for names that no table knows, beyond the most frequent ones."""

CODES = ("1xx", "2xx", "3xx", "401", "403", "404", "429", "4xx", "503", "5xx", "none")
"""Classes of status codes; those that have a meaning of their own here stand apart. `none`: no answer was sent."""


def milliseconds(bucket: int) -> float:
    """The middle of a bucket, in the logarithm."""
    middle: float = WIDTH ** (bucket + 0.5)
    return middle


def day_folder(day: date) -> str:
    """The folder of a day, relative to that of the aggregate."""
    return f"{VERSION}/day={day.isoformat()}"
