"""`suggest` for fallback heads, weights and prices: exactly what was planted, and edits that pass."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

import jsonschema_rs
import pytest
from git_repositories import write
from small_fleets import model
from usage_days import FILES, HEADS, LAST, QUIET, REGIONS, Days, Row, observed, report_of, steady, titles

from modelspec.author.change import Put
from modelspec.traffic.suggest import proposals
from modelspec.traffic.suggested import suggestions_json

SCHEMA = Path(__file__).parents[2] / "schemas/suggestions.schema.json"
FALLEN = ("head-us", "head-eu")
ASK_EU = "Ask head-eu before head-us when atlas falls over"


@pytest.fixture
def usage(tmp_path: Path) -> Days:
    return Days(tmp_path / "usage")


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    return write(tmp_path / "fleet", FILES)


def fell_over(us: int, eu: int, us_failed: int = 0, eu_failed: int = 0) -> Iterator[Row]:
    """What the fallback heads of atlas answer each day, with success and with an error."""
    yield from steady("atlas", "head-uk", {"uk": 100})
    for head, count, failed in (("head-us", us, us_failed), ("head-eu", eu, eu_failed)):
        yield from steady("atlas", head, {"uk": count - failed})
        yield from steady("atlas", head, {"uk": failed}, code="503")


@pytest.mark.parametrize(
    ("counts", "found", "says"),
    [
        ((20, 20), [], ""),
        ((22, 18), [], ""),
        ((18, 22), [], ""),
        ((16, 24), [ASK_EU], "head-eu answered 20.0 (20.0 to 20.0) points more of them than head-us"),
        ((25, 25, 5, 0), [ASK_EU], "head-us answers 20.0 (20.0 to 20.0) points more"),
        ((25, 25, 0, 5), [], ""),
        ((16, 24, 0, 12), [], ""),  # answers more, and half of it with errors
        ((4, 6), [], ""),  # too few
    ],
)
def test_a_fallback_head_that_does_better_is_asked_first(
    fleet: Path, usage: Days, counts: tuple[int, ...], found: list[str], says: str
) -> None:
    usage.write([*QUIET, *fell_over(*counts)], fallen=FALLEN)
    report = report_of(fleet, usage)
    assert titles(report) == found
    if found:
        (one,) = report.suggestions
        assert any(says in words for words in one.draft.effects), one.draft.effects
        assert b"  - head-eu  # the next best\n  - head-us\n" in (
            one.draft.files["models.d/atlas.yaml"] or b""
        )
        jsonschema_rs.validator_for(schema := json.loads(SCHEMA.read_text())).validate(
            json.loads(suggestions_json(report))
        )
        assert schema["$defs"]["kind"]


def test_a_fallback_head_that_is_faster_is_asked_first(fleet: Path, usage: Days) -> None:
    slow = {("uk", "head-us"): 400, ("uk", "head-eu"): 300}
    usage.write([*QUIET, *fell_over(25, 25)], slow, fallen=FALLEN)
    report = report_of(fleet, usage)
    assert titles(report) == [ASK_EU]
    assert report.suggestions[0].proposal.figures["measure"] == "faster"


@pytest.mark.parametrize("path", ["models.d/atlas.yaml", "heads.yaml", "models.d/_defaults.yaml"])
def test_what_was_changed_lately_is_left_alone(fleet: Path, usage: Days, path: str) -> None:
    usage.write([*QUIET, *fell_over(16, 24)], fallen=FALLEN)
    assert titles(report_of(fleet, usage, recent={path})) == []
    assert titles(report_of(fleet, usage, recent=None)) == []


def test_a_later_head_in_another_region_is_not_asked_first(fleet: Path, usage: Days) -> None:
    """A drill of the first head would take the model out of its region, which it does not now."""
    second = "  - {head_id: head-uk-2, region: uk, url: https://head-uk-2.example.net}\n"
    atlas = FILES["models.d/atlas.yaml"].replace("head-us ", "head-uk-2 ")
    write(fleet, {"heads.yaml": HEADS + second, "models.d/atlas.yaml": atlas})
    rows = [*steady("atlas", "head-uk-2", {"uk": 16}), *steady("atlas", "head-eu", {"uk": 24})]
    usage.write([*QUIET, *steady("atlas", "head-uk", {"uk": 100}), *rows], fallen=("head-uk-2", "head-eu"))
    report = report_of(fleet, usage)
    assert [one.why for one in report.dropped] == [
        "drill: atlas would leave its region in 2 drills, not in 1"
    ]
    assert titles(report) == []


SIZED = HEADS.replace("net}", "net, capacity: 3}").replace(
    "us-2.example.net, capacity: 3", "us-2.example.net, capacity: 1"
)


def weighed(weights: str) -> dict[str, str]:
    text = model(
        "bison",
        f"load_balancing: {{weights: {weights}}}",
        "fallback_heads: [head-uk]",
        region="us",
        head="head-us",
    )
    return {"heads.yaml": SIZED, "models.d/bison.yaml": text}


@pytest.mark.parametrize(
    ("weights", "shares", "found"),
    [
        ("{head-us: 1, head-us-2: 1}", (50, 50), ["Weigh the heads of bison by their capacity"]),
        (
            "{head-us: 55, head-us-2: 45}",
            (55, 45),
            ["Weigh the heads of bison by their capacity"],
        ),  # by 20 points
        ("{head-us: 3, head-us-2: 1}", (50, 50), []),  # as it should be: nothing to edit
        ("{head-us: 1, head-us-2: 1}", (75, 25), []),  # not so in fact
        ("{head-us: 7, head-us-2: 3}", (70, 30), []),
    ],
)
def test_weights_against_capacity(
    fleet: Path, usage: Days, weights: str, shares: tuple[int, int], found: list[str]
) -> None:
    write(fleet, weighed(weights))
    rows = [*steady("bison", "head-us", {"us": shares[0]}), *steady("bison", "head-us-2", {"us": shares[1]})]
    usage.write([*rows, *steady("civet", "head-eu", {"eu": 90}), *steady("atlas", "head-uk", {"uk": 90})])
    report = report_of(fleet, usage)
    assert titles(report) == found
    for one in report.suggestions:
        changes = {
            change.pointer[-1]: change.value
            for change in one.proposal.edits[0].changes
            if isinstance(change, Put)
        }
        assert (changes["head-us"], changes.get("head-us-2", 1)) == (3, 1)


def test_a_head_that_is_less_busy_in_all_keeps_its_weight(fleet: Path, usage: Days) -> None:
    write(fleet, weighed("{head-us: 1, head-us-2: 1}"))
    rows = [*steady("bison", "head-us", {"us": 50}), *steady("bison", "head-us-2", {"us": 50})]
    usage.write([*rows, *steady("atlas", "head-us", {"uk": 300})])
    assert titles(report_of(fleet, usage)) == []


PRICES = """\
prices:
  - {model: "*", region: us, input: 10, output: 10}
  - {model: "*", region: uk, input: 8, output: 8}
"""
DEPLOYED = """\
model_id: eland
name: Eland
region: us
priority_head: head-us
fallback_heads: [head-us-2]
deployments:
  - {endpoint: "https://one.example.org/v1", region: us}  # the first contract
  - {endpoint: "https://two.example.org/v1", region: uk}
"""


@pytest.mark.parametrize(
    ("price", "found"),
    [
        (8, ["Call the deployments of eland in uk first"]),  # 20 % less
        (9.5, []),
        (10, []),
        (12, []),
    ],
)
def test_a_deployment_that_costs_less_is_called_first(
    fleet: Path, usage: Days, price: float, found: list[str]
) -> None:
    prices = PRICES.replace("input: 8, output: 8", f"input: {price}, output: {price}")
    write(
        fleet,
        {"models.d/eland.yaml": DEPLOYED, "prices.yaml": prices, "modelspec.yaml": "prices: prices.yaml\n"},
    )
    usage.write(QUIET)
    usage.write(steady("eland", "head-us", {"us": 50}), upstream="us", tokens=1000)
    report = report_of(fleet, usage)
    assert titles(report) == found
    for one in report.suggestions:
        text = one.draft.files["models.d/eland.yaml"] or b""
        assert b"  # the first contract\n" in text
        assert text.count(b"order: 2") == text.count(b"order: 1") == 1
        assert one.proposal.figures["cost"] == pytest.approx(28 * 50 * 2000 * 10 / 1e6)
        assert one.proposal.figures["cost_there"] == pytest.approx(28 * 50 * 2000 * 8 / 1e6)
        after = write(fleet, {"models.d/eland.yaml": text})
        assert titles(report_of(after, usage)) == []  # nothing more to edit


def test_no_price_leads_out_of_the_residency(fleet: Path, usage: Days) -> None:
    deployed = (
        DEPLOYED.replace("region: us\n", "region: eu\n")
        .replace("head-us-2", "head-uk")
        .replace("head-us", "head-eu")
    )
    deployed = deployed.replace("region: us}", "region: eu}")
    prices = PRICES.replace("region: us", "region: eu")
    fitted = {"prices.yaml": prices, "modelspec.yaml": "prices: prices.yaml\n"}
    write(fleet, {"models.d/eland.yaml": deployed, **fitted})
    usage.write(QUIET)
    usage.write(steady("eland", "head-eu", {"eu": 50}), upstream="eu", tokens=1000)
    assert titles(report_of(fleet, usage)) == ["Call the deployments of eland in uk first"]
    write(
        fleet,
        {
            "regions.yaml": REGIONS.replace("residency: [eu, uk]", "residency: [eu]"),
            "modelspec.yaml": "prices: prices.yaml\nrules: {MS301: warning}\n",
        },
    )
    assert not any(one.kind == "price" for one in proposals(observed(fleet, usage)[1]))


def test_a_head_in_a_region_that_costs_less_is_asked_first(fleet: Path, usage: Days) -> None:
    """Where the region of the head decides, since that of the upstream is not known."""
    kudu = "model_id: kudu\nname: K\nregion: us\npriority_head: head-us\n"
    kudu += "fallback_heads: [head-us-2, head-uk]\nprovider: openai\n"
    off = "guards: {max_moved: 100%, max_changed: 100%, empty_head: off, last_model_of_region: off}"
    write(
        fleet,
        {
            "models.d/kudu.yaml": kudu,
            "prices.yaml": PRICES,
            "modelspec.yaml": f"prices: prices.yaml\n{off}\n",
        },
    )
    usage.write(QUIET)
    usage.write(steady("kudu", "head-us", {"us": 50}), tokens=1000)
    report = report_of(fleet, usage)
    assert titles(report) == ["Send requests for kudu to head-uk first, where they cost less"]
    text = report.suggestions[0].draft.files["models.d/kudu.yaml"] or b""
    assert b"priority_head: head-uk\nfallback_heads: [head-us-2, head-us]\n" in text


def test_years_without_a_fact_are_silent_and_what_is_planted_is_found(fleet: Path, usage: Days) -> None:
    """A year of fall-overs and of weighed heads, with noise by day, looked at each week."""
    dice = Random(7)
    names = {f"even{n}": 0.0 for n in range(8)} | {f"planted{n}": 0.2 for n in range(3)}
    text = FILES["models.d/atlas.yaml"]
    write(fleet, {f"models.d/{name}.yaml": text.replace("atlas", name) for name in names})
    write(
        fleet,
        {
            "heads.yaml": SIZED,
            **{
                f"models.d/weighed-{name}.yaml": weighed("{head-us: 1, head-us-2: 1}")[
                    "models.d/bison.yaml"
                ].replace("bison", f"weighed-{name}")
                for name in names
            },
        },
    )

    def rows() -> Iterator[Row]:
        for name, lead in names.items():
            for back in range(365):
                day = LAST - timedelta(days=back)
                volume = int(dice.lognormvariate(math.log(200), 0.4))
                noisy = dice.gauss(0, 0.08)
                eu = sum(dice.random() < 0.5 + lead / 2 + noisy for _ in range(volume))
                yield day, name, "uk", "head-eu", "2xx", eu
                yield day, name, "uk", "head-us", "2xx", volume - eu
                small = sum(dice.random() < 0.25 + lead + noisy for _ in range(volume))
                yield day, f"weighed-{name}", "us", "head-us-2", "2xx", small
                yield day, f"weighed-{name}", "us", "head-us", "2xx", volume - small

    usage.write(rows(), fallen=("head-eu", "head-us"))
    usage.write(steady("bison", "head-us-2", {"us": 3000}, 365))
    _, seen = observed(fleet, usage)
    rule = replace(seen.rule, kinds=("fallback", "weights"))
    found = set()
    for weeks in range(0, 47, 2):
        last: date = LAST - timedelta(weeks=weeks)
        until = datetime.combine(last, time()) + timedelta(days=1)
        found |= {
            (one.kind, one.subject) for one in proposals(replace(seen, rule=rule, last=last, until=until))
        }
    planted = [name for name, lead in names.items() if lead]
    assert found == {("fallback", name) for name in planted} | {
        ("weights", f"weighed-{name}") for name in planted
    }
