"""`modelspec validate`, `plan` and `explain`: what is wrong, what a change does, what a rule means."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill, indent
from time import perf_counter
from typing import TYPE_CHECKING

import click

from modelspec.cli.names import codes, references
from modelspec.cli.options import (
    all_option,
    colour_option,
    days_option,
    demand_for,
    faults_option,
    format_option,
    quiet_option,
    root_option,
    strict_option,
    today,
)
from modelspec.cli.stderr import accepted, reading, refuse_sparse
from modelspec.text.quote import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from modelspec.check.base import Policy
    from modelspec.diagnose.rule import Rule
    from modelspec.pipeline import Checked

CHANGES = 10
"""The exit code of a plan with changes."""

_WIDTH = 79
_INDENT = "    "


@click.command("validate")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path), is_eager=True)
@root_option
@click.option(
    "--changed-since",
    "since",
    metavar="REF",
    shell_complete=references,
    help="Check everything, but report only what changed since the merge base with this commit.",
)
@click.option(
    "--base",
    metavar="REF",
    shell_complete=references,
    help="Let the policy of the merge base with this commit judge as well: its severities, key policy, secret folders "
    "and metadata schema.",
)
@faults_option
@colour_option
@strict_option
@quiet_option
@all_option
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
@click.option("--statistics", is_flag=True, help="Print how often each rule speaks, and nothing else.")
@click.option(
    "--watch", "watches", is_flag=True, help="Validate again whenever a file changes, until Ctrl-C."
)
def validate_command(  # noqa: PLR0913 - one parameter an option
    *,
    paths: tuple[Path, ...],
    root: Path,
    since: str | None,
    base: str | None,
    format_: str,
    colour: bool,
    strict: bool,
    quiet: bool,
    show_all: bool,
    no_cache: bool,
    statistics: bool,
    watches: bool,
) -> int:
    """Find every fault in the repository, in one run.

    With PATH, everything is checked, and what concerns these files, or files in these folders, is reported.

    With --changed-since, faults that were already there in unchanged files are left out; faults that the change causes
    in other files are reported. The exit code depends only on what is reported.

    As text, more than 20 warnings or infos of one rule are the first three and a count, unless they are in changed
    or named files; --all lists them.

    With --base, what only the policy of the base calls an error (with --strict, a warning too) is reported as well, so
    that a change cannot turn off the rule that would stop it. Waivers are those of the change.

    Exit codes: 0 clean, 1 errors (or warnings with --strict), 2 usage or no merge base, 3 a bug in modelspec, 130
    a watch was ended by Ctrl-C.
    """
    from modelspec.cli.report import echo_statistics, exit_code, report

    if statistics and format_ != "text":
        raise click.UsageError("--statistics is a table of text: leave out --format")

    def once() -> int:
        found = _validated(root, paths, since=since, base=base, strict=strict, no_cache=no_cache)
        if statistics:
            echo_statistics(found.checked.diagnostics)
        else:
            report(
                found.checked,
                format_=format_,
                colour=colour,
                quiet=quiet,
                left_out=found.left_out,
                unfolded=None if show_all else found.changed,
            )
        return exit_code(found.checked, strict=strict)

    return _watched(root, once, quiet=quiet) if watches else once()


def _watched(root: Path, once: "Callable[[], int]", *, quiet: bool) -> int:
    try:
        from modelspec.serve.watch import changes
    except ImportError as error:
        from modelspec.author.init import with_extra

        raise click.UsageError(f"--watch needs a package more: {with_extra('serve')}") from error
    for _ in changes(root):
        _again(once, quiet=quiet)
    return 0


def _again(once: "Callable[[], int]", *, quiet: bool) -> None:
    """One round of a watch: what is wrong now is only said, since the next change may mend it."""
    from modelspec.cli import report
    from modelspec.cli.stderr import note

    if sys.stdout.isatty():
        click.clear()
    report.STARTED = perf_counter()
    try:
        once()
    except click.exceptions.Exit:
        pass  # the reason was printed
    except click.ClickException as error:
        error.show()
    sys.stdout.flush()
    if not quiet:
        note("watching for changes; Ctrl-C ends it")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Validated:
    """What is reported of a check, how much is left out of it, and the files that were named or have changed."""

    checked: "Checked"
    left_out: int
    changed: frozenset[str]


def _validated(
    root: Path, paths: tuple[Path, ...], *, since: str | None, base: str | None, strict: bool, no_cache: bool
) -> _Validated:
    from modelspec.api import validate

    left_out, changed = 0, frozenset[str]()
    policy: Policy | None = None
    refuse_sparse(root)
    with reading():
        # Only a run that looks at two states needs git.
        if base is not None:
            from modelspec.change.states import base_policy

            policy = accepted(base_policy(root, base, strict=strict), code=2)
        if since is None:
            checked = validate(root, today=today(), cache=not no_cache, policy=policy)
        else:
            from modelspec.change.states import validate_changes

            found = validate_changes(root, since=since, today=today(), policy=policy)
            changes = accepted(found, code=2)
            checked, left_out, changed = changes.checked, changes.left_out, changes.files
    if paths:
        checked, more, named = _concerning(checked, paths)
        left_out, changed = left_out + more, changed | named
    return _Validated(checked=checked, left_out=left_out, changed=changed)


def _concerning(checked: "Checked", paths: tuple[Path, ...]) -> "tuple[Checked, int, frozenset[str]]":
    """The diagnostics in the named files or that point into them, how many others there are, and the files.

    Raises:
        click.UsageError: a path does not exist, or is outside the repository.
    """
    from dataclasses import replace

    top = checked.tree.root.resolve()
    named: list[str] = []
    for path in paths:
        if not os.path.exists(path):  # noqa: PTH110 - no exception for a name that no file can have
            raise click.UsageError(f"{quote(str(path))} does not exist")
        if not path.resolve().is_relative_to(top):
            raise click.UsageError(
                f"{quote(str(path))} is outside the repository {quote(str(top))}; name one with --root"
            )
        named.append(path.resolve().relative_to(top).as_posix())

    def concerns(path: str) -> bool:
        return any(name in (path, ".") or path.startswith(f"{name}/") for name in named)

    kept = [
        found
        for found in checked.diagnostics
        if concerns(found.path) or any(concerns(label.path) for label in found.related)
    ]
    files = frozenset(found.path for found in kept if concerns(found.path))
    return replace(checked, diagnostics=kept), len(checked.diagnostics) - len(kept), files


@click.command("plan")
@root_option
@click.option(
    "--base",
    metavar="REF",
    shell_complete=references,
    help="The commit to compare with. Default: the merge base with the default branch.",
)
@click.option(
    "--head", metavar="REF", shell_complete=references, help="The proposed commit. Default: the working tree."
)
@click.option(
    "--replay",
    "usage",
    metavar="USAGE",
    type=click.Path(path_type=Path),
    help="Weigh the change by the requests of this aggregate of usage, a folder or a file. Where it is missing, the "
    "plan says so.",
)
@days_option
@format_option("For a terminal, a comment on a pull request, or a program.", "text", "markdown", "json")
@colour_option
def plan_command(
    *,
    root: Path,
    base: str | None,
    head: str | None,
    usage: Path | None,
    days: int,
    format_: str,
    colour: bool,
) -> int:
    """Show what a change does to requests, and whether it may merge.

    With --replay, each name and client region that was asked for is decided by both tables: how many requests a day
    move, are lost, or enter and leave a region; what heads get; what latency and cost can be expected.

    Exit codes: 0 no changes (formatting does not count), 10 changes, 1 errors or a broken guard, 2 usage,
    3 a bug in modelspec.
    """
    from modelspec.api import plan
    from modelspec.change.plan import rendered

    demand = None if usage is None else demand_for(usage, days)
    with reading():
        planned = accepted(
            plan(root, base=base, head=head, today=today(), weigh=usage is not None, demand=demand), code=2
        )
    before, after = planned.base.locator, planned.head.locator
    sys.stdout.writelines(
        before.clean(after.clean(part)) for part in rendered(planned, format_, colour=colour)
    )
    if not planned.is_allowed:
        return 1
    return CHANGES if planned.plan.changes else 0


@click.command("explain")
@click.argument("code", required=False, shell_complete=codes)
def explain_command(*, code: str | None) -> int:
    """Explain a rule: why it exists, what to do, examples, how to silence it. Without CODE, list every rule.

    Exit codes: 0 explained, 2 no such rule.
    """
    from modelspec.rules import RULES
    from modelspec.text.names import nearest

    if code is None:
        click.echo("\n".join(map(_row, RULES)))
        return 0
    rules = {rule.code: rule for rule in RULES}
    rule = rules.get(code.upper())
    if rule is None:
        near = nearest(code.upper(), rules)
        hint = f"did you mean {near}?" if near else "`modelspec explain` lists every code"
        raise click.UsageError(f"no rule has the code {quote(code)}; {hint}")
    click.echo("\n\n".join(_page(rule)))
    return 0


def _row(rule: "Rule") -> str:
    start = f"{rule.code}  {rule.severity.value:<7}  "
    return fill(rule.title, _WIDTH, initial_indent=start, subsequent_indent=" " * len(start))


def _page(rule: "Rule") -> "Iterator[str]":
    from modelspec.rules.examples import own_files
    from modelspec.rules.pages import ways_to_silence

    yield _wrapped(f"{rule.severity.value}[{rule.code}]: {rule.title}")
    for paragraph in rule.text.split("\n\n"):
        yield _wrapped(paragraph)
    for name, example in (("Bad", rule.bad), ("Good", rule.good)):
        for path, text in own_files(example).items():
            yield f"{name}, {path}:"
            yield "\n".join(map(_line, text.splitlines()))
    yield "How to silence it:"
    for words, lines in ways_to_silence(rule):
        yield _wrapped(words)
        if lines:
            yield indent(lines, _INDENT)


def _wrapped(text: str) -> str:
    return fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _line(text: str) -> str:
    return f"{_INDENT}{text}" if len(text) <= _WIDTH - len(_INDENT) else f"{_INDENT}{text[: _WIDTH - 5]}…"
