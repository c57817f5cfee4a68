"""No other spelling says anything else: it is refused, or policies, guards, plan and gateways do not change.

Each slot of a small fleet is respelled as some program would still understand it: references, hosts, URLs and ids.
"""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import event, example, given, note, settings
from hypothesis import strategies as st
from small_fleets import TODAY

from modelspec.change.compare import compare
from modelspec.change.effect import PlannedState
from modelspec.change.guards import check_guards
from modelspec.incremental import compile_fleet
from modelspec.pipeline import Compiled, emission_of, emit
from modelspec.routing.table import RoutingTable

FILES = {
    "modelspec.yaml": """\
targets: [envoy, litellm]
guards: {endpoint_host_change: error}
secret_folders: ['<folder>/srv/keys</>']
key_policy:
  - key: {file: '<path>/run/secrets/prod/*</>'}
    hosts: ['<glob>api.atlas.example</>', '<glob>*.eu.atlas.example</>']
  - key: {vault: '<vault>kv/prod/db#*</>'}
    hosts: ['<glob>api.atlas.example</>']
  - key: {env: 'PROD_*'}
    hosts: ['<glob>api.atlas.example</>']
""",
    "regions.yaml": "regions: [{code: us, name: US}, {code: eu, name: EU, residency: ['<id>eu</>']}]\n",
    "heads.yaml": """\
heads:
  - {head_id: head-us, region: us, url: '<url>https://head-us.example.net:8443</>'}
  - {head_id: head-eu, region: '<id>eu</>', url: '<url>https://head-eu.example.net</>'}
""",
    "models.d/file.yaml": """\
model_id: file
name: File
region: us
priority_head: '<id>head-us</>'
fallback_heads: ['<id>head-eu</>']
endpoint: '<url>https://HOST/v1/chat</>'
api_key: {file: '<path>/run/secrets/prod/key</>'}
fallback_models: ['<id>vault</>']
""",
    "models.d/own.yaml": """\
model_id: own
name: Own
region: us
priority_head: head-us
fallback_heads: [head-eu]
endpoint: '<url>https://api.own.example/v1</>'
api_key: {file: '<path>/srv/keys/own</>'}
""",
    "models.d/vault.yaml": """\
model_id: vault
name: Vault
region: us
priority_head: head-us
fallback_heads: [head-eu]
deployments:
  - {endpoint: '<url>https://HOST/v1</>', api_key: {vault: '<vault>kv/prod/db#key</>'}}
  - {endpoint: '<url>http://10.1.2.3:8000/v1</>', api_key: {kubernetes: {secret: '<secret>llm.keys</>', key: k}}}
""",
    "models.d/env.yaml": """\
model_id: env
name: Env
region: us
priority_head: head-us
fallback_heads: [head-eu]
endpoint: '<url>https://[fd00::7]:8443/v1</>'
api_key: {env: OTHER_KEY}
params: {organization: {env: OTHER_ORGANIZATION}}
""",
    "models.d/shared-a.yaml": """\
model_id: shared-a
name: Shared A
region: us
priority_head: head-us
fallback_heads: [head-eu]
endpoint: '<url>https://ours.azurewebsites.net/v1</>'
api_key: {file: '<path>/run/secrets/shared</>'}
""",
    "models.d/shared-b.yaml": """\
model_id: shared-b
name: Shared B
region: us
priority_head: head-us
fallback_heads: [head-eu]
endpoint: '<url>https://theirs.azurewebsites.net/v1</>'
api_key: {file: '<path>/run/secrets/shared</>'}
""",
}
HOSTS = {"kept": "api.atlas.example", "broken": "api.atlas-mirror.example"}
"""The policy is kept, and broken."""
SLOT = re.compile(r"<(\w+)>(.*?)</>")
SLOTS = [
    (path, number, found[1], found[2])
    for path, text in FILES.items()
    for number, found in enumerate(SLOT.finditer(text))
]


def _inserted(text: str, places: str, pieces: list[str]) -> st.SearchStrategy[str]:
    found = [number for number, letter in enumerate(text) if letter in places] or [0]
    return st.tuples(st.sampled_from(found), st.sampled_from(pieces)).map(
        lambda drawn: text[: drawn[0]] + drawn[1] + text[drawn[0] :]
    )


def _encoded(text: str) -> st.SearchStrategy[str]:
    encoded = [f"{text[:n]}%{ord(one):02x}{text[n + 1 :]}" for n, one in enumerate(text)]
    # A slash that is encoded does not part a path (RFC 3986, 2.2), so that it is another one.
    rest = text.find("/", text.find("://") + 3) if "://" in text else len(text)
    return st.sampled_from([one for n, one in enumerate(encoded) if n < rest or text[n] != "/"])


def _widened(text: str) -> st.SearchStrategy[str]:
    def wide(number: int) -> str:
        code = ord(text[number])
        return (
            text[:number] + (chr(code + 0xFEE0) if "!" <= text[number] <= "~" else " ") + text[number + 1 :]
        )

    return st.integers(0, len(text) - 1).map(wide)


def _upper(text: str) -> st.SearchStrategy[str]:
    return st.integers(0, len(text) - 1).map(lambda n: text[:n] + text[n].upper() + text[n + 1 :])


def _paths(text: str) -> st.SearchStrategy[str]:
    steps = ["/.", "/", "/x/..", "/%2e", "/./.", "/%2E%2E/..", "\\\\", "/ ", " "]
    odd = [f"{text}/", f"{text}/.", f"{text} ", f"/var{text}", f"/var/../var{text}", f"/.{text}", f"/{text}"]
    odd += [f"/proc/self/root{text}", f"/var/run/..{text}", text.replace("/", "\\\\")]
    return _inserted(text, "/", steps) | _encoded(text) | st.sampled_from(odd)


def _vaults(text: str) -> st.SearchStrategy[str]:
    path, _, key = text.partition("#")
    odd = [f"/{text}", f"{path}/#{key}", f"./{text}", f"x/../{text}", f"{path}?version=1#{key}", f" {text}"]
    odd += [f"{path}#{key} ", f"{path} #{key}", f"//{text}"]
    return (
        _inserted(path, "/", ["/.", "/", "/x/..", "\\\\"]).map(lambda p: f"{p}#{key}")
        | _encoded(text)
        | st.sampled_from(odd)
    )


def _urls(text: str) -> st.SearchStrategy[str]:
    scheme, _, rest = text.partition("://")
    place, slash, path = rest.partition("/")
    host, colon, port = place.rpartition(":") if re.search(r":\d+$", place) else (place, "", "")
    tail = f"{colon}{port}{slash}{path}"
    odd = [
        f"{scheme.upper()}://{rest}",
        f"{scheme}://{host.upper()}{tail}",
        f"{scheme}://{host}.{tail}",
        f"{scheme}://{host}..{tail}",
        f"{scheme}:///{rest}",
        f"{scheme}:/{rest}",
        f"{scheme}:\\\\\\\\{rest}",
        f"{scheme}://{host.replace('.', chr(0x3002))}{tail}",
        f"{scheme}://x@{rest}",
        f"{scheme}://evil.example\\\\@{rest}",
        f" {text}",
        f"{text}#",
        f"{text}/.",
        f"{text}//",
        f"{scheme}://{host}{colon or ':'}0{port or '443'}{slash}{path}",
        f"{scheme}://{host.replace('fd00::7', 'FD00:0:0::7')}{tail}",
        f"{scheme}://{host.replace('10.1.2.3', '0x0a010203')}{tail}",
        f"{scheme}://{host.replace('10.1.2.3', '012.1.2.3')}{tail}",
        f"{scheme}://{host.replace('10.1.2.3', '[::ffff:10.1.2.3]')}{tail}",
    ]
    if not port:
        odd.append(f"{scheme}://{host}:{'443' if scheme == 'https' else '80'}{slash}{path}")
    return st.sampled_from(odd) | _encoded(text) | _widened(text) | _inserted(text, "/", ["/.", "/x/.."])


def _globs(text: str) -> st.SearchStrategy[str]:
    return _upper(text) | st.sampled_from([f"{text}.", text.upper()])


RESPELLED: dict[str, Callable[[str], st.SearchStrategy[str]]] = {
    "path": _paths,
    "folder": _paths,
    "vault": _vaults,
    "secret": lambda text: st.sampled_from([text.replace(".", ".."), f"{text}.", text.upper(), f" {text}"]),
    "url": _urls,
    "glob": _globs,
    "id": lambda text: _upper(text) | _widened(text) | st.sampled_from([f"{text} ", f" {text}", f"{text}/"]),
}


def _compiled(host: str, changed: tuple[str, int, str] | None) -> Compiled:
    with TemporaryDirectory() as folder:
        root = Path(folder) / "fleet"
        for path, text in FILES.items():
            number = -1

            def filled(match: re.Match[str], path: str = path) -> str:
                nonlocal number
                number += 1
                is_changed = changed is not None and changed[:2] == (path, number)
                return (changed[2] if is_changed and changed else match[2]).replace("HOST", host)

            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(SLOT.sub(filled, text), encoding="utf-8")
        return compile_fleet(root, today=TODAY)


@cache
def _before(host: str) -> Compiled:
    return _compiled(host, None)


def _said(result: Compiled) -> list[tuple[str, str, str]]:
    return sorted((one.code, one.path, one.subject) for one in result.diagnostics)


def _state(result: Compiled, table: RoutingTable) -> PlannedState:
    files = {file.path: file.data.hex() for file in result.tree.files}
    return PlannedState(title="x", routing=table, files=files, lines={})


def _gateways(result: Compiled) -> dict[str, bytes]:
    """What was written of a path is written, and `/var/run` is `/run`; the digest of the sources is left out."""
    emission = emission_of(result)
    return {
        one.path: one.content.replace(b"/var/run/", b"/run/")
        for one in emit(replace(emission, origin=replace(emission.origin, digest="")))
        if one.path.startswith("gateways/")
    }


@st.composite
def respellings(draw: st.DrawFn) -> tuple[str, tuple[str, int, str]]:
    path, number, kind, text = draw(st.sampled_from(SLOTS))
    new = draw(RESPELLED[kind](text))
    return draw(st.sampled_from(list(HOSTS))), (path, number, new.replace("'", "''"))


@example(("kept", ("models.d/file.yaml", 3, "/var/run/secrets/prod/key")))
@example(("broken", ("models.d/file.yaml", 3, "/var/run/secrets/prod/key")))
@example(("broken", ("modelspec.yaml", 1, "/var/run/secrets/prod/*")))
@example(("kept", ("models.d/file.yaml", 2, "HTTPS://HOST:443/v1/chat")))
@example(("kept", ("models.d/vault.yaml", 0, "https://HOST./v1")))
@example(("kept", ("heads.yaml", 1, "Eu")))
@settings(deadline=None, max_examples=int(os.environ.get("RESPELLINGS", "200")))
@given(respellings())
def test_another_spelling_is_refused_or_changes_nothing(case: tuple[str, tuple[str, int, str]]) -> None:
    which, changed = case
    note(repr(case))
    before, after = _before(HOSTS[which]), _compiled(HOSTS[which], changed)
    known = _said(before)
    assert ("MS514" in [code for code, *_ in known]) == (which == "broken")
    assert "MS515" in [code for code, *_ in known]
    new = [one for one in after.diagnostics if (one.code, one.path, one.subject) not in known]
    if any(one.severity == "error" for one in new):
        event("refused")
        return
    event("accepted")
    assert _said(after) == known
    if which == "broken":
        return
    assert before.table is not None
    assert after.table is not None
    assert compare(_state(before, before.table), _state(after, after.table)).effects == []
    assert check_guards(before, after, before=before.table, after=after.table, today=TODAY).diagnostics == []
    assert _gateways(after) == _gateways(before)
