"""`modelspec suggest`: changes that usage asks for, as edits that have passed."""

import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelspec.cli.check import CHANGES
from modelspec.cli.options import DraftOptions, colour_option, format_option, quiet_option, root_option, today
from modelspec.cli.stderr import echo

if TYPE_CHECKING:
    from collections.abc import Collection

    from modelspec.traffic.observed import Observed
    from modelspec.traffic.suggested import SuggestReport


@click.command("suggest")
@click.option(
    "--from",
    "sources",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="DIR",
    help="The aggregate that `modelspec usage --into` writes. Repeatable: aggregates of several machines add up.",
)
@click.option(
    "--engine",
    metavar="URL",
    help="Ask the table modelspec_usage there, by an Ibis connection URL, instead of files.",
)
@click.option("--apply", "applies", is_flag=True, help="Write the edits.")
@click.option("--branch", metavar="NAME", help="Write the edits, and commit each on this new branch.")
@click.option("--push", is_flag=True, help="Push the branch, and print the URL for a pull request.")
@root_option
@format_option("Output format.", "text", "markdown", "json")
@colour_option
@quiet_option
def suggest_command(  # noqa: PLR0913 - one parameter an option
    *,
    sources: tuple[Path, ...],
    engine: str | None,
    applies: bool,
    branch: str | None,
    push: bool,
    root: Path,
    format_: str,
    colour: bool,
    quiet: bool,
) -> int:
    """Suggest changes that usage asks for, each an edit with its evidence.

    A suggestion has passed validate, plan with its guards and a replay, the routing tests, and the drill of every head
    and region. Where usage shows nothing beyond doubt, nothing is suggested: `suggest` in modelspec.yaml says when.

    Exit codes: 0 nothing to suggest, 10 suggestions, 1 errors in the repository or a refused commit, 2 usage,
    3 a bug in modelspec.
    """
    from modelspec.cli.traffic import check_packages, check_sources, open_usage
    from modelspec.traffic.demand import demand_from
    from modelspec.traffic.observed import WEEK, Observed
    from modelspec.traffic.suggested import (
        SuggestReport,
        suggest,
        suggestions_json,
        suggestions_markdown,
        suggestions_text,
    )

    if push and branch is None:
        raise click.UsageError("--push needs --branch NAME")
    check_sources((), None, sources, engine)
    check_packages("suggest")
    with ExitStack() as stack:
        asked = open_usage(stack, root, (), None, sources, engine, colour=colour)
        compiled = asked.fleet.compiled
        rule = compiled.setup.settings.suggest
        seen = Observed.of(asked.usage, asked.fleet.index, rule, None, asked.prices())
        report = SuggestReport(seen=None)
        if seen is not None:
            recent = _changed(root, seen, rule.idle_days)
            seen = replace(seen, recent=recent, changed=_changed(root, seen, rule.days + WEEK.days))
            report = suggest(compiled, seen, demand_from(asked.usage, rule.days), today())
    match format_:
        case "json":
            sys.stdout.write(suggestions_json(report))
        case "markdown":
            sys.stdout.writelines(suggestions_markdown(report))
        case _:
            sys.stdout.writelines(suggestions_text(report))
    sys.stdout.flush()
    _sum_up(report, quiet=quiet)
    if applies or branch is not None:
        _write(report, branch, push=push, quiet=quiet)
    return CHANGES if report.suggestions else 0


def _changed(root: Path, seen: "Observed", days: int) -> "Collection[str] | None":
    """Files that changed since the last so many days of usage began; None where git cannot tell."""
    from datetime import timedelta

    from modelspec.diagnose.refusal import Refusal
    from modelspec.git import find_repository
    from modelspec.git.commit import changed_since

    repository = find_repository(root)
    if isinstance(repository, Refusal):
        return None
    return changed_since(repository, seen.last - timedelta(days=days))


def _sum_up(report: "SuggestReport", *, quiet: bool) -> None:
    """Say on standard error what did not pass, and why there may be nothing."""
    if quiet:
        return
    if report.seen is None:
        echo("nothing to suggest: there are no requests")
        return
    for one in report.dropped:
        echo(f"not suggested: {one.proposal.kind} of {one.proposal.subject}: {one.why}")
    if report.left_out:
        echo(
            f"{report.left_out} more were not tried: `suggest.most` in modelspec.yaml is {report.seen.rule.most}"
        )
    if report.seen.length < report.seen.rule.days:
        echo(
            f"nothing to suggest yet: usage of {report.seen.length} of {report.seen.rule.days} days is there"
        )
    elif not report.suggestions:
        echo(f"nothing to suggest, from usage of {report.seen.first} to {report.seen.last}")


def _write(report: "SuggestReport", branch: str | None, *, push: bool, quiet: bool) -> None:
    """Write each edit and, with a branch, commit it on its own; the branch is pushed once, at the end."""
    from modelspec.cli.drafts import write_draft

    last = len(report.suggestions) - 1
    for number, one in enumerate(report.suggestions):
        options = DraftOptions(
            dry_run=False,
            quiet=quiet,
            commit=branch is not None,
            branch=branch if number == 0 else None,
            message=None,
            push=push and number == last,
        )
        write_draft(one.before, one.draft, one.verdict, options)
