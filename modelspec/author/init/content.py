"""What a new repository begins with: what was chosen, and every file by its path.

The fleet has two heads a region or more, and two models or more.
"""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files as resources

from modelspec.author.init.forge import FORGES, ForgeSetup
from modelspec.author.init.install import InstallSource
from modelspec.author.schemas import schema_line
from modelspec.text.quote import quote

NO_FORGE = "none"
DEFAULT_REGIONS = (("eu", "Europe"), ("us", "United States"))
DEFAULT_OWNER = "@example-org/platform"

_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_CODE = 32
_LONGEST_NAME = 128
_OWNER = re.compile(r"@[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")

_RESOURCES = resources("modelspec.author.init") / "files"

# Text that YAML reads as text without quotes: not a number, nor one of the words that it reads as something else.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 -]*[A-Za-z0-9]")
_WORDS = frozenset({"true", "false", "null"})

_REGIONS = """\
#
# A region is a place with rules of its own. `residency` lists every region that may see a request for one of its
# models: the heads that take it, the upstreams that answer it, and everything behind its fallback models. Without it,
# requests may be served anywhere. `upstreams` lists hosts that run in the region: most addresses do not say where they
# are.

regions:
"""
_HEADS = """\
#
# A head is the regional access point in front of the models: the edge sends a request to a head, and the head sends it
# on to an upstream. Hosts under example.net are reserved for examples: put your own here.

heads:
"""
_TESTS = """\
#
# Unit tests of the routing, run by `modelspec test`: one request each, and what must become of it. `down` holds heads
# that do not answer, by id, or whole regions, by code. Write one for every promise that you have given to somebody.

tests:
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What whoever begins has chosen.

    `source` is the pinned copy that pipelines take, `regions` are codes and names, `heads` how many each region has (2
    or more), `owner` agrees to changes of the policy.
    """

    forge: str
    source: InstallSource
    regions: tuple[tuple[str, str], ...] = DEFAULT_REGIONS
    heads: int = 2
    owner: str = DEFAULT_OWNER


def region_fault(code: str, name: str) -> str | None:
    """What is wrong with a region's code or name, if anything."""
    if not _CODE.fullmatch(code) or len(code) > _LONGEST_CODE:
        return (
            f"{quote(code)} is no region code: lower-case letters and digits that begin with a letter,"
            " in parts joined by '-'"
        )
    if not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
        return f"{quote(name)} is no name of a region: 1 to {_LONGEST_NAME} characters that can be seen"
    return None


def is_owner(text: str) -> bool:
    """Whether a text is the name of a user or a team as code owners name them."""
    return _OWNER.fullmatch(text) is not None


def files(start: Start) -> dict[str, str]:
    """The files and their text, in the order in which one would read them; all but the schemas for editors."""
    configuration = {
        "regions.yaml": _regions_yaml(start),
        "heads.yaml": _heads_yaml(start),
        **_models(start),
        "routes.test.yaml": _tests_yaml(start),
        "modelspec.yaml": _resource("modelspec.yaml").replace("@FORGE@", _forge_name(start)),
        "waivers.yaml": _resource("waivers.yaml"),
    }
    filled = {
        "README.md": _readme(start),
        **{path: f"{schema_line(path)}\n{text}" for path, text in configuration.items()},
        ".gitignore": _resource("gitignore"),
        ".gitattributes": _resource("gitattributes"),
    }
    if start.forge != NO_FORGE:
        forge = FORGES[start.forge]
        filled[forge.pipeline] = _resource(forge.resource).replace("@SOURCE@", start.source.line)
        filled[forge.owners] = _owners(start, forge)
    return filled


def first_model(start: Start) -> tuple[str, ...]:
    """The words of a command that adds a model to the first region, and adds no warning."""
    code, _ = start.regions[0]
    first, *others = _heads(code, start.heads)
    return (
        *("modelspec", "new", "my-model", "--name", "My model", "--region", code, "--head", first),
        *(word for head in others for word in ("--fallback", head)),
        *("--endpoint", f"https://{_host(code)}/v1", "--api-key-env", "EXAMPLE_API_KEY"),
    )


def _readme(start: Start) -> str:
    text = _resource("README.md").replace("@INSTALL@", "\n".join(start.source.commands(".venv")))
    return text.replace("@NEW@", shlex.join(first_model(start)))


def _forge_name(start: Start) -> str:
    return "github" if start.forge == NO_FORGE else start.forge


def _owners(start: Start, forge: ForgeSetup) -> str:
    text = _resource("codeowners").replace("@CI_PATHS@", "\n".join(f"{path} @OWNER@" for path in forge.owned))
    if start.forge == "gitea":
        # Gitea matches expressions against paths without a leading slash.
        lines = (_as_expression(line) if line.startswith("/") else line for line in text.splitlines())
        text = "\n".join(lines) + "\n"
    return text.replace("@OWNER@", start.owner)


def _as_expression(line: str) -> str:
    path, owner = line.split(" ")
    expression = path.removeprefix("/").replace(".", r"\.").replace("**/", "(.*/)?")
    return f"{expression}{'.*' if path.endswith('/') else ''} {owner}"


def _resource(name: str) -> str:
    return (_RESOURCES / name).read_text(encoding="utf-8")


def _regions_yaml(start: Start) -> str:
    """The regions, each keeping its requests to itself."""
    return _REGIONS + "\n".join(
        f"  - code: {_scalar(code)}\n    name: {_scalar(name)}\n    residency: [{_scalar(code)}]\n"
        f"    upstreams: {{hosts: [{_host(code)}]}}\n"
        for code, name in start.regions
    )


def _heads_yaml(start: Start) -> str:
    """Two heads a region or more, so that one may fail."""
    return _HEADS + "\n".join(
        f"  - head_id: {head}\n    region: {_scalar(code)}\n    url: https://{head}.llm.example.net\n"
        for code, _ in start.regions
        for head in _heads(code, start.heads)
    )


def _models(start: Start) -> dict[str, str]:
    """The model files by their path: a chat model a region, and another where there is one region only."""
    return {
        f"models.d/{kind}-{code}.yaml": _model(kind, code, name, _heads(code, start.heads))
        for kind, code, name in _named(start)
    }


def _tests_yaml(start: Start) -> str:
    """A test of each promise that the fleet begins with."""
    return _TESTS + "\n".join(
        [*(_tests(kind, code, start.heads) for kind, code, _ in _named(start)), _NOBODY]
    )


_NOBODY = """\
  - name: A model that nobody has declared is not found
    model: nobody
    expect: {status: 404}
"""


def _named(start: Start) -> Iterator[tuple[str, str, str]]:
    """The kind of each model, and its region's code and name."""
    for code, name in start.regions:
        yield "chat", code, name
    if len(start.regions) == 1:
        yield "embeddings", *start.regions[0]


def _tests(kind: str, code: str, heads: int) -> str:
    model, region = f"{kind}-{code}", _scalar(code)
    first, *others = _heads(code, heads)
    failing = "".join(
        f"""\
  - name: With {" and ".join(down)} down, {head} answers for {model}
    model: {model}
    down: [{", ".join(down)}]
    expect: {{status: 200, head: {head}}}

"""
        for head, down in ((head, (first, *others[:count])) for count, head in enumerate(others))
    )
    return f"""\
  - name: {first} takes requests for {model}, which touch no other region
    model: {model}
    expect: {{status: 200, head: {first}, reach_within: [{region}]}}

{failing}  - name: With all of its region down, nobody answers for {model}
    model: {model}
    down: [{region}]
    expect: {{status: 503}}
"""


def _model(kind: str, code: str, name: str, heads: tuple[str, ...]) -> str:
    first, *others = heads
    return f"""\

model_id: {kind}-{code} # what clients send as `model`
name: {_scalar(f"{kind.capitalize()} ({name})"[:128])} # what people read
region: {_scalar(code)} # its residency in regions.yaml applies
priority_head: {first} # the first access point
fallback_heads: [{", ".join(others)}] # tried in this order when the one before does not answer

# Who answers. The upstream speaks the OpenAI protocol, unless `provider` says otherwise. Where its host runs is said in
# regions.yaml, under `upstreams`.
endpoint: https://{_host(code)}/v1
upstream_model: example-{kind}

# Where the gateway finds the key: a reference. The key itself is never written into a file.
api_key: {{env: EXAMPLE_API_KEY}}
"""


def _heads(code: str, count: int) -> tuple[str, ...]:
    return (f"head-service-{code}", *(f"head-service-{code}-{number}" for number in range(2, count + 1)))


def _host(code: str) -> str:
    """The example upstream of a region."""
    return f"{code}.llm.example.net"


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)
