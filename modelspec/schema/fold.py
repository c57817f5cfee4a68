"""One mistake, one fault."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from modelspec.schema.fault import Fault
from modelspec.schema.wording import alternatives

_RANK = {"MS103": 0, "MS105": 1, "MS104": 2, "MS106": 3}
"""Of several faults of one value only the first of these is worth saying."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fault with what folding must know.

    `name` is the missing field of MS102 and the meant one of MS101; `fields` counts the fields that would
    have been known; `group` is shared by the fields that one other field excludes.
    """

    fault: Fault
    name: str = ""
    fields: int = 0
    group: tuple[str | int, ...] = ()


def fold(findings: Iterable[Finding]) -> list[Fault]:
    """Drop the faults that only follow from another; their order means nothing."""
    findings = list(findings)
    unknown = [(f.fault.pointer[:-1], f) for f in findings if f.fault.code == "MS101"]
    mixed_up = {owner for owner, _ in unknown}
    # What a misspelt field stands for is not missing as well, nor the only field that there could have been.
    written = {(owner, f.name) for owner, f in unknown}
    only = {owner for owner, f in unknown if f.fields == 1}
    best: dict[tuple[tuple[str | int, ...], bool], Fault] = {}
    groups: defaultdict[tuple[str | int, ...], list[Fault]] = defaultdict(list)
    kept: list[Fault] = []
    for finding in findings:
        fault = finding.fault
        if fault.code in _RANK:
            place = (fault.pointer, fault.on_key)
            if place not in best or _RANK[fault.code] < _RANK[best[place].code]:
                best[place] = fault
        elif finding.group:
            groups[finding.group].append(fault)
        elif fault.code == "MS102":
            if (fault.pointer, finding.name) not in written and fault.pointer not in only:
                kept.append(fault)
        elif fault.code != "MS108" or fault.pointer not in mixed_up:
            kept.append(fault)
    return [*kept, *best.values(), *map(_together, groups.values())]


def _together(faults: list[Fault]) -> Fault:
    """Name all excluded fields at the place of the first."""
    first, *rest = faults
    if not rest:
        return first
    also = alternatives([str(fault.pointer[-1]) for fault in rest], "and")
    return replace(first, message=f"{first.message}, {'as do' if rest[1:] else 'as does'} {also}")
