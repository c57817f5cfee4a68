"""The guards of residency, of the hosts of heads, and of the policy itself."""

from pathlib import Path
from typing import Any

import pytest
from changes import change, many, settings, waiver, waivers
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from small_fleets import FIXED, HEADS, REGIONS, TODAY, compiled, model, routed

from modelspec.change.guard_policy import loosened
from modelspec.change.guards import check_guards
from modelspec.fleet.keys import allowed_hosts, may_go_to
from modelspec.fleet.reference import Reference, objection
from modelspec.fleet.settings import Settings, settings_of
from modelspec.rules import RULES

MODELS = many(2)


def regions(old: str, new: str) -> dict[str, str]:
    assert old in REGIONS
    return {"regions.yaml": REGIONS.replace(old, new)}


def heads(old: str, new: str) -> dict[str, str]:
    assert old in HEADS
    return {"heads.yaml": HEADS.replace(old, new)}


def test_a_residency_that_is_removed_or_widened_breaks_a_guard(tmp_path: Path) -> None:
    kept = regions("residency: [eu, uk]", "residency: [eu]")
    for number, wider in enumerate(("residency: [eu, us]", "residency: [uk, eu]", "")):
        files = {"regions.yaml": REGIONS.replace(", residency: [eu, uk]", f", {wider}" if wider else "")}
        found = change(tmp_path / f"{number}", MODELS, MODELS, base=kept, head=files)
        assert ("MS809", "eu") in found.subjects, wider
    narrower = change(tmp_path / "narrower", MODELS, MODELS, head=kept)
    assert "MS809" not in narrower.codes


def test_a_waiver_lets_a_residency_be_wider(tmp_path: Path) -> None:
    files = {"regions.yaml": REGIONS.replace(", residency: [eu, uk]", "")}
    assert change(tmp_path / "a", MODELS, MODELS, head=files).codes == ["MS809"]
    waived = waivers(waiver("residency_change", "eu"))
    assert change(tmp_path / "b", MODELS, MODELS, head=files | waived).codes == []
    off = settings('residency_change: "off"')
    assert change(tmp_path / "c", MODELS, MODELS, base=off, head=files).codes == []
    long = waivers(waiver("residency_change", "eu", expires="2027-06-01"))
    long["modelspec.yaml"] = "guards: {max_waiver_days: 3650}\n"
    assert "MS809" in change(tmp_path / "d", MODELS, MODELS, head=files | long).codes


@pytest.mark.parametrize(
    ("more", "subject"),
    [
        ("upstreams: {hosts: ['*.us.example.com']}", "uk *.us.example.com"),
        ("upstreams: {variables: [US_URL]}", "uk env:US_URL"),
        ("upstreams: {clouds: {aws: [eu-west-2]}}", "uk aws:eu-west-2"),
        ("countries: [gb, us]", "uk"),
    ],
)
def test_what_newly_counts_as_a_region_widens_its_residency(more: str, subject: str, tmp_path: Path) -> None:
    files = regions("code: uk,", f"code: uk, {more},")
    found = change(tmp_path / "a", MODELS, MODELS, head=files)
    assert [one for one in found.subjects if one[0] == "MS809"] == [("MS809", subject)]
    waived = waivers(waiver("residency_change", subject))
    assert "MS809" not in change(tmp_path / "b", MODELS, MODELS, head=files | waived).codes
    assert "MS809" not in change(tmp_path / "c", MODELS, MODELS, base=files).codes


HEAD = "https://head-eu-1.example.net"


@pytest.mark.parametrize(
    "url",
    ["https://evil.example.org", "https://head-eu-1.example.net.evil.example.org/v1", "http://10.9.9.9"],
)
def test_a_head_at_another_host_breaks_a_guard(url: str, tmp_path: Path) -> None:
    host = url.partition("//")[2].partition("/")[0]
    found = change(tmp_path, MODELS, MODELS, head=heads(HEAD, url))
    assert ("MS810", f"head-eu-1 {host}") in found.subjects


@pytest.mark.parametrize("url", [f"{HEAD}/v1", f"{HEAD}:8443", HEAD.upper().replace("HTTPS", "https")])
def test_another_path_port_or_spelling_is_the_same_host(url: str, tmp_path: Path) -> None:
    found = change(tmp_path, MODELS, MODELS, head=heads(HEAD, url))
    assert "MS810" not in found.codes


def test_a_head_that_takes_over_from_one_that_is_gone_breaks_a_guard(tmp_path: Path) -> None:
    files = {
        "heads.yaml": HEADS.replace("head_id: head-eu-1", "head_id: head-new").replace(
            HEAD, "https://new.example.org"
        )
    }
    after = {name: text.replace("head-eu-1", "head-new") for name, text in MODELS.items()}
    found = change(tmp_path, MODELS, after, head=files)
    assert ("MS810", "head-new new.example.org") in found.subjects


def test_a_new_head_for_new_models_breaks_none(tmp_path: Path) -> None:
    files = {
        "heads.yaml": HEADS + '  - {head_id: head-new, region: eu, url: "https://new.example.org"}\n',
    }
    after = MODELS | {"extra": model("extra", head="head-new")}
    assert change(tmp_path, MODELS, after, head=files).codes == []


LOOSE: dict[str, tuple[str, str, str]] = {
    "off": ("{}", "rules: {MS301: 'off'}", "rules.MS301"),
    "lower": ("rules: {MS404: warning}", "{}", "rules.MS404"),
    "guard": ("guards: {max_removed: 1}", "guards: {max_removed: 2}", "guards.max_removed"),
    "share": ("guards: {max_moved: 10%}", "guards: {max_moved: 100%}", "guards.max_moved"),
    "switch": ("{}", "guards: {empty_head: warning}", "guards.empty_head"),
    "itself": ("{}", "guards: {policy_loosened: 'off'}", "guards.policy_loosened"),
    "days": ("{}", "guards: {max_waiver_days: 365}", "guards.max_waiver_days"),
    "folder": ("{}", "secret_folders: [/srv/x]", "secret_folders /srv/x"),
    "policy": ("key_policy: [{key: {env: A}, hosts: [a.example]}]", "{}", "key_policy env:A"),
    "host": (
        "key_policy: [{key: {env: A*}, hosts: [a.example]}]",
        "key_policy: [{key: {env: A*}, hosts: [a.example]}, {key: {env: AB}, hosts: [b.example]}]",
        "key_policy env:A* b.example",
    ),
}


@pytest.mark.parametrize("name", LOOSE)
def test_a_looser_policy_breaks_a_guard_and_takes_a_waiver(name: str, tmp_path: Path) -> None:
    before, after, subject = LOOSE[name]
    old = compiled(tmp_path / "old", MODELS, FIXED | {"modelspec.yaml": f"{before}\n"})
    for waived in (False, True):
        more = waivers(waiver("policy_loosened", subject)) if waived else {}
        files = FIXED | {"modelspec.yaml": f"{after}\n"} | more
        new = compiled(tmp_path / f"{waived}", MODELS, files)
        report = check_guards(old, new, before=routed(old), after=routed(new), today=TODAY)
        codes = [(one.code, one.subject) for one in report.diagnostics]
        assert [one for one in codes if one[0] > "MS8"] == ([] if waived else [("MS811", subject)])
        assert report.waived == ([("policy_loosened", subject)] if waived else [])
        back = check_guards(new, old, before=routed(new), after=routed(old), today=TODAY)
        assert "MS811" not in [one.code for one in back.diagnostics]


KEYS = ["A", "B", "AB", "ABC", "BA"]
HOSTS = ["a.example", "x.a.example", "b.example"]
FOLDERS = ["/srv/a", "/srv/a/b", "/srv", "/srv/./c"]
POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "rules": st.dictionaries(
            st.sampled_from(["MS301", "MS402", "MS404", "MS514"]),
            st.sampled_from(["off", "info", "warning", "error"]),
        ),
        "secret_folders": st.lists(st.sampled_from(FOLDERS), unique=True, max_size=2),
        "key_policy": st.lists(
            st.fixed_dictionaries(
                {
                    "key": st.sampled_from(["A", "A*", "*B", "AB", "*", "B*A"]).map(
                        lambda name: {"env": name}
                    ),
                    "hosts": st.lists(
                        st.sampled_from(["a.example", "*.a.example", "*", "b.example"]),
                        min_size=1,
                        max_size=2,
                    ),
                }
            ),
            max_size=3,
        ),
    },
)


def _refuses(policy: Settings) -> set[Any]:
    """What a policy refuses of all that these tests know."""
    refused: set[Any] = set()
    for name in KEYS:
        key = Reference.of({"env": name})
        allowed = allowed_hosts(key, policy.key_policy)
        refused |= {(name, host) for host in HOSTS if allowed is not None and not may_go_to(host, allowed)}
    for folder in (*FOLDERS, "/srv/c"):
        reference = Reference.of({"file": f"{folder}/key"})
        found = objection(reference, policy.secret_folders)
        if found is not None and found.code == "MS504":
            refused.add(reference.normal)
    ranks = ("off", "info", "warning", "error")
    for rule in RULES:
        rank = ranks.index(policy.rules.get(rule.code, rule.severity.value))
        refused |= {(rule.code, number) for number in range(rank)}
    return refused


@limits(max_examples=400, deadline=None)
@given(POLICIES, POLICIES)
def test_what_is_not_called_looser_refuses_no_less(old: Any, new: Any) -> None:
    before, after = settings_of(old), settings_of(new)
    if not list(loosened(before, after, 10)):
        assert _refuses(before) <= _refuses(after)
    assert list(loosened(before, before, 10)) == []


@pytest.mark.parametrize(
    ("base", "head", "breaks"),
    [
        ("keys", "", True),
        ("none", "", True),
        ("keys", "none", False),
        ("", "keys", False),
        ("keys", "keys", False),
    ],
)
def test_edges_that_stop_asking_who_calls_break_a_guard(
    tmp_path: Path, base: str, head: str, *, breaks: bool
) -> None:
    entry = f"\n  - {{key_id: a, sha256: {'ab' * 32}, owner: x}}\n"
    files = {"": {}, "keys": {"keys.yaml": f"keys:{entry}"}, "none": {"keys.yaml": "keys: []\n"}}
    old = compiled(tmp_path / "old", MODELS, FIXED | files[base])
    for waived in (False, True):
        more = waivers(waiver("policy_loosened", "keys.yaml")) if waived and breaks else {}
        new = compiled(tmp_path / f"new{waived}", MODELS, FIXED | files[head] | more)
        report = check_guards(old, new, before=routed(old), after=routed(new), today=TODAY)
        found = [(one.code, one.subject) for one in report.diagnostics]
        assert found == ([("MS811", "keys.yaml")] if breaks and not waived else [])
