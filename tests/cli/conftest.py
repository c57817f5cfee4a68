from pathlib import Path

import pytest
from modelspec_command import Command, write_fleet


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """The installed command, for a user with their own home and cache."""
    home = tmp_path / "home"
    home.mkdir()
    return Command(home)


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A sound repository of one model."""
    return write_fleet(tmp_path / "fleet")
