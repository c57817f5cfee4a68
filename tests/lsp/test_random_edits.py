"""Random edits of the files of a fleet: after each, the server shows the diagnostics of `validate`."""

import os
import random
import shutil
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from editor_client import Editor, editor

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.incremental import check
from modelspec.load.find import read_tree
from modelspec.report.printable import advised

EXAMPLE = Path(__file__).parents[2]
EDITS = int(os.environ.get("MODELSPEC_RANDOM_EDITS", "30"))
WORDS = (
    "eu",
    "head-service-eu",
    "[",
    "{",
    "}",
    ":",
    " ",
    "\n",
    "- ",
    "'",
    '"',
    "#",
    "\t",
    "🦬",
    "\u202e",
    "null",
    "&a",
    "*a",
)


def test_random_edits_leave_the_diagnostics_of_validate(tmp_path: Path) -> None:
    """Over standard input and output; MODELSPEC_RANDOM_EDITS sets how many."""
    disk = tmp_path / "disk"
    for name in (
        "heads.yaml",
        "keys.yaml",
        "metadata.schema.json",
        "modelspec.yaml",
        "regions.yaml",
        "waivers.yaml",
    ):
        disk.mkdir(exist_ok=True)
        shutil.copy(EXAMPLE / name, disk)
    shutil.copytree(EXAMPLE / "models.d", disk / "models.d")
    mirror = tmp_path / "mirror"
    shutil.copytree(disk, mirror)
    dice = random.Random(17)
    paths = sorted(file.relative_to(disk).as_posix() for file in disk.rglob("*.yaml"))
    paths += ["models.d/_defaults.yaml", "models.d/chat/new.yaml"]
    with editor(disk) as client:
        client.begin()
        for number in range(EDITS):
            path = dice.choice(paths)
            file = mirror / path
            text = _changed(dice, client.texts.get(path) or _text(disk / path) or "", _text(disk / path))
            # The compiler reads what an editor would save.
            file.write_text(text, encoding="utf-8", newline="")
            if path in client.texts:
                client.type(path, text)
            else:
                client.open(path, text)
            client.settle(path)
            wanted = _told(check(read_tree(mirror), today=datetime.now(UTC).date()).diagnostics)
            assert _published(client) == wanted, f"edit {number} of {path}"
        assert client.logged == []


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _changed(dice: random.Random, text: str, original: str | None) -> str:
    """What is broken is mended now and then, so that most states are nearly right."""
    if dice.random() < 0.4:
        return "limits: {rpm: 60}\n" if original is None else original
    start = dice.randrange(len(text) + 1)
    end = min(len(text), start + dice.choice((0, 0, 1, 5, 40)))
    return text[:start] + dice.choice(WORDS) + text[end:]


def _told(found: Iterable[Diagnostic]) -> Counter[tuple[object, ...]]:
    """Code, severity, words, file and line of each diagnostic."""
    severities = ["error", "warning", "info"]
    return Counter(
        (one.code, severities.index(one.severity.value) + 1, advised(one), one.path, one.span.line)
        for one in found
    )


def _published(client: Editor) -> Counter[tuple[object, ...]]:
    return Counter(
        (one["code"], one["severity"], one["message"], path, one["range"]["start"]["line"] + 1)
        for uri, each in client.published.items()
        for path in [unquote(uri.removeprefix(client.uri("")).lstrip("/"))]
        for one in each["diagnostics"]
    )
