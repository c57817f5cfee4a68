"""Quick fixes: each that is offered is applied, and the fault is gone."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
from ordinary_mistakes import GROUPS, M
from small_fleets import TODAY

from modelspec.diagnose.rule import Rule
from modelspec.editors.fixes import fixes_of
from modelspec.editors.fleet import EditedFleet
from modelspec.rules import RULES
from modelspec.rules.examples import example_files

EXAMPLE = Path(__file__).parents[2]


def _check(fleet: EditedFleet, offered: Counter[str], at: str) -> None:
    """Apply each fix of each diagnostic: the fault is gone, and no other of that kind came in its place."""
    before = fleet.snapshot()
    texts = dict(fleet.texts)
    for found in before.compiled.diagnostics:
        same = sum(one.code == found.code for one in before.compiled.diagnostics)
        for fix in fixes_of(before, found):
            fleet.show(fix.path, fix.data)
            after = fleet.snapshot().compiled.diagnostics
            where = f"{at}: {found.code} {found.message}: {fix.title}: {[(o.code, o.message) for o in after]}"
            assert not any(
                (one.code, one.message, one.path) == (found.code, found.message, found.path) for one in after
            ), where
            assert sum(one.code == found.code for one in after) < same, where
            offered[found.code] += 1
            fleet.show(fix.path, texts.get(fix.path))


def test_each_fix_of_the_examples_of_the_rules_works(tmp_path: Path) -> None:
    offered: Counter[str] = Counter()
    for number, rule in enumerate(rule for rule in RULES if rule.bad):
        root = tmp_path / str(number)
        for path, text in example_files(rule.bad).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        _check(EditedFleet(root, lambda: TODAY), offered, rule.code)
    assert offered.keys() >= {*_EXPECTED.split()}, {*_EXPECTED.split()} - offered.keys()


_EXPECTED = (
    "MS101 MS102 MS103 MS104 MS105 MS107 MS201 MS202 MS203 MS208 MS303 MS304 MS305 MS306 MS307 MS310 MS314 MS401 MS402 "
    "MS403 MS404 MS525 MS531 MS601 MS602 MS610 MS611 MS619 MS620 "
)
"""Rules that must have a fix."""


def test_each_fix_of_ordinary_mistakes_works(tmp_path: Path) -> None:
    for name in ("heads.yaml", "keys.yaml", "metadata.schema.json", "modelspec.yaml", "regions.yaml"):
        shutil.copy(EXAMPLE / name, tmp_path)
    shutil.copytree(EXAMPLE / "models.d", tmp_path / "models.d")
    fleet = EditedFleet(tmp_path, lambda: TODAY)
    offered: Counter[str] = Counter()
    mistakes = [one for group in GROUPS.values() for one in group if one[1] == M and one[2]][::3]
    text = (EXAMPLE / M).read_text(encoding="utf-8")
    for _, path, old, new in mistakes:
        fleet.show(path, text.replace(old, new, 1).encode())
        _check(fleet, offered, repr(new))
    assert sum(offered.values()) > 15


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.code in ("MS501", "MS502")])
def test_what_may_be_a_secret_has_no_fix(rule: Rule, tmp_path: Path) -> None:
    for path, text in example_files(rule.bad).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    now = EditedFleet(tmp_path, lambda: TODAY).snapshot()
    assert not [fix for found in now.compiled.diagnostics if found.hidden for fix in fixes_of(now, found)]
