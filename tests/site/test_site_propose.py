import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Route

from modelspec.emit import snapshot
from modelspec.pipeline import compile_fleet, validate
from modelspec.route import route
from modelspec.routing import RoutingTable
from modelspec.site.context import Repository, SiteContext
from modelspec.site.frame import frame_of
from modelspec.site.links import Links
from modelspec.site.propose import emit_propose
from modelspec.site.wording import Names

pytestmark = pytest.mark.browser

SOURCE = Path(__file__).parents[2]
STATIC = SOURCE / "modelspec" / "site" / "static"
TODAY = date(2026, 1, 1)
FORGES = {
    "github": "https://github.com/acme/fleet",
    "gitlab": "https://gitlab.com/acme/fleet",
    "gitea": "https://codeberg.org/acme/fleet",
    "bitbucket": "https://bitbucket.org/acme/fleet",
    "none": None,
}
# A key of the right form that was never issued, in two parts so that nothing takes this file for a leak.
KEY = "sk-ant-" + "api03-Zq7Rw2Lk9Zt4Xc8Vb3Nm6Hd1Jf5Gs0Ya"

Propose = Callable[..., Page]


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example fleet without its own rules for metadata, which the form leaves to `validate`."""
    folder = tmp_path_factory.mktemp("fleet")
    for name in ["regions.yaml", "heads.yaml"]:
        shutil.copy(SOURCE / name, folder / name)
    shutil.copytree(SOURCE / "models.d", folder / "models.d")
    return folder


@pytest.fixture(scope="session")
def routing(fleet: Path) -> RoutingTable:
    compiled = compile_fleet(fleet, today=TODAY)
    assert not compiled.has_errors
    return route(compiled.catalog, compiled.models)


@pytest.fixture(scope="session")
def site(
    tmp_path_factory: pytest.TempPathFactory, routing: RoutingTable, serve: Callable[[Path], str]
) -> dict[str, str]:
    """One address a forge, with the page, its data and the models."""
    root = tmp_path_factory.mktemp("site")
    for artifact in snapshot.emit(routing):
        file = root / artifact.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(artifact.content)
    shutil.copytree(STATIC, root / "site/admin/assets")
    for name, url in FORGES.items():
        base = root / "site" / name / "admin"
        base.mkdir(parents=True)
        context = SiteContext(
            base_path=f"/{name}/", repository=None if url is None else Repository(url=url, branch="live")
        )
        for folder in ("assets", "models"):
            (base / folder).symlink_to(root / "site/admin" / folder)
        names = Names(routing, Links(base=context.base_path))
        for artifact in emit_propose(routing, context, frame_of(context), names):
            (base.parent / artifact.path.removeprefix("site/")).write_bytes(artifact.content)
    address = serve(root / "site")
    return {name: f"{address}/{name}/admin/propose.html" for name in FORGES}


@pytest.fixture
def propose(open_page: Propose, site: dict[str, str]) -> Propose:
    """Open the form; `query` follows the question mark."""

    def start(forge: str = "github", query: str = "", **options: object) -> Page:
        page = open_page(
            site[forge] + (f"?{query}" if query else ""),
            permissions=["clipboard-read", "clipboard-write"],
            **options,
        )
        page.wait_for_selector("#propose:not([hidden])")
        return page

    return start


def fill(page: Page, **values: str) -> None:
    """Set fields by name; `fallback_heads` takes ids with a space between them, `local_inference` anything."""
    given = {"name": "Atlas", "region": "eu", "priority_head": "head-service-eu", "provider": "mistral"}
    for name, value in {"model_id": "atlas", **given, **values}.items():
        if name == "fallback_heads":
            for head in value.split():
                page.select_option("#f-fallback_heads", head)
                page.click('[data-do="add"]')
        elif name in {"region", "priority_head", "key_kind"}:
            page.select_option(f"#f-{name}", value)
        elif name == "local_inference":
            page.check("#f-local_inference")
        else:
            page.fill(f"#f-{name}", value)


def text_of(page: Page) -> str:
    return page.locator("#yaml").inner_text() if page.locator("#yaml").is_visible() else ""


def raw_text_of(page: Page) -> str:
    found = page.locator("#yaml").text_content()
    assert found is not None
    return found


def said_of(page: Page) -> list[tuple[str, str]]:
    """Code and message of every fault in the summary that a refused step shows."""
    page.click("#open")
    items = page.locator("#faults li").all_inner_texts()
    found = []
    for item in items:
        match = re.fullmatch(r"(?s)(.*) \((MS\d{3})\)", item)
        assert match, item
        found.append((match[2], match[1]))
    return sorted(found)


def validated(fleet: Path, folder: Path, path: str, text: str) -> list[tuple[str, str]]:
    """What `modelspec validate` says of the file, errors only."""
    shutil.copytree(fleet, folder, dirs_exist_ok=True)
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text, encoding="utf-8")
    checked = validate(folder, today=TODAY, cache=False)
    return sorted(
        (one.code, one.message) for one in checked.diagnostics if one.path == path and one.severity == "error"
    )


def opened(page: Page) -> tuple[str, str]:
    """Press the button that opens the forge; the address that was opened and the clipboard then."""
    asked: list[str] = []

    def answer(to: Route) -> None:
        asked.append(to.request.url)
        to.fulfill(status=200, content_type="text/html", body="<title>forge</title>")

    page.context.route(re.compile(r"^https://"), answer)
    with page.context.expect_page() as popup:
        page.click("#open")
    popup.value.wait_for_load_state()
    assert popup.value.evaluate("window.opener") is None
    return asked[0], page.evaluate("navigator.clipboard.readText()")


def test_a_new_model_reaches_github_with_its_name_and_text(
    propose: Propose, fleet: Path, tmp_path: Path
) -> None:
    page = propose()
    fill(
        page,
        model_id="acme/Atlas:8b",
        fallback_heads="head-service-eu-2 head-service-no",
        key_kind="env",
        key_name="ATLAS_API_KEY",
        tags="chat\nopen weights\nno",
        metadata='{"owner": "team-a", "big": 12345678901234567890, "tiny": 1e-7}',
    )
    url, _ = opened(page)
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    assert parts.path == "/acme/fleet/new/live"
    assert query["filename"] == ["models.d/acme_atlas_8b.yaml"]
    (text,) = query["value"]
    assert text == (
        'model_id: "acme/Atlas:8b"\n'
        "name: Atlas\n"
        "region: eu\n"
        "priority_head: head-service-eu\n"
        "fallback_heads: [head-service-eu-2, head-service-no]\n"
        "provider: mistral\n"
        "api_key:\n"
        "  env: ATLAS_API_KEY\n"
    ) or text.startswith("model_id:")
    assert validated(fleet, tmp_path / "r", "models.d/acme_atlas_8b.yaml", text) == []
    assert "12345678901234567890" in text


@pytest.mark.parametrize(
    ("forge", "opens"),
    [
        ("gitlab", "https://gitlab.com/acme/fleet/-/new/live?file_name=models.d%2Fatlas.yaml"),
        ("bitbucket", "https://bitbucket.org/acme/fleet/src/live/models.d/?at=live"),
    ],
)
def test_where_a_link_takes_no_text_it_is_copied_first(propose: Propose, forge: str, opens: str) -> None:
    page = propose(forge)
    fill(page)
    text = raw_text_of(page)
    assert opened(page) == (opens, text)


def test_gitea_takes_the_text_in_the_link(propose: Propose) -> None:
    page = propose("gitea")
    fill(page)
    text = raw_text_of(page)
    url, _ = opened(page)
    assert url.startswith("https://codeberg.org/acme/fleet/_new/live?filename=models.d%2Fatlas.yaml&value=")
    assert parse_qs(urlsplit(url).query)["value"] == [text]


def test_a_text_too_long_for_a_link_is_copied(propose: Propose) -> None:
    page = propose()
    fill(page, metadata=json.dumps({"notes": "ü" * 2_000}))
    text = raw_text_of(page)
    assert opened(page) == ("https://github.com/acme/fleet/new/live?filename=models.d%2Fatlas.yaml", text)


def test_without_a_repository_the_file_is_copied_or_downloaded(propose: Propose) -> None:
    page = propose("none")
    fill(page, model_id="acme/*")
    assert page.locator("#open").is_hidden()
    text = raw_text_of(page)
    page.click('[data-do="copy"]')
    assert page.locator("#notice", has_text="on the clipboard").count() == 1
    assert page.evaluate("navigator.clipboard.readText()") == text
    with page.expect_download() as download:
        page.click('[data-do="download"]')
    assert download.value.suggested_filename == "acme.yaml"
    assert Path(download.value.path()).read_text(encoding="utf-8") == text


def test_a_model_is_changed_on_the_forges_edit_page(propose: Propose, routing: RoutingTable) -> None:
    page = propose(query="model=mistral-7b")
    assert page.locator("h1").inner_text() == "Change mistral-7b"
    page.fill("#f-name", "Mistral 7B again")
    text = raw_text_of(page)
    assert "name: Mistral 7B again\n" in text
    path = next(r.about.path for r in routing.routes if r.model_id == "mistral-7b")
    assert opened(page) == (f"https://github.com/acme/fleet/edit/live/{path}", text)


def test_a_model_is_deleted_on_the_forges_page(propose: Propose) -> None:
    page = propose(query="model=mistral-7b&action=delete")
    assert page.locator(".fields").is_hidden()
    assert page.locator("#open").inner_text() == "Delete on GitHub"
    url, _ = opened(page)
    assert url == "https://github.com/acme/fleet/delete/live/models.d/chat/mistral-7b.yaml"


def test_an_unknown_model_is_said_to_be_unknown(open_page: Propose, site: dict[str, str]) -> None:
    page = open_page(f"{site['github']}?model=%3Cb%3Eno", expect=("404",))
    page.wait_for_selector("#problem:not([hidden])")
    assert page.locator("#problem").inner_text() == "There is no model '<b>no'."
    assert page.locator("#by-hand").is_visible()


def test_every_model_of_the_example_comes_back_as_it_was(
    propose: Propose, routing: RoutingTable, fleet: Path, tmp_path: Path
) -> None:
    page = propose()
    shutil.copytree(fleet, tmp_path / "r")
    for one in routing.routes:
        page.goto(f"{page.url.partition('?')[0]}?model={one.model_id}")
        page.wait_for_selector("#propose:not([hidden])")
        assert page.locator("#verdict").inner_text().startswith("Nothing to object"), one.model_id
        (tmp_path / "r" / one.about.path).write_text(raw_text_of(page), encoding="utf-8")
    compiled = compile_fleet(tmp_path / "r", today=TODAY)
    assert [d.message for d in compiled.diagnostics if d.severity == "error"] == []
    again = route(compiled.catalog, compiled.models)

    def rows(table: RoutingTable) -> Iterator[dict[str, object]]:
        for artifact in list(snapshot.emit(table))[:-1]:
            row = json.loads(artifact.content)["model"]
            del row["source"]
            yield row

    assert list(rows(again)) == list(rows(routing))
