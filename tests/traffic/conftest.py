from dataclasses import replace
from pathlib import Path

import pytest
from forked_command import ForkedCommand
from modelspec_command import Command


@pytest.fixture
def installed(tmp_path: Path) -> Command:
    """The installed command, for a user with their own home and cache."""
    home = tmp_path / "home"
    home.mkdir()
    return Command(home)


@pytest.fixture
def command(installed: Command, forked: ForkedCommand) -> Command:
    """The same where nothing depends on how it is installed and started."""
    return replace(installed, forked=forked)
