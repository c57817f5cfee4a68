"""The command line: commands that parse, call, report and exit."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

import click

from modelspec import __version__

COMPLETES = "_MODELSPEC_COMPLETE"
"""The variable with which a shell asks for completion."""

_VERBS = {
    "validate": ("check", "Find every fault in the repository, in one run."),
    "plan": ("check", "Show what a change does to requests, and whether it may merge."),
    "build": ("build", "Validate, then write routing tables, the site and gateways."),
    "publish": ("publish", "Publish a build to a running gateway without losing requests."),
    "route": ("ask", "Show where a request goes, tier by tier, and why."),
    "test": ("ask", "Run the tests in routes.test.yaml and measure their coverage."),
    "drill": ("ask", "Show what happens when heads or regions go down."),
    "status": ("status", "Probe which heads, upstreams and models answer now."),
    "usage": ("traffic", "Show requests, errors, latency and cost, from gateways' logs."),
    "drift": ("traffic", "Show where gateways and the repository have parted."),
    "suggest": ("suggest", "Suggest changes that usage asks for, with evidence."),
    "list": ("show", "List models, as a table, JSON, CSV or ids."),
    "show": ("show", "Show a model's effective values, and where each is set."),
    "new": ("models", "Add a model: write its file below models.d/."),
    "edit": ("models", "Change a model, or many at once."),
    "remove": ("models", "Remove a model: its file and, with --cascade, its references."),
    "rename": ("models", "Change a model's id, every reference to it, and its file name."),
    "head": ("listed", "Add, change, drain, activate, remove or rename a head."),
    "region": ("listed", "Add, change, remove or rename a region."),
    "key": ("listed", "Make a client's key: printed once, its hash kept in keys.yaml."),
    "fmt": ("models", "Put the fields of model files in order."),
    "migrate": ("models", "Bring files of an earlier version of modelspec up to date."),
    "explain": ("check", "Explain a rule: why it exists, examples, how to silence it."),
    "schema": ("build", "Print or write JSON Schemas that know the names used here."),
    "serve": ("build", "Serve the site on this machine, rebuilt as files change."),
    "lsp": ("build", "Answer an editor: faults, fixes, names and routes as you type."),
    "init": ("init", "Create a configuration repository, with its CI."),
    "import": ("importing", "Import the configuration of another program."),
    "completion": ("names", "Print the script for your shell's completion."),
}
"""Every verb, with the module of its command and its help.

A module is imported when its verb is called, which keeps `--help` fast. One named like a builtin would shadow it here.
"""


_GROUPS = {
    "Check": ("validate", "plan", "test", "explain"),
    "Change": ("new", "edit", "remove", "rename", "head", "region", "key", "fmt", "migrate"),
    "Ask": ("route", "drill", "list", "show"),
    "Measure": ("status", "usage", "drift", "suggest"),
    "Build and publish": ("build", "publish", "serve"),
    "Set up": ("init", "import", "schema", "lsp", "completion"),
}
"""The verbs as `--help` shows them, each once."""

_MEANT = {
    "add": "new",
    "apply": "publish",
    "check": "validate",
    "compile": "build",
    "create": "new",
    "delete": "remove",
    "deploy": "publish",
    "describe": "show",
    "diff": "plan",
    "format": "fmt",
    "generate": "build",
    "get": "show",
    "lint": "validate",
    "ls": "list",
    "mv": "rename",
    "rm": "remove",
    "update": "edit",
    "upgrade": "migrate",
    "why": "explain",
}
"""What other tools call a verb."""


class _Verbs(click.Group):
    """A group that imports a command when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [*_VERBS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _VERBS:
            return None
        module, _ = _VERBS[cmd_name]
        command: click.Command = getattr(import_module(f"modelspec.cli.{module}"), f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        width = max(map(len, _VERBS))
        for title, verbs in _GROUPS.items():
            rows = [(f"{verb:{width}}", _VERBS[verb][1]) for verb in verbs if verb in _VERBS]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name == "help":
            if args[1:]:
                return self.resolve_command(ctx, [args[1], "--help"])
            click.echo(ctx.get_help())
            ctx.exit()
        if name not in _VERBS and not name.startswith("-"):
            # Only a mistyped verb pays for this import.
            from modelspec.text.names import nearest

            near = _MEANT.get(name) or nearest(name, _VERBS)
            hint = f"did you mean '{near}'?" if near else f"the commands are {', '.join(_VERBS)}"
            raise click.UsageError(f"unknown command '{name[:60]}'; {hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`modelspec VERB --help` says what a verb does, and its exit codes.",
)
@click.version_option(__version__, "--version", "-V", message="modelspec %(version)s")
def _modelspec() -> None:
    """Compile a git repository of LLM model definitions into routing tables and a site."""


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # An ASCII terminal gets escapes, not an exception.
            stream.reconfigure(errors="backslashreplace")
    if os.environ.get(COMPLETES):
        from modelspec.cli.shells import register

        register()
    try:
        code = _modelspec.main(
            args=[*arguments], prog_name="modelspec", complete_var=COMPLETES, standalone_mode=False
        )
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        from modelspec.report.printable import without_secrets

        # What was typed may be a key.
        error.message = without_secrets(error.message)  # type: ignore[misc]
        error.show()
        return error.exit_code
    return code if isinstance(code, int) else 0
