"""The registry of report formats."""

from collections.abc import Mapping
from types import MappingProxyType

from modelspec.report.contract import ReportFormat, Summary

_FORMATS = (
    ReportFormat(name="text", suffix="txt", help="people"),
    ReportFormat(name="json", suffix="json", help="bots and scripts"),
    ReportFormat(name="github", suffix="log", help="annotations of a pull request", is_of_checkout=True),
    ReportFormat(
        name="gitlab", suffix="gitlab.json", help="the widget of a merge request", is_of_checkout=True
    ),
    ReportFormat(
        name="sarif", suffix="sarif", help="GitHub code scanning, editors, dashboards", is_of_checkout=True
    ),
    ReportFormat(
        name="junit", suffix="xml", help="everything that shows tests: GitLab, Jenkins, Azure Pipelines"
    ),
)

REPORTS: Mapping[str, ReportFormat] = MappingProxyType({each.name: each for each in _FORMATS})
"""By the name for `--format`, in the order of the help."""

__all__ = ["REPORTS", "ReportFormat", "Summary"]
