"""Findings to diagnostics: the place of each looked up in the text."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from modelspec.catalog import Place
from modelspec.diagnostic import Diagnostic, Label, Severity
from modelspec.load import Reading, read, source_of
from modelspec.load.find import File
from modelspec.rule import Finding
from modelspec.source import START, Source, Span


@dataclass(frozen=True, kw_only=True)
class Locator:
    """Knows where places are in the files of a repository, each by its path.

    A file is read when something first points into it.
    """

    files: Mapping[str, File]
    known: dict[str, Reading] = field(default_factory=dict)

    def diagnostic(self, code: str, severity: Severity, finding: Finding, subject: str = "") -> Diagnostic:
        """The diagnostic of a finding; `subject` is used where the finding names none."""
        return Diagnostic(
            code=code,
            severity=severity,
            message=finding.message,
            path=finding.place.path,
            span=self.span(finding.place),
            label=finding.label,
            help=finding.help,
            related=tuple(
                Label(path=place.path, span=self.span(place), text=text) for place, text in finding.related
            ),
            subject=finding.subject or subject or finding.place.path,
        )

    def span(self, place: Place) -> Span:
        """Where a place is; the start of a file that is not there."""
        if place.span is not None:
            return place.span
        reading = self.reading(place.path)
        return START if reading is None else reading.span(place)

    def reading(self, path: str) -> Reading | None:
        """The reading of a file, kept once it was asked for."""
        if path not in self.known:
            file = self.files.get(path)
            if file is None:
                return None
            self.known[path] = read(file)
        return self.known[path]

    def source(self, path: str) -> Source | None:
        """The text of a file for a code frame; None where it could not be read."""
        file = self.files.get(path)
        return None if file is None else source_of(file)
