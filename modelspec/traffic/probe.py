"""Probes: one request without a key to each head and upstream, to an address that was checked after it was resolved.

The transport of httpx is called by itself, without a client: nothing follows a redirect, keeps a cookie, reads the
environment for a proxy or a password, or decodes a body. No body is read at all.
"""

import asyncio
import errno
import os
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address

import httpx

from modelspec import __version__
from modelspec.fleet.settings import Probing
from modelspec.traffic.subjects import HEAD, Probed, Watched
from modelspec.url import Parts, parts
from modelspec.url.address import AddressKind
from modelspec.url.host import standing

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""A host and a port to its addresses, the preferred one first; none where the name does not resolve."""

UNANSWERED = (httpx.TransportError, OSError)
"""How a request fails: httpx leaves the errors of TLS as they are once the handshake is over."""

_HEADERS = {
    "user-agent": f"modelspec-status/{__version__}",
    "accept": "*/*",
    "accept-encoding": "identity",
    "connection": "close",
}
_ADDRESSES = 3
"""The most addresses of a host that are tried."""
_OK = 200
"""What an edge expects of a head: Envoy takes no other code of a health check for healthy."""
_SERVER_ERROR = 500
_CERTIFICATE = {
    # https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/
    9: "the certificate is not valid yet",
    10: "the certificate has expired",
    18: "the certificate is self-signed",
    19: "the certificate is of an unknown authority",
    20: "the certificate is of an unknown authority",
    21: "the certificate is of an unknown authority",
    62: "the certificate is for another name",
    64: "the certificate is for another address",
}


class Resolver:
    """Resolves names in threads of its own.

    A lookup can hang for minutes and cannot be cancelled. So its thread keeps no process from ending, and while it
    runs, no second one is started for the same host.
    """

    def __init__(self) -> None:
        self._running: dict[tuple[str, int], asyncio.Future[Sequence[str]]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """As `Resolve`."""
        key = (host, port)
        if key not in self._running:
            self._running[key] = asyncio.get_running_loop().create_future()
            threading.Thread(target=self._look_up, args=(key, self._running[key]), daemon=True).start()
        return await asyncio.shield(self._running[key])

    def _look_up(self, key: tuple[str, int], future: "asyncio.Future[Sequence[str]]") -> None:
        try:
            found = socket.getaddrinfo(*key, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):  # a label that is too long is an error of the codec
            found = []
        addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))

        def end() -> None:
            self._running.pop(key, None)
            if not future.done():
                future.set_result(addresses)

        with suppress(RuntimeError):  # the loop has ended
            future.get_loop().call_soon_threadsafe(end)


def trust(ca_file: str | None, certificate: tuple[str, str | None] | None = None) -> ssl.SSLContext:
    """The authorities of the system (of SSL_CERT_FILE where that is set), and those of a PEM file.

    `certificate` and its key, which may be in the same file, are what a server gets that asks for them.

    Raises:
        OSError: a file cannot be read, or does not hold what it should.
    """
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    if certificate is not None:
        # Nobody is there to be asked for a password.
        context.load_cert_chain(*certificate, password="")
    return context


@dataclass(frozen=True, slots=True, kw_only=True)
class Prober:
    """Probes subjects, at most `probing.concurrency` at a time, none for longer than `probing.timeout_seconds`.

    `heads` is the context for heads, which may have a certificate of the client; upstreams never get one.
    """

    probing: Probing
    context: ssl.SSLContext
    resolve: Resolve
    heads: ssl.SSLContext | None = None

    async def __call__(self, subjects: Iterable[Watched]) -> Mapping[Watched, Probed]:
        """The outcome for each subject."""
        bound = asyncio.Semaphore(self.probing.concurrency)
        async with _transport(self.context) as upstreams, _transport(self.heads or self.context) as heads:

            async def bounded(subject: Watched) -> tuple[Watched, Probed]:
                async with bound:
                    transport = heads if subject.kind == HEAD else upstreams
                    return subject, await self._probe(transport, subject)

            return dict(await asyncio.gather(*map(bounded, subjects)))

    async def _probe(self, transport: httpx.AsyncHTTPTransport, subject: Watched) -> Probed:
        if subject.url is None:
            return Probed(is_up=None, reason=subject.skipped)
        at = parts(subject.url)
        if at is None or at.scheme not in ("http", "https") or not at.hostname:
            return Probed(is_up=None, reason="it has no URL that can be asked")
        try:
            async with asyncio.timeout(self.probing.timeout_seconds):
                return await self._ask(transport, subject, at)
        except TimeoutError:
            return _down(f"no answer within {self.probing.timeout_seconds:g} s")

    async def _ask(self, transport: httpx.AsyncHTTPTransport, subject: Watched, at: Parts) -> Probed:
        port = at.number or (443 if at.scheme == "https" else 80)
        addresses = await self.resolve(at.hostname, port)
        if not addresses:
            return _down("the name does not resolve")
        forbidden = next(filter(None, (_objection(one, at.host) for one in addresses)), None)
        if forbidden is not None:
            address, words = forbidden
            return _down(f"it resolves to {words}" if subject.is_private else f"{address} is {words}")
        failed = _down("cannot connect")
        for address in addresses[:_ADDRESSES]:
            request = self._request(at, address, port)
            begun = asyncio.get_running_loop().time()
            try:
                response = await transport.handle_async_request(request)
                latency = asyncio.get_running_loop().time() - begun
                expires = _expiry(response)
                await response.aclose()
            except UNANSWERED as error:
                failed = _down(_reason(error))
                continue
            return _judged(subject, response.status_code, round(latency * 1000), expires)
        return failed

    def _request(self, at: Parts, address: str, port: int) -> httpx.Request:
        """A request to an address that was checked, in the name of the host."""
        connect = self.probing.timeout_seconds / 2  # so that a second address has a chance
        extensions: dict[str, object] = {"timeout": {"connect": connect}}
        if not _is_address(at.hostname):
            extensions["sni_hostname"] = at.hostname
        path = (at.path or "/") + ("" if at.query is None else f"?{at.query}")
        url = httpx.URL(scheme=at.scheme, host=address, port=port, raw_path=path.encode("ascii", "ignore"))
        return httpx.Request("GET", url, headers={**_HEADERS, "host": at.place}, extensions=extensions)


def _transport(context: ssl.SSLContext) -> httpx.AsyncHTTPTransport:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits)


def _objection(address: str, host: str) -> tuple[str, str] | None:
    """An address that must not be asked, and what it is.

    What `validate` says of hosts holds for addresses: private ones are fine, and one of this machine where the URL
    itself names it.
    """
    place = standing(f"[{address}]" if ":" in address else address)
    named = standing(host)
    if place is None:
        return address, "not an address"
    if place.kind is AddressKind.METADATA:
        return place.name, "a link-local or metadata address"
    if place.kind is AddressKind.UNUSABLE:
        return place.name, "a multicast, broadcast or reserved address"
    if place.kind is AddressKind.LOOPBACK and (named is None or named.kind is not AddressKind.LOOPBACK):
        return place.name, "an address of this machine"
    return None


def _judged(subject: Watched, code: int, latency_ms: int, expires: datetime | None) -> Probed:
    is_up = code == _OK if subject.kind == HEAD else code < _SERVER_ERROR
    return Probed(
        is_up=is_up,
        reason="" if is_up else f"HTTP {code}",
        code=code,
        latency_ms=latency_ms,
        certificate_expires=expires,
    )


def _down(reason: str) -> Probed:
    return Probed(is_up=False, reason=reason)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _reason(error: Exception) -> str:
    """Why a request failed, in words of our own: those of the error may hold the URL."""
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return _CERTIFICATE.get(cause.verify_code, "the certificate is not valid")
            case ssl.SSLError():
                return "the TLS connection failed"
            case OSError(errno=int(number)) if number in errno.errorcode:
                return os.strerror(number).lower()
    match error:
        case httpx.TimeoutException():
            return "no connection in time"
        case httpx.ProtocolError():
            return "the answer is not HTTP"
        case _:
            return "the connection was closed"


def _expiry(response: httpx.Response) -> datetime | None:
    stream = response.extensions.get("network_stream")
    tls = None if stream is None else stream.get_extra_info("ssl_object")
    certificate = None if tls is None else tls.getpeercert()
    ends = certificate.get("notAfter") if certificate else None
    return None if ends is None else datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
