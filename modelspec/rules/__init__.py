"""Every rule, in the order of the codes."""

from modelspec.rule import Rule
from modelspec.rules import (
    exposure,
    fallback_models,
    guards,
    heads,
    keys,
    lifecycle,
    links,
    naming,
    reading,
    resilience,
    schema,
    secrets,
    serving,
)

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            *reading.RULES,
            *schema.RULES,
            *links.LINKS,
            *heads.RULES,
            *fallback_models.RULES,
            *serving.RULES,
            *resilience.RULES,
            *secrets.RULES,
            *exposure.RULES,
            *keys.RULES,
            *lifecycle.RULES,
            *naming.RULES,
            *links.EXCEPTIONS,
            *links.TARGETS,
            *guards.RULES,
        ),
        key=lambda rule: rule.code,
    )
)
