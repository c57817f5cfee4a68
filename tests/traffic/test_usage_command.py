"""The real commands `usage` and `drift`, on logs of a small fleet."""

import csv
import io
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import cmarkgfm
import jsonschema_rs
import pytest
from modelspec_command import Command, Outcome
from small_fleets import write_repository
from usage_logs import FILES, edge_row, head_row, lines

from modelspec import cli
from modelspec.change.demand import Demand
from modelspec.traffic import demand

ROOT = Path(__file__).parents[2]


def conforms(kind: str, text: str) -> Any:
    value = json.loads(text)
    schema = json.loads((ROOT / f"schemas/{kind}.schema.json").read_bytes())
    jsonschema_rs.validator_for(schema).validate(value)
    return value


class Program:
    """The command in this process, which has loaded its packages."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def run(self, *arguments: str | Path) -> Outcome:
        code = cli.run([*map(str, arguments)])
        out, err = self._capsys.readouterr()
        return Outcome(code, out, err)


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    return write_repository(tmp_path / "fleet", FILES)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "edge.log"
    path.write_bytes(
        lines(
            [
                *(edge_row(n) for n in range(8)),
                edge_row(8, status=503, head=None, first_byte=None),
                edge_row(9, head="head-uk-1", client="uk", attempts=2, key_id="team-b"),
                *(head_row(n) for n in range(8)),
            ]
        )
        + b"{broken\n"
    )
    return path


TABLE = """\
10 requests from 2026-11-02 08:00 to 2026-11-02 08:59 UTC

client head      requests 4xx 5xx   failover p50    p95    first p50 first p95 tokens in tokens out cost USD
eu     head-eu-1 8        0 % 0 %   0 %      993 ms 993 ms 100 ms    100 ms    800       80         2.00
eu               1        0 % 100 % 0 %      993 ms 993 ms
uk     head-uk-1 1        0 % 0 %   100 %    993 ms 993 ms 100 ms    100 ms
all              10       0 % 10 %  10 %     993 ms 993 ms 100 ms    100 ms    800       80         2.00
"""


def test_shows_a_table(command: Command, fleet: Path, log: Path) -> None:
    outcome = command.run("usage", "--root", fleet, log, "--by", "client,head")
    assert outcome.code == 0, outcome
    assert [line.split() for line in outcome.out.splitlines()] == [
        line.split() for line in TABLE.splitlines()
    ]
    assert outcome.err == (
        f"read 18 rows of 1 file\n1 line could not be read: 1 not JSON\n  {log}:19: not JSON\n"
    )


def test_every_format(program: Program, fleet: Path, log: Path) -> None:
    def run(*options: str) -> str:
        outcome = program.run("usage", "--root", fleet, log, *options)
        assert outcome.code == 0, outcome
        text: str = outcome.out
        return text

    report = conforms("usage-report", run("--format", "json"))
    assert report["total"]["requests"] == report["rows"][0]["requests"] == 10
    assert report["rows"][0]["group"] == {"model": "atlas"}
    assert report["read"]["broken"] == [{"reason": "not JSON", "lines": 1}]
    rows = list(csv.DictReader(io.StringIO(run("--format", "csv", "--by", "class,hour"))))
    assert [(row["class"], row["hour"], row["requests"]) for row in rows] == [
        ("2xx", "08", "9"),
        ("503", "08", "1"),
    ]
    assert "| `atlas` | 10 | 0 % | 10 % |" in run("--format", "markdown")
    by_edge = conforms("usage-report", run("--format", "json", "--by", "edge,commit"))
    assert by_edge["rows"][0]["group"] == {"edge": "edge-eu", "commit": "c0ffee"}


HOSTILE = [
    "=HYPERLINK(1)",
    "@all|x",
    "<script>",
    "\x1b[31m",
    "'; DROP TABLE modelspec_usage --",
    "a\u202eb",
    "`x`",
]


def test_hostile_names_steer_nothing(program: Program, fleet: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(lines(edge_row(n, asked=name, model=name, head=name) for n, name in enumerate(HOSTILE)))
    texts = {
        format_: program.run("usage", "--root", fleet, path, "--by", "model,head", "--format", format_).out
        for format_ in ("text", "markdown", "csv", "json")
    }
    assert {row["group"]["model"] for row in json.loads(texts["json"])["rows"]} == set(HOSTILE)
    for text in texts.values():
        assert "\x1b" not in text
        assert "\u202e" not in text
    cells = [cell for row in csv.reader(io.StringIO(texts["csv"])) for cell in row[:2]]
    assert not any(cell.startswith(("=", "@", "+", "-")) for cell in cells)
    html = cmarkgfm.github_flavored_markdown_to_html(texts["markdown"])
    assert html.count("<tr>") == 1 + len(HOSTILE)
    assert not any(f"<{tag}" in html for tag in ("script", "a ", "img", "em"))


def test_an_aggregate_grows_and_adds_up(program: Program, fleet: Path, log: Path, tmp_path: Path) -> None:
    one, two, live = tmp_path / "one", tmp_path / "two", fleet / "modelspec-live/usage.json"
    for _ in range(2):
        assert program.run("usage", "--root", fleet, log, "--into", one).code == 0
    assert conforms("usage", live.read_text())["total"]["requests"] == 10
    other = tmp_path / "other.log"
    other.write_bytes(lines(edge_row(n, request_id=f"other-{n}") for n in range(5)))
    program.run("usage", "--root", fleet, other, "--into", two, "--live", tmp_path)
    assert conforms("usage", (tmp_path / "usage.json").read_text())["models"][0]["requests"] == 5
    outcome = program.run("usage", "--root", fleet, "--from", one, "--from", two, "--format", "json")
    assert json.loads(outcome.out)["total"]["requests"] == 15
    assert outcome.err == ""


def test_since_counts_back_from_the_last_request(program: Program, fleet: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(lines(edge_row(n * 3600) for n in range(24 * 10)))

    def count(*options: str) -> int:
        outcome = program.run("usage", "--root", fleet, path, "--format", "json", *options)
        assert outcome.code == 0, outcome
        requests: int = json.loads(outcome.out)["total"]["requests"]
        return requests

    assert count("--since", "7d") == 24 * 7
    assert count("--since", "5h") == 5
    assert count("--since", "2026-11-03") == 24 * 10 - 16
    assert count("--since", "1d", "--until", "2026-11-05") == 24
    assert count("--until", "2026-11-02T10:00+01:00") == 1


def test_one_clock_years_ahead_does_not_decide(program: Program, fleet: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(
        lines(
            [
                *(edge_row(n * 60) for n in range(300)),
                edge_row(1, request_id="x", time="2098-01-01T00:00:00Z"),
            ]
        )
    )
    outcome = program.run(
        "usage", "--root", fleet, path, "--since", "1h", "--format", "json", "--until", "2026-11-02T13:00"
    )
    assert json.loads(outcome.out)["total"]["requests"] == 60
    outcome = program.run("usage", "--root", fleet, path, "--since", "1h", "--format", "json")
    assert json.loads(outcome.out)["last_hour"] == "2026-11-02T12:00Z"
    assert json.loads(outcome.out)["total"]["requests"] == 60


PRICES = """\
currency: EUR
prices:
  - {model: "*", input: 1, output: 2}
  - {model: atlas, input: 10, output: 20}
  - {model: atlas, region: eu, input: 1000, output: 0}
"""


def test_cost_by_a_price_list(program: Program, fleet: Path, log: Path) -> None:
    (fleet / "modelspec.yaml").write_text("prices: prices.yaml\n")
    (fleet / "prices.yaml").write_text(PRICES)
    outcome = program.run("usage", "--root", fleet, log, "--by", "owner", "--format", "json")
    report = json.loads(outcome.out)
    assert (report["currency"], report["total"]["cost"]) == ("EUR", 0.8)
    (fleet / "prices.yaml").write_text(PRICES.replace("input: 10,", "input: -10,"))
    outcome = program.run("usage", "--root", fleet, log)
    assert outcome.code == 1
    assert "error[MS106]: prices[1].input is too small: -10" in outcome.err
    (fleet / "prices.yaml").write_text("prices: [{model: atlas, deployment: 9, input: 1, output: 2}]\n")
    outcome = program.run("usage", "--root", fleet, log)
    assert outcome.code == 1
    assert "entry 1 of `prices`: `deployment` is not the number" in outcome.err


def test_an_aggregate_has_the_sums_of_a_plan_ready(
    program: Program, fleet: Path, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    into = tmp_path / "usage"
    assert program.run("usage", "--root", fleet, log, "--into", into).code == 0
    monkeypatch.setattr(demand, "_NEEDS", ("no_such_package",))
    found = demand.demand_at(into, demand.REPLAYED_DAYS)
    assert isinstance(found, Demand)
    assert found.requests == 10


def test_owners_come_from_keys(program: Program, fleet: Path, log: Path) -> None:
    key = "{{key_id: team-{0}, sha256: {1}, owner: {2}, groups: [x]}}"
    entries = [key.format("a", "a" * 64, "search"), key.format("b", "b" * 64, "search")]
    (fleet / "keys.yaml").write_text("keys:\n" + "".join(f"  - {entry}\n" for entry in entries))
    outcome = program.run("usage", "--root", fleet, log, "--by", "owner", "--format", "json")
    assert outcome.code == 0, outcome
    assert [(row["group"], row["requests"]) for row in json.loads(outcome.out)["rows"]] == [
        ({"owner": "search"}, 10)
    ]


def test_a_foreign_log_by_a_mapping(program: Program, fleet: Path, tmp_path: Path) -> None:
    (fleet / "modelspec.yaml").write_text(
        """\
traffic:
  mapping:
    - when: [{path: [log, kind], value: access}]
      fields:
        time: {path: ts, unit: ms}
        model: [route, model]
        status: code
        duration_ms: {path: seconds, unit: s}
        edge: {value: kong-1}
"""
    )
    row = {
        "ts": 1793606400000,
        "route": {"model": "atlas"},
        "code": 200,
        "seconds": 1.5,
        "log": {"kind": "access"},
    }
    path = tmp_path / "kong.log"
    path.write_bytes(lines([row, {**row, "ts": 1793606401000}, {**row, "log": {"kind": "audit"}}]))
    outcome = program.run("usage", "--root", fleet, path, "--format", "json")
    report = json.loads(outcome.out)
    assert report["total"]["requests"] == 2
    assert report["total"]["duration_p50_ms"] == pytest.approx(1500, rel=0.011)
    assert report["read"]["others"] == 1
    assert report["last_hour"] == "2026-11-02T08:00Z"


def planted(count: int, seed: int) -> tuple[list[dict[str, Any]], set[int]]:
    """Rows of three models, and the numbers of those that touched a region outside: atlas is for eu and uk."""
    rng = random.Random(seed)
    rows, outside = [], set()
    for number in range(count):
        model = rng.choice(("atlas", "bison", "open/*"))
        head = rng.choice(("head-eu-1", "head-uk-1", "head-eu-2"))
        if rng.random() < 0.02:
            head = rng.choice(("head-us-1", "head-us-2"))
            if model == "atlas":
                outside.add(number)
        rows.append(edge_row(number, model=model, asked=model, head=head))
    return rows, outside


@pytest.mark.parametrize("count", [100_000])
def test_residency_finds_all_that_is_planted_and_nothing_else(
    program: Program, fleet: Path, tmp_path: Path, count: int
) -> None:
    rows, outside = planted(count, 11)
    path = tmp_path / "edge.log"
    path.write_bytes(lines(rows))
    outcome = program.run("usage", "--root", fleet, path, "--residency", "--format", "json")
    assert outcome.code == 1
    report = conforms("usage-residency", outcome.out)
    assert len(outside) > 500
    assert {one["line"] - 1 for one in report["breaches"]} == outside
    assert len(report["breaches"]) == len(outside)
    assert (report["judged"], report["unjudged"]) == (count, 0)
    assert {(one["model"], one["served"], one["commit"]) for one in report["breaches"]} == {
        ("atlas", "us", "c0ffee")
    }
    line = (fleet / "regions.yaml").read_text().splitlines()[report["breaches"][0]["rule"]["line"] - 1]
    assert "residency: [eu, uk]" in line


def test_residency_sees_what_only_a_head_tells(program: Program, fleet: Path, tmp_path: Path) -> None:
    """A try that another head took over, and an upstream elsewhere: the edge's row shows neither."""
    path = tmp_path / "x.log"
    path.write_bytes(
        lines(
            [
                edge_row(1),
                head_row(1, head="head-us-1", status=500),
                head_row(1, time="2026-11-02T08:00:02Z"),
                edge_row(2),
                head_row(2, model="bison", deployment="bison#0", head="head-eu-1"),
                edge_row(3, model="bison", asked="bison", head="head-us-1"),
                head_row(3, model="bison", deployment="bison#0", head="head-us-1"),
            ]
        )
    )
    outcome = program.run("usage", "--root", fleet, path, "--residency")
    assert outcome.code == 1
    assert f"{path}:2: 2026-11-02 08:00:01 UTC: atlas at head-us-1, which is in us, " in outcome.out
    assert (
        f"{path}:5: 2026-11-02 08:00:02 UTC: atlas at head-eu-1, which is in eu, whose upstream runs in us\n"
        in outcome.out
    )
    assert "regions.yaml:3:" in outcome.out
    assert "its requests may be served in eu, uk" in outcome.out
    assert outcome.out.endswith("3 requests: 2 touched a region outside of the residency of their model\n")
    plain = program.run("usage", "--root", fleet, path)
    assert plain.code == 1
    assert "2 requests touched a region outside: modelspec usage --residency names them" in plain.err


def test_breaches_stay_in_the_aggregate(program: Program, fleet: Path, tmp_path: Path) -> None:
    path, into = tmp_path / "x.log", tmp_path / "usage"
    path.write_bytes(lines([edge_row(1, head="head-us-1"), edge_row(2)]))
    program.run("usage", "--root", fleet, path, "--into", into)
    path.unlink()
    outcome = program.run("usage", "--root", fleet, "--from", into, "--residency", "--format", "json")
    assert [one["line"] for one in json.loads(outcome.out)["breaches"]] == [1]
    assert outcome.code == 1


def test_drift(program: Program, fleet: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(
        lines(
            [
                *(edge_row(n, commit="aaaaaaaaaaaa") for n in range(5)),
                *(edge_row(n, commit="bbbbbbbbbbbb") for n in range(4000, 4005)),
                edge_row(6, model="gone", commit="bbbbbbbbbbbb"),
                edge_row(7, head="head-gone", commit="bbbbbbbbbbbb"),
                edge_row(8, model="typo", status=404, head=None, commit="bbbbbbbbbbbb"),
            ]
        )
    )
    outcome = program.run("drift", "--root", fleet, path, "--commit", "bbbbbbb", "--format", "json")
    assert outcome.code == 1
    report = conforms("drift", outcome.out)
    assert [(one["kind"], one["name"]) for one in report["undeclared"]] == [
        ("head", "head-gone"),
        ("model", "gone"),
    ]
    assert report["idle"] == ["bison", "open/*"]
    assert report["edges"] == [{"edge": "edge-eu", "commit": "bbbbbbbbbbbb", "is_expected": True}]
    text = program.run("drift", "--root", fleet, path)
    assert text.code == 1
    assert "another commit: edge edge-eu runs commit bbbbbbbbbbbb\n" in text.out
    path.write_bytes(lines([edge_row(1, commit="b" * 40)]))
    calm = program.run("drift", "--root", fleet, path, "--commit", "b" * 12)
    assert calm.code == 0
    assert calm.out.endswith("no drift: what is served is declared, and 1 edge runs this commit\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name log files, or an aggregate with --from"),
        (["--into", "x"], "--into adds logs to an aggregate"),
        (["x.log", "--from", "x"], "name log files, or an aggregate with --from"),
        (["--from", "nowhere"], "is not a folder"),
        (["x.log", "--by", "modle"], "did you mean 'model'?"),
        (["x.log", "--by", "edge,model"], "edge and commit go together"),
        (["x.log", "--by", "asked,head"], "asked goes together"),
        (["x.log", "--residency", "--format", "csv"], "--residency needs"),
    ],
)
def test_usage_errors(program: Program, fleet: Path, arguments: list[str], said: str) -> None:
    outcome = program.run("usage", "--root", fleet, *arguments)
    assert outcome.code == 2
    assert said in outcome.err


def test_an_engine_that_cannot_be_asked_is_said(program: Program, fleet: Path) -> None:
    outcome = program.run("usage", "--root", fleet, "--engine", "clickhouse://user:hunter2@nowhere/x")
    assert outcome.code == 1
    assert "--engine: " in outcome.err
    assert "hunter2" not in outcome.out + outcome.err


def test_a_missing_log_is_said(program: Program, fleet: Path) -> None:
    outcome = program.run("usage", "--root", fleet, "nowhere.log")
    assert outcome.code == 1
    assert "'nowhere.log' does not exist" in outcome.err


@pytest.mark.parametrize("verb", ["validate", "build --check"])
def test_other_verbs_load_none_of_the_packages(fleet: Path, verb: str) -> None:
    code = f"""
import sys
from modelspec.cli import run
run({verb.split()!r} + ["--root", {str(fleet)!r}])
assert not {{"duckdb", "_duckdb", "ibis", "sqlglot", "zstandard", "httpx"}} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_without_the_packages_one_line_says_how_to_get_them(
    fleet: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("modelspec.cli.traffic.find_spec", lambda _name: None)
    for verb in ("usage", "drift"):
        assert cli.run([verb, "--root", str(fleet), "x.log"]) == 2
        assert f"{verb} needs a few packages more: " in capsys.readouterr().err
