"""From a draft to the disk: judged, shown or written, for every verb that changes files."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelspec.cli.options import today
from modelspec.cli.recording import Record, begin, finish, record_of
from modelspec.cli.report import refused
from modelspec.text.quote import visible

if TYPE_CHECKING:
    from modelspec.author.draft import Draft, Verdict
    from modelspec.diagnose.refusal import Refusal
    from modelspec.pipeline import Compiled


Given = str | bool | None
"""What click gives for an option of `draft_options`."""

_LONGEST = 4096
_MOST_NAMES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What is done with a draft: shown, or written and, with `record`, committed."""

    dry_run: bool
    quiet: bool
    record: Record | None

    @classmethod
    def of(cls, options: Mapping[str, Given]) -> "Way":
        """What the options of `draft_options` ask for.

        Raises:
            click.UsageError: they do not go together.
        """
        record = record_of(
            branch=_text(options["branch"]),
            commit=bool(options["commit"]),
            message=_text(options["message"]),
            push=bool(options["push"]),
        )
        return cls(dry_run=bool(options["dry_run"]), quiet=bool(options["quiet"]), record=record)


def _text(given: Given) -> str | None:
    return given if isinstance(given, str) else None


def draft_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every verb that changes files."""
    options = (
        click.option("--dry-run", is_flag=True, help="Print the change as a diff; write nothing."),
        click.option("--commit", is_flag=True, help="Commit the changed files, and nothing else."),
        click.option("--branch", metavar="NAME", help="Commit on a new branch."),
        click.option(
            "--message", "-m", metavar="TEXT", help="The commit's title. Default: what the change does."
        ),
        click.option("--push", is_flag=True, help="Push the branch; print the page for a pull request."),
        click.option("--quiet", "-q", is_flag=True, help="Faults only."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def compiled(root: Path) -> "Compiled":
    """The repository as it is.

    Raises:
        click.UsageError: the root cannot be opened.
    """
    from modelspec.incremental import compile_fleet

    try:
        return compile_fleet(root, today=today())
    except OSError as error:
        raise click.UsageError(f"cannot read the repository: {error.strerror}") from error


def carry_out(before: "Compiled", draft: "Draft | Refusal", way: Way, *, is_agreed: bool = True) -> int:
    """Judge a draft, then print or write it; where `is_agreed` is False, somebody is asked first. The exit code."""
    from modelspec.author.draft import (
        difference,
        judged,
    )
    from modelspec.diagnose.refusal import Refusal

    if isinstance(draft, Refusal):
        return refused(draft, code=1)
    if not draft.files:
        tell(["nothing to change: it is so already"], quiet=way.quiet)
        return 0
    verdict = judged(before, draft, today())
    if verdict.is_refused:
        tell_faults(verdict)
        click.echo("modelspec: nothing was written: the change would add the errors above", err=True)
        return 1
    if way.dry_run:
        sys.stdout.writelines(difference(before.locator.files, draft))
        sys.stdout.flush()
        tell([*draft.effects, "nothing was written: this was a dry run"], quiet=way.quiet)
        return 0
    tell(draft.effects, quiet=way.quiet)
    if not is_agreed and not agreed(len(draft.files)):
        tell(["nothing was written"], quiet=False)
        return 1
    refusal = _write(before, draft, verdict, way)
    return 0 if refusal is None else refused(refusal, code=1)


def _write(before: "Compiled", draft: "Draft", verdict: "Verdict", way: Way) -> "Refusal | None":
    """The files to the disk, and their commit to its branch."""
    from modelspec.author.apply import apply
    from modelspec.diagnose.refusal import Refusal

    files = before.locator.files
    recording = None
    if way.record is not None:
        from modelspec.change.plan import effect_of

        recording = begin(before.tree.root, draft, files, way.record, effect_of(before, verdict.after))
    if isinstance(recording, Refusal):
        return recording
    refusal = apply(before.tree.root, draft.files, files)
    if refusal is not None:
        return refusal
    if not way.quiet:
        tell_faults(verdict)
        tell_written(draft)
    if recording is None or way.record is None:
        return None
    return finish(verdict.after, recording, way.record, quiet=way.quiet)


def tell_written(draft: "Draft") -> None:
    """Each file, or how many there are."""
    if len(draft.files) > _MOST_NAMES:
        click.echo(f"changed {len(draft.files)} files", err=True)
        return
    for path, data in draft.files.items():
        click.echo(f"{'deleted' if data is None else 'wrote'} {visible(path, _LONGEST)}", err=True)


def tell(lines: "list[str] | tuple[str, ...]", *, quiet: bool) -> None:
    """Sentences for people."""
    from modelspec.report.said import said

    if not quiet:
        for line in lines:
            click.echo(said(line), err=True)


def tell_faults(verdict: "Verdict") -> None:
    """What a draft adds, as `validate` would show it, but on standard error; of a refused one, the errors alone."""
    from modelspec.diagnose.diagnostic import Severity
    from modelspec.report import REPORTS, Summary

    told = [found for found in verdict.new if found.severity is Severity.ERROR or not verdict.is_refused]
    summary = Summary.of(told, files=0, models=0, seconds=0.0)
    chunks = REPORTS["text"](told, summary, verdict.after.locator.source, colour=False, quiet=True)
    sys.stderr.writelines(chunks)


def agreed(files: int) -> bool:
    """Ask before many files change.

    Raises:
        click.UsageError: there is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here: say --yes, or look first with --dry-run")
    return click.confirm(f"Change {files} {'file' if files == 1 else 'files'}?", err=True)
