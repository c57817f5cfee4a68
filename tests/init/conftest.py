from pathlib import Path

import pytest
from forked_command import ForkedCommand
from modelspec_command import Command


@pytest.fixture
def command(tmp_path: Path, forked: ForkedCommand) -> Command:
    """The command of a user whose home is empty."""
    home = tmp_path / "home"
    home.mkdir()
    return Command(home, forked=forked)
