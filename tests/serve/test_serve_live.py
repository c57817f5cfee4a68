"""Live files beside the site: what is measured, as it is now."""

from datetime import date
from pathlib import Path

import pytest
from negotiation_table import JSON
from served_fleet import serving, write_repository
from watchfiles import Change

from modelspec.serve.answer import live_answer
from modelspec.serve.application import Live
from modelspec.serve.server import _Sources
from modelspec.serve.site import Site, build_site


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_repository(tmp_path / "fleet", ids=("atlas",), settings="base_path: /llm/\n")


@pytest.fixture
def site(root: Path) -> Site:
    built = build_site(root, today=date(2026, 6, 1))
    assert isinstance(built, Site)
    return built


def test_a_live_file_is_served_as_it_is_now(root: Path) -> None:
    (root / "modelspec-live").mkdir()
    with serving(root) as served:
        absent = served.ask("/llm/admin/live/status.json")
        assert (absent.status, absent.body) == (200, b"null\n")  # of the build: nothing is measured
        for content in (b'{"a": 1}', b'{"a": 2}'):
            (root / "modelspec-live/status.json").write_bytes(content)
            answer = served.ask("/llm/admin/live/status.json")
            assert (answer.status, answer.body, answer.headers["content-type"]) == (200, content, JSON)
            assert answer.headers["cache-control"] == "no-cache"
        assert served.ask("/llm/admin/live/status.json", method="POST").status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/admin/live/status.json",
        "/llm/admin/live/",
        "/llm/admin/live/secret.json",
        "/llm/admin/live/../status.json",
        "/llm/admin/live/../../regions.yaml",
        "/llm/admin/live//status.json",
        "/llm/admin/live/.status.json.lock",
    ],
)
def test_nothing_else_of_the_folder_is_served(root: Path, site: Site, path: str) -> None:
    (root / "modelspec-live").mkdir()
    for name in ("secret.json", ".status.json.lock"):
        (root / "modelspec-live" / name).write_text("planted")
    assert live_answer("GET", path, site) is None
    assert live_answer("GET", path, None) is None


def test_no_link_is_followed(root: Path, site: Site) -> None:
    (root / "modelspec-live").mkdir()
    (root / "modelspec-live/status.json").symlink_to(root / "regions.yaml")
    assert live_answer("GET", "/llm/admin/live/status.json", site) is None


def test_a_folder_that_overlaps_the_output_is_not_served(root: Path) -> None:
    (root / "modelspec.yaml").write_text("live: dist/live\n")
    built = build_site(root, today=date(2026, 6, 1))
    assert isinstance(built, Site)
    assert built.live is None


def test_a_live_file_is_no_reason_to_build(root: Path, site: Site) -> None:
    live = Live()
    sources = _Sources(root, live)
    assert sources(Change.modified, f"{root}/modelspec-live/status.json")
    live.take(site)
    assert not sources(Change.modified, f"{root}/modelspec-live/status.json")
    assert sources(Change.modified, f"{root}/schemas/metadata.json")
