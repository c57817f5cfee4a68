"""`modelspec publish`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from modelspec.diagnose.refusal import Refusal
    from modelspec.gateways.envoy.check import EdgeFiles
    from modelspec.gateways.envoy.publish import Published


@click.group("publish")
def command() -> None:
    """Give a build to a running gateway, without a lost request."""


@command.command("envoy")
@click.argument("folder", metavar="[DIR]", required=False)
@click.option("--admin", metavar="URL", help="Envoy's admin interface, such as http://127.0.0.1:9901.")
@click.option("--from", "build", metavar="DIST", default="dist", show_default=True, help="The build.")
@click.option("--edge", "edge_id", metavar="ID", help="The edge. Default: the only one of the build.")
@click.option("--check", is_flag=True, help="Publish nothing; validate every edge with the real Envoy.")
@click.option(
    "--envoy", metavar="PROGRAM", help="The Envoy to validate with. Default: the one on the PATH, if any."
)
@click.option(
    "--wait",
    type=click.FloatRange(0.1, 3600),
    default=60,
    show_default=True,
    help="Seconds that Envoy may take to use a file.",
)
@click.option("--quiet", "-q", is_flag=True, help="Faults only, no summary.")
def envoy_command(
    *,
    folder: str | None,
    admin: str | None,
    build: str,
    edge_id: str | None,
    check: bool,
    envoy: str | None,
    wait: float,
    quiet: bool,
) -> int:
    """Bring the files of an edge to DIR, the folder that its Envoy reads, and wait until Envoy uses them.

    New clusters come before the routes that name them, and old ones go last. It can be broken off and run again at
    any point. Into an empty DIR the files are only written, for an Envoy that is yet to be started.

    Exit codes: 0 Envoy uses the build (or accepts it, with --check), 1 it does not, 2 usage, 3 a bug in modelspec.
    """
    if check and (folder or admin):
        raise click.UsageError("--check publishes nothing: leave out DIR and --admin")
    if check:
        return _check(Path(build), edge_id, envoy, quiet=quiet)
    if folder is None or admin is None:
        raise click.UsageError("name the folder that Envoy reads, and its --admin URL; or --check a build")
    return _publish(Path(build), edge_id, envoy, Path(folder), admin, wait=wait, quiet=quiet)


def _check(build: Path, edge_id: str | None, envoy: str | None, *, quiet: bool) -> int:
    from modelspec.author.init import with_extra
    from modelspec.diagnose.refusal import Refusal
    from modelspec.gateways.envoy.check import check, edge_files, edges_of, find_envoy

    program = envoy or find_envoy()
    if program is None:
        raise click.UsageError(
            f"no Envoy to validate with: {with_extra('gateways')}, or name one with --envoy"
        )
    edges = edges_of(build)
    if isinstance(edges, Refusal):
        return _refused(edges)
    code = 0
    for each in sorted(edges) if edge_id is None else (edge_id,):
        files = edge_files(build, edges, each)
        fault = files if isinstance(files, Refusal) else check(files, program)
        if fault is not None:
            code = _refused(fault)
        elif not quiet:
            click.echo(f"edge {each}: Envoy accepts it", err=True)
    return code


def _publish(
    build: Path,
    edge_id: str | None,
    envoy: str | None,
    folder: Path,
    admin: str,
    *,
    wait: float,
    quiet: bool,
) -> int:
    # Only this verb needs them.
    from modelspec.diagnose.refusal import Refusal
    from modelspec.gateways.envoy.check import check, edge_files, edges_of, find_envoy
    from modelspec.gateways.envoy.publish import Admin, publish

    interface = Admin.of(admin)
    if isinstance(interface, Refusal):
        raise click.UsageError(f"{interface.message}; {interface.help}")
    edges = edges_of(build)
    files = edges if isinstance(edges, Refusal) else edge_files(build, edges, edge_id)
    if isinstance(files, Refusal):
        return _refused(files)
    fault = check(files, envoy or find_envoy())
    if fault is not None:
        return _refused(fault)
    done = publish(files, folder, interface, wait=wait)
    if isinstance(done, Refusal):
        return _refused(done)
    if not quiet:
        click.echo(_told(done, files, folder), err=True)
    return 0


def _told(done: "Published", files: "EdgeFiles", folder: Path) -> str:
    from modelspec.diagnose.refusal import shown

    if done.is_first:
        return f"installed edge {files.edge_id}: start Envoy with -c {shown(folder / 'bootstrap.json')}"
    what = f"replaced {', '.join(done.replaced)}" if done.replaced else "nothing to do"
    after = "; bootstrap.json has changed as well: start Envoy anew" if done.needs_restart else ""
    return f"Envoy uses edge {files.edge_id} ({what}){after}"


def _refused(refusal: "Refusal") -> int:
    click.echo(f"modelspec: {refusal.message}\n  = help: {refusal.help}", err=True)
    return 1
