from pathlib import Path

import pytest
from modelspec_command import Command


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """The installed command of a user whose home is empty."""
    home = tmp_path / "home"
    home.mkdir()
    return Command(home)
