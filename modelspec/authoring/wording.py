"""What changes, in words."""

from collections.abc import Sequence

from modelspec.edit.style import flow
from modelspec.quote import visible
from modelspec.report.said import without_secrets

_LONGEST = 60


def shown(value: object) -> str:
    """A value on one line, as a file has it; cut where it is long, starred out where it is a secret."""
    return visible(without_secrets(flow(value)), _LONGEST)


def counted(number: int, what: str) -> str:
    """Like `1 model` or `12 models`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """Some names and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
