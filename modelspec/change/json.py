"""A plan for programs: one JSON object, described by `schemas/plan.schema.json`, with every effect in it.

The same input gives the same bytes. It is ASCII, with one effect per line.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict

from modelspec import __version__
from modelspec.change.effect import KINDS, Effect, Plan, Quoted, Subject, Words
from modelspec.change.fold import summary
from modelspec.change.replay_words import replay_json
from modelspec.change.verdict import PlanVerdict
from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.report.contract import one_a_line
from modelspec.report.printable import as_written, concealed, printable

SCHEMA_VERSION = 1
"""Incremented when a change may break a reader; a new field or kind does not."""

_encode = json.JSONEncoder().encode


def render(plan: Plan, diagnostics: Sequence[Diagnostic], judged: PlanVerdict) -> Iterator[str]:
    """The object; `diagnostics` are broken guards and errors of the proposed state."""
    counts = Counter(effect.kind for effect in plan.effects)
    fields: Mapping[str, object] = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "modelspec", "version": __version__},
        "verdict": _spoken(judged.words),
        "summary": _spoken(summary(plan)),
        "changes": plan.changes,
        "compared": plan.compared,
        "formatting_only": plan.formatting_only,
        "base": {
            **_side(plan.before, plan.models_before, plan.broken_before),
            "refused": [as_written(path) for path in plan.refused_before],
        },
        "head": _side(plan.after, plan.models_after, plan.broken_after),
        "waives": [{"code": as_written(code), "subject": as_written(name)} for code, name in plan.waived],
        "usage": None
        if plan.replay is None or plan.demand is None
        else replay_json(plan.replay, plan.demand),
        "counts": [{"kind": k.name, "count": counts[k.name]} for k in KINDS if counts[k.name]],
    }
    yield "{\n"
    for name, value in fields.items():
        yield f"{_encode(name)}: {_encode(value)},\n"
    lists: Mapping[str, Iterable[object]] = {
        "diagnostics": map(_diagnostic, diagnostics),
        "effects": map(_effect, plan.effects),
        "heads": map(asdict, plan.loads),
        "files": map(as_written, plan.changed),
    }
    separator = ""
    for name, rows in lists.items():
        yield f"{separator}{_encode(name)}: ["
        yield from one_a_line(map(_encode, rows))
        separator = ",\n"
    yield "\n}\n"


def _side(title: str, models: int | None, broken: Sequence[str]) -> Mapping[str, object]:
    return {"title": printable(title), "models": models, "broken": [as_written(path) for path in broken]}


def _effect(effect: Effect) -> Mapping[str, object]:
    return {
        "kind": effect.kind,
        "rank": effect.rank.name.lower(),
        "subject": _subject(effect.subject),
        "message": _spoken(effect.words),
        "before": concealed(effect.before),
        "after": concealed(effect.after),
        "places": [{"path": as_written(p.path), "line": p.line, "side": p.side} for p in effect.places],
        "causes": [_subject(cause) for cause in effect.causes],
        "touches": [as_written(model_id) for model_id in effect.touches],
    }


def _subject(subject: Subject) -> Mapping[str, str]:
    return {"what": subject.what, "name": as_written(subject.name)}


def _diagnostic(diagnostic: Diagnostic) -> Mapping[str, object]:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": printable(diagnostic.message),
        "path": as_written(diagnostic.path),
        "line": diagnostic.span.line,
        "column": diagnostic.span.column,
        "help": printable(diagnostic.help),
        "subject": printable(diagnostic.subject),
    }


def _spoken(words: Words) -> str:
    return printable("".join(part.text if isinstance(part, Quoted) else part for part in words))
