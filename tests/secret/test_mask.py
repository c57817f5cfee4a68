from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from secret_fakes import ALNUM, drawn, fakes, private_key

from modelspec.secret import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("password: hunter2\nx: y", "password: *******\nx: y"),
        ("password:\n  hunter2\nx: y", "password:\n  *******\nx: y"),
        ("password: |\n  hun\n\n  ter: 2\nx: y", "password: |\n  ***\n\n  **** *\nx: y"),
        ("password: >-  # why\n  hun\nx: y", "password: >-  # why\n  ***\nx: y"),
        ("password: hun\n  ter2\nx: y", "password: ***\n  ****\nx: y"),
        ("password: 'hunter2'  # why\n", "password: *********  # why\n"),
        ('password: "hunter2\n', "password: ********\n"),
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
        ("password: [unclosed, {", "password: **********  *".replace("  ", " ")),
        ("max_tokens: 4096", "max_tokens: 4096"),
        ("password: {a: b}", "password: {a: b}"),
        ("password:\n  user: x\n", "password:\n  user: x\n"),
        ("# the password: not here\nx: '\"", "# the password: not here\nx: '\""),
        ("token: 4096\nsecret: true", "token: 4096\nsecret: true"),
        ("password:\n- a: b\n", "password:\n- a: b\n"),
        ("password\n: hunter2", "password\n: *******"),
        ("password:", "password:"),
    ],
)
def test_values_beside_telling_keys_are_hidden(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize("secret", [secret for _, secret in fakes()])
def test_secrets_are_hidden_in_any_text(secret: str) -> None:
    shown = mask(f"]broken: {{ '{secret} \n\t- ")
    assert secret not in shown
    assert secret[: len(secret) // 2] not in shown
    assert secret[len(secret) // 2 :] not in shown


def test_a_private_key_is_hidden_line_by_line() -> None:
    key = private_key(Random(9))
    shown = mask(f"a: |\n  {key}".replace("\n", "\n  "))
    assert not set(key.split("\n")) & set(shown.replace("  ", "").split("\n"))
    assert shown.count("\n") == key.count("\n") + 1


def test_random_text_is_hidden() -> None:
    assert mask("x: " + drawn(Random(8), 40, ALNUM)) == "x: " + "*" * 40


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
def test_masking_keeps_places_and_happens_once(text: str) -> None:
    masked = mask(text)
    assert len(masked) == len(text)
    assert [i for i, c in enumerate(text) if c == "\n"] == [i for i, c in enumerate(masked) if c == "\n"]
    assert mask(masked) == masked
