from collections.abc import Iterator

import pytest
from forked_command import ForkedCommand


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write what the golden cases give as what they must give"
    )


@pytest.fixture(scope="session")
def forked() -> Iterator[ForkedCommand]:
    """The command without what a start of Python costs."""
    with ForkedCommand() as command:
        yield command
