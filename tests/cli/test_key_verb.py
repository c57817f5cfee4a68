"""`modelspec key new`: the only place that makes keys, which prints them once."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from modelspec_command import Command

from modelspec.fleet.client_keys import client_keys_of
from modelspec.load import read
from modelspec.load.find import File
from modelspec.secret import scan
from modelspec.secret.client_key import checksum, digest, is_client_key, is_key_id, new_key, suggested_key_id


def test_prints_the_key_once_and_stores_its_hash(command: Command, fleet: Path) -> None:
    made = command.run(
        "key",
        "new",
        "--owner",
        "search@example.com",
        "--group",
        "a",
        "--group",
        "b",
        "--key-id",
        "s-1",
        cwd=fleet,
    )
    assert made.code == 0, made.err
    key = made.out.strip()
    assert made.out == f"{key}\n"
    assert is_client_key(key)
    assert key.startswith("ms_s-1_")
    text = (fleet / "keys.yaml").read_text()
    assert key not in text + made.err
    (entry,) = client_keys_of(read(File("keys.yaml", text.encode())).value)
    assert entry.sha256 == sha256(key.encode()).hexdigest() == digest(key)
    assert (entry.groups, entry.owner, entry.key_id, entry.status) == (
        ("a", "b"),
        "search@example.com",
        "s-1",
        "active",
    )
    again = command.run("key", "new", "--owner", "search@example.com", "--key-id", "s-1", cwd=fleet)
    assert (again.code, again.out) == (1, "")
    assert (fleet / "keys.yaml").read_text() == text


def test_keeps_comments_and_order(command: Command, fleet: Path) -> None:
    kept = f"# who\nkeys:\n  # the first\n  - {{key_id: a, sha256: {'0' * 63}1, owner: x}}  # mine\n"
    (fleet / "keys.yaml").write_text(kept)
    made = command.run("key", "new", "--owner", "Search Team", "--expires", "2030-02-28", cwd=fleet)
    assert made.code == 0, made.err
    text = (fleet / "keys.yaml").read_text()
    assert text.startswith(kept)
    assert made.out.startswith("ms_search-team-")
    assert "2030-02-28" in text[len(kept) :]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--owner", "x", "--key-id", "a_b"), 2),
        (("--owner", "x", "--key-id", "A"), 2),
        (("--owner", "x", "--key-id", "a\n"), 2),
        (("--owner", "x", "--key-id", "a" * 64), 2),
        ((), 2),
        (("--owner", "x", "--expires", "soon"), 1),
        (("--owner", ""), 1),
    ],
)
def test_refuses_without_printing_a_key(
    command: Command, fleet: Path, arguments: tuple[str, ...], code: int
) -> None:
    made = command.run("key", "new", *arguments, cwd=fleet)
    assert made.code == code, made.err
    assert made.out == ""
    assert not (fleet / "keys.yaml").exists()


def test_a_dry_run_shows_no_key_and_writes_nothing(command: Command, fleet: Path) -> None:
    made = command.run("key", "new", "--owner", "x", "--dry-run", cwd=fleet)
    assert made.code == 0
    assert "ms_" not in made.out + made.err
    assert not (fleet / "keys.yaml").exists()


def test_a_key_in_a_file_is_found_and_masked(command: Command, fleet: Path) -> None:
    key = new_key("search", 7**90 % 2**256)
    for text in (
        f"keys:\n  - {{key_id: search, sha256: {key}, owner: x}}\n",
        f"keys: []\n# {key}\n",
        f"keys:\n  - {{key_id: search, sha256: {digest(key)}, owner: {key}}}\n",
    ):
        (fleet / "keys.yaml").write_text(text)
        said = command.run("validate", "--no-cache", cwd=fleet)
        assert said.code == 1
        assert "MS501" in said.out
        assert key[10:40] not in said.out + said.err
    # What is refused as a hash may be a key of another form: it is never shown.
    (fleet / "keys.yaml").write_text("keys:\n  - {key_id: search, sha256: hunter2hunter2, owner: x}\n")
    said = command.run("validate", "--no-cache", cwd=fleet)
    assert said.code == 1
    assert "hunter2" not in said.out + said.err
    (fleet / "keys.yaml").write_text(f"keys:\n  - {{key_id: search, sha256: {digest(key)}, owner: x}}\n")
    assert command.run("validate", "--no-cache", cwd=fleet).code == 0


def test_the_form_of_a_key_is_exact() -> None:
    largest, least = new_key("a", 2**256 - 1), new_key("a", 0)
    assert len(largest) == len(least) == len("ms_a_") + 43 + 1 + 6
    assert is_client_key(largest)
    assert is_client_key(least)
    assert new_key("a") != new_key("a")
    for wrong in (
        largest[:-1],
        f"{largest}0",
        largest.replace("ms_a", "ms_b"),
        largest.swapcase(),
        f"{largest}\n",
    ):
        assert not is_client_key(wrong)
    # The CRC-32 of nothing but digits: https://reveng.sourceforge.io/crc-catalogue/all.htm (CRC-32/ISO-HDLC).
    assert checksum("123456789") == "3jZRME"


@pytest.mark.parametrize("before", ["", "x", "items_", "ms_", "ms_a_", 'key: "', "Bearer "])
def test_a_key_is_found_whatever_stands_around_it(before: str) -> None:
    key = new_key("a-b", 3**150 % 2**256)
    (hit,) = (hit for hit in scan(f"{before}{key} and more") if hit.certain)
    assert hit.start <= len(before)
    assert hit.end >= len(before) + len(key)
    other = key[:-1] + ("0" if key[-1] != "0" else "1")
    assert not any(hit.kind == "client key of modelspec" for hit in scan(f"{before}{other}"))


def test_names_are_made_of_owners() -> None:
    assert suggested_key_id("Search Team", "2026-01-15") == "search-team-2026-01-15"
    assert suggested_key_id("a.b@example.com", "2026-01-15") == "a-b-2026-01-15"
    assert suggested_key_id("Ünïcode", "2026-01-15") == "n-code-2026-01-15"
    for owner in ("", "@", "---", "漢字", "x" * 300, "a-" * 60):
        assert is_key_id(suggested_key_id(owner, "2026-01-15"))


def test_the_last_day_of_a_key_is_whole() -> None:
    value = {"keys": [{"key_id": "a", "sha256": "0" * 64, "owner": "x", "expires": "1970-01-01"}]}
    (key,) = client_keys_of(value)
    assert key.ends == 86_400
    assert not key.is_expired("1970-01-01")
    assert key.is_expired("1970-01-02")
    value["keys"][0]["expires"] = "1970-02-31"
    assert client_keys_of(value)[0].ends == 59 * 86_400
    assert (
        client_keys_of(value, [("keys", 0, "owner")])
        == client_keys_of({"keys": 3})
        == client_keys_of(None)
        == ()
    )


def test_a_key_set_that_turns_bad_is_noticed_in_spite_of_the_cache(command: Command, fleet: Path) -> None:
    (fleet / "modelspec.yaml").write_text(
        "targets: [envoy]\ntarget_options:\n  envoy:\n"
        "    auth: {jwt: {issuer: https://id.example.com, audiences: [llm], jwks: sets/idp.json}}\n"
    )
    (fleet / "sets").mkdir()
    public = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    private = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
    file = fleet / "sets" / "idp.json"
    for key, code in (({}, 1), (public, 0), ({**public, "d": private}, 1), (public, 0)):
        file.write_text(json.dumps({"keys": [key]} if key else {}))
        said = command.run("validate", cwd=fleet)
        assert said.code == code, said.out
        assert ("MS717" in said.out) == bool(code)
        assert private not in said.out + said.err
    file.unlink()
    assert "it does not exist" in command.run("validate", cwd=fleet).out
    # What an edge verifies tokens with is a part of what a build is made from.
    digests = set()
    for key in (public, {**public, "kid": "a"}):
        file.write_text(json.dumps({"keys": [key]}))
        assert command.run("build", "-q", cwd=fleet).code == 0
        digests.add(json.loads((fleet / "dist" / "manifest.json").read_bytes())["source"]["sha256"])
    assert len(digests) == 2
