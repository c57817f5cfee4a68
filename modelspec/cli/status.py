"""`modelspec status`: what answers now."""

import os
import re
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelspec.cli.options import colour_option, format_option, quiet_option, root_option, today
from modelspec.cli.stderr import accepted, echo, misuse
from modelspec.diagnose.refusal import Refusal, shown
from modelspec.text.quote import quote

if TYPE_CHECKING:
    from modelspec.cli.fleet import AskedFleet
    from modelspec.traffic.status import ProbedFleet, StatusView
    from modelspec.traffic.watch import OutcomeSource, Station

_DURATION = re.compile(r"([0-9]{1,6})(s|m|h)")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def _seconds(_context: click.Context, _option: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    match = _DURATION.fullmatch(value)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not seconds:
        raise click.BadParameter(f"{quote(value)} is not a duration like 30s, 5m or 1h")
    return seconds


@click.command("status")
@root_option
@click.option(
    "--watch",
    "every",
    metavar="DURATION",
    callback=_seconds,
    help="Run on as a service, with a round every 30s, 5m or 1h, until SIGTERM.",
)
@click.option("--once", "is_once", is_flag=True, help="One round, which is the default: for cron.")
@click.option("--prometheus", metavar="URL", help="Read this Prometheus instead of probing.")
@click.option("--live", metavar="DIR", help="Where to write status.json. Default: `live` in modelspec.yaml.")
@click.option("--ca-file", metavar="PEM", help="Authorities to trust for TLS beside those of the system.")
@click.option(
    "--client-cert",
    metavar="PEM",
    help="A certificate for heads that demand one, and its key unless --client-key names it; upstreams never get it.",
)
@click.option("--client-key", metavar="PEM", help="The key of --client-cert.")
@format_option("Output format.", "text", "json")
@colour_option
@quiet_option
def status_command(  # noqa: PLR0913 - one parameter an option
    *,
    root: Path,
    every: int | None,
    is_once: bool,
    prometheus: str | None,
    live: str | None,
    ca_file: str | None,
    client_cert: str | None,
    client_key: str | None,
    format_: str,
    colour: bool,
    quiet: bool,
) -> int:
    """Probe every head and upstream, and write what answers now to status.json in the live folder.

    A probe is one request without a key, to an address that was checked after it was resolved; it follows no redirect.
    A head is up if its health path answers 200, an upstream if it answers anything below 500.

    Exit codes: 0 all well, 1 something is down (or the repository has errors), 2 usage, 3 a bug in modelspec. A watch
    ends with 0 on SIGTERM.
    """
    if every is not None and (is_once or format_ != "text"):
        raise click.UsageError("--watch runs on and prints no report: leave out --once and --format")
    if find_spec("httpx") is None:
        from modelspec.author.init import with_extra

        raise click.UsageError(f"status needs a package more: {with_extra('traffic')}")
    from modelspec.traffic.watch import once, watch

    if client_key is not None and client_cert is None:
        raise click.UsageError("--client-key needs --client-cert")
    certificate = None if client_cert is None else (client_cert, client_key)
    station = _station(
        root, _source(prometheus, ca_file, certificate), live, colour=colour, tells=every is not None
    )
    if every is not None:
        ended_by = accepted(watch(station, every))
        if ended_by == signal.SIGINT:
            raise KeyboardInterrupt
        return 0
    picture = accepted(once(station))
    _report(picture, format_=format_, colour=colour, quiet=quiet)
    return int(not picture.is_well)


def _report(picture: "StatusView", *, format_: str, colour: bool, quiet: bool) -> None:
    from modelspec.traffic.status import document_of, status_text

    if format_ == "json":
        sys.stdout.write(document_of(picture).decode())
    elif not quiet or not picture.is_well:
        sys.stdout.writelines(status_text(picture, colour=colour))


def _source(
    prometheus: str | None, ca_file: str | None, certificate: tuple[str, str | None] | None
) -> Callable[["AskedFleet"], "tuple[OutcomeSource, str]"]:
    """What makes the source of a fleet's rounds, and its name."""
    from modelspec.traffic.probe import Prober, Resolver, trust
    from modelspec.traffic.prometheus_source import PrometheusSource
    from modelspec.url import parts

    try:
        context = trust(ca_file)
    except OSError as error:
        raise click.UsageError(
            f"--ca-file {shown(ca_file)} cannot be used: {error.strerror or 'it holds no certificate'}"
        ) from error
    try:
        heads = None if certificate is None else trust(ca_file, certificate)
    except OSError as error:
        raise click.UsageError(
            f"--client-cert cannot be used: {error.strerror or 'it does not fit its key'}"
        ) from error
    if prometheus is None:
        resolve = Resolver()
        return lambda fleet: (
            Prober(
                probing=fleet.compiled.setup.settings.status, context=context, resolve=resolve, heads=heads
            ),
            "probes",
        )
    at = parts(prometheus)
    if at is None or at.scheme not in ("http", "https") or not at.host:
        raise misuse(
            Refusal(message="this is not a URL", help="write it like http://127.0.0.1:9090"), "--prometheus"
        )
    return lambda _fleet: (PrometheusSource(url=prometheus, context=context), "prometheus")


def _station(
    root: Path,
    source: Callable[["AskedFleet"], "tuple[OutcomeSource, str]"],
    live: str | None,
    *,
    colour: bool,
    tells: bool,
) -> "Station":
    from modelspec.cli.fleet import fleet_of
    from modelspec.traffic.live import live_folder
    from modelspec.traffic.watch import Station

    asked = fleet_of(root, colour=colour)
    settings = asked.compiled.setup.settings.status
    if settings.change_after > settings.of_last:
        raise misuse(
            Refusal(
                message=f"change_after is {settings.change_after}, of_last only {settings.of_last}",
                help="set `status` in modelspec.yaml so that of_last is not smaller than change_after",
            )
        )
    folder = accepted(live_folder(asked.compiled)) if live is None else Path(live)
    asks, name = source(asked)
    return Station(
        fleet=_LatestFleet(root, asked, tells=tells),
        source=asks,
        name=name,
        folder=folder,
        now=lambda: datetime.now(UTC),
        told=echo,
        changed=echo if tells else lambda _line: None,
    )


class _LatestFleet:
    """The fleet of a repository, compiled again when a file of it has changed; the last sound one meanwhile."""

    def __init__(self, root: Path, asked: "AskedFleet", *, tells: bool) -> None:
        self._root = root
        self._tells = tells
        self._stamp = _stamp(root)
        self._fleet = _probed(asked)

    def __call__(self) -> "ProbedFleet":
        stamp = _stamp(self._root) if self._tells else self._stamp
        if stamp != self._stamp:
            self._stamp = stamp
            self._compile()
        return self._fleet

    def _compile(self) -> None:
        from modelspec import api
        from modelspec.cli.fleet import AskedFleet
        from modelspec.routing.decide import Index

        try:
            compiled = api.compile(self._root, today=today())
        except OSError as error:
            echo(f"cannot read the repository: {error.strerror}; probing goes on as before")
            return
        if compiled.has_errors or compiled.table is None:
            echo("the repository has errors; probing goes on as before")
            return
        self._fleet = _probed(AskedFleet(compiled=compiled, index=Index(compiled.table)))
        echo("the repository has changed and was read again")


def _probed(asked: "AskedFleet") -> "ProbedFleet":
    from modelspec.traffic.status import ProbedFleet

    return ProbedFleet(
        index=asked.index, probing=asked.compiled.setup.settings.status, environment=dict(os.environ)
    )


def _stamp(root: Path) -> frozenset[tuple[str, int, int]]:
    """What tells that a file of the repository has changed: names, times and sizes."""
    files = list(root.glob("*.y*ml"))
    files += (Path(folder) / name for folder, _, names in os.walk(root / "models.d") for name in names)
    found = set()
    for path in files:
        try:
            about = path.lstat()
        except OSError:  # it was removed meanwhile
            continue
        found.add((str(path), about.st_mtime_ns, about.st_size))
    return frozenset(found)
