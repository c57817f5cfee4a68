"""The compiled truth: which model goes where. Plain and ordered; everything that is emitted is derived from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from modelspec.fleet.model import Upstream, prefix_of

Json = Mapping[str, object]
"""What JSON can hold, with the keys in the order in which they are written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Heads that are tried together, each with its relative weight; the tiers of a route are tried in order."""

    weights: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What people read about a model and no gateway needs; `lines` as a `Model` has them."""

    name: str
    priority_head: str
    fallback_heads: tuple[str, ...]
    weights: Mapping[str, int]
    sunset: str | None
    replaced_by: str | None
    tags: tuple[str, ...]
    metadata: Mapping[str, object]
    path: str
    line: int
    lines: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where requests for one model go.

    `tiers` is empty where nothing serves it: disabled, or every head offline. `targets` are its deployments, the
    same at every head; where the heads run the model themselves it is empty and `local_targets` has one for each head.
    `reach` is every region that a request may touch, sorted. `fallback_models` leads from a condition
    (`any`, `error`, `context_window`, `content_policy`) to model ids. `client_regions` None means from anywhere.
    `first_byte_seconds`: how long a head may be silent before the next is asked; `retry_on`: the status codes for which
    the next is asked, beside 502 to 504; None is what the edge has for all models. `heads` are those that serve it, in
    the order in which they are tried.
    """

    model_id: str
    aliases: tuple[str, ...]
    status: str
    region: str
    policy: str
    tiers: tuple[Tier, ...]
    local_inference: bool
    targets: tuple[Upstream, ...]
    local_targets: Mapping[str, Upstream]
    fallback_models: Mapping[str, tuple[str, ...]]
    reach: tuple[str, ...]
    client_regions: tuple[str, ...] | None
    visibility: str
    groups: tuple[str, ...]
    rpm: int | None
    tpm: int | None
    first_byte_seconds: int | None = None
    retry_on: tuple[int, ...] | None = None
    hedge: bool = False
    about: About
    heads: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """List the heads of the tiers, which is asked for all the time."""
        object.__setattr__(self, "heads", tuple([head for tier in self.tiers for head in tier.weights]))

    @property
    def exact(self) -> tuple[str, ...]:
        """The names that must be sent as they are: the id, then the aliases."""
        return tuple(name for name in (self.model_id, *self.aliases) if prefix_of(name) is None)

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What a name may begin with, the slash included: `openrouter/` of `openrouter/*`, and nothing of `*`."""
        found = map(prefix_of, (self.model_id, *self.aliases))
        return tuple(prefix for prefix in found if prefix is not None)

    @property
    def is_routed(self) -> bool:
        """Whether a request for it gets an answer other than 404."""
        return self.status != "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionEntry:
    """A region. `residency` None means anywhere; `location` is latitude and longitude in degrees.

    `countries` are ISO 3166 codes in lower case, sorted; `upstreams` what the region claims, as its file has it.
    """

    code: str
    name: str
    residency: tuple[str, ...] | None
    location: tuple[float, float] | None
    countries: tuple[str, ...] = ()
    upstreams: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadEntry:
    """A head service; `capacity` is relative, without a unit."""

    head_id: str
    region: str
    url: str
    status: str
    health_path: str
    inference_url: str | None
    capacity: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingTable:
    """Regions and heads in the order of their files, routes in the order of their ids."""

    regions: tuple[RegionEntry, ...]
    heads: tuple[HeadEntry, ...]
    routes: tuple[Route, ...]
