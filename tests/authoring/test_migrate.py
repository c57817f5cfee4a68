"""`modelspec migrate`: what an earlier version accepted is rewritten, comments and all, and the rest is named."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from git_repositories import write
from hypothesis import given, settings
from hypothesis import strategies as st

from modelspec.cli import run
from modelspec.fleet.reference import Reference

REGIONS = "regions: [{code: eu, name: Europe}]\n"
HEADS = 'heads: [{head_id: h, region: eu, url: "https://h.example.net"}]\n'
MODEL = """\
# about {0}
model_id: {0}
name: N  # shown
region: eu
priority_head: h
endpoint: https://api.example.com/v1
"""


def fleet(root: Path, **files: str) -> Path:
    return write(root, {"regions.yaml": REGIONS, "heads.yaml": HEADS, **files})


def contents(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_references_are_rewritten_and_comments_stay(tmp_path: Path) -> None:
    root = fleet(
        tmp_path,
        **{
            "models.d/a.yaml": MODEL.format("a") + "api_key: {file: /run/secrets/./prod}  # the key\n",
            "models.d/b.yaml": MODEL.format("b").replace("endpoint: https://api.example.com/v1\n", "")
            + "deployments:\n  - endpoint: https://api.example.com/v1\n"
            '    api_key: {vault: "kv/x/../prod/db#password"}  # dots\n',
            "models.d/d/c.yaml": MODEL.format("c"),
            "models.d/d/_defaults.yaml": "# below\napi_key: {file: /run/secrets//more}  # two\n",
            "modelspec.yaml": "key_policy:  # mine\n  - key: {file: /run/secrets/./pr*}\n"
            "    hosts: [api.example.com]\n",
        },
    )
    before = contents(root)
    assert run(["migrate", "--root", str(root), "--check"]) == 1
    assert contents(root) == before
    assert run(["migrate", "--root", str(root)]) == 0
    assert contents(root) == {
        **before,
        "models.d/a.yaml": before["models.d/a.yaml"].replace("/./", "/"),
        "models.d/b.yaml": before["models.d/b.yaml"].replace("kv/x/../prod", "kv/prod"),
        "models.d/d/_defaults.yaml": before["models.d/d/_defaults.yaml"].replace("//", "/"),
        "modelspec.yaml": before["modelspec.yaml"].replace("/run/secrets/./pr*", '"/run/secrets/pr*"'),
    }
    assert run(["migrate", "--root", str(root), "--check"]) == 0
    assert run(["validate", "--root", str(root)]) == 0


def test_files_are_renamed_with_their_waivers(tmp_path: Path) -> None:
    root = fleet(
        tmp_path,
        **{
            "models.d/one.yaml": MODEL.format("x:y"),
            "models.d/two.yaml": MODEL.format("x_y"),
            "modelspec.yaml": "guards: {max_waiver_days: 3650}\n",
            "waivers.yaml": "waivers:\n  - {rule: MS402, subject: models.d/one.yaml, reason: a, expires: 2035-01-01, "
            "approved_by: me}\n",
        },
    )
    assert run(["migrate", "--root", str(root)]) == 0
    models = {
        path: text for path, text in contents(root).items() if path.startswith(("models.d/", "waivers"))
    }
    assert models == {
        "models.d/x_y.yaml": MODEL.format("x:y"),
        "models.d/x_y_2.yaml": MODEL.format("x_y"),
        "waivers.yaml": models["waivers.yaml"],
    }
    assert "subject: models.d/x_y.yaml" in models["waivers.yaml"]
    assert run(["migrate", "--root", str(root), "--check"]) == 0


def test_the_rest_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = fleet(
        tmp_path,
        **{
            "models.d/a.yaml": MODEL.format("a") + "api_key: {file: /proc/self/environ}\n",
            "models.d/b.yaml": MODEL.format("b") + "api_key: {file: /run/secrets/./b}\n",
            "models.d/c.yaml": "a: [\n",
        },
    )
    assert run(["migrate", "--root", str(root)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "models.d/b.yaml: 1 reference in normal form" in told.err
    for code in ("MS504", "MS008"):
        assert code in told.err
    assert "/run/secrets/b}" in (root / "models.d/b.yaml").read_text()
    assert (root / "models.d/c.yaml").read_text() == "a: [\n"


def test_a_reference_that_leads_elsewhere_is_left_to_people(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = MODEL.format("a") + "api_key: {file: /run/secrets/../../proc/self/environ}\n"
    root = fleet(tmp_path, **{"models.d/a.yaml": text})
    assert run(["migrate", "--root", str(root)]) == 1
    assert (root / "models.d/a.yaml").read_text() == text
    assert "MS504" in capsys.readouterr().err


def test_nothing_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = fleet(tmp_path, **{"models.d/a.yaml": MODEL.format("a")})
    for more in ([], ["--check"]):
        assert run(["migrate", "--root", str(root), *more]) == 0
        assert capsys.readouterr().err == "nothing to do\n"


PARTS = st.sampled_from(["prod", "key", "a-b", ".", "..", "", "%61", " x", "é"])


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(["file", "vault"]), parts=st.lists(PARTS, min_size=1, max_size=4))
def test_what_is_rewritten_means_the_same_and_is_rewritten_once(
    tmp_path_factory: pytest.TempPathFactory, kind: str, parts: list[str]
) -> None:
    path = "/".join(parts)
    written: dict[str, Any] = {kind: f"/run/secrets/{path}" if kind == "file" else f"kv/{path}#k"}
    root = fleet(
        tmp_path_factory.mktemp("m"),
        **{"models.d/a.yaml": f"{MODEL.format('a')}api_key: {json.dumps(written, ensure_ascii=False)}\n"},
    )
    run(["migrate", "--root", str(root), "--quiet"])
    once = contents(root)
    run(["migrate", "--root", str(root), "--quiet"])
    assert contents(root) == once
    (line,) = (line for line in once["models.d/a.yaml"].splitlines() if line.startswith("api_key"))
    value = json.loads(line.partition(": ")[2].replace("'", '"'))
    assert Reference.of(value) == Reference.of(written)


@pytest.mark.parametrize("more", ["", ", max_body_bytes: 2048"])
def test_a_renamed_setting_keeps_its_value_unless_both_stand_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: str
) -> None:
    settings = f"{{port: 1, per_connection_buffer_limit_bytes: 4096{more}}}"
    text = f"targets: [envoy]\ntarget_options:\n  envoy: {settings}  # x\n"
    root = fleet(tmp_path, **{"models.d/a.yaml": MODEL.format("a"), "modelspec.yaml": text})
    assert run(["validate", "--root", str(root)]) == 1
    assert "did you mean 'max_body_bytes'?" in capsys.readouterr().out
    assert run(["migrate", "--root", str(root)]) == (1 if more else 0)
    renamed = text.replace("per_connection_buffer_limit_bytes", "max_body_bytes")
    assert (root / "modelspec.yaml").read_text() == (text if more else renamed)


def test_addresses_get_the_spelling_that_is_accepted(tmp_path: Path) -> None:
    model = MODEL.format("a").replace("/v1", "/./%761/%2D?x=%41  # up")
    wild = MODEL.format("b").replace("endpoint: https://api.example.com/v1\n", "") + (
        "deployments:\n  - endpoint: https://api.example.com/v1/.\n  - {endpoint: 'https://api.example.com/%7eb'}\n"
    )
    heads = HEADS.replace("h.example.net", "h.example.net/a/././b")
    root = fleet(tmp_path, **{"models.d/a.yaml": model, "models.d/b.yaml": wild, "heads.yaml": heads})
    assert run(["validate", "--root", str(root), "--quiet"]) == 1
    assert run(["migrate", "--root", str(root)]) == 0
    after = contents(root)
    assert after["models.d/a.yaml"] == model.replace("/./%761/%2D?x=%41", "/v1/-?x=A")
    assert after["models.d/b.yaml"] == wild.replace("/v1/.", "/v1/").replace("%7e", "~")
    assert after["heads.yaml"] == heads.replace("/././", "/")
    assert run(["migrate", "--root", str(root), "--check"]) == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com//v1",  # another path, to a server that counts slashes
        "https://api.example.com./v1",
        "https://%61pi.example.com/v1",
        "https://./v1",
        "https://api.example.com/%2e%2e/v1",
        "https://api.example.com/a%2Fb",
        "https://api.example.com/v1?p=/./x",
    ],
)
def test_an_address_that_may_mean_another_is_left_to_people(tmp_path: Path, url: str) -> None:
    text = MODEL.format("a").replace("https://api.example.com/v1", f'"{url}"')
    root = fleet(tmp_path, **{"models.d/a.yaml": text})
    run(["migrate", "--root", str(root), "--quiet"])
    assert contents(root)["models.d/a.yaml"] == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("targets:\n  - envoy  # edges\n  - kubernetes\n", "targets:\n  - envoy  # edges\n"),
        ("targets: [haproxy, litellm, kubernetes]\noutput: x\n", "targets: [litellm]\noutput: x\n"),
        ("targets: [kubernetes]\noutput: x\n", "output: x\n"),
    ],
)
def test_targets_that_nothing_was_written_for_are_left_out(tmp_path: Path, before: str, after: str) -> None:
    root = fleet(tmp_path, **{"models.d/a.yaml": MODEL.format("a"), "modelspec.yaml": before})
    assert run(["validate", "--root", str(root), "--quiet"]) == 1
    assert run(["migrate", "--root", str(root)]) == 0
    assert contents(root)["modelspec.yaml"] == after


def test_every_code_that_became_stricter_has_its_remedy() -> None:
    root = Path(__file__).parents[2]
    parts = re.split(r"(?m)^(?=##)", (root / "CHANGELOG.md").read_text(encoding="utf-8"))
    broken = "".join(part for part in parts if part.startswith("### Breaking"))
    page = (root / "docs/compatibility.md").read_text(encoding="utf-8")
    told = {*re.findall(r"MS\d{3}", page), "MS312"}  # within the range from MS311 to MS313
    assert set(re.findall(r"MS\d{3}", broken)) - told == set()
