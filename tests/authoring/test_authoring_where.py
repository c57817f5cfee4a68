"""The grammar of `--where`: what it means, what it refuses, and where faults are marked."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelspec.author.entries import ModelFile, entries_of, find_entry
from modelspec.author.values import values
from modelspec.author.where import DEEPEST, LONGEST, ExpressionFault, holds, parse
from modelspec.load import read
from modelspec.load.find import File, read_tree
from modelspec.load.locate import Locator

TEXT = b"""\
model_id: atlas
name: Atlas
region: eu
priority_head: head-eu
fallback_heads: [head-uk]
load_balancing: {weights: {head-eu: 3, head-eu-2: 1}}
deployments:
  - {endpoint: https://a.example.com/v1, weight: 2}
limits: {rpm: 60}
tags: [chat, "it's"]
metadata: {owner: team-a, "a.b": 1, open: true, in: {x: null}, none: null, list: [1, {k: v}]}
"""


def _entry(text: bytes = TEXT, path: str = "models.d/chat/eu/atlas.yaml") -> ModelFile:
    file = File(path, text)
    reading = read(file)
    assert isinstance(reading.value, dict)
    locator = Locator(files={path: file})
    return ModelFile(
        model_id="atlas", reading=reading, value=reading.value, whole=reading.value, locator=locator
    )


@pytest.mark.parametrize(
    "expression",
    [
        'region == "eu"',
        "region == 'eu'",
        'region != "us"',
        'region in ["us", "eu"]',
        'region not in ["us"]',
        'name != "." and region == "eu"',
        "region not in []",
        'not region in ["us"]',
        'tags contains "chat"',
        'not tags contains "code"',
        'name contains "tla"',
        'load_balancing.weights contains "head-eu"',
        'tags contains "it\\\'s"',
        "limits.rpm == 60",
        "limits.rpm == 60.0",
        "limits.rpm > 59 and limits.rpm >= 60 and limits.rpm < 61 and limits.rpm <= 60",
        "limits.tpm == null",
        "limits.tpm != 3",
        "not limits.tpm < 3",
        'not limits.rpm < "9"',
        "metadata.open",
        "metadata.open == true",
        "not metadata.open == 1",
        "not local_inference",
        "local_inference == false",
        'status == "active"',
        'access.visibility == "internal"',
        'load_balancing.policy == "round_robin"',
        "load_balancing.weights.head-eu-2 == 1",
        "deployments.0.weight == 2",
        'deployments.0.provider == "openai"',
        "deployments.7.weight == null",
        'metadata."a.b" == 1',
        "metadata.in.x == null",
        "metadata.list.0 == 1",
        'metadata.list.1.k == "v"',
        'metadata.owner > "team" and metadata.owner < "team-b"',
        'model_id matches "at*"',
        'heads matches "*-uk"',
        'heads contains "head-eu-2"',
        'path matches "models.d/chat/*"',
        'folder == "chat/eu"',
        'region == "us" or region == "eu" and tags contains "chat"',
        'not (region == "us" or region == "br")',
        "not not metadata.open",
        "metadata.none == null",
        "limits.rpm > -1",
        'sunset == null and not sunset < "2027-01-01"',
    ],
)
def test_an_expression_is_true(expression: str) -> None:
    parsed = parse(expression)
    assert not isinstance(parsed, ExpressionFault), parsed
    assert holds(parsed, _entry())
    refused = parse(f"not ({expression})")
    assert not isinstance(refused, ExpressionFault)
    assert not holds(refused, _entry())


@pytest.mark.parametrize(
    ("expression", "message", "marked"),
    [
        ("", "expected a field, such as region or metadata.owner", ""),
        ('region = "eu"', "use == to compare", "="),
        ("region == eu", 'put text in quotes: "…"', "eu"),
        ("region ==", "expected a value", ""),
        ("limits.rpm > true", "expected a number or text in quotes", "true"),
        ("limits.rmp > 3", "'rmp' is not a field of 'limits'; did you mean 'rpm'?", "rmp"),
        ("regoin", "'regoin' is not a field of a model; did you mean 'region'?", "regoin"),
        ("zzz", "'zzz' is not a field of a model; docs/fields.md lists the fields", "zzz"),
        ("heads.x", "'heads' has no nested fields", "x"),
        ("region.", "expected a field name after the dot", ""),
        ("region.x", "'region' has no nested fields", "x"),
        ('"region" == "eu"', "expected a field, such as region or metadata.owner", '"region"'),
        ('name == "x', "unclosed quote", '"'),
        ('name == "x\\', "unclosed quote", '"'),
        ("name matches 3", 'expected a pattern in quotes, such as "gpt-*"', "3"),
        ('name in "x"', 'expected a list, such as ["eu", "uk"]', '"x"'),
        ('name in ["x" "y"]', "expected ',' or ']'", '"y"'),
        ('name in ["x",', "expected a value", ""),
        ("(metadata.open", "expected ')'", ""),
        ("metadata.open metadata.x", "expected 'and' or 'or'", "metadata"),
        ("metadata.open)", "expected 'and' or 'or'", ")"),
        ("region == 12345678901234567890123", "the number is too large", "12345678901234567890123"),
        ("region; drop", "unexpected character", ";"),
        (
            "__import__('os')",
            "'__import__' is not a field of a model; docs/fields.md lists the fields",
            "__import__",
        ),
        ("(" * 40 + "metadata.open" + ")" * 40, f"nested deeper than {DEEPEST}", "("),
        ("not " * 40 + "metadata.open", f"nested deeper than {DEEPEST}", "not"),
        ("x" * (LONGEST + 1), f"an expression has at most {LONGEST} characters", "x"),
    ],
)
def test_a_fault_is_marked_at_its_place(expression: str, message: str, marked: str) -> None:
    fault = parse(expression)
    assert isinstance(fault, ExpressionFault)
    assert fault.message == message
    assert expression[fault.start : fault.end] == marked
    assert fault.end > fault.start


@given(st.text(alphabet="ab \"'\\().,[]=!<>-1e9\n\u202e", max_size=60))
def test_no_text_raises(text: str) -> None:
    parsed = parse(text)
    if not isinstance(parsed, ExpressionFault):
        assert holds(parsed, _entry()) in (True, False)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_any_values_can_be_queried(value: object) -> None:
    entry = _entry()
    odd = replace(entry, whole=dict.fromkeys(entry.value, value))
    for expression in ('heads contains "x"', "deployments.0.weight > 3", 'tags matches "a*"', 'region < "x"'):
        parsed = parse(expression)
        assert not isinstance(parsed, ExpressionFault)
        assert holds(parsed, odd) in (True, False)


def test_a_duplicate_id_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "models.d").mkdir(exist_ok=True)
        (tmp_path / f"models.d/{name}.yaml").write_text("model_id: atlas\naliases: 3\n")
    (tmp_path / "models.d/list.yaml").write_text("- a\n")
    (tmp_path / "models.d/broken.yaml").write_text("a: [\n")
    (tmp_path / "models.d/number.yaml").write_text("model_id: 3\n")
    entries = entries_of(read_tree(tmp_path))
    assert [entry.path for entry in entries] == ["models.d/a.yaml", "models.d/b.yaml"]
    for name, message in (("atlas", "two files declare 'atlas': models.d/a.yaml and models.d/b.yaml"),
                          ("zebra", "no model has the id 'zebra'")):  # fmt: skip
        refusal = find_entry(entries, name)
        assert not isinstance(refusal, ModelFile)
        assert refusal.message == message


def test_folder_defaults_apply_and_show_their_line(tmp_path: Path) -> None:
    (tmp_path / "models.d").mkdir()
    own = "model_id: a\nname: A\nregion: eu\npriority_head: head-eu\nmetadata: {context: 8}\n"
    (tmp_path / "models.d" / "a.yaml").write_text(own)
    (tmp_path / "models.d" / "_defaults.yaml").write_text(
        "# given\nmetadata:\n  owner: team-a\ntags: [chat]\n"
    )
    (entry,) = entries_of(read_tree(tmp_path))
    parsed = parse('metadata.owner == "team-a" and tags contains "chat" and metadata.context == 8')
    assert not isinstance(parsed, ExpressionFault)
    assert holds(parsed, entry)
    places = {one.pointer: (one.path, one.line) for one in values(entry)}
    assert places["metadata", "owner"] == ("models.d/_defaults.yaml", 3)
    assert places["tags",] == ("models.d/_defaults.yaml", 4)
    assert places["metadata", "context"] == ("models.d/a.yaml", 5)
