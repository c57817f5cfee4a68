"""What is refused as a reference may be the key itself: no verb and no format shows it."""

from pathlib import Path

import pytest
from git_repositories import git, write
from modelspec_command import HEADS, REGIONS

from modelspec.cli import run

_MODEL = """\
model_id: {0}
name: Atlas
region: us
priority_head: head-us
fallback_heads: [head-eu]
{1}
"""
_SOUND = "endpoint: https://atlas.example.com/v1\n"
REFUSED = {
    "digits": _SOUND + "api_key: {env: 9f86d081884c7d659a2feaa0c55ad015}",
    "letters": _SOUND + "api_key: {env: a9f86d081884c7d659a2feaa0c55ad01}",
    "endpoint": "endpoint: {env: 3f2504e0-4f89-41d3-9a0c-0305e82c3301}",
    "params": _SOUND + "params: {organization: {env: correct-horse-battery}}",
    "block": _SOUND + "params:\n  organization:\n    env: correct-horse-battery",
    "deployments": "deployments: [{endpoint: https://atlas.example.com/v1, api_key: {env: correct-horse-battery}}]",
    "file": _SOUND + "api_key: {file: /correct-horse-battery}",
    "relative": _SOUND + "api_key: {file: correct-horse-battery}",
    "vault": _SOUND + 'api_key: {vault: "correct-horse-battery"}',
    "kubernetes": _SOUND + "api_key: {kubernetes: {secret: correct-horse-BATTERY, key: k}}",
    "unknown": "endpoint: {vault: correct-horse-battery}",
    "misspelt": _SOUND + "params: {organization: {enw: correct-horse-battery}}",
    "text": _SOUND + "api_key: correct-horse-battery",
    "anchor": _SOUND + "api_key: {env: &a correct-horse-battery}\nparams: {organization: {env: *a}}",
}
MARKS = ("9f86d081884c7d659a2feaa0c55ad01", "3f2504e0", "correct-horse", "BATTERY")
VERBS = [
    *(["validate", "--format", form] for form in ("text", "json", "github", "gitlab", "sarif", "junit")),
    ["show", "atlas"],
    ["show", "atlas", "--format", "json"],
    ["list", "--format", "json"],
    ["route", "atlas"],
    ["edit", "atlas", "name=Bison", "--dry-run"],
    ["remove", "atlas", "--dry-run"],
    ["rename", "atlas", "bison", "--dry-run"],
    ["build"],
    ["test"],
    ["fmt", "--check"],
]


@pytest.mark.parametrize("case", REFUSED)
def test_no_verb_shows_a_refused_reference(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = write(
        tmp_path / "fleet",
        {
            "regions.yaml": REGIONS,
            "heads.yaml": HEADS,
            "models.d/atlas.yaml": _MODEL.format("atlas", REFUSED[case]),
            "models.d/steady.yaml": _MODEL.format("steady", _SOUND),
        },
    )
    shown = []
    for verb in [*VERBS, VERBS[0]]:
        run([*verb, "--root", str(root)])
        shown.append((verb, "".join(capsys.readouterr())))
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "base")
    write(root, {"models.d/atlas.yaml": _MODEL.format("atlas", _SOUND)})
    for form in ("text", "json", "markdown"):
        run(["plan", "--base", "HEAD", "--format", form, "--root", str(root)])
        shown.append((["plan", form], "".join(capsys.readouterr())))
    assert [(verb, text) for verb, text in shown if any(mark in text for mark in MARKS)] == []
    assert "revoke" in shown[0][1]
