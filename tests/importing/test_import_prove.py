"""`--prove` over every configuration: what LiteLLM does with both sides differs only where the case says so, and why.

`proof.txt` of a case has a line for each difference, with its reason behind `#`: `report:` and words that the import's
report has in a row about each of the models, or `source:` where LiteLLM rejects the original. Nothing else is a reason.
"""

import json
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from importing_sources import TODAY
from jsonschema import Draft202012Validator
from modelspec_command import Command
from test_import_golden import CASES

from modelspec.diagnose.refusal import Refusal
from modelspec.gateways.litellm.ask import find_litellm
from modelspec.importing import BY_NAME, ImportOutcome, ImportRequest, run
from modelspec.importing.proof import Proof
from modelspec.importing.prove import prove
from modelspec.importing.prove_formats import PROOFS, grouped

pytestmark = pytest.mark.gateway

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/import.md"
SECRET = "sk-proj-aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9fG"


def litellm_python() -> str:
    """The Python of LiteLLM's virtual environment; without it, the test fails."""
    program = os.environ.get("MODELSPEC_LITELLM", str(ROOT / ".tools/litellm/bin/litellm"))
    found = find_litellm(str(Path(program).with_name("python")))
    assert isinstance(found, str), "set MODELSPEC_LITELLM, or run .ci/run, which installs it"
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Proven:
    """One case: its import and its proof."""

    outcome: ImportOutcome
    proof: Proof


@pytest.fixture(name="proofs", scope="module")
def _proofs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Proven]:
    """One process for all cases, because loading LiteLLM takes most of the time."""
    folder = tmp_path_factory.mktemp("prove")
    imports = []
    for name, case in CASES.items():
        request = ImportRequest(
            source=case.write(folder / name) / "config.yaml",
            into=folder / f"{name}.new",
            region=next(iter(case.all("region")), None),
            heads=case.all("head"),
            dry_run=True,
        )
        outcome = run(BY_NAME["litellm"], request, TODAY)
        assert isinstance(outcome, ImportOutcome)
        imports.append((request, outcome))
    found = prove(imports, litellm_python(), TODAY)
    assert not isinstance(found, Refusal), found
    return {
        name: Proven(outcome=outcome, proof=proof)
        for name, (_, outcome), proof in zip(CASES, imports, found, strict=True)
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A line of `proof.txt`: differences of one kind, and the names that have it."""

    text: str
    what: str
    names: tuple[str, ...]


def rows(proof: Proof) -> Iterator[Row]:
    for rank, groups in grouped(proof).items():
        for what, found in groups.items():
            names = tuple(one.name for one in found)
            shown = ", ".join(name or "all" for name in names)
            text = f"{rank}: {json.dumps(what, ensure_ascii=False)}: {shown}"
            yield Row(text=text, what=what, names=names)


def is_reason(reason: str, row: Row, outcome: ImportOutcome) -> bool:
    """Whether the report of the import says of each model what the reason quotes, or LiteLLM rejects the original."""
    kind, _, words = reason.partition(": ")
    if kind == "source":
        return any(phrase in row.what for phrase in ("does not load the original", "where LiteLLM refused"))
    told = [f"{note.what}: {note.why}" for note in outcome.notes]
    return (
        kind == "report"
        and words != ""
        and all(any(words in text and name in text for text in told) for name in row.names)
    )


@pytest.mark.parametrize("name", CASES)
def test_each_difference_is_expected_and_has_a_true_reason(name: str, proofs: dict[str, Proven]) -> None:
    written = (CASES[name].files.get("proof.txt") or b"").decode().splitlines()
    expected = [line.rpartition("  # ") for line in written]
    found = [*rows(proofs[name].proof)]
    assert [row.text for row in found] == [line for line, _, _ in expected]
    for row, (line, _, reason) in zip(found, expected, strict=True):
        assert is_reason(reason, row, proofs[name].outcome), f"{line}: no row of the report says {reason!r}"


def test_the_page_counts_deployments_and_none_differs_without_a_reason(
    proofs: dict[str, Proven], *, update: bool
) -> None:
    found = [one.proof for one in proofs.values()]
    compared, equal, silent, differing = (
        sum(getattr(proof, of) for proof in found) for of in ("deployments", "equal", "silent", "differing")
    )
    shown = (
        f"**{compared} deployments of {len(found)} configurations compared: {equal} byte-equal, "
        f"{differing} explained, {compared - equal - silent - differing} unexplained.**\n"
    )
    print(shown)  # noqa: T201 - the figures of a run, with -s
    page = PAGE.read_text(encoding="utf-8")
    if update:
        page = re.sub(r"(?m)^\*\*\d+ deployments .*\n", shown, page)
        PAGE.write_text(page, encoding="utf-8")
    assert shown in page
    assert (silent, compared) == (0, equal + differing)
    assert len(found) >= 60


def test_the_page_shows_what_it_printed(proofs: dict[str, Proven], *, update: bool) -> None:
    page = PAGE.read_text(encoding="utf-8")
    shown = "".join(PROOFS["text"](proofs["documented"].proof))
    if update:
        block = re.compile(r"(?m)(?<=^```\n)\d+ of \d+ deployments in config[.]yaml (?:.*\n)*?(?=```$)")
        page = block.sub(lambda _: shown, page)
        PAGE.write_text(page, encoding="utf-8")
    assert shown in page


CONFIG = f"""\
model_list:
  - model_name: a
    litellm_params: {{model: openai/gpt-4o, api_key: {SECRET}, mock_response: hi}}
  - model_name: b
    litellm_params: {{model: openai/gpt-4o, api_base: "http://127.0.0.1:PORT/v1", api_key: os.environ/B_KEY}}
    model_info: {{mode: chat}}
litellm_settings:
  callbacks: [evil.handler]
  custom_provider_map: [{{provider: evil, custom_handler: evil.handler}}]
general_settings: {{key_management_system: local, custom_auth: evil.auth}}
environment_variables: {{PYTHONPATH: FOLDER}}
"""


def test_command_reaches_nothing_and_runs_nothing_of_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "evil.py").write_text(f"open({str(folder / 'ran')!r}, 'w')\n", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.01)
        text = CONFIG.replace("PORT", str(server.getsockname()[1])).replace("FOLDER", str(folder))
        (folder / "config.yaml").write_text(text, encoding="utf-8")
        arguments = ("--into", "new", "--prove", "--litellm", litellm_python(), "--format", "json")
        process = Command(tmp_path).start("import", "litellm", "config.yaml", *arguments, cwd=folder)
        out, err = process.communicate(timeout=300)
        with pytest.raises(TimeoutError):
            server.accept()
    assert sorted(path.name for path in folder.iterdir()) == ["config.yaml", "evil.py"]
    assert SECRET.encode() not in out + err
    found = json.loads(out)
    schema = json.loads((ROOT / "schemas/proof.schema.json").read_text(encoding="utf-8"))
    assert not [*Draft202012Validator(schema).iter_errors(found)]
    assert (process.returncode == 0) == found["safe"]
    assert (found["deployments"], found["silent"]) == (2, 0)
    assert "b" not in [one["name"] for one in found["differences"]]


def test_command_says_how_to_install_a_missing_litellm(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    done = Command(tmp_path).run("import", "litellm", "config.yaml", "--prove", "--litellm", "./missing")
    assert done.code == 1
    assert "pip install 'litellm[proxy]==" in done.err
