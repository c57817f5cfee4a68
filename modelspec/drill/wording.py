"""What both the text and the Markdown of a drill say."""

from collections.abc import Sequence

from modelspec.drill.drill import Load, Move, Outcome


def title(outcome: Outcome) -> str:
    """What is down."""
    return f"{' and '.join(outcome.down)} down"


def effects(outcome: Outcome) -> str:
    """What it does, in one line."""
    counts = (
        (len(outcome.losses), "loses service", "lose service"),
        (len(outcome.moves), "moves to another head", "move to other heads"),
        (len(outcome.leaving), "leaves its region", "leave their region"),
    )
    parts = [f"{_models(count)} {one if count == 1 else many}" for count, one, many in counts if count]
    heads = len(outcome.overloaded)
    if heads:
        parts.append(f"{heads} {'head' if heads == 1 else 'heads'} overloaded")
    return ", ".join(parts) or "nothing changes"


def summary(outcomes: Sequence[Outcome]) -> str:
    """The whole run in one line."""
    lossy = sum(bool(outcome.losses) for outcome in outcomes)
    lost = len({loss.route.model_id for outcome in outcomes for loss in outcome.losses})
    drills = f"{len(outcomes)} drill" if len(outcomes) == 1 else f"{len(outcomes)} drills"
    if not lossy:
        return f"{drills}: every model keeps a head"
    return f"{drills}: {lossy} {'loses' if lossy == 1 else 'lose'} service, for {_models(lost)} in all"


def ways(moves: Sequence[Move]) -> dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]]:
    """The models that move, by the heads before and after, in the order of the models."""
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for move in moves:
        found.setdefault((move.before, move.after), []).append(move.route.model_id)
    return found


def load(one: Load) -> str:
    """How the load of a head changes, and what that is for its capacity."""
    shift = f"{number(one.before)} to {number(one.after)} models"
    if one.capacity is None:
        return shift
    return f"{shift}, {number(one.before / one.capacity)} to {number(one.after / one.capacity)} a unit of capacity"


def number(value: float) -> str:
    """A load with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _models(count: int) -> str:
    return "1 model" if count == 1 else f"{count} models"
