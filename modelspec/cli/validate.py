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
@click.option(
    "--changed-since",
    "since",
    metavar="REF",
    help="Check everything, and report only what differs from the merge base with this commit.",
)
@format_option
@colour_option
@strict_option
@quiet_option
@no_cache_option
def command(
    *, root: Path, since: str | None, format_: str, colour: bool, strict: bool, quiet: bool, no_cache: bool
) -> int:
    """Find every fault of the repository, in one run.

    With --changed-since, a fault is left out if it was there before and stands in a file that has not changed. What the
    change causes in other files is reported. The exit code follows what is reported.

    Exit codes: 0 clean, 1 errors (or warnings with --strict), 2 usage, 3 a bug in modelspec.
    """
    # The compiler is imported when a repository is to be read, not for `--help`.
    from modelspec.cli.report import exit_code, refused, report
    from modelspec.diagnose.refusal import Refusal
    from modelspec.incremental import validate

    left_out = 0
    try:
        if since is None:
            checked = validate(root, today=today(), cache=not no_cache)
        else:
            # Only a run that looks at two states needs git.
            from modelspec.change.states import validate_changes

            changes = validate_changes(root, since=since, today=today())
            if isinstance(changes, Refusal):
                return refused(changes, code=2)
            checked, left_out = changes.checked, changes.left_out
    except OSError as error:
        raise click.UsageError(f"cannot read the repository: {error.strerror}") from error
    report(checked, format_=format_, colour=colour, quiet=quiet, left_out=left_out)
    return exit_code(checked, strict=strict)
