"""What a repository says, as plain frozen objects: names are strings that linking has looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from modelspec.document import Pointer, Scalar
from modelspec.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a finding points: into a document by pointer, or at an exact span of the text."""

    path: str
    pointer: Pointer = ()
    on_key: bool = False
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """`{env: NAME}`, `{file: /path}`, `{vault: path#key}` or `{kubernetes: {secret, key}}`: never a value.

    `target` is the name or path; of `kubernetes` it is `secret/key`.
    """

    kind: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region; `residency` holds the codes where its requests may be served, None means anywhere."""

    code: str
    name: str
    residency: tuple[str, ...] | None
    location: tuple[float, float] | None
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
class Deployment:
    """One upstream of a model. `endpoint` is a URL, a reference to one, or None: the provider's public one.

    `pointer` leads to the mapping that holds its fields: `()` or `("deployments", n)`.
    """

    endpoint: str | Reference | None
    provider: str
    upstream_model: str
    api_key: Reference | None
    params: Mapping[str, Scalar | Reference]
    region: str | None
    weight: int | None
    order: int | None
    rpm: int | None
    tpm: int | None
    pointer: Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReference:
    """A fallback model and when it is tried: `any`, `error`, `context_window` or `content_policy`."""

    model_id: str
    condition: str
    pointer: Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Everything that one file says. `deployments` is empty where the head runs the model itself."""

    path: str
    line: int
    model_id: str
    name: str
    region: str
    priority_head: str
    fallback_heads: tuple[str, ...]
    policy: str
    weights: Mapping[str, int]
    deployments: tuple[Deployment, ...]
    local_inference: bool
    local_endpoint: str | Reference | None
    fallback_models: tuple[ModelReference, ...]
    aliases: tuple[str, ...]
    rpm: int | None
    tpm: int | None
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
class Fleet:
    """What models are checked against: regions and heads by their names, in the order of their files.

    `complete` is False where regions.yaml or heads.yaml had faults: then an unknown name is no news.
    """

    regions: Mapping[str, Region]
    heads: Mapping[str, Head]
    complete: bool
    secret_folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What other files may depend on in a model: its names, its references and its own reach.

    It is all that rules across models see, and all that the cache keeps of an unchanged file.
    """

    path: str
    model_id: str
    aliases: tuple[str, ...]
    region: str
    status: str
    heads: tuple[str, ...]
    reach: tuple[str, ...]
    fallback_models: tuple[tuple[str, Pointer], ...]
    replaced_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The whole repository as rules across models see it, in the order of the paths.

    `names` leads from every id and alias, folded to lower case, to its first owner. `broken` holds what is known of model
    files with faults: their paths and text.
    """

    fleet: Fleet
    signatures: tuple[Signature, ...]
    broken: Mapping[str, str] = field(default_factory=dict)
