"""Key sets of identity providers: public keys pass, nothing of any other is kept or quoted."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelspec.gateways.envoy.jwks import key_set_of


def b64(length: int) -> str:
    return base64.urlsafe_b64encode(bytes(range(1, 256)) * 3)[: length * 4 // 3 + 2].decode().rstrip("=")


ED = {"kty": "OKP", "crv": "Ed25519", "x": b64(32)}
EC = {"kty": "EC", "crv": "P-256", "x": b64(32), "y": b64(32), "alg": "ES256"}
RSA = {"kty": "RSA", "n": base64.urlsafe_b64encode(b"\xff" * 256).decode().rstrip("="), "e": "AQAB"}
PRIVATE = "c2VjcmV0LXNlY3JldA"


def faults(*keys: Any) -> tuple[str, ...]:
    found = key_set_of(json.dumps({"keys": keys}).encode())
    assert not found.faults or not found.text
    return found.faults


def test_public_keys_pass_and_nothing_else_of_them() -> None:
    more = {"kid": "a", "use": "sig", "x5c": ["MIIB"], "x5t": "abc", "key_ops": ["verify"], "nbf": 3}
    found = key_set_of(json.dumps({"keys": [{**EC, **more}], "issuer": "x"}).encode())
    assert found.faults == ()
    assert json.loads(found.text) == {"keys": [{**EC, "kid": "a", "use": "sig"}]}
    for key in (
        ED,
        EC,
        RSA,
        {**RSA, "alg": "RS512"},
        {**ED, "alg": "EdDSA"},
        {**EC, "crv": "P-384", "alg": "ES384"},
    ):
        assert faults(key) == (), key


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        ({"kty": "oct", "k": PRIVATE}, "symmetric"),
        ({**RSA, "alg": "HS256"}, "`alg`"),
        ({**EC, "alg": "none"}, "`alg`"),
        ({**EC, "alg": "RS256"}, "`alg`"),
        ({**EC, "alg": "ES384"}, "curve"),
        ({**EC, "crv": "secp256k1"}, "curve"),
        ({**ED, "crv": "X25519"}, "curve"),
        ({**ED, "use": "enc"}, "`use`"),
        ({**ED, "kty": "ed"}, "`kty`"),
        ({"x": "AA"}, "`kty`"),
        ({**ED, "x": ""}, "base64url"),
        ({**ED, "x": "a+/="}, "base64url"),
        ({**ED, "x": "a"}, "base64url"),
        ({"kty": "EC", "crv": "P-256", "x": "AA"}, "base64url"),
        ({**RSA, "n": "AQAB"}, "2048"),
        ({**RSA, "n": "A" * 400}, "2048"),
        ({**ED, "x": 7}, "not a JSON Web Key"),
        ({**ED, "kid": None}, "not a JSON Web Key"),
        ("a", "not a JSON Web Key"),
        (None, "not a JSON Web Key"),
        *(
            ({**key, name: PRIVATE}, "private")
            for key in (ED, EC, RSA)
            for name in ("d", "p", "q", "k", "oth")
        ),
    ],
)
def test_other_keys_are_refused_without_being_quoted(key: Any, fault: str) -> None:
    (found,) = faults(key)
    assert fault in found
    assert PRIVATE not in found


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"{}", b'{"keys": {}}', b'{"keys": []}', b"\xff", b"[" * 99_999]
)
def test_what_is_no_key_set_is_refused(data: bytes) -> None:
    assert len(key_set_of(data).faults) == 1


def test_several_keys_are_told_apart() -> None:
    assert faults({**ED, "kid": "a"}, {**EC, "kid": "b"}) == ()
    for ids in (("a", "a"), ("a", None)):
        keys = [{**ED, **({} if kid is None else {"kid": kid})} for kid in ids]
        assert len(faults(*keys)) == 1
    assert len(faults(*({**ED, "kid": str(number)} for number in range(101)))) == 1
    assert len(faults({"kty": "oct"}, ED, {"kty": "oct"})) == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*RSA, *EC, "d", "kid", "keys"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_anything_is_judged(value: Any) -> None:
    found = key_set_of(json.dumps(value).encode())
    assert bool(found.faults) != bool(found.text)
    key_set_of(json.dumps({"keys": [value]}).encode())
