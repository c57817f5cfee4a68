"""Why something was not done: a value for what the user can correct."""

import errno
import os
from dataclasses import dataclass

from modelspec.text.quote import visible

_LONGEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Nothing was done: `message` names the thing and the reason, `help` is an action."""

    message: str
    help: str


def shown(path: object) -> str:
    """A path in quotes, safe to print and in practice never cut: a truncated path is useless."""
    return f"'{visible(str(path), _LONGEST)}'"


def unusable(verb: str, path: object, error: OSError, action: str) -> Refusal:
    """The operating system's reason why `verb` failed: 'cannot write 'dist/a.json': No space left on device'."""
    reason = os.strerror(error.errno or errno.EIO)
    return Refusal(message=f"cannot {verb} {shown(path)}: {reason}", help=action)
