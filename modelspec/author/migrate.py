"""`migrate`: what an earlier version accepted, rewritten as this one wants it, where that is certain.

Each step gives changes of files or new paths; what none of them can do is left to people, and named by the diagnostics.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Any

from modelspec.author.change import Change, Discard, Put, Rekey
from modelspec.author.draft import Draft, edited
from modelspec.author.values import counted
from modelspec.diagnose.refusal import Refusal
from modelspec.fleet.reference import Reference, has_normal_form, objection
from modelspec.load import read
from modelspec.load.unread import MODELS
from modelspec.pipeline import Compiled
from modelspec.rules.naming import misnamed
from modelspec.text.document import Pointer
from modelspec.url import URL_FIELDS, without_needless

_KINDS = ("file", "vault", "kubernetes")
_RENAMED = {"per_connection_buffer_limit_bytes": "max_body_bytes"}
"""Of `target_options.envoy`."""
_GONE = ("kubernetes", "haproxy")
"""Of `targets`: nothing was ever written for them."""


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
        reading = read(file)
        if reading.faults or not isinstance(reading.value, dict):
            continue
        references = list(_references(path, reading.value, before.setup.settings.secret_folders))
        urls = list(_urls(path, reading.value))
        settings = list(_settings(path, reading.value))
        changes = [*references, *urls, *settings]
        outcome = edited(known, {path: changes}) if changes else {}
        if isinstance(outcome, Refusal):
            refused.append(outcome)
        elif outcome:
            files.update(outcome)
            for found, noun in ((references, "reference"), (urls, "URL")):
                effects += [f"{path}: {counted(len(found), noun)} in normal form"] if found else []
            effects += [f"{path}: {_said(change)}" for change in settings]
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


def _references(path: str, value: Mapping[str, Any], folders: Sequence[str]) -> Iterator[Change]:
    """The references of a file that have a normal form and are not written in it, less what leads elsewhere."""
    for pointer, written in _written(path, value):
        ((kind, target),) = written.items()
        reference = Reference.of(written)
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


def _urls(path: str, value: Mapping[str, Any]) -> Iterator[Put]:
    """The addresses of a file that RFC 3986 calls equivalent to another spelling, which is the one accepted."""
    for pointer, holder in _holders(path, value):
        for name in URL_FIELDS & holder.keys():
            url = holder[name]
            if isinstance(url, str) and (plain := without_needless(url)) != url:
                yield Put(pointer=(*pointer, name), value=plain)


def _settings(path: str, value: Mapping[str, Any]) -> Iterator[Rekey | Discard]:
    """Settings that have another name now, where people need not decide between both, and targets that are gone."""
    if path != "modelspec.yaml":
        return
    targets = value.get("targets")
    for name in _GONE:
        if isinstance(targets, list) and name in targets:
            yield Discard(pointer=("targets",), value=name)
    options: Any = value.get("target_options")
    envoy = options.get("envoy") if isinstance(options, dict) else None
    for old, new in _RENAMED.items():
        if isinstance(envoy, dict) and old in envoy and new not in envoy:
            yield Rekey(pointer=("target_options", "envoy", old), key=new)


def _said(change: Rekey | Discard) -> str:
    if isinstance(change, Rekey):
        return f"{change.pointer[-1]} is {change.key} now"
    return f"{change.value} left out of {change.pointer[-1]}, for which nothing was written"


def _holders(path: str, value: Mapping[str, Any]) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """The mappings of a file that name upstreams or heads: a model and its deployments, or each head."""
    name = "heads" if path == "heads.yaml" else "deployments"
    if path != "heads.yaml":
        if not path.startswith(f"{MODELS}/"):
            return
        yield (), dict(value)
    listed = value.get(name)
    for position, one in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(one, dict):
            yield (name, position), one


def _written(path: str, value: Mapping[str, Any]) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """The mappings that are references of the right form."""
    found: list[tuple[Pointer, object]] = []
    if path == "modelspec.yaml":
        entries = value.get("key_policy")
        for position, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict):
                found.append((("key_policy", position, "key"), entry.get("key")))
    for pointer, holder in _holders(path, value):
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
