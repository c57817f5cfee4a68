"""Pages of regions, heads, keys and owners: what stands on them is what the table says."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from test_site_pages import ATLAS, Outline, compiled, pages_of
from test_site_pages import words as _words

from modelspec.fleet.model import KeyRule
from modelspec.fleet.reference import Reference
from modelspec.site import SiteContext
from modelspec.site.emit import emit
from modelspec.site.forges import repository_of
from modelspec.site.listing import FEWER_MODELS, MOST_MODELS
from modelspec.site.wording import slug

ALONE: Mapping[str, object] = {
    **ATLAS,
    "model_id": "alone",
    "fallback_heads": [],
    "metadata": {"team": "blue"},
    "access": {"client_regions": ["uk"]},
}
LOCAL: Mapping[str, object] = {
    **{field: value for field, value in ATLAS.items() if field != "endpoint"},
    "model_id": "local",
    "local_inference": True,
    "fallback_heads": [],
    "fallback_models": ["atlas"],
}


def words(html: str) -> str:
    """The text of a page; cells are apart."""
    return _words(re.sub("</(?:dt|dd|th|td|p|h2)>", " ", html))


CONTEXT = SiteContext(
    repository=repository_of({"url": "https://gitlab.example.net/fleet", "branch": "main"}),
    head_lines={"head-eu": 4},
    region_lines={"eu": 3},
    edges=(("edge-eu", "eu"), ("edge-eu-2", "eu")),
    unproved={"alone": ("atlas.example.com",)},
    key_policy=(KeyRule(key=Reference.of({"env": "ATLAS_*"}), hosts=("atlas.example.com",)),),
    targets=("litellm",),
)


@pytest.fixture(scope="module", name="site")
def _site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    model = {**ATLAS, "metadata": {"owner": "red & blue"}, "upstream_region": "uk"}
    cohere = {**ATLAS, "model_id": "cohere", "region": "uk", "priority_head": "head-uk", "provider": "cohere"}
    del cohere["endpoint"], cohere["fallback_heads"]
    return pages_of(compiled(tmp_path_factory.mktemp("places"), model, ALONE, LOCAL, cohere), CONTEXT)


def test_a_region_says_what_may_leave_it_and_why(site: dict[str, str]) -> None:
    text = words(site["regions/eu.html"])
    assert "Residency Requests may be served only in Europe (eu) and United Kingdom (uk)." in text
    assert "Edges edge-eu edge-eu-2" in text
    assert "Clients here may call 3 of 4 models" in text
    assert "United Kingdom (uk) 2 heads 1, fallback models 1 yes" in text
    assert "An unknown place 1 atlas.example.com not proved" in text
    assert 'href="/admin/models.html?region=eu&amp;reach=uk"' in site["regions/eu.html"]
    assert 'href="/admin/models.html?region=eu&amp;residency=unknown"' in site["regions/eu.html"]


def test_a_region_says_whose_requests_may_come_here(site: dict[str, str]) -> None:
    text = words(site["regions/uk.html"])
    assert "Whose requests may come here Models of Models Europe (eu) 2" in text
    assert "Allowed by the rules of Europe (eu)" in text
    assert "No model of this region reaches another." in text
    empty = words(site["regions/sg.html"])
    assert "This region has no heads." in empty
    assert "No model of another region reaches this one." in empty


def test_a_region_shows_where_its_models_go_when_it_is_down(site: dict[str, str]) -> None:
    text = words(site["regions/eu.html"])
    assert "If all are down 2 models without service 1 model to head-uk 1 model would leave their own" in text
    assert "If it is down 2 models without service 1 model to head-uk" in words(site["heads/head-eu.html"])
    assert "If it is down" not in site["heads/head-eu-2.html"]


def test_a_region_shows_what_counts_as_it(tmp_path: Path) -> None:
    claims = "{hosts: ['*.example.org'], variables: [EU_URL], clouds: {aws: [eu-west-1]}}"
    regions = f"regions:\n  - {{code: eu, name: Europe, upstreams: {claims}}}\n  - {{code: uk, name: UK}}\n"
    text = words(pages_of(compiled(tmp_path, ATLAS, regions=regions))["regions/eu.html"])
    assert "Hosts that count as here *.example.org" in text
    assert "Variables that count as here EU_URL" in text
    assert "Regions of aws that count as here eu-west-1" in text


def test_a_head_shows_its_facts_its_keys_and_its_models(site: dict[str, str]) -> None:
    html = site["heads/head-eu.html"]
    text = words(html)
    for part in (
        "Region Europe (eu)",
        "Edges in its region edge-eu edge-eu-2",
        "URL https://eu.example.net",
        "Health check /health",
        "Inference server http://10.0.0.1:8000/v1",
        "Serves 3 models first 0 as a fallback",
        "Capacity 4 units, 0.8 first models per unit",
        "Needs the keys environment variable ATLAS_KEY",
        "No other head (2)",
        "Served first (3)",
        "modelspec head drain head-eu",
        "modelspec head offline head-eu",
    ):
        assert part in text, part
    assert "head activate" not in text
    assert "Served as a fallback" not in text
    assert 'href="https://gitlab.example.net/fleet/-/blob/main/heads.yaml#L4"' in html
    assert 'href="https://gitlab.example.net/fleet/-/edit/main/heads.yaml"' in html
    assert "Draining: it is tried only after" in words(site["heads/head-eu-2.html"])
    assert "modelspec head activate head-eu-3" in words(site["heads/head-eu-3.html"])


def test_a_key_shows_where_it_goes(site: dict[str, str]) -> None:
    html = site[f"keys/{slug('env:ATLAS_KEY')}.html"]
    text = words(html)
    for part in (
        "Written as {env: ATLAS_KEY}",
        "Used as api_key",
        "key_policy {env: ATLAS_*}: atlas.example.com",
        "Heads that need it head-eu (eu) head-uk (uk)",
        "atlas.example.com:8443 2 yes",
        "10.0.0.1:8000 1 no: waived",
        "api.cohere.com 1 no: waived",
        "api.cohere.ai 1 no: waived",
        "Models that use it (4)",
    ):
        assert part in text, part
    assert "/admin/models.html?key=env%3AATLAS_KEY&amp;host=api.cohere.ai" in html
    assert (
        "environment variable ATLAS_KEY atlas.example.com:8443, api.cohere.com, api.cohere.ai, and 1 more 4 2 covered"
        in words(site["keys.html"])
    )


def test_a_key_that_no_policy_names_may_go_anywhere(tmp_path: Path) -> None:
    model = {**ATLAS, "endpoint": {"env": "ATLAS_URL"}, "params": {"project": {"env": "PROJECT"}}}
    routing = compiled(tmp_path, model)
    text = words(pages_of(routing)[f"keys/{slug('env:PROJECT')}.html"])
    assert "Used as project" in text
    assert "No entry names it: it may go to any host." in text
    covered = pages_of(routing, CONTEXT)[f"keys/{slug('env:ATLAS_KEY')}.html"]
    assert "environment variable ATLAS_URL 1 decided by the environment" in words(covered)


def test_an_owner_shows_models_without_a_second_head_first(site: dict[str, str]) -> None:
    blue = words(site[f"owners/{slug('blue')}.html"])
    assert "Models 1 active" in blue
    assert "Heads head-eu (eu)" in blue
    assert "Keys environment variable ATLAS_KEY" in blue
    assert (
        blue.index("Without a second head (1)")
        < blue.index("Residency not proved (1)")
        < blue.index("Models (1)")
    )
    red = words(site[f"owners/{slug('red & blue')}.html"])
    assert "Without a second head" not in red
    listed = words(site["owners.html"])
    assert "2 of 4 models name no owner." in listed
    assert "blue 1 1 1 1" in listed
    assert "red & blue 1 0 0 1" in listed


def test_the_lists_lead_to_every_page(site: dict[str, str]) -> None:
    for name in ("regions", "heads", "keys", "owners"):
        hrefs = {*Outline(site[f"{name}.html"]).attributes("a", "href")}
        pages = {path for path in site if path.startswith(f"{name}/")}
        assert pages
        assert {f"/admin/{path}" for path in pages} <= hrefs


def test_every_head_region_and_model_has_its_hook(site: dict[str, str]) -> None:
    for path, html in site.items():
        if not path.endswith(".html") or path.startswith(
            ("site/", "models.html", "models/index", "index.html")
        ):
            continue
        for kind in ("regions", "heads", "models"):
            without_map = re.sub("<svg.*?</svg>", "", html, flags=re.DOTALL)
            for link in re.findall(
                rf'(?:<tr [^>]+><th scope="row">)?<a[^>]* href="/admin/{kind}/[^"]+[.]html"[^>]*>',
                without_map,
            ):
                assert f"data-{kind[:-1]}=" in link or "class=" in link, (path, link)


def test_gitlab_has_merge_requests(site: dict[str, str], tmp_path: Path) -> None:
    assert all("by merge request" in html for path, html in site.items() if path.startswith("regions/"))
    assert "by pull request" in pages_of(compiled(tmp_path, ATLAS))["regions/eu.html"]


def test_pages_stay_small_however_many_models_there_are(tmp_path: Path) -> None:
    metadata = {"owner": "everybody"}
    models = [{**ATLAS, "model_id": f"m-{n:04}", "name": f"N{n}", "metadata": metadata} for n in range(450)]
    pages = pages_of(compiled(tmp_path, *models))
    for path in ("regions/eu.html", "heads/head-uk.html", f"owners/{slug('everybody')}.html"):
        shown = pages[path].count("<tr data-model=")
        assert shown == (FEWER_MODELS if "head" in path else MOST_MODELS)
        assert f"{450 - shown} more: find them on the Models page" in pages[path]
        assert len(pages[path].encode()) < 100_000
    assert len(pages["heads.html"].encode()) < 10_000
    assert len(pages["models/m-0001.html"].encode()) < 10_000


def test_without_owners_the_list_says_so(tmp_path: Path) -> None:
    text = words(pages_of(compiled(tmp_path, ATLAS))["owners.html"])
    assert "1 of 1 models name no owner." in text
    assert "There are none." in text


def test_a_route_is_drawn_with_what_it_falls_back_to(tmp_path: Path) -> None:
    deployments = [
        {"endpoint": "https://a.example.com/v1", "order": 1, "weight": 2, "region": "uk"},
        {"endpoint": {"env": "LATER_URL"}, "order": 2, "provider": "azure", "params": {"api_version": "v1"}},
    ]
    many = [f"other-{n:02}" for n in range(14)]
    model = {
        **{field: value for field, value in ATLAS.items() if field not in ("endpoint", "api_key")},
        "fallback_heads": ["head-eu-2", "head-uk", "head-eu-3"],
        "deployments": deployments,
        "fallback_models": {"error": ["off"], "context_window": many},
    }
    others = [{**ATLAS, "model_id": name, "upstream_region": "uk"} for name in many]
    off = {**ATLAS, "model_id": "off", "status": "disabled"}
    html = pages_of(compiled(tmp_path, model, off, *others))["models/atlas.html"]
    text = words(html)
    for part in (
        "Fallback 1 head-uk United Kingdom (uk) Fallback 2 head-eu-2 Europe (eu) · draining",
        "Offline: not used head-eu-3 Europe (eu) · offline",
        "Each head calls a.example.com United Kingdom (uk) · weight 2 · openai",
        "After that environment variable LATER_URL azure",
        "On an error: another model off disabled",
        "Request too long: another model other-00 other-01",
        "and 2 more",
    ):
        assert part in text, part
    drawing = html[html.index('<div class="route') :]
    assert '<a class="box is-active" href="/admin/heads/head-eu.html" data-head="head-eu">' in drawing
    assert '<a class="box is-offline" href="/admin/heads/head-eu-3.html" data-head="head-eu-3">' in drawing
    assert '<a class="box is-disabled" href="/admin/models/off.html" data-model="off">' in drawing
    assert '<a class="box" href="/admin/models.html?host=a.example.com">' in drawing


def test_a_local_model_leads_only_to_its_fallback_models(site: dict[str, str]) -> None:
    html = site["models/local.html"]
    assert '<div class="route is-local">' in html
    assert "runs it at 10.0.0.1:8000" in html
    assert "Each head calls" not in html
    assert "through the fallback model atlas" in words(html)


def test_a_model_says_what_is_not_proved(site: dict[str, str]) -> None:
    text = words(site["models/alone.html"])
    assert (
        "Requests may be served only in Europe (eu) and United Kingdom (uk). They may reach 1 region" in text
    )
    assert "head-eu keeps the rule because it lies here" in text
    assert "Not proved atlas.example.com Nothing declares where it runs" in text
    assert "Not proved" not in words(site["models/atlas.html"])


def test_a_model_is_edited_by_form_and_by_command(tmp_path: Path) -> None:
    html = pages_of(compiled(tmp_path, {**ATLAS, "model_id": "a/b~c+d"}))["models/a/b~c+d.html"]
    assert '<a class="button primary" href="/admin/propose.html?model=a%2Fb~c%2Bd">Edit</a>' in html
    assert "modelspec edit 'a/b~c+d'" in words(html)


def test_metadata_are_rows(tmp_path: Path) -> None:
    metadata = {"text": "a", "list": ["b", 3], "nested": [{"c": None}], "flag": True, "empty": []}
    html = pages_of(compiled(tmp_path, {**ATLAS, "metadata": metadata}))["models/atlas.html"]
    text = words(html)
    assert "text a list b 3" in text
    assert "flag true" in text
    shown = [
        json.loads(found) for found in re.findall("<dd><code>([^<]*)</code></dd>", html.replace("&#34;", '"'))
    ]
    assert [{"c": None}] in shown
    assert [] in shown


def _variants() -> Iterator[list[Mapping[str, object]]]:
    """A fleet, and the same with one change each that some page shows."""
    upstream = {"upstream_region": "uk"}
    fleet: list[Mapping[str, object]] = [
        {**ATLAS, **upstream, "metadata": {"owner": "red"}},
        {
            **ATLAS,
            **upstream,
            "model_id": "visitor",
            "region": "uk",
            "priority_head": "head-uk",
            "fallback_heads": [],
        },
        {
            **ATLAS,
            **upstream,
            "model_id": "third",
            "fallback_models": ["atlas"],
            "metadata": {"owner": "red"},
        },
    ]
    yield fleet
    changes: list[tuple[int, Mapping[str, object]]] = [
        (0, {"name": "Another name"}),
        (0, {"metadata": {"owner": "blue"}}),
        (0, {"status": "disabled"}),
        (0, {"api_key": {"env": "OTHER_KEY"}}),
        (0, {"endpoint": "https://other.example.com/v1"}),
        (0, {"upstream_region": "eu"}),
        (1, {"access": {"client_regions": ["uk"]}}),
        (1, {"fallback_heads": ["head-eu"]}),
        (1, {"upstream_region": "eu"}),
        (1, {"upstream_region": "eu", "fallback_heads": ["head-eu"]}),
        (1, {"upstream_region": "eu", "fallback_heads": ["head-eu-2"]}),
        (2, {"fallback_heads": ["head-eu-2"]}),
        (2, {"fallback_heads": []}),
        (2, {"fallback_models": []}),
        (2, {"region": "uk"}),
    ]
    for number, change in changes:
        yield [{**model, **change} if at == number else model for at, model in enumerate(fleet)]


def test_a_page_shows_nothing_that_it_is_not_made_of(tmp_path: Path) -> None:
    """Of any two states, a page that differs is made of something that differs: else it would be stale."""
    known: dict[tuple[str, str], bytes] = {}
    for number, models in enumerate(_variants()):
        folder = tmp_path / str(number)
        folder.mkdir()
        routing = compiled(folder, *models)
        digests = {route.model_id: repr(route) for route in routing.routes}
        for artifact in emit(routing, CONTEXT):
            if artifact.made_of is not None:
                key = artifact.path, repr([(one, digests.get(one)) for one in artifact.made_of])
                assert known.setdefault(key, artifact.content) == artifact.content, (models, artifact.path)
    assert len({path for path, _ in known}) > 12
