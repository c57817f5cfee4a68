"""The manual page says what the helps say, and man reads it without a complaint."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
sys.path.insert(0, str(DOCS))

from generate_man import PAGE, page  # type: ignore[import-not-found]  # noqa: E402 - a script beside the page


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python docs/generate_man.py"


@pytest.mark.editor
def test_roff_reads_the_page() -> None:
    groff = shutil.which("groff")
    assert groff is not None, "install groff-base"
    done = subprocess.run(
        [groff, "-man", "-Tutf8", "-ww", "-Kutf8", "-P-cbu", PAGE], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"modelspec region edit" in done.stdout
