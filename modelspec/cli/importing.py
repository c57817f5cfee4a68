"""`modelspec import litellm`, `modelspec import modelsdev` and `modelspec import openai-compatible`."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelspec.cli.options import Decorator, format_option, today
from modelspec.cli.stderr import accepted

if TYPE_CHECKING:
    from modelspec.importing import ImportRequest

_SOME = 200
"""The fewest files for which progress is shown."""


def _import_options(verb: Callable[..., int]) -> Callable[..., int]:
    """Add the options that all sources share."""
    options: tuple[Decorator, ...] = (
        click.option(
            "--into",
            metavar="DIR",
            type=click.Path(path_type=Path),
            default=Path(),
            help="A new or empty folder, or a configuration repository. Default: this folder.",
        ),
        click.option("--region", metavar="CODE", help="The region that the models belong to."),
        click.option(
            "--head",
            "heads",
            metavar="ID=URL",
            multiple=True,
            help="A head for the models; the first is the priority head. For an existing repository, only its ID.",
        ),
        format_option("Format of the report of what could not be imported.", "text", "markdown", "json"),
        click.option("--dry-run", is_flag=True, help="Write nothing; only report."),
    )
    for option in reversed(options):
        verb = option(verb)
    return verb


@click.group("import")
def import_command() -> None:
    """Import the configuration of another program.

    What cannot be imported is reported on standard output, with its place in the source.
    """


@import_command.command("litellm")
@click.argument("source", metavar="CONFIG.yaml", type=click.Path(path_type=Path))
@_import_options
@click.option(
    "--prove",
    is_flag=True,
    help="Write nothing: let the real LiteLLM send the requests of both configurations, and print the differences.",
)
@click.option(
    "--litellm",
    "python",
    metavar="PYTHON",
    help="The Python that has LiteLLM. Default: that of the litellm on the PATH or in .tools/litellm.",
)
def litellm(*, prove: bool, python: str | None, **options: Any) -> int:  # noqa: ANN401 - click's
    """Import a configuration of the LiteLLM proxy.

    Literal keys are never copied: the report names each line whose key to rotate.

    With --prove, no request leaves this machine, and 1 means that something will break or goes elsewhere.

    Exit codes: 0 imported, 1 not imported or with faults, 2 usage, 3 a bug in modelspec.
    """
    if python is not None and not prove:
        raise click.UsageError("--litellm needs --prove")
    return _prove(options, python) if prove else _run("litellm", options)


@import_command.command("modelsdev")
@click.argument("source", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--provider",
    "providers",
    metavar="ID",
    multiple=True,
    help="Only models of this provider; repeatable.",
)
@click.option(
    "--where",
    metavar="EXPR",
    help="Only models for which this is true, such as 'metadata.open_weights == true'.",
)
@_import_options
def modelsdev(**options: Any) -> int:  # noqa: ANN401 - click's
    """Import a checkout of the models.dev catalogue.

    Exit codes: 0 imported, 1 not imported or with faults, 2 usage, 3 a bug in modelspec.
    """
    return _run("modelsdev", options)


def _prove(options: Mapping[str, Any], python: str | None) -> int:
    from modelspec.gateways.litellm.ask import find_litellm
    from modelspec.importing import BY_NAME, run
    from modelspec.importing.prove import prove
    from modelspec.importing.prove_formats import PROOFS

    program = accepted(find_litellm(python))
    request = _request({**options, "dry_run": True})
    outcome = accepted(run(BY_NAME["litellm"], request, today()))
    (proof,) = accepted(prove([(request, outcome)], program, today()))
    sys.stdout.writelines(PROOFS[options["format_"]](proof))
    return int(not proof.is_safe)


@import_command.command("openai-compatible")
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--endpoint", metavar="URL", required=True, help="The base URL of the server, such as https://…/v1."
)
@click.option("--key", metavar="NAME", help="The environment variable that will hold its key.")
@_import_options
def openai_compatible(**options: Any) -> int:  # noqa: ANN401 - click's
    """Import the answer of a server to GET /v1/models.

    Exit codes: 0 imported, 1 not imported or with faults, 2 usage, 3 a bug in modelspec.
    """
    return _run("openai-compatible", options)


def _run(name: str, options: Mapping[str, Any]) -> int:
    from modelspec.diagnose.refusal import shown
    from modelspec.importing import BY_NAME, REPORTS, run

    request = _request(options)
    outcome = accepted(run(BY_NAME[name], request, today()))
    sys.stdout.writelines(REPORTS[options["format_"]](outcome))
    if outcome.written:
        click.echo(f"wrote {len(outcome.files)} files to {shown(options['into'])}", err=True)
    else:
        click.echo("nothing was written", err=True)
    return int(outcome.faults > 0)


def _request(options: Mapping[str, Any]) -> "ImportRequest":
    from modelspec.importing import ImportRequest

    return ImportRequest(
        source=options["source"],
        into=options["into"],
        region=options["region"],
        heads=options["heads"],
        providers=options.get("providers", ()),
        wanted=_wanted(options.get("where")),
        dry_run=options["dry_run"],
        endpoint=options.get("endpoint"),
        key=options.get("key"),
        progress=_progress if sys.stderr.isatty() else None,
    )


def _wanted(where: str | None) -> Callable[[Mapping[str, object]], bool] | None:
    """The filter of --where, over the fields that a model will have.

    Raises:
        click.UsageError: it does not parse.
    """
    if where is None:
        return None
    from modelspec.author.where import is_true
    from modelspec.cli.entries import parsed

    expression = parsed(where)
    return lambda fields: is_true(expression, fields)


def _progress(done: int, of: int) -> None:
    if of >= _SOME and (done % 100 == 0 or done == of):
        click.echo(f"\rread {done:,} of {of:,} files", nl=done == of, err=True)
