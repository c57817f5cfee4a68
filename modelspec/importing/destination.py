"""Where an import goes: a new configuration repository, or one that is there already."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from modelspec.diagnose.refusal import Refusal, shown
from modelspec.load import read
from modelspec.load.find import File, Tree, read_tree
from modelspec.load.unread import MODELS
from modelspec.text.names import nearest
from modelspec.text.quote import quote
from modelspec.url import judge

PLACEHOLDER_REGION = "main"
PLACEHOLDER_HEAD = ("head-main", "http://localhost:4000")
"""LiteLLM's own default port: a gateway on this machine, until somebody writes where it really is."""
_NAMES: Mapping[str, str] = {
    "ap": "Asia Pacific",
    "au": "Australia",
    "br": "Brazil",
    "ca": "Canada",
    "ch": "Switzerland",
    "cn": "China",
    "de": "Germany",
    "eu": "Europe",
    "fr": "France",
    "in": "India",
    "jp": "Japan",
    "no": "Norway",
    "sg": "Singapore",
    "uk": "United Kingdom",
    "us": "United States",
}
_CODE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_HEAD = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_LONGEST_CODE, _LONGEST_HEAD = 32, 63


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDestination:
    """The fleet that models go to.

    `tree` is the repository that is there already, None for a new one. `heads` are the ids that models get, the first
    of them as `priority_head`; `urls` those of a new repository. `placeholders` names what the user has not said,
    `for_litellm` says whether `targets` names LiteLLM.
    """

    root: Path
    tree: Tree | None
    region: str
    regions: tuple[str, ...]
    heads: tuple[str, ...]
    urls: Mapping[str, str]
    placeholders: tuple[str, ...] = ()
    for_litellm: bool = True

    @property
    def region_name(self) -> str:
        """The name of a new region, for people."""
        return _NAMES.get(self.region) or _NAMES.get(self.region.partition("-")[0]) or self.region.title()


def find_destination(into: Path, region: str | None, heads: Sequence[str]) -> ImportDestination | Refusal:
    """The repository at `into`, or the place for a new one; `heads` are `ID` or `ID=URL`."""
    given = dict(head.partition("=")[::2] for head in heads)
    for name, length, form, kind in (
        *((code, _LONGEST_CODE, _CODE, "region") for code in ([] if region is None else [region])),
        *((head, _LONGEST_HEAD, _HEAD, "head") for head in given),
    ):
        if len(name) > length or not form.fullmatch(name):
            return Refusal(
                message=f"{quote(name)} cannot name a {kind}",
                help="use lower-case letters and digits, with '-' between them",
            )
    try:
        names = os.listdir(into)  # noqa: PTH208 - names are enough
    except (FileNotFoundError, ValueError):
        names = []
    except OSError as error:
        return Refusal(
            message=f"cannot import into {shown(str(into))}: {(error.strerror or 'unknown reason').lower()}",
            help="name a folder that is empty, or not there yet, or a configuration repository",
        )
    if MODELS in names:
        return _existing(into, region, given)
    if names:
        return Refusal(
            message=f"cannot import into {shown(str(into))}: it is not empty, and no configuration repository",
            help="name a folder that is empty or not there yet with --into DIR, or a repository with a models.d/",
        )
    return _new(into, region, given)


def _new(into: Path, region: str | None, given: Mapping[str, str]) -> ImportDestination | Refusal:
    bare = next((head for head, url in given.items() if not url), None)
    if bare is not None:
        return Refusal(
            message=f"the head {quote(bare)} has no URL",
            help=f"write --head {bare}=https://… for a new repository",
        )
    for head, url in given.items():
        fault = next(iter(judge(url, local=True)), None)
        if fault is not None:
            return Refusal(message=f"the URL of head {quote(head)} {fault.message}", help=fault.help)
    placeholders = [] if region else [f"the region {quote(PLACEHOLDER_REGION)} (--region CODE)"]
    if not given:
        placeholders.append(f"the head {quote(PLACEHOLDER_HEAD[0])} at {PLACEHOLDER_HEAD[1]} (--head ID=URL)")
    urls = dict(given) or dict([PLACEHOLDER_HEAD])
    code = region or PLACEHOLDER_REGION
    return ImportDestination(
        root=into,
        tree=None,
        region=code,
        regions=(code,),
        heads=tuple(urls),
        urls=urls,
        placeholders=tuple(placeholders),
    )


def _existing(into: Path, region: str | None, given: Mapping[str, str]) -> ImportDestination | Refusal:
    try:
        tree = read_tree(into)
    except OSError as error:
        return Refusal(
            message=f"cannot read {shown(str(into))}: {(error.strerror or 'unknown reason').lower()}",
            help="make the repository readable",
        )
    regions = _listed(tree, "regions.yaml", "regions", "code")
    heads = _listed(tree, "heads.yaml", "heads", "head_id")
    if not regions or not heads:
        return Refusal(
            message=f"{shown(str(into))} has no readable regions.yaml and heads.yaml",
            help="run modelspec validate there, and correct what it names first",
        )
    return _of(tree, region, given, regions, heads)


def _of(
    tree: Tree,
    region: str | None,
    given: Mapping[str, str],
    regions: Mapping[str, Mapping[str, object]],
    heads: Mapping[str, Mapping[str, object]],
) -> ImportDestination | Refusal:
    code = region if region is not None else (next(iter(regions)) if len(regions) == 1 else None)
    if code is None:
        return Refusal(
            message="the repository has several regions",
            help=f"say which with --region: {', '.join(regions)[:500]}",
        )
    if code not in regions:
        return _unknown("region", code, list(regions))
    unknown = next((head for head in given if head not in heads), None)
    if unknown is not None:
        return _unknown("head", unknown, list(heads))
    chosen = tuple(given) or tuple(
        head
        for head, entry in heads.items()
        if entry.get("region") == code and entry.get("status", "active") == "active"
    )
    if not chosen:
        return Refusal(
            message=f"the region {quote(code)} has no active head",
            help=f"name heads with --head: {', '.join(heads)[:500]}",
        )
    return ImportDestination(
        root=tree.root,
        tree=tree,
        region=code,
        regions=tuple(regions),
        heads=chosen,
        urls={},
        for_litellm=_targets_litellm(tree),
    )


def _targets_litellm(tree: Tree) -> bool:
    file = tree.fixed.get("modelspec.yaml")
    value = read(file).value if file is not None else None
    targets = value.get("targets") if isinstance(value, dict) else None
    return isinstance(targets, list) and "litellm" in targets


def _unknown(kind: str, name: str, known: list[str]) -> Refusal:
    near = nearest(name, known)
    return Refusal(
        message=f"no {kind} of the repository is named {quote(name)}",
        help=f"did you mean {quote(near)}?"
        if near
        else f"use one of {', '.join(known)[:500]}; only models are imported",
    )


def _listed(tree: Tree, path: str, key: str, name: str) -> dict[str, Mapping[str, object]]:
    file = tree.fixed.get(path)
    reading = read(file) if isinstance(file, File) else None
    if reading is None or reading.faults or not isinstance(reading.value, dict):
        return {}
    items = reading.value.get(key)
    return {
        str(item[name]): item
        for item in (items if isinstance(items, list) else [])
        if isinstance(item, dict) and name in item
    }
