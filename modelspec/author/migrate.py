"""`migrate`: what an earlier version accepted, rewritten as this one wants it, where that is certain.

Each step gives changes of files or new paths; what none of them can do is left to people, and named by the diagnostics.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Any

from modelspec.author.change import Change, Put, Rekey
from modelspec.author.draft import Draft, edited
from modelspec.author.values import counted
from modelspec.diagnose.refusal import Refusal
from modelspec.fleet.reference import Reference, has_normal_form, objection
from modelspec.load import read
from modelspec.load.find import File
from modelspec.load.unread import MODELS
from modelspec.pipeline import Compiled
from modelspec.rules.naming import misnamed
from modelspec.text.document import Pointer

_KINDS = ("file", "vault", "kubernetes")
_RENAMED = {"per_connection_buffer_limit_bytes": "max_body_bytes"}
"""Of `target_options.envoy`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """What can be rewritten, and the files that cannot be."""

    draft: Draft
    refused: tuple[Refusal, ...]


def migration(before: Compiled) -> Migration:
    """Everything that this version wants written otherwise, and that can be rewritten."""
    files: dict[str, bytes | None] = {}
    effects: list[str] = []
    refused: list[Refusal] = []
    known = before.locator.files
    for path, file in sorted(known.items()):
        changes = list(_references(file, before.setup.settings.secret_folders))
        renamed = list(_renamed(file))
        outcome = edited(known, {path: [*changes, *renamed]}) if changes or renamed else {}
        if isinstance(outcome, Refusal):
            refused.append(outcome)
        elif outcome:
            files.update(outcome)
            if changes:
                effects.append(f"{path}: {counted(len(changes), 'reference')} in normal form")
            effects += [f"{path}: {change.pointer[-1]} is {change.key} now" for change in renamed]
    moved = _moves(before)
    for new, old in moved.items():
        data = files.pop(old, None)
        files[new] = data if data is not None else known[old].data
        files[old] = None
        effects.append(f"{old} renamed to {new}")
    waivers = _waivers(before, {old: new for new, old in moved.items()})
    outcome = edited(known, {"waivers.yaml": waivers}) if waivers else {}
    if isinstance(outcome, Refusal):
        refused.append(outcome)
    else:
        files.update(outcome)
    draft = Draft(
        files=files, title="Migrate to this version of modelspec", effects=tuple(effects), moved=moved
    )
    return Migration(draft=draft, refused=tuple(refused))


def _references(file: File, folders: Sequence[str]) -> Iterator[Change]:
    """The references of a file that have a normal form and are not written in it, less what leads elsewhere."""
    reading = read(file)
    if reading.faults or not isinstance(reading.value, dict):
        return
    for pointer, value in _written(file.path, reading.value):
        ((kind, target),) = value.items()
        reference = Reference.of(value)
        if reference.is_normal or not has_normal_form(reference):
            continue
        if objection(replace(reference, written=reference.normal), folders) is not None:
            continue
        if not isinstance(target, dict):
            yield Put(pointer=(*pointer, kind), value=reference.normal)
            continue
        secret, _, key = reference.normal.partition("/")
        for name, text in (("secret", secret), ("key", key)):
            if target[name] != text:
                yield Put(pointer=(*pointer, kind, name), value=text)


def _renamed(file: File) -> Iterator[Rekey]:
    """Settings of edges that have another name now; where both stand, people decide."""
    if file.path != "modelspec.yaml":
        return
    reading = read(file)
    value: Any = reading.value
    for name in ("target_options", "envoy"):
        value = value.get(name) if isinstance(value, dict) else None
    for old, new in _RENAMED.items():
        if not reading.faults and isinstance(value, dict) and old in value and new not in value:
            yield Rekey(pointer=("target_options", "envoy", old), key=new)


def _written(path: str, value: Mapping[str, Any]) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """The mappings that are references of the right form."""
    found: list[tuple[Pointer, object]] = []
    if path == "modelspec.yaml":
        entries = value.get("key_policy")
        for position, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict):
                found.append((("key_policy", position, "key"), entry.get("key")))
    elif path.startswith(f"{MODELS}/"):
        listed = value.get("deployments")
        holders: list[tuple[Pointer, object]] = [((), value)]
        holders += (
            (("deployments", n), one) for n, one in enumerate(listed if isinstance(listed, list) else ())
        )
        for pointer, holder in holders:
            if not isinstance(holder, dict):
                continue
            found += (((*pointer, name), holder.get(name)) for name in ("api_key", "endpoint"))
            params = holder.get("params")
            if isinstance(params, dict):
                found += (((*pointer, "params", name), one) for name, one in params.items())
    for pointer, one in found:
        if isinstance(one, dict) and len(one) == 1 and _is_reference(*one.items()):
            yield pointer, one


def _is_reference(item: tuple[str, object]) -> bool:
    kind, target = item
    if kind == "kubernetes":
        return (
            isinstance(target, dict)
            and target.keys() == {"secret", "key"}
            and all(isinstance(text, str) for text in target.values())
        )
    return kind in _KINDS and isinstance(target, str)


def _moves(before: Compiled) -> dict[str, str]:
    """New paths of files whose names do not follow the ids of their models, with the old ones."""
    reported = {found.path for found in before.diagnostics if found.code == "MS603"}
    taken = {path.lower() for path in before.catalog.paths}
    moved: dict[str, str] = {}
    for signature, wanted in misnamed(before.catalog):
        if wanted is None or signature.path not in reported:
            continue
        stem = wanted.removesuffix(".yaml")
        names = chain([wanted], (f"{stem}_{number}.yaml" for number in count(2)))
        path = next(each for each in names if each.lower() not in taken)
        taken.add(path.lower())
        moved[path] = signature.path
    return moved


def _waivers(before: Compiled, moved: Mapping[str, str]) -> list[Change]:
    return [
        Put(pointer=(*waiver.place.pointer, "subject"), value=moved[waiver.subject])
        for waiver in before.setup.waivers
        if waiver.subject in moved
    ]
