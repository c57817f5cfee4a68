"""MS711 to MS715 beside what their pages show."""

from pathlib import Path

import pytest
from rule_fleets import codes, found_in

from modelspec.rules import RULES

BY_CODE = {rule.code: rule for rule in RULES}


@pytest.mark.parametrize("code", ["MS711", "MS712", "MS713", "MS715"])
def test_nothing_is_asked_of_an_edge_that_is_not_written(code: str, tmp_path: Path) -> None:
    assert codes(found_in(tmp_path, BY_CODE[code].bad.replace("targets: [envoy]", "targets: []"))) == []


@pytest.mark.parametrize("code", ["MS711", "MS713", "MS715"])
def test_nothing_is_asked_for_a_model_that_is_disabled(code: str, tmp_path: Path) -> None:
    text = BY_CODE[code].bad.replace("name: Atlas", "name: Atlas\nstatus: disabled")
    assert code not in codes(found_in(tmp_path, text))


def test_a_slash_is_no_path_and_a_broken_url_is_the_business_of_others(tmp_path: Path) -> None:
    bad = BY_CODE["MS712"].bad
    assert codes(found_in(tmp_path / "slash", bad.replace("com/llm", "com/"))) == []
    assert "MS712" not in codes(
        found_in(tmp_path / "broken", bad.replace("https://us-2.example.com/llm", "https://[x/llm"))
    )


@pytest.mark.parametrize(
    "path", ["/health/", "/metrics", "/healthz", "/health/liveliness/", "/Health/liveliness"]
)
def test_other_paths_are_refused_for_heads_of_litellm_alone(path: str, tmp_path: Path) -> None:
    text = BY_CODE["MS714"].bad.replace("health_path: /health", f"health_path: {path}")
    assert codes(found_in(tmp_path / "litellm", text)) == ["MS714"]
    others = text.replace("targets: [envoy, litellm]", "targets: [envoy, prometheus]")
    assert codes(found_in(tmp_path / "others", others)) == []


@pytest.mark.parametrize("path", ["/", "/health/liveness", "/health/readiness"])
def test_paths_that_litellm_answers_without_a_key_are_allowed(path: str, tmp_path: Path) -> None:
    text = BY_CODE["MS714"].bad.replace("health_path: /health", f"health_path: {path}")
    assert codes(found_in(tmp_path, text)) == []


def test_without_a_total_time_any_silence_is_allowed(tmp_path: Path) -> None:
    text = BY_CODE["MS715"].bad
    assert codes(found_in(tmp_path, text.replace("{request_timeout_ms: 600000}", "{port: 1}"))) == []
