"""What `--prove` prints, and how it finds LiteLLM: nothing here needs it."""

import json
from pathlib import Path

import pytest
from importing_sources import TODAY

from modelspec.diagnose.refusal import Refusal
from modelspec.gateways.litellm import ask as asking
from modelspec.gateways.litellm.ask import ask, find_litellm
from modelspec.importing import BY_NAME, ImportOutcome, ImportRequest, run
from modelspec.importing.proof import Proof, ProofRank, ProvenDifference, differing
from modelspec.importing.prove import prove
from modelspec.importing.prove_formats import PROOFS
from modelspec.text.source import Span, Spot

HOSTILE = "<img onerror=x>|`\u202e"
SECRET = "sk-proj-aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9fG"


def difference(rank: ProofRank, what: str, line: int, name: str = "a") -> ProvenDifference:
    spot = Spot("config.yaml", Span(line=line, column=1, end_line=line, end_column=1))
    return ProvenDifference(rank=rank, what=what, spot=spot, name=name)


PROOF = Proof(
    source="config.yaml",
    deployments=9,
    equal=2,
    silent=1,
    differences=[
        *(difference(ProofRank.ELSEWHERE, "another key", line) for line in range(1, 6)),
        difference(ProofRank.BEHAVES, f"{HOSTILE}: {SECRET}", 7, HOSTILE),
    ],
)


def test_equal_differences_are_one_line_with_three_places() -> None:
    shown = "".join(PROOFS["text"](PROOF))
    line = "  5: another key (config.yaml:1 'a', config.yaml:2 'a', config.yaml:3 'a', 2 more)\n"
    assert f"\ngoes elsewhere\n{line}" in shown
    assert shown.startswith(
        "2 of 9 deployments in config.yaml send the same request to the same place; for 1,"
    )


@pytest.mark.parametrize("form", PROOFS)
def test_no_format_prints_a_secret_or_what_steers_a_reader(form: str) -> None:
    shown = "".join(PROOFS[form](PROOF))
    assert SECRET not in shown
    assert "\u202e" not in shown
    assert form != "markdown" or "<img" not in shown


def test_json_has_every_difference() -> None:
    found = json.loads("".join(PROOFS["json"](PROOF)))
    assert len(found["differences"]) == 6
    assert found["safe"] is False


def sent(**more: object) -> dict[str, object]:
    request = {
        "method": "POST",
        "url": "https://a.example/v1/chat/completions?v=1",
        "headers": {},
        "body": {},
    }
    return {"sent": {**request, "timeout": 1.0, **more}}


KEY = {"authorization": "Bearer $A"}


@pytest.mark.parametrize(
    ("before", "after", "rank", "what"),
    [
        (sent(), {"failed": "ValueError"}, ProofRank.BREAKS, "no request leaves: ValueError"),
        ({"answered": True}, sent(), ProofRank.ELSEWHERE, "a request leaves where LiteLLM answered itself"),
        ({"failed": "E"}, sent(), ProofRank.BEHAVES, "a request leaves where LiteLLM refused: E"),
        (sent(headers=KEY), sent(), ProofRank.BREAKS, "no key is sent in place of $A"),
        (sent(), sent(headers=KEY), ProofRank.ELSEWHERE, "another key: none → $A"),
        (
            sent(headers={"api-key": "none"}),
            sent(headers={"api-key": "$A"}),
            ProofRank.BEHAVES,
            "placeholder",
        ),
        (sent(), sent(url="https://b.example/v1/chat/completions?v=1"), ProofRank.ELSEWHERE, "URL: "),
        (
            sent(),
            sent(url="https://a.example/v1/chat/completions"),
            ProofRank.BEHAVES,
            "query of the URL: v=1 → none",
        ),
        (
            sent(url="http://a.example/api/generate"),
            sent(url="http://a.example/api/chat"),
            ProofRank.BEHAVES,
            "URL: ",
        ),
        (
            sent(url="http://a.example/api/embed"),
            sent(url="http://a.example/api/chat"),
            ProofRank.ELSEWHERE,
            "URL: ",
        ),
        (
            sent(url="http://a.example/api/generate"),
            sent(url="http://b.example/api/chat"),
            ProofRank.ELSEWHERE,
            "URL: ",
        ),
        (
            sent(headers=KEY),
            sent(headers={"authorization": "Basic $A"}),
            ProofRank.BEHAVES,
            "the same key in another form",
        ),
        (sent(body={"n": "1"}), sent(body={"n": 1}), ProofRank.BEHAVES, 'n: "1" → 1'),
        (sent(body={"model": "a"}), sent(body={"model": "b"}), ProofRank.ELSEWHERE, "model: a → b"),
        (sent(body={"max_tokens": 1}), sent(), ProofRank.BEHAVES, "max_tokens: 1 → nothing"),
        (sent(), sent(timeout=2.0), ProofRank.BEHAVES, "timeout: 1.0 → 2.0"),
        (sent(headers={"x-title": "a"}), sent(), ProofRank.BEHAVES, "header x-title: a → nothing"),
    ],
)
def test_ranks(before: dict[str, object], after: dict[str, object], rank: ProofRank, what: str) -> None:
    ((found, words),) = differing(before, after)
    assert found is rank
    assert what in words


def test_finds_litellm_on_the_path_and_in_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert isinstance(find_litellm(), Refusal)
    for folder, path in ((".tools/litellm/bin", "none"), ("bin", "bin")):
        monkeypatch.setenv("PATH", str(tmp_path / path))
        (tmp_path / folder).mkdir(parents=True)
        for name in ("litellm", "python"):
            (tmp_path / folder / name).write_text("")
            (tmp_path / folder / name).chmod(0o755)
        assert find_litellm() == str(tmp_path / folder / "python")


@pytest.mark.parametrize("text", ["#!/bin/sh\necho no json\nexit 3\n", "#!/bin/sh\nkey=secret; exit 1\n"])
def test_a_program_without_litellm_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "python").write_text(text)
    (tmp_path / "python").chmod(0o755)
    found = ask(str(tmp_path / "python"), [], 0)
    assert isinstance(found, Refusal)
    assert "secret" not in found.message


def test_a_program_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_SECONDS", 0.2)
    (tmp_path / "python").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "python").chmod(0o755)
    found = ask(str(tmp_path / "python"), [], 0)
    assert isinstance(found, Refusal)
    assert "did not finish" in found.message


def test_no_key_reaches_the_other_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def answer(_: str, questions: object, __: int) -> Refusal:
        seen.append(questions)
        return Refusal(message="asked", help="")

    monkeypatch.setattr("modelspec.importing.prove.ask", answer)
    source = tmp_path / "config.yaml"
    source.write_text(
        "model_list:\n- model_name: my-key-model\n"
        f"  litellm_params: {{model: openai/a, api_key: {SECRET}, extra_headers: {{x-api-key: hunter2hunter2}}}}\n"
        "router_settings: {fallbacks: [{my-key-model: [other]}]}\n"
        "general_settings: {master_key: sk-my-master}\nlitellm_settings: {callbacks: [evil.handler]}\n"
    )
    request = ImportRequest(source=source, into=tmp_path / "new", dry_run=True)
    outcome = run(BY_NAME["litellm"], request, TODAY)
    assert isinstance(outcome, ImportOutcome)
    assert isinstance(prove([(request, outcome)], "python", TODAY), Refusal)
    text = json.dumps(seen)
    assert SECRET not in text
    assert "hunter2" not in text
    assert "sk-my-master" not in text
    assert '{"my-key-model": ["other"]}' in text
