"""`modelspec import litellm` and `modelspec import modelsdev`."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from modelspec.cli.options import today

_FORMATS = ("text", "markdown", "json")
_SOME = 200
"""Files below which no progress is shown."""

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_into_option: Decorator = click.option(
    "--into",
    metavar="DIR",
    type=click.Path(path_type=Path),
    default=Path(),
    help="A folder that is empty or not there yet, or a configuration repository. Default: this folder.",
)
_region_option: Decorator = click.option(
    "--region", metavar="CODE", help="The region that the models belong to."
)
_head_option: Decorator = click.option(
    "--head",
    "heads",
    metavar="ID=URL",
    multiple=True,
    help="A head in front of the models, the first of several the priority head; in a repository its ID alone.",
)
_format_option: Decorator = click.option(
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="How to report what could not be carried.",
)
_dry_run_option: Decorator = click.option("--dry-run", is_flag=True, help="Write nothing; only report.")


@click.group("import")
def command() -> None:
    """Make a configuration repository of what another program has.

    What cannot be carried is reported on standard output, with its place in the source.
    """


@command.command("litellm")
@click.argument("source", metavar="CONFIG.yaml", type=click.Path(path_type=Path))
@_into_option
@_region_option
@_head_option
@_format_option
@_dry_run_option
def litellm(**options: Any) -> int:  # noqa: ANN401 - click's
    """Import a configuration of the LiteLLM proxy.

    A literal key is never copied: the report says which line to rotate.

    Exit codes: 0 imported, 1 not imported or with faults, 2 usage, 3 a bug in modelspec.
    """
    return _run("litellm", options)


@command.command("modelsdev")
@click.argument("source", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--provider",
    "providers",
    metavar="ID",
    multiple=True,
    help="Only models of this provider; may be repeated.",
)
@click.option(
    "--where",
    metavar="EXPR",
    help="Only models of which this is true, such as 'metadata.open_weights == true'.",
)
@_into_option
@_region_option
@_head_option
@_format_option
@_dry_run_option
def modelsdev(**options: Any) -> int:  # noqa: ANN401 - click's
    """Import a checkout of the models.dev catalogue.

    Exit codes: 0 imported, 1 not imported or with faults, 2 usage, 3 a bug in modelspec.
    """
    return _run("modelsdev", options)


def _run(name: str, options: Mapping[str, Any]) -> int:
    # The compiler is imported when there is something to import, not for `--help`.
    from modelspec.diagnose.refusal import shown
    from modelspec.importing import BY_NAME, REPORTS, ImportOutcome, ImportRequest, run
    from modelspec.importing.draft import NoteKind

    request = ImportRequest(
        source=options["source"],
        into=options["into"],
        region=options["region"],
        heads=options["heads"],
        providers=options.get("providers", ()),
        wanted=_wanted(options.get("where")),
        dry_run=options["dry_run"],
        progress=_progress if sys.stderr.isatty() else None,
    )
    outcome = run(BY_NAME[name], request, today())
    if not isinstance(outcome, ImportOutcome):
        click.echo(f"modelspec: {outcome.message}\n  = help: {outcome.help}", err=True)
        return 1
    sys.stdout.writelines(REPORTS[options["format_"]](outcome))
    where = shown(str(options["into"]))
    if outcome.written:
        click.echo(f"wrote {len(outcome.files)} files to {where}", err=True)
    else:
        click.echo("nothing was written", err=True)
    return int(outcome.counts.get(NoteKind.FAULT, 0) > 0)


def _wanted(where: str | None) -> Callable[[Mapping[str, object]], bool] | None:
    """The filter of --where, over the fields that a model will have.

    Raises:
        click.UsageError: it does not parse.
    """
    if where is None:
        return None
    from modelspec.author.matching import is_true
    from modelspec.cli.listing import parsed

    expression = parsed(where)
    return lambda fields: is_true(expression, fields)


def _progress(done: int, of: int) -> None:
    if of >= _SOME and (done % 100 == 0 or done == of):
        click.echo(f"\rread {done:,} of {of:,} files", nl=done == of, err=True)
