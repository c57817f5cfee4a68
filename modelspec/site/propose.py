"""The form that proposes a change: its page, and the data for its script.

The form reports faults with the messages of `modelspec validate`; a test compares each text with the rules. What it
cannot know it leaves to the checks of the pull request, by name.
"""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from modelspec.diagnose.diagnostic import Severity
from modelspec.emit.artifact import Artifact, encode
from modelspec.fleet.providers import PROVIDERS, REGION_PARAMS, WORDS
from modelspec.fleet.reference import SECRET_FOLDERS
from modelspec.load.limits import MAX_DEPTH, MAX_NODES
from modelspec.routing.table import RoutingTable
from modelspec.rules import RULES
from modelspec.rules.endpoints import OPERATION, OWN, TWICE
from modelspec.rules.references import NOTATION
from modelspec.rules.serving import FROM_REGION
from modelspec.schema import schema_text
from modelspec.secret import (
    GATEWAY_MASTER_KEYS,
    IDENTITY_FOLDERS,
    STEERING_PREFIXES,
    STEERING_VARIABLES,
    VAULT_OWN,
)
from modelspec.secret.issuers import PATTERNS
from modelspec.secret.patterns import DOCUMENTED
from modelspec.secret.view import VALUED
from modelspec.site import SiteContext
from modelspec.site.forges import LONGEST_LINK, browser_templates, forge_of, links_for
from modelspec.site.frame import PageFrame, lazy_page
from modelspec.site.wording import Wording
from modelspec.text.visible import FILLERS
from modelspec.url.host import PRIVATE_ENDS, SPECIAL_TAILS

_DATA = "admin/propose.json"

_UNNAMED_FORGE = "the forge"
_EXAMPLE = """\
model_id: {model_id}
name: Mistral 7B
region: {region}
priority_head: {head}
endpoint: https://api.mistral.ai/v1
provider: mistral
api_key: {{env: MISTRAL_API_KEY}}
tags: [chat]
"""


def emit_propose(
    routing: RoutingTable, context: SiteContext, frame: PageFrame, names: Wording
) -> Iterator[Artifact]:
    """The page and the data for its script.

    `data` and `models` are URLs for the script. Without JavaScript, readers get `example` and, if the forge is known,
    the link `new_file`.
    """
    example_path = "models.d/my-model.yaml"
    first = routing.heads[0]
    forge = None if context.repository is None else forge_of(context.repository)
    label = _UNNAMED_FORGE if forge is None else forge.label
    providers = sorted({*PROVIDERS, *(t.provider for r in routing.routes for t in r.targets)})
    view = {
        "regions": names.region_titles,
        "heads": [(head, names.head_titles[head.head_id]) for head in routing.heads],
        "providers": providers,
        "data": f"{context.base_path}{_DATA}",
        "models": f"{context.base_path}admin/models/",
        "forge": label,
        "new_file": links_for(context.repository, example_path).new,
        "example": _EXAMPLE.format(model_id="my-model", region=first.region, head=first.head_id),
        "example_path": example_path,
    }
    yield lazy_page("propose.html", "propose", frame, lambda: view, made_of=["providers", *providers])
    data = encode(_data(routing, context, label))
    yield Artifact(path=f"site/{_DATA}", content=f"{data}\n".encode())


def _data(routing: RoutingTable, context: SiteContext, forge: str) -> dict[str, object]:
    """What the script needs to check a model: names, tables, patterns, texts, and the URLs of the forge."""
    form = context.form
    return {
        "names": {r.model_id: list(r.aliases) for r in routing.routes},
        "users": _users(routing),
        "named": list(form.named),
        "folders": sorted({r.about.path.rpartition("/")[0] for r in routing.routes}),
        "defaulted": form.defaulted,
        "has_claims": any(region.upstreams for region in routing.regions),
        "regions": {
            region.code: {"title": f"{region.name} ({region.code})", "residency": region.residency}
            for region in routing.regions
        },
        "heads": {
            head.head_id: {
                "region": head.region,
                "status": head.status,
                "inference_url": head.inference_url,
            }
            for head in routing.heads
        },
        "providers": {name: provider.public_endpoint for name, provider in PROVIDERS.items()},
        "words": sorted(WORDS - PROVIDERS.keys()),
        "region_params": {word: list(REGION_PARAMS[word]) for word in FROM_REGION},
        "private_last": sorted(PRIVATE_ENDS),
        "special_tails": sorted(SPECIAL_TAILS),
        "operation": _bare(OPERATION.pattern),
        "twice": _bare(TWICE.pattern),
        "own": {provider: _bare(pattern.pattern) for provider, pattern in OWN.items()},
        "notation": NOTATION.pattern.replace("(?P<", "(?<"),
        "master_keys": sorted(GATEWAY_MASTER_KEYS),
        "steering": sorted(STEERING_VARIABLES),
        "steering_prefixes": sorted(STEERING_PREFIXES),
        "secret_folders": [*SECRET_FOLDERS, *form.secret_folders],
        "identity_folders": sorted(IDENTITY_FOLDERS),
        "vault_own": sorted(VAULT_OWN),
        "policed": [str(entry.key) for entry in context.key_policy],
        "targets": context.targets,
        "severities": {
            **{rule.code: rule.severity.value for rule in RULES if rule.severity is not Severity.ERROR},
            **form.severities,
        },
        "texts": dict(TEXTS),
        "schema": json.loads(schema_text("model")),
        "metadata": form.metadata,
        "most_depth": MAX_DEPTH,
        "most_nodes": MAX_NODES,
        "keys": list(_keys()),
        "documented": sorted(DOCUMENTED),
        "valued": sorted(VALUED),
        "unseen": _unseen(),
        "forge": {
            "label": forge,
            "longest": LONGEST_LINK,
            **browser_templates(context.repository),
        },
    }


def _users(routing: RoutingTable) -> dict[str, list[tuple[str, str]]]:
    """By the name that they use, the files that name a model, and in which field."""
    users: dict[str, list[tuple[str, str]]] = {}
    for route in routing.routes:
        named = [(name, "fallback_models") for ids in route.fallback_models.values() for name in ids]
        named += [] if route.about.replaced_by is None else [(route.about.replaced_by, "replaced_by")]
        for name, field in dict.fromkeys(named):
            users.setdefault(name, []).append((route.about.path, field))
    return users


def _bare(pattern: str) -> str:
    """A pattern that ignores case, for a flag of the script instead of its own."""
    return pattern.removeprefix("(?i:").removesuffix(")")


TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "number": ("MS015", "this is not a finite number"),
        "integer": ("MS016", "this integer does not fit in 64 bits"),
        "large": ("MS003", "this file is larger than 256 KiB"),
        "region": ("MS201", "no region is named {value}"),
        "head": ("MS202", "no head is named {value}"),
        "model": ("MS203", "no model is named {value}"),
        "twice": ("MS205", "the name {value} is declared twice"),
        "case": ("MS205", "the name {value} differs from {other} by case only"),
        "provider": ("MS208", "no provider is named {value}"),
        "residency": ("MS301", "the head {head} serves in {region}, outside the residency of {home}"),
        "upstream": ("MS301", "an upstream in {region} is outside the residency of {home}"),
        "repeats": ("MS303", "the fallback {value} is the priority head"),
        "weights": ("MS304", "the weights omit the priority head {value}"),
        "shared": ("MS305", "the fallback {value} is already in the first tier"),
        "itself": ("MS306", "the fallback model {value} is this model"),
        "local": ("MS308", "the {noun} {heads} {verb} no inference server for this model"),
        "both": ("MS308", "a model with deployments cannot also run on its heads"),
        "nowhere": (
            "MS309",
            "neither an endpoint nor a provider is written, so it is unknown where requests go",
        ),
        "endpoint": ("MS309", "the endpoint is missing, and the provider {value} has no single public one"),
        "offline": ("MS401", "the priority head {value} is offline and no active head remains"),
        "single": ("MS402", "{what}: a single point of failure"),
        "taken": ("MS403", "the priority head {value} is offline; {other} takes over"),
        "one": ("MS404", "every active head of this model is in {region}"),
        "secret": ("MS501", "a secret is written in this file: {kind}"),
        "steers": ("MS503", "{variable} controls processes"),
        "master": ("MS503", "the variable {value} contains a key of the gateway itself"),
        "folder": ("MS504", "this file is not in a secret folder"),
        "identity": ("MS504", "this is a token of the gateway's own identity"),
        "notation": ("MS505", "a variable is written in a notation that modelspec does not expand"),
        "plain": ("MS506", "the endpoint of model {model} uses plain http to the public host {host}"),
        "carries": ("MS507", "the endpoint of model {model} contains credentials before the host"),
        "fragment": ("MS507", "the endpoint of model {model} contains a fragment"),
        "metadata": (
            "MS508",
            "the endpoint of model {model} points to {host}, a link-local or metadata address",
        ),
        "loopback": ("MS509", "the endpoint of model {model} points to {host}, the machine itself"),
        "scheme": ("MS516", "the endpoint of model {model} does not begin with http:// or https://"),
        "space": ("MS516", "the endpoint of model {model} contains a space or a control character"),
        "ascii": ("MS516", "the endpoint of model {model} contains a character that is not ASCII"),
        "query": (
            "MS525",
            "the endpoint of model {model} has a query, after which the path of each operation would be added",
        ),
        "operation": (
            "MS526",
            "the endpoint of model {model} ends in the operation {value}, which is added to it",
        ),
        "again": ("MS527", "the endpoint of model {model} has {value} in its path"),
        "leads": ("MS527", "the endpoint of model {model} leads to {value} twice"),
        "successor": ("MS604", "{value} is deprecated and has no successor"),
        "reserved": ("MS606", "the id {value} is a page of the site"),
        "passed": ("MS619", "the sunset of {value} was on {day}, and it is still served{more}"),
        "untold": ("MS620", "{value} has a sunset and is not deprecated"),
        "day": ("MS621", "the sunset of {value} is a day that nobody can mean: {day}"),
        "tag": ("MS622", "{value} is one tag with a space in it"),
    }
)
"""Code and message by an internal name; values are in braces. Those of the schema are in its own script."""

_JOINERS = "\u200c\u200d"
_CONTROL = (*range(9), *range(0x0B, 0x20), *range(0x7F, 0xA0))
_WEB_FORM = r"eyJ[A-Za-z0-9_-]{12,1024}\.(?:eyJ[A-Za-z0-9_-]{12}|[A-Za-z0-9_-]{0,1024}\.[A-Za-z0-9_-]{12})"
_PRIVATE_KEY = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_PASSWORD = r"://[^\s/?#@:]{0,128}:[^\s/?#@]{4,256}@"  # noqa: S105 - a pattern


def _keys() -> Iterator[tuple[str, str]]:
    """Kind and JavaScript pattern of secrets; a group `body` must look random.

    Patterns with inline flags are left to `validate`: not every browser supports them.
    """
    for pattern in PATTERNS:
        source = pattern.regex.pattern
        if pattern.kind == "JSON Web Token":
            yield pattern.kind, _WEB_FORM
        elif "(?i:" not in source:
            yield pattern.kind, source.replace("(?P<", "(?<")
    yield "private key", _PRIVATE_KEY
    yield "password in a URL", _PASSWORD


def _unseen() -> dict[str, tuple[str, str]]:
    """Characters that values must not contain, with code and message; without joiners, which some scripts need."""
    kinds = {character: unicodedata.category(character) for character in map(chr, range(0x80, 0x10000))}
    hidden = [c for c, kind in kinds.items() if kind in ("Cf", "Zl", "Zp") or c in FILLERS]
    found = {}
    for rule, why, characters in (
        ("MS006", "which cannot be seen", (c for c in hidden if c not in _JOINERS)),
        ("MS005", "a control character", map(chr, _CONTROL)),
    ):
        for character in characters:
            name = f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
            found[character] = (rule, f"this string escapes {name}, {why}")
    return found
