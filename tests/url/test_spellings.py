"""Every spelling of an address that some program accepts is seen through."""

import socket
from ipaddress import IPv4Address, IPv6Address

from hypothesis import given, settings
from hypothesis import strategies as st

from modelspec.url import host_of, judge
from modelspec.url.address import AddressKind, ipv4_kind, ipv6_kind

METADATA = 0xA9FEA9FE


def _number(value: int) -> st.SearchStrategy[str]:
    return st.one_of(
        st.just(str(value)),
        st.integers(0, 30).map(lambda zeros: f"{'0' * zeros}0{value:o}"),
        st.integers(0, 30).map(lambda zeros: f"0x{'0' * zeros}{value:x}"),
        st.integers(0, 30).map(lambda zeros: f"0X{'0' * zeros}{value:X}"),
    )


@st.composite
def _numeric(draw: st.DrawFn, value: int) -> str:
    """One to four parts, each in any base: what inet_aton(3) reads."""
    parts = draw(st.integers(0, 3))
    firsts = [value >> (24 - 8 * place) & 0xFF for place in range(parts)]
    last = value & (1 << (32 - 8 * parts)) - 1
    return ".".join([draw(_number(part)) for part in (*firsts, last)])


_EMBEDDED = st.sampled_from(
    [
        "::{0}",
        "::ffff:{0}",
        "::FFFF:{0}",
        "0:0:0:0:0:ffff:{0}",
        "0000:0000:0000:0000:0000:ffff:{0}",
        "::ffff:{1}",
        "::{1}",
        "64:ff9b::{0}",
        "64:ff9b::{1}",
        "2002:{1}::1",
        "2002:{1}::",
        "fe80::5efe:{0}",
    ]
).map(lambda form: f"[{form.format('169.254.169.254', 'a9fe:a9fe')}]")

_FULL_WIDTH = {c: chr(ord(c) + 0xFEE0) for c in "0123456789abcdefxABCDEFX"}


@st.composite
def _disguised(draw: st.DrawFn, host: str) -> str:
    """What the WHATWG URL standard undoes: mapped digits and dots, ignored characters, percent-encoding, tabs."""
    out = []
    for character in host:
        out.append(
            draw(
                st.sampled_from(
                    [
                        character,
                        character,
                        _FULL_WIDTH.get(character, character),
                        f"%{ord(character):02x}",
                        "".join(f"%{byte:02X}" for byte in _FULL_WIDTH.get(character, character).encode()),
                        *("\u3002\uff0e\uff61" if character == "." else ""),
                    ]
                )
            )
        )
        out.append(draw(st.sampled_from(["", "", "", "\t", "\n", "\r", "\u00ad", "\u200b", "\ufe0f"])))
    return "".join(out)


_HOSTS = st.one_of(
    _numeric(METADATA),
    _numeric(METADATA).map(lambda host: host + "."),
    _numeric(METADATA).flatmap(_disguised),
    _EMBEDDED,
)
_STARTS = st.sampled_from(
    ["http://", "https://", "HTTP://", "http:", "http:/", "http:///", "http:\\\\", " http://", "\x00http://", "ht\ttp://",
     "http://user@", "http://user:pass@", "http://a@b@", "http://example.com\\@"]
)  # fmt: skip
_ENDS = st.sampled_from(["", "/", "/latest", ":80", ":80/", ":", "?a", "#a", "\\", "\\x", " ", "/ ", "/%"])


@settings(deadline=None)
@given(_STARTS, _HOSTS, _ENDS)
def test_every_spelling_of_the_metadata_address_is_found(start: str, host: str, end: str) -> None:
    for local in (False, True):
        assert "MS508" in [fault.code for fault in judge(start + host + end, local=local)]


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1).flatmap(lambda value: st.tuples(st.just(value), _numeric(value))))
def test_what_the_c_library_reads_is_what_is_judged(pair: tuple[int, str]) -> None:
    value, spelling = pair
    assert int.from_bytes(socket.inet_aton(spelling), "big") == value
    if ipv4_kind(value) is AddressKind.METADATA:
        assert [fault.code for fault in judge(f"http://{spelling}", local=True)] == ["MS508"]
    host = host_of(f"http://{spelling}")
    assert host is not None
    # A part of decimal digits behind a 0 may be read twice; then the worse reading is told.
    assert host == str(IPv4Address(value)) or ipv4_kind(int(IPv4Address(host))) >= ipv4_kind(value)


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_ipv4_addresses_are_told_apart_as_the_standard_library_does(address: IPv4Address) -> None:
    kind = ipv4_kind(int(address))
    if address.is_link_local:
        assert kind is AddressKind.METADATA
    elif address.is_loopback or address.is_unspecified:
        assert kind is AddressKind.LOOPBACK
    elif address.is_multicast:
        assert kind is AddressKind.UNUSABLE


@settings(deadline=None)
@given(st.ip_addresses(v=6))
def test_ipv6_addresses_are_told_apart_as_the_standard_library_does(address: IPv6Address) -> None:
    kind = ipv6_kind(int(address))
    if address.is_link_local:
        assert kind is AddressKind.METADATA
    elif address.is_multicast:
        assert kind >= AddressKind.UNUSABLE
    host = host_of(f"http://[{address.exploded}]:80/")
    assert host == str(address.ipv4_mapped or address)
