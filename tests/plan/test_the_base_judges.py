"""The policy that judges a change is that of its base, and a base that this version refuses is still compared."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from git_repositories import commit, git, repository, write
from hypothesis import given, settings
from hypothesis import strategies as st

from modelspec.change.states import base_policy
from modelspec.check.base import Policy
from modelspec.cli import run
from modelspec.incremental import validate as found_in

REGIONS = """\
regions:
  - {code: eu, name: Europe, residency: [eu]}
  - {code: us, name: United States}
"""
HEADS = """\
heads:
  - {head_id: head-eu, region: eu, url: "https://head-eu.example.net"}
  - {head_id: head-us, region: us, url: "https://head-us.example.net"}
"""
FIVE = ("m1", "m2", "m3", "m4", "m5")

Files = Mapping[str, str | bytes | None]
Say = Callable[..., "Said"]


def model(name: str, *lines: str, region: str = "us") -> str:
    fields = [f"model_id: {name}", f"name: {name}", f"region: {region}", f"priority_head: head-{region}"]
    return "\n".join(
        [*fields, f"endpoint: https://api-{region}.example.com/v1", f"upstream_region: {region}", *lines, ""]
    )


FLEET: dict[str, str | bytes | None] = {
    "regions.yaml": REGIONS,
    "heads.yaml": HEADS,
    "models.d/home.yaml": model("home", region="eu"),
    **{f"models.d/{name}.yaml": model(name) for name in FIVE},
}


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a verb said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def found(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The diagnostics of a JSON report, by code and subject."""
        return {(one["code"], one["subject"]): one for one in self.json["diagnostics"]}

    @property
    def errors(self) -> set[tuple[str, str]]:
        return {key for key, one in self.found.items() if one["severity"] == "error"}


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(name="say")
def _say(capsys: pytest.CaptureFixture[str]) -> Say:
    def say(*arguments: str | Path) -> Said:
        capsys.readouterr()
        code = run([str(one) for one in arguments])
        out, err = capsys.readouterr()
        return Said(code=code, out=out, err=err)

    return say


def changed(root: Path, before: Files, after: Files) -> Path:
    return write(repository(root, {**FLEET, **before}), after)


def validate(say: Say, root: Path, *more: str) -> Said:
    return say("validate", "--root", root, "--base", "main", "--format", "json", *more)


def plan(say: Say, root: Path, *more: str) -> Said:
    return say("plan", "--root", root, "--base", "main", "--format", "json", *more)


ABROAD = {"models.d/home.yaml": model("home", "fallback_heads: [head-us]", region="eu")}
KEY = "api_key: {env: HOME_KEY}"
LOOSE: dict[str, tuple[Files, Files, tuple[str, str]]] = {
    "severity": ({}, {**ABROAD, "modelspec.yaml": "rules: {MS301: 'off'}\n"}, ("MS301", "home")),
    "severity lowered": ({}, {**ABROAD, "modelspec.yaml": "rules: {MS301: warning}\n"}, ("MS301", "home")),
    "severity of the base": (
        {"modelspec.yaml": "rules: {MS402: error}\n"},
        {"modelspec.yaml": "rules: {MS402: 'off'}\n"},
        ("MS402", "m1"),
    ),
    "secret folder": (
        {},
        {
            "modelspec.yaml": "secret_folders: [/srv/keys]\n",
            "models.d/home.yaml": model("home", "api_key: {file: /srv/keys/home}", region="eu"),
        },
        ("MS504", "home"),
    ),
    "key policy": (
        {"modelspec.yaml": "key_policy: [{key: {env: HOME_KEY}, hosts: [api-us.example.com]}]\n"},
        {"modelspec.yaml": None, "models.d/home.yaml": model("home", KEY, region="eu")},
        ("MS514", "home"),
    ),
    "metadata schema": (
        {
            "modelspec.yaml": "metadata_schema: meta.json\n",
            "meta.json": '{"properties": {"owner": {"type": "string"}}}',
        },
        {"modelspec.yaml": "{}\n", "models.d/home.yaml": model("home", "metadata: {owner: 5}", region="eu")},
        ("MS109", "models.d/home.yaml"),
    ),
    "life of waivers": (
        {},
        {
            "modelspec.yaml": "guards: {max_waiver_days: 3650}\n",
            "waivers.yaml": "waivers:\n  - {rule: MS404, subject: m1, reason: so, expires: 2035-01-31, "
            "approved_by: ann}\n",
        },
        ("MS616", "m1"),
    ),
}


@pytest.mark.parametrize("name", LOOSE)
def test_what_only_the_base_calls_an_error_is_one(name: str, say: Say, tmp_path: Path) -> None:
    before, after, fault = LOOSE[name]
    root = changed(tmp_path / "r", before, after)
    alone = say("validate", "--root", root, "--format", "json")
    assert fault not in alone.errors
    judged = validate(say, root)
    assert judged.code == 1
    assert fault in judged.errors
    assert {code for code, _ in judged.errors} == {fault[0]}
    short = git(root, "rev-parse", "--short=7", "HEAD")
    (label,) = (one for one in judged.found[fault]["related"] if one["path"].startswith("base "))
    assert label["path"] == f"base {short}:modelspec.yaml"
    assert label["line"] >= 1
    # Each fault once, and the rest as the change itself has it.
    keys = [(one["code"], one["subject"], one["path"], one["line"]) for one in judged.json["diagnostics"]]
    assert len(keys) == len(set(keys))
    assert [one for one in judged.json["diagnostics"] if one["code"] != fault[0]] == [
        one for one in alone.json["diagnostics"] if one["code"] != fault[0]
    ]
    planned = plan(say, root)
    assert planned.code == 1
    assert fault in planned.errors
    # Again, from the cache, and without it.
    assert validate(say, root).out == judged.out == validate(say, root, "--no-cache").out
    assert say("validate", "--root", root, "--format", "json").out == alone.out


def test_the_line_of_the_base_is_related(say: Say, tmp_path: Path) -> None:
    root = changed(
        tmp_path / "r",
        {"modelspec.yaml": "# one\nrules:\n  MS402: error\n"},
        {"modelspec.yaml": "{}\n"},
    )
    text = say("validate", "--root", root, "--base", "main").out
    short = git(root, "rev-parse", "--short=7", "HEAD")
    assert f"::: base {short}:modelspec.yaml:3:3: decides this" in text
    for format_ in ("github", "gitlab", "sarif", "junit"):
        assert "MS402" in say("validate", "--root", root, "--base", "main", "--format", format_).out


def test_warnings_of_the_base_count_if_strict(say: Say, tmp_path: Path) -> None:
    root = changed(tmp_path / "r", {}, {"modelspec.yaml": "rules: {MS402: 'off'}\n"})
    assert validate(say, root).code == 0
    strict = validate(say, root, "--strict")
    assert strict.code == 1
    assert ("MS402", "home") in strict.found
    assert validate(say, root).code == 0


def test_a_stricter_change_is_judged_by_itself(say: Say, tmp_path: Path) -> None:
    policy = "key_policy: [{key: {env: HOME_KEY}, hosts: [elsewhere.example.com]}]\nrules: {MS514: warning}\n"
    root = changed(
        tmp_path / "r",
        {"models.d/home.yaml": model("home", KEY, region="eu")},
        {"modelspec.yaml": policy},
    )
    judged = validate(say, root)
    assert judged.code == 0
    assert judged.found["MS514", "home"]["severity"] == "warning"


def test_waivers_of_the_change_count(say: Say, tmp_path: Path) -> None:
    files = {
        **ABROAD,
        "modelspec.yaml": "rules: {MS301: 'off'}\nguards: {policy_loosened: 'off'}\n",
        "waivers.yaml": "waivers:\n  - {rule: MS301, subject: home, reason: so, expires: LATER, approved_by: ann}\n",
    }
    root = changed(tmp_path / "r", {"modelspec.yaml": "guards: {policy_loosened: 'off'}\n"}, files)
    later = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    write(root, {"waivers.yaml": str(files["waivers.yaml"]).replace("LATER", later)})
    judged = validate(say, root, "--strict")
    assert ("MS301", "home") not in judged.found
    assert ("MS610", "home") not in judged.found  # the base needs it
    planned = plan(say, root)
    assert planned.code == 10
    assert planned.json["waives"] == [{"code": "MS301", "subject": "home"}]
    assert "waives MS301 for home" in planned.json["summary"]


def test_without_a_merge_base_it_is_a_usage_error(say: Say, tmp_path: Path) -> None:
    root = changed(tmp_path / "r", {}, {})
    git(root, "checkout", "--quiet", "--orphan", "other")
    commit(root, {"README.md": "another history"})
    said = validate(say, root)
    assert said.code == 2
    assert "no common history" in said.err
    assert said.out == ""


def test_a_repository_that_begins_is_judged_by_itself(say: Say, tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {"README.md": "x"})
    write(root, {**FLEET, "modelspec.yaml": "rules: {MS402: 'off'}\n"})
    assert validate(say, root, "--strict").code == 0


POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "rules": st.dictionaries(
            st.sampled_from(["MS301", "MS402", "MS404", "MS504", "MS514", "MS601"]),
            st.sampled_from(["off", "info", "warning", "error"]),
        ),
        "secret_folders": st.lists(st.sampled_from(["/srv/a", "/srv/b"]), unique=True),
        "key_policy": st.lists(
            st.sampled_from(
                [
                    {"key": {"env": "HOME_KEY"}, "hosts": ["api-eu.example.com"]},
                    {"key": {"env": "HOME_*"}, "hosts": ["elsewhere.example.com"]},
                ]
            ),
            max_size=1,
        ),
    },
)
MODELS = st.lists(
    st.sampled_from(
        [KEY, "fallback_heads: [head-us]", "api_key: {file: /srv/a/key}", "api_key: {file: /srv/b/key}"]
    ),
    unique_by=lambda line: line.partition(":")[0],
)


@settings(max_examples=25, deadline=None)
@given(POLICIES, POLICIES, MODELS)
def test_no_error_of_either_policy_is_lost(
    tmp_path_factory: pytest.TempPathFactory, old: Any, new: Any, lines: list[str]
) -> None:
    """With --base, the errors are those of both policies, each alone over the same files."""
    today = date(2026, 6, 1)
    folder = tmp_path_factory.mktemp("p")
    home = {"models.d/home.yaml": model("home", *lines, region="eu")}
    root = changed(
        folder / "r", {"modelspec.yaml": json.dumps(old)}, {**home, "modelspec.yaml": json.dumps(new)}
    )
    policy = base_policy(root, "main", strict=False)
    assert isinstance(policy, Policy)

    def errors(*, by: Policy | None) -> set[tuple[str, ...]]:
        checked = found_in(root, today=today, cache=False, policy=by)
        return {
            (one.code, one.path, one.message, one.subject)
            for one in checked.diagnostics
            if one.severity == "error"
        }

    judged, own = errors(by=policy), errors(by=None)
    write(root, {"modelspec.yaml": json.dumps(old)})
    theirs = errors(by=None)
    assert judged == own | theirs


REFUSED = {
    "an unknown field": model("m1", "colour: red"),
    "a wrong type": model("m1", "tags: 5"),
    "a refused key": model("m1", "api_key: {env: 'not a name'}"),
    "a key in place of a reference": model("m1", "api_key: nonsense"),
    "an unknown region": model("m1").replace("region: us", "region: mars"),
    "an unknown head": model("m1", "fallback_heads: [head-mars]"),
    "an unknown model": model("m1", "fallback_models: [mars]"),
    "a duplicate key": model("m1", "name: again"),
    "an invisible character": model("m1", "# soft\u00adhyphen\u200b"),
}
REMOVED = {f"models.d/{name}.yaml": None for name in ("m2", "m3", "m4")}


@pytest.mark.parametrize("name", REFUSED)
def test_a_base_that_is_refused_is_compared(name: str, say: Say, tmp_path: Path) -> None:
    root = changed(
        tmp_path / "r", {"models.d/m1.yaml": REFUSED[name]}, {**REMOVED, "models.d/m1.yaml": model("m1")}
    )
    planned = plan(say, root)
    assert planned.code == 1
    assert {("MS802", "m2"), ("MS802", "m3"), ("MS802", "m4")} <= planned.errors
    removed = [one for one in planned.json["effects"] if one["kind"] == "model-removed"]
    assert [one["subject"]["name"] for one in removed] == ["m2", "m3", "m4"]
    assert planned.json["compared"] is True
    assert planned.json["base"] | {"title": ""} == {
        "title": "",
        "models": 6,
        "broken": [],
        "refused": ["models.d/m1.yaml"],
    }
    assert "the base does not compile" not in planned.out


@pytest.mark.parametrize("residency", ["[eu, eu]", "[eu, EU]", "[]", "eu", "[5]"])
def test_a_residency_of_which_the_base_has_a_part_refused_is_not_widened(
    residency: str, say: Say, tmp_path: Path
) -> None:
    base = REGIONS.replace("residency: [eu]", f"residency: {residency}")
    for wider in ("residency: [eu, us]", "countries: [de]"):
        root = changed(
            tmp_path / wider[:5],
            {"regions.yaml": base},
            {"regions.yaml": REGIONS.replace("residency: [eu]", wider)},
        )
        assert ("MS809", "eu") in plan(say, root).errors
    root = changed(tmp_path / "mended", {"regions.yaml": base}, {"regions.yaml": REGIONS})
    assert plan(say, root).errors == set()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("*.example.org", "a.example.org", set()),
        ("a.example.org", "*.example.org", {("MS809", "eu *.example.org")}),
        ("a.example.org", "b.example.org", {("MS809", "eu b.example.org")}),
    ],
)
def test_only_more_upstreams_of_a_region_widen_its_residency(
    before: str, after: str, expected: set[tuple[str, str]], say: Say, tmp_path: Path
) -> None:
    first, second = (
        {
            "regions.yaml": REGIONS.replace(
                "residency: [eu]", f"residency: [eu], upstreams: {{hosts: ['{host}']}}"
            )
        }
        for host in (before, after)
    )
    assert plan(say, changed(tmp_path / "r", first, second)).errors == expected


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("{code: europe, name: Europe, countries: [de]}", {("MS809", "europe")}),
        ("{code: europe, name: Europe, countries: [de], residency: [europe, us]}", {("MS809", "europe")}),
        ("{code: europe, name: Europe, countries: [de], residency: [europe]}", set()),
    ],
)
def test_a_region_under_another_code_keeps_its_residency(
    region: str, expected: set[tuple[str, str]], say: Say, tmp_path: Path
) -> None:
    waived = "guards: {max_moved: 9, max_changed: 9, max_removed: 9}\n"
    root = changed(
        tmp_path / "r",
        {"modelspec.yaml": waived},
        {
            "regions.yaml": REGIONS.replace("{code: eu, name: Europe, residency: [eu]}", region),
            "heads.yaml": HEADS.replace("region: eu", "region: europe"),
            "models.d/home.yaml": str(FLEET["models.d/home.yaml"])
            .replace("region: eu\npri", "region: europe\npri")
            .replace("upstream_region: eu", "upstream_region: europe"),
        },
    )
    assert {one for one in plan(say, root).errors if one[0] == "MS809"} == expected


def test_an_entry_of_the_key_policy_outlives_a_refused_field(say: Say, tmp_path: Path) -> None:
    policy = "key_policy: [{key: {env: HOME_KEY}, hosts: [api-eu.example.com], owner: us}]\n"
    root = changed(tmp_path / "r", {"modelspec.yaml": policy}, {"modelspec.yaml": "{}\n"})
    assert ("MS811", "key_policy env:HOME_KEY") in plan(say, root).errors


FLEET_FAULTS = [
    ("regions.yaml", REGIONS.replace("residency: [eu]", "residency: [eu], colour: red")),
    ("heads.yaml", HEADS.replace("region: eu,", "region: eu, capacity: many,")),
    ("heads.yaml", HEADS.replace("region: eu,", "region: mars,")),
    ("heads.yaml", HEADS.replace("region: eu,", "region: 5,")),
    ("modelspec.yaml", "guards: {max_removed: 1, colour: red}\nrules: {MS301: error, what: off}\n"),
    ("waivers.yaml", "waivers: 5\n"),
    ("routes.test.yaml", "tests: [\n"),
]


@pytest.mark.parametrize(("path", "text"), FLEET_FAULTS)
def test_a_fault_in_another_file_of_the_base_hides_no_removal(
    path: str, text: str, say: Say, tmp_path: Path
) -> None:
    root = changed(tmp_path / "r", {path: text}, {path: FLEET.get(path, ""), **REMOVED})
    if path not in FLEET:
        (root / path).unlink()
    planned = plan(say, root)
    assert planned.code == 1
    assert {("MS802", "m2"), ("MS802", "m3"), ("MS802", "m4")} <= planned.errors


@pytest.mark.parametrize("path", ["models.d/m1.yaml", "heads.yaml", "regions.yaml", "modelspec.yaml"])
def test_an_unreadable_base_is_an_error_that_takes_a_waiver(path: str, say: Say, tmp_path: Path) -> None:
    root = changed(tmp_path / "r", {path: "a: [\n"}, {path: FLEET.get(path, "{}\n")})
    planned = plan(say, root)
    assert planned.code == 1
    assert ("MS808", path) in planned.errors
    entry = planned.found["MS808", path]["help"].rpartition("waivers.yaml: ")[2]
    filled = entry.replace("why this is acceptable", "seen").replace("approved_by: NAME", "approved_by: ann")
    write(root, {"waivers.yaml": f"waivers:\n  {filled}\n"})
    again = plan(say, root)
    assert ("MS808", path) not in again.found
    assert {"code": "unreadable_base", "subject": path} in again.json["waives"]
    assert (again.code, again.errors) == (10, set())
    if path == "modelspec.yaml":
        assert validate(say, root).code == 0
        (root / "waivers.yaml").unlink()
        assert ("MS808", path) in validate(say, root).errors


def test_a_root_that_moved_is_found_and_said(say: Say, tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {f"old/{path}": text for path, text in FLEET.items()})
    (top / "old").rename(top / "new")
    write(top / "new", REMOVED)
    planned = plan(say, top / "new")
    assert planned.code == 1
    assert {("MS802", "m2"), ("MS802", "m3"), ("MS802", "m4")} <= planned.errors
    assert "where the configuration was in 'old/'" in planned.json["base"]["title"]
    write(top / "new", {**ABROAD, "modelspec.yaml": "rules: {MS301: 'off'}\n"})
    assert ("MS301", "home") in validate(say, top / "new").errors


def test_another_fleet_of_the_repository_has_not_moved(say: Say, tmp_path: Path) -> None:
    top = repository(tmp_path / "r", {f"one/{path}": text for path, text in FLEET.items()})
    write(top, {f"two/{path}": text for path, text in FLEET.items()})
    planned = plan(say, top / "two")
    assert (planned.code, set(planned.found)) == (10, {("MS807", "modelspec.yaml")})
    assert planned.json["base"]["broken"] == []
    assert "does not compile" not in planned.out


def test_models_in_a_submodule_are_compared(say: Say, tmp_path: Path) -> None:
    inner = repository(
        tmp_path / "inner",
        {
            path.removeprefix("models.d/"): text
            for path, text in FLEET.items()
            if path.startswith("models.d/")
        },
    )
    root = repository(tmp_path / "r", {path: FLEET[path] for path in ("regions.yaml", "heads.yaml")})
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner, "models.d")
    commit(root)
    commit(inner, {"m2.yaml": None, "m3.yaml": None, "m4.yaml": None})
    git(root / "models.d", "-c", "protocol.file.allow=always", "pull", "--quiet")
    planned = plan(say, root)
    assert planned.code == 1
    assert {("MS802", "m2"), ("MS802", "m3"), ("MS802", "m4")} <= planned.errors
    assert "submodule" in planned.out
