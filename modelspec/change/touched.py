"""Of all faults of a state, those that a change touches: what its author is asked about."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from modelspec.change.states import State, States, read_states
from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.diagnose.refusal import Refusal
from modelspec.fleet.model import Signature
from modelspec.load.unread import MODELS
from modelspec.pipeline import Checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The working tree with the diagnostics that a change touches, and how many others it has."""

    checked: Checked
    left_out: int


def validate_changes(root: Path, *, since: str, today: date) -> Changes | Refusal:
    """Find every fault of the working tree, and keep what was touched since it left the commit `since`.

    Raises:
        OSError: the root cannot be opened.
    """
    states = read_states(root, base=since, head=None, today=today, fork=True)
    if isinstance(states, Refusal):
        return states
    compiled = states.head.compiled
    kept = touched(states)
    return Changes(
        checked=Checked(tree=compiled.tree, diagnostics=kept, locator=compiled.locator),
        left_out=len(compiled.diagnostics) - len(kept),
    )


def touched(states: States) -> list[Diagnostic]:
    """The diagnostics of the head, in their order, less those that the change has nothing to do with.

    One is left out only if the base has the same one, it stands in a file that is the same in both states, points at
    no changed model file, and is of no model of one. So a fault that a change causes in another file is never lost: it
    is new. That a diagnostic points into changed regions.yaml or heads.yaml is no reason to show it, since most do.
    """
    files = _changed_files(states)
    before = {_fault(found) for found in states.base.compiled.diagnostics}
    names = {
        signature.model_id
        for signature in _signatures(states.base) + _signatures(states.head)
        if signature.path in files
    }
    return [
        found
        for found in states.head.compiled.diagnostics
        if found.path in files
        or found.subject in names
        or any(label.path in files and label.path.startswith(f"{MODELS}/") for label in found.related)
        or _fault(found) not in before
    ]


def _changed_files(states: States) -> set[str]:
    """The paths of files that are not the same, and of models whose defaults are not.

    Of what could not be read nobody knows.
    """
    base, head = states.base.files, states.head.files
    changed = {path for path in base.keys() | head.keys() if base.get(path) != head.get(path)}
    changed.update(states.base.compiled.tree.unread, states.head.compiled.tree.unread)
    folders = tuple(
        f"{folder}/" for folder, _, name in (path.rpartition("/") for path in changed) if name.startswith("_")
    )
    return changed | {path for path in base.keys() | head.keys() if path.startswith(folders)}


def _signatures(state: State) -> list[Signature]:
    return [*state.compiled.catalog.signatures]


def _fault(found: Diagnostic) -> tuple[object, ...]:
    """What makes two diagnostics of one unchanged file the same; the places that it points at may have moved.

    What is said of them has not: of a fault of defaults it tells for how many models it stands.
    """
    texts = tuple(label.text for label in found.related)
    return (
        found.code,
        found.severity,
        found.path,
        found.span,
        found.message,
        found.subject,
        found.help,
        texts,
    )
