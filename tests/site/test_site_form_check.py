"""The form is never greener than `validate`."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from form_inputs import FLEET, edits, inputs
from playwright.sync_api import Browser

from modelspec.check.setup import read_setup
from modelspec.load.find import File, Tree, read_tree
from modelspec.load.locate import Locator
from modelspec.load.unread import MAX_BYTES
from modelspec.pipeline import compile_tree
from modelspec.rules import RULES
from modelspec.rules.examples import own_files

pytestmark = pytest.mark.browser

TODAY = date(2026, 1, 1)
CHECK = """async ([assets, data, values]) => {
  const {check, prepared} = await import(`${assets}check.js`);
  const {parse, yaml} = await import(`${assets}yaml.js`);
  const known = prepared(await (await fetch(data)).json());
  return values.map(([path, own, text]) => {
    const model = parse(text);
    return [yaml(model), check(known, model, {path, own, day: "2026-01-01"})];
  });
}"""


class Case(NamedTuple):
    """An input: the errors of `validate` as code and messages, the text of the file, and what the form says."""

    name: str
    errors: dict[str, list[str]]
    text: str
    form: dict[str, Any]

    @property
    def faults(self) -> dict[str, str]:
        """The errors that the form reports: a message by code."""
        return {fault["code"]: fault["text"] for fault in self.form["faults"] if fault["severity"] == "error"}

    @property
    def left(self) -> set[str]:
        """The codes that the form leaves to CI."""
        return {code for one in self.form["left"] for code in one["codes"]}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    folder = tmp_path_factory.mktemp("fleet")
    for path, text in own_files(FLEET).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return read_tree(folder)


@pytest.fixture(scope="module")
def said(
    tree: Tree, chromium: Browser, build: Callable[[Path], Path], serve: Callable[[Path], str]
) -> list[Case]:
    """Every input through form and validator: one page load."""
    address = serve(build(tree.root))
    cases: list[tuple[str, str, str | None, Any]] = [
        (name, f"models.d/{'given/' if 'folder' in name else ''}atlas.yaml", None, value)
        for name, value in inputs()
    ]
    cases += [(f"{own} becomes {value['model_id']}", path, own, value) for path, own, value in edits()]
    page = chromium.new_page()
    page.goto(f"{address}/admin/propose.html")
    admin = f"{address}/admin/"
    values = [[path, own, json.dumps(value)] for _, path, own, value in cases]
    found = page.evaluate(CHECK, [f"{admin}assets/", f"{admin}propose.json", values])
    page.close()
    setup = read_setup(tree, Locator.of(tree))
    known: dict[tuple[str, str], dict[str, list[str]]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("modelspec.pipeline.read_setup", lambda *_: setup)  # the same for every input
        for (_, path, _, _), (text, _) in zip(cases, found, strict=True):
            if (path, text) not in known:
                known[path, text] = errors_of(tree, path, text)
    return [
        Case(name, known[path, text], text, form)
        for (name, path, _, _), (text, form) in zip(cases, found, strict=True)
    ]


def errors_of(tree: Tree, path: str, text: str) -> dict[str, list[str]]:
    """The errors that `validate` reports with this file; the fleet has none. Gateways are no matter of the form."""
    file = File(path, text.encode("utf-8", "surrogatepass"))
    if len(file.data) > MAX_BYTES:
        return {"MS003": ["this file is larger than 256 KiB"]}
    models = sorted([*(one for one in tree.models if one.path != path), file], key=lambda one: one.path)
    compiled = compile_tree(replace(tree, models=models), today=TODAY, route=None)
    found: dict[str, list[str]] = {}
    for one in compiled.diagnostics:
        if one.severity == "error" and one.code < "MS7":
            found.setdefault(one.code, []).append(one.message)
    return found


def test_no_input_passes_the_form_that_validate_refuses(said: list[Case]) -> None:
    refused = [one for one in said if one.errors]
    assert len({one.text for one in refused}) >= 300
    assert {code[:3] for one in refused for code in one.errors} >= {"MS1", "MS2", "MS3", "MS4", "MS5", "MS6"}
    greener = [
        (one.name, code)
        for one in refused
        for code in one.errors
        if not one.faults and code not in one.left and "all rules" not in one.left
    ]
    assert greener == []


def test_no_input_is_refused_by_the_form_alone(said: list[Case]) -> None:
    assert [(one.name, one.faults) for one in said if not one.errors and one.faults] == []


def test_most_faults_are_named_by_the_form_itself(said: list[Case]) -> None:
    refused = [one for one in said if one.errors]
    assert sum(bool(one.faults) for one in refused) > len(refused) * 3 / 4
    assert said[0].name == "good"
    assert said[0].left == {"MS312", "MS7xx"}


_OTHER_WORDS = {"MS006", "MS109", "MS205", "MS501", "MS622"}
"""Of a hidden character by where it stands, of another's schema, at the later of two files, with the key masked."""


def test_a_fault_has_the_message_of_validate(said: list[Case]) -> None:
    shared = [
        (one.name, text, one.errors[code])
        for one in said
        for code, text in one.faults.items()
        if code in one.errors and code not in _OTHER_WORDS and len(one.faults) == len(one.form["faults"])
    ]
    assert len(shared) > 300
    assert [case for case in shared if case[1] not in case[2]] == []


def test_whatever_may_be_a_secret_stays_out_of_links(said: list[Case]) -> None:
    secret = [one for one in said if not one.errors.keys().isdisjoint({"MS501", "MS502", "MS513", "MS521"})]
    assert len(secret) > 100
    assert [one.name for one in secret if not one.form["isDoubtful"]] == []


def test_what_is_left_is_told_by_its_codes(said: list[Case]) -> None:
    codes = {rule.code for rule in RULES} | {"MS7xx", "all rules"}
    assert {code for one in said for code in one.left} <= codes
    assert all(left["words"] for one in said for left in one.form["left"])
    assert [one.name for one in said if any("failed" in left["words"] for left in one.form["left"])] == []
