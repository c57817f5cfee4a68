"""The form that proposes a change: its page, and the data for its script.

The form reports faults with the messages of `modelspec validate`; a test compares each text with the rules.
"""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from modelspec.emit.artifact import Artifact, encode
from modelspec.fleet.providers import PROVIDERS, REGION_PARAMS, WORDS
from modelspec.routing.table import RoutingTable
from modelspec.rules.serving import FROM_REGION
from modelspec.schema import schema_text
from modelspec.secret.issuers import PATTERNS
from modelspec.site import SiteContext
from modelspec.site.forges import LONGEST_LINK, browser_templates, forge_of, links_for
from modelspec.site.frame import PageFrame, page
from modelspec.site.wording import Wording
from modelspec.text.visible import FILLERS
from modelspec.url.host import PRIVATE_ENDS

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
    yield page(
        "propose.html",
        "propose",
        frame,
        regions=names.region_titles,
        heads=[(head, names.head_titles[head.head_id]) for head in routing.heads],
        providers=sorted({*PROVIDERS, *(t.provider for r in routing.routes for t in r.targets)}),
        data=f"{context.base_path}{_DATA}",
        models=f"{context.base_path}admin/models/",
        forge=label,
        new_file=links_for(context.repository, example_path).new,
        example=_EXAMPLE.format(model_id="my-model", region=first.region, head=first.head_id),
        example_path=example_path,
    )
    data = encode(_data(routing, context, label))
    yield Artifact(path=f"site/{_DATA}", content=f"{data}\n".encode())


def _data(routing: RoutingTable, context: SiteContext, forge: str) -> dict[str, object]:
    """What the script needs to check a model: names, residency, texts, and the URLs of the forge."""
    return {
        "names": [name for r in routing.routes for name in (r.model_id, *r.aliases)],
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
        "region_params": {word: next(iter(REGION_PARAMS[word])) for word in FROM_REGION},
        "private_ends": [*sorted(PRIVATE_ENDS), "home.arpa"],
        "texts": dict(TEXTS),
        "forms": _forms(),
        "keys": list(_keys()),
        "unseen": _unseen(),
        "forge": {
            "label": forge,
            "longest": LONGEST_LINK,
            **browser_templates(context.repository),
        },
    }


TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "missing": ("MS102", "{field} is missing"),
        "form": ("MS104", "{field} must be {form}, not {value}"),
        "private": ("MS104", "{field} must be {form}"),
        "long": ("MS106", "{field} is too long: {number} characters, at most {most}"),
        "mapping": ("MS103", "metadata must be a mapping, not {found}"),
        "number": ("MS015", "this is not a finite number"),
        "integer": ("MS016", "this integer does not fit in 64 bits"),
        "region": ("MS201", "no region is named {value}"),
        "head": ("MS202", "no head is named {value}"),
        "twice": ("MS205", "the name {value} is declared twice"),
        "case": ("MS205", "the name {value} differs from {other} by case only"),
        "residency": ("MS301", "the head {head} serves in {region}, outside the residency of {home}"),
        "repeats": ("MS303", "the fallback {value} is the priority head"),
        "offline": ("MS401", "the priority head {value} is offline and no active head remains"),
        "provider": ("MS208", "no provider is named {value}"),
        "local": ("MS308", "the head {value} has no inference server for this model"),
        "nowhere": (
            "MS309",
            "neither an endpoint nor a provider is written, so it is unknown where requests go",
        ),
        "endpoint": ("MS309", "the endpoint is missing, and the provider {value} has no public one"),
        "scheme": ("MS516", "the endpoint of model {model} does not begin with http:// or https://"),
        "space": ("MS516", "the endpoint of model {model} contains a space or a control character"),
        "ascii": ("MS516", "the endpoint of model {model} contains a character that is not ASCII"),
        "plain": ("MS506", "the endpoint of model {model} uses plain http to the public host {host}"),
        "carries": ("MS507", "the endpoint of model {model} contains credentials before the host"),
        "fragment": ("MS507", "the endpoint of model {model} contains a fragment"),
        "loopback": ("MS509", "the endpoint of model {model} points to {host}, the machine itself"),
        "secret": ("MS501", "a secret is written in this file: {kind}"),
    }
)
"""Code and message by an internal name; values are in braces."""

_FORMS = (
    ("model_id", "modelId", False),
    ("provider", "provider", False),
    ("api_key.env", "envName", True),
    ("api_key.file", "keyReference/properties/file", True),
    ("api_key.vault", "keyReference/properties/vault", True),
    ("api_key.kubernetes.secret", "keyReference/properties/kubernetes/properties/secret", True),
    ("api_key.kubernetes.key", "keyReference/properties/kubernetes/properties/key", True),
)
"""Field, its definition in the schema, and whether it is private: messages must not quote it."""

_JOINERS = "\u200c\u200d"
_CONTROL = (*range(9), *range(0x0B, 0x20), *range(0x7F, 0xA0))
_WEB_FORM = r"eyJ[A-Za-z0-9_-]{12,1024}\.(?:eyJ[A-Za-z0-9_-]{12}|[A-Za-z0-9_-]{0,1024}\.[A-Za-z0-9_-]{12})"
_PRIVATE_KEY = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_PASSWORD = r"://[^\s/?#@:]{0,128}:[^\s/?#@]{4,256}@"  # noqa: S105 - a pattern


def _forms() -> dict[str, dict[str, object]]:
    """By field, from the schema: its pattern, what must not match, the longest length, and the form in words."""
    schema = json.loads(schema_text("model"))
    found: dict[str, dict[str, object]] = {}
    for field, way, is_private in _FORMS:
        place: Any = schema["$defs"]
        for part in way.split("/"):
            place = place[part]
        found[field] = {
            "pattern": place["pattern"],
            "not": place.get("not", {}).get("pattern"),
            "most": place.get("maxLength"),
            "form": place["x-form"],
            "private": is_private,
        }
    found["name"] = {"most": schema["properties"]["name"]["maxLength"]}
    return found


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
