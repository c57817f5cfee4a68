"""What every verb does with a draft: judge it, show or write it, and commit it."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import click

from modelspec.author.apply import apply
from modelspec.author.draft import Draft, Verdict, difference, judged, message_of, proposal_url
from modelspec.author.references import Use
from modelspec.author.schemas import FOLDER, stale_schemas
from modelspec.author.values import counted
from modelspec.change.plan import effect_of
from modelspec.cli.options import DraftOptions, today
from modelspec.cli.report import echo_faults
from modelspec.cli.stderr import accepted, echo, note, reading, refuse, refuse_sparse
from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.refusal import Refusal
from modelspec.git import Recording, find_repository, prepare, publish, push
from modelspec.incremental import compile_fleet
from modelspec.pipeline import Compiled
from modelspec.text.quote import quote, visible

CASCADE = "change these first, or remove them too with --cascade"

_MOST_NAMES = 10


def compiled(root: Path) -> Compiled:
    """Compile the repository as it is.

    Raises:
        click.UsageError: the root cannot be opened.
        click.exceptions.Exit: files are not checked out, in which references would be missed.
    """
    refuse_sparse(root)
    with reading():
        return compile_fleet(root, today=today())


_UNUSED = ("MS601", "MS602")
"""What is said of every head and region that was just added."""


def carry_out(
    before: Compiled,
    outcome: Draft | Refusal,
    options: DraftOptions,
    *,
    is_agreed: bool = True,
    following: str | None = None,
) -> int:
    """Judge a draft, then print or write it, after asking if not `is_agreed`; returns the exit code.

    `following` is the next command after an addition, which nothing uses yet.
    """
    draft = accepted(outcome)
    if not draft.files:
        echo("nothing to change", quiet=options.quiet)
        return 0
    verdict = judged(before, draft, today())
    if following is not None:
        verdict = replace(verdict, new=[found for found in verdict.new if found.code not in _UNUSED])
    if verdict.is_refused:
        echo_verdict(verdict)
        note("nothing was written: the change would add the errors above")
        return 1
    effects = list(map(before.locator.clean, draft.effects))
    if options.dry_run:
        sys.stdout.writelines(map(before.locator.clean, difference(before.locator.files, draft)))
        sys.stdout.flush()
        echo(*effects, "dry run: nothing was written", quiet=options.quiet)
        return 0
    echo(*effects, quiet=options.quiet)
    if not is_agreed and not _is_confirmed(len(draft.files)):
        echo("nothing was written")
        return 1
    write_draft(before, draft, verdict, options)
    _note_stale_schemas(before.tree.root, draft)
    if following is not None:
        echo(f"next: {following}", quiet=options.quiet)
    return 0


def _note_stale_schemas(root: Path, draft: Draft) -> None:
    """Say where the schemas for editors no longer offer the heads and regions that there are."""
    is_offered = {"heads.yaml", "regions.yaml"} & draft.files.keys()
    if is_offered and (root / FOLDER / "model.schema.json").is_file():
        stale = stale_schemas(root)
        if not isinstance(stale, Refusal) and stale:
            note("the schemas for editors are stale; run modelspec schema --write")


def write_draft(before: Compiled, draft: Draft, verdict: Verdict, options: DraftOptions) -> None:
    """Write the files and, if asked to, commit them."""
    # Before any file is written, so that nothing changes if the commit is refused.
    recording = _prepared(before, draft, verdict, options) if options.commits else None
    accepted(apply(before.tree.root, draft.files, before.locator.files))
    if not options.quiet:
        echo_verdict(verdict)
        _echo_written(draft)
    if recording is not None:
        _publish(recording, verdict.after, options)


def _prepared(before: Compiled, draft: Draft, verdict: Verdict, options: DraftOptions) -> Recording:
    """The commit, created but not yet on a branch."""
    files = before.locator.files
    on_disk = {path: files[path].data for path in draft.files if path in files}
    effect = effect_of(before, verdict.after)
    repository = accepted(find_repository(before.tree.root))
    message = message_of(draft, options.message, effect)
    return accepted(prepare(repository, draft.files, on_disk, message, options.branch))


def _publish(recording: Recording, after: Compiled, options: DraftOptions) -> None:
    """Put the commit on its branch; if asked to, push it and print the URL for a pull request."""
    accepted(publish(recording))
    if not options.quiet:
        where = "" if options.branch is None else f" on the new branch {visible(options.branch)}"
        click.echo(f"committed {recording.commit[:7]}{where}: {visible(recording.title)}", err=True)
    if not options.push:
        return
    branch = accepted(push(recording.repository))
    url = proposal_url(after.setup.settings.repository, branch)
    if url is None:
        note("to get a link for a pull request, set `repository` in modelspec.yaml")
    else:
        click.echo(url)


def _echo_written(draft: Draft) -> None:
    """Print each file that was written, or how many."""
    if len(draft.files) > _MOST_NAMES:
        echo(f"changed {len(draft.files)} files")
        return
    echo(*(f"{'deleted' if data is None else 'wrote'} {path}" for path, data in draft.files.items()))


def echo_verdict(verdict: Verdict) -> None:
    """Print the diagnostics that a draft adds; if it is refused, only the errors."""
    faults = [found for found in verdict.new if found.severity is Severity.ERROR or not verdict.is_refused]
    echo_faults(verdict.after, faults, quiet=True)


def _is_confirmed(files: int) -> bool:
    """Ask before many files change.

    Raises:
        click.UsageError: standard input is not a terminal.
    """
    if not sys.stdin.isatty():
        raise click.UsageError("not a terminal: pass --yes, or --dry-run to see the changes")
    return click.confirm(f"Change {counted(files, 'file')}?", err=True)


def refuse_removal(what: str, name: str, users: Sequence[Use], advice: str = CASCADE) -> NoReturn:
    """List the uses of something that was to be removed, and end the verb."""
    echo(*(use.shown for use in users))
    places = counted(len(users), "place")
    refuse(Refusal(message=f"the {what} {quote(name)} is still used in {places}", help=advice))
