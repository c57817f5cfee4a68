"""`modelspec plan`."""

import sys
from pathlib import Path

import click

from modelspec.cli.options import colour_option, root_option, today

FORMATS = ("text", "markdown", "json")
CHANGES = 10


@click.command("plan")
@root_option
@click.option(
    "--base",
    metavar="REF",
    help="The commit to compare with. Default: the merge base with the default branch.",
)
@click.option("--head", metavar="REF", help="The commit that is proposed. Default: the working tree.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="For a terminal, for a comment on a pull request, or for a program.",
)
@colour_option
def command(*, root: Path, base: str | None, head: str | None, format_: str, colour: bool) -> int:
    """Say what a change does to the compiled routes.

    Exit codes: 0 nothing changes (formatting alone is nothing), 10 changes, 1 errors or a broken guard, 2 usage,
    3 a bug in modelspec.
    """
    # The compiler is imported when a repository is to be read, not for `--help`.
    from modelspec.change.plan import plan_change, rendered
    from modelspec.cli.report import refused
    from modelspec.diagnose.refusal import Refusal

    try:
        planned = plan_change(root, base=base, head=head, today=today())
    except OSError as error:
        raise click.UsageError(f"cannot read the repository: {error.strerror}") from error
    if isinstance(planned, Refusal):
        return refused(planned, code=2)
    sys.stdout.writelines(rendered(planned, format_, colour=colour))
    if not planned.is_allowed:
        return 1
    return CHANGES if planned.plan.changes else 0
