"""Takes the pictures of the README from the example fleet: `make screenshots`, with Debian's Chromium installed."""

import contextlib
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "images"
PAGES = {
    "dashboard": "index.html?down=eu",
    "models": "models.html",
    "model": "models/mistral-7b.html",
}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder, served for as long as this lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def main() -> None:
    """Build the example fleet and photograph its pages, in both schemes."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        build = [
            sys.executable,
            "-m",
            "modelspec",
            "build",
            "--root",
            str(ROOT),
            "--output",
            f"{folder}/dist",
        ]
        subprocess.run(build, check=True)
        with served(Path(folder, "dist", "site")) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            for scheme in SCHEMES:
                page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
                for name, path in PAGES.items():
                    page.goto(f"{address}/admin/{path}")
                    page.wait_for_load_state("networkidle")
                    page.screenshot(path=PICTURES / f"{name}-{scheme}.png")
                page.close()
            browser.close()


if __name__ == "__main__":
    main()
