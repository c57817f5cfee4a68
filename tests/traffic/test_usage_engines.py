"""The same rows from other engines, each in an environment of its own: they take 500 MB each, pandas and pyarrow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.registry

TESTS = Path(__file__).parents[1]
PACKAGES = {
    "clickhouse": ("chdb", "clickhouse-connect", "packaging", "ibis-framework[clickhouse]", "pytest"),
    "spark": ("ibis-framework[pyspark]", "packaging", "pytest", "setuptools"),
}


@pytest.mark.parametrize("engine", PACKAGES)
def test_answers_as_duckdb_does(engine: str, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv/bin/python"
    install = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--editable",
        f"{TESTS.parent}[traffic]",
        *PACKAGES[engine],
    ]
    subprocess.run(install, check=True)
    done = subprocess.run(
        [python, TESTS / "traffic/engine_questions.py", engine],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS / "traffic")))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": equal\n") == 13
