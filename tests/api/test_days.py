"""The caller's day: it decides what has passed, also where a cache answers, and no output depends on it."""

from datetime import date
from pathlib import Path

import pytest
from git_repositories import write
from small_fleets import FIXED, model

from modelspec.incremental import compile_fleet, validate
from modelspec.pipeline import emission_of, emit

FILES = {
    **FIXED,
    "models.d/atlas.yaml": model(
        "atlas",
        "fallback_heads: [head-uk-1]",
        "status: deprecated",
        "replaced_by: bison",
        "sunset: 2026-06-30",
    ),
    "models.d/bison.yaml": model("bison", "fallback_heads: [head-uk-1]"),
}
BEFORE, ON, AFTER = date(2026, 6, 1), date(2026, 6, 30), date(2026, 7, 1)


def test_a_cached_answer_is_that_of_the_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "fleet"
    root.mkdir()
    write(root, FILES)
    for day, expected in ((BEFORE, False), (ON, False), (AFTER, True), (ON, False)):
        for cache in (True, True, False):
            codes = [found.code for found in validate(root, today=day, cache=cache).diagnostics]
            assert ("MS619" in codes) is expected, (day, cache)


def test_a_build_is_the_same_on_every_day(tmp_path: Path) -> None:
    root = write(tmp_path, FILES)
    outputs = []
    for day in (BEFORE, AFTER, date(2030, 1, 1)):
        compiled = compile_fleet(root, today=day)
        assert ("MS619" in {found.code for found in compiled.diagnostics}) is (day > ON)
        outputs.append({one.path: one.content for one in emit(emission_of(compiled))})
    assert outputs[0] == outputs[1] == outputs[2]
