"""The served site against the OpenAPI document that it serves."""

import subprocess
import sysconfig
from pathlib import Path

from served_fleet import serving, write_repository

SCHEMATHESIS = str(Path(sysconfig.get_path("scripts")) / "schemathesis")
# Writes are described, so that a reader learns of their 405, and always refused, so that `Allow` names none of them.
NOT_MEANT = "positive_data_acceptance,allow_header_conformance"


def test_the_site_matches_its_description(tmp_path: Path) -> None:
    root = write_repository(tmp_path / "fleet", settings="base_path: /fleet\n")
    with serving(root) as served:
        done = subprocess.run(
            [
                SCHEMATHESIS,
                "run",
                f"{served.url}/fleet/admin/openapi.json",
                "--checks=all",
                f"--exclude-checks={NOT_MEANT}",
                "--max-examples=15",
                "--seed=1",
                "--generation-database=none",
                "--warnings=off",
                "--no-color",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: 10" in done.stdout
