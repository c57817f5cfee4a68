"""`modelspec publish`: a build given to a running gateway, and what it runs."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from modelspec.cli.options import quiet_option
from modelspec.cli.stderr import accepted, echo_refusal, misuse, note
from modelspec.diagnose.refusal import Refusal, shown

if TYPE_CHECKING:
    from modelspec.gateways.envoy.admin import Admin
    from modelspec.gateways.envoy.files import EdgeFiles
    from modelspec.gateways.envoy.identity import BuiltFrom
    from modelspec.gateways.envoy.publish import Proof, Published
    from modelspec.gateways.envoy.status import Build, EdgeStatus

_KEY = "MODELSPEC_CANARY_KEY"
MOST = 20
"""`canary.MOST`, which `--help` does not import; a test compares the two."""


@click.group("publish")
def publish_command() -> None:
    """Publish a build to a running gateway without losing requests."""


@publish_command.command("envoy")
@click.argument("folder", metavar="[DIR]", required=False)
@click.option("--admin", metavar="URL", help="Envoy's admin interface, such as http://127.0.0.1:9901.")
@click.option("--from", "build", metavar="DIST", default="dist", show_default=True, help="The build folder.")
@click.option("--edge", "edge_id", metavar="ID", help="The edge. Default: the build's only one.")
@click.option("--check", is_flag=True, help="Publish nothing; validate every edge with the real Envoy.")
@click.option(
    "--status", is_flag=True, help="Publish nothing; say what the edge runs and what differs from it."
)
@click.option("--rollback", is_flag=True, help="Bring back the last good build, which is kept in DIR.")
@click.option(
    "--canary",
    type=click.IntRange(0, MOST),
    default=0,
    metavar="N",
    help=f"Then ask N changed models, at most {MOST}, with the key in {_KEY}. This costs N short requests.",
)
@click.option("--canary-url", metavar="URL", help="Where the canary finds the edge. Default: its listener.")
@click.option(
    "--envoy", metavar="PROGRAM", help="The Envoy to validate with. Default: the one on the PATH, if any."
)
@click.option(
    "--wait",
    type=click.FloatRange(0.1, 3600),
    default=60,
    show_default=True,
    help="Seconds to wait for Envoy to use a file.",
)
@click.option(
    "--format", "format_", type=click.Choice(("text", "json")), default="text", help="That of --status."
)
@quiet_option
def publish_envoy(  # noqa: PLR0913 - one parameter an option
    *,
    folder: str | None,
    admin: str | None,
    build: str,
    edge_id: str | None,
    check: bool,
    status: bool,
    rollback: bool,
    canary: int,
    canary_url: str | None,
    envoy: str | None,
    wait: float,
    format_: str,
    quiet: bool,
) -> int:
    """Copy the files of an edge to DIR, the folder that its Envoy reads, and wait until Envoy uses them.

    New clusters are added before the routes that name them, and old ones are removed last. You can interrupt it and
    run it again at any point. If no Envoy runs, the files are only written. The files of another edge are refused.

    Exit codes: 0 Envoy uses the build (or accepts it, with --check; or is well, with --status), 1 it does not, or a
    canary failed, 2 usage, 3 a bug in modelspec.
    """
    if check + status + rollback > 1 or (canary and (check or status or rollback)):
        raise click.UsageError("pass one of --check, --status, --rollback and --canary")
    if check and (folder or admin):
        raise click.UsageError("--check publishes nothing: leave out DIR and --admin")
    if check:
        return _check(Path(build), edge_id, envoy, quiet=quiet)
    if folder is None or admin is None:
        raise click.UsageError("name the folder that Envoy reads and its --admin URL, or pass --check")
    interface, path = _admin(admin), Path(folder)
    if status:
        return _status(path, interface, edge_id, Path(build), format_=format_)
    if rollback:
        from modelspec.gateways.envoy.publish import roll_back

        return _report(accepted(roll_back(path, interface, edge_id, wait=wait)), path, quiet=quiet)
    proof = _canary(canary, canary_url, Path(build), interface, wait=wait, quiet=quiet) if canary else None
    done = _publish(Path(build), edge_id, envoy, path, interface, wait, proof)
    return _report(done, path, proof, quiet=quiet)


def _admin(url: str) -> "Admin":
    from modelspec.gateways.envoy.admin import Admin

    interface = Admin.of(url)
    if isinstance(interface, Refusal):
        raise misuse(interface)
    return interface


def _check(build: Path, edge_id: str | None, envoy: str | None, *, quiet: bool) -> int:
    from modelspec.author.init import with_extra
    from modelspec.gateways.envoy.check import check, edge_files, edges_of, find_envoy

    program = envoy or find_envoy()
    if program is None:
        raise click.UsageError(
            f"no Envoy to validate with: {with_extra('gateways')}, or name one with --envoy"
        )
    edges = accepted(edges_of(build))
    code = 0
    for each in sorted(edges) if edge_id is None else (edge_id,):
        files = edge_files(build, edges, each)
        fault = files if isinstance(files, Refusal) else check(files, program)
        if fault is not None:
            echo_refusal(fault)
            code = 1
        elif not quiet:
            click.echo(f"edge {each}: Envoy accepts it", err=True)
    return code


def _publish(
    build: Path,
    edge_id: str | None,
    envoy: str | None,
    folder: Path,
    interface: "Admin",
    wait: float,
    proof: "Proof | None",
) -> "Published":
    from modelspec.gateways.envoy.check import check, edge_files, edges_of, find_envoy
    from modelspec.gateways.envoy.publish import publish

    files = accepted(edge_files(build, accepted(edges_of(build)), edge_id))
    accepted(check(files, envoy or find_envoy()))
    return accepted(publish(files, folder, interface, wait=wait, proof=proof))


def _report(done: "Published", folder: Path, proof: "Proof | None" = None, *, quiet: bool) -> int:
    """Say what was done, and what is left to do."""
    what = f"replaced {', '.join(done.replaced)}" if done.replaced else "nothing to do"
    edge = done.built.edge_id
    start = f"start Envoy with -c {shown(folder / 'bootstrap.json')}"
    if done.is_first:
        line = f"installed edge {edge}: {start}"
    elif not done.is_running:
        line = f"Envoy is not running: wrote edge {edge} ({what}); {start}"
    else:
        after = "; bootstrap.json has changed too: restart Envoy" if done.needs_restart else ""
        line = f"Envoy uses edge {edge} ({what}){after}"
    if not quiet:
        click.echo(line, err=True)
    if proof is not None and not done.is_running:
        note("the canary asked nothing: Envoy is not running")
        return 1
    if not done.proved:
        note(
            "the canary failed; the edge uses the new build\n"
            f"  = help: bring the last good one back: modelspec publish envoy --rollback --admin URL {shown(folder)}"
        )
    return 0 if done.proved else 1


def _canary(
    number: int, url: str | None, build: Path, interface: "Admin", *, wait: float, quiet: bool
) -> "Proof":
    """The proof of `--canary`: each answer is printed as it comes."""
    from modelspec.gateways.envoy.canary import CanaryTarget, changed, mode_of

    key = os.environ.get(_KEY, "")
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise click.UsageError(f"--canary needs a client key in {_KEY}")
    given = None if url is None else CanaryTarget.of(url)
    if isinstance(given, Refusal):
        raise misuse(given)

    def proof(before: "EdgeFiles | None", after: "EdgeFiles") -> bool:
        target = given or CanaryTarget.in_files(after, interface.host)
        if isinstance(target, Refusal):
            echo_refusal(target)
            return False
        modes = _modes(build)
        models = changed(before, after)
        asked = [name for name in models if mode_of(name, modes)][:number]
        if not quiet:
            click.echo(
                f"canary: asks {len(asked)} of {len(models)} changed models, one short request each", err=True
            )
        good = True
        for name in asked:
            answer = target.ask(name, mode_of(name, modes) or "", key, wait=wait)
            good = good and answer.is_good
            if not quiet or not answer.is_good:
                click.echo(f"canary: {answer}", err=True)
        return good

    return proof


def _modes(build: Path) -> Mapping[str, str]:
    """The mode of each model that says one, from the routing table of the build."""
    try:
        routes = json.loads((build / "routing" / "table.json").read_bytes())["routes"]
        found = {route["model_id"]: (route.get("model_info") or {}).get("mode") for route in routes}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {name: mode for name, mode in found.items() if isinstance(mode, str)}


def _built(build: Path) -> "Build | None":
    """The build to compare with; None if none is named and the default folder has none."""
    is_given = click.get_current_context().get_parameter_source("build") != ParameterSource.DEFAULT
    if not is_given and not (build / "manifest.json").exists():
        return None
    from modelspec.gateways.envoy.check import edge_files, edges_of

    edges = accepted(edges_of(build))
    return lambda edge_id: edge_files(build, edges, edge_id)


def _status(folder: Path, interface: "Admin", edge_id: str | None, place: Path, *, format_: str) -> int:
    from modelspec.gateways.envoy.status import described, status

    found = accepted(status(folder, interface, edge_id, _built(place)))
    if format_ == "json":
        click.echo(json.dumps(_fields(found), indent=2, sort_keys=True))
        return 0 if found.is_well else 1
    state = "as published" if found.is_stale is None else f"the build in {shown(place)}"
    click.echo(f"edge {found.edge_id} runs {described(found.running)}{f', {state}' if found.is_well else ''}")
    for problem in found.problems:
        click.echo(f"  {problem}")
    if found.rollback is not None:
        click.echo(f"  --rollback brings back {described(found.rollback)}")
    return 0 if found.is_well else 1


def _fields(found: "EdgeStatus") -> dict[str, object]:
    def built(of: "BuiltFrom | None") -> dict[str, str | None] | None:
        if of is None:
            return None
        return {"commit": of.commit if of.commit != of.digest else None, "digest": of.digest or None}

    return {
        "edge": found.edge_id,
        "running": built(found.running),
        "versions": found.versions,
        "build": built(found.build),
        "rollback": built(found.rollback),
        "changed_by_hand": found.changed,
        "not_used": found.unused,
        "canary_failed": found.canary_failed,
        "unfinished": found.is_unfinished,
        "stale": found.is_stale,
        "ok": found.is_well,
    }
