"""Messages on standard error, and refusals, which end a verb."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from modelspec.diagnose.refusal import Refusal

_T = TypeVar("_T")


def accepted(outcome: _T | Refusal, *, code: int = 1) -> _T:
    """Return the outcome; a refusal ends the verb with exit code `code`."""
    if isinstance(outcome, Refusal):
        refuse(outcome, code=code)
    return outcome


def refuse(refusal: Refusal, *, code: int = 1) -> NoReturn:
    """Report a refusal and end the verb."""
    echo_refusal(refusal)
    raise click.exceptions.Exit(code)


def misuse(refusal: Refusal, option: str = "") -> click.UsageError:
    """The usage error for a refused argument, or for the value of an `option`."""
    start = f"{option}: " if option else ""
    return click.UsageError(f"{start}{refusal.message}\n  = help: {refusal.help}")


@contextmanager
def reading() -> Iterator[None]:
    """Turn an OSError of reading the repository into a usage error of `--root`."""
    try:
        yield
    except OSError as error:
        raise click.UsageError(f"cannot read the repository: {error.strerror}") from error


def refuse_sparse(root: Path) -> None:
    """End the verb where a checkout leaves out files of the repository: what is missing would seem to be deleted."""
    from modelspec.load.disk import may_be_sparse

    if may_be_sparse(root):
        # Only then git is asked.
        from modelspec.git.repository import incomplete

        refusal = incomplete(root)
        if refusal is not None:
            refuse(refusal, code=2)


def echo_refusal(refusal: Refusal) -> None:
    """Report a refusal, and go on."""
    note(f"{_safe(refusal.message)}\n  = help: {_safe(refusal.help)}")


def note(line: str) -> None:
    """Print a line that starts with the name of the program; the caller makes it safe to print."""
    click.echo(f"modelspec: {line}", err=True)


def echo(*lines: str, quiet: bool = False) -> None:
    """Print lines about the repository."""
    if not quiet:
        for line in lines:
            click.echo(_safe(line), err=True)


def _safe(text: str) -> str:
    # Masking secrets takes a large import, which `--help` does without.
    from modelspec.report.printable import printable

    return printable(text)
