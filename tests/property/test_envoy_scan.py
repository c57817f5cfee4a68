"""The name that an edge reads from a request is the name that a head reads, or the edge refuses.

The scripts run in LuaJIT, as in Envoy; `tests/gateways/test_envoy_requests.py` sends requests through Envoy itself.
"""

import json
from collections import Counter
from collections.abc import Callable
from importlib.resources import files
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lupa import luajit21

_FOLDER = files("modelspec.gateways.envoy")
_SCRIPTS = "".join(
    (_FOLDER / f"{name}.lua").read_text(encoding="utf-8") for name in ("query", "scan", "form")
)
_CALLS = """
return function(kind, text, boundary)
  local function bytes(offset, length) return string.sub(text, offset + 1, offset + length) end
  if kind == "json" then return guarded(json, bytes, #text) end
  if kind == "form" then return guarded(form, bytes, #text, boundary) end
  return guarded(query, text)
end
"""
Found = tuple[str | None, str | None]
OTHERS = {
    "azure",
    "content_policy_fallbacks",
    "context_window_fallback_dict",
    "context_window_fallbacks",
    "custom_llm_provider",
    "deployment_id",
    "extra_body",
    "fallbacks",
    "model_list",
    "router_settings_override",
    "specific_deployment",
    "user_config",
}
"""Keys that name other models."""


def _loaded(chunk: int) -> Callable[..., Found]:
    """The scanners, which read `chunk` bytes at once."""
    lua = luajit21.LuaRuntime(encoding=None)
    text = _SCRIPTS.replace("local CHUNK = 65536", f"local CHUNK = {chunk}")
    assert f"CHUNK = {chunk}\n" in text
    call: Any = lua.execute((text + _CALLS).encode())

    def scan(kind: str, body: bytes, boundary: str = "b") -> Found:
        answer = call(kind.encode(), body, boundary.encode())
        if isinstance(answer, bytes):
            return answer.decode(), None
        if answer is None:
            return None, None
        return None, answer[1].decode()

    return scan


SCANS = {chunk: _loaded(chunk) for chunk in (3, 65536)}
BODIES = 2500


def scanned(kind: str, body: bytes) -> Found:
    """What is found, however the body is cut."""
    found = {scan(kind, body) for scan in SCANS.values()}
    assert len(found) == 1, (body, found)
    return found.pop()


class _NotJsonError(ValueError):
    pass


def _reject(constant: str) -> None:
    raise _NotJsonError(constant)


def named(body: bytes) -> Found:
    """The name by Python's parser and the rules of the edge; `invalid_json` where this is no JSON object."""
    try:
        pairs = json.loads(body.decode(), parse_constant=_reject, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return None, "invalid_json"
    if not body.lstrip(b" \t\r\n").startswith(b"{"):
        return None, "invalid_json"
    names = [value for key, value in pairs if key == "model"]
    odd = [key for key, _ in pairs if key != "model" and key.lower().partition("[")[0] in {*OTHERS, "model"}]
    if odd or len(names) > 1:
        return None, "model_ambiguous"
    if not names:
        return None, "model_required"
    return (names[0], None) if _is_name(names[0]) else (None, "model_invalid")


def _is_name(value: object) -> bool:
    if not isinstance(value, str) or not value or value.startswith(("-", " ")) or value.endswith(" "):
        return False
    if any(letter in ",#\x7f" or letter < " " for letter in value):
        return False
    try:
        return len(value.encode()) <= 4096
    except UnicodeEncodeError:
        return False


KEYS = [
    "model",
    "model",
    "Model",
    "models",
    "mode",
    "fallbacks",
    "user_config",
    "a",
    "",
    "é",
    "😀",
    "\ud800",
    '"',
    "\\",
]
NAMES = [
    "atlas",
    "acme/big:7b",
    "",
    "-",
    "a,b",
    "a#1",
    "a ",
    " a",
    "a b",
    "a\n",
    "a\x7f",
    "é",
    "\x00",
    '"}',
    "model",
    "\ud800",
    "😀",
    "\\",
]
LEAVES = [None, True, False, 0, -1.5e300, 10**30, *NAMES, *KEYS]


@pytest.mark.parametrize("key", sorted(OTHERS))
def test_each_key_that_names_another_model_is_refused_however_it_is_written(key: str) -> None:
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in key)
    for written in (key, key.upper(), key.title(), escaped, f"\\u{ord(key[0]):04x}{key[1:]}"):
        body = f'{{"model": "a", "{written}": {{"model": "b"}}}}'.encode()
        assert scanned("json", body) == (None, "model_ambiguous"), written
    for written in (key, f"{key}[]", f"{key}[0]", f"{key.upper()}[]", "model[]", "model[0]"):
        part = b'--b\r\ncontent-disposition: form-data; name="%s"\r\n\r\nb\r\n'
        body = part % b"model" + part % written.encode() + b"--b--"
        assert scanned("form", body) == (None, "model_ambiguous"), written
    for near in (key[:-1], f"{key}s", f"x{key}"):
        assert scanned("json", f'{{"model": "a", "{near}": 1}}'.encode()) == ("a", None), near


def _value(random: Random, depth: int = 0) -> Any:
    kind = random.random()
    if depth > 3 or kind < 0.6:
        return random.choice(LEAVES)
    if kind < 0.8:
        return [_value(random, depth + 1) for _ in range(random.randrange(4))]
    return {random.choice(KEYS): _value(random, depth + 1) for _ in range(random.randrange(4))}


def _pairs(random: Random) -> list[tuple[str, Any]]:
    return [
        (key, random.choice(NAMES) if key == "model" and random.random() < 0.8 else _value(random))
        for key in random.choices(KEYS, k=random.randrange(6))
    ]


def _escaped(text: str, random: Random) -> str:
    """A string of JSON, in which some characters are escaped that need not be."""
    parts = []
    for one in text:
        if random.random() < 0.2:
            units = one.encode("utf-16-be", "surrogatepass")
            parts += [f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)]
        else:
            parts.append(json.dumps(one, ensure_ascii=random.random() < 0.5)[1:-1])
    return '"' + "".join(parts) + '"'


def _written(pairs: list[tuple[str, Any]], random: Random) -> bytes:
    def space() -> str:
        return random.choice(["", "", "", " ", "\n\t", "\r\n "])

    def value(one: Any) -> str:
        if isinstance(one, str):
            return _escaped(one, random)
        return json.dumps(one, ensure_ascii=random.random() < 0.5)

    members = (
        f"{space()}{_escaped(key, random)}{space()}:{space()}{value(one)}{space()}" for key, one in pairs
    )
    return f"{space()}{{{','.join(members) or space()}}}{space()}".encode("utf-8", "surrogatepass")


def test_edge_and_parser_agree_on_the_name_of_thousands_of_bodies() -> None:
    random, seen = Random(1), Counter[str | None]()
    for _ in range(BODIES):
        body = _written(_pairs(random), random)
        found, expected = scanned("json", body), named(body)
        seen[expected[1]] += 1
        if expected == (None, "invalid_json"):
            assert found[0] is None or b"\xed" in body, (
                body
            )  # half a surrogate pair elsewhere: a head refuses it
        else:
            assert _first_fault(found, expected), (body, found, expected)
    assert (
        min(seen[fault] for fault in (None, "model_ambiguous", "model_required", "model_invalid"))
        > BODIES / 50
    )


def _first_fault(found: Found, expected: Found) -> bool:
    """The edge stops at the first fault, and a body may have two."""
    faults = {"model_ambiguous", "model_invalid"}
    return found == expected or (found[0] is None and {found[1], expected[1]} == faults)


PIECES = (b"", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\x00", b"\xff", b"1", b"model")


def test_a_damaged_body_never_names_what_a_parser_does_not_read() -> None:
    random, whole = Random(2), 0
    for _ in range(BODIES):
        body = bytearray(_written(_pairs(random), random))
        at = random.randrange(len(body))
        body[at : at + random.randrange(3)] = random.choice(PIECES)
        found, expected = scanned("json", bytes(body)), named(bytes(body))
        whole += expected[1] != "invalid_json"
        assert expected[1] == "invalid_json" or _first_fault(found, expected), (body, found, expected)
    assert whole > BODIES / 50


def test_nonsense_is_read_as_a_parser_reads_it() -> None:
    random, whole = Random(3), 0
    tokens = ["{", "}", "[", "]", '"model"', '"a"', ":", ",", " ", "1", "null", '"\\""', "\x00", "é", '"']
    for _ in range(10 * BODIES):
        text = "{" + "".join(random.choices(tokens, k=random.randrange(7))) + "}"
        expected = named(text.encode())
        if expected[1] != "invalid_json":
            whole += 1
            assert _first_fault(scanned("json", text.encode()), expected), text
    assert whole > BODIES / 50


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"a"',
        b'{"model":"a"}}',
        b'{"model":"a"}x',
        b'{"model":"a"]',
        b'{"a":[}],"model":"a"}',
        b'{"model":"a',
        b'{"model":"a\\',
        b'{"model":"a\\"}',
        b'{"model":"a\n"}',
        b'{"model":"\\x"}',
        b'{"model":"\\u00"}',
        b'{"model" "a"}',
        b'{"model":"a" "b":1}',
        b'{"model":"a",}',
        b'{,"model":"a"}',
        b'{"model":"a","b"}',
        b'{"model":"a","b":}',
        b'{"model":"a","b":"\x01"}',
        b'{"model":"a","b":[\'x\']}',
        b'{"model":"a","b":[#]}',
        b'{model:"a"}',
        b'\xef\xbb\xbf{"model":"a"}',
        b'{"model":"a","b":NaN}',
        b'{"a":' + b"[" * 256 + b"]" * 256 + b',"model":"a"}',
        b'{"model":"a","b":' + b"[" * 100_000,
        b"[" * 1000,
        b"",
    ],
)
def test_what_has_not_the_structure_of_json_is_refused(body: bytes) -> None:
    assert scanned("json", body) == (None, "invalid_json")


@pytest.mark.parametrize("length", [4096, 4097])
def test_a_name_has_4096_bytes_at_most(length: int) -> None:
    body = b'{"model":"' + b"\\u0078" * length + b'"}'
    assert (
        scanned("json", body)
        == named(body)
        == ((None, "model_invalid") if length > 4096 else ("x" * 4096, None))
    )


def test_a_body_as_deep_as_is_allowed_is_read() -> None:
    body = b'{"a":' + b"[" * 255 + b"]" * 255 + b',"model":"a"}'
    assert scanned("json", body) == ("a", None)
    assert named(body) == ("a", None)


BOUNDARIES = st.text(alphabet="bB-", min_size=1, max_size=3)


@settings(max_examples=200, deadline=None)
@given(
    BOUNDARIES,
    st.lists(
        st.tuples(
            st.sampled_from(["model", "Model", "file", "x"]),
            st.booleans(),
            st.text(alphabet="b-\r\nB x:;=", max_size=30),
        ),
        max_size=4,
    ),
)
def test_a_form_names_what_is_in_its_field(boundary: str, parts: list[tuple[str, bool, str]]) -> None:
    """What stands in a file is never taken for a part, unless it has the boundary."""
    mark = f"\r\n--{boundary}"
    if any(mark in f"\r\n{content}\r\n--{boundary}"[:-1] for _, _, content in parts):
        return
    body = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{"; filename=f" * file}\r\n\r\n{content}\r\n'
        for name, file, content in parts
    )
    found = {scan("form", f"{body}--{boundary}--\r\n".encode(), boundary) for scan in SCANS.values()}
    assert len(found) == 1
    name, fault = found.pop()
    fields = [content for key, file, content in parts if key == "model" and not file]
    if name is not None:
        assert [name] == fields
        assert not [key for key, file, _ in parts if key == "Model" or (key == "model" and file)]
    elif fault == "model_required":
        assert not fields
    else:
        assert fault in {"model_ambiguous", "model_invalid", "invalid_form"}


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["model", "Model", "a", "m o", "é"]), st.text(max_size=8)), max_size=4)
)
def test_a_query_names_what_a_head_reads(pairs: list[tuple[str, str]]) -> None:
    text = urlencode(pairs)
    values = [value for key, value in parse_qsl(text, keep_blank_values=True) if key.lower() == "model"]
    found = scanned("query", text.encode())
    if len(values) == 1 and _is_name(values[0]):
        assert found == (values[0], None)
    else:
        assert found[0] is None
        assert (found[1] is None) == (not values)
