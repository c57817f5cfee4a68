"""What a change loosens: the policy of its base, the residency of a region, where a head is; and what it waives."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from modelspec.change.effect import Effect, EffectPlace, Quoted, Subject, Words, step
from modelspec.change.fleet import relaxed_residencies
from modelspec.change.guard_counts import Breach, Change
from modelspec.diagnose.rule import is_fixed, is_guard
from modelspec.diagnose.waiver import Waiver
from modelspec.fleet.client_keys import FILE as KEYS
from modelspec.fleet.model import KeyRule, Region
from modelspec.fleet.reference import SECRET_FOLDERS, normal_form
from modelspec.fleet.settings import Settings, Threshold
from modelspec.pipeline import Compiled
from modelspec.rules import RULES
from modelspec.text.document import Place, Pointer, field_path
from modelspec.text.names import is_match
from modelspec.text.quote import quote
from modelspec.url import host_of

_FILE = "modelspec.yaml"
_REGIONS = "regions.yaml"
_RANKS = ("off", "info", "warning", "error")
_SEVERITIES: Mapping[str, str] = {
    rule.code: rule.severity.value for rule in RULES if not is_fixed(rule.code) and not is_guard(rule.code)
}
_SWITCHES = (
    "last_model_of_region",
    "empty_head",
    "endpoint_host_change",
    "residency_change",
    "head_host_change",
    "policy_loosened",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loosening:
    """A setting that lets through what the base refuses; `subject` is what a waiver names."""

    subject: str
    words: Words
    pointer: Pointer
    before: object
    after: object


def loosened(old: Settings, new: Settings, models: int) -> Iterator[Loosening]:
    """Every setting of the policy that is looser than in the base, which has so many `models`."""
    yield from _rules(old.rules, new.rules)
    yield from _guards(old, new, models)
    yield from _key_policy(old.key_policy, new.key_policy)
    known = tuple(f"{normal_form('file', folder)}/" for folder in (*SECRET_FOLDERS, *old.secret_folders))
    for position, folder in enumerate(new.secret_folders):
        if not f"{normal_form('file', folder)}/".startswith(known):
            yield Loosening(
                subject=f"secret_folders {folder}",
                words=("lets references point into ", Quoted(folder)),
                pointer=("secret_folders", position),
                before=None,
                after=folder,
            )
    if old.metadata_schema is not None and new.metadata_schema is None:
        yield Loosening(
            subject="metadata_schema",
            words=("no longer constrains metadata; ", Quoted(old.metadata_schema), " did"),
            pointer=("metadata_schema",),
            before=old.metadata_schema,
            after=None,
        )


def _rules(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Loosening]:
    for code, default in _SEVERITIES.items():
        before, after = old.get(code, default), new.get(code, default)
        if _RANKS.index(after) < _RANKS.index(before):
            yield _changed(("rules", code), before, after)


def _guards(old: Settings, new: Settings, models: int) -> Iterator[Loosening]:
    for name in ("max_changed", "max_removed", "max_moved"):
        was, now = getattr(old.guards, name), getattr(new.guards, name)
        if _allows_more(now, was, models):
            yield _changed(("guards", name), was.said(models), now.said(models))
    before, after = old.guards.max_moved_requests, new.guards.max_moved_requests
    if after.percent > before.percent:
        yield _changed(("guards", "max_moved_requests"), f"{before.percent}%", f"{after.percent}%")
    for name in _SWITCHES:
        before, after = getattr(old.guards, name), getattr(new.guards, name)
        if _RANKS.index(after) < _RANKS.index(before):
            yield _changed(("guards", name), before, after)
    days = old.guards.max_waiver_days, new.guards.max_waiver_days
    if days[1] > days[0]:
        yield _changed(("guards", "max_waiver_days"), *map(str, days))


def _allows_more(now: Threshold, was: Threshold, models: int) -> bool:
    if now.number is None and was.number is None and now.percent != was.percent:
        return now.percent > was.percent
    return now.allowed(models) > was.allowed(models)


def _changed(pointer: tuple[str, str], before: str, after: str) -> Loosening:
    return Loosening(
        subject=field_path(pointer), words=step(before, after), pointer=pointer, before=before, after=after
    )


def _key_policy(old: tuple[KeyRule, ...], new: tuple[KeyRule, ...]) -> Iterator[Loosening]:
    """Keys of the base that no entry names any more, and hosts that they may go to now."""
    told: set[tuple[str, str]] = set()
    for entry in old:
        name = str(entry.key)
        if not any(_covers(one, entry) for one in new):
            yield Loosening(
                subject=f"key_policy {name}",
                words=("lets the key ", Quoted(name), " go anywhere"),
                pointer=("key_policy",),
                before=list(entry.hosts),
                after=None,
            )
        for position, one in enumerate(new):
            if not _overlap(one, entry):
                continue
            # Of the keys that both name, only what every one of them may reach is allowed before.
            covering = (other for other in old if _covers(other, entry) or _covers(other, one))
            allowed = [host for other in covering for host in other.hosts]
            for host in one.hosts:
                if (name, host) not in told and not any(is_match(pattern, host) for pattern in allowed):
                    told.add((name, host))
                    yield Loosening(
                        subject=f"key_policy {name} {host}",
                        words=("lets the key ", Quoted(name), " go to ", Quoted(host)),
                        pointer=("key_policy", position, "hosts"),
                        before=None,
                        after=host,
                    )


def _covers(one: KeyRule, other: KeyRule) -> bool:
    """Whether all keys of the other are named by the one."""
    return one.key.kind == other.key.kind and is_match(one.key.normal, other.key.normal)


def _overlap(one: KeyRule, other: KeyRule) -> bool:
    """Whether some key is named by both."""
    return one.key.kind == other.key.kind and _globs_overlap(one.key.normal, other.key.normal)


@lru_cache(maxsize=4096)
def _globs_overlap(one: str, other: str) -> bool:
    states = {(0, 0)}
    while states:
        if (len(one), len(other)) in states:
            return True
        following: set[tuple[int, int]] = set()
        for i, j in states:
            a, b = one[i : i + 1], other[j : j + 1]
            if a == "*":
                following |= {(i + 1, j)} | ({(i, j + 1)} if b else set())
            if b == "*":
                following |= {(i, j + 1)} | ({(i + 1, j)} if a else set())
            if a and a == b:
                following.add((i + 1, j + 1))
        states = following - states
    return False


def _said(words: Words) -> str:
    return "".join(part if isinstance(part, str) else quote(part.text) for part in words)


def policy_breaches(base: Compiled, head: Compiled, models: int) -> Iterator[Breach]:
    """Each loosened setting, and that edges stop asking who calls."""
    if base.setup.fleet.knows_clients and not head.setup.fleet.knows_clients:
        yield Breach(
            subject=KEYS,
            message="this change loosens the policy: the edges let everybody in, without a key",
            label="the fleet of an edge that asks nobody",
            help=f"keep {KEYS}, or set `auth.jwt` in target_options.envoy",
            place=Place(path=_REGIONS),
        )
    for one in loosened(base.setup.settings, head.setup.settings, models):
        yield Breach(
            subject=one.subject,
            message=f"this change loosens the policy: {one.subject.partition(' ')[0]} {_said(one.words)}",
            label="looser than in the base",
            help="keep the setting of the base",
            place=Place(path=_FILE, pointer=one.pointer),
        )


def claimed(base: Compiled, head: Compiled) -> Iterator[Loosening]:
    """What newly counts as a region that some residency allows: hosts, variables, regions of clouds."""
    fleets = base.catalog.fleet.regions, head.catalog.fleet.regions
    allowed = {code for region in fleets[1].values() for code in region.residency or ()}
    for code, now in fleets[1].items():
        was = fleets[0].get(code)
        if was is None or code not in allowed:
            continue
        known = list(_claims(was))
        for one in _claims(now):
            if not any(is_match(pattern, one) for pattern in known):
                yield Loosening(
                    subject=f"{code} {one}",
                    words=("counts ", Quoted(one), " as ", Quoted(code)),
                    pointer=(*now.place.pointer, "upstreams"),
                    before=None,
                    after=one,
                )


def _claims(region: Region) -> Iterator[str]:
    claims = region.claims
    yield from (*claims.hosts, *(f"env:{name}" for name in claims.variables))
    yield from (f"{cloud}:{one}" for cloud, regions in claims.clouds for one in regions)


def residency_breaches(change: Change, base: Compiled, head: Compiled) -> Iterator[Breach]:
    """Each region whose residency is removed or widened, or that more counts as."""
    for one in claimed(base, head):
        yield Breach(
            subject=one.subject,
            message=f"this change {_said(one.words)}, so that its residency allows it",
            label="not in the base",
            help="leave it out",
            place=Place(path=_REGIONS, pointer=one.pointer),
        )
    homes = ((old.region, new.region) for old, new in change.kept())
    for code, words in relaxed_residencies(change.before, change.after, homes):
        region = head.catalog.fleet.regions.get(code)
        yield Breach(
            subject=code,
            message=f"region {quote(code)} {_said(words)}",
            label="wider than in the base",
            help="keep the residency of the base",
            place=None if region is None else _below(region.place, "residency", region.residency is not None),
        )


def _below(place: Place, field: str, is_there: bool) -> Place:  # noqa: FBT001
    return place.below(field) if is_there else place


def head_breaches(change: Change, head: Compiled) -> Iterator[Breach]:
    """Each head that the base has, or that takes over from one, at a host or in a region where no head was."""
    before = {one.head_id: one for one in change.before.heads}
    known = {host_of(url) for one in change.before.heads for url in (one.url, one.inference_url) if url}
    declared = head.catalog.fleet.heads
    heirs = _heirs(change)
    for one in change.after.heads:
        old = before.get(one.head_id)
        place = declared[one.head_id].place if one.head_id in declared else None
        for field in ("url", "inference_url"):
            url = getattr(one, field)
            host = None if url is None else host_of(url)
            was = None if old is None else getattr(old, field)
            is_new = host is not None and (
                (old is not None and host != (host_of(was) if was else None))
                or (old is None and one.head_id in heirs and host not in known)
            )
            if is_new:
                yield Breach(
                    subject=f"{one.head_id} {host}",
                    message=f"head {quote(one.head_id)} "
                    + (
                        f"moves to {quote(host)}"
                        if old
                        else f"takes over from another head, at {quote(host)}"
                    )
                    + (" for its own inference" if field == "inference_url" else ""),
                    label="new host",
                    help="check who owns the host",
                    place=None if place is None else place.below(field),
                )
        if old is not None and old.region != one.region and old.region in _codes(change):
            yield Breach(
                subject=f"{one.head_id} {one.region}",
                message=f"head {quote(one.head_id)} counts as {quote(one.region)}, no longer as {quote(old.region)}",
                label="another region",
                help="check where the head runs",
                place=None if place is None else place.below("region"),
            )


def _codes(change: Change) -> frozenset[str]:
    """The codes of the regions after the change: a head of a region that was renamed has not moved."""
    return frozenset(region.code for region in change.after.regions)


def _heirs(change: Change) -> frozenset[str]:
    """New heads that serve a model of the base in place of a head that is gone."""
    old, new = ({one.head_id for one in table.heads} for table in (change.before, change.after))
    return frozenset(
        head
        for before, after in change.kept()
        if not old.isdisjoint(before.heads) and any(one not in new for one in before.heads)
        for head in after.heads
        if head not in old
    )


def policy_effects(base: Compiled, head: Compiled, models: int) -> Iterator[Effect]:
    """What a change loosens in modelspec.yaml, and the waivers that it adds or extends."""
    for one in loosened(base.setup.settings, head.setup.settings, models):
        place = Place(path=_FILE, pointer=one.pointer)
        yield Effect(
            "policy-loosened",
            Subject("setting", one.subject.partition(" ")[0]),
            one.words,
            before=one.before,
            after=one.after,
            places=(EffectPlace(path=_FILE, line=head.locator.span(place).line, side="after"),),
        )
    for waiver in new_waivers(base.setup.waivers, head.setup.waivers):
        words: Words = ("lets ", Quoted(waiver.code), " pass until ", Quoted(waiver.expires))
        yield Effect(
            "waiver-added",
            Subject("waiver", waiver.subject),
            (*words, ", approved by ", Quoted(waiver.approved_by)),
            before=None,
            after={"code": waiver.code, "subject": waiver.subject, "expires": waiver.expires},
            places=(
                EffectPlace(path=waiver.place.path, line=head.locator.span(waiver.place).line, side="after"),
            ),
        )


def new_waivers(old: Iterable[Waiver], new: Iterable[Waiver]) -> list[Waiver]:
    """Waivers that the base has not, or only until an earlier day."""
    known: dict[tuple[bool, str, str], str] = {}
    for one in old:
        key = one.is_of_guard, one.code, one.subject
        known[key] = max(known.get(key, ""), one.expires)
    return [one for one in new if known.get((one.is_of_guard, one.code, one.subject), "") < one.expires]
