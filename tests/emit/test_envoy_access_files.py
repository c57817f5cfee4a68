"""What an edge gets of keys.yaml: texts of the repository stay data in the scripts of an edge."""

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from routing_tables import head, route, table

from modelspec.fleet.client_keys import client_keys_of
from modelspec.gateways import GatewayOptions
from modelspec.gateways.envoy.emit import emit

ENTRY = re.compile(r'  \["([0-9a-f]{64})"\] = \{"([a-z0-9-]+)", (\d+), \{((?:"[^"\n]*"(?:, )?)*)\}\},?')
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
"""No file holds a lone surrogate."""
QUOTED = re.compile(r'"((?:[A-Za-z0-9_ -]|\\[0-9]{3})*)"')


def script(keys: Any, *routes: Any) -> str:
    gateway = GatewayOptions(options={}, edges={}, client_keys=client_keys_of({"keys": keys}))
    for artifact in emit(table([], [head("a")], routes or [route("m", {"a": 1})]), gateway):
        if artifact.path.endswith("/access.json"):
            (resource,) = json.loads(artifact.content)["resources"]
            return str(resource["typed_config"]["default_source_code"]["inline_string"])
    raise AssertionError("no access.json")


def entry(number: int, **more: object) -> dict[str, object]:
    return {"key_id": f"key-{number}", "sha256": f"{number:064x}", "owner": "x", **more}


@given(st.lists(st.lists(TEXTS, max_size=4), max_size=5), st.text(max_size=30))
def test_groups_and_owners_stay_data(groups: list[list[str]], owner: str) -> None:
    keys = [entry(number, groups=each, owner=owner or "x") for number, each in enumerate(groups)]
    text = script(keys)
    plain = script([])
    start, end = "local KEYS = {\n", "\n}\nlocal JWT"
    table_of_keys = text.partition(start)[2].partition(end)[0]
    # All but the table is as it is without keys, whatever they say.
    assert text.replace(table_of_keys, "", 1) == plain.replace(f"{start}{end}", f"{start}{end}")
    lines = table_of_keys.split("\n") if keys else []
    assert len(lines) == len(keys)
    for number, line in enumerate(lines):
        found = ENTRY.fullmatch(line)
        assert found is not None, line
        assert found.group(1, 2, 3) == (f"{number:064x}", f"key-{number}", "0")
        read = [
            re.sub(rb"\\(\d{3})", lambda code: bytes([int(code[1])]), one.encode()).decode(
                "utf-8", "surrogatepass"
            )
            for one in QUOTED.findall(found[4])
        ]
        assert read == groups[number]


def test_revoked_keys_are_left_out_and_days_are_whole() -> None:
    text = script(
        [entry(1), entry(2, status="revoked"), entry(3, expires="1970-01-01"), entry(4, expires="2027-01-31")]
    )
    assert f"{2:064x}" not in text
    assert f'["{3:064x}"] = {{"key-3", 86400, {{}}}}' in text
    assert f'["{4:064x}"] = {{"key-4", 1801440000, {{}}}}' in text
    assert f'["{1:064x}"] = {{"key-1", 0, {{}}}}' in text


def test_the_script_knows_whether_a_model_is_public() -> None:
    assert "local PUBLIC = false\n" in script([])
    assert "local PUBLIC = true\n" in script([], route("m", {"a": 1}, visibility="public"))
    assert "local PUBLIC = false\n" in script([], route("m", visibility="public", status="disabled"))
