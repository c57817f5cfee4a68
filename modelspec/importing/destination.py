"""The destination of an import: a new configuration repository, or an existing one."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from modelspec.diagnose.refusal import Refusal, shown, unusable
from modelspec.load import read
from modelspec.load.find import File, Tree, read_tree
from modelspec.load.unread import MODELS
from modelspec.schema.documents import schema_of
from modelspec.text.names import nearest
from modelspec.text.quote import quote
from modelspec.url import judge

PLACEHOLDER_REGION = "main"
PLACEHOLDER_HEAD = ("head-main", "http://localhost:4000")
"""LiteLLM's default port: a gateway on this machine, until its real URL is entered."""
_NAMES = {
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDestination:
    """The fleet that models are added to.

    `tree` is the existing repository, None for a new one. `heads` are the ids that models get, the first of them as
    `priority_head`; `urls` are those of a new repository. `placeholders` lists what the user did not specify,
    `for_litellm` is whether `targets` includes LiteLLM.
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


def fits(definition: str, name: str) -> bool:
    """Whether a name matches a definition of the model schema: `modelId`, `headId` or `regionCode`."""
    longest, form, forbidden = _form(definition)
    return len(name) <= longest and form.fullmatch(name) is not None and not forbidden.search(name)


@cache
def _form(definition: str) -> tuple[int, re.Pattern[str], re.Pattern[str]]:
    form = schema_of("model")["$defs"][definition]
    nothing = "(?!)"
    return (
        form["maxLength"],
        re.compile(form["pattern"]),
        re.compile(form.get("not", {}).get("pattern", nothing)),
    )


def find_destination(into: Path, region: str | None, heads: Sequence[str]) -> ImportDestination | Refusal:
    """The repository at `into`, or a new one there; `heads` are `ID` or `ID=URL`."""
    given = dict(head.partition("=")[::2] for head in heads)
    for kind, definition, names in (
        ("region code", "regionCode", [] if region is None else [region]),
        ("head id", "headId", given),
    ):
        for name in names:
            if not fits(definition, name):
                return Refusal(
                    message=f"{quote(name)} is not a valid {kind}",
                    help="use lower-case letters and digits, separated by '-'",
                )
    try:
        present = os.listdir(into)  # noqa: PTH208 - names are enough
    except (FileNotFoundError, ValueError):
        present = []
    except OSError as error:
        return unusable(
            "import into", into, error, "name a new or empty folder, or a configuration repository"
        )
    if MODELS in present:
        return _existing(into, region, given)
    if present:
        return Refusal(
            message=f"cannot import into {shown(into)}: it is neither empty nor a configuration repository",
            help="name a new or empty folder with --into DIR, or a repository with a models.d/",
        )
    return _new(into, region, given)


def _new(into: Path, region: str | None, given: Mapping[str, str]) -> ImportDestination | Refusal:
    for head, url in given.items():
        if not url:
            return Refusal(
                message=f"the head {quote(head)} has no URL",
                help=f"give a new repository its URL: --head {head}=https://…",
            )
    for head, url in given.items():
        fault = next(iter(judge(url, local=True)), None)
        if fault is not None:
            return Refusal(message=f"the URL of head {quote(head)} {fault.message}", help=fault.help)
    placeholders = [] if region else [f"the region {quote(PLACEHOLDER_REGION)} (--region CODE)"]
    if not given:
        placeholders.append(f"the head {quote(PLACEHOLDER_HEAD[0])} at {PLACEHOLDER_HEAD[1]} (--head ID=URL)")
    urls = given or dict([PLACEHOLDER_HEAD])
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
        return unusable("read", into, error, "make the repository readable")
    return _of(tree, region, given)


def _of(tree: Tree, region: str | None, given: Mapping[str, str]) -> ImportDestination | Refusal:
    regions = _listed(tree, "regions", "code")
    heads = _listed(tree, "heads", "head_id")
    if not regions or not heads:
        return Refusal(
            message=f"{shown(tree.root)} has no readable regions.yaml and heads.yaml",
            help="run modelspec validate there, and fix what it reports",
        )
    code = region if region is not None else (next(iter(regions)) if len(regions) == 1 else None)
    if code is None:
        return Refusal(
            message="the repository has several regions",
            help=f"choose one with --region: {', '.join(regions)[:500]}",
        )
    if code not in regions:
        return _unknown("region", code, list(regions))
    for head in given:
        if head not in heads:
            return _unknown("head", head, list(heads))
    active = [
        head
        for head, entry in heads.items()
        if entry.get("region") == code and entry.get("status", "active") == "active"
    ]
    if not given and not active:
        return Refusal(
            message=f"the region {quote(code)} has no active head",
            help=f"name heads with --head: {', '.join(heads)[:500]}",
        )
    targets = _value(tree, "modelspec.yaml").get("targets")
    return ImportDestination(
        root=tree.root,
        tree=tree,
        region=code,
        regions=tuple(regions),
        heads=tuple(given or active),
        urls={},
        for_litellm=isinstance(targets, list) and "litellm" in targets,
    )


def _unknown(kind: str, name: str, known: list[str]) -> Refusal:
    near = nearest(name, known)
    help_ = f"use one of {', '.join(known)[:500]}; only models are imported"
    return Refusal(
        message=f"no {kind} of the repository is named {quote(name)}",
        help=f"did you mean {quote(near)}?" if near else help_,
    )


def _listed(tree: Tree, field: str, key: str) -> dict[str, Mapping[str, Any]]:
    """The entries of regions.yaml or heads.yaml by name; none where the file is invalid."""
    items = _value(tree, f"{field}.yaml").get(field)
    entries = items if isinstance(items, list) else []
    return {str(item[key]): item for item in entries if isinstance(item, dict) and key in item}


def _value(tree: Tree, path: str) -> Mapping[str, Any]:
    file = tree.fixed.get(path)
    reading = read(file) if isinstance(file, File) else None
    return reading.value if reading is not None and isinstance(reading.value, dict) else {}
