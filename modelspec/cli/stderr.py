"""What a verb says on standard error, and how a refusal ends it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn, TypeVar

import click

from modelspec.diagnose.refusal import Refusal

_T = TypeVar("_T")


def accepted(outcome: _T | Refusal, *, code: int = 1) -> _T:
    """The outcome; a refusal ends the verb with `code`."""
    if isinstance(outcome, Refusal):
        refuse(outcome, code=code)
    return outcome


def refuse(refusal: Refusal, *, code: int = 1) -> NoReturn:
    """Say why nothing was done, and end the verb."""
    tell_refusal(refusal)
    raise click.exceptions.Exit(code)


def misuse(refusal: Refusal, option: str = "") -> click.UsageError:
    """What to raise where an argument is refused, or the value of an `option`."""
    start = f"{option}: " if option else ""
    return click.UsageError(f"{start}{refusal.message}\n  = help: {refusal.help}")


@contextmanager
def reading() -> Iterator[None]:
    """Around whatever reads a repository: a root that cannot be opened is a mistake in the use of `--root`."""
    try:
        yield
    except OSError as error:
        raise click.UsageError(f"cannot read the repository: {error.strerror}") from error


def tell_refusal(refusal: Refusal) -> None:
    """Say why something was not done."""
    note(f"{_safe(refusal.message)}\n  = help: {_safe(refusal.help)}")


def note(line: str) -> None:
    """Say a line that is safe to print in the name of the program."""
    click.echo(f"modelspec: {line}", err=True)


def tell(*lines: str, quiet: bool = False) -> None:
    """Say sentences about the repository."""
    if not quiet:
        for line in lines:
            click.echo(_safe(line), err=True)


def _safe(text: str) -> str:
    # What masks secrets is not imported for `--help`.
    from modelspec.report.said import said

    return said(text)
