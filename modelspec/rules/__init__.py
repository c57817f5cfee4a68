"""Every rule, in the order of the codes."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Rule, Scope
from modelspec.fleet.model import Catalog, Fleet
from modelspec.gateways.envoy.access_rules import RULES as ACCESS_RULES
from modelspec.gateways.envoy.rules import RULES as EDGE_RULES
from modelspec.gateways.litellm.group_rules import RULES as GROUP_RULES
from modelspec.gateways.litellm.own import RULES as OWN_RULES
from modelspec.gateways.litellm.request_rules import RULES as REQUEST_RULES
from modelspec.gateways.litellm.upstream_rules import CREDENTIAL_RULES, UPSTREAM_RULES
from modelspec.rules import (
    endpoints,
    exposure,
    fallback_models,
    guards,
    heads,
    keys,
    lifecycle,
    links,
    naming,
    reading,
    residency,
    resilience,
    secrets,
    serving,
)

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            *reading.RULES,
            *links.RULES,
            *heads.RULES,
            *fallback_models.RULES,
            *residency.RULES,
            *serving.RULES,
            *endpoints.RULES,
            *resilience.RULES,
            *secrets.RULES,
            *exposure.RULES,
            *keys.RULES,
            *lifecycle.RULES,
            *naming.RULES,
            *guards.RULES,
            *EDGE_RULES,
            *ACCESS_RULES,
            *UPSTREAM_RULES,
            *CREDENTIAL_RULES,
            *REQUEST_RULES,
            *OWN_RULES,
            *GROUP_RULES,
        ),
        key=lambda rule: rule.code,
    )
)

SCOPES: Mapping[str, Scope] = {rule.code: rule.scope for rule in RULES if rule.scope is not Scope.STAGE}
"""What each rule looks at that has a check of its own."""

Checks = tuple[tuple[str, Severity, Callable[..., Iterator[Finding]]], ...]
"""The codes of rules with their default severities and checks."""


_TARGETS: Mapping[str, str] = {
    **{rule.code: "envoy" for rule in (*EDGE_RULES, *ACCESS_RULES)},
    **{rule.code: "litellm" for rule in (*UPSTREAM_RULES, *CREDENTIAL_RULES, *REQUEST_RULES, *GROUP_RULES)},
}
"""The gateway that a rule is about, of those that are about one."""


@cache
def checks_of(scope: Scope, targets: frozenset[str] = frozenset(_TARGETS.values())) -> Checks:
    """The rules that look at the same, less those about gateways that are no targets."""
    return tuple(
        (rule.code, rule.severity, rule.check)
        for rule in RULES
        if rule.scope is scope and rule.check is not None and _TARGETS.get(rule.code) in {None, *targets}
    )


_ACROSS: Checks = (
    *checks_of(Scope.CATALOG),
    *((one.code, one.severity, one.catalog_check) for one in RULES if one.catalog_check is not None),
)


def across_models(catalog: Catalog) -> Iterator[tuple[str, Severity, Finding]]:
    """What the rules find in all models together."""
    for code, severity, check in _ACROSS:
        for finding in check(catalog):
            yield code, severity, finding


def about_fleet(fleet: Fleet) -> Iterator[tuple[str, Severity, Finding]]:
    """What the rules find in regions and heads alone."""
    for rule in RULES:
        if rule.fleet_check is not None:
            for finding in rule.fleet_check(fleet):
                yield rule.code, rule.severity, finding
