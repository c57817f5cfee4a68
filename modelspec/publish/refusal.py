"""Why nothing, or no more, was published."""

import os
from dataclasses import dataclass

from modelspec.quote import visible

_LONGEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The gateway keeps what it had: `message` names the thing and the reason, `help` is an action."""

    message: str
    help: str


def shown(path: object) -> str:
    """A path in quotes, safe to print."""
    return f"'{visible(str(path), _LONGEST)}'"


def unusable(verb: str, path: object, error: OSError, action: str) -> Refusal:
    """What the operating system said."""
    reason = os.strerror(error.errno) if error.errno else "it is out of order"
    return Refusal(message=f"cannot {verb} {shown(path)}: {reason}", help=action)
