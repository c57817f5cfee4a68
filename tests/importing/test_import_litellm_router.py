"""An imported configuration routes like the original: LiteLLM's router loads both, and the results are compared."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_import_fixed_point import built
from test_import_golden import CASES, imported

from modelspec.fleet.providers import PROVIDERS

pytestmark = pytest.mark.gateway

ROOT = Path(__file__).parents[2]

COMPARED = {
    "simple": (),
    "several-deployments": (),
    "weights": ("odd",),  # its numbers are invalid, as the report says, and the router rejects them
    "heavy-weights": ("m",),  # 5000 to 1 exceeds the range of our weights, as the report says
    "fallbacks-router": (),
    "fallbacks-litellm-settings": (),
    "fallbacks-everywhere": ("openrouter/*",),  # it falls back to itself, which is left out
    "comments": (),
    "embeddings-and-images": ("rerank",),  # the target calls every Cohere model at the chat endpoint
    "anchors": (),
}
"""Cases whose routing is imported completely, except for these models, which are in the report."""
VARIABLES = {
    name: f"value-of-{name.lower()}"
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GROQ_API_KEY", "OPENROUTER_API_KEY", "AZURE_API_KEY")
} | {
    "AZURE_EU_KEY": "eu",
    "AZURE_US_KEY": "us",
    "AZURE_US_BASE": "https://us.example.com",
    "AZURE_API_VERSION": "2024-10-21",
    "AZURE_KEY": "azure",
    "GPT_4O_API_KEY": "rotated",
}


def litellm_python() -> Path:
    """The Python of LiteLLM's virtual environment; without it, the test fails."""
    named = os.environ.get("MODELSPEC_LITELLM")
    program = Path(named) if named else ROOT / ".tools" / "litellm" / "bin" / "litellm"
    assert program.is_file(), (
        f"{program} is missing: set MODELSPEC_LITELLM, or run .ci/run, which installs it"
    )
    return program.with_name("python")


def ask(home: Path, texts: list[str]) -> list[dict[str, Any]]:
    done = subprocess.run(
        [litellm_python(), Path(__file__).with_name("ask_litellm_models.py")],
        input=json.dumps(texts),
        env={"PATH": os.defpath, "HOME": str(home), "LITELLM_LOCAL_MODEL_COST_MAP": "True", **VARIABLES},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answers: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return answers


def comparable(answer: dict[str, Any], left_out: tuple[str, ...]) -> dict[str, Any]:
    """The answer with public endpoints of providers removed."""
    for turns, _ in answer.values():
        for turn in turns:
            for deployment in turn:
                provider, _, base, *_ = deployment
                known = PROVIDERS.get(provider)
                if base is not None and known is not None and base.rstrip("/") == known.public_endpoint:
                    deployment[2] = None
                if provider == "ollama":
                    deployment[2] = base or "http://localhost:11434"
            turn.sort(key=str)
    return {name: value for name, value in answer.items() if name not in left_out}


def original(case: str) -> str:
    """The configuration without models that the router rejects or the report calls wrong."""
    config = yaml.safe_load(CASES[case].files["config.yaml"] or b"")
    config["model_list"] = [e for e in config["model_list"] if e["model_name"] not in COMPARED[case]]
    return yaml.safe_dump(config)


def test_both_configurations_route_the_same_way(tmp_path: Path) -> None:
    texts = []
    for case in COMPARED:
        imported(case, tmp_path / case)
        texts += [original(case), built(tmp_path / case).decode()]
    answers = ask(tmp_path, texts)
    for position, (case, left_out) in enumerate(COMPARED.items()):
        before, after = (comparable(answers[2 * position + n], left_out) for n in (0, 1))
        assert after == before, case
        assert before, case
