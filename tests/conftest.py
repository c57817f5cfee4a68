from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from forked_command import ForkedCommand

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM_FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytest.register_assert_rewrite("golden_cases")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write what the golden cases give as what they must give"
    )


@pytest.fixture(name="update")
def _update(pytestconfig: pytest.Config) -> bool:
    """Whether expectations are to be written anew."""
    return bool(pytestconfig.getoption("update_golden"))


@pytest.fixture(scope="session")
def forked() -> Iterator[ForkedCommand]:
    """The command without what a start of Python costs."""
    with ForkedCommand() as command:
        yield command


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """The one browser of a process: Playwright's loop suffers no other."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - few runs need it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
