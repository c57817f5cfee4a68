import pytest
from secret_fakes import fakes

from modelspec.secret import GATEWAY_MASTER_KEYS, is_placeholder, looks_like_key, steers_process, telling_key


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "passwd",
        "db_password",
        "dbPassword",
        "DB-PASSWORD",
        "db.password",
        "passphrase",
        "pwd",
        "secret",
        "client_secret",
        "clientSecret",
        "app.client-secret",
        "token",
        "access_token",
        "bot_token",
        "slackToken",
        "api_key",
        "apikey",
        "apiKey",
        "api-key",
        "openai.api_key",
        "API_KEY",
        "x-api-key",
        "access_key",
        "aws_secret_access_key",
        "private_key",
        "privateKey",
        "signing_key",
        "master_key",
        "auth",
        "authorization",
        "bearer",
        "credential",
        "credentials",
        "creds",
        "password_prod",
        "password_eu",
        "api_key_2",
        "api_keys",
        "access_tokens",
        "secret_value",
        "password1",
        "db_pass",
        "user_pw",
        "myapikey",
        "passwords",
    ],
)
def test_telling_keys(key: str) -> None:
    assert telling_key(key)


@pytest.mark.parametrize(
    "key",
    [
        "max_tokens",
        "tokenizer",
        "token_limit",
        "secret_name",
        "key_id",
        "public_key",
        "input_tokens",
        "token_count",
        "keywords",
        "key",
        "keys",
        "tokens",
        "max_token",
        "eos_token",
        "sort_key",
        "accessKeyId",
        "auth_type",
        "token_url",
        "password_policy",
        "author",
        "bypass",
        "pass",
        "name",
        "id",
        "eu",
        "_",
        "-",
        "12",
        "monkey",
        "secretary",
        "passing",
        "passport",
        "next_page_tokens",
        "api_version",
        "budget_tokens",
        "keyboard",
    ],
)
def test_other_keys(key: str) -> None:
    assert not telling_key(key)


def test_the_empty_key_is_not_telling() -> None:
    assert not telling_key("")


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "xxxx",
        "****",
        "<your key>",
        "[redacted]",
        "${TOKEN}",
        "{{ token }}",
        "$TOKEN",
        "%TOKEN%",
        "changeme",
        "ChangeMe",
        "TODO",
        "sk-...",
        "sk-proj-xxxxxx",
        "YOUR_API_KEY",
        "your-api-key-here",
        "replace me",
        "AKIA" + "IOSFODNN7" + "EXAMPLE",
    ],
)
def test_placeholders(value: str) -> None:
    assert is_placeholder(value)


@pytest.mark.parametrize(
    "value",
    [
        "hunter2",
        "correct horse",
        "secret",
        "password",
        "example1",
        "changeme1",
        "sk-abc",
        "your-" + "a1B2c3D4e5F6g7H8i9J0",
    ],
)
def test_values_that_are_no_placeholders(value: str) -> None:
    assert not is_placeholder(value)


def test_no_fake_is_a_placeholder() -> None:
    assert not any(is_placeholder(secret) or is_placeholder(f"{secret}-example") for _, secret in fakes())


@pytest.mark.parametrize(
    "name",
    [
        "AKIA" + "QWERTZUIOP234567"[::-1],
        "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
        "aB3dE5gH7jK9mN1pQ3sT",
        "X_" + "q7Rw2Lk9Zt4Xc8Vb3Nm6Hd1Jf5Gs0Ya",
    ],
)
def test_names_that_look_like_keys(name: str) -> None:
    assert looks_like_key(name)


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "AZURE_COGNITIVE_SERVICES_RESOURCE_NAME",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "openAiKey2",
        "_302AI_API_KEY",
        "X",
    ],
)
def test_ordinary_names(name: str) -> None:
    assert not looks_like_key(name)
    assert not steers_process(name)
    assert name not in GATEWAY_MASTER_KEYS


@pytest.mark.parametrize(
    "name",
    [
        "LD_PRELOAD",
        "DYLD_INSERT_LIBRARIES",
        "PATH",
        "path",
        "PYTHONPATH",
        "NODE_OPTIONS",
        "BASH_ENV",
        "IFS",
        "GIT_SSH_COMMAND",
        "HTTP_PROXY",
        "https_proxy",
        "SSL_CERT_FILE",
        "HOME",
    ],
)
def test_names_that_steer_a_process(name: str) -> None:
    assert steers_process(name)


def test_the_gateways_own_keys_are_known() -> None:
    assert {"LITELLM_MASTER_KEY", "LITELLM_SALT_KEY", "DATABASE_URL"} <= GATEWAY_MASTER_KEYS
