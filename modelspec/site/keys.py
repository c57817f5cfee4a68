"""Keys and owners: a list of each, and a page for every one of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from modelspec.emit.artifact import Artifact
from modelspec.fleet.keys import allowed_hosts, may_go_to
from modelspec.fleet.reference import Reference, flow
from modelspec.routing.table import Route
from modelspec.site import SiteContext
from modelspec.site.census import Census, KeyRecord, Owned
from modelspec.site.forges import ForgeLinks
from modelspec.site.frame import PageFrame, lazy_page, page
from modelspec.site.listing import MOST_ROWS, Cell, Listing, Section, Table, counted, rest_of, some_of
from modelspec.site.wording import Link, Row, Wording
from modelspec.url import host_of

_MOST_LINKS = 60
_SHOWN = 3


class HolderPages:
    """Makes the pages of keys and owners.

    The page of a key depends on `key_policy` and on the models that use it, that of an owner on the owner's models.
    """

    def __init__(self, context: SiteContext, names: Wording, census: Census, listing: Listing) -> None:
        self._context = context
        self._names = names
        self._census = census
        self._listing = listing
        self._where = names.links.models_where

    def emit(self, frame: PageFrame) -> Iterator[Artifact]:
        """Two lists, and a page for each key and owner; the most used are first."""
        keys = sorted(self._census.keys.items(), key=lambda one: (-len(one[1].routes), str(one[0])))
        owners = sorted(self._census.owners.items(), key=lambda one: (-len(one[1].routes), one[0]))
        yield page(
            "keys.html",
            "things",
            frame,
            title="Keys",
            words="Where each key goes. These are references: where a value is kept, never the value. "
            + rest_of(keys, "key"),
            world=None,
            table=Table(
                columns=("Key", "Goes to", "Models", "Heads that need it", "Policy"),
                rows=[self._key_row(*one) for one in keys[:MOST_ROWS]],
            ),
        )
        unowned = len(self._census.unowned)
        missing = f"{unowned:,} of {sum(map(len, self._census.regions.values())):,} models name no owner. "
        yield page(
            "owners.html",
            "things",
            frame,
            title="Owners",
            words="The owner of a model is owner, else team, in its metadata. "
            + (missing if unowned else "")
            + rest_of(owners, "owner"),
            world=None,
            table=Table(
                columns=("Owner", "Models", "Without a second head", "Not proved", "Keys"),
                rows=[self._owner_row(*one) for one in owners[:MOST_ROWS]],
            ),
        )
        for reference, record in keys:
            path = self._names.links.key(reference).rpartition("/")[2]
            view = partial(self._key, reference, record)
            yield lazy_page(f"keys/{path}", "thing", frame, view, made_of=[*record.routes])
        for name, owned in owners:
            path = self._names.links.owner(name).rpartition("/")[2]
            made_of = [route.model_id for route in owned.routes]
            yield lazy_page(
                f"owners/{path}", "thing", frame, partial(self._owner, name, owned), made_of=made_of
            )

    def _key_row(self, reference: Reference, record: KeyRecord) -> Sequence[Cell]:
        covered = allowed_hosts(reference, self._context.key_policy) is not None
        return (
            self._names.key(reference),
            some_of((Link(text=name) for name in record.hosts), _SHOWN),
            f"{len(record.routes):,}",
            f"{len(record.heads):,}",
            "covered" if covered else "any host",
        )

    def _key(self, reference: Reference, record: KeyRecord) -> dict[str, object]:
        names = self._names
        routes = list(record.routes.values())
        key = str(reference)
        allowed = allowed_hosts(reference, self._context.key_policy)
        hosts = Table(
            columns=("Host", "Models", "Allowed by key_policy"),
            rows=[
                (
                    host,
                    Link(text=f"{len(users):,}", href=self._where(key=key, host=host)),
                    _verdict(host, allowed),
                )
                for host, users in sorted(record.hosts.items(), key=lambda one: (-len(one[1]), one[0]))
            ],
        )
        return {
            "kind": "key",
            "of": key,
            "trail": Link(text="Keys", href=names.links.keys),
            "title": names.key(reference).text,
            "status": "",
            "forge": ForgeLinks(),
            "source": "",
            "remark": "",
            "sections": [
                Section(title="About", rows=list(self._about_key(reference, record))),
                Section(title="Where this key goes", table=hosts),
                self._listing.section("Models that use it", routes, self._where(key=key)),
            ],
        }

    def _about_key(self, reference: Reference, record: KeyRecord) -> Iterator[Row]:
        yield Row.of("Written as", Link(text=flow(reference.kind, reference.normal), is_code=True))
        yield Row.of("Used as", *(Link(text=one, is_code=True) for one in record.fields))
        rules = [rule for rule in self._context.key_policy if rule.names(str(reference))]
        policies = [f"{flow(rule.key.kind, rule.key.normal)}: {', '.join(rule.hosts)}" for rule in rules]
        yield Row.of("key_policy", *(policies or ["No entry names it: it may go to any host."]))
        heads = some_of(map(self._names.head, record.heads), _MOST_LINKS)
        yield Row.of("Heads that need it", *(heads or [Link(text="none in service")]))

    def _owner_row(self, name: str, owned: Owned) -> Sequence[Cell]:
        routes = owned.routes
        return (
            self._names.owner(name),
            counted(routes, self._where(owner=name)),
            counted(owned.alone, self._where(owner=name, risk="one-head")),
            counted(self._unproved(owned), self._where(owner=name, residency="unknown")),
            f"{len(owned.keys):,}",
        )

    def _unproved(self, owned: Owned) -> list[Route]:
        return [route for route in owned.routes if route.model_id in self._context.unproved]

    def _owner(self, name: str, owned: Owned) -> dict[str, object]:
        lists = [
            ("Without a second head", owned.alone, self._where(owner=name, risk="one-head")),
            ("Residency not proved", self._unproved(owned), self._where(owner=name, residency="unknown")),
            ("Models", owned.routes, self._where(owner=name)),
        ]
        return {
            "kind": "owner",
            "of": name,
            "trail": Link(text="Owners", href=self._names.links.owners),
            "title": name,
            "status": "",
            "forge": ForgeLinks(),
            "source": "",
            "remark": "",
            "sections": [
                Section(title="About", rows=list(self._about_owner(owned))),
                *(self._listing.section(*one) for one in lists if one[1]),
            ],
        }

    def _about_owner(self, owned: Owned) -> Iterator[Row]:
        names = self._names
        statuses = Counter(route.status for route in owned.routes)
        yield Row.of("Models", *(f"{number:,} {status}" for status, number in sorted(statuses.items())))
        regions = Counter(route.region for route in owned.routes)
        yield Row.of("Regions", *some_of(map(names.region, sorted(regions)), _MOST_LINKS))
        heads = dict.fromkeys(head for route in owned.routes for head in route.heads)
        if heads:
            yield Row.of("Heads", *some_of(map(names.head, sorted(heads)), _MOST_LINKS))
        if owned.keys:
            yield Row.of("Keys", *some_of(map(names.key, owned.keys), _MOST_LINKS))


def _verdict(host: str, allowed: tuple[str, ...] | None) -> str:
    """What the policy says of a host; one that no file names is the organisation's own."""
    if allowed is None:
        return "any host"
    name = host_of(f"https://{host}/")
    if name is None:
        return "decided by the environment"
    return "yes" if may_go_to(name, allowed) else "no: waived"
