"""Diagnostics as text for people and as formats for machines."""

from collections.abc import Mapping
from types import MappingProxyType

from modelspec.report import github, json, text
from modelspec.report.contract import Report, Sources
from modelspec.report.summary import Summary

REPORTS: Mapping[str, Report] = MappingProxyType(
    {
        "text": text.render,
        "json": json.render,
        "github": github.render,
    }
)
"""What `--format` may name, in the order of the help."""

__all__ = ["REPORTS", "Report", "Sources", "Summary"]
