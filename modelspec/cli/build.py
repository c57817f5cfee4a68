"""`modelspec build`, `serve` and `schema`: output for people, programs and editors."""

import os
import signal
import sys
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelspec.cli.options import (
    check_option,
    colour_option,
    faults_option,
    quiet_option,
    root_option,
    strict_option,
    today,
)
from modelspec.cli.stderr import accepted, note, reading, refuse_sparse
from modelspec.diagnose.refusal import shown
from modelspec.text.quote import quote

if TYPE_CHECKING:
    from modelspec.pipeline import Emission
    from modelspec.write import Written

_KINDS = ("model", "defaults", "regions", "heads", "modelspec", "routes.test", "waivers", "keys")
"""DOCUMENT_KINDS, which `--help` does not import; a test compares the two."""

_LSP_NEEDS = ("pygls", "lsprotocol")
_SERVE_NEEDS = ("anyio", "starlette", "uvicorn", "watchfiles")


def known_targets(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of `--target`, unchanged.

    Raises:
        click.UsageError: one of them is not supported.
    """
    if names:
        from modelspec.gateways.emit import GATEWAYS

        for name in names:
            if name not in GATEWAYS:
                raise click.UsageError(f"--target {quote(name)} is not one of {', '.join(GATEWAYS)}")
    return names


@click.command("build")
@root_option
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="NAME",
    callback=lambda _context, _option, value: known_targets(value),
    help="A gateway to write configuration for, besides `targets` in modelspec.yaml.",
)
@click.option(
    "--output", metavar="DIR", help="Where to write. Default: `output` in modelspec.yaml, else dist."
)
@check_option
@click.option(
    "--commit",
    metavar="ID",
    help="The commit being built, for the manifest. Default with --check: that of the manifest.",
)
@click.option(
    "--commit-date",
    metavar="DATE",
    help="The commit's date, for the manifest. Default with --check: that of the manifest.",
)
@click.option(
    "--since",
    metavar="REF",
    help="A commit, such as that of the last build: the dashboard shows what has changed since.",
)
@faults_option
@colour_option
@strict_option
@quiet_option
@click.option(
    "--no-cache", is_flag=True, help="Make everything anew, whatever earlier builds have found out."
)
def build_command(  # noqa: PLR0913 - one parameter an option
    *,
    root: Path,
    targets: tuple[str, ...],
    output: str | None,
    check: bool,
    commit: str | None,
    commit_date: str | None,
    since: str | None,
    format_: str,
    colour: bool,
    strict: bool,
    quiet: bool,
    no_cache: bool,
) -> int:
    """Validate, then write the routing tables, the site and the gateways' configurations.

    The output folder is replaced as a whole or left as it was. If there are errors, nothing is written.

    Exit codes: 0 written (or up to date), 1 errors (or stale), 2 usage, 3 a bug in modelspec.
    """
    from modelspec.cli.report import exit_code, report, report_stale
    from modelspec.incremental import compile_to_build, fresh_output, stale_files, write
    from modelspec.pipeline import configured_output, emission_of, without_collection
    from modelspec.write import read_origin

    # Until nothing of the fleet is left: it has no garbage, and searching it takes a tenth of a second.
    click.get_current_context().with_resource(without_collection())
    refuse_sparse(root)
    named = None if output is None else Path(output)
    said = partial(report, format_=format_, colour=colour, quiet=quiet)
    if check and not no_cache and since is None:
        with reading():
            origin = commit, commit_date
            known = fresh_output(root, today=today(), targets=targets, output=named, origin=origin)
        if known is not None and not exit_code(known[0], strict=strict):
            said(known[0])
            return report_stale([], stale="", fresh=_fresh(known[1]), quiet=quiet)
    with reading():
        compiled = compile_to_build(root, today=today(), targets=targets, cache=not no_cache)
    said(compiled)
    code = exit_code(compiled, strict=strict)
    if code:
        note("nothing was written: fix the faults above first")
        return code
    destination = named or accepted(configured_output(compiled, compiled.setup.settings))
    if check:
        # What was built of the same files for another commit is not stale.
        recorded = read_origin(destination)
        commit, commit_date = commit or recorded[0], commit_date or recorded[1]
    emission = _compared(emission_of(compiled, commit=commit, commit_date=commit_date), since)
    del compiled  # a large fleet takes as much memory again
    if check:
        found = accepted(stale_files(emission, destination))
        stale = f"{shown(destination)} is stale; run modelspec build"
        return report_stale(found, stale=stale, fresh=_fresh(destination), quiet=quiet)
    _tell(accepted(write(emission, destination)), destination, quiet=quiet)
    return 0


def _compared(emission: "Emission", since: str | None) -> "Emission":
    """With what has changed since a commit, where one is given."""
    if since is None:
        return emission
    from modelspec.change.plan import changes_since

    with reading():
        changes = accepted(changes_since(emission.root, since, today=today()))
    return replace(emission, context=replace(emission.context, since=changes))


def _tell(written: "Written", output: Path, *, quiet: bool) -> None:
    for folder in written.kept:
        note(f"{shown(folder)} contains files that modelspec did not write; it was kept beside the output")
    if not quiet:
        click.echo(f"wrote {written.files} files to {shown(output)}", err=True)


def _fresh(output: Path) -> str:
    return f"{shown(output)} is up to date"


@click.command("serve")
@root_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The name or address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port; 0 picks a free one.",
)
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser.")
def serve_command(*, root: Path, host: str, port: int, opens: bool) -> int:
    """Serve the site on this machine, rebuilt as files change.

    An open page reloads when a file in the repository changes, and shows the faults while there are errors.

    Exit codes: 2 usage, 130 ended by Ctrl-C.
    """
    if not all(map(find_spec, _SERVE_NEEDS)):
        from modelspec.author.init import with_extra

        raise click.UsageError(f"serve needs a few packages more: {with_extra('serve')}")
    from modelspec.serve.server import LiveServer, listen, serve

    refuse_sparse(root)
    try:
        bound = listen(host, port)
    except OSError as error:
        raise click.UsageError(
            f"cannot listen on {host[:100]} port {port}: {error.strerror}; choose another with --port or --host"
        ) from error
    ended_by = serve(LiveServer(root=root, host=host, opens=opens, today=today, log=note), bound)
    if ended_by == signal.SIGINT:
        raise KeyboardInterrupt
    return 128 + ended_by


@click.command("lsp")
@click.option("--stdio", is_flag=True, help="What some editors pass; it is always so.")
def lsp_command(*, stdio: bool) -> int:  # noqa: ARG001 - there is no other way
    """Answer an editor, as a language server over standard input and output.

    Editors start it: docs/editors.md has the lines for VS Code, Neovim, Helix, Zed and Emacs.

    Exit codes: 0 ended by the editor, 2 usage, 3 a bug in modelspec.
    """
    if not all(map(find_spec, _LSP_NEEDS)):
        from modelspec.author.init import with_extra

        raise click.UsageError(f"lsp needs a package more: {with_extra('lsp')}")
    from modelspec.editors.answers import server_of

    # The library closes what it writes to, and this process still has a standard output to flush.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as output:
        server_of(today).start_io(stdout=output)
    return 0


@click.command("schema")
@root_option
@click.argument("kind", metavar="[KIND]", type=click.Choice(_KINDS), required=False)
@click.option(
    "--write",
    is_flag=False,
    flag_value="",
    metavar="DIR",
    help="Write all schemas to DIR. Default: .modelspec/schemas.",
)
@check_option
@quiet_option
def schema_command(*, root: Path, kind: str | None, write: str | None, check: bool, quiet: bool) -> int:
    """Print or write JSON Schemas for editors.

    These are the published schemas, with the region codes, head ids and model ids of this repository as choices and
    its metadata schema included. Without --write, print the schema for KIND: model (the default), defaults, regions,
    heads, modelspec, routes.test, waivers or keys. Works even if the repository has faults.

    Exit codes: 0 printed or written (or up to date), 1 stale or refused, 2 usage, 3 a bug in modelspec.
    """
    if kind is not None and (write is not None or check):
        raise click.UsageError("--write and --check apply to all schemas: leave KIND out")
    from modelspec.author.schemas import choices_of, stale_schemas, tailored, text_of
    from modelspec.cli.report import report_stale
    from modelspec.schema import DOCUMENT_KINDS

    folder = Path(write) if write else None
    with reading():
        if check:
            again = "modelspec schema --write" + ("" if folder is None else f" {shown(folder)}")
            return report_stale(
                accepted(stale_schemas(root, folder)),
                stale=f"the schemas for editors are stale; run {again}",
                fresh="the schemas for editors are up to date",
                quiet=quiet,
            )
        if write is not None:
            _write_schemas(root, folder, quiet=quiet)
            return 0
        choices = choices_of(root)
    for line in choices.notes:
        note(line)
    wanted = next(one for one in DOCUMENT_KINDS if one == (kind or "model"))
    click.echo(text_of(tailored(wanted, choices)), nl=False)
    return 0


def _write_schemas(root: Path, folder: Path | None, *, quiet: bool) -> None:
    """Write the schemas, and print how an editor finds them."""
    from modelspec.author.schemas import FOLDER, schema_line, wiring, write_schemas

    outcome = accepted(write_schemas(root, folder))
    for line in outcome.notes:
        note(line)
    if quiet:
        return
    where = FOLDER if folder is None else os.path.relpath(folder.resolve(), root.resolve())
    click.echo(f"wrote {len(outcome.changed)} of {len(_KINDS)} schemas to {shown(where)}", err=True)
    if outcome.changed and not where.startswith(".."):
        click.echo("For an editor to find the schema, start each model file with:", err=True)
        click.echo(f"  {schema_line('models.d/atlas.yaml', where)}", err=True)
        click.echo("Or in .vscode/settings.json, for every file:", err=True)
        click.echo(wiring(where), err=True)
