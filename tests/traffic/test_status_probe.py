"""One round of probes against real servers on loopback."""

import asyncio
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from loopback import OK, PROBING, closed_port, http, serving

from modelspec.fleet.settings import Probing
from modelspec.traffic.probe import Prober, Resolver, trust
from modelspec.traffic.subjects import HEAD, UPSTREAM, Probed, Watched

NAME = "upstream.example.com"


class Names:
    """A resolver that knows these names, and counts how often each is asked for."""

    def __init__(self, names: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._names = {name: [*answers] for name, answers in names.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:  # noqa: ARG002
        self.asked.append(host)
        answers = self._names.get(host, [[host]])
        return answers.pop(0) if len(answers) > 1 else answers[0]


def probe(
    *subjects: Watched,
    names: Mapping[str, Sequence[Sequence[str]]] | Names | None = None,
    context: ssl.SSLContext | None = None,
    probing: Probing = PROBING,
) -> list[Probed]:
    resolve = names if isinstance(names, Names) else Names(names or {})
    prober = Prober(probing=probing, context=context or trust(None), resolve=resolve)
    outcomes = asyncio.run(prober(subjects))
    return [outcomes[subject] for subject in subjects]


def upstream(url: str, *, is_private: bool = False) -> Watched:
    return Watched(kind=UPSTREAM, key=url, url=url, is_private=is_private)


def head(url: str) -> Watched:
    return Watched(kind=HEAD, key="head", url=url)


@pytest.mark.parametrize(
    ("code", "head_is_up", "upstream_is_up"),
    [
        (200, True, True),
        (204, False, True),
        (302, False, True),
        (401, False, True),
        (403, False, True),
        (404, False, True),
        (405, False, True),
        (429, False, True),
        (500, False, False),
        (503, False, False),
    ],
)
def test_an_upstream_is_reachable_below_500_and_a_head_at_200(
    *, code: int, head_is_up: bool, upstream_is_up: bool
) -> None:
    with serving(http(code, "location: http://169.254.169.254/")) as server:
        first, second = probe(head(server.url), upstream(f"{server.url}/v1"))
        assert len(server.asked) == 2  # no redirect was followed
    assert (first.is_up, second.is_up) == (head_is_up, upstream_is_up)
    assert first.reason == ("" if head_is_up else f"HTTP {code}")
    assert second.code == code
    assert second.latency_ms is not None


def test_a_request_holds_no_key_whatever_the_environment_holds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login planted password planted\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://planted:planted@127.0.0.1:1")
    with serving(http(401, "set-cookie: planted=1")) as server:
        assert [one.is_up for one in probe(upstream(f"{server.url}/v1?a=b"), upstream(server.url))] == [
            True
        ] * 2
        heads = sorted(server.asked)
    assert heads[1].startswith(b"GET /v1?a=b HTTP/1.1\r\n")
    names = {line.partition(b":")[0].lower() for line in heads[0].splitlines()[1:] if line}
    assert names == {b"host", b"user-agent", b"accept", b"accept-encoding", b"connection"}
    assert b"planted" not in b"".join(heads)


def test_what_does_not_answer_is_down_for_a_reason() -> None:
    with serving(None) as silent, serving(b"SSH-2.0-OpenSSH_9.6\r\n") as other, serving(b"") as closing:
        found = probe(
            upstream(f"http://127.0.0.1:{closed_port()}"),
            upstream("https://gone.example.com"),
            upstream(silent.url),
            upstream(other.url),
            upstream(closing.url),
            names={"gone.example.com": [[]]},
            probing=replace(PROBING, timeout_seconds=0.5),
        )
    assert [one.is_up for one in found] == [False] * 5
    assert [one.reason for one in found] == [
        "connection refused",
        "the name does not resolve",
        "no answer within 0.5 s",
        "the answer is not HTTP",
        "the answer is not HTTP",
    ]


def test_a_body_without_end_is_not_read() -> None:
    with serving(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n" + b"x" * 100_000) as server:
        assert probe(head(server.url))[0].is_up


def test_headers_without_end_are_bounded() -> None:
    with serving(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200_000) as server:
        assert probe(head(server.url))[0].reason in ("the answer is not HTTP", "the connection was closed")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = trust(None)
    authority.configure_trust(context)
    return context


def certified(authority: trustme.CA, *names: str, expires: datetime | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, not_after=expires).configure_cert(context)
    return context


def test_a_certificate_is_verified_for_the_name_and_its_end_noted(
    authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    expires = datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC)
    with serving(OK, certified(authority, "localhost", expires=expires)) as server:
        (found,) = probe(
            upstream(f"https://localhost:{server.port}"),
            names={"localhost": [["127.0.0.1"]]},
            context=trusting,
        )
        assert f"host: localhost:{server.port}".encode() in server.asked[0].lower()
    assert (found.is_up, found.certificate_expires) == (True, expires)


def test_a_certificate_for_an_address_counts(authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    with serving(OK, certified(authority, "127.0.0.1")) as server:
        assert probe(upstream(f"https://127.0.0.1:{server.port}"), context=trusting)[0].is_up


@pytest.mark.parametrize(
    ("names", "expires", "is_trusted", "reason"),
    [
        (("localhost",), None, False, "the certificate is of an unknown authority"),
        (("other.example.com",), None, True, "the certificate is for another name"),
        (("localhost",), datetime(2020, 1, 1, tzinfo=UTC), True, "the certificate has expired"),
    ],
)
def test_a_bad_certificate_is_down(
    *,
    authority: trustme.CA,
    trusting: ssl.SSLContext,
    names: tuple[str, ...],
    expires: datetime | None,
    is_trusted: bool,
    reason: str,
) -> None:
    with serving(OK, certified(authority, *names, expires=expires)) as server:
        (found,) = probe(
            upstream(f"https://localhost:{server.port}"),
            names={"localhost": [["127.0.0.1"]]},
            context=trusting if is_trusted else None,
        )
    assert (found.is_up, found.reason) == (False, reason)


def test_tls_that_breaks_after_the_handshake_is_down(authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    with serving(OK, certified(authority, "localhost")) as server:
        server.is_torn = True
        (found,) = probe(
            upstream(f"https://localhost:{server.port}"),
            names={"localhost": [["127.0.0.1"]]},
            context=trusting,
        )
    assert (found.is_up, found.reason) == (False, "the TLS connection failed")


def test_plain_http_behind_https_is_no_tls() -> None:
    with serving() as server:
        (found,) = probe(upstream(f"https://127.0.0.1:{server.port}"))
    assert (found.is_up, found.reason) == (False, "the TLS connection failed")


@pytest.mark.parametrize(
    ("addresses", "reason"),
    [
        (["169.254.169.254"], "169.254.169.254 is a link-local or metadata address"),
        (["127.0.0.1", "169.254.1.1"], "127.0.0.1 is an address of this machine"),
        (["10.0.0.1", "fe80::1%eth0"], "fe80::1 is a link-local or metadata address"),
        (["::ffff:169.254.169.254"], "169.254.169.254 is a link-local or metadata address"),
        (["64:ff9b::a9fe:a9fe"], "64:ff9b::a9fe:a9fe is a link-local or metadata address"),
        (["fd00:ec2::254"], "fd00:ec2::254 is a link-local or metadata address"),
        (["100.100.100.200"], "100.100.100.200 is a link-local or metadata address"),
        (["0.0.0.0"], "0.0.0.0 is an address of this machine"),
        (["::1"], "::1 is an address of this machine"),
        (["224.0.0.1"], "224.0.0.1 is a multicast, broadcast or reserved address"),
    ],
)
def test_a_name_is_refused_for_any_address_that_it_resolves_to(addresses: list[str], reason: str) -> None:
    with serving() as server:
        (found,) = probe(upstream(f"http://{NAME}:{server.port}"), names={NAME: [addresses]})
        assert server.asked == []
    assert (found.is_up, found.reason) == (False, reason)


def test_a_name_is_resolved_once_and_the_checked_address_called() -> None:
    with serving() as server:
        names = Names({"localhost": [["127.0.0.1"], ["169.254.169.254"]]})
        (found,) = probe(upstream(f"http://localhost:{server.port}/v1"), names=names)
        assert len(server.asked) == 1
    assert (found.is_up, names.asked) == (True, ["localhost"])


def test_a_second_address_is_tried() -> None:
    with serving() as server:
        url = f"http://localhost:{server.port}"
        (found,) = probe(upstream(url), names={"localhost": [["127.0.0.2", "127.0.0.1"]]})
    assert found.is_up


def test_of_a_url_in_a_variable_nothing_is_told() -> None:
    secret = upstream("http://internal.planted.example:1/planted", is_private=True)
    found = probe(secret, names={"internal.planted.example": [["169.254.169.254"]]}) + probe(
        replace(secret, url="http://10.0.0.1.planted:99999999/")
    )
    assert [one.is_up for one in found] == [False, False]
    assert not any("planted" in one.reason or "169.254" in one.reason for one in found)


def test_probes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0

    async def ask(*_: object) -> Probed:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return Probed(is_up=True)

    monkeypatch.setattr(Prober, "_ask", ask)
    found = probe(
        *(upstream(f"http://10.0.0.{n}") for n in range(40)), probing=replace(PROBING, concurrency=4)
    )
    assert (len(found), most) == (40, 4)


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A system whose lookups end when the test does."""
    asked: list[str] = []
    ended = threading.Event()

    def look_up(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        ended.wait(30)
        return []

    monkeypatch.setattr("modelspec.traffic.probe.socket.getaddrinfo", look_up)
    yield asked
    ended.set()


def test_a_lookup_that_hangs_is_silence_and_not_begun_twice(hanging: list[str]) -> None:
    async def rounds() -> list[Probed]:
        prober = Prober(
            probing=replace(PROBING, timeout_seconds=0.1), context=trust(None), resolve=Resolver()
        )
        subject = upstream("https://api.example.com")
        return [(await prober([subject]))[subject] for _ in range(3)]

    assert {one.reason for one in asyncio.run(rounds())} == {"no answer within 0.1 s"}
    assert hanging == ["api.example.com"]


def test_names_are_resolved_by_the_system() -> None:
    async def look_up(host: str) -> Sequence[str]:
        return await Resolver()(host, 80)

    assert "127.0.0.1" in asyncio.run(look_up("localhost"))
    assert asyncio.run(look_up("a" * 64 + ".example")) == ()
