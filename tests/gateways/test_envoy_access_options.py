"""Tokens of an identity provider, the key of the edge, limits and the region of clients, with the real Envoy."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from envoy_access import HEADS, Guarded, bearer, client_key, files, options_of, start
from envoy_edge import Reply, until
from routing_tables import route
from upstreams import Upstreams

from modelspec.gateways.envoy.jwks import key_set_of
from modelspec.secret.client_key import new_key

pytestmark = pytest.mark.gateway

ONE, OTHER = (new_key(name, 7 ** (90 + number) % 2**256) for number, name in enumerate(("one", "other")))
KEYS = (client_key(ONE, ["research"]), client_key(OTHER))
ROUTES = [
    route("open", {"head-a": 1}, visibility="public"),
    route("inner", {"head-a": 1}),
    route("secret", {"head-a": 1}, visibility="private", groups=("research",)),
    route("few", {"head-a": 1}, rpm=3),
    route("few-too", {"head-a": 1}, rpm=3),
    route("few-names", {"head-a": 1}, rpm=3, aliases=("few-latest", "few-old")),
    route("few/*", {"head-a": 1}, rpm=3, aliases=("any-few/*", "one-few")),
    route("few-open", {"head-a": 1}, visibility="public", rpm=2),
    route("european", {"head-a": 1}, client_regions=("eu",)),
    route("american", {"head-a": 1}, client_regions=("us",)),
]
ISSUER, AUDIENCE = "https://id.example.com", "llm-fleet"
JWT = {"issuer": ISSUER, "audiences": [AUDIENCE], "jwks": "idp.json"}
_NOW = int(time.time())
CLAIMS = {"iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "exp": _NOW + 3600, "groups": ["research"]}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Signer:
    """A key of an identity provider."""

    def __init__(self, algorithm: str, kid: str) -> None:
        self.algorithm, self.kid = algorithm, kid
        makers: dict[str, Callable[[], Any]] = {
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
            "RS256": lambda: rsa.generate_private_key(65537, 2048),
        }
        self._key: Any = makers[algorithm]()

    @property
    def public(self) -> dict[str, str]:
        whole = {"kid": self.kid, "alg": self.algorithm, "use": "sig"}
        public = self._key.public_key()
        if self.algorithm == "EdDSA":
            return {**whole, "kty": "OKP", "crv": "Ed25519", "x": b64(public.public_bytes_raw())}
        numbers = public.public_numbers()
        if self.algorithm == "ES256":
            x, y = (b64(one.to_bytes(32, "big")) for one in (numbers.x, numbers.y))
            return {**whole, "kty": "EC", "crv": "P-256", "x": x, "y": y}
        return {**whole, "kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}

    def token(self, claims: dict[str, Any] = CLAIMS, **changed: Any) -> str:
        header = {"alg": self.algorithm, "kid": self.kid, "typ": "JWT"}
        whole = {name: value for name, value in {**claims, **changed}.items() if value is not None}
        text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(whole).encode())}"
        return f"{text}.{b64(self._signed(text.encode()))}"

    def _signed(self, text: bytes) -> bytes:
        if self.algorithm == "EdDSA":
            return bytes(self._key.sign(text))
        if self.algorithm == "RS256":
            return bytes(self._key.sign(text, padding.PKCS1v15(), hashes.SHA256()))
        r, s = decode_dss_signature(self._key.sign(text, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


SIGNERS = [Signer(algorithm, algorithm) for algorithm in ("ES256", "EdDSA", "RS256")]
STRANGER = Signer("ES256", "ES256")


def key_set(signers: list[Signer]) -> str:
    found = key_set_of(json.dumps({"keys": [one.public for one in signers]}).encode())
    assert found.faults == ()
    return found.text


@pytest.fixture(scope="module")
def heads() -> Iterator[Upstreams]:
    with Upstreams(*HEADS) as started:
        yield started


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, heads: Upstreams) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("options")
    (folder / "secrets").mkdir()
    (folder / "secrets" / "head-key").write_text("sk-of-the-edge-1")
    options = options_of(
        folder,
        auth={"jwt": JWT, "head_key": {"file": str(folder / "secrets" / "head-key")}},
        enforce_limits=True,
        client_region={"header": "x-client-region", "from": ["127.0.0.1/32"]},
    )
    content = files(heads, options, KEYS, ROUTES, key_set(SIGNERS))
    with start(folder, options, content) as running:
        one = Guarded(running, folder, options, heads, ROUTES)
        until(lambda: one.ask("inner", bearer(ONE)).status == 200, "healthy")
        yield one


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.algorithm)
def test_a_token_opens_what_its_groups_may_call(edge: Guarded, signer: Signer) -> None:
    token = bearer(signer.token())
    assert [edge.ask(model, token).status for model in ("open", "inner", "secret")] == [200, 200, 200]
    seen = edge.ask("inner", token).json["headers"]
    assert seen["x-modelspec-key-id"] == "jwt:user-1"
    assert signer.token().split(".")[1] not in json.dumps(seen)
    assert edge.ask("secret", bearer(signer.token(groups="research"))).status == 200
    for groups in (
        None,
        [],
        ["legal"],
        "legal",
        ["research "],
        [["research"]],
        {"research": True},
        7,
        ["research\0x"],
    ):
        reply = edge.ask("secret", bearer(signer.token(groups=groups)))
        assert reply.code == (403, "model_not_allowed"), groups
        assert edge.ask("inner", bearer(signer.token(groups=groups))).status == 200, groups


def test_a_token_that_is_not_right_is_refused(edge: Guarded) -> None:
    signer = SIGNERS[0]
    head, claims, signature = signer.token().split(".")
    none = b64(json.dumps({"alg": "none"}).encode())
    symmetric = b64(json.dumps({"alg": "HS256", "kid": "ES256"}).encode())
    for token in (
        STRANGER.token(),
        signer.token(exp=_NOW - 7200),
        signer.token(exp=None),
        signer.token(nbf=_NOW + 7200),
        signer.token(iss="https://evil.example.com"),
        signer.token(iss=None),
        signer.token(aud="other"),
        signer.token(aud=None),
        signer.token(sub=None),
        signer.token(sub="a\nx-injected: 1"),
        signer.token(sub="a" * 129),
        signer.token(sub=["user-1"]),
        f"{head}.{claims}.",
        f"{none}.{claims}.",
        f"{none}.{claims}.{signature}",
        f"{symmetric}.{claims}.{signature}",
        f"{head}.{b64(json.dumps({**CLAIMS, 'sub': 'admin'}).encode())}.{signature}",
        f"{head}.{claims}",
        "a.b.c",
    ):
        for model in ("open", "inner", "secret"):
            assert edge.ask(model, bearer(token)).code == (401, "invalid_api_key"), token[:80]


def test_keys_go_on_beside_tokens(edge: Guarded) -> None:
    token = SIGNERS[1].token()
    assert edge.ask("secret", bearer(ONE)).status == 200
    assert edge.ask("inner").code == (401, "missing_api_key")
    assert edge.ask("open").status == 200
    assert edge.ask("inner", bearer(token), ("x-api-key", ONE)).code == (401, "invalid_api_key")
    assert edge.ask("inner", ("x-api-key", token)).code == (401, "invalid_api_key")


def test_a_changed_key_set_is_live(edge: Guarded) -> None:
    newer = Signer("EdDSA", "newer")
    assert edge.ask("inner", bearer(newer.token())).status == 401

    def put(signers: list[Signer]) -> None:
        content = files(edge.heads, edge.options, KEYS, ROUTES, key_set(signers))
        (edge.folder / "draft").write_bytes(content["jwt.json"])
        (edge.folder / "draft").replace(edge.folder / "jwt.json")

    try:
        put([*SIGNERS, newer])
        until(lambda: edge.ask("inner", bearer(newer.token())).status == 200, "accepted")
        assert edge.ask("inner", bearer(SIGNERS[0].token())).status == 200
    finally:
        put(SIGNERS)
    until(lambda: edge.ask("inner", bearer(newer.token())).status == 401, "refused")


def test_heads_get_the_key_of_the_edge(edge: Guarded) -> None:
    def sent(*pairs: tuple[str, str]) -> str:
        return str(edge.ask("open", *pairs).json["headers"]["authorization"])

    assert sent() == sent(bearer(ONE)) == sent(bearer(SIGNERS[0].token())) == "Bearer sk-of-the-edge-1"
    file = edge.folder / "secrets" / "head-key"
    try:
        (edge.folder / "secrets" / "draft").write_text("sk-of-the-edge-2")
        (edge.folder / "secrets" / "draft").replace(file)
        until(lambda: sent() == "Bearer sk-of-the-edge-2", "the new key")
    finally:
        (edge.folder / "secrets" / "draft").write_text("sk-of-the-edge-1")
        (edge.folder / "secrets" / "draft").replace(file)
    until(lambda: sent() == "Bearer sk-of-the-edge-1", "the old key")
    assert "sk-of-the-edge" not in (edge.folder / "edge.log").read_text()


def test_a_limit_counts_by_model_and_key(edge: Guarded) -> None:
    def ask(model: str, *pairs: tuple[str, str]) -> Reply:
        return edge.ask(model, *pairs)

    assert [ask("few", bearer(ONE)).status for _ in range(5)] == [200, 200, 200, 429, 429]
    reply = ask("few", bearer(ONE))
    assert reply.code == (429, "rate_limit_exceeded")
    assert 1 <= int(reply.headers["retry-after"]) <= 60
    # Another key, another model, and a token of a person each have their own.
    assert [ask("few", bearer(OTHER)).status for _ in range(4)] == [200, 200, 200, 429]
    assert [ask("few-too", bearer(ONE)).status for _ in range(4)] == [200, 200, 200, 429]
    assert ask("few", bearer(SIGNERS[0].token())).status == 200
    assert [ask("few-open").status for _ in range(3)] == [200, 200, 429]
    assert ask("few-open", bearer(ONE)).status == 200
    assert {ask("inner", bearer(ONE)).status for _ in range(10)} == {200}
    # What may not be called costs nothing of a limit.
    assert ask("few", bearer("ms_x")).status == 401


def test_all_names_of_a_model_count_as_one(edge: Guarded) -> None:
    names = ("few-names", "few-latest", "few-old", "few-latest", "few-names")
    assert [edge.ask(name, bearer(ONE)).status for name in names] == [200, 200, 200, 429, 429]
    names = ("few/a", "any-few/b", "one-few", "few/c", "any-few/a")
    assert [edge.ask(name, bearer(ONE)).status for name in names] == [200, 200, 200, 429, 429]


def regions(edge: Guarded, *pairs: tuple[str, str]) -> tuple[int, int]:
    return edge.ask("european", bearer(ONE), *pairs).status, edge.ask("american", bearer(ONE), *pairs).status


def test_a_trusted_proxy_says_where_a_client_is(edge: Guarded) -> None:
    assert regions(edge) == (403, 200)
    assert regions(edge, ("x-client-region", "eu")) == (200, 403)
    assert regions(edge, ("X-Client-Region", "us")) == (403, 200)
    for odd in ("", "EU", "eu,us", "eu ", "nowhere", "-", "%", "eu\xff"):
        found = regions(edge, ("x-client-region", odd))
        assert found == ((200, 403) if odd.strip() == "eu" else (403, 403)), odd
    assert regions(edge, ("x-client-region", "eu"), ("x-client-region", "us")) == (403, 403)
    assert edge.ask("european", bearer(ONE), ("x-client-region", "us")).code == (
        403,
        "model_not_offered_here",
    )
    seen = edge.ask("european", bearer(ONE), ("x-client-region", "eu")).json["headers"]
    assert "x-client-region" not in seen

    def listed(*pairs: tuple[str, str]) -> set[str]:
        reply = edge.edge.send("GET", "/v1/models", headers=dict([bearer(ONE), *pairs]))
        return {row["id"] for row in reply.json["data"]}

    assert {"european", "american"} & listed() == {"american"}
    assert {"european", "american"} & listed(("x-client-region", "eu")) == {"european"}
    assert {"european", "american"} & listed(("x-client-region", "nowhere")) == set()


def test_the_log_says_where_a_client_is(edge: Guarded) -> None:
    log = edge.folder / "edge.log"

    def places() -> list[Any]:
        lines = map(json.loads, log.read_bytes().splitlines())
        return [line["modelspec.client_region"] for line in lines if line["modelspec.key_id"] == "jwt:log"]

    token = bearer(SIGNERS[0].token(sub="log"))
    edge.ask("inner", token, ("x-client-region", "eu"))
    edge.ask("inner", token)
    edge.ask("inner", token, ("x-client-region", "nowhere"))
    until(lambda: len(places()) == 3, "logged")
    assert sorted(places(), key=str) == [None, "eu", "us"]


def test_from_another_address_the_header_is_nothing(tmp_path: Path, heads: Upstreams) -> None:
    options = options_of(
        tmp_path,
        client_region={"header": "x-client-region", "from": ["10.0.0.0/8", "fd00::/8", "127.0.0.2/32"]},
    )
    with start(tmp_path, options, files(heads, options, None, ROUTES)) as running:
        one = Guarded(running, tmp_path, options, heads, ROUTES)
        until(lambda: one.ask("inner").status == 200, "healthy")
        assert regions(one, ("x-client-region", "eu")) == (403, 200)
        spoofed = [("x-client-region", "eu"), ("x-forwarded-for", "10.1.2.3"), ("x-real-ip", "10.1.2.3")]
        assert regions(one, *spoofed) == (403, 200)
        seen = one.ask("inner", *spoofed).json["headers"]
        assert "x-client-region" not in seen


def test_limits_are_off_unless_asked_for(tmp_path: Path, heads: Upstreams) -> None:
    options = options_of(tmp_path)
    with start(tmp_path, options, files(heads, options, KEYS, ROUTES)) as running:
        one = Guarded(running, tmp_path, options, heads, ROUTES)
        until(lambda: one.ask("inner", bearer(ONE)).status == 200, "healthy")
        assert {one.ask("few", bearer(ONE)).status for _ in range(8)} == {200}


def test_without_a_key_for_its_heads_an_edge_says_so(tmp_path: Path, heads: Upstreams) -> None:
    options = options_of(tmp_path, auth={"head_key": {"file": str(tmp_path / "missing")}})
    with start(tmp_path, options, files(heads, options, KEYS, ROUTES)) as running:
        one = Guarded(running, tmp_path, options, heads, ROUTES)
        assert one.ask("inner", bearer(ONE)).code == (503, "no_head_key")
        assert one.ask("inner").status == 401
