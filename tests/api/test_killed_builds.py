"""Builds over an older one, killed at any moment: no tree is torn, and the next build is right.

`MODELSPEC_KILLS=1000 pytest tests/api/test_killed_builds.py -n 0` kills a thousand.
"""

import json
import os
import random
import signal
import time
from hashlib import sha256
from pathlib import Path
from unittest.mock import patch

import pytest
from child_processes import end, start
from small_fleets import FIXED, TODAY, model

from modelspec import incremental, pipeline
from modelspec.incremental import compile_fleet, compile_to_build
from modelspec.pipeline import emission_of
from modelspec.write import Written

KILLS = int(os.environ.get("MODELSPEC_KILLS", "12"))
MODELS = 150


def build(root: Path) -> None:
    written = incremental.write(emission_of(compile_to_build(root, today=TODAY)), root / "dist")
    assert isinstance(written, Written)


def whole(output: Path) -> dict[str, str]:
    """The sha256 of every file; as the manifest lists them, neither more nor less."""
    files = {path.relative_to(output).as_posix(): path for path in output.rglob("*") if path.is_file()}
    listed: dict[str, str] = json.loads(files.pop("manifest.json").read_bytes())["files"]
    assert listed == {name: sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    return listed


@pytest.mark.parametrize("writers", [1, 2])
def test_a_killed_build_leaves_a_whole_tree_and_the_next_one_is_right(tmp_path: Path, writers: int) -> None:
    root = tmp_path / "fleet"
    (root / "models.d").mkdir(parents=True)
    for name, text in FIXED.items():
        (root / name).write_text(text)
    for number in range(MODELS):
        (root / "models.d" / f"m{number}.yaml").write_text(model(f"m{number}"))
    dice = random.Random(writers)
    with (
        patch("platformdirs.user_cache_path", lambda _: tmp_path / "cache"),
        patch.object(incremental, "_WORTH_A_WRITER", 1 if writers > 1 else MODELS + 1),
    ):
        build(root)
        begin = time.perf_counter()
        assert end(start(lambda: build(root))) == 0
        span = time.perf_counter() - begin
        for number in range(KILLS):
            path = root / "models.d" / f"m{dice.randrange(MODELS)}.yaml"
            path.write_text(model(path.stem).replace("name: ", f"name: {number} "))
            child = start(lambda: build(root))
            time.sleep(dice.random() * span)
            os.kill(child, signal.SIGKILL)
            assert end(child) in (0, -signal.SIGKILL)
            whole(root / "dist")
            assert end(start(lambda: build(root))) == 0
            found = whole(root / "dist")
            assert [one.name for one in root.iterdir() if one.name.startswith(".dist")] == []
            if number % 6 == 0:
                fresh = pipeline.emit(emission_of(compile_fleet(root, today=TODAY)))
                assert found == {one.path: sha256(one.content).hexdigest() for one in fresh}
