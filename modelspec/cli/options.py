"""Options that several verbs share."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelspec.cli.names import find_root, names, places
from modelspec.report import REPORTS

if TYPE_CHECKING:
    from modelspec.change.demand import Demand

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def format_option(text: str, *formats: str) -> Decorator:
    """`--format`; the first of the formats is the default."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help=text,
    )


root_option: Decorator = click.option(
    "--root",
    metavar="DIR",
    shell_complete=places("dir"),
    callback=lambda context, _option, value: find_root(value, context.params.get("paths") or ()),
    help="The configuration repository. Default: this folder or the nearest parent with a models.d/.",
)
faults_option = format_option("How to report faults.", *REPORTS)
colour_option: Decorator = click.option(
    "--color",
    "colour",
    type=click.Choice(("auto", "always", "never")),
    default="auto",
    show_default=True,
    callback=lambda _context, _option, value: wants_colour(value),
    help="Colour the text. NO_COLOR also turns it off.",
)
quiet_option: Decorator = click.option("--quiet", "-q", is_flag=True, help="Print faults only, no summary.")
strict_option: Decorator = click.option("--strict", is_flag=True, help="Treat warnings as errors.")
all_option: Decorator = click.option(
    "--all", "show_all", is_flag=True, help="List every finding, however many a rule has."
)
check_option: Decorator = click.option(
    "--check", is_flag=True, help="Write nothing; list what is stale, and exit with 1 if anything is."
)
dry_run_option: Decorator = click.option(
    "--dry-run", is_flag=True, help="Print the change as a diff; write nothing."
)
down_option: Decorator = click.option(
    "--down",
    "down",
    multiple=True,
    metavar="HEAD|REGION",
    shell_complete=names("head", "region"),
    help="A head that is down, or a region whose heads are all down. Repeatable.",
)
days_option: Decorator = click.option(
    "--days",
    type=click.IntRange(1, 366),
    default=7,
    show_default=True,
    help="How many of the last days of the aggregate count; a file has its own.",
)
cascade_yes_option: Decorator = click.option("--yes", "-y", is_flag=True, help="Do not ask before a cascade.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOptions:
    """What to do with a draft: show it, or write it and perhaps commit it.

    `branch` None is the current branch; `message` None is a title made from the change.
    """

    dry_run: bool
    quiet: bool
    commit: bool
    branch: str | None
    message: str | None
    push: bool

    @property
    def commits(self) -> bool:
        """Whether to commit."""
        return self.commit or self.branch is not None


_DRAFT_OPTIONS: tuple[Decorator, ...] = (
    dry_run_option,
    click.option("--commit", is_flag=True, help="Commit the changed files, and nothing else."),
    click.option("--branch", metavar="NAME", help="Commit on a new branch."),
    click.option(
        "--message", "-m", metavar="TEXT", help="The commit's title. Default: what the change does."
    ),
    click.option("--push", is_flag=True, help="Push the branch, and print the URL for a pull request."),
    click.option("--quiet", "-q", is_flag=True, help="Print faults only."),
)


def draft_options(verb: Callable[..., int]) -> Callable[..., int]:
    """Add the options of every verb that changes files; the verb gets them as one `options`."""

    @wraps(verb)
    def with_options(**given: Any) -> int:  # noqa: ANN401 - one key an option
        options = DraftOptions(**{field.name: given.pop(field.name) for field in fields(DraftOptions)})
        for option, is_given in (("--message", options.message is not None), ("--push", options.push)):
            if is_given and not options.commits:
                raise click.UsageError(f"{option} needs --commit or --branch NAME")
        if options.message is not None and not options.message.strip():
            raise click.UsageError("--message is empty")
        return verb(options=options, **given)

    decorated: Callable[..., int] = with_options
    for option in reversed(_DRAFT_OPTIONS):
        decorated = option(decorated)
    return decorated


def demand_for(usage: Path, days: int) -> "Demand | None":
    """The last days of an aggregate of usage, or what a file holds; None where there is nothing.

    Raises:
        click.exceptions.Exit: it cannot be read.
    """
    from modelspec.cli.stderr import accepted
    from modelspec.traffic.demand import demand_at

    return accepted(demand_at(usage, days), code=2)


def wants_colour(value: str) -> bool:
    """Whether to write colour; `auto` follows https://no-color.org and the terminal."""
    if value != "auto":
        return value == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def today() -> date:
    """Today in UTC, which decides whether waivers have expired."""
    return datetime.now(UTC).date()
