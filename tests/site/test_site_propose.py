import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from random import Random
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from playwright.sync_api import Browser, Page, Route
from test_site_axe import barriers

from modelspec.emit.tables import emit_snapshot
from modelspec.incremental import compile_fleet, validate
from modelspec.routing.route import route
from modelspec.routing.table import RoutingTable
from modelspec.secret import scan
from modelspec.site import FormFacts, SiteContext
from modelspec.site.forges import ForgeRepository
from modelspec.site.frame import frame_of
from modelspec.site.propose import emit_propose
from modelspec.site.wording import Links, Wording

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
# A key of the right form that was never issued, in two parts so that scanners do not report this file.
KEY = "sk-ant-" + "api03-Zq7Rw2Lk9Zt4Xc8Vb3Nm6Hd1Jf5Gs0Ya"

Propose = Callable[..., Page]


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example fleet without its metadata schema, which the form leaves to `validate`."""
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
    """One URL per forge, with the page, its data and the models."""
    root = tmp_path_factory.mktemp("site")
    for artifact in emit_snapshot(routing):
        file = root / artifact.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(artifact.content)
    shutil.copytree(STATIC, root / "site/admin/assets")
    for name, url in FORGES.items():
        base = root / "site" / name / "admin"
        base.mkdir(parents=True)
        context = SiteContext(
            base_path=f"/{name}/",
            repository=None if url is None else ForgeRepository(url=url, branch="live"),
            form=FormFacts(
                named=(("routes.test.yaml:8: tests[0]", "gemini"), ("waivers.yaml:3: waivers[0]", "gpt"))
            ),
        )
        for folder in ("assets", "models"):
            (base / folder).symlink_to(root / "site/admin" / folder)
        (base / "live").mkdir()
        for measured in ("status", "usage"):
            (base / "live" / f"{measured}.json").write_text("null")
        names = Wording(routing, Links(context.base_path))
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
    """Set fields by name; `fallback_heads` takes ids separated by spaces, `local_inference` anything."""
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
            if name == "metadata" and page.locator('[name="metadata_json"]').is_visible():
                page.check('[name="metadata_json"]')
            page.fill(f"#f-{name}", value)


def text_of(page: Page) -> str:
    found = page.locator("#yaml").text_content()
    assert found is not None
    return found


def said_of(page: Page) -> list[tuple[str, str]]:
    """Code and message of every fault in the summary of a rejected step."""
    page.click("#open")
    items = page.locator("#faults li").all_inner_texts()
    found = []
    for item in items:
        match = re.fullmatch(r"(?s)(.*) \((MS\d{3})\)", item)
        assert match, item
        found.append((match[2], match[1]))
    return sorted(found)


def validated(fleet: Path, folder: Path, path: str, text: str) -> list[tuple[str, str]]:
    """The errors that `modelspec validate` reports for the file."""
    shutil.copytree(fleet, folder, dirs_exist_ok=True)
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text, encoding="utf-8")
    checked = validate(folder, today=TODAY, cache=False)
    return sorted(
        (one.code, one.message) for one in checked.diagnostics if one.path == path and one.severity == "error"
    )


def opened(page: Page) -> tuple[str, str]:
    """Press the button that opens the forge; the opened URL and the clipboard."""
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
        "api_key: {env: ATLAS_API_KEY}\n"
        'tags: [chat, open weights, "no"]\n'
        "metadata:\n"
        "  owner: team-a\n"
        "  big: 12345678901234567890\n"
        "  tiny: 1.0e-7\n"
    )
    assert validated(fleet, tmp_path / "r", "models.d/acme_atlas_8b.yaml", text) == []


@pytest.mark.parametrize(
    ("forge", "opens"),
    [
        ("gitlab", "https://gitlab.com/acme/fleet/-/new/live?file_name=models.d%2Fatlas.yaml"),
        ("bitbucket", "https://bitbucket.org/acme/fleet/src/live/models.d/?at=live"),
    ],
)
def test_the_text_is_copied_first_if_a_link_cannot_contain_it(
    propose: Propose, forge: str, opens: str
) -> None:
    page = propose(forge)
    fill(page)
    text = text_of(page)
    assert opened(page) == (opens, text)


def test_gitea_accepts_the_text_in_the_link(propose: Propose) -> None:
    page = propose("gitea")
    fill(page)
    text = text_of(page)
    url, _ = opened(page)
    assert url.startswith("https://codeberg.org/acme/fleet/_new/live?filename=models.d%2Fatlas.yaml&value=")
    assert parse_qs(urlsplit(url).query)["value"] == [text]


def test_a_text_too_long_for_a_link_is_copied(propose: Propose) -> None:
    page = propose()
    fill(page, metadata=json.dumps({"notes": "ü" * 2_000}))
    text = text_of(page)
    assert opened(page) == ("https://github.com/acme/fleet/new/live?filename=models.d%2Fatlas.yaml", text)


def test_without_a_repository_the_file_is_copied_or_downloaded(propose: Propose) -> None:
    page = propose("none")
    fill(page, model_id="acme/*")
    assert page.locator("#open").is_hidden()
    text = text_of(page)
    page.click('[data-do="copy"]')
    page.locator("#notice", has_text="on the clipboard").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == text
    with page.expect_download() as download:
        page.click('[data-do="download"]')
    assert download.value.suggested_filename == "acme.yaml"
    assert Path(download.value.path()).read_text(encoding="utf-8") == text


def line_of(fleet: Path, start: str) -> int:
    """The line of mistral-7b.yaml that begins so, from 1."""
    lines = (fleet / "models.d/chat/mistral-7b.yaml").read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(start))


def test_a_change_is_a_command_and_opens_the_forges_editor(propose: Propose, fleet: Path) -> None:
    page = propose(query="model=mistral-7b")
    assert page.locator("h1").inner_text() == "Change mistral-7b"
    assert page.locator("#changes").is_hidden()
    page.fill("#f-name", "Mistral 7B again")
    assert text_of(page) == "modelspec edit mistral-7b 'name=Mistral 7B again'"
    assert page.locator("#changes tbody tr").all_inner_texts() == [
        f"name\t{line_of(fleet, 'name:')}\tMistral 7B\tMistral 7B again"
    ]
    page.click('[data-do="copy"]')
    page.locator("#notice", has_text="The command is on the clipboard").wait_for()
    url, copied = opened(page)
    assert url == "https://github.com/acme/fleet/edit/live/models.d/chat/mistral-7b.yaml"
    assert copied == text_of(page)


def test_each_change_has_the_line_where_it_is_made(propose: Propose, fleet: Path) -> None:
    page = propose(query="model=mistral-7b")
    page.locator("[data-place=more-limits]").evaluate("one => { one.open = true; }")
    page.fill("#f-tags", "chat")
    page.fill("#f-limits-rpm", "60")
    page.check("[name=metadata_json]")
    page.fill("#f-metadata", json.dumps({"owner": "team-b"}))
    rows = [row.split("\t")[:2] for row in page.locator("#changes tbody tr").all_inner_texts()]
    below = f"below {line_of(fleet, 'metadata:')}"
    assert [["tags", f"{line_of(fleet, 'tags:')}"], ["metadata.owner", below]] == rows[:2]
    assert {line for _, line in rows[2:-1]} == {below}
    assert rows[-1] == ["limits", "new"]


def test_a_list_of_one_deployment_is_changed_as_the_list_that_it_is(
    build: Callable[[Path], Path], serve: Callable[[Path], str], open_page: Propose, tmp_path: Path
) -> None:
    text = "model_id: one\nname: One\nregion: eu\npriority_head: eu-1\ndeployments:\n- endpoint: https://a.example.com/v1\n"
    (tmp_path / "models.d").mkdir()
    (tmp_path / "models.d/one.yaml").write_text(text)
    (tmp_path / "regions.yaml").write_text("regions: [{code: eu, name: Europe}]\n")
    (tmp_path / "heads.yaml").write_text(
        "heads: [{head_id: eu-1, region: eu, url: 'https://eu.example.net'}]\n"
    )
    page = open_page(f"{serve(build(tmp_path))}/admin/propose.html?model=one")
    page.fill("#f-deployments-0-endpoint", "https://b.example.com/v1")
    assert text_of(page) == "modelspec edit one 'deployments[0].endpoint=https://b.example.com/v1'"
    assert page.locator("#changes tbody tr").all_inner_texts() == [
        "deployments[0].endpoint\tbelow 5\thttps://a.example.com/v1\thttps://b.example.com/v1"
    ]


CHANGED = {
    "name": "Mistral \"7B\"; $(date) 'again' # no comment",
    "fallback_heads": ["head-service-eu-2", "head-service-eu-3"],
    "load_balancing": {"policy": "round_robin", "weights": {"head-service-eu": 3, "head-service-no": 1}},
    "api_key": {"file": "/run/secrets/mistral"},
    "params": {"organization": "12", "timeout": 12.5, "project": {"env": "PROJECT"}},
    "aliases": ["mistral:tiny", "mistral/any"],
    "limits": {"rpm": 60, "tpm": None, "first_byte_seconds": 20},
    "access": {"visibility": "private", "groups": ["research", "a b"], "client_regions": None},
    "tags": ["chat", "small", "null", "- x"],
}
METADATA = {"a.b": "x y", "version": "12", "n": 12, "no": None, "deep": [{"x": ["", "'"]}], "text": "- : #"}


def change(page: Page) -> None:
    """Make the changes of `CHANGED` and `METADATA`."""
    for part in page.locator("details.part").all():
        part.evaluate("one => { one.open = true; }")
    page.fill("#f-name", str(CHANGED["name"]))
    for button in page.locator('#fallbacks [data-do="remove"]').all():
        button.page.locator('#fallbacks [data-do="remove"]').first.click()
    for head in ("head-service-eu-2", "head-service-eu-3"):
        page.select_option("#f-fallback_heads", head)
        page.click('[data-do="add"]')
    page.fill("#f-load_balancing-weights", "head-service-eu = 3\nhead-service-no = 1")
    page.select_option("#f-key_kind", "file")
    page.fill("#f-key_name", "/run/secrets/mistral")
    page.fill("#f-params", 'organization = "12"\ntimeout = 12.5\nproject = {env: PROJECT}')
    page.fill("#f-aliases", "mistral:tiny\nmistral/any")
    page.fill("#f-limits-rpm", "60")
    page.fill("#f-limits-first_byte_seconds", "20")
    page.select_option("#f-access-visibility", label="private")
    page.fill("#f-access-groups", "research\na b")
    page.fill("#f-tags", "chat\nsmall\nnull\n- x")
    known = json.loads(page.locator("#f-metadata").input_value())
    page.fill("#f-metadata", json.dumps({**known, **METADATA}))


def test_the_command_makes_just_the_change_that_the_form_shows(
    propose: Propose, fleet: Path, routing: RoutingTable, tmp_path: Path
) -> None:
    (before,) = [one.about for one in routing.routes if one.model_id == "mistral-7b"]
    old = (fleet / before.path).read_text(encoding="utf-8")
    page = propose(query="model=mistral-7b")
    change(page)
    assert page.locator("#verdict").inner_text().endswith("o fault found here."), said_of(page)
    shutil.copytree(fleet, tmp_path / "r")
    command = [sys.executable, "-m", *shlex.split(text_of(page).replace("\\\n", ""))]
    done = subprocess.run(command, cwd=tmp_path / "r", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr + text_of(page)
    compiled = compile_fleet(tmp_path / "r", today=TODAY)
    (row,) = [
        one for one in rows(route(compiled.catalog, compiled.models)) if one["model_id"] == "mistral-7b"
    ]
    assert {name: row[name] for name in CHANGED} == CHANGED
    assert row["metadata"] == {**before.metadata, **METADATA}
    new = (tmp_path / "r" / before.path).read_text(encoding="utf-8")
    comments = [line.partition("#")[2] for line in old.splitlines() if "#" in line]
    assert comments
    assert [comment for comment in comments if comment not in new] == []


def test_a_new_id_is_a_renaming(propose: Propose) -> None:
    page = propose(query="model=mistral-7b")
    page.fill("#f-model_id", "mistral/7b")
    page.fill("#f-tags", "chat")
    lines = text_of(page).splitlines()
    assert lines[0] == "modelspec rename mistral-7b mistral/7b"
    assert lines[1].startswith("modelspec edit mistral/7b ")


def test_no_model_is_changed_by_being_opened(
    propose: Propose, routing: RoutingTable, fleet: Path, tmp_path: Path
) -> None:
    page = propose()
    for one in routing.routes[::4]:
        page.goto(f"{page.url.partition('?')[0]}?model={one.model_id}")
        page.wait_for_selector("#propose:not([hidden])")
        assert page.locator("#changes").is_hidden(), one.model_id
        assert page.locator("#verdict").inner_text().endswith("o fault found here."), one.model_id
    texts = page.evaluate(
        """async (ids) => {
          const [{asWritten}, {parse, yaml}, {fileOf}, {fieldOf}] = await Promise.all(
            ["edit", "yaml", "records", "fields"].map((name) => import(`./assets/${name}.js`)));
          const known = await (await fetch("./propose.json")).json();
          return Promise.all(ids.map(async (id) => {
            const {model: found, lines} = parse(await (await fetch(`./models/${fileOf(id, "json")}`)).text());
            const model = asWritten(found, lines, known);
            const again = Object.entries(model).map(([name, value]) => {
              const field = fieldOf(known.schema.properties[name], known.schema, [name]);
              field.write(value);
              return [name, field.read()];
            });
            return yaml(Object.fromEntries(again));
          }));
        }""".replace("./assets", page.evaluate("new URL('assets', location).pathname")),
        [one.model_id for one in routing.routes],
    )
    shutil.copytree(fleet, tmp_path / "r")
    for one, text in zip(routing.routes, texts, strict=True):
        (tmp_path / "r" / one.about.path).write_text(text, encoding="utf-8")
    compiled = compile_fleet(tmp_path / "r", today=TODAY)
    assert [d.message for d in compiled.diagnostics if d.severity == "error"] == []
    assert list(rows(route(compiled.catalog, compiled.models))) == list(rows(routing))


def rows(table: RoutingTable) -> Iterator[dict[str, object]]:
    """The models of the snapshot, without their places."""
    for artifact in list(emit_snapshot(table))[:-1]:
        row = json.loads(artifact.content)["model"]
        del row["source"]
        yield row


def test_a_deletion_shows_what_refers_to_the_model(propose: Propose) -> None:
    page = propose(query="model=gemini-pro&action=delete")
    assert page.locator(".fields").is_hidden()
    assert text_of(page) == "modelspec remove gemini-pro --cascade"
    assert page.locator("#users li").all_inner_texts() == [
        "models.d/chat/claude-sonnet-4-6.yaml: fallback_models",
        "models.d/chat/gemini-2.5-pro.yaml: replaced_by",
        "models.d/chat/gpt-5.4.yaml: fallback_models",
        "routes.test.yaml:8: tests[0] (as gemini)",
    ]
    assert page.locator("#aliases").inner_text() == "Its aliases end as well: gemini, gemini-pro-latest."
    assert page.locator("#open").inner_text() == "Delete on GitHub"
    url, _ = opened(page)
    assert url == "https://github.com/acme/fleet/delete/live/models.d/chat/gemini-pro.yaml"


def test_a_deletion_of_what_nothing_uses_needs_no_cascade(propose: Propose) -> None:
    page = propose(query="model=mistral-7b&action=delete")
    assert text_of(page) == "modelspec remove mistral-7b"
    assert page.locator("#users h3").inner_text() == "Nothing refers to it."


FAULTY = {
    "missing id": {"model_id": ""},
    "missing name": {"name": ""},
    "odd id": {"model_id": "-a b"},
    "dots in an id": {"model_id": "a/../b"},
    "invisible letters in an id": {"model_id": "a\u00a0\u0301b" + "c" * 70},
    "long id": {"model_id": "a" * 129},
    "long name": {"name": "\U0001f600" * 129},
    "invisible letter in a name": {"name": "At\u200blas"},
    "control character in metadata": {"metadata": '{"a": {"b\\u0000": 1}}'},
    "turned text in metadata": {"metadata": '{"a": ["\u202e"]}'},
    "id taken": {"model_id": "gpt-5.4"},
    "id taken but for case": {"model_id": "GPT-5.4"},
    "provider": {"provider": "Mistral!", "endpoint": "https://a.example/v1"},
    "long provider": {"provider": "a" * 65, "endpoint": "https://a.example/v1"},
    "residency": {"priority_head": "head-service-us"},
    "residency of a fallback": {"fallback_heads": "head-service-us head-service-eu-2 head-service-cn"},
    "fallback repeats": {"fallback_heads": "head-service-eu"},
    "offline": {"priority_head": "head-service-eu-3", "fallback_heads": ""},
    "no endpoint": {"provider": "azure"},
    "unknown provider": {"provider": "mine"},
    "no place": {
        "local_inference": "yes",
        "priority_head": "head-service-eu",
        "fallback_heads": "head-service-eu-3",
    },
    "scheme": {"endpoint": "ftp://example.com"},
    "no scheme": {"endpoint": "api.example.com"},
    "plain http": {"endpoint": "http://api.example.com:8080/v1"},
    "credentials": {"endpoint": "https://u@api.example.com"},
    "fragment": {"endpoint": "https://api.example.com/#x"},
    "space": {"endpoint": "https://api.example.com/a b"},
    "not ASCII": {"endpoint": "https://api.example.com/ü"},
    "loopback": {"endpoint": "http://localhost:8000/v1"},
    "loopback address": {"endpoint": "http://127.0.0.2/v1"},
    "env": {"key_kind": "env", "key_name": "A-B"},
    "no env": {"key_kind": "env", "key_name": ""},
    "file": {"key_kind": "file", "key_name": "run/secrets/x"},
    "vault": {"key_kind": "vault", "key_name": "kv/llm"},
    "kubernetes": {"key_kind": "kubernetes", "key_name": "Llm", "key_key": "a b"},
    "metadata list": {"metadata": "[1]"},
    "metadata text": {"metadata": '"x"'},
    "metadata number": {"metadata": "12"},
    "metadata boolean": {"metadata": "true"},
    "infinite": {"metadata": '{"a": 1e999}'},
    "past 64 bits": {"metadata": '{"a": [18446744073709551616]}'},
    "secret in the name": {"name": f"Atlas {KEY}"},
}


@pytest.mark.parametrize("case", FAULTY)
def test_the_form_reports_what_validate_reports(
    propose: Propose, fleet: Path, tmp_path: Path, case: str
) -> None:
    page = propose()
    fill(page, **FAULTY[case])
    path = page.locator("#path").inner_text()
    said = said_of(page)
    assert said != []
    if any(code == "MS501" for code, _ in said):
        text = "model_id: atlas\n" + "".join(
            f"{name}: {json.dumps(value)}\n" for name, value in FAULTY[case].items()
        )
        text += "region: eu\npriority_head: head-service-eu\nprovider: mistral\n"
    else:
        text = text_of(page)
    assert said == validated(fleet, tmp_path / "r", path, text)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("region=ue", ("MS201", "no region is named 'ue'")),
        ("priority_head=head-service-eux", ("MS202", "no head is named 'head-service-eux'")),
    ],
)
def test_names_from_an_address_are_checked_like_any_others(
    propose: Propose, fleet: Path, tmp_path: Path, query: str, said: tuple[str, str]
) -> None:
    page = propose(query=query)
    name, _, value = query.partition("=")
    given = {"region": "eu", "priority_head": "head-service-eu", "name": "Atlas", "model_id": "atlas"}
    del given[name]
    for field, text in given.items():
        if field in {"region", "priority_head"}:
            page.select_option(f"#f-{field}", text)
        else:
            page.fill(f"#f-{field}", text)
    page.fill("#f-provider", "mistral")
    assert f"{name}: {value}\n" in text_of(page)
    assert said_of(page) == [said]
    assert validated(fleet, tmp_path / "r", "models.d/atlas.yaml", text_of(page)) == [said]


ODD: list[str] = json.loads((Path(__file__).parent / "odd_texts.json").read_text(encoding="utf-8"))
"""Texts that some YAML parser reads as another type, or as another text."""
JOINED = ["\U0001f468\u200d\U0001f469", "\u0915\u094d\u200d\u0937"]
"""Joiners are only allowed in names."""


def read_back(fleet: Path, folder: Path, text: str) -> dict[str, object]:
    """The metadata of the file as modelspec reads it."""
    shutil.copytree(fleet, folder, dirs_exist_ok=True)
    (folder / "models.d/atlas.yaml").write_text(text, encoding="utf-8")
    compiled = compile_fleet(folder, today=TODAY)
    assert [d.message for d in compiled.diagnostics if d.severity == "error"] == []
    (found,) = [model for model in compiled.models if model.model_id == "atlas"]
    return dict(found.metadata)


def test_every_text_is_read_back_as_it_was(propose: Propose, fleet: Path, tmp_path: Path) -> None:
    wanted: dict[str, object] = {
        "long": ODD,
        "each": {f"k{n}": text for n, text in enumerate(ODD)},
        "short": [[text, [text], {"a": text}] for text in ODD],
        "keys": {text: {text: [text]} for text in ODD if text},
        "flat": [{text: text} for text in ODD],
    }
    page = propose()
    fill(page, metadata=json.dumps(wanted, ensure_ascii=False))
    text = text_of(page)
    assert read_back(fleet, tmp_path / "r", text) == wanted
    # A YAML 1.1 parser reads the same.
    assert yaml.safe_load(text)["metadata"] == wanted


def test_random_texts_are_read_back_as_they_were(propose: Propose, fleet: Path, tmp_path: Path) -> None:
    random = Random(20261)
    letters = (
        [chr(code) for code in range(0x20, 0x7F)] + list("\t\n éß€漢🙂") + list(" -:#'\"[]{},&*!|>%@`?") * 3
    )
    wanted = {
        "".join(random.choices(letters, k=random.randint(1, 8))): "".join(
            random.choices(letters, k=random.randint(0, 12))
        )
        for _ in range(1_500)
    }
    page = propose()
    fill(page, metadata=json.dumps(wanted))
    text = text_of(page)
    assert read_back(fleet, tmp_path / "r", text) == wanted
    assert yaml.safe_load(text)["metadata"] == wanted


NUMBERS = "0 -0 -1 1.5 -1.25e-3 1e5 1E5 1e+5 1e-7 123456789012345678 18446744073709551615 -9223372036854775808 0.1 1.0"


def test_every_number_is_read_back_as_it_was(propose: Propose, fleet: Path, tmp_path: Path) -> None:
    page = propose()
    source = (
        '{"a": ['
        + ", ".join(NUMBERS.split())
        + '], "b": {"c": null, "d": true, "e": {}, "f": [], "g": [[], {}]}}'
    )
    fill(page, metadata=source)
    found = read_back(fleet, tmp_path / "r", text_of(page))
    assert found == json.loads(source)
    assert [type(n) for n in found["a"]] == [type(n) for n in json.loads(source)["a"]]  # type: ignore[attr-defined]
    assert yaml.safe_load(text_of(page))["metadata"] == json.loads(source)


@pytest.mark.parametrize(
    "name", [*JOINED, *(t for t in ODD if t.strip() and "\n" not in t and len(t) <= 128)]
)
def test_a_name_is_written_so_that_it_stays_text(open_forms: Page, name: str) -> None:
    open_forms.fill("#f-name", name)
    assert yaml.safe_load(text_of(open_forms))["name"] == name.strip()


@pytest.fixture(scope="module")
def open_forms(chromium: Browser, site: dict[str, str]) -> Iterator[Page]:
    """One form for many values."""
    page = chromium.new_page()
    page.goto(site["github"])
    page.wait_for_selector("#propose:not([hidden])")
    fill(page)
    yield page
    page.close()


SECRETS = {
    "Anthropic": KEY,
    "OpenAI": "sk-" + "proj-a8Xk2LmQ9vTz4RbN7cYw3HsD",
    "AWS": "AKIA" + "Q7ZLM4XK2RT9WBVD",
    "GitHub": "ghp_" + "r4ND0mT3xt9Qz7Lk2Vb8Xc5Nm1",
    "Hugging Face": "hf_" + "QkZtXwVbNmLpRsYdHcJfGaKe",
    "web token": "eyJhbGciOiJIUzI1NiIsInR5" + ".eyJzdWIiOiIxMjM0NTY3ODkw.c2lnbmF0dXJlLXh5",
    "private key": "-----BEGIN RSA PRIVATE KEY-----",
    "password": "https://user:" + "hunter42@api.example.com/v1",
    "Google": "AIza" + "SyB3x7Qk9Lm2Nv5Rt8Wz1Xc4Yd6Fg0Hj2",
}


@pytest.mark.parametrize("field", ["key_name", "endpoint", "name", "metadata", "tags", "upstream_model"])
def test_a_pasted_key_is_refused_and_shown_nowhere(propose: Propose, field: str) -> None:
    page = propose()
    page.evaluate("navigator.clipboard.writeText('before')")
    pasted = json.dumps({"note": KEY}) if field == "metadata" else KEY
    fill(page, key_kind="env", **{field: pasted})
    assert KEY not in page.locator("body").inner_text()
    assert KEY not in page.content()
    assert page.locator(f"#e-{field}").inner_text() == "a secret is written in this file: Anthropic API key"
    assert page.locator("#open").get_attribute("href") == "#faults"
    for action in ("copy", "download"):
        page.click(f'[data-do="{action}"]')
        assert page.locator("#faults").is_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "before"


@pytest.mark.parametrize("kind", SECRETS)
def test_keys_of_many_issuers_are_known(open_forms: Page, kind: str) -> None:
    open_forms.fill("#f-upstream_model", SECRETS[kind])
    said = open_forms.locator("#e-upstream_model").inner_text()
    open_forms.fill("#f-upstream_model", "")
    hits = [hit.kind for hit in scan(SECRETS[kind])]
    assert hits == [] or said == f"a secret is written in this file: {hits[0]}"
    assert said.startswith("a secret is written in this file: ")


@pytest.mark.parametrize(
    "text",
    [
        "sk-your-api-key-here",
        "sk-...",
        "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "AKIAXXXXXXXXXXXXXXXX",
        "task-force",
    ],
)
def test_placeholders_are_not_keys(open_forms: Page, text: str) -> None:
    open_forms.fill("#f-upstream_model", text)
    assert open_forms.locator("#e-upstream_model").is_hidden()
    assert scan(text) == []


def test_reports_nothing_before_the_first_input(propose: Propose) -> None:
    page = propose()
    assert page.locator(".error:visible").count() == 0
    page.fill("#f-model_id", "-")
    page.press("#f-model_id", "Tab")
    assert page.locator("#e-model_id").is_visible()
    assert page.locator(".error:visible").count() == 1


@pytest.mark.parametrize("query", ["", "model=mistral-7b", "model=gemini-pro&action=delete"])
def test_the_whole_form_has_no_barrier(propose: Propose, query: str) -> None:
    page = propose(query=query)
    if "action" not in query:
        for part in page.locator("details.part").all():
            part.evaluate("one => { one.open = true; }")
        page.click("text=Add a deployment")
        page.fill("#f-model_id", "-")
        page.click("#open")
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    targets = page.eval_on_selector_all(
        "main :is(button, input, select, textarea, summary, a.button)",
        "all => all.filter((one) => one.checkVisibility() && Math.min(one.offsetWidth, one.offsetHeight) < 24)"
        ".map((one) => one.outerHTML)",
    )
    assert targets == []


def test_counts_problems_only_after_an_input(propose: Propose) -> None:
    page = propose()
    assert page.locator("#verdict").inner_text() == "Required fields are marked."
    page.fill("#f-model_id", "atlas")
    page.press("#f-model_id", "Tab")
    assert page.locator("#verdict").inner_text() == "4 problems"


def test_ci_is_named_for_what_the_page_cannot_know(propose: Propose) -> None:
    page = propose()
    fill(page, key_kind="env", key_name="ATLAS_API_KEY", fallback_heads="head-service-eu-2 head-service-no")
    page.press("#f-name", "Tab")
    assert page.locator("#verdict").inner_text() == "No fault found here."
    assert page.locator("#left :is(p, li)").all_inner_texts() == [
        "CI checks also:",
        "where the upstream runs (MS311, MS313, MS312)",
        "whether a key goes to one owner only (MS515)",
        "the merged repository as a whole",
    ]


def test_warnings_are_shown_as_warnings(propose: Propose) -> None:
    page = propose()
    fill(page, tags="chat europe")
    page.press("#f-tags", "Tab")
    page.select_option("#f-priority_head", "head-service-no")
    assert page.locator("#verdict").inner_text() == "2 warnings; no fault found here."
    assert (
        page.locator("#e-tags").inner_text() == "Warning MS622: 'chat europe' is one tag with a space in it"
    )
    assert page.locator("#e-priority_head").inner_text() == (
        "Warning MS402: only 'head-service-no' serves this model: a single point of failure"
    )
    assert page.locator("#f-tags").get_attribute("aria-invalid") is None
    assert page.locator("#open").get_attribute("href") != "#faults"


def test_the_residency_error_says_what_to_do(propose: Propose) -> None:
    page = propose()
    fill(page, priority_head="head-service-us", fallback_heads="head-service-no")
    assert page.locator("#e-priority_head").inner_text() == (
        "the head 'head-service-us' serves in 'us', outside the residency of 'eu'; "
        "use a head in eu or no, or change the residency of eu"
    )


@pytest.mark.parametrize("text", ["correct horse", "x" * 12 + "aB3dE6fG9hJ2kL5mN8pQ1rS4"])
def test_what_may_be_a_secret_enters_no_link(propose: Propose, text: str) -> None:
    page = propose()
    fill(page, metadata=json.dumps({"password": text}))
    href = page.locator("#open").get_attribute("href")
    assert href == "https://github.com/acme/fleet/new/live?filename=models.d%2Fatlas.yaml"
    assert "no link carries it" in page.locator("#how").inner_text()
    page.fill("#f-model_id", "atlas-" + "aB3dE6fG9hJ2kL5mN8pQ1rS4tU7v")
    assert "aB3" not in str(page.locator("#open").get_attribute("href"))


def test_the_file_goes_into_a_folder(propose: Propose) -> None:
    page = propose()
    fill(page, folder="chat/small")
    assert page.locator("#path").inner_text() == "models.d/chat/small/atlas.yaml"
    for folder in ("../x", "_x", "a//b", "a b", ".git"):
        page.fill("#f-folder", folder)
        page.press("#f-folder", "Tab")
        assert page.locator("#path").inner_text() == "models.d/atlas.yaml"
        assert page.locator("#e-folder").is_visible()


def test_several_deployments_take_the_place_of_one(propose: Propose, fleet: Path, tmp_path: Path) -> None:
    page = propose()
    fill(page, fallback_heads="head-service-eu-2")
    page.click("text=Several deployments")
    for number, weight in ((0, "3"), (1, "1")):
        page.click("text=Add a deployment")
        page.fill(f"#f-deployments-{number}-endpoint", f"https://a{number}.example.net/v1")
        page.fill(f"#f-deployments-{number}-weight", weight)
        page.fill(f"#f-deployments-{number}-api_key-env", "ATLAS_API_KEY")
    page.click('[aria-label="Remove deployment 1"]')
    assert page.locator("#f-provider").is_hidden()
    assert text_of(page).endswith(
        "deployments:\n  - endpoint: https://a1.example.net/v1\n    api_key: {env: ATLAS_API_KEY}\n    weight: 1\n"
    )
    assert validated(fleet, tmp_path / "r", "models.d/atlas.yaml", text_of(page)) == []
    page.fill("#f-deployments-0-weight", "0")
    page.press("#f-deployments-0-weight", "Tab")
    said = "deployments[0].weight is too small: 0; it must be at least 1"
    assert page.locator("#e-deployments-0-weight").inner_text() == said
    page.click('[aria-label="Remove deployment 1"]')
    assert page.locator("#f-provider").is_visible()


def test_metadata_has_the_fields_of_the_organisation(open_page: Propose, example: str) -> None:
    page = open_page(f"{example}/admin/propose.html")
    page.wait_for_selector("#propose:not([hidden])")
    fill(page, fallback_heads="head-service-eu-2 head-service-no")
    page.fill("#f-metadata-owner", "Team")
    page.press("#f-metadata-owner", "Tab")
    assert page.locator("#e-metadata-owner").inner_text() == (
        "metadata.owner does not have the form that the schema requires"
    )
    page.fill("#f-metadata-owner", "team-chat")
    page.fill("#f-metadata-vendor", "ACME")
    page.select_option("#f-metadata-open_weights", label="true")
    page.fill("#f-metadata-context", "32768")
    page.check("#f-metadata-modalities-input-0")
    page.fill("#f-metadata-languages", "en\nfr")
    assert page.locator("#verdict").inner_text() == "No fault found here."
    assert text_of(page).partition("metadata:\n")[2] == (
        "  owner: team-chat\n  vendor: ACME\n  open_weights: true\n  context: 32768\n"
        "  modalities:\n    input: [text]\n  languages: [en, fr]\n"
    )
    before = text_of(page)
    page.check('[name="metadata_json"]')
    assert json.loads(page.locator("#f-metadata").input_value())["context"] == 32768
    page.uncheck('[name="metadata_json"]')
    assert text_of(page) == before
    assert "required" in page.locator('label[for="f-metadata-vendor"]').inner_text()


def test_faults_are_tied_to_their_fields(propose: Propose) -> None:
    page = propose()
    page.focus("#open")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "faults"
    assert page.locator("#f-model_id").get_attribute("aria-invalid") == "true"
    described = page.locator("#f-model_id").get_attribute("aria-describedby")
    assert described == "h-model_id e-model_id"
    assert page.locator("#e-model_id").inner_text() == "model_id is missing"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "f-model_id"
    page.keyboard.type("atlas")
    assert page.locator("#f-model_id").get_attribute("aria-invalid") is None
    assert page.locator("#f-model_id").get_attribute("aria-describedby") == "h-model_id"


def test_every_control_has_a_name(propose: Propose) -> None:
    page = propose()
    names = page.eval_on_selector_all(
        "#propose :is(input, select, textarea)", "all => all.map(one => one.labels[0]?.textContent.trim())"
    )
    assert len(names) > 30
    assert all(names)


def test_heads_of_the_region_come_first(propose: Propose) -> None:
    page = propose()
    assert "Europe (eu)" in page.locator("#f-region option").all_inner_texts()
    page.select_option("#f-region", "eu")
    groups = page.locator("#f-priority_head optgroup")
    assert groups.first.get_attribute("label") == "In Europe (eu)"
    assert groups.first.locator("option").all_inner_texts() == [
        "head-service-eu (eu)",
        "head-service-eu-2 (eu)",
        "head-service-eu-3 (eu)",
    ]


def test_fallback_heads_are_ordered_with_the_keyboard(propose: Propose) -> None:
    page = propose()
    fill(page, fallback_heads="head-service-no head-service-eu-2")
    page.focus('[aria-label="Up: head-service-eu-2"]')
    page.keyboard.press("Enter")
    assert "fallback_heads: [head-service-eu-2, head-service-no]\n" in text_of(page)
    assert page.evaluate("document.activeElement.ariaLabel") == "Remove: head-service-eu-2"
    page.focus('[aria-label="Down: head-service-eu-2"]')
    page.keyboard.press("Enter")
    assert "fallback_heads: [head-service-no, head-service-eu-2]\n" in text_of(page)
    page.click('[aria-label="Remove: head-service-no"]')
    assert "fallback_heads: [head-service-eu-2]\n" in text_of(page)


def test_nothing_opens_if_copying_fails(propose: Propose) -> None:
    page = propose("gitlab")
    page.evaluate(
        "navigator.clipboard.writeText = () => Promise.reject(); document.execCommand = () => false"
    )
    fill(page)
    page.click("#open")
    page.locator("#notice", has_text="did not allow").wait_for()
    assert page.evaluate("getSelection().toString()").startswith("model_id: atlas")
    assert len(page.context.pages) == 1


def test_without_javascript_the_page_explains_the_steps(open_page: Propose, site: dict[str, str]) -> None:
    page = open_page(site["github"], java_script_enabled=False)
    assert page.locator("#propose").is_hidden()
    link = page.locator("#by-hand a").first
    assert link.get_attribute("href") == (
        "https://github.com/acme/fleet/new/live?filename=models.d%2Fmy-model.yaml"
    )
    assert "model_id: my-model" in page.locator("#by-hand pre").inner_text()


def test_the_example_for_writing_by_hand_is_right(
    open_page: Propose, site: dict[str, str], fleet: Path, tmp_path: Path
) -> None:
    page = open_page(site["none"], java_script_enabled=False)
    text = page.locator("#by-hand pre").text_content()
    assert text is not None
    assert validated(fleet, tmp_path / "r", "models.d/my-model.yaml", text) == []


def test_the_policy_allows_the_form_to_open_only_the_forge(open_page: Propose, site: dict[str, str]) -> None:
    page = open_page(site["gitea"])
    policy = page.locator('meta[http-equiv="Content-Security-Policy"]').get_attribute("content")
    assert policy is not None
    assert "form-action 'self' https://codeberg.org" in policy
    assert page.locator("[style], script:not([src])").count() == 0
