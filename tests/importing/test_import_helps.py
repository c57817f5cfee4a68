"""What a note or a refusal advises, done in the source: then it is gone, and nothing worse comes instead."""

from pathlib import Path

import pytest
from importing_sources import import_litellm

from modelspec.importing import ImportOutcome
from modelspec.importing.draft import NoteKind

BAD = {
    NoteKind.BREAKS,
    NoteKind.ELSEWHERE,
    NoteKind.DIFFERENT,
    NoteKind.ABSENT,
    NoteKind.SECRET,
    NoteKind.SUSPICIOUS,
}


def entry(name: str, params: str, more: str = "") -> str:
    return f"  - model_name: {name}\n    litellm_params: {{{params}}}\n{more}"


KEY = "api_key: os.environ/KEY"
A = entry("a", f"model: openai/x, {KEY}")
AWS = "aws_access_key_id: os.environ/ID, aws_secret_access_key: os.environ/SECRET"
HELPS = {
    "give it an entry of its own": (
        A
        + entry("'acme/*'", f"model: 'openai/*', {KEY}")
        + "router_settings: {fallbacks: [{acme/x: [a]}]}\n",
        A
        + entry("'acme/*'", f"model: 'openai/*', {KEY}")
        + entry("acme/x", f"model: openai/x, {KEY}")
        + "router_settings: {fallbacks: [{acme/x: [a]}]}\n",
    ),
    "write api_base there": (
        entry("a", f"model: openai/embed, base_url: https://one.example.com/v1, {KEY}"),
        entry("a", f"model: openai/embed, api_base: https://one.example.com/v1, {KEY}"),
    ),
    "write aws_region_name": (
        entry("a", f"model: bedrock/x.y-v1, region_name: eu-west-1, {AWS}"),
        entry("a", f"model: bedrock/x.y-v1, aws_region_name: eu-west-1, {AWS}"),
    ),
    "give each its own entry": (
        A + entry("'*'", "model: '*'"),
        A + entry("'openai/*'", f"model: 'openai/*', {KEY}"),
    ),
    "set A_API_KEY instead": (
        entry("a", "model: openai/x, api_key: '{{ .Values.key }}'"),
        entry("a", "model: openai/x, api_key: os.environ/A_API_KEY"),
    ),
    "taken as os.environ/KEY": (entry("a", "model: openai/x, api_key: '${KEY}'"), A),
    "set the new one as A_API_KEY": (
        entry("a", "model: openai/x, api_key: correct-horse-battery"),
        entry("a", "model: openai/x, api_key: os.environ/A_API_KEY"),
    ),
    "write the name itself": (
        A + entry("b", f"model: os.environ/MODEL, {KEY}"),
        A + entry("b", f"model: openai/y, {KEY}"),
    ),
    "rename one in the source": (
        A + entry("b", f"model: openai/y, {KEY}") + "router_settings: {model_group_alias: {b: a}}\n",
        A + entry("b2", f"model: openai/y, {KEY}") + "router_settings: {model_group_alias: {b: a}}\n",
    ),
    "expects it in litellm_params": (
        entry("a", f"model: openai/x, {KEY}", "    api_base: https://one.example.com/v1\n"),
        entry("a", f"model: openai/x, {KEY}, api_base: https://one.example.com/v1"),
    ),
    "it belongs in litellm_settings": (
        A + "router_settings: {callbacks: [langfuse]}\n",
        A + "litellm_settings: {callbacks: [langfuse]}\n",
    ),
    "rename one of them": (
        A + entry("A", f"model: openai/y, {KEY}"),
        A + entry("b", f"model: openai/y, {KEY}"),
    ),
}


@pytest.mark.parametrize("words", HELPS)
def test_advice_that_is_followed_is_not_given_again(words: str, tmp_path: Path) -> None:
    before, after = (_said(tmp_path / name, text) for name, text in zip("ab", HELPS[words], strict=True))
    assert words in before
    assert after == ""


def _said(folder: Path, entries: str) -> str:
    folder.mkdir()
    (folder / "config.yaml").write_text(f"model_list:\n{entries}", encoding="utf-8")
    outcome = import_litellm(folder / "config.yaml", folder / "new")
    if not isinstance(outcome, ImportOutcome):
        return f"{outcome.message}; {outcome.help}"
    return "\n".join(note.why for note in outcome.notes if note.kind in BAD)


NO_SECRETS = [
    *(
        entry("a", f"model: openai/x, api_key: '{key}'")
        for key in (
            *("sk-no-auth-required", "mock", "sk-1234", "none", "EMPTY", "not-needed", "dummy", "sk-xxxx"),
            *(
                "your-api-key",
                "changeme",
                "lm-studio",
                "ignored",
                "unneeded",
                "disabled",
                "bogus",
                "no-api-key",
            ),
            *("${KEY}", "{{KEY}}", "os.environ/KEY", "<your-key>", "sk-your-key-here"),
        )
    ),
    *(
        f"  # {comment}\n{A}"
        for comment in (
            "api_key: os.environ/KEY",
            "api_key: ${KEY}",
            "api_key: sk-1234",
            "api_key: mock",
            "api_key: <key>",
            "api_key = os.environ['KEY']",
            "export OPENAI_API_KEY=sk-...",
            "password: none",
            "token: see vault",
            "token: 1M per minute",
            "credentials: from the role of the machine",
            "Secret: azure-openai in the namespace llm",
            "keys: /health and /metrics",
            "max_tokens: 4096",
        )
    ),
    entry("a", "model: vertex_ai/x, vertex_project: p, vertex_credentials: /secrets/vertex.json"),
    entry("a", f"model: openai/x, {KEY}, azure_ad_token: oidc/google/aud"),
    A + "general_settings: {custom_auth: custom_auth.user_api_key_auth, public_routes: [/health]}\n",
    A + "imagePullSecrets: [{name: registry-credentials}]\n",
    A + "existingSecret: litellm\nmasterkeySecretName: litellm-masterkey\nmasterkeySecretKey: masterkey\n",
    A + "env: [{name: KEY, valueFrom: {secretKeyRef: {name: openai, key: api-key}}}]\n",
]


@pytest.mark.parametrize("number", range(len(NO_SECRETS)))
def test_what_only_looks_like_a_secret_is_not_to_be_rotated(number: int, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(f"model_list:\n{NO_SECRETS[number]}", encoding="utf-8")
    outcome = import_litellm(tmp_path / "config.yaml", tmp_path / "new")
    assert isinstance(outcome, ImportOutcome)
    assert [note for note in outcome.notes if note.kind is NoteKind.SECRET] == []
    assert outcome.faults == 0


@pytest.mark.parametrize(
    "comment",
    [
        "password: hunter2",
        "api_key: os.environ/KEY, password: hunter2",
        "token: see hunter2, api_key: hunter3x",
    ],
)
def test_a_secret_in_a_comment_is_to_be_rotated(comment: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(f"model_list:\n  # {comment}\n{A}", encoding="utf-8")
    outcome = import_litellm(tmp_path / "config.yaml", tmp_path / "new")
    assert isinstance(outcome, ImportOutcome)
    assert [note.kind for note in outcome.notes] == [NoteKind.SECRET]
    assert "hunter" not in (tmp_path / "new/models.d/a.yaml").read_text(encoding="utf-8")
