"""Guards that count: at most so many models changed, removed or moved."""

from collections.abc import Collection, Iterator

from modelspec.catalog import Place
from modelspec.guards.breach import Breach
from modelspec.guards.change import Change
from modelspec.quote import quote
from modelspec.routing import Route
from modelspec.settings import Threshold

MOST = 20
"""Models that are listed each with its waiver; beyond these, a change is rather split than waived."""

_WORDS = {
    "max_changed": ("changes", "change", Change.changed, "model_id"),
    "max_removed": ("is removed", "remove", Change.removed, "status"),
    "max_moved": ("moves to another region", "move", Change.moved, "region"),
}


def count_models(
    guard: str, change: Change, threshold: Threshold, waived: Collection[str]
) -> tuple[set[str], list[Breach]]:
    """The ids of all models that count, and, where too many are left without a waiver, each of these."""
    does, verb, counted, field = _WORDS[guard]
    pairs = list(counted(change))
    models = len(change.before.routes)
    left = [(old, new) for old, new in pairs if old.model_id not in waived]
    found: list[Breach] = []
    if len(left) > threshold.allowed(models):
        limit = f"at most {threshold.said(models)} may"
        found.extend(_listed(left, does, limit, field, len(left)))
        if len(left) > MOST:
            found.append(
                Breach(
                    subject="",
                    message=f"one change {verb}s {len(left):,} models, {limit}; {len(left) - MOST:,} are not listed",
                    label="broken",
                    help="split the change; those that are not listed take the same entry in waivers.yaml",
                    place=None,
                )
            )
    return {old.model_id for old, _ in pairs}, found


def _listed(
    left: list[tuple[Route, Route | None]], does: str, limit: str, field: str, number: int
) -> Iterator[Breach]:
    for old, new in left[:MOST]:
        gone = new is not None and field == "status"
        yield Breach(
            subject=old.model_id,
            message=f"model {quote(old.model_id)} {'is disabled' if gone else does}, "
            f"one of {number:,} in this change; {limit}",
            label="disabled" if gone else does if new is not None else "broken",
            help="split the change",
            place=None if new is None else Place(path=new.about.path, pointer=(field,)),
        )
