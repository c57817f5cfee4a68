"""What a new repository begins with."""

import re
from dataclasses import dataclass

from modelspec.text.quote import quote

DEFAULT_REGIONS = (("eu", "Europe"), ("us", "United States"))
DEFAULT_OWNER = "@example-org/platform"

_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_CODE = 32
_LONGEST_NAME = 128
_OWNER = re.compile(r"@[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What whoever begins has chosen: `regions` are codes and names, `owner` agrees to changes of the policy."""

    forge: str
    regions: tuple[tuple[str, str], ...] = DEFAULT_REGIONS
    owner: str = DEFAULT_OWNER


def region_fault(code: str, name: str) -> str | None:
    """What is wrong with a region's code or name, if anything."""
    if not _CODE.fullmatch(code) or len(code) > _LONGEST_CODE:
        return (
            f"{quote(code)} is no region code: lower-case letters and digits that begin with a letter,"
            " in parts joined by '-'"
        )
    if not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
        return f"{quote(name)} is no name of a region: 1 to {_LONGEST_NAME} characters that can be seen"
    return None


def is_owner(text: str) -> bool:
    """Whether a text is the name of a user or a team as code owners name them."""
    return _OWNER.fullmatch(text) is not None
