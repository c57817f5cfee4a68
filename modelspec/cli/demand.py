"""The option of the verbs that are weighed by usage."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelspec.cli.stderr import accepted

if TYPE_CHECKING:
    from modelspec.change.demand import Demand

_NEEDS = ("duckdb", "ibis", "sqlglot")


def demand_for(usage: Path, days: int) -> "Demand | None":
    """The last days of an aggregate, or what a file holds; None where there is nothing.

    Raises:
        click.UsageError: the packages that read an aggregate are missing.
        click.exceptions.Exit: it cannot be read.
    """
    if not usage.is_dir():
        from modelspec.traffic.demand import demand_at

        return accepted(demand_at(usage), code=2)
    if not all(map(find_spec, _NEEDS)):
        from modelspec.author.init import with_extra

        raise click.UsageError(f"an aggregate needs a few packages more: {with_extra('traffic')}")
    from modelspec.traffic.summed import demand_in

    return accepted(demand_in(usage, days), code=2)
