"""The message of a commit: what it does, and what that means."""

from modelspec.authoring.draft import Draft
from modelspec.report.said import said

_MOST = 50
"""Effects that are listed; of a larger change, the diff has the rest."""


def message_of(draft: Draft, title: str | None = None, effect: str = "") -> str:
    """A title, what the change does to the routes, and one line for each edit; `title` is the user's own."""
    effects = [f"- {said(effect)}" for effect in draft.effects[:_MOST]]
    if len(draft.effects) > _MOST:
        effects.append(f"- and {len(draft.effects) - _MOST} more")
    first = said(draft.title) if title is None else title.strip()
    told = [effect, ""] if effect else []
    return "\n".join((first, "", *told, *effects)) + "\n"
