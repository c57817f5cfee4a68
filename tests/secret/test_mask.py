from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from secret_fakes import ALNUM, drawn, fakes, private_key

from modelspec.load.redact import redacted
from modelspec.secret import is_harmless


def shown_of(text: str) -> str:
    return redacted(text).text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("api_keys: [Correct.Horse-7, x9]", "api_keys: [***************, **]"),
        ("'api_keys':\n- Correct.Horse-7\n", "'api_keys':\n- ***************\n"),
        ("passwords: [[x9, {y: z9}], {q9}]", "passwords: [[**, {y: **}], {**}]"),
        ("{name: DB_PASSWORD, value: x9}", "{name: DB_PASSWORD, value: **}"),
        (
            "- value: [x9]\n  key: api_key\n- name: colour\n  value: x9",
            "- value: [**]\n  key: api_key\n- name: colour\n  value: x9",
        ),
        ("a: &q [x9]\npasswords: [[*q]]", "a: &q [**]\npasswords: [[*q]]"),
        (
            "a: &p {b: &q {c: x9}}\nl: {name: token, value: *p}",
            "a: &p {b: &q {c: **}}\nl: {name: token, value: *p}",
        ),
        ("password: x9\npassword: y9\n<<: {token: z9}", "password: **\npassword: **\n<<: {token: **}"),
        ("passwords: {a.b-7: alice, bob: }", "passwords: {*****: *****, bob: }"),
        ("# passwords:\n#   - x9\n#   - y9\na: b", "# passwords:\n#   - **\n#   - **\na: b"),
        ("notes: 'password: x9, token=y9'", "notes: 'password: **, token=**'"),
        ("notes: |\n  api_keys: [x9, y9]\n", "notes: |\n  api_keys: **** ***\n"),
        ('notes: "pass\\u0077ord: x9"', "notes: *************** ***"),
        ("password: !!str &a x9", "password: !!str &a **"),
        ("api_key: {env: 3f2504e0-4f89-41d3-9a0c-0305e82c3301}", f"api_key: {{env: {'*' * 36}}}"),
        ("name: x\nkey: a\n: [", "name: *\nkey: *\n* *"),
        ("password: hunter2\nx: y", "password: *******\nx: y"),
        ("password:\n  hunter2\nx: y", "password:\n  *******\nx: y"),
        ("password: |\n  hun\n\n  ter: 2\nx: y", "password: |\n  ***\n\n  **** *\nx: y"),
        ("password: >-  # why\n  hun\nx: y", "password: >-  # why\n  ***\nx: y"),
        ("password: hun\n  ter2\nx: y", "password: ***\n  ****\nx: y"),
        ("password: 'hunter2'  # why\n", "password: *********  # why\n"),
        ('password: "hunter2\n', 'password: "*******\n'),
        ("a: {password: hunter2, b: c}", "a: {password: *******, b: c}"),
        ("a: &q hunter2\npassword: *q", "a: &q *******\npassword: *q"),
        ("a: &q\n  hunter2\nb: &r x\npassword: *q", "a: &q\n  *******\nb: &r x\npassword: *q"),
        ("a: &q 12\npassword: *q", "a: &q 12\npassword: *q"),
        ('"pass\\x77ord": hunter2', '"pass\\x77ord": *******'),
        ("https://h.example/?api_key=hunter2&x=y", "https://h.example/?api_key=*******&x=y"),
        ("# password: hunter2", "# password: *******"),
        ("# the secret: it is not here", "# the secret: it is not here"),
        ("api_key:\n  env: FOO", "api_key:\n  env: FOO"),
        ("api_key: {env: FOO}", "api_key: {env: FOO}"),
        ("api_key: ${FOO}", "api_key: ${FOO}"),
        ("api_key: os.environ/FOO", "api_key: os.environ/FOO"),
        ("password: [unclosed, {", "password: [********* *"),
        ("max_tokens: 4096", "max_tokens: 4096"),
        ("password: {a: b}", "password: {a: b}"),
        ("password:\n  user: x\n", "password:\n  user: x\n"),
        ("# the password: not here\nx: '\"", "* *** ********* *** ****\nx: '*"),
        ("token: 4096\nsecret: true", "token: 4096\nsecret: true"),
        ("password:\n- a: b\n", "password:\n- a: b\n"),
        ("password\n: hunter2", "********\n* *******"),
        ("password:", "password:"),
    ],
)
def test_values_beside_telling_keys_are_hidden(text: str, masked: str) -> None:
    assert shown_of(text) == masked


@pytest.mark.parametrize("secret", [secret for _, secret in fakes()])
def test_secrets_are_hidden_in_any_text(secret: str) -> None:
    shown = shown_of(f"]broken: {{ '{secret} \n\t- ")
    assert secret not in shown
    assert secret[: len(secret) // 2] not in shown
    assert secret[len(secret) // 2 :] not in shown


def test_a_private_key_is_hidden_line_by_line() -> None:
    key = private_key(Random(9))
    shown = shown_of(f"a: |\n  {key}".replace("\n", "\n  "))
    assert not set(key.split("\n")) & set(shown.replace("  ", "").split("\n"))
    assert shown.count("\n") == key.count("\n") + 1


def test_random_text_is_hidden() -> None:
    assert shown_of("x: " + drawn(Random(8), 40, ALNUM)) == "x: " + "*" * 40


PIECES = st.sampled_from(
    [
        "password",
        "token",
        ":",
        " ",
        "\n",
        "  ",
        "'",
        '"',
        "{",
        "}",
        "&a ",
        "*a",
        "|",
        "#",
        "\\x41",
        "%41",
        "=",
        "hunter2",
        "- ",
        "\r\n",
        "é",
        *[s for _, s in fakes()],
    ]
)


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=20).map("".join)))
def test_masking_keeps_places(text: str) -> None:
    masked = shown_of(text)
    assert len(masked) == len(text)
    assert [i for i, c in enumerate(text) if c == "\n"] == [i for i, c in enumerate(masked) if c == "\n"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${ATLAS_KEY}", True),
        ("<your key here>", True),
        ("[REDACTED]", True),
        ("{{ secrets.API_KEY }}", True),
        ("${Correct.Horse-Battery7}", False),
        ("${X:-Hunter2}", False),
        ("<S3cr3t.Pass>", False),
    ],
)
def test_brackets_alone_hide_no_password(value: str, expected: bool) -> None:  # noqa: FBT001
    assert is_harmless(value) is expected
