"""What the verbs answer about one fleet, beside what they must answer; `pytest --update-golden` writes it anew."""

import shlex
import shutil
from pathlib import Path

import pytest

from modelspec.cli import run

_HERE = Path(__file__).parent

COMMANDS = {
    "route-shared-tier": "route atlas",
    "route-json": "route atlas --from eu --format json",
    "route-colour": "route atlas --down eu-1 --color always",
    "route-failover": "route titan --from no --down eu",
    "route-no-head": "route bison --down eu --down no-1",
    "route-no-head-json": "route bison --down eu --down no-1 --format json",
    "route-forbidden": "route atlas --from us",
    "route-forbidden-json": "route atlas --from us --format json",
    "route-disabled": "route cobra",
    "route-disabled-json": "route cobra --format json",
    "route-unknown": "route Atlas",
    "route-unknown-json": "route atlsa --format json",
    "route-unlike-anything": "route something/else",
    "route-wildcard": "route router/qwen/x",
    "route-wildcard-alias": "route other/qwen/x",
    "route-deprecated": "route bison",
    "route-local-inference": "route local",
    "route-no-endpoint": "route claude@us",
    "test": "test",
    "test-colour": "test --color always",
    "test-json": "test --format json",
    "test-junit": "test --format junit --fail-under 50",
    "test-junit-enough": "test --format junit --fail-under 10",
    "test-suggest": "test --suggest",
    "test-only": "test --only 'Nobody*'",
    "test-only-json": "test --only titan --format json",
    "test-under": "test --fail-under 90 --quiet",
    "drill": "drill",
    "drill-colour": "drill --down us-2 --color always",
    "drill-together": "drill --down eu-1 --down no",
    "drill-json": "drill --down eu --format json",
    "drill-markdown": "drill --format markdown",
}

FAILING = """\
tests:
  - {name: moved, model: atlas, expect: {head: eu-3, region: "no", tiers: [eu-1], reach_within: [eu]}}
  - {name: refused, model: atlas, from: us, expect: {head: eu-1}}
  - {name: unknown, model: zebra, expect: {status: 200}}
  - {name: disabled, model: cobra, expect: {status: 503}}
  - {name: alive, model: bison, down: [eu, "no"], expect: {head: no-1}}
  - {name: routed, model: bison, expect: {status: 404}}
  - {name: upstreams, model: atlas, expect: {head: eu-2, deployments: [{env: ATLAS_URL}, https://one.example.com/v1]}}
  - name: two servers
    model: atlas
    down: [eu-1]
    expect: {deployments: [https://one.example.com/v1, {env: ATLAS_URL}]}
  - {name: by its provider, model: claude@us, expect: {deployments: [bedrock]}}
  - {name: contradiction, model: cobra, expect: {status: 404, head: us-1, region: us, tiers: [us-1], deployments: [x]}}
  - {name: "hostile & <b>\\"quoted\\"</b> | ::error::x", model: "x'; echo $(id) <!-- ]]>", expect: {status: 403}}
"""


def _settle(name: str, actual: str, *, update: bool) -> None:
    expected = _HERE / "expected" / f"{name}.txt"
    if update:
        expected.write_text(actual, encoding="utf-8", newline="")
    assert expected.exists(), f"{expected} is missing; write it with --update-golden, then read it"
    assert actual == expected.read_text(encoding="utf-8")


def _answer(root: Path, command: str, capsys: pytest.CaptureFixture[str]) -> str:
    verb, *rest = shlex.split(command)
    code = run([verb, "--root", str(root), *rest])
    out, err = capsys.readouterr()
    return f"$ modelspec {command}\n{out}--- standard error\n{err}--- exit code {code}\n"


@pytest.fixture(name="update")
def _update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_answer_is_as_expected(name: str, *, update: bool, capsys: pytest.CaptureFixture[str]) -> None:
    _settle(name, _answer(_HERE / "fleet", COMMANDS[name], capsys), update=update)


@pytest.mark.parametrize("format_", ["text", "json", "junit"])
def test_failures_are_told_as_expected(
    format_: str, *, update: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "fleet"
    shutil.copytree(_HERE / "fleet", root)
    (root / "routes.test.yaml").write_text(FAILING, encoding="utf-8")
    answer = _answer(root, f"test --format {format_} --fail-under 99", capsys)
    _settle(f"failing-{format_}", answer, update=update)


def test_errors_of_the_repository_are_told_as_expected(
    *, update: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "fleet"
    shutil.copytree(_HERE / "fleet", root)
    (root / "routes.test.yaml").write_text(
        "tests:\n  - model: atlas\n    expect:\n      {head: eu-9, region: ue, tiers: [eu-1, [eu-2, eu-8]],\n"
        "       reach_within: [eu, sn]}\n",
        encoding="utf-8",
    )
    answers = [_answer(root, f"{verb} --format json", capsys) for verb in ("route atlas", "test", "drill")]
    _settle("errors", "\n".join(answers), update=update)


def test_every_expectation_has_its_command() -> None:
    there = {path.stem for path in (_HERE / "expected").iterdir()}
    assert there == {*COMMANDS, "failing-text", "failing-json", "failing-junit", "errors"}
