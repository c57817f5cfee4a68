"""The answer to a request, and what it is made of, without a process."""

import json
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import anyio
import pytest
from negotiation_table import HTML, PROBLEM
from served_fleet import write_repository

from modelspec.serve.answer import answer
from modelspec.serve.application import Live, allowed_names, is_allowed
from modelspec.serve.server import address, listen
from modelspec.serve.site import Faults, Site, build_site

TODAY = date(2026, 6, 1)
SITE = Site(
    base="/",
    files={
        "admin/index.html": b"<html><body>dashboard</body></html>",
        "admin/models.html": b"<html>no end of the body",
        "admin/models.json": b"{}",
        "admin/font.bin": b"\0",
        "admin/models/a.json": b'{"model": {"source": {"path": "models.d/a.yaml"}}}',
    },
    version="0123",
    repository=None,
)


def _get(
    path: str, accept: str = "", site: Site | None = SITE, faults: Faults | None = None
) -> tuple[int, str, bytes]:
    given = answer("GET", path, accept, site, faults)
    return given.status, given.content_type, given.body


def test_only_pages_get_the_script_before_their_end() -> None:
    assert _get("/admin/")[2].endswith(b'data-version="0123" defer></script></body></html>')
    assert _get("/admin/models", "text/html")[2].endswith(b"no end of the body")
    assert _get("/admin/models")[2] == b"{}"


def test_a_file_of_an_unknown_kind_is_bytes() -> None:
    assert _get("/admin/font.bin") == (200, "application/octet-stream", b"\0")


def test_a_site_without_a_404_page_gets_one() -> None:
    status, content_type, body = _get("/none", "text/html")
    assert (status, content_type) == (404, HTML)
    assert b"Page not found" in body


def test_before_the_first_build_there_are_only_faults() -> None:
    assert _get("/admin/", site=None)[:2] == (503, PROBLEM)
    status, content_type, body = _get("/admin/", "text/html", site=None)
    assert (status, content_type) == (503, HTML)
    assert b"<pre></pre>" in body


def test_faults_are_shown_as_text() -> None:
    body = _get("/", "text/html", site=None, faults=Faults(text="<script>"))[2]
    assert b"<pre>&lt;script&gt;</pre>" in body


def test_a_refusal_names_the_file_and_the_repository_if_known() -> None:
    plain = json.loads(answer("PUT", "/admin/models/a", "", SITE, None).body)
    assert plain["source"] == "models.d/a.yaml"
    assert "repository" not in plain
    early = answer("POST", "/admin/models/a", "", None, None)
    assert early.headers["Allow"] == "GET, HEAD"
    assert "source" not in json.loads(early.body)


@pytest.mark.parametrize(
    ("host", "header", "is_fine"),
    [
        ("127.0.0.1", "localhost:8000", True),
        ("127.0.0.1", "[::1]", True),
        ("127.0.0.1", "box", False),
        ("box.example", "BOX.example:80", True),
        ("box.example", "evil.example", False),
        ("0.0.0.0", "box:80", True),
        ("::", "box", True),
        ("0.0.0.0", "evil.example", False),
        ("127.0.0.1", "", False),
        ("127.0.0.1", "localhost.", False),
        ("127.0.0.1", " localhost:8000\t", True),
        ("127.0.0.1", "localhost:", True),
        *(
            ("127.0.0.1", header, False)
            for header in (
                "[::1]@evil",
                "[::1]evil",
                "[::1",
                "[::1]:80:90",
                "[::1]:x",
                "[localhost]",
                "::1",
                "localhost@evil",
                "localhost:80@evil",
                "evil@localhost",
                "localhost/evil",
                "localhost:evil",
                "localhost evil",
                "localhost\nx",
                "localhost,evil",
                "127.0.0.1:80#",
                "[127.0.0.1]]",
                "loc\u0131lhost",
                "\uff11\uff12\uff17.0.0.1",
                "[]",
                ":80",
            )
        ),
    ],
)
def test_a_host_is_recognised_by_its_names(host: str, header: str, *, is_fine: bool) -> None:
    assert is_allowed(header, allowed_names(host, "Box")) == is_fine


def test_an_address_is_shown_as_a_url() -> None:
    with listen("127.0.0.1", 0) as bound:
        assert address(bound, "127.0.0.1") == f"http://127.0.0.1:{bound.getsockname()[1]}/"
    with listen("::1", 0) as bound:
        assert address(bound, "::1") == f"http://[::1]:{bound.getsockname()[1]}/"


def test_a_site_is_every_file_below_the_base_path(tmp_path: Path) -> None:
    site = build_site(write_repository(tmp_path / "fleet", ids=("atlas",)), today=TODAY)
    assert isinstance(site, Site)
    assert site.base == "/"
    assert site.repository is None
    assert {
        "admin/index.html",
        "admin/models.html",
        "admin/models.json",
        "admin/openapi.json",
    } <= site.files.keys()
    assert not any(path.startswith(("site/", "hosting/", "routing/")) for path in site.files)
    assert site.source_of("atlas") == "models.d/m0.yaml"
    assert site.source_of("none") is None
    assert build_site(tmp_path / "fleet", today=TODAY) == site


def test_faults_of_many_files_are_cut_short(tmp_path: Path) -> None:
    root = write_repository(tmp_path / "fleet", ids=tuple(f"m{n}" for n in range(60)))
    (root / "heads.yaml").write_text("heads:\n  - {head_id: other, region: eu, url: https://a.example.com}\n")
    faults = build_site(root, today=TODAY)
    assert isinstance(faults, Faults)
    assert faults.text.count("error[") == 50
    assert faults.text.endswith("more: run modelspec validate to see all\n")


def test_a_missing_root_is_a_fault(tmp_path: Path) -> None:
    assert build_site(tmp_path / "none", today=TODAY) == Faults(
        text="cannot read the repository: No such file or directory\n"
    )


def _run(test: Callable[[Live], Awaitable[None]]) -> None:
    async def within_time() -> None:
        with anyio.fail_after(20):
            await test(Live())

    anyio.run(within_time)


def test_events_start_with_the_current_state_and_end_with_the_server() -> None:
    async def listen_to(live: Live) -> None:
        news = live.news()
        assert await anext(news) == b'data: {"version": "", "faults": null}\n\n'
        live.take(Faults(text="bad\n"))
        assert await anext(news) == b'data: {"version": "", "faults": "bad\\n"}\n\n'
        live.take(SITE)
        assert await anext(news) == b'data: {"version": "0123", "faults": null}\n\n'
        live.take(Faults(text="bad"))
        assert live.site is SITE
        live.close()
        assert [event async for event in news] == []

    _run(listen_to)
