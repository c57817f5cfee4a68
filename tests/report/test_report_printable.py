import pytest

from modelspec.diagnose.diagnostic import Diagnostic, Label, Severity
from modelspec.load.redact import redacted
from modelspec.report import REPORTS, Summary
from modelspec.report.contract import Sources
from modelspec.report.printable import concealed, printable
from modelspec.text.source import START, Source, Span

BODY = "Zx81kq0Wm3vT5rYb7nLc9dFgHj2PsQeA4uXoRiKt6VyB"
SECRET = "sk-" + "proj-" + BODY


@pytest.mark.parametrize(
    "text",
    [
        "the field 'api_key' is unknown: write {env: NAME}",
        "no head is named 'head-service-eu-west-1', used by 'mistral-7b-instruct-v0.3'",
        "models.d/europe/mistral/mistral-7b-instruct.yaml does not follow 'mistral-7b'",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert printable(text) == text


def test_a_secret_is_masked_in_place() -> None:
    assert printable(f"no region is named '{SECRET}'\x1b") == f"no region is named '{'*' * len(SECRET)}'\\x1b"


def showing(text: str) -> Sources:
    return lambda path: Source(path, redacted(text).text)


@pytest.mark.parametrize("name", list(REPORTS))
@pytest.mark.parametrize("colour", [False, True])
def test_no_format_repeats_a_secret(name: str, *, colour: bool) -> None:
    text = f"api_key: {SECRET}\n"
    diagnostic = Diagnostic(
        code="MS201",
        severity=Severity.ERROR,
        message=f"no region is named '{SECRET}'",
        path="a.yaml",
        span=Span(1, 10, 1, 20),
        label=f"{SECRET} stands here",
        help=f"write {SECRET}",
        related=(Label(path="b.yaml", span=START, text=SECRET),),
        subject=SECRET,
    )
    summary = Summary.of([diagnostic], files=1, models=1)
    output = "".join(
        REPORTS[name](
            [diagnostic],
            summary,
            showing(text),
            colour=colour,
        )
    )
    assert BODY[:8] not in output
    assert BODY[-8:] not in output


def test_a_key_over_several_lines_is_masked_on_each() -> None:
    line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
    armour = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----")
    text = f"metadata:\n  note: |\n    {armour[0]}\n    {line}\n    {armour[1]}\n"
    diagnostic = Diagnostic(
        code="MS501", severity=Severity.ERROR, message="a private key", path="a.yaml", span=Span(4, 5, 4, 69)
    )
    summary = Summary.of([diagnostic], files=1, models=1)
    output = "".join(
        REPORTS["text"](
            [diagnostic],
            summary,
            showing(text),
            colour=False,
        )
    )
    assert f" 4 |     {'*' * 64}\n   |     {'^' * 64}\n" in output


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https:/svc:hunter2@a.example/v1", "https:/svc:*******@a.example/v1"),
        ("https://a.example/v1?key=hunter2", "https://a.example/v1?key=*******"),
        ("https://a.example/v1#hunter2", "https://a.example/v1#*******"),
        ("https://a.example/v1?api-version=1", "https://a.example/v1?api-version=1"),
    ],
)
def test_conceals_what_a_url_should_not_carry(url: str, shown: str) -> None:
    assert concealed(url, "endpoint") == shown
    assert concealed([{"endpoint": url}], "deployments") == [{"endpoint": shown}]
