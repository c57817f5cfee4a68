from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from secret_documents import document, findings, where
from secret_fakes import fakes

from modelspec.diagnose.rule import Finding
from modelspec.fleet.model import Fleet, Model, Upstream
from modelspec.fleet.reference import Reference
from modelspec.rules.references import environment_names_are_harmless, secret_files_lie_in_secret_folders
from modelspec.rules.secrets import RULES
from modelspec.secret import mask, suspect
from modelspec.text.document import Place

FAKES = fakes()
FORMS = (
    "a: {}\n",
    "a:\n  - b\n  - '{}'\n",
    "# {}\na: 1\n",
    '? "{}"\n: 1\n',
    "password: '{}'\n",
    "a: |\n  x\n  {}\n",
    "a: 'see https://h.example/?x={}&y'\n",
    "a: [1, '{}'\n",
    "token: &x '{}'\nb: *x\n",
    "a: 1 # was {}\n",
)


def codes(text: str) -> list[str]:
    return [code for code, _ in findings(document(text))]


def said(found: Finding) -> str:
    return f"{found.message} {found.label} {found.help}"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("kind", "secret"), FAKES, ids=[str(n) for n in range(len(FAKES))])
def test_one_secret_is_one_finding_in_its_place(kind: str, secret: str, form: str) -> None:
    checked = document(form.format(secret))
    assert suspect(checked.source.text)
    [(code, found)] = findings(checked)
    assert code == "MS501"
    assert found.message == f"a secret is written in this file: {kind}"
    assert secret in where(checked, found)
    assert secret not in said(found)


@given(
    st.sampled_from(FAKES),
    st.lists(st.sampled_from([*FORMS, "b: c\n", "- x\n", "{{", "\n"]), min_size=1, max_size=4),
)
def test_no_output_holds_a_secret_or_half_of_it(fake: tuple[str, str], forms: list[str]) -> None:
    secret = fake[1].removeprefix("Bearer ")
    checked = document("".join(form.format(fake[1]) for form in forms))
    half = len(secret) // 2
    outputs = [
        mask(checked.source.text),
        *map(mask, checked.source.lines),
        *(said(found) for _, found in findings(checked)),
    ]
    for output in outputs:
        assert secret[:half] not in output
        assert secret[half:] not in output


@given(st.text(max_size=120))
def test_what_is_not_suspect_has_no_finding(text: str) -> None:
    assert suspect(text) or not findings(document(text))


def test_an_escaped_secret_is_one_finding() -> None:
    secret = dict(FAKES)["Groq API key"]
    assert codes(f'a: "\\x{ord(secret[0]):02x}{secret[1:]}"\n') == ["MS501"]
    assert codes(f'"\\u{ord(secret[0]):04x}{secret[1:]}": 1\n') == ["MS501"]


def test_what_only_the_read_value_shows_is_one_finding() -> None:
    # Joined without a space, the two lines are no header; as YAML folds them, they are.
    checked = document("a: Bearer\n  " + dict(FAKES)["Authorization header"].rpartition(" ")[2] + "\n")
    [(code, found)] = findings(checked)
    assert (code, where(checked, found)[:6]) == ("MS501", "Bearer")


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("password: hunter2\n", "hunter2"),
        ("a:\n  - clientSecret: correct horse\n", "correct horse"),
        ("password: 12345678\n", "12345678"),
        ("token: [none, abc, 4]\n", "abc"),
        ("auth: hunter2\n", "hunter2"),
        ("params:\n  api_key: abc\n", "abc"),
        ("deployments:\n  - params: {api_key: abc}\n", "abc"),
        ("password: required\n", "required"),
        ("kubernetes: {secret: abc, user: x}\n", "abc"),
    ],
)
def test_literal_values_beside_telling_keys(text: str, marked: str) -> None:
    checked = document(text)
    [(code, found)] = findings(checked)
    assert (code, where(checked, found)) == ("MS502", marked)
    assert marked not in said(found)


@pytest.mark.parametrize(
    "text",
    [
        "api_key: hunter2\n",
        "deployments: [{api_key: hunter2}]\n",
        "api_key: {kubernetes: {secret: llm-keys, key: atlas}}\n",
        "api_key: {env: X}\n",
        "password: changeme\n",
        "password:\n",
        "password: true\n",
        "secret: 12\n",
        "token: '4096'\n",
        "auth: oauth2\n",
        "secret: {a: b}\n",
        "tokens: [{a: b}]\n",
        "- 1\n",
    ],
)
def test_values_that_are_no_literal_secrets(text: str) -> None:
    assert codes(text) == []


def test_a_random_value_beside_a_telling_key_is_one_error() -> None:
    assert codes("token: pq7Rw2Lk9Zt4Xc8Vb3Nm6Hd1Jf5Gs0Ya\nother: Zq7Rw2Lk9Zt4Xc8Vb3Nm6Hd1Jf5Gs0Yb\n") == [
        "MS502",
        "MS513",
    ]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("api_key: ${X_KEY}\n", "{env: X_KEY}"),
        ("api_key: $X_KEY\n", "{env: X_KEY}"),
        ("endpoint: $host\n", "{env: host}"),
        ("endpoint: '%HOST%'\n", "{env: HOST}"),
        ("endpoint: 'https://{{ host }}/v1'\n", "{env: host} as the whole value"),
        ("params: {a: os.environ/B}\n", "{env: B}"),
        ("password: ${X:-hunter2}\n", "{env: NAME}"),
        ("note: os.environ/X\n", "{env: X}"),
        ("password: os.environ/X\n", "{env: X}"),
        ("note: os.environ/\n", "{env: NAME}"),
        ("tags: [os.environ/X]\n", "{env: X}"),
        ("api_key: ${LITELLM_MASTER_KEY}\n", "{env: NAME}"),
        ("params: {a: $LD_PRELOAD}\n", "{env: NAME}"),
        ("metadata: {note: os.environ/X}\n", "delete it: "),
        ("metadata: {a: [{password: '${LITELLM_MASTER_KEY}'}]}\n", "belongs in api_key or params"),
    ],
)
def test_other_notations_are_shown_the_right_form(text: str, form: str) -> None:
    [(code, found)] = findings(document(text))
    assert code == "MS505"
    assert form in found.help
    assert "hunter2" not in said(found)
    assert "LITELLM" not in said(found)
    assert "LD_PRELOAD" not in said(found)


@pytest.mark.parametrize(
    "text",
    [
        "note: costs ${X}\n",
        "endpoint: https://h.example/a%20b%20c\n",
        "endpoint: https://h.example/%E2%82%AC\n",
        "params: {a: 1}\n",
        "- $X\n",
    ],
)
def test_texts_that_name_no_variable(text: str) -> None:
    assert codes(text) == []


def model(**fields: object) -> Model:
    blank: dict[str, object] = dict.fromkeys(Upstream.__dataclass_fields__)
    deployment = Upstream(**{**blank, "params": {}, "pointer": (), **fields})  # type: ignore[arg-type]
    nothing: dict[str, object] = dict.fromkeys(Model.__dataclass_fields__)
    return Model(**{**nothing, "path": "models.d/x.yaml", "deployments": (deployment,)})  # type: ignore[arg-type]


def fleet(*folders: str) -> Fleet:
    return Fleet(regions={}, heads={}, complete=True, secret_folders=folders)


def env(name: str) -> Reference:
    return Reference.of({"env": name})


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("LD_PRELOAD", "controls"),
        ("litellm_master_key", "gateway itself"),
        ("AKIA" + "QX2ZR7MPT4LK5WJB", "looks like a key"),
    ],
)
def test_harmful_environment_names(name: str, word: str) -> None:
    check = environment_names_are_harmless.check
    assert check
    for fields, pointer in (
        ({"api_key": env(name)}, ("api_key", "env")),
        ({"endpoint": env(name)}, ("endpoint", "env")),
        (
            {"params": {"a": env(name), "b": "c"}, "pointer": ("deployments", 1)},
            ("deployments", 1, "params", "a", "env"),
        ),
    ):
        [found] = check(model(**fields), fleet())
        assert found.place == Place(path="models.d/x.yaml", pointer=pointer)
        assert word in found.message
        assert not name.startswith("AKIA") or name not in said(found)
    assert not list(check(model(api_key=env("X_API_KEY"), endpoint="https://h.example"), fleet()))


@pytest.mark.parametrize(
    ("path", "right"),
    [
        ("/run/secrets/a", True),
        ("/var/run/secrets/a/b", True),
        ("/etc/modelspec/a", True),
        ("/vault/a", True),
        ("/srv/keys/a", True),
        ("/run/secrets", False),
        ("/run/secrets/", False),
        ("/run/secretsx/a", False),
        ("/run/secrets/../a", False),
        ("/proc/self/root/run/secrets/a", False),
        ("/dev/fd/3", False),
        ("/dev/shm/keys/a", True),
        ("/vault/../run/secrets/a", True),
        ("/var/run/secrets/kubernetes.io/serviceaccount/token", False),
        ("/var/run/secrets/kubernetes.io/serviceaccount", False),
        ("/etc/passwd", False),
        ("", False),
    ],
)
def test_files_of_secrets(path: str, right: bool) -> None:  # noqa: FBT001 - a table of expectations
    check = secret_files_lie_in_secret_folders.check
    assert check
    found = list(
        check(
            model(api_key=Reference.of({"file": path})),
            fleet("/vault", "/srv/keys/", "/dev/shm/keys", "/dev", "/proc"),
        )
    )
    assert (not found) == right


def test_rules_are_in_the_order_of_their_codes() -> None:
    assert [r.code for r in RULES] == ["MS501", "MS502", "MS503", "MS504", "MS505", "MS517", "MS513", "MS521"]


def test_a_long_document_of_every_fake_is_fully_hidden() -> None:
    random = Random(1)
    lines = [f"k{n}: {secret}" for n, (_, secret) in enumerate(FAKES)]
    random.shuffle(lines)
    shown = mask("\n".join(lines))
    assert not [secret for _, secret in FAKES if secret in shown]


@pytest.mark.parametrize(
    "text",
    [
        "credentials: [{v: horse}]",
        "credentials: {eu: {value: horse}}",
        "passwords: [[horse]]",
        "passwords: [[[horse]], {k: horse}]",
        "{name: DB_PASSWORD, value: horse}",
        "env:\n    - name: DB_PASSWORD\n      value: horse\n",
        "env: [{value: [horse], key: x-api-key}]",
        "credentials: {access: {x: 'p@ss!w0rd'}}",
        "secret: {rotation: pq7Rw2Lk9Zt4Xc8Vb3Nm6Hd1}",
    ],
)
def test_a_value_below_a_telling_key_or_beside_a_telling_name_is_found(text: str) -> None:
    assert [code for code, _ in findings(document(f"metadata:\n  {text}"))][:1] == ["MS502"]


_AROUND_SECRETS = (
    "{type: oauth2, scopes: [read, write], audience: https://api.example.com}",
    "{provider: vault, path: kv/prod/keys, rotation: 30d}",
    "{method: bearer, header: X-Api-Key}",
    "{owner: team@example.com, url: https://vault.example.com/ui}",
    "{backend: AWS-Secrets-Manager, arn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:Prod-Key-AbCdEf'}",
    "{created: 2026-01-01T10:00:00Z, expires: 2027-01-01}",
    "{max: 100, per: minute}",
    "{env: ATLAS_KEY}",
    "{client_id: 3f2504e0-4f89-41d3-9a0c-0305e82c3301}",
    "{version: v1.2.3-RC1, docs: Docs/Auth-Guide_v2.md, ticket: SEC-1234}",
    "{contact: '+49 30 1234567', slack: '#team-sec'}",
    "{namespace: ml-prod, serviceAccount: Gateway-SA-01, region: EU-West-1, class: GPT-4o-Mini-2024}",
)


@pytest.mark.parametrize("key", ["auth", "credentials", "token", "secret", "secrets", "authorization"])
@pytest.mark.parametrize("value", _AROUND_SECRETS)
def test_what_describes_a_secret_is_none(key: str, value: str) -> None:
    assert findings(document(f"metadata:\n  {key}: {value}\n")) == []


@pytest.mark.parametrize("name", ["max_tokens", "token_type", "api_key_env", "key_id", "password_policy"])
def test_a_name_that_tells_nothing_has_any_value(name: str) -> None:
    assert findings(document(f"settings: [{{name: {name}, value: four thousand}}]")) == []
