"""The JSON of each verb against its published schema, and the JUnit against what its readers rely on."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest
from golden_cases import BASES
from jsonschema import Draft202012Validator
from test_ask_golden import CASES

from modelspec.cli import run

HERE = Path(__file__).parent
COMMANDS = [
    command
    for case in CASES.values()
    for command in case.all("run")
    if command.endswith("json") and not case.files
]
SCHEMAS = {"route": "decision", "test": "routing-tests", "drill": "drill"}
MAPS = {"env", "endpoint", "expected", "actual"}
"""Fields that may have several types."""


def schema_of(verb: str) -> dict[str, Any]:
    path = HERE.parents[1] / "schemas" / f"{SCHEMAS[verb]}.schema.json"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def answer(root: Path, command: str, capsys: pytest.CaptureFixture[str]) -> str:
    verb, *rest = shlex.split(command)
    run([verb, "--root", str(root), *rest])
    return capsys.readouterr().out


@pytest.fixture(name="failing")
def _failing(tmp_path: Path) -> Path:
    return CASES["failing-text"].write(tmp_path / "fleet")


def mutants(value: Any, whole: Any) -> Iterator[tuple[str, Any]]:
    """The document with one field missing, added, or of another type."""
    entries = list(value.items() if isinstance(value, dict) else enumerate(value))
    if isinstance(value, dict):
        value["no field!"] = 1
        yield "added", whole
        del value["no field!"]
    for key, inner in entries:
        if key in MAPS:
            continue
        value[key] = {"no": "field"} if not isinstance(inner, dict) else "text"
        yield f"type of {key}", whole
        value[key] = inner
        if isinstance(value, dict):
            del value[key]
            yield f"without {key}", whole
            value[key] = inner
        if isinstance(inner, dict | list):
            yield from mutants(inner, whole)


@pytest.mark.parametrize("command", COMMANDS)
def test_json_matches_its_schema_which_is_strict(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    schema = schema_of(command.split(maxsplit=1)[0])
    document = json.loads(answer(BASES / "ask", command, capsys))
    Draft202012Validator(schema).validate(document)
    fast = jsonschema_rs.Draft202012Validator(schema)
    tried = 0
    for what, mutant in mutants(document, document):
        tried += 1
        assert not fast.is_valid(mutant), what
    assert tried > 20


def test_differences_match_the_schema(failing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(answer(failing, "test --format json", capsys))
    Draft202012Validator(schema_of("test")).validate(document)
    fields = {each["field"] for test in document["tests"] for each in test["differences"]}
    assert fields == {"status", "head", "region", "tiers", "deployments", "reach_within"}


def test_junit_counts_match_its_cases(failing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = ET.fromstring(answer(failing, "test --format junit --fail-under 99", capsys))
    (suite,) = whole
    cases = suite.findall("testcase")
    failures = suite.findall("testcase/failure")
    for counts in (whole, suite):
        assert counts.get("tests") == str(len(cases)) == "12"
        assert counts.get("failures") == str(len(failures)) == "10"
    assert cases[0].get("file") == "routes.test.yaml"
    assert cases[0].get("line") == "2"
    assert cases[-2].get("name") == 'hostile & <b>"quoted"</b> | ::error::x'
    assert cases[-2].get("classname") == "x'; echo $(id) <!-- ]]>"
    assert cases[-1].get("classname") == "routing coverage"
    assert "99 %" in (failures[-1].get("message") or "")


def test_junit_escapes_what_xml_cannot_hold(
    failing: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # No readable file has such a name, but the format must not rely on that.
    from modelspec.ask import cases  # noqa: PLC0415

    monkeypatch.setattr(cases, "title", lambda request: f"\x00\x1b[31m\ufffe\ud800\t{request.model}\n")
    text = (failing / "routes.test.yaml").read_text(encoding="utf-8").replace("name: unknown, ", "")
    (failing / "routes.test.yaml").write_text(text, encoding="utf-8")
    suite = ET.fromstring(answer(failing, "test --format junit", capsys))
    assert suite.findall("*/testcase")[2].get("name") == r"\x00\x1b[31m\ufffe\ud800\tzebra\n"
