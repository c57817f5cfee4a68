"""The check in docs/gateways-litellm.md that runs before a head starts."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from litellm_fleet import VARIABLES, Emitted, emitted

PAGE = Path(__file__).parents[2] / "docs" / "gateways-litellm.md"
URLS = {
    "BEDROCK_URL": "https://a.example.com",
    "VLLM_URL": "https://b.example.com",
    "LITELLM_MASTER_KEY": "sk-x",
}


@pytest.fixture(name="files")
def _files(tmp_path: Path) -> Emitted:
    return emitted(tmp_path, dict.fromkeys(("ONE", "TWO", "BAD", "LONG", "RUDE"), "http://127.0.0.1:1"))


def check(files: Emitted, variables: dict[str, str]) -> tuple[int, str]:
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    command = [sys.executable, "-c", found[1], files.variables]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr.strip()


def test_a_start_with_every_variable_is_allowed(files: Emitted) -> None:
    assert check(files, VARIABLES | URLS) == (0, "")


@pytest.mark.parametrize("name", ["ONE_KEY", "LITELLM_MASTER_KEY", "VLLM_URL"])
@pytest.mark.parametrize("is_empty", [False, True])
def test_rejects_a_start_without_a_variable(files: Emitted, name: str, *, is_empty: bool) -> None:
    variables = VARIABLES | URLS
    del variables[name]
    if is_empty:
        variables[name] = ""
    assert check(files, variables) == (1, f"not set: {name}")
