"""What a change does to the compiled routes: two routing tables to effects, and effects to text, markdown and JSON."""

from modelspec.plan.compare import compare
from modelspec.plan.effect import Effect, HeadLoad, HeadShift, Place, Plan, Rank, Said, State, Subject
from modelspec.plan.kinds import KINDS

__all__ = [
    "KINDS",
    "Effect",
    "HeadLoad",
    "HeadShift",
    "Place",
    "Plan",
    "Rank",
    "Said",
    "State",
    "Subject",
    "compare",
]
