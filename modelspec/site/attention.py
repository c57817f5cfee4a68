"""What needs a person: lines of the dashboard, each a count with its models and a link to all of them."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from modelspec.routing.outage import Loss, Move, alike, has_no_second_head, outage, served_first
from modelspec.routing.table import RoutingTable
from modelspec.site import SiteContext
from modelspec.site.forges import links_for
from modelspec.site.wording import Link, Wording, count

SOON = 90
"""Days before a sunset in which somebody should act."""

_MOST_EXAMPLES = 3
_MOST_PLACES = 8
_MOST_WAIVERS = 10
_MOST_DAYS = 1_000
"""Days with a sunset that the page keeps for its script."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """Something with a last day, as ISO 8601 has it; `words` stand before the day."""

    day: str
    words: str
    link: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """One line: `count` things and what they are, `href` to all of them, some of them by name.

    One without a count is hidden until a script has counted otherwise.
    `kind` is what scripts and styles know it by; `days` are the days of all sunsets, each as `2026-12-31*3` where three
    models share it.
    """

    kind: str
    count: int
    words: str
    href: str | None
    examples: tuple[Link, ...] = ()
    rest: int = 0
    dated: tuple[Dated, ...] = ()
    days: str = ""

    @property
    def counted(self) -> str:
        """The count as people write it."""
        return f"{self.count:,}"


def concerns(
    routing: RoutingTable, context: SiteContext, named: Mapping[str, int], names: Wording
) -> Iterator[Concern]:
    """What is not as it should be, in the order in which it hurts; `named` counts the models that name a head."""
    yield from _of_service(routing, names)
    yield from _of_residency(context, names)
    yield from _of_sunsets(routing, context.commit_date, names)
    yield from _of_waivers(context)
    yield from _of_heads(routing, named, names)
    yield from _of_disabled(routing, names)
    yield from _of_outages(routing, names)


def _of_service(routing: RoutingTable, names: Wording) -> Iterator[Concern]:
    single = [route for route in routing.routes if has_no_second_head(names.index, route)]
    unserved = [route.model_id for route in single if not route.tiers]
    where = names.links.models_where(risk="one-head")
    left = [route.model_id for route in single if route.tiers]
    for kind, models, words in (
        ("unserved", unserved, "no head in service"),
        ("one-head", left, "no second active head"),
    ):
        verb = "model has" if len(models) == 1 else "models have"
        yield _of_models(kind, models, f"{verb} {words}", where, names)


def _of_models(kind: str, models: list[str], words: str, href: str, names: Wording) -> Concern:
    shown = tuple(map(names.model, models[:_MOST_EXAMPLES]))
    return Concern(
        kind=kind, count=len(models), words=words, href=href, examples=shown, rest=len(models) - len(shown)
    )


def _of_residency(context: SiteContext, names: Wording) -> Iterator[Concern]:
    """Models whose rule is not proved, by what it is about: one line in regions.yaml may settle a thousand models."""
    if not context.unproved:
        return
    subjects = Counter(subject for found in context.unproved.values() for subject in found)
    most = sorted(subjects.items(), key=lambda one: (-one[1], one[0]))
    models = len(context.unproved)
    yield Concern(
        kind="residency",
        count=models,
        words=f"{'model has' if models == 1 else 'models have'} a residency rule that nothing proves is kept",
        href=names.links.models_where(risk="unknown-residency"),
        examples=tuple(
            Link(text=f"{subject}: {count(number, 'model')}") for subject, number in most[:_MOST_EXAMPLES]
        ),
        rest=len(most) - len(most[:_MOST_EXAMPLES]),
    )


def _of_sunsets(routing: RoutingTable, commit_date: str | None, names: Wording) -> Iterator[Concern]:
    """Sunsets within 90 days of the commit where its date is known, else all: the page's script knows the day."""
    found = sorted(
        (route.about.sunset, route.model_id)
        for route in routing.routes
        if route.is_routed and route.about.sunset is not None and is_day(route.about.sunset)
    )
    if not found:
        return
    built = day_of(commit_date)
    last = None if built is None else (built + timedelta(days=SOON)).isoformat()
    due = [(day, model) for day, model in found if last is None or day <= last]
    verb = "model reaches its" if len(due) == 1 else "models reach their"
    if last is None:
        words = f"{'model has' if len(due) == 1 else 'models have'} a sunset"
    else:
        words = f"{verb} sunset within {SOON} days of the commit"
    days = Counter(day for day, _ in found)
    yield Concern(
        kind="sunset",
        count=len(due),
        words=words,
        href=names.links.models_where(sunset="90d"),
        dated=tuple(Dated(day=day, words="", link=names.model(model)) for day, model in found[:_MOST_PLACES]),
        rest=len(found) - len(found[:_MOST_PLACES]),
        days=" ".join(f"{day}*{number}" for day, number in [*days.items()][:_MOST_DAYS]),
    )


def is_day(text: str) -> bool:
    """Whether a text is a day as ISO 8601 writes it: `2026-12-31`."""
    return day_of(text) is not None and len(text) == len("2026-12-31")


def day_of(text: str | None) -> date | None:
    """The day that a date and time begins with; None where it begins with none."""
    match = re.match(r"\d{4}-\d{2}-\d{2}", text or "", re.ASCII)
    try:
        return None if match is None else date.fromisoformat(match[0])
    except ValueError:
        return None


def _of_waivers(context: SiteContext) -> Iterator[Concern]:
    if not context.waivers:
        return
    ordered = sorted(context.waivers, key=lambda one: (one.expires, one.code, one.subject))
    shown = ordered[:_MOST_WAIVERS]
    yield Concern(
        kind="waiver",
        count=len(ordered),
        words="waiver lets an exception stand" if len(ordered) == 1 else "waivers let exceptions stand",
        href=links_for(context.repository, "waivers.yaml").view,
        dated=tuple(
            Dated(day=one.expires, words="until", link=Link(text=f"{one.code} for {one.subject}"))
            for one in shown
        ),
        rest=len(ordered) - len(shown),
    )


def _of_heads(routing: RoutingTable, named: Mapping[str, int], names: Wording) -> Iterator[Concern]:
    for status, word in (("offline", "is offline"), ("draining", "is draining")):
        heads = [head.head_id for head in routing.heads if head.status == status]
        heads.sort(key=lambda head: -named.get(head, 0))
        if not heads:
            continue
        shown = heads[:_MOST_PLACES]
        yield Concern(
            kind=status,
            count=len(heads),
            words=f"head {word}" if len(heads) == 1 else f"heads are {status}",
            href=names.links.heads,
            examples=tuple(
                Link(
                    text=f"{names.head_titles[head]}: named by {count(named.get(head, 0), 'model')}",
                    href=names.links.head(head),
                )
                for head in shown
            ),
            rest=len(heads) - len(shown),
        )


def _of_disabled(routing: RoutingTable, names: Wording) -> Iterator[Concern]:
    disabled = [route.model_id for route in routing.routes if route.status == "disabled"]
    if disabled:
        words = f"{'model is' if len(disabled) == 1 else 'models are'} disabled"
        yield _of_models("disabled", disabled, words, names.links.models_where(status="disabled"), names)


def _of_outages(routing: RoutingTable, names: Wording) -> Iterator[Concern]:
    """The head, and the region, that cost most models when they go down; a draw goes to who moves more."""
    chains = alike(routing.routes)
    numbers = {route.model_id: number for route, number in chains}
    served = served_first(names.index, (route for route, _ in chains))
    regions: dict[str, list[str]] = {}
    for head in routing.heads:
        regions.setdefault(head.region, []).append(head.head_id)
    heads = [(names.head(head), (head,)) for head in served]
    whole = [(names.region(code), tuple(ids)) for code, ids in regions.items()]

    def cost(gone: Iterable[str]) -> tuple[int, int]:
        """Models that lose service, and models that move."""
        effects: Counter[type[Loss | Move]] = Counter()
        for one in outage(names.index, frozenset(gone), served):
            effects[type(one)] += numbers[one.route.model_id]
        return effects[Loss], effects[Move]

    for noun, places in (("head", heads), ("region", whole)):
        worst = max(((cost(ids), -number) for number, (_, ids) in enumerate(places)), default=None)
        if worst is None or not any(worst[0]):
            continue
        (lost, moved), number = worst
        link = places[-number][0]
        moving = f"{'model moves' if moved == 1 else 'models move'} without {link.text}"
        losing = f"{'model loses' if lost == 1 else 'models lose'} service"
        also = f", and {count(moved, 'model')} {'moves' if moved == 1 else 'move'}" if moved else ""
        yield Concern(
            kind="outage" if lost else "move",
            count=lost or moved,
            words=f"{losing} without {link.text}{also}: the worst {noun} to lose"
            if lost
            else f"{moving} and none loses service: the worst {noun} to lose",
            href=link.href,
        )
