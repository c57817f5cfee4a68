"""TLS of the real Envoy: for clients, and to heads."""

import json
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.client import HTTPException
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from envoy_edge import SECONDS, Edge, running, until
from envoy_fleet import Fleet, certified, modelspec, small_fleet
from upstreams import Upstreams, free_port

pytestmark = pytest.mark.gateway

BODY = json.dumps({"messages": [], "model": "atlas"}).encode()
JSON = {"content-type": "application/json"}
CHAT = "/v1/chat/completions"


@dataclass(frozen=True)
class Certificates:
    """The folder of a certificate and its key, and clients that trust its authority."""

    folder: Path
    authority: trustme.CA

    @property
    def option(self) -> dict[str, str]:
        return {"certificate": str(self.folder / "tls.crt"), "key": str(self.folder / "tls.key")}

    def issue(self, *, with_key_of_another: bool = False) -> None:
        """Move a new certificate and its key into the folder."""
        certificate = self.authority.issue_cert("localhost")
        other = self.authority.issue_cert("localhost") if with_key_of_another else certificate
        chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
        for name, content in (("tls.key", other.private_key_pem.bytes()), ("tls.crt", chain)):
            draft = self.folder / f".{name}"
            draft.write_bytes(content)
            draft.rename(self.folder / name)

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context


def certificates(folder: Path) -> Certificates:
    folder.mkdir()
    made = Certificates(folder, trustme.CA())
    made.issue()
    return made


def shown(edge: Edge, context: ssl.SSLContext | None = None) -> tuple[bytes, str | None]:
    """The certificate that a new connection gets, and the version of TLS."""
    made = context or edge.context
    assert made
    with (
        socket.create_connection(("localhost", edge.port), SECONDS) as plain,
        made.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        return secure.getpeercert(binary_form=True) or b"", secure.version()


@pytest.fixture(scope="module")
def heads() -> Iterator[Upstreams]:
    with Upstreams() as started:
        yield started


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, heads: Upstreams) -> Fleet:
    """The first head asks for a certificate of the edge."""
    folder = tmp_path_factory.mktemp("secure")
    asked = certificates(folder / "head-tls")
    context, ca_file = certified(folder)
    asked.authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    heads.add("head-us-1", tls=context)
    return replace(
        small_fleet(folder, heads, {"atlas": "", "plain": "priority_head: head-us-2"}), ca_file=ca_file
    )


@pytest.fixture(scope="module")
def own(fleet: Fleet) -> Certificates:
    """What the edge shows its clients."""
    return certificates(fleet.root.parent / "tls")


@pytest.fixture(scope="module")
def edge(fleet: Fleet, own: Certificates) -> Iterator[Edge]:
    shown_to_heads = Certificates(fleet.root.parent / "head-tls", own.authority)
    fleet.configure(
        {"edge-us": "us"}, tls=own.option, head_tls=shown_to_heads.option, access_log={"path": "off"}
    )
    fleet.build()
    with running(fleet.install("edge-us"), fleet.ports, context=own.context()) as envoy:
        yield envoy


def test_clients_use_http_1_and_2_over_tls_1_2_and_1_3(edge: Edge, own: Certificates) -> None:
    for http2, version in ((False, "HTTP/1.1"), (True, "HTTP/2")):
        context = own.context()
        with httpx.Client(verify=context, http1=not http2, http2=http2, timeout=SECONDS) as client:
            reply = client.post(f"https://localhost:{edge.port}{CHAT}", content=BODY, headers=JSON)
        assert (reply.http_version, reply.status_code) == (version, 200)
    for wanted in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = own.context()
        context.minimum_version = context.maximum_version = wanted
        assert shown(edge, context)[1] == wanted.name.replace("_", ".")


def test_older_versions_and_plain_http_are_refused(edge: Edge, own: Certificates) -> None:
    context = own.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLS"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match=r"(?i)alert.protocol.version"):
        shown(edge, context)
    with pytest.raises((OSError, HTTPException)):
        replace(edge, context=None).ask("atlas")


def test_a_large_body_takes_the_same_path_over_http_2(edge: Edge, own: Certificates) -> None:
    """Its window is no other limit than that of the body."""
    large = json.dumps({"model": "plain", "text": "x" * 3 * 1024 * 1024}).encode()
    for http2 in (False, True):
        with httpx.Client(verify=own.context(), http1=not http2, http2=http2, timeout=SECONDS) as client:
            reply = client.post(f"https://localhost:{edge.port}{CHAT}", content=large, headers=JSON)
        assert (reply.status_code, reply.json()["bytes"]) == (200, len(large))


def test_a_renamed_certificate_is_used_and_an_open_request_goes_on(edge: Edge, own: Certificates) -> None:
    before, _ = shown(edge)
    connection = edge.connect()
    connection.putrequest("POST", CHAT)
    for name, value in {**JSON, "content-length": str(len(BODY))}.items():
        connection.putheader(name, value)
    connection.endheaders(BODY[:10])
    own.issue()
    until(lambda: shown(edge)[0] != before, "used the new certificate")
    connection.send(BODY[10:])
    assert connection.getresponse().status == 200
    connection.close()


def test_a_certificate_without_its_key_is_rejected_and_the_one_before_stays(
    edge: Edge, own: Certificates
) -> None:
    before, _ = shown(edge)
    rejected = edge.stat("sds.edge.key_rotation_failed")
    own.issue(with_key_of_another=True)
    until(lambda: edge.stat("sds.edge.key_rotation_failed") > rejected, "rejected it")
    assert shown(edge)[0] == before
    assert edge.ask("atlas").status == 200
    own.issue()
    until(lambda: shown(edge)[0] != before, "used the next one")


def test_a_head_gets_the_certificate_of_the_edge(edge: Edge) -> None:
    assert edge.ask("atlas").head == "head-us-1"


def test_prometheus_reads_when_a_certificate_expires(edge: Edge) -> None:
    found = re.search(r"envoy_server_days_until_first_cert_expiring\{\} (\d+)", edge.scrape())
    assert found
    assert 0 < int(found[1]) < 4_000_000_000


def test_a_publish_switches_to_tls_and_back_and_needs_the_files(
    fleet: Fleet, own: Certificates, tmp_path: Path
) -> None:
    """A head that wants a certificate is passed over meanwhile."""
    other = replace(fleet, config=tmp_path / "envoy", ports=(free_port(), free_port()))
    later = Certificates(tmp_path / "later", own.authority)
    later.folder.mkdir()

    def built(**options: Any) -> Fleet:
        other.configure({"edge-us": "us"}, access_log={"path": "off"}, **options)
        other.build()
        return other

    def published(build: Fleet) -> str:
        admin = f"http://127.0.0.1:{other.ports[1]}"
        done = modelspec("publish", "envoy", "--from", build.dist, "--admin", admin, other.config)
        return f"{done.returncode} {done.stdout}{done.stderr}"

    with running(built().install("edge-us"), other.ports) as plain:
        assert plain.ask("atlas").head == "head-eu-1"
        with_tls = built(tls=later.option)
        assert "cannot read" in published(with_tls)
        later.issue(with_key_of_another=True)
        assert "not a certificate and its key" in published(with_tls)
        assert plain.ask("plain").status == 200
        later.issue()
        assert published(with_tls).startswith("0 ")
        assert replace(plain, context=own.context()).ask("plain").status == 200
        assert published(built()).startswith("0 ")
        assert plain.ask("plain").status == 200
    assert not (other.config / "tls.json").exists()


def test_a_build_is_checked_where_its_files_are_not(fleet: Fleet, tmp_path: Path) -> None:
    missing = {"certificate": "/missing/tls.crt", "key": "/missing/tls.key"}
    other = replace(fleet, config=tmp_path / "envoy", ca_file=Path("/missing/ca.pem"))
    log = tmp_path / "edge.log"
    for path in ("/missing/edge.log", str(log)):
        other.configure({"edge-us": "us"}, tls=missing, head_tls=missing, access_log={"path": path})
        other.build()
        done = modelspec("publish", "envoy", "--check", "--from", other.dist)
        assert (done.returncode, done.stderr) == (0, "edge edge-us: Envoy accepts it\n")
    assert not log.exists()
