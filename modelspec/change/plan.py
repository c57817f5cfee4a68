"""`modelspec plan` without the command line: the difference of two states of a repository."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

from modelspec.change import json, markdown, text
from modelspec.change.client_keys import key_effects
from modelspec.change.compare import compare
from modelspec.change.demand import Demand
from modelspec.change.effect import Effect, EffectPlace, Plan, PlannedState, Subject, in_order
from modelspec.change.fleet import renamed_heads, renamed_regions
from modelspec.change.fold import FoldedEffect, groups, summary
from modelspec.change.guard_policy import new_waivers, policy_effects
from modelspec.change.guards import check_guards
from modelspec.change.models import renamed_models
from modelspec.change.replay import Replay, replay
from modelspec.change.sides import exact
from modelspec.change.states import State, read_states
from modelspec.change.verdict import verdict
from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.diagnose.ignore import MARK
from modelspec.diagnose.refusal import Refusal
from modelspec.pipeline import Compiled
from modelspec.report import REPORTS, Summary
from modelspec.routing.decide import Index
from modelspec.routing.table import RoutingTable
from modelspec.site import ChangesSince
from modelspec.site.forges import links_for, repository_of
from modelspec.text.source import stored

_ALL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan from `base` to `head`, broken guards, and errors of the proposed state, which `head` is.

    `commits` has, for `before` and `after`, the commit that the files are those of.
    """

    plan: Plan
    guards: Sequence[Diagnostic]
    errors: Sequence[Diagnostic]
    base: Compiled
    head: Compiled
    commits: Mapping[str, str | None]

    def link(self, place: EffectPlace) -> str | None:
        """The URL of a line, in the commit that has it; None without a web page of the repository, or a commit.

        The base says where that page is, so that no change leads its reviewers elsewhere.
        """
        commit = self.commits[place.side]
        repository = repository_of(self.base.setup.settings.repository)
        if commit is None or repository is None:
            return None
        return links_for(replace(repository, branch=commit), place.path, place.line or 1).view

    @property
    def is_allowed(self) -> bool:
        """Whether the proposed state has no errors and no guard is broken."""
        return not self.errors and all(found.severity is not Severity.ERROR for found in self.guards)


def plan_change(
    root: Path,
    *,
    base: str | None,
    head: str | None,
    today: date,
    weigh: bool = False,
    demand: Demand | None = None,
) -> Planned | Refusal:
    """Compare two states of the repository at `root`; None means the merge base and the working tree.

    To `weigh` is to replay `demand`; where that is None, usage is missing, and the plan says so. So it does where a
    guard of the base counts requests.

    Raises:
        OSError: the root cannot be opened.
    """
    found = read_states(root, base=base, head=head, today=today)
    if isinstance(found, Refusal):
        return found
    return _planned(found.base, found.head, today=today, weigh=weigh, demand=demand)


def plan_between(before: Compiled, after: Compiled, *, today: date, demand: Demand | None) -> Planned:
    """Compare a repository with what a draft makes of it, weighed by `demand`."""
    return _planned(_loose(before), _loose(after), today=today, weigh=False, demand=demand)


def _planned(old: State, new: State, *, today: date, weigh: bool, demand: Demand | None) -> Planned:
    plan = compare(_state(old, is_base=True), _state(new, is_base=False))
    weighed = _replayed(demand, old.compiled.table, new.compiled.table)
    waivers = new_waivers(old.compiled.setup.waivers, new.compiled.setup.waivers)
    waived = [(waiver.code, waiver.subject) for waiver in waivers]
    guards: Sequence[Diagnostic] = ()
    table = new.compiled.table
    # Where a file has no model for an error of a rule, it would look as if it was removed.
    if table is not None and len(new.compiled.models) == len(new.compiled.facts):
        report = check_guards(
            old.compiled,
            new.compiled,
            before=old.compiled.table,
            after=table,
            today=today,
            unreadable=[(path, f"base {(old.commit or '')[:7]}") for path in old.unreadable],
            replay=weighed,
        )
        guards = report.diagnostics
        waived += report.waived
    return Planned(
        plan=replace(
            plan,
            effects=in_order([*plan.effects, *_of_policy(plan, old.compiled, new.compiled)]),
            refused_before=old.refused,
            waived=list(dict.fromkeys(waived)),
            demand=demand,
            replay=weighed,
            lacks_usage=demand is None and (weigh or _counts_requests(old.compiled)),
        ),
        guards=guards,
        errors=_errors(new.compiled),
        base=old.compiled,
        head=new.compiled,
        commits={"before": old.commit, "after": new.at},
    )


def _counts_requests(base: Compiled) -> bool:
    """Whether a guard of the base counts requests: it must not seem to be kept where nothing is counted."""
    return base.setup.settings.guards.max_moved_requests.percent < _ALL


def _of_policy(plan: Plan, old: Compiled, new: Compiled) -> Iterator[Effect]:
    """What is loosened, and what becomes of the keys of clients."""
    if plan.compared:
        yield from policy_effects(old, new, plan.models_before or 0)
        yield from key_effects(old, new)


def _replayed(
    demand: Demand | None, before: RoutingTable | None, after: RoutingTable | None
) -> Replay | None:
    if demand is None or before is None or after is None:
        return None
    old, new = Index(before), Index(after)
    regions = renamed_regions(old, new)
    return replay(
        demand,
        old,
        new,
        heads=renamed_heads(old, new, regions),
        regions=regions,
        models=renamed_models(old, new),
    )


def effect_of(before: Compiled, after: Compiled) -> str:
    """The effect of replacing one repository by another, in one line: the summary of their plan."""
    old, new = _loose(before), _loose(after)
    return text.line(summary(compare(_state(old, is_base=False), _state(new, is_base=False))))


def _loose(compiled: Compiled) -> State:
    """A state that no commit has."""
    return State(
        compiled=compiled,
        title="",
        commit=None,
        files={file.path: sha256(stored(file.data)).hexdigest() for file in compiled.tree.files},
    )


_MOST_TOLD = 20
"""Entries of one heading that a page lists."""


def changes_since(root: Path, commit: str, *, today: date) -> ChangesSince | Refusal:
    """The plan from a commit to the working tree, as the dashboard of a build shows it.

    Raises:
        OSError: the root cannot be opened.
    """
    planned = plan_change(root, base=commit, head=None, today=today)
    if isinstance(planned, Refusal):
        return planned
    found = []
    for title, entries in groups(planned.plan):
        told = tuple((one.subject.what, one.subject.name, _sentence(one)) for one in entries[:_MOST_TOLD])
        found.append((title, told, len(entries) - len(told)))
    said = text.line(summary(planned.plan))
    return ChangesSince(commit=planned.commits["before"] or commit, summary=said, groups=tuple(found))


def _sentence(entry: FoldedEffect) -> str:
    words = "; ".join(text.line(effect.words) for effect in entry.effects)
    return f"{words} · {entry.touched}" if entry.touched else words


def rendered(planned: Planned, format_: str, *, colour: bool) -> Iterator[str]:
    """The plan as `text`, `markdown` or `json`; the verdict, then broken guards and errors, then the effects."""
    found = [*planned.guards, *planned.errors]
    judged = verdict(planned.plan, planned.guards, planned.errors)
    match format_:
        case "json":
            yield from json.render(planned.plan, found, judged)
        case "markdown":
            yield from markdown.render(planned.plan, planned.guards, planned.errors, planned.link)
        case _:
            counts = Summary.of(found, files=0, models=0)
            yield from text.render_verdict(planned.plan, judged, colour=colour)
            report = REPORTS["text"](found, counts, planned.head.sources(), colour=colour, quiet=True)
            if found:
                yield "\n" + "".join(report).rstrip("\n") + "\n"
            yield from text.render(planned.plan, judged, colour=colour)


def _faulty(compiled: Compiled) -> Sequence[str]:
    return () if compiled.table is not None else list(dict.fromkeys(one.path for one in _errors(compiled)))


def _state(state: State, *, is_base: bool) -> PlannedState:
    """One side of a comparison. A repository with errors has routes too, as long as every name is declared."""
    compiled = state.compiled
    routing = compiled.table
    fleet = compiled.catalog.fleet
    places = {
        **{Subject("head", name): head.place for name, head in fleet.heads.items()},
        **{Subject("region", code): region.place for code, region in fleet.regions.items()},
    }
    return PlannedState(
        title=state.title,
        routing=routing,
        files=state.files,
        meanings=_meanings(compiled),
        broken=state.unreadable if is_base else _faulty(compiled),
        lines={subject: compiled.locator.span(place).line for subject, place in places.items()},
    )


def _meanings(compiled: Compiled) -> dict[str, str]:
    """What the files with fixed names say, by path: comments say nothing unless they silence a rule."""
    readings = compiled.setup.readings.items()
    return {path: exact(r.value) for path, r in readings if not r.faults and MARK not in r.file.data}


def _errors(compiled: Compiled) -> list[Diagnostic]:
    return [found for found in compiled.diagnostics if found.severity is Severity.ERROR]
