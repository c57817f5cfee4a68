"""`modelspec drill`."""

import sys
from pathlib import Path

import click

from modelspec.cli.fleet import check_names, compiled_fleet
from modelspec.cli.options import colour_option, down_option, root_option


@click.command("drill")
@down_option
@root_option
@click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "markdown", "json")),
    default="text",
    show_default=True,
    help="How to report.",
)
@colour_option
def command(*, down: tuple[str, ...], root: Path, format_: str, colour: bool) -> int:
    """Say which models lose service, move or leave their region when heads or regions go down.

    Without --down, each head and then each region goes down alone. All that --down names goes down together.

    Exit codes: 0 reported, 1 errors in the repository, 2 usage, 3 a bug in modelspec.
    """
    found = compiled_fleet(root, colour=colour)
    if found is None:
        return 1
    _, index = found
    # The drill is imported when there is a fleet to drill, not for `--help`.
    from modelspec.ask.drill import drill, each_alone
    from modelspec.ask.drill_formats import drill_json, drill_markdown, drill_text

    check_names(index, origin=None, down=down)
    report = drill(index, [tuple(dict.fromkeys(down))] if down else list(each_alone(index)))
    match format_:
        case "json":
            sys.stdout.write(drill_json(report))
        case "markdown":
            sys.stdout.write(drill_markdown(report))
        case _:
            sys.stdout.writelines(drill_text(report, colour=colour))
    return 0
