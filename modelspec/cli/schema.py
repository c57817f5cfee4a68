"""`modelspec schema`."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelspec.cli.options import quiet_option, root_option

if TYPE_CHECKING:
    from modelspec.author.schemas import WrittenSchemas
    from modelspec.diagnose.refusal import Refusal
    from modelspec.write import Stale

_KINDS = ("model", "defaults", "regions", "heads", "modelspec", "routes.test", "waivers")
"""Those of `modelspec.schema`, which `--help` does not import; a test compares them."""


@click.command("schema")
@root_option
@click.argument("kind", metavar="[KIND]", type=click.Choice(_KINDS), required=False)
@click.option(
    "--write",
    is_flag=False,
    flag_value="",
    metavar="DIR",
    help="Write all of them. Default: .modelspec/schemas.",
)
@click.option(
    "--check", is_flag=True, help="Write nothing; say what is stale and exit with 1 if anything is."
)
@quiet_option
def command(*, root: Path, kind: str | None, write: str | None, check: bool, quiet: bool) -> int:
    """Print or write JSON Schemas for editors.

    They are the published ones, with the region codes, head ids and model ids of this repository as choices and its
    metadata schema inside. Without --write, print the one of KIND: model (the default), defaults,
    regions, heads, modelspec, routes.test or waivers. Faults of the repository are no hindrance.

    Exit codes: 0 printed or written (or up to date), 1 stale or refused, 2 usage, 3 a bug in modelspec.
    """
    if kind is not None and (write is not None or check):
        raise click.UsageError("--write and --check are for all of the schemas: leave KIND out")
    # The compiler is imported when a repository is to be read, not for `--help`.
    from modelspec.author.schemas import choices_of, stale_schemas, tailored, text_of, write_schemas
    from modelspec.schema import DOCUMENT_KINDS

    folder = Path(write) if write else None
    try:
        if check:
            return _tell_stale(stale_schemas(root, folder), folder, quiet=quiet)
        if write is not None:
            return _tell_written(write_schemas(root, folder), root, folder, quiet=quiet)
        choices = choices_of(root)
    except OSError as error:
        raise click.UsageError(f"cannot read the repository: {error.strerror}") from error
    _tell_notes(choices.notes)
    click.echo(
        text_of(tailored(next(one for one in DOCUMENT_KINDS if one == (kind or "model")), choices)), nl=False
    )
    return 0


def _tell_written(
    outcome: "WrittenSchemas | Refusal", root: Path, folder: Path | None, *, quiet: bool
) -> int:
    from modelspec.author.schemas import FOLDER, WrittenSchemas, schema_line, wiring

    if not isinstance(outcome, WrittenSchemas):
        return _refused(outcome)
    _tell_notes(outcome.notes)
    if quiet:
        return 0
    where = FOLDER if folder is None else os.path.relpath(folder.resolve(), root.resolve())
    click.echo(f"wrote {len(outcome.changed)} of {len(_KINDS)} schemas to {_shown(where)}", err=True)
    if outcome.changed and not where.startswith(".."):
        click.echo("The first line of a model, for an editor to find its schema:", err=True)
        click.echo(f"  {schema_line('models.d/atlas.yaml', where)}", err=True)
        click.echo("Or in .vscode/settings.json, for every file:", err=True)
        click.echo(wiring(where), err=True)
    return 0


def _tell_stale(outcome: "list[Stale] | Refusal", folder: Path | None, *, quiet: bool) -> int:
    if not isinstance(outcome, list):
        return _refused(outcome)
    for file in outcome:
        click.echo(f"{file.why.value}: {file.path}", err=True)
    if not quiet:
        again = "modelspec schema --write" + ("" if folder is None else f" {_shown(str(folder))}")
        state = f"are stale; run {again}" if outcome else "are up to date"
        click.echo(f"the schemas for editors {state}", err=True)
    return int(bool(outcome))


def _tell_notes(notes: Iterable[str]) -> None:
    for note in notes:
        click.echo(f"modelspec: {note}", err=True)


def _refused(refusal: "Refusal") -> int:
    click.echo(f"modelspec: {refusal.message}\n  = help: {refusal.help}", err=True)
    return 1


def _shown(path: str) -> str:
    from modelspec.diagnose.refusal import shown

    return shown(path)
