"""`--prove` over every configuration: what LiteLLM does with both sides differs only where the case says so.

`proof.txt` of a case has a line for each expected difference, with its reason behind `#`.
"""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from importing_sources import TODAY
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
SECRET = "sk-proj-aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9fG"


def litellm_python() -> str:
    """The Python of LiteLLM's virtual environment; without it, the test fails."""
    program = os.environ.get("MODELSPEC_LITELLM", str(ROOT / ".tools/litellm/bin/litellm"))
    found = find_litellm(str(Path(program).with_name("python")))
    assert isinstance(found, str), "set MODELSPEC_LITELLM, or run .ci/run, which installs it"
    return found


@pytest.fixture(name="proofs", scope="module")
def _proofs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Proof]:
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
    return dict(zip(CASES, found, strict=True))


def lines(proof: Proof) -> Iterator[str]:
    for rank, groups in grouped(proof).items():
        for what, found in groups.items():
            names = ", ".join(one.name or "all" for one in found)
            yield f"{rank}: {json.dumps(what, ensure_ascii=False)}: {names}"


@pytest.mark.parametrize("name", CASES)
def test_only_expected_differences(name: str, proofs: dict[str, Proof]) -> None:
    written = (CASES[name].files.get("proof.txt") or b"").decode().splitlines()
    reasons = [line.rpartition("  # ") for line in written]
    assert [*lines(proofs[name])] == [line for line, _, _ in reasons]
    assert all(reason for _, _, reason in reasons)


def test_most_deployments_are_the_same_to_the_byte(proofs: dict[str, Proof]) -> None:
    assert sum(proof.equal for proof in proofs.values()) > 0.6 * sum(
        proof.deployments for proof in proofs.values()
    )


def test_the_page_shows_what_it_printed(proofs: dict[str, Proof]) -> None:
    page = (ROOT / "docs/import.md").read_text(encoding="utf-8")
    assert "".join(PROOFS["text"](proofs["documented"])) in page


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
    assert (process.returncode == 0) == found["safe"]
    assert (found["deployments"], found["silent"]) == (2, 0)
    assert "b" not in [one["name"] for one in found["differences"]]


def test_command_says_how_to_install_a_missing_litellm(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    done = Command(tmp_path).run("import", "litellm", "config.yaml", "--prove", "--litellm", "./missing")
    assert done.code == 1
    assert "pip install 'litellm[proxy]==" in done.err
