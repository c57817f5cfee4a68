"""The domain that an organisation registers, told by a short rule instead of the public suffix list.

The list is large and changes weekly; a build must give the same answer on every machine. The rule: two
labels, three where the last is a country's and the one before it is one of the usual second levels (`co.uk`,
`com.cn`). Unusual suffixes (`kawasaki.jp`, `github.io`) come out one label too short, which joins owners
rather than parting one owner's hosts.
"""

_SECOND_LEVELS = frozenset(
    {"ac", "co", "com", "edu", "gob", "gouv", "gov", "go", "mil", "ne", "net", "nom", "or", "org"}
)
_COUNTRY = 2


def registrable_domain(host: str) -> str:
    """Of a host as `host_of` gives it; addresses and single labels are their own domain."""
    if ":" in host or host.replace(".", "").isdigit():
        return host
    labels = host.split(".")
    kept = 3 if len(labels[-1]) == _COUNTRY and labels[-2:-1] and labels[-2] in _SECOND_LEVELS else 2
    return ".".join(labels[-kept:])
