"""Lists of models: pages cut by key, and the compact list that the browser searches."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_fleets import compiled as compile_files
from small_fleets import routed

from modelspec.fleet.reach import unproved_sites
from modelspec.site import SiteContext
from modelspec.site.emit import emit
from modelspec.site.models import cut

FIXED = {
    "regions.yaml": """
regions:
  - {code: eu, name: Europe, residency: [eu, uk]}
  - {code: uk, name: United Kingdom, countries: [gb]}
""",
    "heads.yaml": """
heads:
  - {head_id: head-eu, region: eu, url: "https://eu.example.net"}
  - {head_id: head-uk, region: uk, url: "https://uk.example.net"}
""",
}
ATLAS: Mapping[str, object] = {
    "model_id": "atlas",
    "name": "Atlas",
    "region": "eu",
    "priority_head": "head-eu",
    "fallback_heads": ["head-uk"],
    "endpoint": "https://atlas.example.com:8443/v1",
    "upstream_region": "eu",
    "api_key": {"env": "ATLAS_KEY"},
}


def pages_of(folder: Path, *models: Mapping[str, object], **sizes: Any) -> dict[str, str]:
    files = {f"{n}.yaml": json.dumps(model) for n, model in enumerate(models)}
    result = compile_files(folder, files, FIXED)
    unproved = {
        one.model_id: tuple(subject for subject, _ in sites) for one, sites in unproved_sites(result.catalog)
    }
    found = emit(routed(result), replace(SiteContext(unproved=unproved), **sizes))
    return {a.path.removeprefix("site/admin/"): a.content.decode() for a in found}


def chain(pages: Mapping[str, str]) -> dict[str, list[str]]:
    """The ids on each page of a list of models, in the order in which "Next" leads through them."""
    shown = {}
    href: str | None = "/admin/models.html"
    before = None
    while href is not None:
        html = pages[href.removeprefix("/admin/")]
        shown[href] = re.findall(r'<article class="card" data-model="([^"]+)"', html)
        links = {rel: to for to, rel in re.findall(r'<a href="([^"]+)" rel="(prev|next)">', html)}
        assert links.get("prev") == before
        before, href = href, links.get("next")
    return shown


def test_many_models_come_in_pages_cut_by_key(tmp_path: Path) -> None:
    names = [f"atlas-{number:02}" for number in range(61)]
    pages = pages_of(
        tmp_path, *({**ATLAS, "model_id": name} for name in names), page_size=6, whole_page_limit=60
    )
    shown = chain(pages)
    assert [name for ids in shown.values() for name in ids] == names
    assert len(shown) > 5
    assert all(1 <= len(ids) <= 12 for ids in shown.values())
    assert all(href.startswith(f"/admin/models/page/{ids[0]}-") for href, ids in [*shown.items()][1:])
    listed = re.findall(r'<li><a href="([^"]+)"><bdi>', pages["models/page/index.html"])
    assert listed == list(shown)
    assert 'data-total="61" data-source="/admin/assets/models.json"' in pages["models.html"]
    assert not any("61" in html for path, html in pages.items() if path.startswith("models/page/atlas"))


@given(numbers=st.sets(st.integers(0, 99_999), min_size=100, max_size=200), number=st.integers(0, 99_999))
@settings(max_examples=50)
def test_a_new_model_changes_pages_near_it(numbers: set[int], number: int) -> None:
    """Pages before it stay as they are; those after it are the same again from the next common beginning on."""
    ids, new = {f"m-{one:05}" for one in numbers}, f"m-{number:05}"
    before = [tuple(page) for page in cut(list(map(key, sorted(ids))), 12)]
    after = [tuple(page) for page in cut(list(map(key, sorted({*ids, new}))), 12)]
    assert [one for page in after for one in page] == list(map(key, sorted({*ids, new})))
    assert all(4 <= len(page) <= 24 for page in after[:-1])
    changed = [place for place, page in enumerate(after) if page not in before]
    at = next((place for place, page in enumerate(after) if key(new) in page))
    assert not changed or changed[0] >= at - 1
    common = {page[0] for page in before} & {page[0] for page in after if page[0].id > new}
    if common:
        first = min(common, key=lambda one: one.id)
        rest = [page for page in after if page[0].id >= first.id]
        assert rest == [page for page in before if page[0].id >= first.id]


class Key(NamedTuple):
    """As much of a record as paging needs."""

    id: str


def key(model_id: str) -> Any:
    return Key(model_id)


def rows_of(compact: str) -> list[dict[str, Any]]:
    """The compact list, with its tables resolved."""
    found = json.loads(compact)
    tables, columns = found["tables"], found["columns"]
    return [
        {
            column: tables[column][cell]
            if column in tables
            else [found["words"][n] for n in cell]
            if column == "words"
            else cell
            for column, cell in zip(columns, [*row, *[[]] * (len(columns) - len(row))], strict=True)
        }
        for row in found["models"]
    ]


def test_the_compact_list_has_what_the_search_finds(tmp_path: Path) -> None:
    atlas = {
        **ATLAS,
        "aliases": ["at"],
        "upstream_model": "Atlas-XL",
        "fallback_models": ["spare"],
        "metadata": {"owner": "Team Blue", "cost": {"center": 4711, "is_paid": True}},
        "sunset": "2027-01-01",
        "status": "deprecated",
        "replaced_by": "spare",
        "tags": ["b"],
    }
    spare = {**ATLAS, "model_id": "spare", "fallback_heads": []}
    pages = pages_of(tmp_path, atlas, spare)
    first, second = rows_of(pages["assets/models.json"])
    assert first == {
        "id": "atlas",
        "name": "Atlas",
        "region": "eu",
        "head": "head-eu",
        "fallback": ["head-uk"],
        "serves": ["head-eu", "head-uk"],
        "provider": ["openai"],
        "status": "deprecated",
        "local": "no",
        "tag": ["b"],
        "reach": ["eu", "uk", "-eu"],
        "residency": "kept",
        "key": ["env:ATLAS_KEY"],
        "host": ["atlas.example.com:8443"],
        "endpoint": ["https://atlas.example.com:8443/v1"],
        "upstream_region": ["eu"],
        "owner": "Team Blue",
        "risk": [],
        "sunset": "2027-01-01",
        "aliases": ["at"],
        "upstream": ["Atlas-XL"],
        "models": ["spare"],
        "words": ["Team Blue", "4711"],
    }
    assert (second["risk"], second["aliases"], second["words"]) == (["one-head"], [], [])
    assert pages["assets/models.json"].count("\n[") == 2


@pytest.mark.parametrize(
    ("change", "reach"),
    [
        ({"fallback_heads": []}, ["eu"]),
        ({"fallback_heads": [], "fallback_models": ["far"]}, ["eu", "uk", "-eu"]),
        ({"fallback_heads": [], "upstream_region": "uk"}, ["eu", "uk", "-eu"]),
        ({"fallback_heads": [], "upstream_region": None}, ["eu", "-eu"]),
        ({"status": "disabled"}, []),
    ],
)
def test_what_may_leave_its_region_is_marked(
    tmp_path: Path, change: Mapping[str, object], reach: list[str]
) -> None:
    far = {
        **ATLAS,
        "model_id": "far",
        "region": "uk",
        "priority_head": "head-uk",
        "fallback_heads": [],
        "upstream_region": "uk",
    }
    atlas = {name: value for name, value in {**ATLAS, **change}.items() if value is not None}
    row = rows_of(pages_of(tmp_path, atlas, far)["assets/models.json"])[0]
    assert row["reach"] == reach
    assert row["residency"] == ("unknown" if change.get("upstream_region", "") is None else "kept")
