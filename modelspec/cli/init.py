"""`modelspec init`."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelspec.cli.options import colour_option, quiet_option, today
from modelspec.cli.questions import Options, can_ask, one_of, some_of, text
from modelspec.text.quote import quote

if TYPE_CHECKING:
    from modelspec.author.init import InstallSource, Start

_FORGES = ("github", "gitlab", "gitea", "bitbucket", "none")
_REGIONS = (
    ("eu", "Europe"),
    ("us", "United States"),
    ("uk", "United Kingdom"),
    ("no", "Norway"),
    ("ch", "Switzerland"),
    ("ca", "Canada"),
    ("br", "Brazil"),
    ("jp", "Japan"),
    ("in", "India"),
    ("sg", "Singapore"),
    ("au", "Australia"),
    ("cn", "China"),
)


@click.command("init")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--forge",
    type=click.Choice(_FORGES),
    help="Whose CI to write. Default: that of the git remote, else github.",
)
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="CODE=NAME",
    help="A region to begin with, such as eu=Europe; once for each. Default: eu and us.",
)
@click.option(
    "--heads",
    type=click.IntRange(2, 9),
    metavar="N",
    help="How many heads each region begins with. Default: 2.",
)
@click.option(
    "--owner", metavar="@ORG/TEAM", help="Who has to agree to changes of the policy, for CODEOWNERS."
)
@click.option(
    "--modelspec-from",
    "from_",
    envvar="MODELSPEC_FROM",
    show_envvar=True,
    metavar="SOURCE",
    help="What the pipeline installs: git+https://HOST/PATH@COMMIT, the URL or path of a wheel with #sha256=HASH, or an"
    " index requirement with its --hash. Default: where this copy of modelspec came from, if that is pinned.",
)
@colour_option
@quiet_option
def init_command(
    *,
    folder: Path | None,
    forge: str | None,
    regions: tuple[str, ...],
    heads: int | None,
    owner: str | None,
    from_: str | None,
    colour: bool,
    quiet: bool,
) -> int:
    """Begin a configuration repository in DIR, with its CI, which validates, tests and builds at once.

    Nothing is overwritten: where a file of it is there already, nothing at all is written. At a terminal,
    without DIR and options, it asks.

    Exit codes: 0 written, 1 not written, 2 usage, 3 a bug in modelspec.
    """
    # The compiler is imported when a repository is to be made, not for `--help`.
    from modelspec.author.init import DEFAULT_OWNER, Created, create, files, forge_of
    from modelspec.cli.report import report
    from modelspec.diagnose.refusal import Refusal, shown
    from modelspec.incremental import validate

    source = _source(from_)
    asks = not quiet and not (folder or forge or regions or heads or owner) and can_ask()
    if asks:
        folder = Path(text("Folder", "."))
    folder = folder or Path()
    found = None if forge else forge_of(folder.absolute())
    if asks:
        found = forge = one_of("Forge, whose CI is written", _forges(found or "github"))
        chosen = some_of("Regions (none: eu and us)", _REGIONS)
        regions = tuple(f"{code}={name}" for code, name in _REGIONS if code in chosen)
        heads = click.prompt("Heads in each region", type=click.IntRange(2, 9), default=2)
        owner = text("Who agrees to changes of the policy", DEFAULT_OWNER)
    start = _start(forge or found or "github", regions, owner, source, heads=heads or 2)
    outcome = create(folder, files(start), lambda tree: validate(tree, today=today(), cache=False))
    if isinstance(outcome, Refusal):
        click.echo(f"modelspec: {outcome.message}\n  = help: {outcome.help}", err=True)
        return 1
    if not isinstance(outcome, Created):
        report(outcome, format_="text", colour=colour, quiet=quiet)
        click.echo("modelspec: nothing was written: give other regions or names", err=True)
        return 1
    if not quiet:
        click.echo(f"wrote {len(outcome.files)} files to {shown(str(folder))}", err=True)
        click.echo("\n".join(_next(folder, start, guessed=not forge and not found)), err=True)
    return 0


def _source(given: str | None) -> "InstallSource":
    from modelspec.author.init import FORMS, InstallSource, origin, source_of

    if given is not None:
        source = source_of(given)
        if source is None:  # what was given is not printed: it may hold a password
            raise click.UsageError(f"--modelspec-from, or MODELSPEC_FROM, takes {FORMS}")
        return source
    found = origin()
    if isinstance(found, InstallSource):
        return found
    raise click.UsageError(
        "nothing pins this copy of modelspec: it was not installed from a git commit, nor from a file whose hash was"
        f" noted. Say what the pipeline installs: --modelspec-from takes {FORMS}"
    )


def _forges(first: str) -> "Options":
    return [(forge, forge) for forge in (first, *(other for other in _FORGES if other != first))]


def _start(
    forge: str, regions: tuple[str, ...], owner: str | None, source: "InstallSource", *, heads: int
) -> "Start":
    from modelspec.author.init import DEFAULT_OWNER, DEFAULT_REGIONS, Start, is_owner, region_fault

    pairs: list[tuple[str, str]] = []
    for given in regions:
        code, equals, name = given.partition("=")
        if not equals:
            raise click.UsageError(f"--region takes CODE=NAME, such as eu=Europe, not {quote(given)}")
        fault = region_fault(code, name)
        if fault:
            raise click.UsageError(f"--region: {fault}")
        if code in dict(pairs):
            raise click.UsageError(f"--region names {quote(code)} twice")
        pairs.append((code, name.strip()))
    if owner is not None and not is_owner(owner):
        raise click.UsageError(
            f"--owner takes a user or a team, such as @example-org/platform, not {quote(owner)}"
        )
    return Start(
        forge=forge,
        source=source,
        regions=tuple(pairs) or DEFAULT_REGIONS,
        heads=heads,
        owner=owner or DEFAULT_OWNER,
    )


def _next(folder: Path, start: "Start", *, guessed: bool) -> Iterator[str]:
    from modelspec.author.init import FORGES, first_model, git_top
    from modelspec.diagnose.refusal import shown

    yield ""
    yield "Next:"
    if folder.absolute() != Path.cwd():
        yield f"  go there: cd {shown(str(folder))}"
    yield "  see what it says: modelspec validate, modelspec test, modelspec build"
    yield f"  add a model: {shlex.join(first_model(start))}"
    yield "  put your own regions, heads and models in place of the examples: README.md has the next five steps"
    forge = FORGES.get(start.forge)
    if forge is not None:
        guess = "; no git remote names the forge: --forge chooses another" if guessed else ""
        yield f"  read the checks of every change: {forge.pipeline}{guess}"
        if start.source.is_local:
            yield (
                "  put modelspec where the checks can get it, or name another place with --modelspec-from: they install"
                f" {start.source.line.rpartition(' ')[2]}"
            )
        yield f"  name who agrees to changes of the policy: {forge.owners} says {start.owner}"
        top = git_top(folder.absolute())
        if top not in (None, folder.absolute()):
            yield (
                f"  move both of these to the top of the git repository, {shown(str(top))}: there alone they count;"
                " and name this folder with --root"
            )
    yield "  then commit all of it"
