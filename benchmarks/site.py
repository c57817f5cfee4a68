"""First paint of the models page, and what a keystroke, reading the list and scrolling it cost, in headless Chromium.

    python benchmarks/site.py --root PATH_OF_A_CONFIGURATION_REPOSITORY

Each figure is of a fresh profile with an empty cache; the site is served from this machine, uncompressed. But for the
first paint, milliseconds are processor time of the page's main thread, which other work on the machine disturbs less
than the clock. A keystroke is all of its tasks from the key event to the first paint of the result.
"""

import argparse
import functools
import json
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

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

SLOWER = 4
"""How much slower a phone is than this machine."""

# A frame is painted after its requestAnimationFrame; a message that is posted there arrives after the paint.
WATCH_KEYS = """() => {
    window.keystrokes = 0;
    addEventListener("keydown", () => {
        performance.mark(`key ${window.keystrokes}`);
        requestAnimationFrame(() => {
            const {port1, port2} = new MessageChannel();
            port1.onmessage = () => performance.mark(`painted ${window.keystrokes++}`);
            port2.postMessage(null);
        });
    }, true);
}"""

# Long enough for what follows a pause in typing.
PAUSE = "() => new Promise((done) => setTimeout(done, 600))"

SCROLL = """async () => {
    for (let last = -1, still = 0; still < 8; still = scrollY === last ? still + 1 : 0) {
        last = scrollY;
        scrollBy(0, innerHeight);
        await new Promise(requestAnimationFrame);
    }
}"""

Event = dict[str, Any]


class Traced:
    """The tasks of the page's main thread, as Chromium traced them."""

    def __init__(self, trace: bytes) -> None:
        self.events: list[Event] = json.loads(trace)["traceEvents"]
        mains = {
            (one["pid"], one["tid"])
            for one in self.events
            if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"
        }
        tasks = [one for one in self.events if one["name"] == "ThreadControllerImpl::RunTask"]
        by_thread = {main: [one for one in tasks if (one["pid"], one["tid"]) == main] for main in mains}
        self.tasks = max(by_thread.values(), key=self.milliseconds)

    @staticmethod
    def milliseconds(tasks: Iterable[Event]) -> float:
        """Of the processor."""
        return float(sum(one.get("tdur", 0) for one in tasks)) / 1000

    def between(self, start: str, end: str) -> float:
        """Milliseconds of the tasks from one mark to another."""
        marks = {one["name"]: one["ts"] for one in self.events if one["name"] in {start, end}}
        return self.milliseconds(
            one
            for one in self.tasks
            if one["ts"] + one.get("dur", 0) >= marks[start] and one["ts"] <= marks[end]
        )

    @property
    def longest(self) -> float:
        """Milliseconds of the longest task."""
        return max(self.milliseconds([one]) for one in self.tasks)


def traced(browser: Browser, page: Page, act: Callable[[], object]) -> Traced:
    """What the main thread did meanwhile."""
    browser.start_tracing(page=page, categories=["toplevel", "blink.user_timing"])
    act()
    return Traced(browser.stop_tracing())


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


def opened(browser: Browser, url: str, width: int = 1280) -> Page:
    """The page in a profile of its own."""
    page = browser.new_context(viewport={"width": width, "height": 800}).new_page()
    page.goto(url, wait_until="commit")
    return page


def first_paint(browser: Browser, url: str) -> float:
    """Milliseconds from the navigation to the first paint."""
    page = opened(browser, url)
    paint = float(page.evaluate(FIRST_PAINT))
    page.context.close()
    return paint


def ready(page: Page) -> None:
    """Wait until the page has the list of all models, and all that it makes of it."""
    page.wait_for_selector("main.is-ready")
    page.wait_for_timeout(2000)


def keystrokes(browser: Browser, url: str, width: int) -> list[float]:
    """Milliseconds of the main thread for each letter, typed and taken back, from the key to the paint."""
    page = opened(browser, url, width)
    page.locator("#q").focus()
    ready(page)
    page.evaluate(WATCH_KEYS)
    keys = [*TYPED, *["Backspace"] * len(TYPED)]

    def type_all() -> None:
        for key in keys:
            page.keyboard.press(key)
            page.evaluate(PAUSE)

    trace = traced(browser, page, type_all)
    page.context.close()
    return [trace.between(f"key {number}", f"painted {number}") for number in range(len(keys))]


def loading(browser: Browser, url: str) -> float:
    """The longest task from the focus in the search until the list is read and prepared."""
    page = opened(browser, url, 390)
    page.wait_for_load_state("networkidle")

    def focus() -> None:
        page.locator("#q").focus()
        ready(page)

    trace = traced(browser, page, focus)
    page.context.close()
    return trace.longest


def scrolling(browser: Browser, url: str) -> tuple[float, float]:
    """Milliseconds to scroll the table to its end, a window a frame, and megabytes of the heap then."""
    page = opened(browser, f"{url}?view=table")
    ready(page)
    trace = traced(browser, page, lambda: page.evaluate(SCROLL))
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    page.context.close()
    return trace.milliseconds(trace.tasks), heap


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
            strokes = {width: keystrokes(browser, url, width) for width in (390, 1280)}
            longest = loading(browser, url)
            scrolled, heap = scrolling(browser, url)
        browser.close()
    print(f"first paint: median {statistics.median(paints):.0f} ms, worst of {RUNS} {max(paints):.0f} ms")
    for width, times in strokes.items():
        slow = [SLOWER * time for time in times]
        print(
            f"keystroke, {width} wide, {SLOWER} times slower: median {statistics.median(slow):.0f} ms, "
            f"worst of {len(slow)} {max(slow):.0f} ms"
        )
    print(f"longest task while the list is read, {SLOWER} times slower: {SLOWER * longest:.0f} ms")
    print(f"table scrolled to its end: {scrolled:.0f} ms, then {heap:.1f} MB of heap")


if __name__ == "__main__":
    main()
