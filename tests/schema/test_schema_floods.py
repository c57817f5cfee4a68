"""Thousands of faults in one document: some are told, with how many are not, and nothing faulty passes for sound."""

from typing import Any

import pytest

from modelspec.schema import DocumentKind, SchemaFault, check

MODEL = {"model_id": "atlas", "name": "Atlas", "region": "eu", "priority_head": "head-eu"}
MANY = 9_000
REGION = {"code": "eu", "name": "Europe"}


def closing(faults: list[SchemaFault]) -> list[tuple[str, tuple[str | int, ...], str]]:
    return [(f.code, f.pointer, f.message) for f in faults if f.label == "more faults"]


@pytest.mark.parametrize(
    ("document", "kind", "code", "pointer", "subject"),
    [
        ({**MODEL, "tags": list(range(MANY))}, "model", "MS103", ("tags",), "tags"),
        ({**MODEL, "deployments": [{}] * MANY}, "model", "MS106", ("deployments",), "deployments"),
        (
            {**MODEL, "params": {f"p{n}": {} for n in range(MANY)}},
            "model",
            "MS102",
            ("params",),
            "params",
        ),
        (
            {**MODEL, "load_balancing": {"weights": {f"h{n}": "x" for n in range(MANY)}}},
            "model",
            "MS103",
            ("load_balancing", "weights"),
            "load_balancing.weights",
        ),
        (
            {**MODEL, **{f"x{n}": 1 for n in range(MANY)}},
            "model",
            "MS101",
            (),
            "a model",
        ),
        (
            {**MODEL, "tags": ["a"] * MANY},
            "model",
            "MS107",
            ("tags",),
            "tags",
        ),
        ({"regions": [1] * MANY}, "regions", "MS103", ("regions",), "regions"),
        (
            {"regions": [{**REGION, "residency": [1] * MANY}]},
            "regions",
            "MS103",
            ("regions", 0, "residency"),
            "regions[0].residency",
        ),
        ({"heads": [{}] * MANY}, "heads", "MS102", ("heads",), "heads"),
        ({"waivers": [{}] * MANY}, "waivers", "MS108", ("waivers",), "waivers"),
        ({"tests": ["x"] * MANY}, "routes.test", "MS103", ("tests",), "tests"),
        (
            {"rules": {f"X{n}": "off" for n in range(MANY)}},
            "modelspec",
            "MS104",
            ("rules",),
            "rules",
        ),
        (
            {"rules": {f"X{n}": "off" for n in range(101)}},
            "modelspec",
            "MS104",
            ("rules",),
            "rules",
        ),
    ],
)
def test_a_flood_is_reported_of_and_not_counted_out(
    document: Any, kind: DocumentKind, code: str, pointer: tuple[str | int, ...], subject: str
) -> None:
    faults = check(document, kind)
    assert len(faults) <= 502
    told = closing(faults)
    assert (code, pointer, f"{subject} has more than 100 faults; the others are not reported") in told


def test_a_fault_behind_thousands_of_good_entries_is_reported_at_its_place() -> None:
    regions = [{"code": f"r{n}", "name": "R"} for n in range(MANY)]
    regions[-1] = {"code": "R", "name": "R"}
    (fault,) = check({"regions": regions}, "regions")
    assert (fault.code, fault.pointer) == ("MS104", ("regions", MANY - 1, "code"))


def test_faults_among_good_entries_keep_their_places() -> None:
    tags = ["x" if n % 2 else "" for n in range(2 * MANY)]
    empty = [f.pointer for f in check({**MODEL, "tags": tags}, "model") if f.code == "MS106"]
    assert empty == [*(("tags", 2 * n) for n in range(100)), ("tags",)]


def test_lists_in_several_entries_are_cut_each_by_itself() -> None:
    regions = [{**REGION, "residency": [1] * 200}, {**REGION, "residency": [2] * 300}]
    untold = [place for _, place, _ in closing(check({"regions": regions}, "regions"))]
    assert untold == [("regions", 0, "residency"), ("regions", 1, "residency")]


def test_a_document_of_many_long_lists_is_cut_as_a_whole() -> None:
    faults = check({"regions": [{**REGION, "residency": [1] * 99}] * 99}, "regions")
    assert len(faults) == 1_001
    assert closing(faults) == [
        ("MS103", (), "regions.yaml has more than 1,000 faults; the others are not reported")
    ]


def test_unreported_faults_of_one_list_hide_none_of_the_others() -> None:
    faults = check({**MODEL, "tags": [1] * MANY, "aliases": [1] * MANY, "status": 1, "region": "EU"}, "model")
    assert {fault.pointer[0] for fault in faults} == {"tags", "aliases", "status", "region"}
    assert {("tags",), ("aliases",)} <= {fault.pointer for fault in faults}


def test_a_large_document_that_is_no_mapping_is_one_fault() -> None:
    assert [fault.code for fault in check(["x"] * MANY, "model")] == ["MS103"]


def test_a_name_that_may_be_a_secret_is_not_shown_in_a_flood() -> None:
    secret = "sk-abcdefgh12345678"
    faults = check({**MODEL, "params": {f"{secret}{n}": {secret: 1} for n in range(MANY)}}, "model")
    assert len(faults) == 101
    for fault in faults:
        assert secret not in f"{fault.message}{fault.label}{fault.help}"
