from pathlib import Path

import pytest
from rule_fleets import found_in, heads, model, told

EU = {"region": "eu", "priority_head": "head-eu-1"}


def _messages(root: Path, text: str, code: str) -> list[str]:
    return [d.message for d in found_in(root, text) if d.code == code]


@pytest.mark.parametrize("reference", ["bison", "buffalo", "wild/ox", "wild/deep/ox"])
def test_a_fallback_model_is_found_by_every_name(reference: str, tmp_path: Path) -> None:
    text = (
        model(**EU, fallback_models=f"[{reference}]") + model("bison", aliases="[buffalo]") + model("wild/*")
    )
    (found,) = found_in(tmp_path, text)
    assert found.code == "MS302"
    assert found.message == f"the fallback model '{reference}' reaches 'us', outside the residency of 'eu'"


def test_an_exact_name_and_a_longer_prefix_win(tmp_path: Path) -> None:
    text = (
        model(**EU, fallback_models="[wild/ox, wild/deep/ox, wild/cow]")
        + model("wild/*")
        + model("wild/ox", **EU)
        + model("wild/deep/*", **EU)
    )
    assert _messages(tmp_path, text, "MS302") == [
        "the fallback model 'wild/cow' reaches 'us', outside the residency of 'eu'"
    ]


def test_residency_is_broken_at_the_end_of_a_chain(tmp_path: Path) -> None:
    text = (
        model(**EU, fallback_models="[bison]")
        + model("bison", **EU, fallback_models="{context_window: [cobra]}")
        + model("cobra")
    )
    found = found_in(tmp_path, text)
    assert [(d.code, d.path, d.span.line) for d in found] == [
        ("MS302", "models.d/atlas.yaml", 7),
        ("MS302", "models.d/bison.yaml", 7),
    ]


def test_offline_heads_and_disabled_models_carry_no_request_out(tmp_path: Path) -> None:
    states = heads(head_us_2="status: offline")
    text = (
        model(**EU, fallback_models="[bison, cobra]")
        + model("bison", **EU, fallback_heads="[head-uk-1, head-us-2]").replace("region: eu", "region: us")
        + model("cobra", status="disabled")
    )
    assert [d.code for d in found_in(tmp_path, states + text)] == ["MS310"]


def test_a_fallback_model_with_an_unknown_head_brings_no_second_fault(tmp_path: Path) -> None:
    text = model(**EU, fallback_models="[bison]") + model("bison", priority_head="head-us-9")
    assert [(d.code, d.path) for d in found_in(tmp_path, text)] == [("MS202", "models.d/bison.yaml")]


def test_a_fallback_model_in_a_broken_file_is_not_unknown(tmp_path: Path) -> None:
    text = model(fallback_models="[bison]") + model("bison", name="[")
    assert {d.path for d in found_in(tmp_path, text)} == {"models.d/bison.yaml"}


@pytest.mark.parametrize(
    ("model_id", "fields", "expected"),
    [
        ("atlas", {"fallback_models": "[atlas]"}, ["MS306:7"]),
        ("atlas", {"fallback_models": "[titan]", "aliases": "[titan]"}, ["MS306:7"]),
        ("atlas", {"fallback_models": "{error: [atlas], context_window: [atlas]}"}, ["MS306:7", "MS306:7"]),
        ("atlas/*", {"fallback_models": "['atlas/*']"}, ["MS306:7"]),
    ],
)
def test_a_model_that_falls_back_to_itself_is_no_cycle(
    model_id: str, fields: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    assert told(found_in(tmp_path, model(model_id, **fields))) == expected


def test_cycles_that_share_a_model_are_reported_once(tmp_path: Path) -> None:
    text = (
        model("atlas", fallback_models="[bison, cobra]")
        + model("bison", fallback_models="[atlas]")
        + model("cobra", fallback_models="[dingo]")
        + model("dingo", fallback_models="[cobra, atlas]")
    )
    found = found_in(tmp_path, text)
    assert [(d.code, d.path, d.span.column, d.message.rpartition(": ")[2]) for d in found] == [
        ("MS307", "models.d/bison.yaml", 19, "'atlas' → 'bison' → 'atlas'"),
        ("MS307", "models.d/dingo.yaml", 19, "'cobra' → 'dingo' → 'cobra'"),
    ]


def test_a_cycle_of_a_thousand_models_is_cut_in_its_message(tmp_path: Path) -> None:
    text = "".join(
        model(f"m{number:04}", fallback_models=f"[m{(number + 1) % 1000:04}]") for number in range(1000)
    )
    (found,) = found_in(tmp_path, text)
    assert (found.code, found.path) == ("MS307", "models.d/m0999.yaml")
    assert found.message == (
        "fallback models form a cycle: "
        "'m0000' → 'm0001' → 'm0002' → … 994 more … → 'm0997' → 'm0998' → 'm0999' → 'm0000'"
    )


def test_chains_that_meet_are_no_cycle(tmp_path: Path) -> None:
    text = (
        model(fallback_models="[bison, cobra]")
        + model("bison", fallback_models="[dingo]")
        + model("cobra", fallback_models="[dingo]")
        + model("dingo")
    )
    assert found_in(tmp_path, text) == []


def test_a_disabled_fallback_model_is_not_served(tmp_path: Path) -> None:
    text = (
        model(fallback_models="{error: [bison], context_window: [ox]}")
        + model("bison", status="disabled", fallback_models="[cobra]", aliases="[ox]")
        + model("cobra", status="disabled")
    )
    found = found_in(tmp_path, text)
    assert [(d.code, d.path, d.span.column) for d in found] == [
        ("MS310", "models.d/atlas.yaml", 27),
        ("MS310", "models.d/atlas.yaml", 52),
    ]
    assert found[0].related[0].path == "models.d/bison.yaml"
