"""`modelspec route`, `test` and `drill`: where requests go, and what happens when heads fail."""

import sys
from pathlib import Path

import click

from modelspec.cli.names import names
from modelspec.cli.options import (
    colour_option,
    days_option,
    demand_for,
    down_option,
    format_option,
    quiet_option,
    root_option,
)
from modelspec.cli.stderr import note
from modelspec.text.quote import quote


@click.command("route")
@click.argument("model", shell_complete=names("model"))
@click.option(
    "--from",
    "origin",
    metavar="REGION",
    shell_complete=names("region"),
    help="The client's region. Default: any region that may call the model.",
)
@down_option
@root_option
@format_option("Output format.", "text", "json")
@colour_option
def route_command(
    *, model: str, origin: str | None, down: tuple[str, ...], root: Path, format_: str, colour: bool
) -> int:
    """Show where a request for MODEL goes, tier by tier, and why.

    Exit codes: 0 routed, 1 not routed (404, 403, 503) or errors in the repository, 2 usage, 3 a bug in modelspec.
    """
    from modelspec.ask.account import account
    from modelspec.ask.account_formats import account_json, account_text
    from modelspec.cli.fleet import check_names, fleet_of
    from modelspec.routing.decide import Request, Why, decide

    fleet = fleet_of(root, colour=colour)
    check_names(fleet.index, origin=origin, down=down)
    decision = decide(fleet.index, Request(model=model, origin=origin, down=tuple(dict.fromkeys(down))))
    found = account(fleet.index, decision, fleet.places)
    sys.stdout.writelines([account_json(found)] if format_ == "json" else account_text(found, colour=colour))
    return int(decision.why is not Why.ROUTED)


@click.command("test")
@root_option
@click.option(
    "--only", metavar="GLOB", help="Run only tests whose name or model matches, and measure no coverage."
)
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Fail if less than this share of models, names, heads, tiers and failures is exercised.",
)
@click.option("--suggest", is_flag=True, help="Print the missing tests, as YAML to paste.")
@format_option("Output format.", "text", "json", "junit")
@colour_option
@quiet_option
def test_command(
    *,
    root: Path,
    only: str | None,
    fail_under: float | None,
    suggest: bool,
    format_: str,
    colour: bool,
    quiet: bool,
) -> int:
    """Run the routing tests in routes.test.yaml and measure their coverage.

    Exit codes: 0 all passed, 1 a failure, too little coverage, no tests or errors in the repository, 2 usage, 3 a bug
    in modelspec.
    """
    _check_options(only, fail_under, suggest=suggest, format_=format_)
    from modelspec.ask.cases import FILE, run
    from modelspec.ask.cases_formats import cases_json, cases_junit, cases_text
    from modelspec.ask.coverage import measure
    from modelspec.cli.fleet import chosen_cases, fleet_of, write_suggestions

    fleet = fleet_of(root, colour=colour, awaited=FILE if suggest else None)
    cases = fleet.cases()
    results = run(fleet.index, chosen_cases(cases, only))
    coverage = measure(fleet.index, (result.decision for result in results)) if only is None else None
    if suggest and coverage is not None:
        write_suggestions(fleet, coverage, has_cases=bool(cases))
        return 0
    match format_:
        case "json":
            sys.stdout.write(cases_json(results, coverage, fleet.places))
        case "junit":
            sys.stdout.writelines(cases_junit(results, coverage, fleet.places, fail_under=fail_under))
        case _:
            shown = coverage if cases else None
            sys.stdout.writelines(cases_text(results, shown, fleet.places, colour=colour, quiet=quiet))
    code = int(any(result.differences for result in results))
    if not cases:
        note(f"{FILE} has no tests; start with: modelspec test --suggest")
        code = 1
    if coverage is not None and fail_under is not None and not coverage.reaches(fail_under):
        note(f"coverage is {coverage.percent} %, but --fail-under requires {fail_under:g} %")
        code = 1
    return code


def _check_options(only: str | None, fail_under: float | None, *, suggest: bool, format_: str) -> None:
    """Raises click.UsageError if they cannot be combined."""
    if only is not None and (suggest or fail_under is not None):
        raise click.UsageError("--only measures no coverage; leave out --only, or --suggest and --fail-under")
    if suggest and (fail_under is not None or format_ != "text"):
        option = "--fail-under" if fail_under is not None else "--format"
        raise click.UsageError(f"--suggest prints YAML instead of a report; leave out {option}")


@click.command("drill")
@down_option
@click.option(
    "--usage",
    metavar="USAGE",
    type=click.Path(path_type=Path),
    help="Count requests too: an aggregate of usage, a folder or a file.",
)
@days_option
@root_option
@format_option("Output format.", "text", "markdown", "json")
@colour_option
def drill_command(
    *, down: tuple[str, ...], usage: Path | None, days: int, root: Path, format_: str, colour: bool
) -> int:
    """Show which models lose service, move or leave their region when heads or regions go down.

    Without --down, each head and then each region goes down alone. With --down, all that it names go down together.
    With --usage, requests count as well: those that lose service or move in a day, and the rates of the other heads.

    Exit codes: 0 reported, 1 errors in the repository, 2 usage, 3 a bug in modelspec.
    """
    from modelspec.ask.drill import drill, each_alone, in_requests
    from modelspec.ask.drill_formats import drill_json, drill_markdown, drill_text
    from modelspec.cli.fleet import check_names, fleet_of

    index = fleet_of(root, colour=colour).index
    check_names(index, origin=None, down=down)
    report = drill(index, [tuple(dict.fromkeys(down))] if down else list(each_alone(index)))
    if usage is not None:
        demand = demand_for(usage, days)
        if demand is None:
            raise click.UsageError(
                f"--usage {quote(str(usage))} has no requests; name what `modelspec usage` wrote"
            )
        report = in_requests(report, index, demand)
    match format_:
        case "json":
            sys.stdout.write(drill_json(report))
        case "markdown":
            sys.stdout.write(drill_markdown(report))
        case _:
            sys.stdout.writelines(drill_text(report, colour=colour))
    return 0
