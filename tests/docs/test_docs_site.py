"""The documentation builds as a site; a link or a heading that is not there ends the build, and nothing is fetched."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.registry
ROOT = Path(__file__).resolve().parents[2]


def test_the_navigation_has_every_page() -> None:
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    listed = re.findall(r"(?m)^ +- ([\w/-]+\.md)$", (ROOT / "docs/mkdocs.yml").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted({*pages, "index.md"})


def _built(folder: Path, python: Path) -> subprocess.CompletedProcess[str]:
    command = [python, folder / "docs/build_site.py", folder / "out"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_the_site_is_built_and_its_links_are_checked(tmp_path: Path) -> None:
    made = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", made], check=True)
    requirement = re.search(r'(?m)^docs = \[\n  "([^"]+)"', (ROOT / "pyproject.toml").read_text())
    assert requirement
    python = made / "bin/python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement[1]]
    subprocess.run(pip, check=True, timeout=120)
    tree = tmp_path / "tree"
    shutil.copytree(
        ROOT, tree, ignore=shutil.ignore_patterns(".*", "dist", "dist-docs", "demo-run", "node_modules")
    )
    built = _built(tree, python)
    assert built.returncode == 0, built.stdout + built.stderr
    pages = {page.relative_to(tree / "out").as_posix() for page in (tree / "out").rglob("*.html")}
    assert {"index.html", "rules/index.html", "guides/auditor/index.html"} <= pages
    for page in pages:
        text = (tree / "out" / page).read_text(encoding="utf-8")
        assert not re.search(r'<(?:script|img|iframe)[^>]+src="https?:', text), page
        assert not re.search(r'<link[^>]+rel="(?:stylesheet|preload)"[^>]+href="https?:', text), page
    words = json.loads((tree / "out/search.json").read_text(encoding="utf-8"))
    assert "MS301" in json.dumps(words)

    with (tree / "docs/guides/auditor.md").open("a", encoding="utf-8") as end:
        end.write("\n[nowhere](../access.md#nowhere)\n")
    broken = _built(tree, python)
    assert broken.returncode != 0
    assert "guides/auditor.md" in broken.stdout + broken.stderr
