"""Regional settings as regions of a fleet, where only one can be meant."""

import re
from collections.abc import Mapping

_AREAS = (
    (re.compile(r"eu(?:rope)?(?:[-.]|$)"), "eu"),
    (re.compile(r"us(?:[-.]|$)"), "us"),
    (re.compile(r"(?:ca|northamerica-northeast\d)(?:[-.]|$)"), "ca"),
    (re.compile(r"(?:sa|southamerica)(?:[-.]|$)"), "sa"),
    (re.compile(r"(?:ap|apac|asia)(?:[-.]|$)"), "ap"),
    (re.compile(r"cn(?:[-.]|$)"), "cn"),
    (re.compile(r"me(?:[-.]|$)"), "me"),
    (re.compile(r"af(?:rica)?(?:[-.]|$)"), "af"),
)
"""How the clouds begin the names of their regions: AWS and Bedrock's profiles, Google Cloud."""
_SETTINGS = ("aws_region_name", "vertex_location", "region_name")


def region_of(
    provider: str, upstream: str, settings: Mapping[str, object], regions: tuple[str, ...]
) -> str | None:
    """The region of the fleet that a deployment runs in; None where none, or more than one, could be meant."""
    told = [str(settings[name]) for name in _SETTINGS if isinstance(settings.get(name), str)]
    if provider == "bedrock":
        told.append(upstream.rpartition("/")[2].partition(".")[0])
    found = {code for text in told if (code := _code(text.lower(), regions)) is not None}
    return found.pop() if len(found) == 1 else None


def _code(text: str, regions: tuple[str, ...]) -> str | None:
    if text in regions:
        return text
    area = next((area for pattern, area in _AREAS if pattern.match(text)), None)
    inside = [code for code in regions if code == area or code.startswith(f"{area}-")] if area else []
    return inside[0] if inside == [area] else None
