"""modelspec as a library: the calls that the command line makes, which return frozen values and print nothing.

    checked = validate(Path("fleet"), today=date.today())
    compiled = compile(Path("fleet"), today=date.today())
    decision = route(compiled, "mistral-7b", origin="eu")

A mistake in the files is a `Diagnostic` among `diagnostics`, what keeps a plan from being made is a `Refusal`; both are
values. `today` decides which waivers have expired: no clock is asked.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.diagnose.refusal import Refusal
from modelspec.incremental import compile_fleet, validate
from modelspec.pipeline import Checked, Compiled
from modelspec.routing.decide import Decision, Index, Request, decide

if TYPE_CHECKING:
    from modelspec.change.demand import Demand
    from modelspec.change.plan import Planned

__all__ = [
    "Checked",
    "Compiled",
    "Decision",
    "Diagnostic",
    "Refusal",
    "Severity",
    "compile",
    "plan",
    "route",
    "validate",
]


def compile(root: Path, *, today: date, targets: Sequence[str] = ()) -> Compiled:  # noqa: A001 - as `re.compile`
    """Compile the repository at `root`: `table` is its routing table, `diagnostics` are its faults.

    `targets` are gateways beside those of modelspec.yaml.

    Raises:
        OSError: the root cannot be opened.
    """
    return compile_fleet(root, today=today, targets=targets)


def route(
    compiled: Compiled, model: str, *, origin: str | None = None, down: tuple[str, ...] = ()
) -> Decision:
    """Decide what becomes of a request for `model`, sent from the region `origin`, while heads or regions are `down`.

    Raises:
        ValueError: the repository has no routing table: a file cannot be read, or a name is not declared.
        KeyError: `down` has a name that no head and no region has.
    """
    if compiled.table is None:
        raise ValueError("a repository with faults of reading, schema or links has no routing table")
    return decide(Index(compiled.table), Request(model=model, origin=origin, down=down))


def plan(
    root: Path,
    *,
    today: date,
    base: str | None = None,
    head: str | None = None,
    weigh: bool = False,
    demand: "Demand | None" = None,
) -> "Planned | Refusal":
    """Compare two commits of the repository at `root`; None means the merge base and the working tree.

    To `weigh` is to replay the requests of `demand`; where that is None, the plan says that usage is missing.

    Raises:
        OSError: the root cannot be opened.
    """
    from modelspec.change.plan import plan_change  # noqa: PLC0415 - only a plan needs git

    return plan_change(root, base=base, head=head, today=today, weigh=weigh, demand=demand)
