"""The cases of routes.test.yaml, and their runs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from modelspec.fleet.model import Upstream
from modelspec.fleet.reference import Reference
from modelspec.routing.decide import Decision, Index, Request, decide, targets_at
from modelspec.routing.table import Json

FILE = "routes.test.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The expected outcome of a request; None where the case does not specify it.

    A case without a status expects 200. `deployments` are endpoints: URLs, `{env: NAME}`, or the provider's name
    where there is no endpoint.
    """

    status: int
    head: str | None = None
    tiers: tuple[frozenset[str], ...] | None = None
    deployments: tuple[str | Json, ...] | None = None
    region: str | None = None
    reach_within: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request and its expected outcome; `number` is its 0-based position in the file."""

    number: int
    name: str
    request: Request
    expect: Expectation


def cases_of(value: object) -> Iterator[Case]:
    """The cases of a valid document; none where there is no document."""
    if isinstance(value, dict):
        for number, item in enumerate(value["tests"]):
            request = Request(
                model=item["model"], origin=item.get("from"), down=tuple(item.get("down") or ())
            )
            yield Case(
                number=number,
                name=item.get("name") or title(request),
                request=request,
                expect=_expectation(item["expect"]),
            )


def title(request: Request) -> str:
    """The title of a case without a name."""
    origin = f" from {request.origin}" if request.origin else ""
    down = f" with {' and '.join(request.down)} down" if request.down else ""
    return f"{request.model}{origin}{down}"


def _expectation(fields: Mapping[str, Any]) -> Expectation:
    tiers, deployments, within = (fields.get(name) for name in ("tiers", "deployments", "reach_within"))
    return Expectation(
        status=fields.get("status", 200),
        head=fields.get("head"),
        tiers=None if tiers is None else tuple(map(_tier, tiers)),
        deployments=None if deployments is None else tuple(deployments),
        region=fields.get("region"),
        reach_within=None if within is None else frozenset(within),
    )


def _tier(heads: str | list[str]) -> frozenset[str]:
    return frozenset([heads] if isinstance(heads, str) else heads)


def select(cases: Sequence[Case], pattern: str) -> list[Case]:
    """The cases whose name or model equals or matches the pattern, in which `*` and `?` are wildcards."""
    return [
        case
        for case in cases
        if any(text == pattern or fnmatchcase(text, pattern) for text in (case.name, case.request.model))
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One unmet expectation: its field in the file, and both values as JSON."""

    field: str
    expected: object
    actual: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A case after its run; it passed if there are no differences."""

    case: Case
    decision: Decision
    differences: tuple[Difference, ...]


def run(index: Index, cases: Iterable[Case]) -> list[Result]:
    """Run every case, in order."""
    return [
        Result(case=case, decision=decision, differences=tuple(_differences(index, case.expect, decision)))
        for case in cases
        for decision in [decide(index, case.request)]
    ]


def _differences(index: Index, expect: Expectation, decision: Decision) -> Iterator[Difference]:
    """A wrong status is reported alone, since the other differences follow from it."""
    if decision.status != expect.status:
        yield Difference(field="status", expected=expect.status, actual=decision.status)
        return
    if expect.head is not None and expect.head not in decision.first:
        yield Difference(field="head", expected=expect.head, actual=_one_or_all(decision.first))
    if expect.region is not None:
        regions = tuple(dict.fromkeys(index.heads[head].region for head in decision.first))
        if regions != (expect.region,):
            yield Difference(field="region", expected=expect.region, actual=_one_or_all(regions))
    if expect.tiers is not None and expect.tiers != tuple(frozenset(t.weights) for t in decision.tiers):
        yield Difference(
            field="tiers",
            expected=[_one_or_all(tuple(sorted(tier))) for tier in expect.tiers],
            actual=[_one_or_all(tuple(tier.weights)) for tier in decision.tiers],
        )
    if expect.deployments is not None:
        yield from _deployments(expect.deployments, expect.head, decision)
    if expect.reach_within is not None and not expect.reach_within.issuperset(decision.reach):
        yield Difference(
            field="reach_within", expected=sorted(expect.reach_within), actual=list(decision.reach)
        )


def _deployments(
    expected: tuple[str | Json, ...], head: str | None, decision: Decision
) -> Iterator[Difference]:
    """Checked at the expected head, else at every head of the first tier; the first difference is reported."""
    heads = (head,) if head is not None and head in decision.first else decision.first
    for each in heads:
        actual = [_upstream(target) for target in targets_at(decision, each)]
        if actual != list(expected):
            yield Difference(field="deployments", expected=list(expected), actual=actual)
            return
    if not heads:
        yield Difference(field="deployments", expected=list(expected), actual=[])


def _upstream(target: Upstream) -> str | Json:
    """An upstream as an expectation names it."""
    endpoint = target.endpoint
    return endpoint.json if isinstance(endpoint, Reference) else endpoint or target.provider


def _one_or_all(names: tuple[str, ...]) -> object:
    match names:
        case ():
            return None
        case (one,):
            return one
        case _:
            return list(names)
