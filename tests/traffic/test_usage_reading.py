"""Logs to aggregates: each file once, each request once, whatever is in the lines."""

import gzip
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard
from usage_logs import Aggregated, edge_row, head_row, lines

from modelspec.traffic.chunks import LONGEST_LINE
from modelspec.traffic.store import OTHER, UsageFolder


@pytest.fixture
def into(tmp_path: Path) -> Aggregated:
    return Aggregated(tmp_path / "usage")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "edge.log"


def test_counts_by_everything_that_a_row_says(into: Aggregated, log: Path) -> None:
    log.write_bytes(
        lines(
            [
                *(edge_row(n) for n in range(10)),
                edge_row(10, head="head-uk-1", attempts=2, client="uk", key_id="team-b"),
                edge_row(11, status=429, head=None, first_byte=None),
                edge_row(12, status=0),
                edge_row(13, asked="big"),
                edge_row(14, asked="nothing", model=None, head=None, status=404),
            ]
        )
    )
    report = into.read(log)
    assert (report.rows, report.repeats, report.others, dict(report.faults)) == (15, 0, 0, {})
    (total,) = into.usage.summary(())
    assert total.requests == 15
    assert total.classes == {"2xx": 12, "404": 1, "429": 1, "none": 1}
    assert (total.retried, total.failovers) == (1, 1)
    assert into.counts("model") == {"atlas": 14, "": 1}
    assert into.counts("client", "served") == {("eu", "eu"): 12, ("eu", ""): 2, ("uk", "uk"): 1}
    assert into.counts("key_id") == {"team-a": 14, "team-b": 1}
    assert into.counts("asked") == {"atlas": 13, "big": 1, "nothing": 1}
    assert into.counts("edge", "commit") == {("edge-eu", "c0ffee"): 15}
    assert into.counts("day", "hour") == {(date(2026, 11, 2), 8): 15}
    assert total.duration.rows == 15
    assert total.first_byte.rows == 14
    assert total.duration.p50 == pytest.approx(1000, rel=0.011)
    assert total.duration.p99 is None


def test_a_p99_takes_a_thousand_rows(into: Aggregated, log: Path) -> None:
    log.write_bytes(lines(edge_row(n, duration=n + 1) for n in range(1000)))
    into.read(log)
    (total,) = into.usage.summary(())
    for found, exact in ((total.duration.p50, 500), (total.duration.p95, 950), (total.duration.p99, 990)):
        assert found == pytest.approx(exact, rel=0.011)


@pytest.mark.parametrize("kind", ["plain", "gzip", "gzip of two", "zstd", "zstd of two", "parquet"])
def test_reads_every_kind_of_file(into: Aggregated, tmp_path: Path, kind: str) -> None:
    halves = [lines(edge_row(n) for n in part) for part in (range(500), range(500, 1000))]
    path = tmp_path / "any.name"
    pack = zstandard.ZstdCompressor().compress
    match kind:
        case "plain":
            path.write_bytes(b"".join(halves))
        case "gzip":
            path.write_bytes(gzip.compress(b"".join(halves)))
        case "gzip of two":
            path.write_bytes(b"".join(map(gzip.compress, halves)))
        case "zstd":
            path.write_bytes(pack(b"".join(halves)))
        case "zstd of two":
            path.write_bytes(b"".join(map(pack, halves)))
        case _:
            source = tmp_path / "source.jsonl"
            source.write_bytes(b"".join(halves))
            duckdb.execute(f"COPY (FROM read_json('{source}')) TO '{path}' (FORMAT parquet)")
    report = into.read(path)
    assert (report.rows, dict(report.faults)) == (1000, {})
    assert into.counts("model") == {"atlas": 1000}
    again = into.read(path)
    assert (again.rows, again.unchanged, into.requests) == (0, 1, 1000)


HOSTILE: dict[str, tuple[bytes, str | None]] = {
    "text": (b"hello", "not JSON"),
    "binary": (bytes(range(1, 10)) + bytes(range(14, 256)), "not JSON"),
    "zeros": (b"\0" * 5000, "not JSON"),
    "array": (b"[1, 2]", "not a JSON object"),
    "null": (b"null", "not a JSON object"),
    "two objects": (b'{"a":1}{"b":2}', "not JSON"),
    "cut off": (lines([edge_row(1)])[:80], "not JSON"),
    "deep": (b'{"a":' * 200_000, "not JSON"),
    "no time": (lines([edge_row(1, time=None)])[:-1], "no time"),
    "no such time": (lines([edge_row(1, time="2026-13-45")])[:-1], "the time is not one"),
    "infinity": (lines([edge_row(1, time="infinity")])[:-1], "the time is not one"),
    "year 9999": (
        lines([edge_row(1, time="9999-12-31T00:00:00Z")])[:-1],
        "the time is not within 2000 to 2099",
    ),
    "huge number for a time": (lines([edge_row(1, time=10**400)])[:-1], "the time is not one"),
    "long": (b"x" * (10 << 20), "longer than 1 MiB"),
    "long object": (b'{"modelspec.log":1,"a":"' + b"x" * LONGEST_LINE + b'"}', "longer than 1 MiB"),
    "another message": (b'{"level": "INFO", "message": "started"}', None),
    "blank": (b"", None),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_broken_line_is_named_and_loses_no_other(into: Aggregated, log: Path, name: str) -> None:
    line, reason = HOSTILE[name]
    log.write_bytes(
        lines(edge_row(n) for n in range(200)) + line + b"\n" + lines(edge_row(n) for n in range(200, 400))
    )
    report = into.read(log)
    assert into.requests == report.rows == 400
    assert dict(report.faults) == ({} if reason is None else {reason: 1})
    assert report.named == ([] if reason is None else [f"{log}:201: {reason}"])
    assert report.others == (name == "another message")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("duration", -5),
        ("duration", float("nan")),
        ("duration", "1e400"),
        ("duration", 10**30),
        ("duration", {"a": 1}),
        ("cost", float("1e308")),
        ("status", "200"),
        ("status", "unknown"),
        ("attempts", True),
        ("model", {"a": 1}),
        ("client", ["eu"]),
        ("gen_ai.usage.input_tokens", 10**300),
        ("gen_ai.usage.input_tokens", -1),
    ],
)
def test_a_value_of_another_form_costs_itself_at_most(
    into: Aggregated, log: Path, field: str, value: Any
) -> None:
    log.write_bytes(lines([edge_row(1), edge_row(2, **{field: value}), edge_row(3)]))
    report = into.read(log)
    assert (report.rows, dict(report.faults), into.requests) == (3, {}, 3)
    (total,) = into.usage.summary(())
    assert total.cost_nano == total.input_tokens == 0
    assert total.duration.p95 == pytest.approx(1000, rel=0.011)


def test_a_number_beyond_all_numbers(into: Aggregated, log: Path) -> None:
    good = lines([edge_row(1), edge_row(2)])
    log.write_bytes(good + good.replace(b"request-", b"other-").replace(b": 1000,", b": 1e400,"))
    assert into.read(log).rows == 4
    (total,) = into.usage.summary(())
    assert (total.requests, total.duration.rows) == (4, 2)


def test_reads_invalid_utf_8_and_escapes_without_a_partner(into: Aggregated, log: Path) -> None:
    good = lines([edge_row(n, asked="x") for n in range(4)]).split(b"\n")
    good[1] = good[1].replace(b'"x"', b'"\xff\xfe"')
    good[2] = good[2].replace(b'"x"', b'"\\ud800"')
    log.write_bytes(b"\n".join(good))
    assert into.read(log).rows == 4
    assert into.requests == 4


def test_clocks_may_go_backwards(into: Aggregated, log: Path) -> None:
    log.write_bytes(lines(edge_row(n) for n in [*range(50), *range(50, 0, -1)]))
    assert (into.read(log).repeats, into.requests) == (49, 51)


@pytest.mark.parametrize("offset", ["+00:00", "Z", "+02:00", ""])
def test_times_have_zones(into: Aggregated, log: Path, offset: str) -> None:
    log.write_bytes(lines([edge_row(1, time=f"2026-11-02T01:30:00.000{offset}")]))
    into.read(log)
    ((day, hour),) = into.counts("day", "hour")
    assert (str(day), hour) == (("2026-11-01", 23) if offset == "+02:00" else ("2026-11-02", 1))


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_truncated_file_gives_what_is_there(into: Aggregated, tmp_path: Path, pack: Any) -> None:
    text = lines(edge_row(n, request_id=os.urandom(16).hex()) for n in range(20_000))
    path = tmp_path / "cut"
    packed = pack(text)
    path.write_bytes(packed[: len(packed) * 2 // 3])
    report = into.read(path)
    assert [reason.split(":")[0] for reason in report.faults] in (["truncated gzip"], ["truncated zstd"])
    assert report.named[0].startswith(f"{path}: truncated")
    assert 10_000 < into.requests < 16_000


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_garbage_behind_a_compressed_file(into: Aggregated, tmp_path: Path, pack: Any) -> None:
    path = tmp_path / "log"
    path.write_bytes(pack(lines(edge_row(n) for n in range(100))) + b"garbage, no more")
    report = into.read(path)
    assert into.requests == 100
    assert [reason.split(":")[0] for reason in report.faults] in (["damaged gzip"], ["damaged zstd"])


@pytest.mark.parametrize("start", [b"BZh91AY", b"\xfd7zXZ\0"])
def test_says_what_it_does_not_decompress(into: Aggregated, log: Path, start: bytes) -> None:
    log.write_bytes(start + bytes(100))
    assert "which is not read: decompress it" in into.read(log).named[0]


def test_a_parquet_file_of_something_else(into: Aggregated, log: Path, tmp_path: Path) -> None:
    log.write_bytes(lines([edge_row(1)]))
    other, broken = tmp_path / "other.parquet", tmp_path / "broken.parquet"
    duckdb.execute(f"COPY (SELECT 1 AS a, 'x' AS b) TO '{other}' (FORMAT parquet)")
    broken.write_bytes(b"PAR1" + bytes(100))
    report = into.read(other, log, broken)
    assert into.requests == 1
    assert dict(report.faults) == {
        "no Parquet file with columns of requests: name them in traffic.mapping": 2
    }


def test_a_growing_file_is_read_once(into: Aggregated, log: Path) -> None:
    text = lines(edge_row(n) for n in range(30))
    cut = text.index(b"\n", len(text) // 2) + 10
    log.write_bytes(text[:cut])
    first = into.read(log).rows
    log.write_bytes(text)
    second = into.read(log).rows
    assert 0 < first < 30
    assert first + second == into.requests == 30
    log.write_bytes(text + b"nothing\n")
    assert into.read(log).named == [f"{log}:31: not JSON"]


@pytest.mark.parametrize("pack", [None, gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_rotated_file_goes_on_where_it_was(into: Aggregated, log: Path, pack: Any) -> None:
    text = lines(edge_row(n, request_id=None) for n in range(60))
    half = text.index(b"\n", len(text) // 2) + 1
    log.write_bytes(text[:half])
    into.read(log)
    with log.open("ab") as file:
        file.write(text[half:])
    rotated = log.with_name("edge.log.1")
    log.rename(rotated)
    if pack is not None:
        rotated.write_bytes(pack(rotated.read_bytes()))
    log.write_bytes(lines(edge_row(n, request_id=None) for n in range(100, 110)))
    into.read(rotated, log)
    assert into.requests == 70
    assert into.read(log, rotated).unchanged == 2
    assert into.requests == 70


def test_a_file_cut_off_in_place_is_read_anew(into: Aggregated, log: Path) -> None:
    log.write_bytes(lines(edge_row(n) for n in range(40)))
    into.read(log)
    with log.open("r+b") as file:
        file.truncate(0)
        file.write(lines(edge_row(n) for n in range(100, 105)))
    into.read(log)
    assert into.requests == 45


def test_one_file_under_two_names_counts_once(into: Aggregated, log: Path) -> None:
    text = lines(edge_row(n, request_id=None) for n in range(40))
    log.write_bytes(text)
    packed = log.with_name("edge.gz")
    packed.write_bytes(gzip.compress(text))
    assert into.read(log, packed).unchanged == 1
    assert into.requests == 40


def test_reads_folders(into: Aggregated, tmp_path: Path) -> None:
    for number in range(3):
        path = tmp_path / f"logs/{number}/edge.log"
        path.parent.mkdir(parents=True)
        path.write_bytes(lines([edge_row(number)]))
    assert into.read(tmp_path / "logs").files == 3
    assert into.requests == 3


@pytest.mark.parametrize(("apart", "requests"), [(47, 1), (49, 2)])
def test_a_request_id_means_one_request_for_48_hours(
    into: Aggregated, log: Path, apart: int, requests: int
) -> None:
    for run, hours in enumerate((0, apart)):
        log.with_name(f"{run}.log").write_bytes(lines([edge_row(hours * 3600, request_id="one")]))
    into.read(log.with_name("0.log"), log.with_name("1.log"))
    assert into.requests == requests


@pytest.mark.parametrize(("apart", "requests"), [(47, 1), (49, 2)])
def test_the_same_over_two_runs(into: Aggregated, log: Path, apart: int, requests: int) -> None:
    for run, hours in enumerate((0, apart)):
        path = log.with_name(f"{run}.log")
        path.write_bytes(lines([edge_row(hours * 3600, request_id="one")]))
        into.read(path)
    assert into.requests == requests


@pytest.mark.parametrize("order", ["edge first", "head first", "two runs"])
def test_an_edge_row_and_a_head_row_are_one_request(into: Aggregated, log: Path, order: str) -> None:
    edge, head = log.with_name("b.log"), log.with_name("a.log")
    edge.write_bytes(lines(edge_row(n) for n in range(10)))
    head.write_bytes(lines(head_row(n) for n in range(10)))
    match order:
        case "edge first":
            into.read(edge, head)
        case "head first":
            into.read(head, edge)
        case _:
            into.read(edge)
            into.read(head)
    (total,) = into.usage.summary(("client", "key_id"))
    assert total.group == ("eu", "team-a")
    assert (total.requests, total.input_tokens, total.output_tokens) == (10, 1000, 100)
    assert total.cost_nano == 10 * 250_000_000
    assert total.duration.rows == 10


def test_several_calls_of_a_head_are_one_request_and_all_its_tokens(into: Aggregated, log: Path) -> None:
    calls = [head_row(1, deployment=f"atlas#{n}", time=f"2026-11-02T08:00:0{n}Z") for n in range(3)]
    log.write_bytes(lines([edge_row(1), *calls, calls[0]]))
    report = into.read(log)
    assert report.repeats == 1
    (total,) = into.usage.summary(())
    assert (total.requests, total.input_tokens) == (1, 300)


def test_heads_alone_count_their_requests(into: Aggregated, log: Path) -> None:
    calls = [head_row(1, deployment=f"atlas#{n}", time=f"2026-11-02T08:00:0{n}Z") for n in range(3)]
    log.write_bytes(lines([*calls, head_row(2)]))
    into.read(log)
    (total,) = into.usage.summary(())
    assert (total.requests, total.input_tokens, total.duration.rows) == (2, 400, 2)


def test_aggregates_of_an_edge_and_of_its_head_are_never_added(into: Aggregated, log: Path) -> None:
    """Two machines, each with one of the logs: no request ids are left to join by."""
    edge, head = log.with_name("e.log"), log.with_name("h.log")
    edge.write_bytes(lines(edge_row(n) for n in range(10)))
    head.write_bytes(lines(head_row(n, head="head-eu-1") for n in range(10)))
    into.read(head)
    into.read(edge)
    (total,) = into.usage.summary(())
    assert (total.requests, total.duration.rows, total.input_tokens) == (10, 10, 1000)


def test_a_call_past_the_edge_counts(into: Aggregated, log: Path) -> None:
    edge, head = log.with_name("e.log"), log.with_name("h.log")
    edge.write_bytes(lines(edge_row(n) for n in range(0, 9000, 1000)))
    head.write_bytes(lines(head_row(n) for n in range(100)))
    into.read(edge, head)
    assert into.requests == 9 + 99


def test_ten_thousand_names_of_a_scanner_become_one(into: Aggregated, log: Path) -> None:
    rows = [edge_row(n, asked=f"scan-{n}", model=None, head=None, status=404) for n in range(10_000)]
    rows += [edge_row(20_000 + n, asked="gpt-4", model=None, head=None, status=404) for n in range(50)]
    rows += [edge_row(30_000 + n, asked=f"open/{n}", model="open/*", head="head-us-1") for n in range(500)]
    log.write_bytes(lines(rows))
    into.read(log)
    counts = into.counts("asked")
    assert len(counts) <= 203
    assert counts["gpt-4"] == 50
    assert counts[OTHER] + counts["open/*"] + sum(n == 1 for n in counts.values()) == 10_500
    assert into.requests == 10_550
    assert into.counts("model")["open/*"] == 500


def test_nothing_but_known_fields_is_kept(into: Aggregated, log: Path) -> None:
    planted = ["PROMPT-4711", "sk-SECRET-4711", "203.0.113.77"]
    rows = [
        {
            **edge_row(n),
            "prompt": planted[0],
            "messages": [{"content": planted[0]}],
            "authorization": planted[1],
        }
        for n in range(5)
    ]
    payload = {
        "id": "x",
        "call_type": "acompletion",
        "startTime": 1_793_600_000.5,
        "endTime": 1_793_600_001.5,
        "model_group": "atlas",
        "messages": planted[0],
        "response": planted[0],
        "error_str": planted[0],
        "requester_ip_address": planted[2],
        "metadata": {"user_api_key_hash": planted[1], "requester_ip_address": planted[2]},
    }
    log.write_bytes(lines([*rows, payload]) + f"not JSON {' '.join(planted)}\n".encode())
    report = into.read(log)
    assert report.rows == 6
    written = [path.read_bytes() for path in into.path.rglob("*") if path.is_file()]
    assert len(written) > 3
    everything = b"".join(written) + repr(report).encode() + repr(into.rows()).encode()
    seen = [
        duckdb.execute(f"SELECT * FROM '{path}'").fetchall()
        for path in (into.path / "seen").glob("*.parquet")
    ]
    assert len(seen) == 2
    for word in planted:
        assert word.encode() not in everything
        assert word not in repr(seen)


def test_reads_litellms_own_log(into: Aggregated, log: Path) -> None:
    payload = {
        "id": "chatcmpl-1",
        "call_type": "acompletion",
        "status": "success",
        "startTime": 1_793_606_400.0,
        "completionStartTime": 1_793_606_400.2,
        "endTime": 1_793_606_402.0,
        "model_group": "atlas",
        "model_id": "atlas#0",
        "prompt_tokens": 7,
        "completion_tokens": 3,
        "response_cost": 0.5,
        "metadata": {
            "user_api_key_alias": "team-l",
            "requester_custom_headers": {"x-request-id": "request-1"},
        },
    }
    failed = {
        **payload,
        "id": "2",
        "status": "failure",
        "error_information": {"error_code": "429"},
        "metadata": {},
    }
    log.write_bytes(lines([payload, failed]))
    into.read(log)
    rows = {row.group[0]: row for row in into.usage.summary(("key_id",))}
    assert rows["team-l"].classes == {"2xx": 1}
    assert (rows["team-l"].input_tokens, rows["team-l"].cost_nano) == (7, 500_000_000)
    assert rows["team-l"].duration.p50 == pytest.approx(2000, rel=0.011)
    assert rows["team-l"].first_byte.p50 == pytest.approx(200, rel=0.011)
    assert rows[""].classes == {"429": 1}


def test_reads_otlp_spans(into: Aggregated, log: Path) -> None:
    def attribute(key: str, **value: object) -> dict[str, object]:
        return {"key": key, "value": value}

    def span(number: int, *more: dict[str, object]) -> dict[str, object]:
        return {
            "traceId": f"{number:032x}",
            "startTimeUnixNano": "1793606400000000000",
            "endTimeUnixNano": "1793606401500000000",
            "attributes": [
                attribute("gen_ai.operation.name", stringValue="chat"),
                attribute("gen_ai.request.model", stringValue="atlas"),
                attribute("gen_ai.usage.input_tokens", intValue="11"),
                attribute("gen_ai.response.time_to_first_chunk", doubleValue=0.25),
                attribute("gen_ai.input.messages", stringValue="PROMPT"),
                *more,
            ],
        }

    resource = {"attributes": [attribute("modelspec.head", stringValue="head-uk-1")]}
    spans = [
        span(1),
        span(2, attribute("error.type", stringValue="timeout")),
        {"name": "another", "spanId": 1},
    ]
    log.write_bytes(lines([{"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}]))
    assert into.read(log).rows == 2
    (total,) = into.usage.summary(("model", "head", "served"))
    assert total.group == ("atlas", "head-uk-1", "uk")
    assert total.classes == {"2xx": 1, "5xx": 1}
    assert total.input_tokens == 22
    assert total.first_byte.p50 == pytest.approx(250, rel=0.011)


def test_an_interrupted_run_leaves_the_last_good_files(into: Aggregated, log: Path) -> None:
    log.write_bytes(lines(edge_row(n) for n in range(10)))
    into.read(log)
    before = into.rows()
    state = (into.path / "sources.json").read_bytes()
    # As a kill between the first rename and the new sources.json leaves it.
    (first,) = UsageFolder(path=into.path).files()
    half = first.with_name("0123456789abcdef.parquet")
    half.write_bytes(first.read_bytes())
    name = half.relative_to(into.path).as_posix()
    (into.path / "pending.json").write_text(json.dumps({"run": "0123456789abcdef", "files": [name]}))
    (into.path / ".run-1").mkdir()
    assert into.rows() == before
    assert (into.path / "sources.json").read_bytes() == state
    log.write_bytes(lines(edge_row(n) for n in range(12)))
    into.read(log)
    assert into.requests == 12
    assert not half.exists()
    assert sorted(path.name for path in into.path.iterdir()) == [".lock", "seen", "sources.json", "v1"]
