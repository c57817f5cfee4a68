"""Two states of a repository and their expected plan; `golden_cases` describes the format.

`before/` of a case is committed, `after/` lies over it in the working tree.
"""

import json
from pathlib import Path

import pytest
from git_repositories import repository, write
from golden_cases import cases
from jsonschema import Draft202012Validator
from small_fleets import TODAY

from modelspec.change.effect import KINDS
from modelspec.change.markdown import LIMIT
from modelspec.change.plan import Planned, plan_change, rendered

CASES = cases(Path(__file__).parent / "cases")
FORMATS = {"plan.txt": "text", "plan.md": "markdown", "plan.json": "json"}
SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/plan.schema.json").read_text(encoding="utf-8"))
RANKS = [rank.name.lower() for rank in sorted({kind.rank for kind in KINDS})]
DOCUMENTS = {
    name: case.expected["plan.json"] or b"" for name, case in CASES.items() if "plan.json" in case.expected
}


@pytest.mark.parametrize("name", CASES)
def test_a_plan_is_as_expected(name: str, *, update: bool, tmp_path: Path) -> None:
    case = CASES[name]
    root = repository(case.write(tmp_path / "fleet", "before"))
    made = plan_change(write(root, case.below("after")), base="HEAD", head=None, today=TODAY)
    assert isinstance(made, Planned)
    code = (10 if made.plan.changes else 0) if made.is_allowed else 1
    plans = {file: "".join(rendered(made, format_, colour=False)) for file, format_ in FORMATS.items()}
    plans["plan.txt"] += f"exit code {code}\n"
    case.settle({file: plans[file] for file in case.all("compare") or FORMATS}, update=update)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_expected_json_matches_the_published_schema(name: str) -> None:
    document = json.loads(DOCUMENTS[name])
    Draft202012Validator(SCHEMA).validate(document)
    ranks = [RANKS.index(effect["rank"]) for effect in document["effects"]]
    assert ranks == sorted(ranks)
    assert sum(one["count"] for one in document["counts"]) == len(document["effects"])


def test_expected_comments_fit_the_limit() -> None:
    sizes = {name: len(case.expected["plan.md"] or b"") for name, case in CASES.items()}
    assert {name for name, size in sizes.items() if not 0 < size <= LIMIT} == set()


def test_every_kind_of_effect_has_a_case() -> None:
    seen = {effect["kind"] for document in DOCUMENTS.values() for effect in json.loads(document)["effects"]}
    # No file can cause this one: it is for future fields.
    assert {kind.name for kind in KINDS} - seen == {"written-otherwise"}
