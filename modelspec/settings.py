"""modelspec.yaml and waivers.yaml as plain frozen objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modelspec.catalog import KeyRule, Place

WRITTEN_TARGETS = ("envoy", "litellm", "prometheus")
"""The gateways that this version writes configuration for, of those that modelspec.yaml may name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What modelspec.yaml says, its defaults filled in; `rules` leads from codes to severities or `off`."""

    output: str = "dist"
    targets: tuple[str, ...] = ()
    base_path: str = "/"
    repository: Mapping[str, Any] | None = None
    rules: Mapping[str, str] = field(default_factory=dict)
    metadata_schema: str | None = None
    secret_folders: tuple[str, ...] = ()
    edges: tuple[tuple[str, str], ...] = ()
    key_policy: tuple[KeyRule, ...] = ()
    target_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A reviewed exception. `code` is that of a rule or a guard; `expires` is the last day on which it holds."""

    code: str
    subject: str
    expires: str
    place: Place


def settings_of(value: object) -> Settings:
    """The settings of a document of the right form; the defaults where there is none."""
    if not isinstance(value, dict):
        return Settings()
    return Settings(
        output=value.get("output", "dist"),
        targets=tuple(value.get("targets") or ()),
        base_path=value.get("base_path", "/"),
        repository=value.get("repository"),
        rules=value.get("rules") or {},
        metadata_schema=value.get("metadata_schema"),
        secret_folders=tuple(value.get("secret_folders") or ()),
        edges=tuple((edge["edge_id"], edge["region"]) for edge in value.get("edges") or ()),
        key_policy=tuple(map(_key_rule, value.get("key_policy") or ())),
        target_options=value.get("target_options") or {},
    )


def _key_rule(entry: Mapping[str, Any]) -> KeyRule:
    ((kind, target),) = entry["key"].items()
    if kind == "kubernetes":
        target = f"{target['secret']}/{target['key']}"
    return KeyRule(kind=kind, target=target, hosts=tuple(entry["hosts"]))


def waivers_of(value: object) -> tuple[Waiver, ...]:
    """The waivers of a document of the right form, those for guards aside: a plan uses them."""
    if not isinstance(value, dict):
        return ()
    return tuple(
        Waiver(
            code=item["rule"],
            subject=item["subject"],
            expires=item["expires"],
            place=Place(path="waivers.yaml", pointer=("waivers", position)),
        )
        for position, item in enumerate(value.get("waivers") or ())
        if "rule" in item
    )
