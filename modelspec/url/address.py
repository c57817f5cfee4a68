"""IP addresses in every spelling that some program accepts, and what each address is for."""

from collections.abc import Iterator
from enum import IntEnum
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network


class AddressKind(IntEnum):
    """What stands at a host, from harmless to forbidden; of several readings the greatest counts."""

    PRIVATE = 0
    PUBLIC = 1
    UNUSABLE = 2
    LOOPBACK = 3
    METADATA = 4


_LONGEST_IPV6 = 45  # INET6_ADDRSTRLEN without its NUL
_QUAD = 4
_LONGEST_PART = 16  # 4294967295 has ten digits, 037777777777 twelve: all longer ones are too great
_DIGITS = {8: frozenset("01234567"), 10: frozenset("0123456789"), 16: frozenset("0123456789abcdef")}

_IPV4_HOSTS = {
    int(IPv4Address(text)): AddressKind.METADATA
    for text in (
        "168.63.129.16",  # Azure, learn.microsoft.com: "What is IP address 168.63.129.16?"
        "100.100.100.200",  # Alibaba Cloud ECS, "Access instance metadata"
        "192.0.0.192",  # Oracle Cloud Infrastructure Classic, "Retrieving Instance Metadata"
    )
}
_IPV4_NETWORKS = tuple(
    (int(IPv4Address(network)) >> (32 - bits), 32 - bits, kind)
    for network, bits, kind in (
        ("169.254.0.0", 16, AddressKind.METADATA),  # RFC 3927; metadata of most clouds, the ECS agent
        ("127.0.0.0", 8, AddressKind.LOOPBACK),  # RFC 1122, 3.2.1.3
        ("0.0.0.0", 8, AddressKind.LOOPBACK),  # noqa: S104  # RFC 1122: "this host"; Linux connects to itself
        ("10.0.0.0", 8, AddressKind.PRIVATE),  # RFC 1918, as the next two
        ("172.16.0.0", 12, AddressKind.PRIVATE),
        ("192.168.0.0", 16, AddressKind.PRIVATE),
        ("100.64.0.0", 10, AddressKind.PRIVATE),  # RFC 6598, carrier-grade NAT
        ("192.0.0.0", 24, AddressKind.PRIVATE),  # RFC 6890, protocol assignments
        ("198.18.0.0", 15, AddressKind.PRIVATE),  # RFC 2544, benchmarks
        ("224.0.0.0", 4, AddressKind.UNUSABLE),  # RFC 5771, multicast
        ("240.0.0.0", 4, AddressKind.UNUSABLE),  # RFC 1112, reserved; with the broadcast address
    )
)
_IPV6_HOSTS = {
    int(IPv6Address(text)): kind
    for text, kind in (
        ("fd00:ec2::254", AddressKind.METADATA),  # AWS EC2 user guide, "instance metadata", IPv6 endpoint
        ("fd00:ec2::23", AddressKind.METADATA),  # AWS EKS pod identity agent
        ("fd20:ce::254", AddressKind.METADATA),  # Google Compute Engine, IPv6-only instances
        ("::1", AddressKind.LOOPBACK),  # RFC 4291, 2.5.3
        ("::", AddressKind.LOOPBACK),  # RFC 4291, 2.5.2
    )
}
_IPV6_NETWORKS = tuple(
    (int(IPv6Address(network)) >> (128 - bits), 128 - bits, kind)
    for network, bits, kind in (
        ("fe80::", 10, AddressKind.METADATA),  # RFC 4291, 2.5.6: link-local
        ("fc00::", 7, AddressKind.PRIVATE),  # RFC 4193
        ("fec0::", 10, AddressKind.PRIVATE),  # RFC 3879: site-local, withdrawn
        ("ff00::", 8, AddressKind.UNUSABLE),  # RFC 4291, 2.7: multicast
    )
)
_EMBEDDING = tuple(
    (int(IPv6Network(network).network_address) >> shift, shift)
    for network, shift in (
        ("::/96", 32),  # RFC 4291, 2.5.5.1: IPv4-compatible
        ("::ffff:0:0/96", 32),  # RFC 4291, 2.5.5.2: IPv4-mapped
        ("::ffff:0:0:0/96", 32),  # RFC 2765: IPv4-translated
        ("64:ff9b::/96", 32),  # RFC 6052: NAT64
    )
)
_MAPPED = 0xFFFF
_SIX_TO_FOUR = 0x2002  # RFC 3056
_TEREDO = 0x20010000  # RFC 4380
_LOCAL_NAT64 = 0x0064FF9B0001  # RFC 8215; RFC 6052, 2.2 says where each length of prefix puts the address
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214, 6.1
_WORD = 0xFFFFFFFF


def ipv4_readings(text: str) -> tuple[int, ...]:
    """The addresses that `text` may mean, none where it is no IPv4 address in any spelling.

    One to four parts, each decimal, octal (`0…`) or hexadecimal (`0x…`), the last one filling what is left:
    inet_aton(3) and the "IPv4 parser" of the WHATWG URL standard. Programs that take `0169` for decimal give
    a second reading.
    """
    parts = text.lower().split(".")
    if not 1 <= len(parts) <= _QUAD:
        return ()
    readings = {_joined(parts, octal=True), _joined(parts, octal=False)}
    return tuple(sorted(value for value in readings if value is not None))


def ipv6_address(text: str) -> int | None:
    """The address between the brackets; a zone (`%eth0`, `%25eth0`) is ignored."""
    text = text.partition("%")[0]
    if ":" not in text or len(text) > _LONGEST_IPV6:
        return None
    try:
        return int(IPv6Address(text))
    except AddressValueError:
        return None


def ipv4_kind(value: int) -> AddressKind:
    """What an IPv4 address is for. The documentation networks count as public."""
    if value in _IPV4_HOSTS:
        return _IPV4_HOSTS[value]
    return next(
        (kind for network, shift, kind in _IPV4_NETWORKS if value >> shift == network), AddressKind.PUBLIC
    )


def ipv6_kind(value: int) -> AddressKind:
    """What an IPv6 address is for, or the IPv4 address inside it where that one is worse."""
    if value in _IPV6_HOSTS:
        return _IPV6_HOSTS[value]
    own = next((kind for network, shift, kind in _IPV6_NETWORKS if value >> shift == network), None)
    inside = [ipv4_kind(part) for part in _embedded(value)]
    if own is None:
        return max(inside) if inside else AddressKind.PUBLIC
    return max(own, *(kind for kind in inside if kind is not AddressKind.PUBLIC), AddressKind.PRIVATE)


def canonical(value: int, *, version: int) -> str:
    """The one spelling of an address: RFC 5952, an IPv4-mapped one as its IPv4 address."""
    if version == _QUAD or value >> 32 == _MAPPED:
        return str(IPv4Address(value & _WORD))
    return str(IPv6Address(value))


def _joined(parts: list[str], *, octal: bool) -> int | None:
    numbers = [_number(part, octal=octal) for part in parts]
    *firsts, last = numbers
    value = 0
    for number in firsts:
        if number is None or number > 0xFF:  # noqa: PLR2004  # a byte
            return None
        value = value << 8 | number
    rest = 8 * (_QUAD - len(firsts))
    return None if last is None or last >> rest else value << rest | last


def _number(part: str, *, octal: bool) -> int | None:
    base, digits = 10, part
    if part.startswith("0x"):
        base, digits = 16, part[2:] or "0"
    elif octal and part.startswith("0"):
        base = 8
    if not digits or not _DIGITS[base].issuperset(digits):
        return None
    significant = digits.lstrip("0") or "0"
    return int(significant, base) if len(significant) <= _LONGEST_PART else None


def _embedded(value: int) -> Iterator[int]:
    for prefix, shift in _EMBEDDING:
        if value >> shift == prefix:
            yield value & _WORD
    if value >> 112 == _SIX_TO_FOUR:
        yield value >> 80 & _WORD
    if value >> 96 == _TEREDO:
        yield value >> 64 & _WORD
        yield value & _WORD ^ _WORD
    if value >> 80 == _LOCAL_NAT64:
        yield value & _WORD
        yield (value >> 64 & 0xFFFF) << 16 | value >> 40 & 0xFFFF
        yield (value >> 64 & 0xFF) << 24 | value >> 32 & 0xFFFFFF
        yield value >> 24 & _WORD
    if value >> 32 & _WORD in _ISATAP:
        yield value & _WORD
