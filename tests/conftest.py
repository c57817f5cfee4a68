import pytest

pytest.register_assert_rewrite("golden_cases")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write what the golden cases give as what they must give"
    )


@pytest.fixture(name="update")
def _update(pytestconfig: pytest.Config) -> bool:
    """Whether expectations are to be written anew."""
    return bool(pytestconfig.getoption("update_golden"))
