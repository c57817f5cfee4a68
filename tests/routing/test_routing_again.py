"""Routes that are taken over from another state: those, and only those, that nothing has changed."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from small_fleets import FIXED, compiled, model, routed

from modelspec.routing.route import route

if TYPE_CHECKING:
    from modelspec.fleet.model import Model
    from modelspec.routing.table import Route

MODELS = {
    "atlas": model("atlas", "fallback_models: [bison]"),
    "bison": model("bison"),
    "cobra": model("cobra"),
    "dodo": model("dodo", "status: disabled"),
}
MS = {**FIXED, "modelspec.yaml": "rules: {MS301: off, MS308: off, MS401: off}\n"}


@pytest.mark.parametrize(
    ("changed", "new"),
    [
        ({}, ""),
        ({"bison": model("bison", "tags: [new]")}, "bison"),
        # What atlas falls back to reaches farther, so atlas does.
        ({"bison": model("bison", "fallback_heads: [head-uk-1]")}, "atlas bison"),
        ({"cobra": model("cobra", head="head-us-1")}, "cobra"),
        ({"dodo": model("dodo")}, "dodo"),
        ({"cobra": model("cobra", "status: disabled")}, "cobra"),
        ({"echo": model("echo")}, "echo"),
    ],
)
def test_only_what_has_changed_is_routed_again(changed: dict[str, str], new: str, tmp_path: Path) -> None:
    before, after = compiled(tmp_path / "a", MODELS, MS), compiled(tmp_path / "b", MODELS | changed, MS)
    theirs = {one.model_id: one for one in before.models}
    models = [one if one.model_id in changed else theirs[one.model_id] for one in after.models]
    known: dict[str, tuple[Model, Route]] = {
        one.model_id: (theirs[one.model_id], one) for one in routed(before).routes
    }
    table = route(after.catalog, models, known=known)
    assert table == routed(replace(after, models=models))
    assert [
        one.model_id for one in table.routes if one is not known.get(one.model_id, ((), None))[1]
    ] == new.split()
