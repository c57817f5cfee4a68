"""modelspec.yaml and waivers.yaml as plain frozen objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from modelspec.fleet.model import KeyRule
from modelspec.fleet.reference import Reference, normal_form
from modelspec.schema import defaults
from modelspec.url import normal_glob

_DEFAULTS = defaults("modelspec")
_GUARDS = defaults("modelspec", "guards")
_PROBING = defaults("modelspec", "status")
_SUGGESTING = defaults("modelspec", "suggest")
_LIVE = "modelspec-live"
_ALWAYS_ALLOWED = 3
"""Models that a change may touch in any fleet whose modelspec.yaml does not set `max_changed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The most models: `number` of them or, where it is None, `percent` of those that were there.

    A share is rounded down, and to `least` where that is more: no share but 0 % forbids the change of one model.
    """

    number: int | None = None
    percent: int = 0
    least: int = 1

    def allowed(self, models: int) -> int:
        """How many models one change may touch, where there were so many."""
        if self.number is not None:
            return self.number
        return max(models * self.percent // 100, self.least) if self.percent else 0

    def said(self, models: int) -> str:
        """The threshold as a message shows it: `3`, or `2 (10% of 20)`."""
        allowed = self.allowed(models)
        return str(allowed) if self.number is not None else f"{allowed} ({self.percent}% of {models})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """What `plan` refuses without a waiver; a switch is `error`, `warning` or `off`.

    30 % is what octoDNS lets one run update (`octodns/provider/plan.py`); it spares zones with fewer than ten records,
    and so a small fleet may always change three models. Who removes or moves a model breaks its clients or takes
    their requests elsewhere, which is rarer and worse: a third of that.
    """

    max_changed: Threshold
    max_removed: Threshold
    max_moved: Threshold
    max_moved_requests: Threshold
    last_model_of_region: str
    empty_head: str
    endpoint_host_change: str
    residency_change: str
    head_host_change: str
    policy_loosened: str
    max_waiver_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Probing:
    """How `status` probes: a state changes when `change_after` of the last `of_last` probes disagree with it."""

    timeout_seconds: float
    concurrency: int
    change_after: int
    of_last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggesting:
    """When `suggest` speaks: see docs/traffic.md for what the defaults find, and what they keep silent about."""

    kinds: tuple[str, ...]
    days: int
    busy_days: int
    busy_requests: int
    requests: int
    lead_points: float
    z: float
    days_percent: int
    idle_days: int
    limited_percent: float
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What modelspec.yaml says, its defaults filled in; `rules` leads from codes to severities or `off`.

    `live` is the folder of what is measured, relative to the repository as `output` is; `log_mappings` are as the file
    has them, `prices` is the path of a price list. `scraped` leads from the id of an edge to the addresses of its
    metrics.
    """

    output: str
    live: str
    status: Probing
    suggest: Suggesting
    targets: tuple[str, ...] = ()
    base_path: str
    repository: Mapping[str, Any] | None = None
    rules: Mapping[str, str] = field(default_factory=dict)
    metadata_schema: str | None = None
    secret_folders: tuple[str, ...] = ()
    edges: tuple[tuple[str, str], ...] = ()
    scraped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    guards: Guards
    key_policy: tuple[KeyRule, ...] = ()
    target_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    log_mappings: tuple[Mapping[str, Any], ...] = ()
    prices: str | None = None


def settings_of(value: object) -> Settings:
    """The settings of a document of the right form; the defaults where there is none."""
    value = value if isinstance(value, dict) else {}
    output = value.get("output", _DEFAULTS["output"])
    return Settings(
        output=output,
        live=value.get("live") or _beside(output),
        status=Probing(**{**_PROBING, **(value.get("status") or {})}),
        suggest=_suggesting_of(value.get("suggest") or {}),
        targets=tuple(value.get("targets") or ()),
        base_path=value.get("base_path", _DEFAULTS["base_path"]),
        repository=value.get("repository"),
        rules=value.get("rules") or {},
        metadata_schema=value.get("metadata_schema"),
        secret_folders=tuple(normal_form("file", one) for one in value.get("secret_folders") or ()),
        edges=tuple((edge["edge_id"], edge["region"]) for edge in value.get("edges") or ()),
        scraped={edge["edge_id"]: tuple(edge.get("metrics", ())) for edge in value.get("edges") or ()},
        guards=_guards_of(value.get("guards") or {}),
        key_policy=tuple(
            KeyRule(key=Reference.of(entry["key"]), hosts=tuple(map(normal_glob, entry["hosts"])))
            for entry in value.get("key_policy") or ()
        ),
        target_options=value.get("target_options") or {},
        log_mappings=tuple((value.get("traffic") or {}).get("mapping") or ()),
        prices=value.get("prices"),
    )


def _suggesting_of(value: Mapping[str, Any]) -> Suggesting:
    said = {**_SUGGESTING, **value}
    return Suggesting(**{**said, "kinds": tuple(said["kinds"])})


def _beside(output: str) -> str:
    """The live folder where none is named: a build replaces the output folder as a whole."""
    return f"{output.rstrip('/').rpartition('/')[0]}/{_LIVE}".removeprefix("/")


_THRESHOLDS = ("max_changed", "max_removed", "max_moved", "max_moved_requests")


def _guards_of(value: Mapping[str, Any]) -> Guards:
    guards: dict[str, Any] = {
        name: _threshold(one) if name in _THRESHOLDS else one for name, one in {**_GUARDS, **value}.items()
    }
    if "max_changed" not in value:
        guards["max_changed"] = replace(guards["max_changed"], least=_ALWAYS_ALLOWED)
    return Guards(**guards)


def _threshold(said: float | str) -> Threshold:
    return Threshold(percent=int(said[:-1])) if isinstance(said, str) else Threshold(number=int(said))
