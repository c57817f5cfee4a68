from base64 import b64encode
from pathlib import Path
from random import Random
from subprocess import run
from sys import executable

import pytest
from secret_fakes import ALNUM, drawn, fakes, private_key

from modelspec.secret import scan, suspect
from modelspec.secret.issuers import PATTERNS

FAKES = fakes()
IDS = [f"{number}-{kind}" for number, (kind, _) in enumerate(FAKES)]
BEARER = "Authorization header"


def covered(text: str, secret: str) -> bool:
    """Whether one certain hit covers the secret."""
    start = text.index(secret)
    return any(h.certain and h.start <= start and start + len(secret) <= h.end for h in scan(text))


@pytest.mark.parametrize(("kind", "secret"), FAKES, ids=IDS)
def test_every_shape_is_found_and_named(kind: str, secret: str) -> None:
    hits = scan(f"note: {secret}\nnext: 1\n")
    assert [(hit.kind, hit.certain) for hit in hits] == [(kind, True)]
    assert suspect(f"note: {secret}\nnext: 1\n")


@pytest.mark.parametrize(("kind", "secret"), FAKES, ids=IDS)
@pytest.mark.parametrize(
    "form",
    [
        "{}",
        "model: x\n# before it was {} they say\n",
        "metadata:\n  ? {}\n  : 1\n",
        "url: https://h.example/v1?q={}&r=1",
        "a: [{}, 'x']",
        'a: "{}"',
        "a: {}.",
        "a: {}ExAmPlE",
        "a: {}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "a: key_{}",
        "a: KEY{}",
    ],
)
def test_a_secret_is_found_anywhere(kind: str, secret: str, form: str) -> None:
    if form.startswith("a: K") and kind in (
        "Voyage API key",
        "Telegram bot token",
        "Azure client secret",
        "Zhipu API key",
    ):
        secret = "-" + secret
    text = form.format(secret)
    assert covered(text, secret.lstrip("-"))
    assert suspect(text)


@pytest.mark.parametrize(("kind", "secret"), FAKES, ids=IDS)
@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_one_level_of_base64_hides_nothing(kind: str, secret: str, before: str) -> None:
    wrapped = b64encode(f"{before} {secret} and more".encode()).decode()
    text = f"blob: {wrapped}\n"
    hits = scan(text)
    assert [(hit.kind, hit.certain) for hit in hits] == [(f"{kind} in base64", True)]
    assert text[hits[0].start : hits[0].end] in wrapped
    assert suspect(text)


@pytest.mark.parametrize(("kind", "secret"), FAKES, ids=IDS)
@pytest.mark.parametrize("cut", [0.02, 0.3, 0.5, 0.8])
@pytest.mark.parametrize(
    "form",
    [
        "a: {}\n  {}\n",
        "a: {} \n  {}\n",
        "a: |\n  {}\n  {}\n",
        "a: >-\n  {}\n  {}\nb: c\n",
        'a: "{}\\\n    {}"\n',
        "# {}\n# {}\n",
        'a: "{}\n  {}"',
    ],
)
def test_a_line_break_hides_nothing(kind: str, secret: str, cut: float, form: str) -> None:
    if kind == BEARER:
        return
    place = max(1, int(len(secret) * cut))
    first, second = secret[:place], secret[place:]
    if ":" in second or first.endswith(":"):
        # Such a line reads as a key.
        return
    text = form.format(first, second)
    start = text.index(first, 2)
    end = text.index(second, start + len(first)) + len(second)
    assert any(h.certain and h.start <= start and end <= h.end for h in scan(text)), text
    assert suspect(text)


@pytest.mark.parametrize(("kind", "secret"), FAKES, ids=IDS)
def test_escapes_hide_nothing(kind: str, secret: str) -> None:
    if kind == BEARER:
        return
    for escaped in (f"\\x{ord(secret[0]):02x}{secret[1:]}", "".join(f"\\u{ord(c):04x}" for c in secret)):
        text = f'a: "{escaped}"\n'
        assert any(h.certain and h.start <= 4 and h.end >= 4 + len(escaped) for h in scan(text)), text
        assert suspect(text)


def test_percent_escapes_hide_nothing() -> None:
    secret = dict(FAKES)["Anthropic API key"].replace("-", "%2D")
    assert scan(f"https://h.example/{secret}")[0].certain


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
def test_private_keys_are_found_whole(kind: str) -> None:
    key = private_key(Random(1), kind)
    block = "pem: |\n  " + key.replace("\n", "\n  ") + "\nnext: value\n"
    assert [(h.kind, block[h.end :]) for h in scan(block)] == [("private key", "\nnext: value\n")]
    line = 'pem: "' + key.replace("\n", "\\n") + '"\nnext: value\n'
    assert [(h.kind, line[h.end :]) for h in scan(line)] == [("private key", '"\nnext: value\n')]
    assert suspect(block)
    assert suspect(line)


def test_a_private_key_without_its_end_is_found() -> None:
    key = private_key(Random(2)).rpartition("\n")[0]
    text = f"{key}\nname: value\n"
    assert [text[h.end :] for h in scan(text)] == ["\nname: value\n"]


def test_public_keys_and_empty_private_keys_are_fine() -> None:
    for text in (
        private_key(Random(3)).replace("PRIVATE", "PUBLIC"),
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
    ):
        assert scan(text) == []


def test_the_secret_beside_an_aws_key_is_found() -> None:
    random = Random(4)
    secret = "wJ4/" + drawn(random, 36, ALNUM)
    alone = f"id: @\nsecond: {secret}\n"
    assert not any(hit.certain for hit in scan(alone))
    beside = alone.replace("@", dict(FAKES)["AWS access key"])
    assert [hit.kind for hit in scan(beside)] == ["AWS access key", "AWS secret access key"]
    words = beside.replace(secret, "models/production/deployments/a/b/c/x1/y")
    assert [hit.kind for hit in scan(words)] == ["AWS access key"]


def test_a_password_in_a_url_is_found() -> None:
    text = "url: postgres://admin:hunter2@db.example/x"
    assert [(h.kind, text[h.start : h.end]) for h in scan(text)] == [("password in a URL", "hunter2")]
    assert scan("url: postgres://admin:${PASSWORD}@db.example/x") == []
    assert scan("url: https://mail@host.example/@handle") == []


@pytest.mark.parametrize(
    "text",
    [
        "sk-...",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "sk-proj-XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        "sk-your-api-key-goes-right-here-please",
        "sk-1234567890abcdef1234567890abcdef",
        "sk-learn-2024-models-for-production-use",
        "task-550e8400-e29b-41d4-a716-446655440000",
        "task-" + "d409dd311ca871902316" + "d9841aab4cce",
        "risk-assessment-for-large-models-2024",
        "ghp_" + "x" * 36,
        "hf_your_token_goes_here",
        "AKIA" + "IOSFODNN7" + "EXAMPLE",
        "AKIA" + "X" * 16,
        "xai-org/grok-2-1212-instruct-model",
        "pplx-70b-online-chat-instruct-large",
        "Bearer token-authentication-scheme-in-use",
        "eyJ0eXAiOiJKV1QifQ.notatoken",
        "glpat-your-personal-access-token",
        "disk-" + "0" * 30,
    ],
)
def test_placeholders_and_words_are_no_secrets(text: str) -> None:
    assert scan(f"note: {text}\n") == []


def test_a_true_key_behind_a_placeholder_is_found() -> None:
    secret = dict(FAKES)["OpenRouter API key"]
    assert covered("sk-" + "x" * 60 + secret, secret)


def test_bare_randomness_is_uncertain() -> None:
    random = Random(5)
    text = f"note: {drawn(random, 40, ALNUM)}\n"
    assert [(hit.certain, hit.kind) for hit in scan(text)] == [(False, "a long random string")]
    assert suspect(text)


ADVERSARIAL = [
    "sk-",
    "sk-a",
    "eyJ",
    "eyJa.",
    "-----BEGIN PRIVATE" + " KEY-----",
    "://a:",
    "://:@",
    "A",
    "a1B",
    "\\",
    "\\x41",
    "%41",
    " ",
    "\n",
    "\n ",
    "\n#",
    "password: ",
    "password:",
    "a: &a ",
    "*a ",
    "'",
    '"',
    "AccountKey=",
    "Bearer ",
    ":AA",
    "12345678:AA",
    "glpat-",
    "JQQJ99",
    "T3Blbk" + "FJ",
    "{password: ",
    "\na\n",
    "{{",
    "${",
    "$",
    "%a",
    "key ",
    "key:",
    "1a2b",
    "-",
    "_-",
    "AAAAB",
    "sha256:",
    "base64,",
    "? ",
    "#",
    "\r\n",
]


def test_hostile_texts_of_256_kib_end(tmp_path: Path) -> None:
    script = tmp_path / "hostile.py"
    script.write_text(
        "import sys\nfrom modelspec.secret import mask, scan, suspect\n"
        "for piece in eval(sys.argv[1]):\n"
        "    text = (piece * 262144)[:262144]\n"
        "    mask(text) if suspect(text) else scan(text)  # a text that is suspect is scanned to be masked\n"
    )
    run([executable, str(script), repr(ADVERSARIAL)], check=True, timeout=600)


def test_every_form_has_a_page_and_a_fake() -> None:
    assert [pattern.kind for pattern in PATTERNS if not pattern.source.startswith("https://")] == []
    made = [secret for _, secret in fakes()]
    assert [
        pattern.regex.pattern
        for pattern in PATTERNS
        if not any(pattern.regex.search(secret) for secret in made)
        and pattern.kind not in ("Cloudflare origin key", "Terraform token")
    ] == []


@pytest.mark.parametrize(
    "start", ["org-", "proj_", "pk_live_", "pk_test_", "asst_", "file-", "ftjob-", "cus_", "prj_"]
)
def test_what_names_a_thing_is_no_secret(start: str) -> None:
    random = Random(5)
    assert [scan(f"id: {start}{drawn(random, 24, ALNUM)}") for _ in range(200)] == [[]] * 200


def test_sortable_ids_are_no_secrets() -> None:
    random = Random(6)
    for _ in range(200):
        ksuid = random.choice("0123") + drawn(random, 26, ALNUM)
        ulid = "01" + drawn(random, 24, "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        assert scan(f"a: {ksuid}\nb: {ulid}") == []


@pytest.mark.parametrize("hidden", ["\u200b", "\u2060", "\u00ad", "\ufeff", "\u202e"])
def test_a_key_with_unseen_characters_inside_is_found(hidden: str) -> None:
    for kind, secret in fakes():
        if kind != BEARER:
            half = len(secret) // 2
            hits = [hit for hit in scan(f"x: {secret[:half]}{hidden}{secret[half:]}") if hit.certain]
            assert hits, kind


def test_a_key_as_the_user_name_of_a_url_is_found() -> None:
    name = drawn(Random(7), 40, ALNUM)
    for url in (
        f"https://{name}@h.example/v1",
        f"https://{name}:@h.example",
        f"https://{name}:xxx@h.example",
    ):
        (hit,) = scan(url)
        assert (hit.certain, url[hit.start : hit.end]) == (True, name)
    for url in ("https://git@h.example", "ssh://deploy-user@h.example", "https://ann.lee@h.example"):
        assert scan(url) == []
