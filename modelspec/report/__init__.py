"""Diagnostics as text for people and as formats for machines."""

from collections.abc import Mapping
from types import MappingProxyType

from modelspec.report import github, gitlab, json, junit, sarif, text
from modelspec.report.contract import Report, Sources, Summary
from modelspec.report.github import step_summary

REPORTS: Mapping[str, Report] = MappingProxyType(
    {
        "text": text.render,
        "json": json.render,
        "github": github.render,
        "gitlab": gitlab.render,
        "sarif": sarif.render,
        "junit": junit.render,
    }
)
"""What `--format` may name, in the order of the help."""

__all__ = ["REPORTS", "Report", "Sources", "Summary", "step_summary"]
