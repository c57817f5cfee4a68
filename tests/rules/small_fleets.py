"""Repositories in one text each, written to a folder and validated."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from modelspec.diagnostic import Diagnostic, Severity
from modelspec.pipeline import validate
from modelspec.rules.example import example_files

TODAY = date(2026, 6, 15)


def write(root: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")
    return root


def found_in(root: Path, text: str) -> list[Diagnostic]:
    """What is said of a text, laid over the small fleet of the examples."""
    return list(validate(write(root, example_files(text)), today=TODAY, cache=False).diagnostics)


def places(found: list[Diagnostic], code: str) -> list[str]:
    return [f"{d.path}:{d.span.line}:{d.span.column}" for d in found if d.code == code]


def codes(found: list[Diagnostic], *severities: Severity) -> list[str]:
    return [d.code for d in found if not severities or d.severity in severities]
