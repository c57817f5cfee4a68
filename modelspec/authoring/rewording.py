"""The changes that give a name in other files another spelling."""

from collections.abc import Iterable, Mapping

from modelspec.authoring.references import Use
from modelspec.edit import Change, Put, Rekey


def renamed(users: Iterable[Use], names: Mapping[str, str]) -> dict[str, list[Change]]:
    """What to change where; `names` leads from old to new ones."""
    changes: dict[str, list[Change]] = {}
    for use in users:
        new = names[use.name]
        if new == use.name:
            continue
        change: Change = (
            Rekey(pointer=use.pointer, key=new) if use.on_key else Put(pointer=use.pointer, value=new)
        )
        changes.setdefault(use.path, []).append(change)
    return changes
