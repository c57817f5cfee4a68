"""`modelspec route`."""

import sys
from pathlib import Path

import click

from modelspec.cli.fleet import check_names, compiled_fleet
from modelspec.cli.options import colour_option, down_option, root_option


@click.command("route")
@click.argument("model")
@click.option(
    "--from", "origin", metavar="REGION", help="The client's region. Default: any that may call the model."
)
@down_option
@root_option
@click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="How to answer.",
)
@colour_option
def command(
    *, model: str, origin: str | None, down: tuple[str, ...], root: Path, format_: str, colour: bool
) -> int:
    """Say where a request for MODEL goes, tier by tier, and why.

    Exit codes: 0 routed, 1 not routed (404, 403, 503) or errors in the repository, 2 usage, 3 a bug in modelspec.
    """
    found = compiled_fleet(root, colour=colour)
    if found is None:
        return 1
    compiled, index = found
    # The answer is imported when there is one, not for `--help`.
    from modelspec.ask.account import account
    from modelspec.ask.account_formats import account_json, account_text
    from modelspec.ask.places import Places
    from modelspec.routing.decide import Request, Why, decide

    check_names(index, origin=origin, down=down)
    request = Request(model=model, origin=origin, down=tuple(dict.fromkeys(down)))
    decision = decide(index, request)
    places = Places(locator=compiled.locator, fleet=compiled.setup.whole)
    told = account(index, decision, places)
    sys.stdout.writelines([account_json(told)] if format_ == "json" else account_text(told, colour=colour))
    return int(decision.why is not Why.ROUTED)
