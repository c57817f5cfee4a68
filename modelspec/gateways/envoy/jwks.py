"""The public keys of an identity provider: what of a JSON Web Key Set an edge may have."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelspec.emit.artifact import encode

_MOST_KEYS = 100
_LEAST_RSA_BYTES = 256
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
"""RFC 7518, 6.2.2, 6.3.2 and 6.4.1; RFC 8037, 2."""
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_MEMBERS: Mapping[str, Sequence[str]] = {"RSA": ("n", "e"), "EC": ("x", "y"), "OKP": ("x",)}
_ALGORITHMS: Mapping[str, Sequence[str]] = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": tuple(_CURVES),
    "OKP": ("EdDSA",),
}
_KEPT = ("kty", "kid", "alg", "use", "crv", "n", "e", "x", "y")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """A key set: its text with nothing but public members, or what is wrong with the file."""

    text: str = ""
    faults: tuple[str, ...] = ()


def key_set_of(data: bytes) -> KeySet:
    """Read a key set. No fault quotes the file, which may hold a private key."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return KeySet(faults=("it is not JSON",))
    keys = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(keys, list) or not keys:
        return KeySet(faults=("it has no list `keys` with a key in it",))
    if len(keys) > _MOST_KEYS:
        return KeySet(faults=(f"it has more than {_MOST_KEYS} keys",))
    faults = [f"key {number} {fault}" for number, key in enumerate(keys, 1) for fault in _faults(key)]
    ids = [key.get("kid") for key in keys if isinstance(key, dict)]
    if not faults and len(keys) > 1 and (None in ids or len(set(ids)) < len(ids)):
        faults.append("several keys need a `kid` each, and no two the same")
    if faults:
        return KeySet(faults=tuple(faults))
    kept = [{name: key[name] for name in _KEPT if name in key} for key in keys]
    return KeySet(text=encode({"keys": kept}))


def _faults(key: Any) -> Iterator[str]:  # noqa: ANN401 - JSON of any shape
    """What is wrong with one key; the first fault is enough."""
    if not isinstance(key, dict) or not all(isinstance(key.get(name, ""), str) for name in _KEPT):
        yield "is not a JSON Web Key"
        return
    kind = key.get("kty", "")
    if kind == "oct":
        yield "is symmetric: whoever can check a token could make one, and it is a secret"
    elif any(name in key for name in _PRIVATE):
        yield "is private: revoke it, and keep the public members only"
    elif kind not in _MEMBERS:
        yield "has a `kty` other than RSA, EC and OKP"
    else:
        yield from _uses(key, kind)


def _uses(key: Mapping[str, str], kind: str) -> Iterator[str]:
    if key.get("alg", _ALGORITHMS[kind][0]) not in _ALGORITHMS[kind]:
        yield f"has an `alg` that does not fit its `kty`: use {', '.join(_ALGORITHMS[kind])}"
    elif key.get("use", "sig") != "sig":
        yield "is not for signatures: its `use` is not `sig`"
    elif not all(_bytes(key.get(name)) for name in _MEMBERS[kind]):
        yield f"has no base64url in {' and '.join(f'`{name}`' for name in _MEMBERS[kind])}"
    elif kind == "RSA" and len(_bytes(key["n"]).lstrip(b"\0")) < _LEAST_RSA_BYTES:
        yield "is shorter than 2048 bits"
    elif kind == "OKP" and key.get("crv") != "Ed25519":
        yield "has a curve other than Ed25519"
    elif kind == "EC" and key.get("crv") not in (
        {_CURVES[key["alg"]]} if "alg" in key else {*_CURVES.values()}
    ):
        yield "has a curve that does not fit its `alg`"


def _bytes(text: object) -> bytes:
    """The bytes of base64url without padding; none where it is not."""
    if not isinstance(text, str) or not text.isascii() or "+" in text or "/" in text or "=" in text:
        return b""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return b""
