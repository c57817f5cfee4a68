import sys
from pathlib import Path

import pytest
from forked_command import ForkedCommand

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from modelspec_command import Command


@pytest.fixture
def command(tmp_path: Path, forked: ForkedCommand) -> Command:
    """The command of a user whose home is empty."""
    home = tmp_path / "home"
    home.mkdir()
    return Command(home, forked=forked)
