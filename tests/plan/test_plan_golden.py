"""Pairs of small repositories beside what a plan must say of them; `pytest --update-golden` writes that anew.

`golden/fleet/` is what every case begins with. `<case>/before/` and `<case>/after/` hold only the files that differ
from it; `after/gone.txt` names those that the change deletes.
"""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from plan_repositories import GOLDEN, case, planned

from modelspec.change.kinds import KINDS
from modelspec.change.markdown import LIMIT
from modelspec.change.plan import rendered

CASES = sorted(path.parent.name for path in GOLDEN.glob("*/after"))
FORMATS = {"plan.txt": "text", "plan.md": "markdown", "plan.json": "json"}
SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/plan.schema.json").read_text(encoding="utf-8"))
RANKS = [rank.name.lower() for rank in sorted({kind.rank for kind in KINDS})]


@pytest.mark.parametrize("name", CASES)
def test_a_plan_says_what_is_expected(name: str, *, update: bool, tmp_path: Path) -> None:
    made = planned(case(tmp_path, name))
    code = (10 if made.plan.changes else 0) if made.is_allowed else 1
    for file, format_ in FORMATS.items():
        actual = "".join(rendered(made, format_, colour=False))
        if file == "plan.txt":
            actual += f"exit code {code}\n"
        expected = GOLDEN / name / file
        if update:
            expected.write_text(actual, encoding="utf-8", newline="")
        assert actual == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_an_expected_json_follows_its_published_schema(name: str) -> None:
    document = json.loads((GOLDEN / name / "plan.json").read_text(encoding="utf-8"))
    Draft202012Validator(SCHEMA).validate(document)
    ranks = [RANKS.index(effect["rank"]) for effect in document["effects"]]
    assert ranks == sorted(ranks)
    assert sum(one["count"] for one in document["counts"]) == len(document["effects"])


@pytest.mark.parametrize("name", CASES)
def test_an_expected_comment_fits(name: str) -> None:
    assert len((GOLDEN / name / "plan.md").read_bytes()) <= LIMIT


def test_every_kind_of_effect_is_in_some_case() -> None:
    seen = {
        effect["kind"]
        for name in CASES
        for effect in json.loads((GOLDEN / name / "plan.json").read_text(encoding="utf-8"))["effects"]
    }
    # What no comparer words cannot be brought about by a file: it is there for fields to come.
    assert {kind.name for kind in KINDS} - seen == {"written-otherwise"}
