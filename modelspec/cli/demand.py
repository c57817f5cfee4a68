"""The option of the verbs that are weighed by usage."""

from pathlib import Path
from typing import TYPE_CHECKING

from modelspec.cli.stderr import accepted

if TYPE_CHECKING:
    from modelspec.change.demand import Demand


def demand_for(usage: Path, days: int) -> "Demand | None":
    """The last days of an aggregate, or what a file holds; None where there is nothing.

    Raises:
        click.exceptions.Exit: it cannot be read.
    """
    from modelspec.traffic.demand import demand_at

    return accepted(demand_at(usage, days), code=2)
