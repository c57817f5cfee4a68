"""Why something was not done: a value for what the user can put right."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Nothing was done: `message` names the thing and the reason, `help` is an action."""

    message: str
    help: str
