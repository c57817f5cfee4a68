"""Two states to their difference: a pure function, and cheap where little differs."""

from itertools import chain

from modelspec.plan.effect import Effect, Plan, State
from modelspec.plan.fleet import fleet_effects, renamed_heads, renamed_regions
from modelspec.plan.kinds import ORDER
from modelspec.plan.load import head_shifts
from modelspec.plan.models import model_effects, renamed_models
from modelspec.plan.names import name_effects
from modelspec.plan.sides import Sides, Table


def compare(before: State, after: State) -> Plan:
    """What the step from one state to the other does; nothing is left out, whatever a renderer shows of it."""
    effects: list[Effect] = []
    old, new = before.routing, after.routing
    if old is not None and new is not None and old is not new:
        effects = _effects(before, after, Table(routing=old), Table(routing=new))
    return Plan(
        before=before.title,
        after=after.title,
        compared=old is not None and new is not None,
        effects=effects,
        loads=head_shifts(old, new),
        changed=_changed(before, after),
        broken_before=before.broken,
        broken_after=after.broken,
        models_before=None if old is None else len(old.routes),
        models_after=None if new is None else len(new.routes),
    )


def _effects(before: State, after: State, old: Table, new: Table) -> list[Effect]:
    regions = renamed_regions(old, new)
    sides = Sides(
        before=old,
        after=new,
        old=before,
        new=after,
        heads=renamed_heads(old, new, regions),
        regions=regions,
        models=renamed_models(old, new),
    )
    # Names come first: what is said of them, aliases need not say again.
    names = list(name_effects(sides))
    found = chain(fleet_effects(sides), model_effects(sides), names)
    return sorted(found, key=lambda effect: (effect.rank, ORDER[effect.kind], effect.subject))


def _changed(before: State, after: State) -> list[str]:
    """Paths of files that are there on one side only, or whose content differs."""
    if before.files is after.files:
        return []
    paths = before.files.keys() | after.files.keys()
    return sorted(path for path in paths if before.files.get(path) != after.files.get(path))
