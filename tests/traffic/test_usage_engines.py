"""The same rows from another engine, in an environment of its own: ClickHouse takes 500 MB, pandas and pyarrow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.registry

TESTS = Path(__file__).parents[1]
PACKAGES = ("chdb", "clickhouse-connect", "packaging", "ibis-framework[clickhouse]", "pytest")


def test_clickhouse_answers_as_duckdb_does(tmp_path: Path) -> None:
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
        *PACKAGES,
    ]
    subprocess.run(install, check=True)
    done = subprocess.run(
        [python, TESTS / "traffic/engine_questions.py"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS / "traffic")))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": equal\n") == 13
