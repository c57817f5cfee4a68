"""How things are called on the pages: the only place that words a region, a head, an endpoint or a key."""

from urllib.parse import urlsplit

from modelspec.fleet.reference import Reference
from modelspec.routing.table import RoutingTable, Target
from modelspec.site.frame import Link
from modelspec.site.links import Links

_KEYS = {"env": "environment variable {}", "file": "file {}", "vault": "Vault {}"}


class Wording:
    """Titles and addresses of everything in a routing table."""

    def __init__(self, routing: RoutingTable, links: Links) -> None:
        self.links = links
        self.region_titles = {r.code: f"{r.name} ({r.code})" for r in routing.regions}
        self.head_titles = {h.head_id: f"{h.head_id} ({h.region})" for h in routing.heads}
        self.region_of = {h.head_id: h.region for h in routing.heads}
        self.statuses = {h.head_id: h.status for h in routing.heads}
        self.names = {r.model_id: r.about.name for r in routing.routes}
        self._owners = {alias: r.model_id for r in routing.routes for alias in r.aliases}
        self._owners.update({r.model_id: r.model_id for r in routing.routes})

    def region(self, code: str) -> Link:
        """Like "Europe (eu)"."""
        return Link(text=self.region_titles[code], href=self.links.region(code))

    def head(self, head_id: str) -> Link:
        """Like "head-service-eu (eu)"."""
        return Link(text=self.head_titles[head_id], href=self.links.head(head_id))

    def owner(self, name: str) -> str:
        """The id of the model that a name means: an exact one wins over the longest matching wildcard."""
        end = len(name)
        found = self._owners.get(name)
        while found is None and (end := name.rfind("/", 0, end)) >= 0:
            found = self._owners.get(f"{name[:end]}/*")
        # Linking has found it before, so there is one.
        assert found is not None
        return found

    def model(self, name: str) -> Link:
        """A model under the name by which another one refers to it."""
        return Link(text=name, href=self.links.model(self.owner(name)))


def host(target: Target) -> str:
    """The endpoint's host, with a port that is written out; in words where the file does not say."""
    if not isinstance(target.endpoint, str):
        return endpoint(target)
    return urlsplit(target.endpoint).netloc


def endpoint(target: Target) -> str:
    """The endpoint as a person reads it."""
    match target.endpoint:
        case None:
            return "chosen by the provider's settings"
        case str(url):
            return url
        case reference:
            return f"environment variable {reference.written}"


def key(reference: Reference | None) -> str:
    """Where a key is kept; never the key."""
    if reference is None:
        return "none"
    if reference.kind == "kubernetes":
        secret, _, name = reference.written.partition("/")
        return f"Kubernetes secret {secret}, key {name}"
    return _KEYS[reference.kind].format(reference.written)


def setting(value: object) -> str:
    """A value of `params`: references in words, booleans as in YAML."""
    match value:
        case bool():
            return "true" if value else "false"
        case Reference():
            return key(value)
        case _:
            return str(value)


def count(number: int, noun: str) -> str:
    """Like "1 model", "2,000 models"."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def listed(words: list[str]) -> str:
    """Like "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
