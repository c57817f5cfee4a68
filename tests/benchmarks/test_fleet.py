import json
import subprocess
import sys
from pathlib import Path

import pytest

_BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def _fleet(folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    subprocess.run([sys.executable, _BENCHMARKS / "fleet.py", folder, "50"], check=True)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_generated_fleet_has_nothing_to_find(tmp_path: Path) -> None:
    files = _fleet(tmp_path / "fleet")
    assert len(files) == 52
    command = [sys.executable, "-m", "modelspec", "validate", "--no-cache", "--format", "json", "--quiet"]
    outcome = subprocess.run(
        [*command, "--root", tmp_path / "fleet"], check=False, capture_output=True, text=True
    )
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert json.loads(outcome.stdout)["diagnostics"] == []


def test_a_generated_fleet_is_the_same_each_time(tmp_path: Path) -> None:
    assert _fleet(tmp_path / "first") == _fleet(tmp_path / "second")


@pytest.mark.parametrize("script", ["floor.py", "events.py"])
def test_the_floors_read_every_folder_and_say_so_where_there_is_nothing(tmp_path: Path, script: str) -> None:
    _fleet(tmp_path / "fleet")
    (tmp_path / "empty").mkdir()
    codes = [
        subprocess.run(
            [sys.executable, _BENCHMARKS / script, folder], check=False, capture_output=True
        ).returncode
        for folder in (tmp_path / "fleet" / "models.d", tmp_path / "empty")
    ]
    assert codes == [0, 1]
