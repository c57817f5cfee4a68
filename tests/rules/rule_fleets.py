"""Repositories in one text each, written to a folder and validated."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.incremental import validate
from modelspec.rules.examples import example_files

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


def model(model_id: str = "atlas", **fields: str) -> str:
    """A model of the region us that no rule objects to, less what `fields` say; an empty field is left out."""
    whole = {
        "model_id": model_id,
        "name": model_id.title(),
        "region": "us",
        "priority_head": "head-us-1",
        "fallback_heads": "[head-uk-1]",
        "endpoint": "https://atlas.example.com/v1",
        **fields,
    }
    lines = [f"{name}: {value}" for name, value in whole.items() if value]
    stem = model_id.removesuffix("/*").replace("/", "_")
    return "\n".join([f"# file: models.d/{stem}.yaml", *lines, ""])


def heads(**more: str) -> str:
    """The heads of the small fleet, each with more fields: `head_us_1="status: offline"`."""
    regions = {"eu-1": "eu", "eu-2": "eu", "uk-1": "uk", "us-1": "us", "us-2": "us", "cn-1": "cn"}
    lines = ["# file: heads.yaml", "heads:"]
    for name, region in regions.items():
        extra = more.get(f"head_{name.replace('-', '_')}", "")
        entry = f"head_id: head-{name}, region: {region}, url: https://head-{name}.example.com"
        lines.append(f"  - {{{entry}{', ' if extra else ''}{extra}}}")
    return "\n".join([*lines, ""])


def told(found: list[Diagnostic], path: str = "models.d/atlas.yaml") -> list[str]:
    """Code and column-less place of what is said of one file, such as `MS402:4`."""
    return [f"{d.code}:{d.span.line}" for d in found if d.path == path]
