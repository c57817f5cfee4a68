"""What LiteLLM cannot express, or would not do as meant: `MS721` to `MS730`. Silent unless it is a target."""

from modelspec.rule import Rule
from modelspec.rules.target_litellm import credentials, groups, upstreams

RULES: tuple[Rule, ...] = (*upstreams.RULES, *credentials.RULES, *groups.RULES)
