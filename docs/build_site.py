# noqa: INP001 - a script, not a package
"""`python docs/build_site.py [FOLDER]`: the documentation as a site, with the extra `docs`; its search asks nobody.

README.md is its first page. Links from pages to files elsewhere in the repository lead to copies below `source/`; links
to folders become plain text. A link or heading that does not exist ends the build.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
_FENCE = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[((?:[^\[\]]|!?\[[^\]]*\])*)\]\((?![a-z]+:|#)([^()\s#]+)(#[^()\s]*)?\)")
_INDENTED = re.compile(r"^(?:   (?=\S)|  (?=- ))", re.MULTILINE)


def _place(path: Path) -> Path:
    """Where a file of the repository is in the site."""
    if path == ROOT / "README.md":
        return Path("index.md")
    if path.is_relative_to(ROOT / "docs"):
        return path.relative_to(ROOT / "docs")
    relative = path.relative_to(ROOT)
    return relative if relative.suffix == ".md" else Path("source") / relative


def _write(page: Path, tree: Path, written: set[Path]) -> None:
    """A page with its links as the site needs them, and whatever it links to."""
    written.add(page)
    target = tree / _place(page)

    def moved(link: re.Match[str]) -> str:
        text, path, anchor = link[1], (page.parent / link[2]).resolve(), link[3] or ""
        if path.is_dir():
            return text
        place = _place(path)
        if path not in written:
            if path.suffix == ".md":
                _write(path, tree, written)
            else:
                (tree / place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, tree / place)
        return f"[{text}]({os.path.relpath(tree / place, target.parent)}{anchor})"

    parts = _FENCE.split(page.read_text(encoding="utf-8"))
    # What belongs to an item of a list is indented by four columns there, by two or three in the pages.
    parts[::2] = [_INDENTED.sub("    ", _LINK.sub(moved, part)) for part in parts[::2]]
    parts[1::2] = [
        re.sub("(?m)^(?=.)", " ", part) if part.startswith("   `") else part for part in parts[1::2]
    ]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("".join(parts), encoding="utf-8")


def main() -> None:
    """Write the pages into a folder of their own, and the site from there."""
    output = Path(sys.argv[1] if len(sys.argv) > 1 else "dist-docs").resolve()
    with TemporaryDirectory() as folder:
        tree = Path(folder) / "docs"
        shutil.copytree(ROOT / "docs/images", tree / "images")
        written: set[Path] = set()
        for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
            if page not in written:
                _write(page, tree, written)
        shutil.copyfile(ROOT / "docs/mkdocs.yml", Path(folder) / "mkdocs.yml")
        command = [sys.executable, "-m", "zensical", "build", "--strict"]
        code = subprocess.run(command, cwd=folder, check=False).returncode  # noqa: S603 - no shell
        if code == 0:
            shutil.rmtree(output, ignore_errors=True)
            shutil.copytree(Path(folder) / "site", output)
    sys.exit(code)


main()
