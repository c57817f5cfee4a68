import pytest


@pytest.fixture(name="update")
def _update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))
