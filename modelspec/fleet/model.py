"""The content of a repository, as plain frozen objects: names are strings that linking has resolved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from modelspec.fleet.client_keys import ClientKey
from modelspec.fleet.reference import Reference
from modelspec.text.document import Place, Pointer, Scalar
from modelspec.text.names import Suggestions, is_match
from modelspec.text.quote import some

_COUNTRIES = 6
"""Countries of an upstream that a line names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The upstreams that count as a region: patterns of hosts and of variables, and cloud regions by cloud."""

    region: str
    hosts: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    clouds: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def json(self) -> Mapping[str, object] | None:
        """As outputs have it; None where nothing is claimed."""
        if not (self.hosts or self.variables or self.clouds):
            return None
        return {"hosts": self.hosts, "variables": self.variables, "clouds": dict(self.clouds)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region; `residency` holds the codes where its requests may be served, None means anywhere.

    `countries` are ISO 3166 codes in lower case, empty where nothing says where it lies.
    """

    code: str
    name: str
    residency: tuple[str, ...] | None
    location: tuple[float, float] | None
    countries: frozenset[str]
    claims: Claims
    place: Place

    @property
    def title(self) -> str:
        """As shown to people: "Europe (eu)"."""
        return f"{self.name} ({self.code})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A head service: the access point of a region. `capacity` is relative, without a unit."""

    head_id: str
    region: str
    url: str
    status: str
    health_path: str
    inference_url: str | None
    capacity: int | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRule:
    """An entry of `key_policy`: the keys that it names and the hosts that may receive them, with `*` as in globs."""

    key: Reference
    hosts: tuple[str, ...]

    def names(self, key: str) -> bool:
        """Whether a key, as `str` spells its reference, is one of these."""
        kind, _, name = key.partition(":")
        if kind != self.key.kind:
            return False
        # A glob that begins in /var may mean /var/run, whose normal form begins otherwise.
        aliased = kind == "file" and name.startswith("/run/") and is_match(self.key.written, f"/var{name}")
        return aliased or is_match(self.key.normal, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where an upstream runs, and `known_by` what; nothing at all where that is not known.

    `regions` are declared codes. Without one, `countries` are ISO 3166 codes in lower case, sorted; `*` is anywhere.
    """

    regions: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    known_by: str | None = None

    @property
    def words(self) -> str:
        """As people read it: `runs in eu (known by upstream_region)`."""
        if self.known_by is None:
            return "runs in an unknown place"
        if self.regions:
            where = ", ".join(self.regions)
        else:
            codes = [code.upper() for code in self.countries]
            where = "any country" if codes == ["*"] else some(codes, _COUNTRIES)
        return f"runs in {where} (known by {self.known_by})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """One upstream of a model: in a `Model` as its file has it, in a routing table as a head calls it.

    `endpoint` is a URL, a reference to one, or None: in a file the provider's public one, in a table the one that
    `params` decide. `has_own_endpoint`: the model or a head names it. `request` are parameters that a request gets
    where it has none, `model_info` what a gateway is told of the model. `weight` and `order` are None where the file
    does not set them; rpm and tpm are requests and tokens a minute. `location` is that of a table. `pointer` leads to
    the fields: `()` or `("deployments", n)`.
    `is_declared`: the file names the endpoint or the provider; without either, nobody was meant.
    """

    endpoint: str | Reference | None
    has_own_endpoint: bool
    provider: str
    upstream_model: str
    api_key: Reference | None
    params: Mapping[str, Scalar | Reference]
    request: Mapping[str, object]
    model_info: Mapping[str, Scalar]
    region: str | None
    weight: int | None
    order: int | None
    rpm: int | None
    tpm: int | None
    location: Location = Location()
    is_declared: bool = field(default=True, compare=False, repr=False)
    pointer: Pointer = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReference:
    """A fallback model and when it is tried: `any`, `error`, `context_window` or `content_policy`."""

    model_id: str
    condition: str
    pointer: Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The content of one file.

    `deployments` has at least one: where the file lists none, or the head runs the model itself, its own five fields
    make it. `lines` has the line of each field of the file: `model_id:1 name:2`. `has_access`: it says itself who may
    call it. `first_byte_seconds` and `retry_on` None: as at the edge for all models.
    """

    path: str
    line: int
    lines: str = ""
    model_id: str
    name: str
    region: str
    priority_head: str
    fallback_heads: tuple[str, ...]
    policy: str
    weights: Mapping[str, int]
    deployments: tuple[Upstream, ...]
    local_inference: bool
    fallback_models: tuple[ModelReference, ...]
    aliases: tuple[str, ...]
    rpm: int | None
    tpm: int | None
    first_byte_seconds: int | None = None
    retry_on: tuple[int, ...] | None = None
    hedge: bool = False
    has_access: bool
    visibility: str
    groups: tuple[str, ...]
    client_regions: tuple[str, ...] | None
    status: str
    sunset: str | None
    replaced_by: str | None
    tags: tuple[str, ...]
    metadata: Mapping[str, object]

    @property
    def heads(self) -> tuple[str, ...]:
        """Every head that the file names for traffic, in the order of the tiers, each once."""
        return tuple(dict.fromkeys((self.priority_head, *self.weights, *self.fallback_heads)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Residency:
    """What a region's rule allows: codes, and the countries of their regions.

    `is_known` is False where one of these declares no country, so that none can be proved to be outside.
    """

    codes: frozenset[str]
    countries: frozenset[str]
    is_known: bool

    @classmethod
    def of(cls, region: Region, regions: Mapping[str, Region]) -> "Residency":
        """The rule of a region that has one."""
        allowed = [regions[code] for code in region.residency or () if code in regions]
        return cls(
            codes=frozenset(region.residency or ()),
            countries=frozenset(country for one in allowed for country in one.countries),
            is_known=len(allowed) == len(region.residency or ()) and all(one.countries for one in allowed),
        )

    def forbids(self, countries: Iterable[str]) -> bool:
        """Whether none of the countries is allowed."""
        given = frozenset(countries)
        return bool(given) and ("*" in given or (self.is_known and given.isdisjoint(self.countries)))

    def allows(self, countries: Iterable[str], *, is_promised: bool) -> bool:
        """Whether all of the countries are proved to be allowed."""
        given = frozenset(countries)
        return is_promised and bool(given) and given <= self.countries


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """What models are checked against: regions and heads by their names, in the order of their files.

    `complete` is False where regions.yaml or heads.yaml had faults: then an unknown name is not reported.
    `targets` are the gateways that configuration is written for: what one cannot express is a fault only then.
    `client_keys` are None where there is no keys.yaml. `edge_options` are `target_options.envoy` as they are written.
    """

    regions: Mapping[str, Region]
    heads: Mapping[str, Head]
    complete: bool
    secret_folders: tuple[str, ...] = ()
    edge_regions: tuple[str, ...] = ()
    targets: frozenset[str] = frozenset()
    key_policy: tuple[KeyRule, ...] = ()
    litellm_strategy: str = "simple-shuffle"
    client_keys: tuple[ClientKey, ...] | None = None
    edge_options: Mapping[str, Any] = field(default_factory=dict)
    litellm_enforces_limits: bool = False

    @property
    def knows_clients(self) -> bool:
        """Whether edges are told who their clients are."""
        return self.client_keys is not None or "jwt" in self.edge_options.get("auth", {})

    def knows(self, model: "Model") -> bool:
        """Whether every region and head that a model names is declared."""
        named = (d.region for d in model.deployments if d.region is not None)
        return (
            model.region in self.regions
            and all(head in self.heads for head in model.heads)
            and all(region in self.regions for region in named)
        )

    @cached_property
    def residencies(self) -> Mapping[str, Residency]:
        """The rules of the regions that have one, by code."""
        return {
            code: Residency.of(region, self.regions)
            for code, region in self.regions.items()
            if region.residency is not None
        }

    @cached_property
    def claims(self) -> tuple[Claims, ...]:
        """What regions say of upstreams, in their order."""
        claims = (region.claims for region in self.regions.values())
        return tuple(claim for claim in claims if claim.hosts or claim.variables or claim.clouds)

    @cached_property
    def region_suggestions(self) -> Suggestions:
        """For codes that are not declared."""
        return Suggestions(self.regions)

    @cached_property
    def head_suggestions(self) -> Suggestions:
        """For head ids that are not declared."""
        return Suggestions(self.heads)


Access = tuple[str, tuple[str, ...], tuple[str, ...] | None]
"""Who may call a model: visibility, groups, and the regions of the clients; None where these may be anywhere."""


class Signature(NamedTuple):
    """What other files may depend on in a model: its names, its references and its own reach.

    `sites` are what its upstreams' spellings say of where they run, as `location.Site`s.
    `regions` are all that the file names, for whatever use. `key_hosts` are its keys as `kind:name`, each with a host
    that receives it and the key's pointer. `is_tied_to_heads`: its endpoint is meant as its own heads see it.
    `access` is None where the file says nothing of it.
    It is all that rules across models see, and all that the cache keeps of an unchanged file. A tuple, since ten
    thousand of them are made anew in every run with a cache.
    """

    path: str
    model_id: str
    aliases: tuple[str, ...]
    region: str
    regions: tuple[str, ...]
    status: str
    heads: tuple[str, ...]
    reach: tuple[str, ...]
    sites: tuple[tuple[str, Pointer, tuple[str, ...], bool], ...]
    fallback_models: tuple[tuple[str, Pointer], ...]
    replaced_by: str | None
    key_hosts: tuple[tuple[str, str, Pointer], ...]
    is_tied_to_heads: bool
    access: Access | None
    sunset: str | None


class Named(Protocol):
    """What clients ask for by its id or by an alias."""

    @property
    def model_id(self) -> str:
        """The id."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """Its other names."""


Whose = TypeVar("Whose", bound=Named)


def prefix_of(name: str) -> str | None:
    """What a name must begin with for a wildcard to take it; None where `name` is no wildcard.

    `acme/*` takes what begins with `acme/`, and `*` alone whatever nothing else takes.
    """
    return name[:-1] if name == "*" or name.endswith("/*") else None


class Names(Generic[Whose]):
    """Every id and alias, and which model a name means: the only lookup of names."""

    def __init__(self, models: Iterable[Whose]) -> None:
        self._declared: dict[str, Whose] = {}
        for model in models:
            for name in (model.model_id, *model.aliases):
                self._declared.setdefault(name, model)
        prefixes = ((prefix_of(name), name) for name in self._declared if name[-1:] == "*")
        self._wildcards = {prefix: name for prefix, name in prefixes if prefix is not None}
        self._longest = max(map(len, self._wildcards), default=0)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names as they are declared, wildcards last."""
        yield from (name for name in self._declared if prefix_of(name) is None)
        yield from self._wildcards.values()

    def __getitem__(self, declared: str) -> Whose:
        """Return the model that declares a name, just as it is."""
        return self._declared[declared]

    def declared(self, name: str) -> str | None:
        """The id, alias or wildcard that takes a request for `name`.

        An exact name wins over the longest matching prefix, and any prefix over `*`; case counts, as it does in the
        gateways.
        """
        if name in self._declared:
            return name
        end = self._longest
        while (end := name.rfind("/", 0, end)) >= 0:
            wildcard = self._wildcards.get(name[: end + 1])
            if wildcard is not None:
                return wildcard
        return self._wildcards.get("")

    def find(self, name: str) -> Whose | None:
        """The model that a request for `name` means."""
        declared = self.declared(name)
        return None if declared is None else self[declared]

    @cached_property
    def suggestions(self) -> Suggestions:
        """For names that are not declared."""
        return Suggestions(self._declared)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The whole repository as rules across models see it, in the order of the paths.

    `paths` are those of all model files, then of the defaults. `broken` holds the text, or failing that the path, of
    each model file whose names could not all be understood: what seems undeclared may be declared there. `complete` is
    False where some model file has a fault of reading or schema: then what seems unused may be used there. `day` is
    the caller's, as `YYYY-MM-DD`; without one, nothing has passed.
    """

    fleet: Fleet
    signatures: Sequence[Signature]
    names: Names[Signature]
    paths: Sequence[str]
    broken: Sequence[str]
    complete: bool
    day: str | None = None

    def may_declare(self, name: str) -> bool:
        """Whether a file that could not be understood may hold this name."""
        slug = name.rpartition("/")[2]
        return any(slug in text for text in self.broken)
