"""Takes the pictures of docs/editors.md: Neovim and Emacs in a terminal, with the lines of that page.

    python tools/editor_pictures.py [--nvim PROGRAM] [--emacs PROGRAM]

Needs tmux, Chromium, Neovim 0.11 or later and Emacs with eglot and yaml-mode. Each picture is taken when the screen
shows what it is of, so that this is also the test of those lines: it fails where an editor does not show it.
"""

import argparse
import html
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "images"
FILES = ("regions.yaml", "heads.yaml", "modelspec.yaml", "metadata.schema.json", "keys.yaml", "waivers.yaml")
OPENED = "models.d/chat/mistral-medium.yaml"
COLUMNS, ROWS = 100, 22
SECONDS = 60.0
READY = {"nvim": "[modelspec]", "emacs": "[eglot:"}
"""What an editor shows once the server has answered."""

MORE_LUA = """
vim.diagnostic.config({ virtual_text = { format = function(found) return found.message:match("^[^\\n]*") end } })
vim.o.swapfile, vim.o.termguicolors, vim.o.completeopt = false, true, "menuone,noinsert,popup"
vim.o.wrap, vim.o.hlsearch = false, false
vim.api.nvim_create_autocmd("LspAttach", { callback = function() vim.o.statusline = "%f  [modelspec]" end })
"""
MORE_LISP = """
(setq native-comp-async-report-warnings-errors nil warning-minimum-level :emergency
      inhibit-startup-screen t make-backup-files nil auto-save-default nil
      eldoc-echo-area-use-multiline-p 3 flymake-show-diagnostics-at-end-of-line t)
(menu-bar-mode -1)
(require 'eglot)
(require 'yaml-mode)
(add-hook 'yaml-mode-hook 'eglot-ensure)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What an editor is given: keys, as tmux names them, and the text that the screen must show before more."""

    name: str
    editor: str
    steps: Sequence[tuple[Sequence[str], str]]


PICTURES_OF = (
    Picture(
        name="neovim-completion",
        editor="nvim",
        steps=(
            (("/head-service-no", "Enter", "f", "]", "i", ", head-service-u"), "INSERT"),
            (("C-x", "C-o"), "head-service-us-2"),
            (("C-n",), "(us), active"),
        ),
    ),
    Picture(
        name="neovim-hover",
        editor="nvim",
        steps=((("/mistral-medium", "Enter", "K"), "is routed to head-service-eu"),),
    ),
    Picture(
        name="neovim-fix",
        editor="nvim",
        steps=(
            (("/head-service-no", "Enter", "c", "t", "]", "head-service-noo", "Escape"), "no head is named"),
            (("h", "g", "r", "a"), "Change to 'head-service-no'"),
        ),
    ),
    Picture(
        name="emacs-fix",
        editor="emacs",
        steps=(
            (("C-s", "head-service-no", "Enter", "o"), "head-service-noo"),
            (("Left",), "MS202"),
            (("M-x", "eglot-code-actions", "Enter"), "Change to 'head-service-no'"),
        ),
    ),
)


def main() -> None:
    """Run each editor, and photograph its screen."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--nvim", default="nvim")
    parser.add_argument("--emacs", default="emacs")
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(device_scale_factor=1)
        for one in PICTURES_OF:
            if given.only not in one.name:
                continue
            with tempfile.TemporaryDirectory() as folder:
                screen = _screen(one, Path(folder), given.nvim if one.editor == "nvim" else given.emacs)
            page.set_content(_page(screen))
            page.locator("pre").screenshot(path=PICTURES / f"{one.name}.png")
        browser.close()


def block(name: str) -> str:
    """What docs/editors.md says to write for an editor."""
    text = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    match = re.search(rf"^```{name}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert match, name
    return match[1]


def _command(editor: str, program: str, folder: Path) -> list[str]:
    if editor == "nvim":
        (folder / "init.lua").write_text(block("lua") + MORE_LUA, encoding="utf-8")
        return [program, "-u", str(folder / "init.lua"), OPENED]
    (folder / "init.el").write_text(MORE_LISP + block("lisp"), encoding="utf-8")
    return [program, "-nw", "--no-init-file", "--load", str(folder / "init.el"), OPENED]


def _screen(one: Picture, folder: Path, program: str) -> str:
    """The screen of an editor after the steps of a picture, with its escapes."""
    fleet = folder / "fleet"
    fleet.mkdir()
    for name in FILES:
        shutil.copy(ROOT / name, fleet)
    shutil.copytree(ROOT / "models.d", fleet / "models.d")
    tmux = ["tmux", "-S", str(folder / "socket"), "-f", "/dev/null"]
    path = f"PATH={Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    size = ["-x", str(COLUMNS), "-y", str(ROWS)]
    home = [
        f"HOME={folder}",
        f"XDG_CONFIG_HOME={folder}",
        f"XDG_STATE_HOME={folder}",
        f"XDG_DATA_HOME={folder}",
    ]
    command = ["env", path, *home, "TERM=tmux-256color", *_command(one.editor, program, folder)]
    subprocess.run([*tmux, "new-session", "-d", *size, "-c", str(fleet), *command], check=True)
    try:
        _wait(tmux, READY[one.editor])
        for keys, text in one.steps:
            for key in keys:
                subprocess.run([*tmux, "send-keys", key], check=True)
                time.sleep(0.2)
            _wait(tmux, text)
        time.sleep(0.5)
        return _captured(tmux, "-e", "-N")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)


def _captured(tmux: Sequence[str], *more: str) -> str:
    return subprocess.run(
        [*tmux, "capture-pane", "-p", *more], check=True, capture_output=True, text=True
    ).stdout


def _wait(tmux: Sequence[str], text: str) -> None:
    end = time.monotonic() + SECONDS
    while text not in (shown := _captured(tmux)):
        if time.monotonic() > end:
            raise TimeoutError(f"no {text!r} on the screen:\n{shown}")
        time.sleep(0.2)


_BASIC = ("1d2021", "cc241d", "98971a", "d79921", "458588", "b16286", "689d6a", "d5c4a1")
_BRIGHT = ("928374", "fb4934", "b8bb26", "fabd2f", "83a598", "d3869b", "8ec07c", "fbf1c7")


def _page(screen: str) -> str:
    text = "".join(_spans(screen.rstrip("\n")))
    style = "margin:0;padding:12px 14px;width:max-content;background:#14161b;color:#e0e2ea"
    font = "font:15px/1.35 'DejaVu Sans Mono',monospace"
    return f'<body style="margin:0"><pre style="{style};{font}">{text}</pre>'


def _spans(screen: str) -> Iterator[str]:
    """A screen as HTML; of the escapes, the colours and weights."""
    state: dict[str, str] = {}
    for part in re.split(r"(\x1b\[[0-9;:]*m|\x0e|\x0f|\x1b\(.)", screen):
        if part.startswith("\x1b["):
            codes = [int(code or 0) for code in re.split("[;:]", part[2:-1])]
            _take(state, codes)
        elif part and part[0] not in "\x0e\x0f\x1b":
            front, back = state.get("front", "#e0e2ea"), state.get("back", "transparent")
            if "reverse" in state:
                front, back = ("#14161b" if back == "transparent" else back), front
            weight = "font-weight:bold;" if "bold" in state else ""
            yield f'<span style="{weight}color:{front};background:{back}">{html.escape(part)}</span>'


def _take(state: dict[str, str], codes: list[int]) -> None:
    while codes:
        code = codes.pop(0)
        if code in (38, 48) and codes:
            kind, count = codes.pop(0), 0
            count = 3 if kind == 2 else 1  # noqa: PLR2004 - red, green, blue, or a number
            given, codes[:] = codes[:count], codes[count:]
            state["front" if code == 38 else "back"] = _colour(given)  # noqa: PLR2004 - as above
        elif code == 0:
            state.clear()
        elif code in (1, 7):
            state["bold" if code == 1 else "reverse"] = "yes"
        elif code in (22, 27, 39, 49):
            state.pop({22: "bold", 27: "reverse", 39: "front", 49: "back"}[code], None)
        elif code // 10 in (3, 4, 9, 10):
            bright = code >= 90  # noqa: PLR2004 - as above
            state["back" if code // 10 in (4, 10) else "front"] = (
                f"#{(_BRIGHT if bright else _BASIC)[code % 10]}"
            )


def _colour(given: list[int]) -> str:
    if len(given) == 3:  # noqa: PLR2004 - as above
        return "#" + "".join(f"{one:02x}" for one in given)
    number = given[0]
    if number < 16:  # noqa: PLR2004 - the palette of xterm
        return f"#{(*_BASIC, *_BRIGHT)[number]}"
    if number >= 232:  # noqa: PLR2004
        return "#" + f"{8 + 10 * (number - 232):02x}" * 3
    steps = (0, 95, 135, 175, 215, 255)
    number -= 16
    return "#" + "".join(f"{steps[part]:02x}" for part in (number // 36, number // 6 % 6, number % 6))


if __name__ == "__main__":
    main()
