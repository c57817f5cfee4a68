"""From a draft to the disk: judged, shown or written, and committed, for every verb that changes files."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from modelspec.author.apply import apply
from modelspec.author.draft import Draft, Verdict, difference, judged
from modelspec.author.record import message_of, proposal_url
from modelspec.author.references import Use
from modelspec.author.values import counted
from modelspec.change.plan import effect_of
from modelspec.cli.options import Way, today
from modelspec.cli.report import tell_faults
from modelspec.cli.stderr import accepted, note, reading, refuse, tell
from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.refusal import Refusal
from modelspec.git import Recording, find_repository, prepare, publish, push
from modelspec.incremental import compile_fleet
from modelspec.pipeline import Compiled
from modelspec.text.quote import quote, visible

CASCADE = "correct these places first, or let --cascade clean them up as well"

_LONGEST = 4096
_MOST_NAMES = 10


def compiled(root: Path) -> Compiled:
    """The repository as it is.

    Raises:
        click.UsageError: the root cannot be opened.
    """
    with reading():
        return compile_fleet(root, today=today())


def carry_out(before: Compiled, outcome: Draft | Refusal, way: Way, *, is_agreed: bool = True) -> int:
    """Judge a draft, then print or write it; where `is_agreed` is False, somebody is asked first. The exit code."""
    draft = accepted(outcome)
    if not draft.files:
        tell("nothing to change: it is so already", quiet=way.quiet)
        return 0
    verdict = judged(before, draft, today())
    if verdict.is_refused:
        tell_verdict(verdict)
        note("nothing was written: the change would add the errors above")
        return 1
    if way.dry_run:
        sys.stdout.writelines(difference(before.locator.files, draft))
        sys.stdout.flush()
        tell(*draft.effects, "nothing was written: this was a dry run", quiet=way.quiet)
        return 0
    tell(*draft.effects, quiet=way.quiet)
    if not is_agreed and not _agreed(len(draft.files)):
        tell("nothing was written")
        return 1
    _write(before, draft, verdict, way)
    return 0


def _write(before: Compiled, draft: Draft, verdict: Verdict, way: Way) -> None:
    """The files to the disk and, if asked for, their commit to its branch."""
    # What is wrong with a commit is known before a file is written.
    recording = _prepared(before, draft, verdict, way) if way.commits else None
    accepted(apply(before.tree.root, draft.files, before.locator.files))
    if not way.quiet:
        tell_verdict(verdict)
        _tell_written(draft)
    if recording is not None:
        _publish(recording, verdict.after, way)


def _prepared(before: Compiled, draft: Draft, verdict: Verdict, way: Way) -> Recording:
    """The commit, made but not yet part of any branch."""
    files = before.locator.files
    on_disk = {path: files[path].data for path in draft.files if path in files}
    effect = effect_of(before, verdict.after)
    repository = accepted(find_repository(before.tree.root))
    message = message_of(draft, way.message, effect)
    return accepted(prepare(repository, draft.files, on_disk, message, way.branch))


def _publish(recording: Recording, after: Compiled, way: Way) -> None:
    """Publish the commit, push it if asked to, and print where the forge opens a pull request."""
    accepted(publish(recording))
    if not way.quiet:
        where = "" if way.branch is None else f" on the new branch {visible(way.branch)}"
        click.echo(f"committed {recording.commit[:7]}{where}: {visible(recording.title)}", err=True)
    if not way.push:
        return
    branch = accepted(push(recording.repository))
    url = proposal_url(after.setup.settings.repository, branch)
    if url is None:
        note("name the forge under `repository` in modelspec.yaml for a link to propose it")
    else:
        click.echo(url)


def _tell_written(draft: Draft) -> None:
    """Each file, or how many there are."""
    if len(draft.files) > _MOST_NAMES:
        click.echo(f"changed {len(draft.files)} files", err=True)
        return
    for path, data in draft.files.items():
        click.echo(f"{'deleted' if data is None else 'wrote'} {visible(path, _LONGEST)}", err=True)


def tell_verdict(verdict: Verdict) -> None:
    """Show what a draft adds, as `validate` would; of a refused one, the errors alone."""
    faults = [found for found in verdict.new if found.severity is Severity.ERROR or not verdict.is_refused]
    tell_faults(verdict.after, faults, quiet=True)


def _agreed(files: int) -> bool:
    """Ask before many files change.

    Raises:
        click.UsageError: there is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here: say --yes, or look first with --dry-run")
    return click.confirm(f"Change {counted(files, 'file')}?", err=True)


def refuse_removal(what: str, name: str, users: Sequence[Use], advice: str = CASCADE) -> NoReturn:
    """End the verb since something is still named, and show where."""
    tell(*(use.shown for use in users))
    places = counted(len(users), "place")
    refuse(Refusal(message=f"the {what} {quote(name)} is still named in {places}", help=advice))
