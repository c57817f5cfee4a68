"""`region`: removal and renaming of regions."""

from collections.abc import Sequence

from modelspec.authoring.draft import Draft, edited
from modelspec.authoring.listed import Listed
from modelspec.authoring.prune import fates, pruned
from modelspec.authoring.references import REGIONS, Use, uses
from modelspec.authoring.rewording import renamed
from modelspec.authoring.wording import counted
from modelspec.edit import Put, Unset
from modelspec.edit.change import found
from modelspec.load import read
from modelspec.load.find import Tree
from modelspec.refusal import Refusal

_WIDENING = ("residency", "client_regions")
"""Lists that allow everything when they are gone: they are never emptied by a cascade."""


def users_of_region(tree: Tree, region: Listed) -> list[Use]:
    """Who names a region; its own entry aside, which goes or changes with it."""
    found_uses = uses(tree, REGIONS, lambda name: name == region.name)
    return [use for use in found_uses if use.path != "regions.yaml" or use.pointer[:2] != region.pointer]


def lasting(tree: Tree, users: Sequence[Use]) -> list[Use]:
    """The uses that no cascade may clean up: what lies in the region, and lists that must not become empty."""
    files = {**tree.fixed, **{file.path: file for file in tree.models}}
    kept = []
    for use in users:
        if use.path == "routes.test.yaml":
            continue
        if use.pointer[-1] == "region":
            kept.append(use)
        elif any(field in use.pointer for field in _WIDENING):
            rest = found(read(files[use.path]).value, use.pointer[:-1])
            if isinstance(rest, list) and len(rest) == 1:
                kept.append(use)
    return kept


def draft_of_region_removal(tree: Tree, region: Listed, users: Sequence[Use]) -> Draft | Refusal:
    """Without the region, and without every use of it."""
    files = {**tree.fixed, **{file.path: file for file in tree.models}}
    changes = pruned(files, users)
    # Its own entry goes last: the positions of the others stay until then.
    changes.setdefault("regions.yaml", []).append(Unset(pointer=region.pointer))
    done = edited(files, changes)
    if isinstance(done, Refusal):
        return done
    return Draft(
        files=done,
        title=f"Remove region {region.name}" + (f" from {counted(len(users), 'place')}" if users else ""),
        effects=(f"region {region.name} goes", *fates(users)),
    )


def draft_of_region_rename(tree: Tree, region: Listed, new_code: str) -> Draft | Refusal:
    """The region under another code, and every place that named it."""
    users = uses(tree, REGIONS, lambda name: name == region.name)
    changes = renamed(users, {region.name: new_code})
    changes.setdefault("regions.yaml", []).append(Put(pointer=(*region.pointer, "code"), value=new_code))
    files = edited({**tree.fixed, **{file.path: file for file in tree.models}}, changes)
    if isinstance(files, Refusal):
        return files
    return Draft(
        files=files,
        renamed={new_code: region.name},
        title=f"Rename region {region.name} to {new_code}",
        effects=(f"region {region.name} is now {new_code}", *(f"{use.shown} follows" for use in users)),
    )
