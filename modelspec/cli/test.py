"""`modelspec test`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelspec.cli.fleet import compiled_fleet
from modelspec.cli.options import colour_option, quiet_option, root_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelspec.ask.cases import Case
    from modelspec.ask.coverage import Coverage
    from modelspec.ask.places import Places
    from modelspec.routing.decide import Index


@click.command("test")
@root_option
@click.option(
    "--only", metavar="GLOB", help="Run the tests whose name or model matches, and measure nothing."
)
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Fail where less than this share of models, names, heads, tiers and failures is exercised.",
)
@click.option("--suggest", is_flag=True, help="Write the cases that are missing, as YAML to be pasted.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "json", "junit")),
    default="text",
    show_default=True,
    help="How to report.",
)
@colour_option
@quiet_option
def command(
    *,
    root: Path,
    only: str | None,
    fail_under: float | None,
    suggest: bool,
    format_: str,
    colour: bool,
    quiet: bool,
) -> int:
    """Run the routing tests of routes.test.yaml and measure what they exercise.

    Exit codes: 0 all passed, 1 a failure, too little coverage, no tests or errors in the repository, 2 usage, 3 a bug
    in modelspec.
    """
    if only is not None and (suggest or fail_under is not None):
        raise click.UsageError(
            "--only runs some of the tests, so there is no coverage to go by; leave one out"
        )
    if suggest and (fail_under is not None or format_ != "text"):
        option = "--fail-under" if fail_under is not None else "--format"
        raise click.UsageError(f"--suggest writes YAML to be pasted and reports nothing; leave {option} out")
    found = compiled_fleet(root, colour=colour, awaited="routes.test.yaml" if suggest else None)
    if found is None:
        return 1
    compiled, index = found
    # The runner is imported when there is something to run, not for `--help`.
    from modelspec.ask.cases import (
        FILE,
        cases_of,
        run,
    )
    from modelspec.ask.cases_formats import cases_json, cases_junit, cases_text
    from modelspec.ask.coverage import measure
    from modelspec.ask.places import Places

    places = Places(locator=compiled.locator, fleet=compiled.setup.whole)
    reading = compiled.setup.readings.get(FILE)
    cases = list(cases_of(None if reading is None else reading.value))
    results = run(index, _chosen(cases, only))
    coverage = measure(index, (result.decision for result in results)) if only is None else None
    if suggest and coverage is not None:
        return _suggest(index, coverage, places, has_cases=bool(cases))
    match format_:
        case "json":
            sys.stdout.write(cases_json(results, coverage, places))
        case "junit":
            sys.stdout.writelines(cases_junit(results, coverage, places, fail_under=fail_under))
        case _:
            shown = coverage if cases else None
            sys.stdout.writelines(cases_text(results, shown, places, colour=colour, quiet=quiet))
    code = int(any(result.differences for result in results))
    if not cases:
        _told(f"{FILE} has no tests; begin with: modelspec test --suggest")
        code = 1
    if coverage is not None and fail_under is not None and not coverage.reaches(fail_under):
        _told(f"coverage is {coverage.percent} %, and --fail-under asks for {fail_under:g} %")
        code = 1
    return code


def _chosen(cases: "Sequence[Case]", only: str | None) -> "Sequence[Case]":
    if only is None:
        return cases
    from modelspec.ask.cases import select

    chosen = select(cases, only)
    if not chosen:
        raise click.UsageError(
            f"--only '{only[:60]}' matches the name or model of none of the {len(cases)} tests"
        )
    return chosen


def _suggest(index: "Index", coverage: "Coverage", places: "Places", *, has_cases: bool) -> int:
    from modelspec.ask.suggest import (
        OPENING,
        dash_column,
        fitting,
        suggestions,
        suggestions_yaml,
    )

    found = list(suggestions(index, coverage))
    if not found:
        _told("nothing is missing: every model, name, head, tier and failure is exercised")
        return 0
    column = dash_column(places.locator) if has_cases else None
    if has_cases and column is None:
        _told("routes.test.yaml has its tests in brackets; write them as a list with dashes, then paste this")
    pieces = list(suggestions_yaml(index, found, indent=2 if column is None else column))
    kept, left_out = fitting(pieces, places.locator)
    if not has_cases:
        sys.stdout.write(OPENING)
    sys.stdout.writelines(kept)
    if left_out:
        _told(
            f"{left_out} more cases would make routes.test.yaml larger than a file may be, and are left out"
        )
    return 0


def _told(line: str) -> None:
    click.echo(f"modelspec: {line}", err=True)
