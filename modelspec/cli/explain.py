"""`modelspec explain`."""

from collections.abc import Iterator
from textwrap import fill, indent
from typing import TYPE_CHECKING

import click

from modelspec.text.quote import quote

if TYPE_CHECKING:
    from modelspec.diagnose.rule import Rule

_WIDTH = 79
_INDENT = "    "


@click.command("explain")
@click.argument("code", required=False)
def command(*, code: str | None) -> int:
    """Explain a rule: why it is there, what to do, examples, how to silence it. Without CODE, list every rule.

    Exit codes: 0 explained, 2 no such rule.
    """
    # The rules are imported when one is asked for, not for `--help`.
    from modelspec.rules import RULES

    if code is None:
        click.echo("\n".join(map(_row, RULES)))
        return 0
    rule = next((rule for rule in RULES if rule.code == code.upper()), None)
    if rule is None:
        raise click.UsageError(
            f"no rule has the code {quote(code)}{_hint(code, [rule.code for rule in RULES])}"
        )
    click.echo("\n\n".join(_page(rule)))
    return 0


def _row(rule: "Rule") -> str:
    start = f"{rule.code}  {rule.severity.value:<7}  "
    return fill(rule.title, _WIDTH, initial_indent=start, subsequent_indent=" " * len(start))


def _hint(code: str, known: list[str]) -> str:
    # Only a mistyped code pays for this import.
    from modelspec.text.names import nearest

    near = nearest(code.upper(), known)
    return f"; did you mean {near}?" if near else "; `modelspec explain` lists every code"


def _page(rule: "Rule") -> Iterator[str]:
    from modelspec.rules.examples import own_files
    from modelspec.rules.pages import ways_to_silence

    yield _wrapped(f"{rule.severity.value}[{rule.code}]: {rule.title}")
    for paragraph in rule.text.split("\n\n"):
        yield _wrapped(paragraph)
    for name, example in (("Bad", rule.bad), ("Good", rule.good)):
        for path, text in own_files(example).items():
            yield f"{name}, {path}:"
            yield "\n".join(map(_line, text.splitlines()))
    yield "How to silence it:"
    for words, lines in ways_to_silence(rule):
        yield _wrapped(words)
        if lines:
            yield indent(lines, _INDENT)


def _wrapped(text: str) -> str:
    return fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _line(text: str) -> str:
    return f"{_INDENT}{text}" if len(text) <= _WIDTH - len(_INDENT) else f"{_INDENT}{text[: _WIDTH - 5]}…"
