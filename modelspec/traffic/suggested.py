"""Proposals put to the test: each is an edit that validate, plan, the routing tests and the drills let through.

Each is tried on top of those that have passed, and the guards see all of them together, as a pull request would.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from modelspec.ask.cases import FILE, cases_of, run
from modelspec.ask.drill import drill, each_alone, in_requests
from modelspec.author.change import Append, Change, Put
from modelspec.author.draft import Draft, Verdict, judged
from modelspec.author.entries import ModelFile, entries_of
from modelspec.author.listed import draft_of_state, find_listed
from modelspec.author.models import draft_of_edit
from modelspec.change.demand import Demand
from modelspec.change.plan import Planned, effect_of, plan_between
from modelspec.change.replay import Replay
from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.refusal import Refusal
from modelspec.pipeline import Compiled
from modelspec.report.printable import printable
from modelspec.routing.decide import Index
from modelspec.text import markdown
from modelspec.traffic.observed import Observed, Proposal, ProposedEdit
from modelspec.traffic.suggest import kilometres, proposals

SCHEMA_VERSION = 1
"""Of `schemas/suggestions.schema.json`."""

_TRIES = 3
"""Proposals that are tried for each suggestion that may be made."""
_HALF = 0.5
"""The part of the requests that must be measured for a figure to speak for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedSuggestion:
    """A proposal that passed: its draft for the repository `before`, the verdict on it, and what it does."""

    proposal: Proposal
    draft: Draft
    before: Compiled
    verdict: Verdict
    effect: str
    replay: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedProposal:
    """A proposal that did not pass, and why its last edit did not."""

    proposal: Proposal
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestReport:
    """What usage asks for. `seen` is None where there is no usage; `left_out` were not tried."""

    seen: Observed | None
    suggestions: tuple[PassedSuggestion, ...] = ()
    dropped: tuple[DroppedProposal, ...] = ()
    left_out: int = 0


def suggest(compiled: Compiled, seen: Observed, demand: Demand | None, today: date) -> SuggestReport:
    """Everything that usage asks for and that passes, as far as `suggest.most` allows."""
    passed: list[PassedSuggestion] = []
    dropped: list[DroppedProposal] = []
    found = proposals(seen)
    state = compiled
    tried = 0
    for proposal in found[: seen.rule.most * _TRIES]:
        if len(passed) == seen.rule.most:
            break
        tried += 1
        outcome = _tried(compiled, state, proposal, demand, today)
        if isinstance(outcome, PassedSuggestion):
            passed.append(outcome)
            state = outcome.verdict.after
        else:
            dropped.append(DroppedProposal(proposal=proposal, why=outcome))
    return SuggestReport(
        seen=seen, suggestions=tuple(passed), dropped=tuple(dropped), left_out=len(found) - tried
    )


def _tried(
    base: Compiled, state: Compiled, proposal: Proposal, demand: Demand | None, today: date
) -> PassedSuggestion | str:
    """The first edit that passes, or why the last one does not."""
    why = "there is no edit for it"
    for edit in proposal.edits:
        outcome = _trial(base, state, proposal, edit, demand, today)
        if isinstance(outcome, PassedSuggestion):
            return outcome
        why = outcome
    return why


def _trial(
    base: Compiled,
    state: Compiled,
    proposal: Proposal,
    edit: ProposedEdit,
    demand: Demand | None,
    today: date,
) -> PassedSuggestion | str:
    draft = _draft(state, proposal, edit)
    if isinstance(draft, Refusal):
        return f"edit: {draft.message}"
    if not draft.files:
        return "edit: nothing changes"
    verdict = judged(state, draft, today)
    faults = [one for one in verdict.new if one.severity in (Severity.ERROR, Severity.WARNING)]
    if faults:
        return f"validate: {faults[0].code}: {faults[0].message}"
    own = plan_between(state, verdict.after, today=today, demand=demand)
    whole = own if state is base else plan_between(base, verdict.after, today=today, demand=demand)
    why = _planned_fault(own, whole) or _fault(state, verdict.after, demand)
    if why:
        return why
    saving = None
    if proposal.kind == "home":
        saving = _saving(proposal, edit, own.plan.replay, Index(_table(state)), demand)
        if saving.percent_known and not saving.is_less:
            return f"replay: it would not be faster: {saving.words}"
    effect = effect_of(state, verdict.after)
    sentences = [*proposal.why, *([saving.words] if saving else []), *_replay_words(own.plan.replay, saving)]
    return PassedSuggestion(
        proposal=proposal,
        draft=replace(draft, title=edit.title, effects=(*draft.effects, *sentences)),
        before=state,
        verdict=verdict,
        effect=effect,
        replay=_replay_figures(own.plan.replay, saving),
    )


def _draft(state: Compiled, proposal: Proposal, edit: ProposedEdit) -> Draft | Refusal:
    if proposal.kind == "idle_head":
        head = find_listed(state.tree, "head", proposal.subject)
        return head if isinstance(head, Refusal) else draft_of_state(state.tree, head, "offline")
    path = next(route.about.path for route in _table(state).routes if route.model_id == proposal.subject)
    files = [file for file in state.tree.models if file.path == path]
    entries = entries_of(replace(state.tree, models=files))
    if not entries:
        return Refusal(message=f"{path} cannot be read", help="run modelspec validate to see why")
    return draft_of_edit(entries[:1], [*_fitted(edit.changes, entries[0])])


def _fitted(changes: Sequence[Change], entry: ModelFile) -> Iterator[Change]:
    """The changes as they fit what the file itself says: items one by one, so that comments stay with theirs."""
    own, whole = (value.get("fallback_heads") for value in (entry.value, entry.whole))
    for change in changes:
        if change.pointer != ("fallback_heads",):
            yield change
        elif isinstance(change, Put) and isinstance(change.value, list) and isinstance(own, list):
            for position, (old, new) in enumerate(zip(own, change.value, strict=True)):
                if old != new:
                    yield Put(pointer=("fallback_heads", position), value=new)
        elif isinstance(change, Append) and own is None and isinstance(whole, list):
            yield Put(pointer=("fallback_heads",), value=[*whole, change.value])
        else:
            yield change


def _planned_fault(own: Planned, whole: Planned) -> str | None:
    for planned in (own, whole):
        broken = [one for one in planned.guards if one.severity is Severity.ERROR]
        if broken:
            return f"plan: {broken[0].code}: {broken[0].message}"
    replayed = own.plan.replay
    if replayed is not None:
        lost = sum(replayed.lost.values())
        if lost:
            return f"replay: {lost:,.0f} requests a day would be lost"
        for head in replayed.heads:
            if head.overloaded:
                return f"replay: {head.head_id} would be overloaded"
    return None


def _fault(before: Compiled, after: Compiled, demand: Demand | None) -> str | None:
    """What a routing test or a drill finds that it did not find before."""
    old, new = Index(_table(before)), Index(_table(after))
    failing = _failing(old, before)
    for name in _failing(new, after):
        if name not in failing:
            return f"test: {name!r} would fail"
    scenarios = [*each_alone(old)]
    before_it, after_it = (_drilled(index, scenarios, demand) for index in (old, new))
    for (what, name), drills in sorted(after_it.items()):
        if drills > before_it[what, name]:
            return f"drill: {name} would {what} in {drills} drills, not in {before_it[what, name]}"
    return None


def _failing(index: Index, compiled: Compiled) -> list[str]:
    reading = compiled.setup.readings.get(FILE)
    cases = cases_of(None if reading is None else reading.value)
    return [result.case.name for result in run(index, cases) if result.differences]


def _drilled(
    index: Index, scenarios: Sequence[tuple[str, ...]], demand: Demand | None
) -> Counter[tuple[str, str]]:
    """In how many drills a model loses service or leaves its region, or a head gets too much.

    Not in which: a model at another head loses its first head in another drill.
    """
    report = drill(index, scenarios)
    if demand is not None:
        report = in_requests(report, index, demand)
    found: Counter[tuple[str, str]] = Counter()
    for outcome in report.outcomes:
        found.update(("lose service", loss.route.model_id) for loss in outcome.losses)
        found.update(("leave its region", move.route.model_id) for move in outcome.leaving)
        rates = outcome.requests.rates if outcome.requests is not None else ()
        found.update(("be overloaded", rate.head_id) for rate in rates if rate.overloaded)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSaving:
    """What a nearer head saves: milliseconds where they were measured, else kilometres, else nothing is known."""

    percent_known: float
    is_less: bool
    words: str
    p50: float | None = None
    p95: float | None = None


def _saving(
    proposal: Proposal, edit: ProposedEdit, replayed: Replay | None, before: Index, demand: Demand | None
) -> ExpectedSaving:
    """Of the same model at both heads where it was measured; else of the network; else of the way there."""
    if replayed is not None and replayed.moved and replayed.measured >= _HALF * replayed.moved:
        known = 100 * replayed.measured / replayed.moved
        has_p95 = replayed.p95_measured >= _HALF * replayed.moved
        p95 = f", the 95th percentile {-replayed.p95_change:,.0f} ms less" if has_p95 else ""
        return ExpectedSaving(
            percent_known=known,
            is_less=replayed.p50_change < 0,
            words=f"the median request takes {-replayed.p50_change:,.0f} ms less{p95}, "
            f"as measured for {known:.0f} % of what moves",
            p50=-replayed.p50_change,
            p95=-replayed.p95_change if has_p95 else None,
        )
    heads = before.routes[proposal.subject].tiers[0].weights
    (old, *_), new = heads, edit.head or ""
    if demand is not None:
        pairs = {
            client: (demand.floors[client, old], demand.floors[client, new])
            for client in proposal.clients
            if (client, old) in demand.floors and (client, new) in demand.floors
        }
        saved, known = _mean_saved(proposal.clients, pairs)
        if known >= 100 * _HALF:
            return ExpectedSaving(
                percent_known=known,
                is_less=saved > 0,
                words=f"the network takes {saved:,.0f} ms less, as measured for {known:.0f} % of the requests",
                p50=saved,
            )
    regions = before.heads[old].region, before.heads[new].region
    ways = {client: [kilometres(before, client, region) for region in regions] for client in proposal.clients}
    known_ways = {
        client: (way[0], way[1]) for client, way in ways.items() if way[0] is not None and way[1] is not None
    }
    saved, known = _mean_saved(proposal.clients, known_ways)
    if known >= 100 * _HALF:
        words = f"what it saves was not measured; the way is {saved:,.0f} km shorter on average"
        return ExpectedSaving(percent_known=known, is_less=saved > 0, words=words)
    return ExpectedSaving(percent_known=0, is_less=False, words="what it saves was not measured")


def _mean_saved(clients: Mapping[str, int], pairs: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    """The mean of what is saved over the requests that it is known for, and their percentage."""
    known = sum(clients[client] for client in pairs)
    saved = sum(clients[client] * (old - new) for client, (old, new) in pairs.items())
    return (saved / known if known else 0.0), 100 * known / max(1, sum(clients.values()))


def _replay_words(replayed: Replay | None, saving: ExpectedSaving | None) -> Iterator[str]:
    if replayed is None:
        yield "no usage to replay"
        return
    yield (
        f"replayed on {replayed.requests:,.0f} requests a day of {replayed.days:.0f} days: {replayed.moved:,.0f} move, "
        "none is lost"
    )
    if saving is None and replayed.moved and replayed.measured >= _HALF * replayed.moved:
        yield (
            f"expected latency: p50 {replayed.p50_change:+,.0f} ms, "
            f"as measured for {100 * replayed.measured / replayed.moved:.0f} % of what moves"
        )


def _replay_figures(replayed: Replay | None, saving: ExpectedSaving | None) -> dict[str, Any] | None:
    if replayed is None:
        return None
    p50, p95 = (None, None) if saving is None else (saving.p50, saving.p95)
    return {
        "days": round(replayed.days, 2),
        "requests_a_day": round(replayed.requests, 2),
        "moved_a_day": round(replayed.moved, 2),
        "saved_p50_ms": None if p50 is None else round(p50, 1),
        "saved_p95_ms": None if p95 is None else round(p95, 1),
        "measured_percent": None if saving is None else round(saving.percent_known, 1),
        "dollars_a_day_more": round(replayed.dollars_change, 4) if replayed.priced else None,
    }


def _table(compiled: Compiled) -> Any:  # noqa: ANN401
    return compiled.table


def suggestions_text(report: SuggestReport) -> Iterator[str]:
    """For a terminal: nothing at all where there is nothing to suggest."""
    for number, one in enumerate(report.suggestions):
        yield f"{chr(10) if number else ''}{printable(one.draft.title)}\n"
        yield from (f"  {printable(line)}\n" for line in one.draft.effects)
        yield f"  plan: {printable(one.effect)}\n"


def suggestions_markdown(report: SuggestReport) -> Iterator[str]:
    """For the text of a pull request; no name in it steers anything."""
    yield "### Suggestions from usage\n\n"
    if not report.suggestions:
        yield "Usage asks for no change.\n"
    for one in report.suggestions:
        yield f"- **{markdown.escaped(printable(one.draft.title))}**\n"
        yield from (f"  - {markdown.escaped(printable(line))}\n" for line in one.draft.effects)
        yield f"  - plan: {markdown.escaped(printable(one.effect))}\n"


def suggestions_json(report: SuggestReport) -> str:
    """The object of `schemas/suggestions.schema.json`, in ASCII."""
    seen = report.seen
    fields = {
        "schema_version": SCHEMA_VERSION,
        "first": None if seen is None else seen.first.isoformat(),
        "last": None if seen is None else seen.last.isoformat(),
        "suggestions": [
            {
                "kind": one.proposal.kind,
                "subject": one.proposal.subject,
                "title": one.draft.title,
                "files": sorted(one.draft.files),
                "requests": one.proposal.requests,
                "evidence": list(one.draft.effects),
                "figures": dict(one.proposal.figures),
                "plan": one.effect,
                "replay": one.replay,
            }
            for one in report.suggestions
        ],
        "dropped": [
            {"kind": one.proposal.kind, "subject": one.proposal.subject, "why": printable(one.why)}
            for one in report.dropped
        ],
        "left_out": report.left_out,
    }
    return json.dumps(fields, indent=1) + "\n"
