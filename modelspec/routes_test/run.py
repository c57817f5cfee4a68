"""Running the cases: what happened, and where it is not what was expected."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from modelspec.decide import Decision, Index, decide, targets_at
from modelspec.routes_test.cases import Case
from modelspec.routing import Json, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One expectation that does not hold: its field in the file, and both sides as JSON has them."""

    field: str
    expected: object
    actual: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A case after its run; it has passed where nothing differs."""

    case: Case
    decision: Decision
    differences: tuple[Difference, ...]


def run(index: Index, cases: Iterable[Case]) -> list[Result]:
    """Run every case, in order."""
    results = []
    for case in cases:
        decision = decide(index, case.request)
        results.append(
            Result(case=case, decision=decision, differences=tuple(_differences(index, case, decision)))
        )
    return results


def _differences(index: Index, case: Case, decision: Decision) -> Iterator[Difference]:
    """A wrong status is told alone, unless the request was to be refused: what else was expected follows from it."""
    expect = case.expect
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
    """At the head that is expected, else at each of the first tier; the first that differs is told."""
    heads = (head,) if head in decision.first and head is not None else decision.first
    for each in heads:
        actual = [endpoint(target) for target in targets_at(decision, each)]
        if actual != list(expected):
            yield Difference(field="deployments", expected=list(expected), actual=actual)
            return
    if not heads:
        yield Difference(field="deployments", expected=list(expected), actual=[])


def endpoint(target: Target) -> str | Json:
    """An upstream as an expectation names it."""
    return target.provider if target.endpoint is None else target.endpoint


def _one_or_all(names: tuple[str, ...]) -> object:
    match names:
        case ():
            return None
        case (one,):
            return one
        case _:
            return list(names)
