"""`modelspec serve`."""

import signal
from importlib.util import find_spec
from pathlib import Path

import click

from modelspec.cli.options import root_option, today

_EXTRA = ("anyio", "starlette", "uvicorn", "watchfiles")


@click.command("serve")
@root_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The name or address to listen at.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port; 0 is any free one.",
)
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser.")
def command(*, root: Path, host: str, port: int, opens: bool) -> int:
    """Show the site on this machine, rebuilt as files change.

    An open page reloads itself when a file of the repository changes, and shows the faults while there are errors.

    Exit codes: 2 usage, 130 ended by Ctrl-C.
    """
    if not all(map(find_spec, _EXTRA)):
        # Only a mistake pays for this import.
        from modelspec.author.init import with_extra

        raise click.UsageError(f"serve needs a few packages more: {with_extra('serve')}")
    # An optional part, and too large to be imported for `--help`.
    from modelspec.serve.server import LiveServer, listen, serve

    try:
        bound = listen(host, port)
    except OSError as error:
        raise click.UsageError(
            f"cannot listen at {host[:100]} port {port}: {error.strerror}; choose another with --port or --host"
        ) from error
    stage = LiveServer(
        root=root,
        host=host,
        opens=opens,
        today=today,
        say=lambda line: click.echo(f"modelspec: {line}", err=True),
    )
    ended_by = serve(stage, bound)
    if ended_by == signal.SIGINT:
        raise KeyboardInterrupt
    return 128 + ended_by
