"""`remove`: a model's file, and with --cascade whatever refers to it."""

from collections.abc import Sequence

from modelspec.authoring.draft import Draft, edited
from modelspec.authoring.entries import Entry
from modelspec.authoring.prune import fates, pruned
from modelspec.authoring.references import MODELS, Use, uses
from modelspec.authoring.wording import counted
from modelspec.pipeline import Compiled
from modelspec.quote import quote
from modelspec.refusal import Refusal


def users_of_model(compiled: Compiled, entry: Entry) -> list[Use]:
    """Who names a model, by its id, by an alias or by a name below its wildcard; its own file aside."""
    names = compiled.catalog.names

    def is_meant(name: str) -> bool:
        found = names.find(name)
        return name in (entry.model_id, entry.path) or (found is not None and found.path == entry.path)

    return [use for use in uses(compiled.tree, MODELS, is_meant) if use.path != entry.path]


def draft_of_removal(compiled: Compiled, entry: Entry, users: Sequence[Use]) -> Draft | Refusal:
    """Without the model, and without every use of it."""
    files = compiled.locator.files
    rest = edited(files, pruned(files, users))
    if isinstance(rest, Refusal):
        return rest
    title = f"Remove {entry.model_id}"
    if users:
        title += f" and {counted(len(users), 'reference')} to it"
    return Draft(
        files={entry.path: None, **rest},
        title=title,
        effects=(f"{entry.model_id} goes, with {entry.path}", *fates(users)),
    )


def still_used(what: str, name: str, users: Sequence[Use]) -> Refusal:
    """Why something is not removed yet."""
    return Refusal(
        message=f"{what} {quote(name)} is still named in {counted(len(users), 'place')}",
        help="correct these places first, or let --cascade clean them up as well",
    )
