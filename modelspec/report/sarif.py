"""Diagnostics as SARIF 2.1.0 (OASIS, with errata 01), for GitHub's code scanning and for viewers.

Only the rules of the results are described. The results are ranked, so that the least important ones are left out
first. The same input gives the same bytes, all ASCII, one rule or result a line.
"""

import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from modelspec import __version__
from modelspec.diagnose.diagnostic import Diagnostic, Label, Severity
from modelspec.diagnose.rule import Rule
from modelspec.report.contract import Outcome, one_a_line, ranking
from modelspec.report.printable import advised, as_written, fingerprints, printable
from modelspec.rules import RULES
from modelspec.rules.examples import own_files
from modelspec.rules.pages import ways_to_silence
from modelspec.text.source import START, Span

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}

_WORD = re.compile(r"[A-Za-z0-9]+")


def described(rule: Rule) -> dict[str, object]:
    """The rule as a `reportingDescriptor`, with its default severity, not the one that modelspec.yaml sets."""
    return {
        "id": rule.code,
        "name": _name(rule.title),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": _unwrapped(rule.text.split("\n\n")[0]) or rule.title},
        "help": {"text": "\n\n".join(_text(rule)), "markdown": "\n\n".join(_markdown(rule))},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
    }


def _name(title: str) -> str:
    """The title in Pascal case, as SARIF recommends for names: TheUrlHasNoHost."""
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


SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

# docs.github.com, "SARIF support for code scanning": GitHub rejects a larger upload.
MOST_RESULTS = 25_000
MOST_RELATED = 100
"""GitHub accepts a thousand and shows a hundred."""
MOST_BYTES = 10_000_000 - 500_000
"""Compressed size; the reserve is for the rules, the frame and zlib's internal buffer."""

BASE = "SRCROOT"
BASES = {BASE: {"description": {"text": "The folder that holds models.d/."}}}

_RULES: Mapping[str, Rule] = {rule.code: rule for rule in RULES}

_encode = json.JSONEncoder().encode


def render(outcome: Outcome) -> Iterator[str]:
    """The head of the log with the rules, then one piece per result."""
    diagnostics = outcome.diagnostics
    marks = list(fingerprints(diagnostics))
    order = ranking(diagnostics)[:MOST_RESULTS]
    rules = [
        _RULES[code] for code in sorted({diagnostics[number].code for number in order}) if code in _RULES
    ]
    indices = {rule.code: index for index, rule in enumerate(rules)}
    results = list(
        _while_room(
            _encode(_result(diagnostics[number], indices.get(diagnostics[number].code), marks[number]))
            for number in order
        )
    )
    kept = [diagnostics[number] for number in order[: len(results)]]
    notes = [{"level": "warning", "message": {"text": note}} for note in _notes(diagnostics, kept)]
    invocation = {"executionSuccessful": True} | ({"toolExecutionNotifications": notes} if notes else {})

    yield f'{{\n"$schema": {_encode(SCHEMA)},\n"version": "2.1.0",\n"runs": [{{\n'
    yield f'"tool": {{"driver": {{"name": "modelspec", "version": {_encode(__version__)}, "rules": ['
    yield from one_a_line(_encode(described(rule)) for rule in rules)
    yield f'}}}},\n"automationDetails": {{"id": "modelspec/"}},\n"originalUriBaseIds": {_encode(BASES)},\n'
    yield f'"columnKind": "unicodeCodePoints",\n"invocations": [{_encode(invocation)}],\n'
    yield '"results": ['
    yield from one_a_line(results)
    yield "\n}]\n}\n"


def _while_room(results: Iterator[str]) -> Iterator[str]:
    """The results that fit. Level 1 compresses least, so no uploaded file is larger than counted."""
    packer = zlib.compressobj(level=1)
    size = 0
    for result in results:
        size += len(packer.compress(result.encode("ascii")))
        if size > MOST_BYTES:
            return
        yield result


def _result(diagnostic: Diagnostic, index: int | None, fingerprint: str) -> dict[str, object]:
    related = diagnostic.related[:MOST_RELATED]
    result: dict[str, object] = {"ruleId": diagnostic.code}
    if index is not None:
        result["ruleIndex"] = index
    result |= {
        "level": LEVELS[diagnostic.severity],
        "message": {"text": _unlinked(advised(diagnostic))},
        "locations": [_location(diagnostic.path, diagnostic.span)],
        "partialFingerprints": {"modelspecFault/v1": fingerprint},
    }
    if related:
        result["relatedLocations"] = [_related(number, label) for number, label in enumerate(related, 1)]
    return result


def _related(number: int, label: Label) -> dict[str, object]:
    return {
        "id": number,
        **_location(label.path, label.span),
        "message": {"text": _unlinked(printable(label.text)) or "see here"},
    }


def _location(path: str, span: Span) -> dict[str, object]:
    # A relative reference of RFC 3986: decoded, it is the path of the other formats.
    uri = quote(as_written(path), safe="/")
    return {
        "physicalLocation": {"artifactLocation": {"uri": uri, "uriBaseId": BASE}, "region": _region(span)}
    }


def _region(span: Span) -> dict[str, int]:
    """The region, or line 1 for the whole file: GitHub does not show results without a line."""
    if span == START:
        return {"startLine": 1}
    line, column = max(span.line, 1), max(span.column, 1)
    end_line = max(span.end_line, line)
    least = column if end_line == line else 1
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": max(span.end_column, least),
    }


def _unlinked(text: str) -> str:
    r"""Escape links: SARIF reads `[text](target)` as a link even in plain text, unless the bracket is `\]`."""
    return text.replace("](", "\\](")


def _notes(diagnostics: Sequence[Diagnostic], kept: Sequence[Diagnostic]) -> Iterator[str]:
    left = len(diagnostics) - len(kept)
    if left:
        yield (
            f"{left:,} of {len(diagnostics):,} results are left out, the least important ones: code scanning accepts "
            f"{MOST_RESULTS:,} and 10 MB; `modelspec validate` shows them all"
        )
    cut = sum(len(one.related) > MOST_RELATED for one in kept)
    if cut:
        results = "1 result shows" if cut == 1 else f"{cut:,} results show"
        yield f"{results} only the first {MOST_RELATED} related locations"
