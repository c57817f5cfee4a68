"""One upstream as an entry of LiteLLM's `model_list`."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from modelspec.gateways.litellm.groups import Group
from modelspec.gateways.litellm.names import FORMS, NO_KEY, Form, environment_name
from modelspec.routing.table import Json, Route, Target

_ENVIRONMENT = "os.environ/"


def deployments(group: Group) -> Iterator[Json]:
    """The entries of a group: one for each of its names and upstreams."""
    targets = _shared(group.targets)
    groups = access_groups(group.route)
    for name in group.names:
        for number, target in enumerate(targets):
            entry: dict[str, object] = {"id": f"{name}#{number}"}
            if groups:
                entry["access_groups"] = groups
            yield {
                "model_name": name,
                "litellm_params": _params(group.route, target, alone=len(targets) == 1),
                "model_info": entry,
            }


def access_groups(route: Route) -> tuple[str, ...]:
    """Which keys may call a model: one is given `public` or `internal`, or the name of a group.

    Who may call internal models may call public ones too.
    """
    match route.visibility:
        case "private":
            open_to: tuple[str, ...] = ()
        case "public":
            open_to = ("public", "internal")
        case _:
            open_to = ("internal",)
    return tuple(dict.fromkeys((*open_to, *route.groups)))


def variable(reference: Json) -> str:
    """The environment variable that stands for a reference."""
    ((kind, target),) = reference.items()
    if kind == "env":
        return str(target)
    if isinstance(target, Mapping):
        target = f"{target['secret']}/{target['key']}"
    return environment_name(kind, str(target))


def references(target: Target) -> Iterator[Json]:
    """What LiteLLM reads from its environment for an upstream."""
    for value in (target.endpoint, target.api_key, *target.params.values()):
        if isinstance(value, Mapping) and not _is_read_from_file(target, value):
            yield value


def number(value: object) -> object:
    """YAML 1.1 reads `1e-05` as text; no setting needs more than thousandths."""
    if not isinstance(value, float):
        return value
    return int(value) if value.is_integer() else round(max(value, 0.001), 3)


def _params(route: Route, target: Target, *, alone: bool) -> Json:
    form = FORMS[target.provider]
    params: dict[str, object] = {"model": f"{form.prefix}/{_upstream(route, target)}"}
    if target.endpoint is not None:
        params["api_base"] = _api_base(target.endpoint, form)
    params.update(_credentials(target))
    for name, value in target.params.items():
        params[name] = _resolved(value) if isinstance(value, Mapping) else number(value)
    limits = {"rpm": (target.rpm, route.rpm), "tpm": (target.tpm, route.tpm)}
    settings = {"order": target.order, "weight": target.weight}
    for name, (own, whole) in limits.items():
        known = [limit for limit in (own, whole if alone else None) if limit is not None]
        settings[name] = min(known, default=None)
    params.update((name, value) for name, value in settings.items() if value is not None)
    if target.region is not None and not form.hosts:
        params["region_name"] = target.region  # of the clouds, LiteLLM would take it for their own region
    return params


def _upstream(route: Route, target: Target) -> str:
    """The upstream's name. Of a wildcard, `*` stands for what the client wrote behind the prefix.

    A wildcard that is named after its provider (`openrouter/*`) does not repeat the provider: upstreams know their
    models without it.
    """
    name = target.upstream_model
    if name == route.model_id and name.endswith("/*"):
        return name.removeprefix(f"{target.provider}/")
    return name


def _api_base(endpoint: str | Json, form: Form) -> str:
    if isinstance(endpoint, Mapping):
        return _resolved(endpoint)
    base = endpoint.rstrip("/")
    return base + form.path + (form.path_if_bare if not urlsplit(base).path else "")


def _credentials(target: Target) -> Json:
    """A key for every upstream, whatever stands in LiteLLM's own environment."""
    key = target.api_key
    if target.provider == "vertex_ai" and key is not None:
        if _is_read_from_file(target, key):
            return {"vertex_credentials": key["file"]}
        return {"vertex_credentials": _resolved(key)}
    if key is not None:
        return {"api_key": _resolved(key)}
    return {} if FORMS[target.provider].hosts else {"api_key": NO_KEY}


def _is_read_from_file(target: Target, reference: Json) -> bool:
    """LiteLLM reads the credentials of Vertex AI from a file by itself."""
    return target.provider == "vertex_ai" and reference is target.api_key and "file" in reference


def _resolved(reference: Json) -> str:
    return _ENVIRONMENT + variable(reference)


def _shared(targets: tuple[Target, ...]) -> list[Target]:
    """Fill in what LiteLLM would take for nothing: beside a number, it never calls a deployment without one.

    A deployment without `order` is among the first. Weights come from `weight`, else from `rpm`, else from `tpm`,
    and those without get none: so all of one order have them, or none has.
    """
    ordered = any(target.order is not None for target in targets)
    placed = [replace(target, order=target.order or 1) if ordered else target for target in targets]
    shared: list[Target] = []
    for target in placed:
        peers = [peer for peer in placed if peer.order == target.order]
        shared.append(replace(target, weight=target.weight or 1) if _is_uneven(peers) else target)
    return shared


def _is_uneven(peers: list[Target]) -> bool:
    """Whether LiteLLM would pass over one of these for want of a number that others have."""
    for numbers in ([peer.weight for peer in peers], [p.rpm for p in peers], [p.tpm for p in peers]):
        if any(number is not None for number in numbers):
            return None in numbers
    return False
