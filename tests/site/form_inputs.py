"""Models that `validate` refuses for every reason that one model can give, and some that it accepts."""

import json
import runpy
from collections.abc import Iterator
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import yaml

from modelspec.rules import RULES
from modelspec.rules.examples import own_files
from modelspec.schema import schema_text

TESTS = Path(__file__).parents[1]

Value = dict[str, Any]
Input = tuple[str, Value]
"""A name, and the model as JSON has it."""

GOOD: Value = {
    "model_id": "atlas",
    "name": "Atlas",
    "region": "us",
    "priority_head": "head-us-1",
    "fallback_heads": ["head-uk-1"],
    "endpoint": "https://atlas.example.com/v1",
    "metadata": {"owner": "team-a"},
}

FLEET = """
# file: regions.yaml
regions:
  - {code: us, name: United States}
  - {code: eu, name: Europe, residency: [eu, uk], upstreams: {hosts: ["*.example.com", "*.example"]}}
  - {code: uk, name: United Kingdom}
  - {code: cn, name: China, residency: [cn]}
# file: heads.yaml
heads:
  - {head_id: head-eu-1, region: eu, url: https://head-eu-1.example.com}
  - {head_id: head-eu-2, region: eu, url: https://head-eu-2.example.com}
  - {head_id: head-uk-1, region: uk, url: https://head-uk-1.example.com}
  - {head_id: head-us-1, region: us, url: https://head-us-1.example.com}
  - {head_id: head-us-2, region: us, url: https://head-us-2.example.com, inference_url: http://10.0.0.9:8000/v1}
  - {head_id: head-us-3, region: us, url: https://head-us-3.example.com, status: offline}
  - {head_id: head-us-4, region: us, url: https://head-us-4.example.com, status: draining}
  - {head_id: head-cn-1, region: cn, url: https://head-cn-1.example.com}
# file: modelspec.yaml
targets: [envoy, litellm]
metadata_schema: metadata.schema.json
secret_folders: [/srv/llm-keys]
key_policy:
  - {key: {env: OPENAI_*}, hosts: [api.openai.com]}
  - {key: {file: /run/secrets/atlas/*}, hosts: [api.atlas.example]}
rules: {MS402: error, MS404: warning, MS513: error, MS604: error, MS622: error}
# file: metadata.schema.json
{"type": "object", "required": ["owner"], "additionalProperties": true, "properties": {
  "owner": {"type": "string", "pattern": "^team-[a-z]+$"}, "released": {"$ref": "#/$defs/year"},
  "licence": {"enum": ["mit", "apache-2.0"]}, "open_weights": {"type": "boolean"},
  "context": {"type": "integer", "minimum": 1, "maximum": 100000000},
  "languages": {"type": "array", "minItems": 1, "uniqueItems": true,
    "items": {"type": "string", "pattern": "^[a-z]{2}$"}},
  "terms": {"$ref": "#/$defs/terms", "properties": {"note": {"type": "string"}}},
  "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
  "review": {"type": "object", "required": ["by"], "additionalProperties": false,
    "properties": {"by": {"type": "string", "minLength": 1}}}},
  "$defs": {"year": {"type": "string", "pattern": "^20\\\\d\\\\d$"},
    "terms": {"properties": {"days": {"type": "integer"}}, "additionalProperties": {"type": "string"}}}}
# file: models.d/zebra.yaml
model_id: zebra
name: Zebra
region: us
priority_head: head-us-1
fallback_heads: [head-us-2, head-eu-1, head-uk-1, head-eu-2, head-cn-1]
endpoint: https://zebra.example.com/v1
api_key: {env: ZEBRA_API_KEY}
aliases: [zebra-large, Stripes]
metadata: {owner: team-z}
fallback_models: [bison]
# file: models.d/bison.yaml
model_id: bison
name: Bison
region: cn
priority_head: head-cn-1
fallback_heads: []
endpoint: https://bison.example.com/v1
upstream_region: cn
access: {visibility: private, groups: [research]}
status: disabled
metadata: {owner: team-b}
# file: models.d/acme.yaml
model_id: acme/*
name: Acme
region: us
priority_head: head-us-1
fallback_heads: [head-uk-1]
endpoint: https://acme.example.com/v1
metadata: {owner: team-c}
# file: models.d/given/_defaults.yaml
sunset: "0001-01-01"
"""

SECRETS = runpy.run_path(str(TESTS / "secret" / "secret_fakes.py"))


def changed(title: str, /, **fields: Any) -> Input:
    """The good model with other fields; `...` leaves one out."""
    value = {key: item for key, item in (deepcopy(GOOD) | fields).items() if item is not ...}
    return title, value


def inputs(mixed: int = 300) -> list[Input]:
    """Every input, with a name that says what it is about, then as many of two that are put together."""
    found = _inputs()
    pairs = [Random(number).sample(found, 2) for number in range(mixed)]
    return [*found, *((f"{one} + {other}", {**this, **_more(that)}) for (one, this), (other, that) in pairs)]


_BISON: Value = {
    "name": "Bison",
    "region": "cn",
    "priority_head": "head-cn-1",
    "endpoint": "https://bison.example.com/v1",
    "upstream_region": "cn",
    "status": "disabled",
    "metadata": {"owner": "team-b"},
}


def edits() -> list[tuple[str, str, Value]]:
    """Changes of a model of the fleet: the path of its file, its id, and what it becomes."""
    names = ("bison", "ox", "acme/ox", "zebra", "Stripes", "con")
    return [("models.d/bison.yaml", "bison", {"model_id": name, **_BISON}) for name in names]


def _more(value: Value) -> Value:
    """What a model has that the good one has not."""
    return {name: item for name, item in value.items() if GOOD.get(name, ...) != item}


def _inputs() -> list[Input]:
    return [
        ("good", GOOD),
        *_of_schema(),
        *_of_examples(),
        *_of_hosts(),
        *_of_secrets(),
        *_of_references(),
        *_of_texts(),
        *_of_names(),
        *_of_words(),
        *_of_routes(),
        *_of_upstreams(),
        *_of_life(),
        *_of_metadata(),
    ]


_OTHERS: tuple[Any, ...] = (None, True, 12, 1.5, "", "two words", [], ["x"], {}, {"x": "y"})


def _of_schema() -> Iterator[Input]:
    """Each field of each level with values of every type, beyond its bounds, and beside unknown fields."""
    schema = json.loads(schema_text("model"))
    for field in schema["properties"]:
        for value in _OTHERS:
            yield changed(f"{field} is {json.dumps(value)}", **{field: value})
    for path, node in _fields(schema, schema, ()):
        for value in [*_beyond(node), None, [[]]]:
            yield _put(path, value)
        yield _put((*path[:-1], "unknwon"), 1)
    for field in schema["required"]:
        yield changed(f"{field} is missing", **{field: ...})
    for field in schema["dependentSchemas"]["deployments"]["properties"]:
        yield changed(f"deployments beside {field}", **{field: "us", "deployments": [{"provider": "openai"}]})


def _fields(
    root: Value, node: Value, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Value]]:
    node = {**root["$defs"][node["$ref"].rpartition("/")[2]], **node} if "$ref" in node else node
    if path:
        yield path, node
    for name, inner in node.get("properties", {}).items():
        if "model_info" not in path or name in (
            "mode",
            "max_tokens",
            "input_cost_per_token",
            "supports_vision",
        ):
            yield from _fields(root, inner, (*path, name))
    for inner in node.get("patternProperties", {}).values():
        yield from _fields(root, inner, (*path, "head-us-1" if path[-1:] == ("weights",) else "setting"))
    if "items" in node and (not path or path[0] != "deployments" or len(path) == 1):
        yield from _fields(root, node["items"], (*path, 0))


def _beyond(node: Value) -> Iterator[Any]:
    if "minimum" in node:
        yield node["minimum"] - 1
    if "maximum" in node:
        yield node["maximum"] + 1
    if "maxLength" in node:
        yield "a" * (node["maxLength"] + 1)
    if "enum" in node:
        yield node["enum"][0].upper()
    if "pattern" in node:
        yield from ("-", "a b", "ü", "a\nb")
    if node.get("uniqueItems"):
        yield ["head-us-2", "head-us-2"]
    if "maxItems" in node:
        yield [500 + number % 90 for number in range(node["maxItems"] + 1)]


def _put(path: tuple[str | int, ...], value: Any) -> Input:
    whole = deepcopy(GOOD)
    if path[0] == "deployments":
        del whole["endpoint"]
    here: Any = whole
    for step, following in pairwise(path):
        empty: Any = [] if following == 0 else {}
        if isinstance(here, list):
            here.append(empty)
            here = here[-1]
        elif isinstance(here.get(step), type(empty)):
            here = here[step]
        else:
            here[step] = empty
            here = here[step]
    if isinstance(here, list):
        here.append(value)
    else:
        here[path[-1]] = value
    return f"{'.'.join(map(str, path))} is {json.dumps(value)[:40]}", whole


def _of_examples() -> Iterator[Input]:
    """Each model of each rule's bad and good example."""
    for rule in RULES:
        if rule.code < "MS101" or rule.code[:3] >= "MS7":
            continue
        for kind in ("bad", "good"):
            for path, text in own_files(getattr(rule, kind)).items():
                if not path.startswith("models.d/"):
                    continue
                try:
                    value = yaml.load(text, yaml.BaseLoader)
                    plain = yaml.safe_load(text)
                except yaml.YAMLError:
                    continue
                if isinstance(value, dict) and isinstance(plain, dict):
                    model = json.loads(json.dumps(plain, default=str))
                    yield f"{kind} example of {rule.code}", {"metadata": {"owner": "team-a"}, **model}


def _of_hosts() -> Iterator[Input]:
    for line in (TESTS / "url" / "urls.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "Each ")):
            url = json.loads(f'"{line}"')
            yield changed(f"endpoint {line[:60]}", endpoint=url)
            if "local" in url or "127" in url:
                yield changed(f"local endpoint {line[:60]}", endpoint=url, local_inference=True)
    for url in (
        "https://api.example.com/v1/chat/completions",
        "https://api.example.com/v1/v1",
        "https://api.anthropic.com/v1",
        "https://api.example.com/v1?tenant=a",
        "http://a.b.internal/v1",
        "${URL}",
        "https://$HOST/v1",
    ):
        yield changed(f"endpoint {url}", endpoint=url, provider="anthropic")
        yield changed(f"params.api_base {url}", params={"api_base": url})


def _of_secrets() -> Iterator[Input]:
    for kind, secret in SECRETS["fakes"]():
        yield changed(f"{kind} in metadata", metadata={"owner": "team-a", "note": f"use {secret} today"})
    for number, (kind, secret) in enumerate(SECRETS["fakes"](11)):
        field = ("name", "upstream_model", "tags", "api_key", "params", "request")[number % 6]
        value: Any = {
            "tags": [secret],
            "api_key": {("env", "file", "vault")[number % 3]: secret},
            "params": {"organization": secret},
            "request": {"user": secret},
        }.get(field, secret)
        yield changed(f"{kind} in {field}", **{field: value})
    random = "pq7Rw2Lk9Zt4Xc8Vb3Nm6Hd1Jf5Gs0Ya"
    for field in ("password", "client_secret", "db_pass", "authToken", "api_key", "pw", "credentials"):
        yield changed(f"params.{field}", params={field: "correct horse"})
        yield changed(f"metadata.{field}", metadata={"owner": "team-a", "x": {field: ["hunter2hunter2"]}})
        yield changed(f"request.{field}", request={"extra_headers": {field: "abc"}})
    yield changed("named value", metadata={"owner": "team-a", "x": {"name": "DB_PASSWORD", "value": "x1"}})
    yield changed("random text", metadata={"owner": "team-a", "note": random})
    yield changed("user in a URL", metadata={"owner": "team-a", "at": "https://me:hunter42@example.com"})
    yield changed(
        "wide key", metadata={"owner": "team-a", "at": "".join(chr(ord(c) + 0xFEE0) for c in "sk-") + random}
    )
    yield changed("escaped key", metadata={"owner": "team-a", "at": "%73%6b%2d" + random})
    yield changed("key as an id", model_id="a" + random * 2)
    yield changed("key as a key", metadata={"owner": "team-a", "sk-" + random: 1})


def _lines(text: str) -> list[Any]:
    """A value a line, as JSON."""
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _words(text: str) -> list[str]:
    return text.split()


_VARIABLES = """
ATLAS_API_KEY LITELLM_MASTER_KEY litellm_master_key DATABASE_URL PATH Path LD_PRELOAD LD_X PYTHONFOO GIT_ASKPASS
HTTPS_PROXY https_proxy AKIAQ7ZLM4XK2RT9WBVD A1B2C3D4E5F6A7B8C9D0E1F2 sk_abcDEF123456789012345 KUBECONFIG A-B 9X
X9K2_M4Q8Z7R3T6W1P5V0N2B4 deadbeef_deadbeef_deadbeef1 aB3dE6fG9hJ2kL5m OPENAI_API_KEY NAME_OF_A_VERY_LONG_VARIABLE
"""
_FILES = """
/run/secrets/atlas /run/secrets/./atlas /run/secrets/../x /run/secrets//x /etc/passwd /proc/self/environ relative /
/run/secrets/..data/x /var/run/secrets/x /var/run/secrets/kubernetes.io/serviceaccount/token /etc/modelspec/key
/srv/llm-keys/a /run/secretsx/a /run/secrets /run/secrets/a%2fb /run/secrets/id_token /run/secrets/atlas/key
/run/secrets/azure/tokens/azure-identity-token /run/secrets/.vault-token
"""
_VAULTS = """
kv/llm#key /kv/llm#key kv//llm#key kv/../llm#key auth/token#x sys/x#y kv/llm kv/llm#a#b kv/llm?x#y AUTH/x#y
cubbyhole/x#y kv/%61#b
"""
_KUBERNETES = """
llm/key llm..x/key llm/.. llm/token default-token-abc12/token builder-token-x7k2p/token Llm/key llm/
"""


def _of_references() -> Iterator[Input]:
    for kind, targets in (("env", _VARIABLES), ("file", _FILES), ("vault", _VAULTS)):
        for target in _words(targets):
            yield changed(f"{kind} {target}", api_key={kind: target})
            if kind == "env":
                yield changed(f"params env {target}", params={"organization": {kind: target}})
                yield changed(f"endpoint env {target}", endpoint={kind: target})
    for place in _words(_KUBERNETES):
        secret, _, key = place.partition("/")
        yield changed(f"kubernetes {place}", api_key={"kubernetes": {"secret": secret, "key": key}})
    for value in ({"env": "A", "file": "/run/secrets/x"}, {}, "sk-x", {"env": 1}, {"kubernetes": "a/b"}):
        yield changed(f"api_key {value}", api_key=value)
    for text in ("${X}", "$X", "%X_Y%", "{{ X }}", "os.environ/X", "$lower"):
        yield changed(f"params {text}", params={"organization": text})
        yield changed(f"metadata {text}", metadata={"owner": "team-a", "x": text})
        yield changed(f"request {text}", request={"user": text})


_ODD = _lines(r"""
"a\u200bb"
"a\u202eb"
"a\u0000b"
"a\u001bb"
"a\u0085b"
"a\ufeffb"
"a\u2028b"
"a\u00adb"
"a\udb40\udc41b"
"a\ud834\udd73b"
"a\u200db"
"\ud83d\udc68\u200d\ud83d\udc69"
"a\ud7ffb"
"\ufff9x"
"a\u115fb"
"a\u061cb"
""")


def _of_texts() -> Iterator[Input]:
    for text in _ODD:
        yield changed(f"name {text!a}", name=text)
        yield changed(f"metadata {text!a}", metadata={"owner": "team-a", text: [text]})
    yield changed("name of two lines", name="a\nb")
    for name, value in (
        ("deep", _deep(40)),
        ("deep enough", _deep(27)),
        ("wide", list(range(21_000))),
        ("large", "é " * 100_000),
        ("large integer", 2**64),
        ("merge key", {"<<": {"a": 1}}),
        ("conflict marker", {"<<<<<<< HEAD": 1, "=======": 2}),
    ):
        yield changed(name, metadata={"owner": "team-a", "x": value})
    yield changed("ignore", name="# modelspec: ignore[MS402] x")


def _of_words() -> Iterator[Input]:
    """Names that every object of a script has."""
    for word in ("constructor", "__proto__", "toString", "hasOwnProperty", "valueOf"):
        for field in (
            "model_id",
            "region",
            "priority_head",
            "provider",
            "upstream_region",
            "replaced_by",
            "status",
        ):
            yield changed(f"{field} {word}", **{field: word})
        yield changed(f"field {word}", **{word: "x"})
        for field in ("params", "request", "metadata", "limits", "access", "load_balancing", "api_key"):
            yield changed(f"{field}.{word}", **{field: {"owner": "team-a", word: "x"}})
        yield changed(f"weights {word}", load_balancing={"weights": {"head-us-1": 1, word: 1}})
        yield changed(
            f"names {word}", aliases=[word], fallback_models=[word], fallback_heads=[word], tags=[word]
        )


def _deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


_NAMES = """
zebra Zebra zebra-large stripes acme/* acme/x index INDEX page/2 page zebra.json/x zebra.HTML/x a/../b a//b con con/x
com1.x * a/*/b Atlas.json
"""


def _of_names() -> Iterator[Input]:
    for name in (*_words(_NAMES), ":".join("a" * 60), "x" * 128, "a" * 100 + ":" * 5 + "b"):
        yield changed(f"id {name[:30]}", model_id=name)
        yield changed(f"alias {name[:30]}", aliases=[name])
    yield changed("alias twice", aliases=["b", "B"])
    yield changed("alias of itself", aliases=["atlas"])
    yield changed("folder with defaults")


_HEADS = "head-us-1 head-us-2 head-us-3 head-us-4 head-eu-1 head-uk-1 head-cn-1 head-xx"
_FALLBACKS = _lines("""
["head-us-1"]
["head-us-3"]
["head-us-3", "head-us-4"]
["head-eu-1", "head-eu-1"]
[]
["nope"]
""")
_WEIGHTS = _lines("""
{"head-us-2": 1}
{"head-us-1": 1, "head-uk-1": 1}
{"head-us-1": 0}
{"head-us-1": 1, "no": 1}
{"head-us-1": 1, "head-cn-1": 2}
""")
_IN_CN: Value = {"region": "cn", "priority_head": "head-cn-1", "fallback_heads": []}


def _of_routes() -> Iterator[Input]:
    for region in ("us", "eu", "cn", "xx"):
        for head in _words(_HEADS):
            yield changed(f"{region} at {head}", region=region, priority_head=head)
    for others in _FALLBACKS:
        yield changed(f"fallbacks {others}", fallback_heads=others)
        yield changed(f"fallbacks {others} offline", fallback_heads=others, priority_head="head-us-3")
        yield changed(
            f"fallbacks {others} in eu", fallback_heads=others, region="eu", priority_head="head-eu-1"
        )
    for weights in _WEIGHTS:
        yield changed(f"weights {weights}", load_balancing={"weights": weights})
        yield changed(f"weights {weights} in eu", load_balancing={"weights": weights}, region="eu")
    for fallback in ("bison", "zebra", "atlas", "nope", "acme/y", "Zebra", "acme"):
        yield changed(f"falls back to {fallback}", fallback_models=[fallback])
        yield changed(f"falls back to {fallback} in cn", fallback_models={"error": [fallback]}, **_IN_CN)
        yield changed(f"public, to {fallback}", fallback_models=[fallback], access={"visibility": "public"})
        yield changed(f"replaced by {fallback}", status="deprecated", replaced_by=fallback)
    yield changed("falls back to its alias", fallback_models=["b"], aliases=["b"])
    yield changed("private", access={"visibility": "private", "groups": ["nobody"]})
    yield changed("client regions", access={"client_regions": ["xx"]})


_PROVIDERS = "openai azure bedrock vertex_ai opneai Mistral mistral sagemaker ollama"
_DEPLOYMENTS = _lines("""
{}
{"endpoint": "http://localhost/v1"}
{"provider": "azure"}
{"region": "xx", "provider": "openai"}
{"weight": 0, "provider": "openai"}
{"api_key": {"env": "PATH"}, "provider": "openai"}
{"endpoint": "https://u:p@a.example.com"}
{"region": "cn"}
{"provider": "openai", "params": {"token": "abc"}}
""")


def _of_upstreams() -> Iterator[Input]:
    for provider in (*_words(_PROVIDERS), "a b", "x" * 65):
        yield changed(f"provider {provider[:20]}", provider=provider)
        yield changed(f"provider {provider[:20]} alone", provider=provider, endpoint=...)
        yield changed(
            f"provider {provider[:20]} local", provider=provider, endpoint=..., local_inference=True
        )
    for name, value in (
        ("aws_region_name", "us-east-1"),
        ("aws_region_name", "eu-west-1"),
        ("vertex_location", "global"),
    ):
        for region in ("us", "eu", "cn"):
            fields: Value = {
                "provider": "bedrock",
                "endpoint": ...,
                "params": {name: value},
                "region": region,
            }
            yield changed(f"{value} in {region}", **fields, priority_head=f"head-{region}-1")
            yield changed(f"{value} in {region} as eu", **fields, upstream_region="eu")
    far = "https://x.us-east-1.amazonaws.com/v1"
    near: Value = {"region": "eu", "priority_head": "head-eu-1"}
    azure: Value = {"provider": "azure", "endpoint": "https://a.openai.azure.com"}
    yield changed("declared elsewhere", endpoint="https://eu.api.openai.com/v1", upstream_region="us")
    yield changed("claimed elsewhere", endpoint=far, **near)
    yield changed("unknown region", upstream_region="xx")
    yield changed("outside", **_IN_CN, upstream_region="us")
    yield changed("no endpoint", endpoint=...)
    yield changed("local", endpoint=..., local_inference=True)
    yield changed("local with one", endpoint=..., local_inference=True, priority_head="head-us-2")
    yield changed("other key's host", api_key={"env": "OPENAI_KEY"}, endpoint="https://openai.example.org/v1")
    yield changed("other file's host", api_key={"file": "/run/secrets/atlas/key"})
    yield changed(
        "same key elsewhere", api_key={"env": "ZEBRA_API_KEY"}, endpoint="https://zebra.example.org/v1"
    )
    yield changed("api version", **azure, params={"api_version": "api-version=2024"})
    for one in _DEPLOYMENTS:
        yield changed(f"deployment {one}", endpoint=..., deployments=[{"provider": "openai"}, one])
        yield changed(f"local deployment {one}", endpoint=..., deployments=[one], local_inference=True)


def _of_life() -> Iterator[Input]:
    for status in ("active", "deprecated", "disabled", "gone"):
        for sunset in ("0001-01-01", "2020-06-30", "2099-01-01", "2026-02-31", "2026-13-01", "soon"):
            yield changed(f"{status} until {sunset}", status=status, sunset=sunset)
    yield changed("tag with a space", tags=["chat europe", "x"])


_METADATA = _lines(r"""
{"terms": {"days": "soon"}}
{"terms": {"other": 1}}
{"owner": "TEAM"}
{"owner": 1}
{"owner": "team-\u00fc"}
{"released": "1999"}
{"released": "20\u0662\u0663"}
{"licence": "gpl"}
{"licence": "mit"}
{"open_weights": "yes"}
{"context": 0}
{"context": 1.5}
{"context": 2.0}
{"context": 100000000000000000}
{"languages": []}
{"languages": ["en", "en"]}
{"languages": ["english"]}
{"either": []}
{"review": {}}
{"review": {"by": ""}}
{"review": {"by": "x", "when": 1}}
""")


def _of_metadata() -> Iterator[Input]:
    for more in _METADATA:
        yield changed(f"metadata {more}", metadata={"owner": "team-a", **more})
    wrong: tuple[Any, ...] = ({}, [], "x", None, 1, ...)
    for value in wrong:
        yield changed(f"metadata is {value}", metadata=value)
