from pathlib import Path

import pytest
from git_repositories import commit, repository

from modelspec.cli import run

HEAD = "- {{head_id: {0}, region: eu, url: 'https://{0}.example.net'}}\n"
MODEL = "model_id: {0}\nname: X\nregion: eu\npriority_head: a\nfallback_heads: [b]\nendpoint: https://x.example.com/v1\n"
FILES = {
    "regions.yaml": "regions: [{code: eu, name: Europe}]\n",
    "heads.yaml": "heads:\n" + HEAD.format("a") + HEAD.format("b"),
    "models.d/stays.yaml": MODEL.format("stays"),
    "models.d/goes.yaml": MODEL.format("goes"),
}


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A fleet whose last commit removes a model, adds one, and renames one to something hostile."""
    root = repository(tmp_path / "fleet", FILES)
    commit(
        root,
        {
            "models.d/goes.yaml": None,
            "models.d/new.yaml": MODEL.format("new").replace("https://x", "https://y"),
            "models.d/stays.yaml": MODEL.format("stays").replace(
                "name: X", "name: <img src=x onerror=alert(1)>"
            ),
        },
    )
    return root


def built(root: Path, *options: str) -> str:
    assert run(["build", "--root", str(root), "--quiet", *options]) == 0
    return (root / "dist/site/admin/index.html").read_text(encoding="utf-8")


def test_the_dashboard_says_what_has_changed_since_a_commit(fleet: Path) -> None:
    page = built(fleet, "--since", "HEAD~1")
    panel = page[page.index("This build") :]
    assert "1 model is removed, 1 is added, 1 changes its name" in panel
    assert "<dd><bdi>goes is removed" in panel
    assert '<a href="/admin/models/new.html" data-model="new"><bdi>new is added' in panel
    assert "&lt;img src=x onerror=alert(1)&gt;" in panel
    assert "<img" not in page
    assert "nothing changes" in built(fleet, "--since", "HEAD")
    assert "This build" not in built(fleet)


def test_the_same_commits_give_the_same_bytes(fleet: Path) -> None:
    first = built(fleet, "--since", "HEAD~1")
    options = ["build", "--root", str(fleet), "--quiet", "--check"]
    assert run([*options, "--since", "HEAD~1"]) == 0
    assert run(options) == 1
    assert built(fleet, "--since", "HEAD~1", "--no-cache") == first


def test_a_commit_that_is_not_there_is_refused(fleet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["build", "--root", str(fleet), "--quiet", "--since", "nowhere"]) != 0
    assert "no commit is named 'nowhere'" in capsys.readouterr().err
