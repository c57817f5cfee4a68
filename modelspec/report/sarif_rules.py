"""A rule's page as SARIF describes rules."""

import re
from collections.abc import Iterator

from modelspec.diagnostic import Severity
from modelspec.rule import Rule
from modelspec.rules.example import own_files
from modelspec.rules.silence import ways_to_silence

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}

_WORD = re.compile(r"[A-Za-z0-9]+")


def described(rule: Rule) -> dict[str, object]:
    """The rule as a `reportingDescriptor`: its severity there is the default, whatever modelspec.yaml says."""
    return {
        "id": rule.code,
        "name": _name(rule.title),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": _unwrapped(rule.text.split("\n\n")[0]) or rule.title},
        "help": {"text": "\n\n".join(_text(rule)), "markdown": "\n\n".join(_markdown(rule))},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
    }


def _name(title: str) -> str:
    """The title in the spelling that SARIF asks of names: TheUrlHasNoHost."""
    return "".join(word[0].upper() + word[1:] for word in _WORD.findall(title))


def _text(rule: Rule) -> Iterator[str]:
    yield rule.title
    yield from map(_unwrapped, rule.text.split("\n\n"))
    for words, lines in ways_to_silence(rule):
        yield f"{words}\n{lines}".strip()


def _markdown(rule: Rule) -> Iterator[str]:
    yield f"# {rule.code}: {rule.title}"
    yield from map(_unwrapped, rule.text.split("\n\n"))
    for name, example in (("Bad", rule.bad), ("Good", rule.good)):
        for path, text in own_files(example).items():
            yield f"{name}, `{path}`:"
            yield f"```{'json' if path.endswith('.json') else 'yaml'}\n{text}```"
    yield "## How to silence it"
    for words, lines in ways_to_silence(rule):
        yield words
        if lines:
            yield f"```yaml\n{lines.rstrip()}\n```"


def _unwrapped(paragraph: str) -> str:
    return paragraph.replace("\n", " ")
