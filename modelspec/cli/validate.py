"""`modelspec validate`."""

from pathlib import Path

import click

from modelspec.cli.options import (
    colour_option,
    format_option,
    no_cache_option,
    quiet_option,
    root_option,
    strict_option,
    today,
)


@click.command("validate")
@root_option
@format_option
@colour_option
@strict_option
@quiet_option
@no_cache_option
def command(*, root: Path, format_: str, colour: bool, strict: bool, quiet: bool, no_cache: bool) -> int:
    """Find every fault of the repository, in one run.

    Exit codes: 0 clean, 1 errors (or warnings with --strict), 2 usage, 3 a bug in modelspec.
    """
    # The compiler is imported when a repository is to be read, not for `--help`.
    from modelspec.cli.report import exit_code, report  # noqa: PLC0415
    from modelspec.pipeline import validate  # noqa: PLC0415

    try:
        checked = validate(root, today=today(), cache=not no_cache)
    except OSError as error:
        raise click.UsageError(f"cannot read the repository: {error.strerror}") from error
    report(checked, format_=format_, colour=colour, quiet=quiet)
    return exit_code(checked, strict=strict)
