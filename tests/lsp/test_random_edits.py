"""Random edits of the files of a fleet: after each, the server's state has the diagnostics of `validate`."""

import os
import random
import shutil
from pathlib import Path

from small_fleets import TODAY

from modelspec.editors.fleet import EditedFleet
from modelspec.incremental import check
from modelspec.load.find import read_tree

EXAMPLE = Path(__file__).parents[2]
EDITS = int(os.environ.get("MODELSPEC_RANDOM_EDITS", "40"))
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
    """MODELSPEC_RANDOM_EDITS sets how many."""
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
    fleet = EditedFleet(disk, lambda: TODAY)
    dice = random.Random(17)
    paths = sorted(file.relative_to(disk).as_posix() for file in disk.rglob("*.yaml"))
    paths += ["models.d/_defaults.yaml", "models.d/chat/new.yaml"]
    for number in range(EDITS):
        path = dice.choice(paths)
        file = mirror / path
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        # What is broken is mended now and then, so that most states are nearly right.
        if dice.random() < 0.4:
            text = (
                (disk / path).read_text(encoding="utf-8")
                if (disk / path).is_file()
                else "limits: {rpm: 60}\n"
            )
        else:
            start = dice.randrange(len(text) + 1)
            end = min(len(text), start + dice.choice((0, 0, 1, 5, 40)))
            text = text[:start] + dice.choice(WORDS) + text[end:]
        file.write_text(text, encoding="utf-8")
        fleet.show(path, text.encode())
        found = fleet.snapshot().compiled.diagnostics
        wanted = check(read_tree(mirror), today=TODAY).diagnostics
        assert [*found] == [*wanted], f"edit {number} of {path}"
