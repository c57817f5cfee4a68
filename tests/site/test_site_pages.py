import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from modelspec.incremental import compile_fleet
from modelspec.pipeline import emission_of, stale_files
from modelspec.pipeline import write as write_files
from modelspec.routing.route import route
from modelspec.routing.table import RoutingTable
from modelspec.site import SiteContext, with_slashes
from modelspec.site.emit import emit
from modelspec.site.forges import ForgeRepository, repository_of
from modelspec.site.models import MOST_OPTIONS

REPOSITORY = Path(__file__).parents[2]
REGIONS = """
regions:
  - {code: eu, name: Europe, residency: [eu, uk], location: {latitude: 50, longitude: 8}}
  - {code: uk, name: United Kingdom}
  - {code: sg, name: Singapore}
"""
HEADS = """
heads:
  - {head_id: head-eu, region: eu, url: "https://eu.example.net", capacity: 4, inference_url: "http://10.0.0.1:8000/v1"}
  - {head_id: head-eu-2, region: eu, url: "https://eu-2.example.net", status: draining}
  - {head_id: head-uk, region: uk, url: "https://uk.example.net"}
  - {head_id: head-eu-3, region: eu, url: "https://eu-3.example.net", status: offline}
"""
ATLAS: Mapping[str, object] = {
    "model_id": "atlas",
    "name": "Atlas",
    "region": "eu",
    "priority_head": "head-eu",
    "fallback_heads": ["head-uk"],
    "endpoint": "https://atlas.example.com:8443/v1",
    "api_key": {"env": "ATLAS_KEY"},
}


class Outline(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, tag: str, name: str) -> list[str]:
        return [attributes[name] for found, attributes in self.tags if found == tag and name in attributes]


def compiled(
    folder: Path, *models: Mapping[str, object], regions: str = REGIONS, heads: str = HEADS
) -> RoutingTable:
    (folder / "models.d").mkdir()
    (folder / "regions.yaml").write_text(regions, encoding="utf-8")
    (folder / "heads.yaml").write_text(heads, encoding="utf-8")
    for number, model in enumerate(models):
        path = folder / "models.d" / f"{number}.yaml"
        path.write_text(json.dumps(model, ensure_ascii=False), encoding="utf-8")
    result = compile_fleet(folder, today=date(2026, 1, 1))
    assert not result.has_errors, [found.message for found in result.diagnostics]
    return route(result.catalog, result.models)


def pages_of(routing: RoutingTable, context: SiteContext | None = None) -> dict[str, str]:
    found = list(emit(routing, context or SiteContext()))
    assert len({artifact.path for artifact in found}) == len(found)
    return {a.path.removeprefix("site/admin/"): a.content.decode() for a in found}


def page(folder: Path, model_id: str, *models: Mapping[str, object]) -> str:
    return pages_of(compiled(folder, *models))[f"models/{model_id}.html"]


def words(html: str) -> str:
    """The text of a page with normalized white space."""
    return re.sub(r"\s+", " ", Outline(html).text)


@pytest.fixture(scope="module", name="example")
def _example() -> dict[str, str]:
    result = compile_fleet(REPOSITORY, today=date(2026, 1, 1))
    context = SiteContext(
        repository=repository_of({"url": "https://git.example.net/platform/fleet", "forge": "gitea"}),
        diagnostics=tuple(result.diagnostics),
    )
    return pages_of(route(result.catalog, result.models), context)


def test_the_models_page_has_two_identical_files(example: dict[str, str]) -> None:
    assert example["models.html"] == example["models/index.html"]


def test_every_link_of_the_site_leads_to_a_file_or_the_forge(example: dict[str, str]) -> None:
    snapshots = {"models.json", *(path.replace(".html", ".json") for path in example if "models/" in path)}
    for path, html in example.items():
        if not path.endswith(".html") or path.startswith("site/"):
            continue
        outline = Outline(html)
        ids = {*re.findall(r' id="([^"]+)"', html)}
        for href in (
            *outline.attributes("a", "href"),
            *outline.attributes("link", "href"),
            *outline.attributes("script", "src"),
        ):
            url = urlsplit(href)
            if url.netloc:
                assert (url.scheme, url.netloc) == ("https", "git.example.net"), href
            elif not url.path:
                assert url.fragment in ids, href
            else:
                target = unquote(url.path.removeprefix("/admin/"))
                assert target in example or target in snapshots, (path, href)


def test_no_page_has_anything_inline_that_the_policy_forbids(example: dict[str, str]) -> None:
    for path, html in example.items():
        if path.endswith(".html"):
            outline = Outline(html)
            assert "style" not in {tag for tag, _ in outline.tags}, path
            for tag, attributes in outline.tags:
                assert not any(name == "style" or name.startswith("on") for name in attributes), (path, tag)
                assert tag != "script" or attributes["src"].startswith("/admin/assets/"), path


def test_every_page_has_one_heading_a_title_and_the_banner(example: dict[str, str]) -> None:
    for path, html in example.items():
        if path.endswith(".html") and not path.startswith("site/"):
            assert html.count("<h1") == 1, path
            assert html.count("<main ") == 1, path
            assert "Read-only" in html, path
            assert re.search(r"<title>[^<]+ · modelspec</title>", html), path


def test_a_card_says_region_and_head_by_name_and_code(tmp_path: Path) -> None:
    models = pages_of(compiled(tmp_path, ATLAS))["models.html"]
    assert '<dd data-field="region" data-region="eu" dir="auto">Europe (eu)</dd>' in models
    assert '<dd data-field="head" data-head="head-eu">head-eu (eu)</dd>' in models
    assert '<article class="card" data-model="atlas" data-status="active">' in models
    assert '<span data-field="host">atlas.example.com:8443</span>' in models
    assert 'data-copy="https://atlas.example.com:8443/v1" data-of="endpoint"' in models
    assert '<output id="count" aria-live="polite">1 model</output>' in models


def test_facets_count_what_occurs(tmp_path: Path) -> None:
    local = {**ATLAS, "model_id": "local", "local_inference": True, "fallback_heads": [], "tags": ["b", "a"]}
    del local["endpoint"]
    models = pages_of(compiled(tmp_path, {**ATLAS, "tags": ["b"]}, local))["models.html"]
    found = {
        match[1]: re.findall(r'value="([^"]*)".*?class="count">([^<]*)<', match[2])
        for match in re.finditer(r'<fieldset data-facet="(\w+)">(.*?)</fieldset>', models, re.DOTALL)
    }
    assert found == {
        "region": [("eu", "2")],
        "head": [("head-eu", "2")],
        "provider": [("openai", "2")],
        "status": [("active", "2")],
        "local": [("yes", "1"), ("no", "1")],
        "tag": [("b", "2"), ("a", "1")],
        "reach": [("-eu", "1"), ("eu", "2"), ("uk", "1")],
        "residency": [("kept", "2")],
        "risk": [("one-head", "1")],
        "key": [("env:ATLAS_KEY", "2")],
        "host": [("10.0.0.1:8000", "1"), ("atlas.example.com:8443", "1")],
        "upstream_region": [("eu", "1"), ("unknown", "1")],
    }


def test_a_huge_facet_is_cut(tmp_path: Path) -> None:
    tags = [f"tag-{number:03}" for number in range(MOST_OPTIONS + 1)]
    models = pages_of(compiled(tmp_path, {**ATLAS, "tags": tags}))["models.html"]
    assert f"tag-{MOST_OPTIONS - 1:03}</span><span" in models
    assert f"tag-{MOST_OPTIONS:03}</span><span" not in models
    assert "and 1 more: search for tag:…" in models


def test_a_model_page_words_every_kind_of_reference(tmp_path: Path) -> None:
    deployments = [
        {
            "endpoint": {"env": "ATLAS_URL"},
            "api_key": {"file": "/run/secrets/atlas"},
            "order": 1,
        },
        {
            "endpoint": "https://b.example.com/v1",
            "region": "uk",
            "api_key": {"vault": "kv/atlas#key"},
            "order": 2,
            "weight": 3,
            "rpm": 1000,
            "tpm": 1,
            "params": {"api_version": "v1", "stream": True, "project": {"env": "PROJECT"}},
            "request": {"max_tokens": 4096, "extra_headers": {"X-Title": "Fleet"}},
            "model_info": {"mode": "rerank"},
        },
        {
            "provider": "bedrock",
            "params": {"aws_region_name": "eu-west-2"},
            "api_key": {"kubernetes": {"secret": "atlas", "key": "token"}},
        },
    ]
    model = {**ATLAS, "deployments": deployments}
    del model["endpoint"], model["api_key"]
    found = page(tmp_path, "atlas", model)
    text = words(found)
    for part in (
        "environment variable ATLAS_URL",
        "file /run/secrets/atlas",
        "Vault kv/atlas#key",
        "Kubernetes secret atlas, key token",
        "chosen by the provider's settings",
        "1,000 requests a minute",
        "1 token a minute",
        "environment variable PROJECT",
        "Adds max_tokens",
        "4096",
        '{"X-Title": "Fleet"}',
        "rerank",
        "Upstream: b.example.com",
        "head-uk keeps the rule because it lies here",
        "b.example.com runs here, known by deployments[].region",
    ):
        assert part in text, part
    assert "<dd><bdi>true</bdi></dd>" in found
    assert found.count('data-of="endpoint"') == 1


def test_a_model_page_shows_its_whole_route(tmp_path: Path) -> None:
    model = {
        **ATLAS,
        "load_balancing": {
            "policy": "least_request",
            "weights": {"head-eu": 2, "head-eu-2": 1, "head-uk": 1},
        },
        "fallback_heads": [],
        "aliases": ["titan"],
        "limits": {"rpm": 5, "first_byte_seconds": 900},
        "retry_on": [429, 500],
        "hedge": True,
        "access": {"visibility": "private", "groups": ["research"], "client_regions": ["eu"]},
        "tags": ["chat"],
        "metadata": {"owner": "team", "nested": {"a": [1]}},
    }
    found = page(tmp_path, "atlas", model)
    text = words(found)
    assert all(f"<bdi>{status}</bdi>" in found for status in (429, 500))
    for part in (
        "least requests",
        "head-eu (eu): weight 2",
        "titan",
        "5 requests a minute",
        "within 900 seconds",
        "a second head is asked when the first is late",
        "private",
        "research",
        "First head-eu Europe (eu) · weight 2 head-uk United Kingdom (uk) · weight 1",
        "Fallback 1 head-eu-2 Europe (eu) · draining",
        "models.d/0.yaml, line 1",
    ):
        assert part in text, part
    assert re.search(
        '<dt dir="auto"><bdi>owner</bdi></dt><dd><a href="/admin/owners/team-[0-9a-f]+.html">', found
    )
    assert '<dt dir="auto"><bdi>nested</bdi></dt><dd><code>{&#34;a&#34;: [1]}</code></dd>' in found


def test_fallback_models_are_linked_in_both_directions(tmp_path: Path) -> None:
    wildcard = {**ATLAS, "model_id": "wide/*"}
    user = {
        **ATLAS,
        "model_id": "user",
        "fallback_models": {"error": ["titan", "wide/one"], "context_window": ["atlas"]},
    }
    pages = pages_of(compiled(tmp_path, {**ATLAS, "aliases": ["titan"]}, wildcard, user))
    assert (
        '<a href="/admin/models/atlas.html" data-model="atlas"><bdi>titan</bdi></a>'
        in pages["models/user.html"]
    )
    wide = '<a href="/admin/models/wide/=2a.html" data-model="wide/*"><bdi>wide/one</bdi></a>'
    assert wide in pages["models/user.html"]
    assert words(pages["models/atlas.html"]).count("Models that fall back to this one user") == 1
    assert "every name that begins with wide/" in words(pages["models/wide/=2a.html"])
    assert "through the fallback model titan" in words(pages["models/user.html"])


def test_long_lists_of_users_are_cut(tmp_path: Path) -> None:
    users = [{**ATLAS, "model_id": f"user-{n:02}", "fallback_models": ["atlas"]} for n in range(61)]
    pages = pages_of(compiled(tmp_path, ATLAS, *users))
    rest = '<a href="/admin/models.html?q=fallback_model%3Aatlas"><bdi>and 11 more</bdi></a>'
    assert f"user-49</bdi></a></li><li>{rest}</li>" in pages["models/atlas.html"]


def test_the_page_explains_a_status(tmp_path: Path) -> None:
    pages = pages_of(
        compiled(
            tmp_path,
            {**ATLAS, "model_id": "off", "status": "disabled"},
            {
                **ATLAS,
                "model_id": "old",
                "status": "deprecated",
                "sunset": "2027-01-01",
                "replaced_by": "new",
            },
            {**ATLAS, "model_id": "older", "status": "deprecated"},
            {**ATLAS, "model_id": "new"},
        )
    )
    assert "This model is disabled: requests for it get 404." in pages["models/off.html"]
    assert "Requests for this model are not sent anywhere." in pages["models/off.html"]
    assert "deprecated and will be removed on 2027-01-01." in pages["models/old.html"]
    assert '<a href="/admin/models/new.html" data-model="new"><bdi>new</bdi></a>' in pages["models/old.html"]
    assert "This model is deprecated." in pages["models/older.html"]
    assert "remark" not in pages["models/new.html"]


def test_a_model_without_any_head_in_service_says_so(tmp_path: Path) -> None:
    routing = compiled(tmp_path, ATLAS)
    alone = replace(routing, routes=tuple(replace(route, tiers=(), reach=()) for route in routing.routes))
    html = pages_of(alone)["models/atlas.html"]
    assert "No head of this model is in service: requests for it fail." in html
    assert "Offline: not used head-eu Europe (eu) head-uk" in words(html)


def test_a_local_model_names_its_place_on_each_head(tmp_path: Path) -> None:
    model = {**ATLAS, "local_inference": True, "fallback_heads": []}
    del model["endpoint"]
    text = words(page(tmp_path, "atlas", model))
    assert "local inference" in text
    assert "Upstream: on head-eu (eu)" in text
    assert "First head-eu Europe (eu) runs it at 10.0.0.1:8000" in text


def test_without_locations_there_is_no_map(tmp_path: Path) -> None:
    regions = REGIONS.replace(", location: {latitude: 50, longitude: 8}", "")
    assert "map-svg" not in pages_of(compiled(tmp_path, ATLAS, regions=regions))["regions.html"]


def test_the_dashboard_counts(tmp_path: Path) -> None:
    text = words(pages_of(compiled(tmp_path, ATLAS))["index.html"])
    assert "1 model 1 active" in text
    assert "3 regions 1 with a residency rule" in text
    assert "4 heads 2 active, 1 draining, 1 offline" in text


def test_a_clean_build_says_so(tmp_path: Path) -> None:
    assert "No warnings." in pages_of(compiled(tmp_path, ATLAS))["index.html"]


def test_the_highest_bars_are_shown_of_many(tmp_path: Path) -> None:
    heads = "heads:\n" + "".join(
        f'  - {{head_id: head-{n}, region: eu, url: "https://h-{n}.example.net"}}\n' for n in range(42)
    )
    model = {**ATLAS, "priority_head": "head-41", "fallback_heads": []}
    dashboard = pages_of(compiled(tmp_path, model, heads=heads))["index.html"]
    assert "and 2 heads with less" in dashboard
    assert "head-41 (eu)" in dashboard
    assert "head-40 (eu)" not in dashboard


def test_the_banner_names_the_commit_and_where_changes_are_made(tmp_path: Path) -> None:
    routing = compiled(tmp_path, ATLAS)
    context = SiteContext(
        commit="0123456789abcdef0123",
        commit_date="2026-01-02",
        repository=repository_of({"url": "https://git.example.net/fleet.git", "forge": "github"}),
    )
    with_all = pages_of(routing, context)
    assert "generated by modelspec from commit 0123456789ab of 2026-01-02." in words(with_all["index.html"])
    assert (
        '<a href="https://git.example.net/fleet">the configuration repository</a>' in with_all["index.html"]
    )
    assert "form-action 'self' https://git.example.net" in unescape(with_all["index.html"])
    assert "https://git.example.net/fleet/edit/main/models.d/0.yaml" in with_all["models/atlas.html"]
    assert "propose.html?model=atlas&amp;action=delete" in with_all["models/atlas.html"]
    without = pages_of(routing)
    assert "Changes are made in the configuration repository, by pull request." in words(
        without["index.html"]
    )
    assert "form-action 'self'" in unescape(without["index.html"])
    assert "Edit or delete it in the configuration repository, by pull request." in words(
        without["models/atlas.html"]
    )


def test_every_url_begins_with_the_base_path(tmp_path: Path) -> None:
    for path, html in pages_of(compiled(tmp_path, ATLAS), SiteContext(base_path="/llm/")).items():
        if path.endswith(".html") and not path.startswith("site/"):
            outline = Outline(html)
            addresses = [
                *outline.attributes("a", "href"),
                *outline.attributes("link", "href"),
                *outline.attributes("script", "src"),
            ]
            assert all(address.startswith(("/llm/admin/", "#")) for address in addresses), path


def test_hostile_text_is_shown_as_text(tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>"
    model = {
        **ATLAS,
        "model_id": "a/b:c@d/e~f+g",
        "name": evil,
        "tags": [evil],
        "metadata": {evil: evil},
        "upstream_model": evil,
    }
    regions = REGIONS.replace("United Kingdom", "<b>UK</b>")
    pages = pages_of(compiled(tmp_path, model, regions=regions))
    for path, html in pages.items():
        if path.endswith(".html"):
            tags = Outline(html).tags
            assert "img" not in {tag for tag, _ in tags}, path
            assert "b" not in {tag for tag, _ in tags}, path
            assert all(attributes.get("src") for tag, attributes in tags if tag == "script"), path
    assert evil in Outline(pages["models/a/b=3ac@d/e~f+g.html"]).text
    assert 'href="/admin/models/a/b=3ac%40d/e~f%2Bg.html"' in pages["models.html"]
    assert evil in Outline(pages["models.html"]).text


def test_two_builds_are_the_same_and_can_be_written(tmp_path: Path) -> None:
    repository = tmp_path / "fleet"
    repository.mkdir()
    compiled(repository, ATLAS)
    (repository / "modelspec.yaml").write_text("base_path: /llm\n", encoding="utf-8")
    result = compile_fleet(repository, today=date(2026, 1, 1))
    prepared = emission_of(result, commit="abc", commit_date=None)
    write_files(prepared, tmp_path / "dist")
    assert stale_files(prepared, tmp_path / "dist") == []
    text = (tmp_path / "dist/site/admin/models.html").read_text(encoding="utf-8")
    assert "/llm/admin/models/atlas.html" in text
    assert "from commit abc." in words((tmp_path / "dist/site/admin/index.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("given", "kept"), [("/", "/"), ("/llm", "/llm/"), ("/llm/", "/llm/"), ("/a/b", "/a/b/")]
)
def test_a_base_path_has_a_normal_form(given: str, kept: str) -> None:
    assert with_slashes(given) == kept


def test_a_repository_is_read_from_settings() -> None:
    assert repository_of(None) is None
    assert repository_of({"url": "https://x.example"}) == ForgeRepository(
        url="https://x.example", branch="main"
    )
    full = {
        "url": "https://x.example",
        "branch": "dev",
        "forge": "gitea",
        "templates": {"view": "https://v.example"},
    }
    assert repository_of(full) == ForgeRepository(
        url="https://x.example", branch="dev", forge="gitea", templates={"view": "https://v.example"}
    )
