"""The Containerfile: what can be said of it without a container engine; `tools/image.py` builds and tries it."""

import re
import subprocess
import sys
from pathlib import Path

from test_install_ways import SOURCES

PROJECT = Path(__file__).parents[2]
TEXT = (PROJECT / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    ended = subprocess.run([hadolint, PROJECT / "Containerfile"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_the_image_runs_as_a_user_without_rights_and_keeps_no_cache() -> None:
    last = TEXT[TEXT.rindex("\nFROM ") :]
    assert re.findall(r"(?m)^USER (.*)$", last) == ["10001:10001"]
    assert '\nENTRYPOINT ["modelspec"]\n' in last
    for line in re.findall(r"(?m)^RUN (.*)$", TEXT):
        assert "pip install" not in line or "--no-cache-dir" in line
        assert "apt-get" not in line or "rm -rf /var/lib/apt/lists/*" in line


def test_the_image_is_built_of_what_a_wheel_is_built_of() -> None:
    wanted = set(SOURCES) - {".gitignore"}
    copied = [name for line in re.findall(r"(?m)^COPY (?!--)(.*)$", TEXT) for name in line.split()[:-1]]
    sent = (PROJECT / ".containerignore").read_text(encoding="utf-8").splitlines()
    assert set(copied) == wanted
    assert {line.removeprefix("!") for line in sent if line.startswith("!")} == wanted
