"""Where people's files name something that another file declares."""

from collections.abc import Mapping
from enum import Enum

from modelspec.schema import DocumentKind


class Names(Enum):
    """What may stand at a place; the value is the name of its definition in the schemas for editors."""

    REGION = "declaredRegion"
    HEAD = "declaredHead"
    HEAD_OR_REGION = "declaredHeadOrRegion"
    MODEL = "declaredModel"
    SENT = "sentName"
    SUBJECT = "waivedSubject"
    RULE = "waivableRule"
    TIERS = "declaredTier"
    HEAD_KEYS = "headKeys"
    RULE_KEYS = "ruleKeys"
    METADATA = "metadata"


_OF_MODELS: Mapping[str, Names] = {
    "region": Names.REGION,
    "priority_head": Names.HEAD,
    "fallback_heads[]": Names.HEAD,
    "load_balancing.weights": Names.HEAD_KEYS,
    "deployments[].region": Names.REGION,
    "fallback_models[]": Names.MODEL,
    "fallback_models.error[]": Names.MODEL,
    "fallback_models.context_window[]": Names.MODEL,
    "fallback_models.content_policy[]": Names.MODEL,
    "access.client_regions[]": Names.REGION,
    "replaced_by": Names.MODEL,
    "metadata": Names.METADATA,
}

PLACES: Mapping[DocumentKind, Mapping[str, Names]] = {
    "model": _OF_MODELS,
    "defaults": _OF_MODELS,
    "regions": {"regions[].residency[]": Names.REGION},
    "heads": {"heads[].region": Names.REGION},
    "modelspec": {"edges[].region": Names.REGION, "rules": Names.RULE_KEYS},
    "routes.test": {
        "tests[].model": Names.SENT,
        "tests[].from": Names.REGION,
        "tests[].down[]": Names.HEAD_OR_REGION,
        "tests[].expect.head": Names.HEAD,
        "tests[].expect.tiers[]": Names.TIERS,
        "tests[].expect.region": Names.REGION,
        "tests[].expect.reach_within[]": Names.REGION,
    },
    "waivers": {"waivers[].rule": Names.RULE, "waivers[].subject": Names.SUBJECT},
}
"""By the path of the field, where `[]` stands for the items of a list."""


def steps(path: str) -> list[str]:
    """The path in single steps: names of fields, and `[]`."""
    return path.replace("[]", ".[]").split(".")
