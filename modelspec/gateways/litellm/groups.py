"""The model groups of a head, for requests of clients and for fallbacks, and their deployments."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from modelspec.fleet.model import Upstream, prefix_of
from modelspec.fleet.reference import Reference
from modelspec.gateways.litellm.names import (
    FALLBACK_PREFIX,
    FORMS,
    NO_KEY,
    Form,
    environment_name,
    form_of,
)
from modelspec.routing.decide import Index
from modelspec.routing.table import Json, Route, RoutingTable
from modelspec.url import parts

Conditions = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A route at one head.

    `names` are LiteLLM's model groups: the id and every wildcard among the aliases. `aliases` stand for the first of
    them. `fallbacks` maps conditions to names of groups.
    """

    route: Route
    names: tuple[str, ...]
    aliases: tuple[str, ...]
    targets: tuple[Upstream, ...]
    fallbacks: Conditions


class LiteLLMGroups:
    """The routing table, by head and by name."""

    def __init__(self, routing: RoutingTable) -> None:
        self._index = Index(routing)
        self._by_head: dict[str, list[Route]] = {head.head_id: [] for head in routing.heads}
        for route in routing.routes:
            for head in route.heads:
                self._by_head[head].append(route)

    def served_by(self, head: str) -> list[Group]:
        """The models that a head serves, by id; then those that it only falls back to, in the order of discovery.

        A request that falls back stays at its head, so the head also has the upstreams of the other model, under a
        name that no client can send.
        """
        own = {route.model_id for route in self._by_head[head]}
        hidden: dict[str, Route] = {}
        groups: list[Group] = []
        waiting = list(self._by_head[head])
        for route in waiting:
            seen = len(hidden)
            fallbacks = self._fallbacks(route, own, hidden)
            waiting.extend(list(hidden.values())[seen:])
            names = (route.model_id, *(alias for alias in route.aliases if prefix_of(alias) is not None))
            aliases = tuple(alias for alias in route.aliases if prefix_of(alias) is None)
            targets = route.targets
            if route.local_inference:
                targets = (route.local_targets[head],) if route.model_id in own else tuple(_remote(route))
            if route.model_id not in own:
                names, aliases = tuple(FALLBACK_PREFIX + name for name in names), ()
            groups.append(
                Group(route=route, names=names, aliases=aliases, targets=targets, fallbacks=fallbacks)
            )
        return groups

    def _fallbacks(self, route: Route, own: set[str], hidden: dict[str, Route]) -> Conditions:
        """The groups to fall back to by condition, without models that no head serves."""
        by_condition: dict[str, tuple[str, ...]] = {}
        for condition, names in route.fallback_models.items():
            groups: list[str] = []
            for name in names:
                found = self._index.find(name)
                if found is None or not found[0].tiers or found[0] is route:
                    continue
                other = found[0]
                group = name if prefix_of(other.model_id) is not None else other.model_id
                if other.model_id not in own:
                    if not self._is_within_reach(other):
                        continue
                    hidden.setdefault(other.model_id, other)
                    group = FALLBACK_PREFIX + group
                groups.append(group)
            if groups:
                by_condition[condition] = tuple(dict.fromkeys(groups))
        return by_condition

    def _is_within_reach(self, route: Route) -> bool:
        """Whether other heads can call the upstreams of a model: an endpoint of its heads may be a loopback address."""
        heads = self._index.heads
        return all(
            target.endpoint == heads[head].inference_url for head, target in route.local_targets.items()
        )


def _remote(route: Route) -> Iterator[Upstream]:
    """The inference servers of the heads that run the model themselves, tier by tier."""
    for number, tier in enumerate(route.tiers, 1):
        for head, weight in tier.weights.items():
            yield replace(route.local_targets[head], order=number, weight=weight)


_ENVIRONMENT = "os.environ/"


def deployments(group: Group) -> Iterator[Json]:
    """The entries of a group: one per name and upstream."""
    targets = _shared(group.targets)
    groups = access_groups(group.route)
    for name in group.names:
        for number, target in enumerate(targets):
            entry: dict[str, object] = {"id": f"{name}#{number}"}
            if groups:
                entry["access_groups"] = groups
            entry.update(target.model_info)
            yield {
                "model_name": name,
                "litellm_params": _params(group.route, target, alone=len(targets) == 1),
                "model_info": entry,
            }


_OPEN_TO = {"private": (), "public": ("public", "internal")}
"""By visibility: access to internal models includes public ones."""


def access_groups(route: Route) -> tuple[str, ...]:
    """The access groups that may call a model: `public`, `internal`, and its groups."""
    return tuple(dict.fromkeys((*_OPEN_TO.get(route.visibility, ("internal",)), *route.groups)))


def variable(reference: Reference) -> str:
    """The environment variable for a reference."""
    if reference.kind == "env":
        return reference.written
    return environment_name(reference.kind, reference.normal)


def references(target: Upstream) -> Iterator[Reference]:
    """The references of an upstream that LiteLLM reads from its environment."""
    for value in (target.endpoint, target.api_key, *target.params.values()):
        if isinstance(value, Reference) and not _is_read_from_file(target, value):
            yield value


def number(value: object) -> object:
    """A number without an exponent, which YAML 1.1 would read as text; thousandths are enough for every setting."""
    if not isinstance(value, float):
        return value
    return int(value) if value.is_integer() else round(max(value, 0.001), 3)


def _params(route: Route, target: Upstream, *, alone: bool) -> Json:
    form = form_of(target)
    params: dict[str, object] = {"model": f"{form.prefix}/{_upstream(route, target)}"}
    if target.endpoint is not None and (target.has_own_endpoint or not form.is_default):
        params["api_base"] = _api_base(target.endpoint, form)
    params.update(_credentials(target))
    for name, value in target.params.items():
        if value != "":  # LiteLLM would take it for a credential
            params[name] = _resolved(value) if isinstance(value, Reference) else number(value)
    params.update(target.request)
    limits = {"rpm": (target.rpm, route.rpm), "tpm": (target.tpm, route.tpm)}
    settings = {"order": target.order, "weight": target.weight}
    for name, (own, whole) in limits.items():
        known = [limit for limit in (own, whole if alone else None) if limit is not None]
        settings[name] = min(known, default=None)
    params.update((name, value) for name, value in settings.items() if value is not None)
    if target.region is not None and not form.hosts:
        params["region_name"] = target.region  # for clouds, LiteLLM would use it as the region of the cloud
    return params


def _upstream(route: Route, target: Upstream) -> str:
    """The upstream's name; in a wildcard, `*` stands for what the client wrote after the prefix.

    A wildcard named after its provider (`openrouter/*`) does not repeat the provider, because the names of upstreams do
    not contain it.
    """
    name = target.upstream_model
    if name == route.model_id and prefix_of(name) is not None:
        return name.removeprefix(f"{target.provider}/")
    return name


def _api_base(endpoint: str | Reference, form: Form) -> str:
    if isinstance(endpoint, Reference):
        return _resolved(endpoint)
    base = endpoint.rstrip("/")
    found = parts(base)
    return base + form.path + (form.path_if_bare if found and not found.path else "")


def _credentials(target: Upstream) -> Json:
    """A key for every upstream, so that LiteLLM never uses one from its environment."""
    key = target.api_key
    if target.provider == "vertex_ai" and key is not None:
        if _is_read_from_file(target, key):
            return {"vertex_credentials": key.written}
        return {"vertex_credentials": _resolved(key)}
    if key is not None:
        return {"api_key": _resolved(key)}
    return {} if FORMS[target.provider].hosts else {"api_key": NO_KEY}


def _is_read_from_file(target: Upstream, reference: Reference) -> bool:
    """Whether LiteLLM itself reads the file: it does for the credentials of Vertex AI."""
    return target.provider == "vertex_ai" and reference is target.api_key and reference.kind == "file"


def _resolved(reference: Reference) -> str:
    return _ENVIRONMENT + variable(reference)


def _shared(targets: tuple[Upstream, ...]) -> list[Upstream]:
    """Complete `order` and `weight`: LiteLLM never calls a deployment without a number if others have one.

    A deployment without `order` is among the first. Weights come from `weight`, else from `rpm`, else from `tpm`, and
    deployments without one get no requests: within one order, all must have them, or none.
    """
    ordered = any(target.order is not None for target in targets)
    placed = [replace(target, order=target.order or 1) if ordered else target for target in targets]
    shared: list[Upstream] = []
    for target in placed:
        peers = [peer for peer in placed if peer.order == target.order]
        shared.append(replace(target, weight=target.weight or 1) if _is_uneven(peers) else target)
    return shared


def _is_uneven(peers: list[Upstream]) -> bool:
    """Whether LiteLLM would skip one of these, because it lacks a number that others have."""
    for numbers in ([peer.weight for peer in peers], [p.rpm for p in peers], [p.tpm for p in peers]):
        if any(number is not None for number in numbers):
            return None in numbers
    return False
