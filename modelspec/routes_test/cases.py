"""The cases of routes.test.yaml as plain frozen objects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from modelspec.decide import Request
from modelspec.routing import Json

FILE = "routes.test.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What must become of a request; None where the case does not say.

    A case that says nothing of the status expects 200. `deployments` are endpoints: URLs, `{env: NAME}`, or the
    provider's name where there is no endpoint.
    """

    status: int
    head: str | None = None
    tiers: tuple[frozenset[str], ...] | None = None
    deployments: tuple[str | Json, ...] | None = None
    region: str | None = None
    reach_within: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request and what is expected; `number` is its 0-based place in the file."""

    number: int
    name: str
    request: Request
    expect: Expectation


def cases_of(value: object) -> Iterator[Case]:
    """The cases of a document without faults; none where there is no document."""
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
    """What a request is called that has no name."""
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
