"""Options that several verbs share."""

import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from modelspec.load.unread import MODELS
from modelspec.report import REPORTS
from modelspec.text.quote import quote

_COLOURS = ("auto", "always", "never")

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

root_option: Decorator = click.option(
    "--root",
    metavar="DIR",
    callback=lambda _context, _option, value: find_root(value),
    help="The configuration repository. Default: the nearest folder upward with a models.d/.",
)
format_option: Decorator = click.option(
    "--format",
    "format_",
    type=click.Choice(tuple(REPORTS)),
    default="text",
    show_default=True,
    help="How to report faults.",
)
colour_option: Decorator = click.option(
    "--color",
    "colour",
    type=click.Choice(_COLOURS),
    default="auto",
    show_default=True,
    callback=lambda _context, _option, value: wants_colour(value),
    help="Colour in the text. NO_COLOR turns it off as well.",
)
quiet_option: Decorator = click.option("--quiet", "-q", is_flag=True, help="Faults only, no summary.")
strict_option: Decorator = click.option("--strict", is_flag=True, help="Warnings count as errors.")
no_cache_option: Decorator = click.option(
    "--no-cache", is_flag=True, help="Neither use nor keep what an earlier run found out."
)
down_option: Decorator = click.option(
    "--down",
    "down",
    multiple=True,
    metavar="HEAD|REGION",
    help="A head that does not answer, or a region none of whose heads does. May be given again.",
)


def find_root(value: str | None) -> Path:
    """The repository: the given folder, or the nearest one upward that has models.d.

    Raises:
        click.UsageError: there is none.
    """
    if value is not None:
        root = Path(value)
        if not root.is_dir():
            raise click.UsageError(f"--root {quote(value)} is not a folder that can be read")
        if not os.path.lexists(root / MODELS):
            raise click.UsageError(f"--root {quote(value)} has no {MODELS}/; name the folder that holds it")
        return root
    here = Path.cwd()
    for folder in (here, *here.parents):
        if os.path.lexists(folder / MODELS):
            return folder
    raise click.UsageError(
        f"no {MODELS}/ in this folder or above it; go to a configuration repository, or name one with --root DIR"
    )


def wants_colour(value: str) -> bool:
    """Whether to write colour: https://no-color.org and a terminal that can show it decide `auto`."""
    if value != "auto":
        return value == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def today() -> date:
    """The day in UTC on which waivers are judged."""
    return datetime.now(UTC).date()
