import functools
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request

REPOSITORY = Path(__file__).parents[2]
SOURCES = ["regions.yaml", "heads.yaml", "modelspec.yaml", "keys.yaml", "metadata.schema.json", "models.d"]
LONG = 2_100

Serve = Callable[[Path], str]
OpenPage = Callable[..., Page]


class QuietFiles(SimpleHTTPRequestHandler):
    """A static host that tries .html for unknown paths, as most hosts do."""

    def translate_path(self, path: str) -> str:
        found = Path(super().translate_path(path))
        page = found.with_name(f"{found.name}.html")
        return str(page if not found.exists() and page.is_file() else found)

    def do_GET(self) -> None:
        with suppress(ConnectionError):  # a page may be closed early
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the base class's
        """Do not log requests."""


@pytest.fixture(scope="session")
def build() -> Callable[[Path], Path]:
    """Build a configuration repository; return the folder of its site."""

    def run(repository: Path) -> Path:
        command = [sys.executable, "-m", "modelspec", "build", "--root", str(repository)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return repository / "dist" / "site"

    return run


@pytest.fixture(scope="session")
def example_site(tmp_path_factory: pytest.TempPathFactory, build: Callable[[Path], Path]) -> Path:
    """The site of the example fleet."""
    folder = tmp_path_factory.mktemp("example")
    for name in SOURCES:
        source = REPOSITORY / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    return build(folder)


@pytest.fixture(scope="session")
def long_site(tmp_path_factory: pytest.TempPathFactory, build: Callable[[Path], Path]) -> Path:
    """The site of 2,100 models: too many for one page."""
    folder = tmp_path_factory.mktemp("long")
    (folder / "models.d").mkdir()
    (folder / "regions.yaml").write_text(
        "regions:\n- {code: eu, name: Europe}\n- {code: us, name: United States}\n"
    )
    (folder / "heads.yaml").write_text(
        "heads:\n- {head_id: head-eu, region: eu, url: 'https://eu.example.net'}\n"
        "- {head_id: head-us, region: us, url: 'https://us.example.net'}\n"
    )
    for number in range(LONG):
        code = "us" if number % 3 else "eu"
        (folder / "models.d" / f"m-{number:04}.yaml").write_text(
            f"model_id: team@{number % 7}/m-{number:04}\nname: Model {LONG - number}\nregion: {code}\n"
            f"priority_head: head-{code}\nendpoint: https://api{number % 5}.example.org/v1\n"
            f"api_key: {{env: SOME_KEY}}\ntags: [t{number % 4}]\n"
        )
    return build(folder)


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Serve a folder on its own port; return the URL without a trailing slash."""
    with ExitStack() as stack:

        def start(folder: Path) -> str:
            server = ThreadingHTTPServer(
                ("127.0.0.1", 0), functools.partial(QuietFiles, directory=str(folder))
            )
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            stack.callback(server.server_close)
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield start


@pytest.fixture(scope="session")
def example(example_site: Path, serve: Serve) -> str:
    """The URL of the site of the example fleet."""
    return serve(example_site)


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Open a URL in a fresh profile; the test fails on console output, errors and requests to other hosts.

    Chromium reports a violation of the content policy on the console. `expected` names texts of console messages
    that the test provokes on purpose; `prepare` sees the page before it goes to the address.
    """
    faults: list[str] = []
    expected: list[str] = []
    with ExitStack() as stack:

        def start(
            url: str,
            *,
            expect: tuple[str, ...] = (),
            prepare: Callable[[Page], None] = lambda _: None,
            **options: object,
        ) -> Page:
            expected.extend(expect)
            context = chromium.new_context(reduced_motion="reduce", **options)  # type: ignore[arg-type]  # Playwright's own options
            stack.callback(context.close)
            context.set_default_timeout(10_000)
            page = context.new_page()
            host = urlsplit(url).netloc

            def hear(message: ConsoleMessage) -> None:
                faults.append(f"console: {message.text} ({message.location.get('url', '')})")

            def refuse(dialog: Dialog) -> None:
                faults.append(f"dialog: {dialog.message}")
                dialog.dismiss()

            def watch(request: Request) -> None:
                if urlsplit(request.url).scheme in {"http", "https"} and urlsplit(request.url).netloc != host:
                    faults.append(f"third-party request: {request.url}")

            page.on("console", hear)
            page.on("pageerror", lambda error: faults.append(f"page error: {error}"))
            page.on("dialog", refuse)
            page.on("request", watch)
            prepare(page)
            page.goto(url)
            return page

        yield start
    assert [fault for fault in faults if not any(text in fault for text in expected)] == []
