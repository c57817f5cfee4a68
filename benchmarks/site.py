"""First paint of the models page, and what a keystroke in its search costs, in headless Chromium.

    python benchmarks/site.py --root PATH_OF_A_CONFIGURATION_REPOSITORY

Each figure is of a fresh profile with an empty cache; the site is served from this machine, uncompressed. A keystroke
lasts from the key event to the end of the first frame that shows its result.
"""

import argparse
import functools
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
]
RUNS = 5
TYPED = "gpt-4o mini"

FIRST_PAINT = """() => new Promise((done) => {
    new PerformanceObserver((list) => done(list.getEntries()[0].startTime))
        .observe({type: "paint", buffered: true});
})"""

# Frames are painted after their requestAnimationFrame; a message that is posted there arrives after the paint.
WATCH_KEYS = """() => {
    window.keystrokes = [];
    addEventListener("keydown", ({timeStamp}) => requestAnimationFrame(() => {
        const {port1, port2} = new MessageChannel();
        port1.onmessage = () => window.keystrokes.push(performance.now() - timeStamp);
        port2.postMessage(null);
    }), true);
}"""


class QuietFiles(SimpleHTTPRequestHandler):
    """A static host without a log."""

    def do_GET(self) -> None:
        """A page that is closed early is no fault."""
        with suppress(ConnectionError):
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the base class's
        """Requests are not worth a line."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of the folder while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietFiles, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def opened(browser: Browser, url: str) -> Page:
    """The page in a profile of its own."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(url, wait_until="commit")
    return page


def first_paint(browser: Browser, url: str) -> float:
    """Milliseconds from the navigation to the first paint."""
    page = opened(browser, url)
    paint = float(page.evaluate(FIRST_PAINT))
    page.context.close()
    return paint


def keystrokes(browser: Browser, url: str) -> list[float]:
    """Milliseconds of each letter, typed and taken back, once the whole list is loaded."""
    page = opened(browser, url)
    page.wait_for_selector("main:not([aria-busy]) #q:visible")
    page.wait_for_load_state("networkidle")
    page.locator("#q").focus()
    page.evaluate(WATCH_KEYS)
    keys = [*TYPED, *["Backspace"] * len(TYPED)]
    for typed, key in enumerate(keys, 1):
        page.keyboard.press(key)
        page.wait_for_function("(typed) => window.keystrokes.length === typed", arg=typed)
    times: list[float] = page.evaluate("() => window.keystrokes")
    page.context.close()
    return times


def main() -> None:
    """Build, serve, measure, print."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--root", type=Path, required=True, help="a configuration repository")
    arguments.add_argument("--chromium", default="/usr/bin/chromium", help="the browser's program")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        dist = Path(folder) / "dist"
        command = [sys.executable, "-m", "modelspec", "build", "--root", options.root, "--output", dist]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        with served(dist / "site") as address:
            url = f"{address}/admin/models.html"
            paints = [first_paint(browser, url) for _ in range(RUNS)]
            strokes = [time for _ in range(RUNS) for time in keystrokes(browser, url)]
        browser.close()
    print(f"first paint: median {statistics.median(paints):.0f} ms, worst of {RUNS} {max(paints):.0f} ms")
    print(
        f"keystroke: median {statistics.median(strokes):.0f} ms, worst of {len(strokes)} {max(strokes):.0f} ms"
    )


if __name__ == "__main__":
    main()
