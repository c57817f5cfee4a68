"""`modelspec usage` and `drift`: what really happened, from the gateways' logs."""

import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from modelspec.cli.options import colour_option, format_option, quiet_option, root_option
from modelspec.cli.stderr import accepted, echo
from modelspec.text.quote import quote

if TYPE_CHECKING:
    from modelspec.cli.fleet import AskedFleet
    from modelspec.traffic.evidence import BreachSeen
    from modelspec.traffic.prices import PriceList
    from modelspec.traffic.query import Usage, UsageSpan
    from modelspec.traffic.read import ReadReport
    from modelspec.traffic.stage import KnownNames
    from modelspec.traffic.store import UsageFolder

_NEEDS = ("duckdb", "ibis", "zstandard")
_AGO = re.compile(r"([0-9]{1,5})([hd])")
_EXPORTED_DAYS = 28
_LONG = 2.0
"""Seconds after which reading says how far it is."""

_logs = click.argument("logs", nargs=-1, type=click.Path(path_type=Path), metavar="[LOGS]...")
_into = click.option(
    "--into",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Add what is new in LOGS to this aggregate.",
)
_from = click.option(
    "--from",
    "sources",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="DIR",
    help="Ask this aggregate, without reading logs. Repeatable: aggregates of several machines add up.",
)
_engine = click.option(
    "--engine",
    metavar="URL",
    help="Ask the table modelspec_usage there, by an Ibis connection URL, instead of files.",
)


@click.command("usage")
@_logs
@_into
@_from
@_engine
@click.option(
    "--by",
    metavar="NAME,...",
    default="model",
    show_default=True,
    help="Group by model, client, head, served, upstream, class, key_id, owner, day, hour; asked; edge, commit.",
)
@click.option(
    "--since", metavar="WHEN", help="Count from here on: 7d or 12h before the last request, or a date."
)
@click.option(
    "--until", metavar="WHEN", help="Count up to this date or time in UTC; --since counts back from it."
)
@click.option("--residency", is_flag=True, help="Name each request that touched a region outside instead.")
@click.option(
    "--live", metavar="DIR", help="Write usage.json here. Default with --into: `live` in modelspec.yaml."
)
@click.option(
    "--export",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=f"Write the sums of the last {_EXPORTED_DAYS} days, for plan --replay where the aggregate is not: .json.gz.",
)
@root_option
@format_option("Output format.", "text", "json", "csv", "markdown")
@colour_option
@quiet_option
def usage_command(  # noqa: PLR0913 - one parameter an option
    *,
    logs: tuple[Path, ...],
    into: Path | None,
    sources: tuple[Path, ...],
    engine: str | None,
    by: str,
    since: str | None,
    until: str | None,
    residency: bool,
    live: str | None,
    export: Path | None,
    root: Path,
    format_: str,
    colour: bool,
    quiet: bool,
) -> int:
    """Show what happened, from the logs of gateways: requests, errors, latency, tokens, cost, residency.

    LOGS are files or folders: JSON lines, plain, gzip or zstd, or Parquet. With --into, each file is read once, as far
    as it has grown, and added to an aggregate of counts by hour and histograms by day.

    Exit codes: 0 shown, 1 a request touched a region outside, or errors in the repository, 2 usage, 3 a bug in
    modelspec.
    """
    check_sources(logs, into, sources, engine)
    dimensions = _dimensions(by)
    if residency and (engine or format_ in ("csv", "markdown")):
        raise click.UsageError("--residency needs logs or an aggregate's folder, and writes text or json")
    check_packages("usage")
    with ExitStack() as stack:
        asked = open_usage(stack, root, logs, into, sources, engine, colour=colour)
        span, bounds = _span(asked.usage, since, until)
        found = asked.breaches(span)
        if live is not None or into is not None:
            _write_live(asked, found, span, bounds, live)
        if into is not None:
            from modelspec.traffic.demand import REPLAYED_DAYS, demand_at

            demand_at(into, REPLAYED_DAYS)  # kept beside the aggregate, so that no plan has to sum it up
        if export is not None:
            _export(asked, export)
        if residency:
            _residency(asked, found, span, format_)
        else:
            _usage(asked, dimensions, span, bounds, format_)
        if not quiet and format_ == "text":
            asked.tell()
        if found and not residency:
            echo(f"{len(found)} requests touched a region outside: modelspec usage --residency names them")
        return int(bool(found))


@click.command("drift")
@_logs
@_from
@_engine
@click.option(
    "--days", type=click.IntRange(1, 3660), default=28, show_default=True, help="How far to look back."
)
@click.option(
    "--commit", metavar="ID", help="What edges should run. Default: the commit that is checked out."
)
@root_option
@format_option("Output format.", "text", "json")
@colour_option
def drift_command(
    *,
    logs: tuple[Path, ...],
    sources: tuple[Path, ...],
    engine: str | None,
    days: int,
    commit: str | None,
    root: Path,
    format_: str,
    colour: bool,
) -> int:
    """Show what is served without being declared, declared without being called, and edges that run another commit.

    Exit codes: 0 no drift, 1 something undeclared is served, an edge runs another commit, or errors in the repository,
    2 usage, 3 a bug in modelspec.
    """
    check_sources(logs, None, sources, engine)
    check_packages("drift")
    from modelspec.pipeline import emission_of
    from modelspec.traffic.evidence import drift_json, drift_report, drift_text

    with ExitStack() as stack:
        asked = open_usage(stack, root, logs, None, sources, engine, colour=colour)
        digest = emission_of(asked.fleet.compiled).origin.digest
        expected = [commit] if commit else [*_head_commit(root), digest]
        report = drift_report(asked.usage, asked.fleet.index.table, asked.known, days=days, expected=expected)
    sys.stdout.writelines([drift_json(report)] if format_ == "json" else drift_text(report))
    return int(report.has_drift)


def _head_commit(root: Path) -> list[str]:
    """The commit that is checked out; nothing outside of git."""
    from modelspec.diagnose.refusal import Refusal
    from modelspec.git.commit import revisions
    from modelspec.git.repository import find_repository

    repository = find_repository(root)
    if isinstance(repository, Refusal):
        return []
    found = revisions(repository, base="HEAD", head=None, fork=False)
    return [] if isinstance(found, Refusal) else [found.base.id]


def check_packages(verb: str) -> None:
    """Raises click.UsageError if the packages of the extra are missing."""
    if not all(map(find_spec, _NEEDS)):
        from modelspec.author.init import with_extra

        raise click.UsageError(f"{verb} needs a few packages more: {with_extra('traffic')}")


def check_sources(
    logs: Sequence[Path], into: Path | None, sources: Sequence[Path], engine: str | None
) -> None:
    """Raises click.UsageError unless exactly one kind of source is named."""
    if into is not None and not logs:
        raise click.UsageError("--into adds logs to an aggregate: name log files; --from asks one")
    if bool(logs) + bool(sources) + bool(engine) != 1:
        raise click.UsageError("name log files, or an aggregate with --from, or an engine with --engine")


def _dimensions(by: str) -> list[str]:
    """Raises click.UsageError for a name that is none, or names that do not go together."""
    from modelspec.text.names import nearest

    known = (
        *("model", "client", "head", "served", "upstream", "class", "key_id", "owner"),
        *("day", "hour", "asked", "edge", "commit"),
    )
    names = [name.strip() for name in by.split(",") if name.strip()]
    for name in names:
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean '{near}'?" if near else f"the names are {', '.join(known)}"
            raise click.UsageError(f"--by: nothing is named {quote(name)}; {hint}")
    given = set(names)
    if given & {"edge", "commit"} and given - {"edge", "commit", "class", "day", "hour"}:
        raise click.UsageError("--by: edge and commit go together with class, day and hour only")
    if "asked" in given and given - {"asked", "client", "model", "class", "day", "hour"}:
        raise click.UsageError("--by: asked goes together with client, model, class, day and hour only")
    return list(dict.fromkeys(names))


@dataclass(frozen=True, kw_only=True)
class AskedUsage:
    """A fleet, an aggregate of its traffic, and what was read for it, if anything."""

    fleet: "AskedFleet"
    known: "KnownNames"
    usage: "Usage"
    folders: "tuple[UsageFolder, ...]"
    read: "ReadReport | None"

    def breaches(self, span: "UsageSpan") -> "tuple[BreachSeen, ...]":
        """The requests of a span that touched a region outside."""
        from modelspec.traffic.evidence import breaches_of

        found = (one for folder in self.folders for one in folder.breaches())
        return breaches_of(found, self.known, self.fleet.places, span)

    def prices(self) -> "PriceList | None":
        """The repository's price list, if it has one."""
        from modelspec.traffic.prices import price_list

        path = self.fleet.compiled.setup.settings.prices
        return None if path is None else accepted(price_list(self.fleet.compiled.tree, path, self.known))

    def tell(self) -> None:
        """Say what became of the lines, on standard error."""
        from modelspec.traffic.usage_report import read_text

        if self.read is not None:
            echo(*"".join(read_text(self.read)).splitlines())


def open_usage(
    stack: ExitStack,
    root: Path,
    logs: Sequence[Path],
    into: Path | None,
    sources: Sequence[Path],
    engine: str | None,
    *,
    colour: bool,
) -> AskedUsage:
    """Read logs if there are any, and open the aggregate."""
    from modelspec.cli.fleet import fleet_of
    from modelspec.traffic.engines import DuckEngine, IbisEngine
    from modelspec.traffic.layouts import mappings_of
    from modelspec.traffic.query import Usage
    from modelspec.traffic.read import read_logs
    from modelspec.traffic.stage import known_names
    from modelspec.traffic.store import UsageFolder

    fleet = fleet_of(root, colour=colour)
    known = known_names(fleet.index.table)
    scratch = Path(stack.enter_context(TemporaryDirectory(prefix="modelspec-usage-")))
    read = None
    folders = tuple(UsageFolder(path=path) for path in sources)
    for folder in folders:
        if not folder.path.is_dir():
            raise click.UsageError(f"--from: {quote(str(folder.path))} is not a folder")
    if logs:
        folders = (UsageFolder(path=into or scratch / "usage"),)
        mappings = mappings_of(fleet.compiled.setup.settings.log_mappings)
        read = accepted(
            read_logs(
                logs,
                folders[0],
                known,
                mappings,
                is_final=into is None,
                progress=_Progress() if sys.stderr.isatty() else None,
            )
        )
    owners = {key.key_id: key.owner for key in fleet.compiled.setup.client_keys}
    if engine is not None:
        usage = Usage(engine=accepted(IbisEngine.at(engine)), owners=owners)
    else:
        files = [path for folder in folders for path in folder.files()]
        usage = Usage(engine=accepted(DuckEngine.over(files, scratch)), owners=owners)
    return AskedUsage(fleet=fleet, known=known, usage=usage, folders=folders, read=read)


class _Progress:
    """Says on a terminal how far reading is, once it takes long."""

    def __init__(self) -> None:
        self._started = self._said = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._started > _LONG and (now - self._said > 1 or done >= total):
            self._said = now
            end = "\n" if done >= total else ""
            click.echo(
                f"\rreading: {min(100, done * 100 // max(1, total))} % of {total >> 20} MiB{end}",
                err=True,
                nl=False,
            )


def _span(
    usage: "Usage", since: str | None, until: str | None
) -> "tuple[UsageSpan, tuple[datetime, datetime] | None]":
    """The hours to count, and the first and last hour that there are requests of.

    Raises:
        click.UsageError: one of them is no time.
    """
    from modelspec.traffic.query import UsageSpan

    bounds = usage.first_and_last()
    end = None if until is None else _moment(until, "--until")
    if since is None or bounds is None:
        return UsageSpan(until=end), bounds
    match = _AGO.fullmatch(since)
    last = end or bounds[1] + timedelta(hours=1)
    if match is None:
        return UsageSpan(since=_moment(since, "--since"), until=last), bounds
    back = timedelta(hours=int(match[1])) if match[2] == "h" else timedelta(days=int(match[1]))
    return UsageSpan(since=last - back, until=last), bounds


def _moment(text: str, option: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(
            f"{option}: {quote(text)} is not a time like 7d, 12h, 2026-11-30 or 2026-11-30T08:00"
        ) from None
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment


def _usage(
    asked: AskedUsage,
    by: Sequence[str],
    span: "UsageSpan",
    bounds: tuple[datetime, datetime] | None,
    format_: str,
) -> None:
    from modelspec.traffic.usage_report import usage_csv, usage_json, usage_markdown, usage_report, usage_text

    report = usage_report(asked.usage, by, span, bounds, asked.prices(), asked.read)
    pieces: Iterator[str] | list[str]
    match format_:
        case "json":
            pieces = [usage_json(report)]
        case "csv":
            pieces = [usage_csv(report)]
        case "markdown":
            pieces = usage_markdown(report)
        case _:
            pieces = usage_text(report)
    sys.stdout.writelines(pieces)


def _residency(asked: AskedUsage, found: "Sequence[BreachSeen]", span: "UsageSpan", format_: str) -> None:
    from modelspec.traffic.evidence import residency_json, residency_report, residency_text

    report = residency_report(asked.usage, found, asked.known, span)
    sys.stdout.writelines([residency_json(report)] if format_ == "json" else residency_text(report))


def _write_live(
    asked: AskedUsage,
    found: "Sequence[BreachSeen]",
    span: "UsageSpan",
    bounds: tuple[datetime, datetime] | None,
    live: str | None,
) -> None:
    """Write usage.json; an engine has no single requests, so nothing is said of residency."""
    from modelspec.cli.stderr import refuse
    from modelspec.traffic.evidence import residency_report
    from modelspec.traffic.live import USAGE_FILE, live_folder, replace_file
    from modelspec.traffic.usage_live import LiveUsage, usage_document

    folder = Path(live) if live is not None else accepted(live_folder(asked.fleet.compiled))
    shown = LiveUsage(
        usage=asked.usage,
        span=span,
        bounds=bounds,
        known=asked.known,
        prices=asked.prices(),
        residency=residency_report(asked.usage, found, asked.known, span) if asked.folders else None,
    )
    refusal = replace_file(folder, USAGE_FILE, usage_document(shown))
    if refusal is not None:
        refuse(refusal)


def _export(asked: AskedUsage, file: Path) -> None:
    """Write the sums that a plan is weighed by."""
    from modelspec.change.demand import demand_file
    from modelspec.cli.stderr import refuse
    from modelspec.diagnose.refusal import Refusal
    from modelspec.traffic.demand import demand_from
    from modelspec.traffic.live import replace_file

    demand = demand_from(asked.usage, _EXPORTED_DAYS)
    if demand is None:
        refuse(
            Refusal(message="there are no requests to export", help="name logs or an aggregate that has some")
        )
    refusal = replace_file(file.parent, file.name, demand_file(demand))
    if refusal is not None:
        refuse(refusal)
