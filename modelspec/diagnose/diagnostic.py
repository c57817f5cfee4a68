"""Diagnostics: what modelspec reports about a file."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from modelspec.text.source import Span


class Severity(StrEnum):
    """The severity of a fault. An error stops emission; the others never do."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for an error, and more for what is less severe."""
        return [*Severity].index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A place and a message about it."""

    path: str
    span: Span
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One fault at one place.

    `message` stands alone (it is all that an annotation shows) and quotes values through `quote`, never raw.
    `label` is the few words under the marked text; `help` is an action; `related` points at the other end.
    `subject` is what a waiver names: a model id, a head id, a region code or, failing these, the path. What is `hidden`
    of the file may be a secret, and no frame shows it.
    """

    code: str
    severity: Severity
    message: str
    path: str
    span: Span
    label: str = ""
    help: str = ""
    related: tuple[Label, ...] = ()
    subject: str = ""
    hidden: Span | None = None


def file_error(
    code: str, path: str, span: Span, message: str, help_: str, related: tuple[Label, ...] = ()
) -> Diagnostic:
    """Return an error about a file as such: a waiver would name its path."""
    return Diagnostic(
        code=code,
        severity=Severity.ERROR,
        message=message,
        path=path,
        span=span,
        help=help_,
        related=related,
        subject=path,
    )


def ordered(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By path, line, column, code and message: the only order in which diagnostics are ever shown."""
    return sorted(diagnostics, key=lambda d: (d.path, d.span, d.code, d.message))
