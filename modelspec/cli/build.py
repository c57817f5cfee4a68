"""`modelspec build`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelspec.cli.options import (
    colour_option,
    format_option,
    quiet_option,
    root_option,
    strict_option,
    today,
)
from modelspec.text.quote import quote

if TYPE_CHECKING:
    from modelspec.diagnose.refusal import Refusal
    from modelspec.write import Stale


@click.command("build")
@root_option
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="NAME",
    callback=lambda _context, _option, value: known_targets(value),
    help="A gateway to write configuration for, beside the `targets` of modelspec.yaml.",
)
@click.option(
    "--output", metavar="DIR", help="Where to write. Default: `output` of modelspec.yaml, else dist."
)
@click.option(
    "--check", is_flag=True, help="Write nothing; say what is stale and exit with 1 if anything is."
)
@click.option("--commit", metavar="ID", help="The commit that is built, for the manifest.")
@click.option("--commit-date", metavar="DATE", help="The commit's own date, for the manifest.")
@format_option
@colour_option
@strict_option
@quiet_option
@click.option(
    "--no-cache", is_flag=True, expose_value=False, help="Accepted for symmetry: a build uses no cache."
)
def command(  # noqa: PLR0913 - one parameter an option
    *,
    root: Path,
    targets: tuple[str, ...],
    output: str | None,
    check: bool,
    commit: str | None,
    commit_date: str | None,
    format_: str,
    colour: bool,
    strict: bool,
    quiet: bool,
) -> int:
    """Validate, then write the routing tables and the site.

    The output folder is replaced as a whole, or left as it was. Nothing is written where there is an error.

    Exit codes: 0 written (or up to date), 1 errors (or stale), 2 usage, 3 a bug in modelspec.
    """
    # The compiler is imported when a repository is to be read, not for `--help`.
    from modelspec.cli.report import exit_code, report
    from modelspec.diagnose.refusal import Refusal, shown
    from modelspec.incremental import compile_fleet
    from modelspec.pipeline import configured_output, emission_of, stale_files, write

    try:
        compiled = compile_fleet(root, today=today(), targets=targets)
    except OSError as error:
        raise click.UsageError(f"cannot read the repository: {error.strerror}") from error
    report(compiled, format_=format_, colour=colour, quiet=quiet)
    code = exit_code(compiled, strict=strict)
    if code:
        click.echo("modelspec: nothing was written: correct the faults above first", err=True)
        return code
    destination = configured_output(compiled) if output is None else Path(output)
    if isinstance(destination, Refusal):
        return _refused(destination)
    prepared = emission_of(compiled, commit=commit, commit_date=commit_date)
    del compiled  # a large fleet takes as much memory again
    if check:
        return _tell_stale(stale_files(prepared, destination), shown(str(destination)), quiet=quiet)
    written = write(prepared, destination)
    if isinstance(written, Refusal):
        return _refused(written)
    for folder in written.kept:
        click.echo(
            f"modelspec: {shown(folder)} holds files of others and was left beside the output", err=True
        )
    if not quiet:
        click.echo(f"wrote {written.files} files to {shown(str(destination))}", err=True)
    return 0


def known_targets(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names as they were given.

    Raises:
        click.UsageError: this version writes no configuration for one of them.
    """
    if names:
        # Only a build for a gateway pays for these imports.
        from modelspec.gateways.emit import GATEWAYS

        for name in names:
            if name not in GATEWAYS:
                raise click.UsageError(
                    f"--target {quote(name)} is none of {', '.join(GATEWAYS)}, which this version writes"
                )
    return names


def _refused(refusal: "Refusal") -> int:
    click.echo(f"modelspec: {refusal.message}\n  = help: {refusal.help}", err=True)
    return 1


def _tell_stale(outcome: "list[Stale] | Refusal", destination: str, *, quiet: bool) -> int:
    if not isinstance(outcome, list):
        return _refused(outcome)
    for file in outcome:
        click.echo(f"{file.why.value}: {file.path}", err=True)
    if not quiet:
        state = "is stale; run modelspec build" if outcome else "is up to date"
        click.echo(f"{destination} {state}", err=True)
    return int(bool(outcome))
