"""Options and steps that make a commit of a change."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modelspec.author.draft import Draft
    from modelspec.diagnose.refusal import Refusal
    from modelspec.git import Recording
    from modelspec.load.find import File
    from modelspec.pipeline import Compiled


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What to do in git: `branch` None is the current one, `message` None the effect in our own words."""

    branch: str | None
    message: str | None
    push: bool


def record_of(*, branch: str | None, commit: bool, message: str | None, push: bool) -> Record | None:
    """What the options ask for; None where they ask for no commit.

    Raises:
        click.UsageError: they do not go together.
    """
    if branch is None and not commit:
        for option, is_given in (("--message", message is not None), ("--push", push)):
            if is_given:
                raise click.UsageError(f"{option} goes with --commit or --branch NAME")
        return None
    if message is not None and not message.strip():
        raise click.UsageError("--message is empty")
    return Record(branch=branch, message=message, push=push)


def begin(
    root: Path, draft: "Draft", before: "Mapping[str, File]", record: Record, effect: str
) -> "Recording | Refusal":
    """The commit, made but not yet part of any branch: what is wrong is known before a file is written."""
    from modelspec.author.models import message_of
    from modelspec.diagnose.refusal import Refusal
    from modelspec.git import find_repository, prepare

    repository = find_repository(root)
    if isinstance(repository, Refusal):
        return repository
    on_disk = {path: before[path].data for path in draft.files if path in before}
    message = message_of(draft, record.message, effect)
    return prepare(repository, draft.files, on_disk, message, record.branch)


def finish(compiled: "Compiled", recording: "Recording", record: Record, *, quiet: bool) -> "Refusal | None":
    """Publish the commit, push it if asked to, and print where the forge opens a pull request."""
    from modelspec.author.proposal import proposal_url
    from modelspec.diagnose.refusal import Refusal
    from modelspec.git import publish, push
    from modelspec.text.quote import visible

    refusal = publish(recording)
    if refusal is not None:
        return refusal
    if not quiet:
        where = "" if record.branch is None else f" on the new branch {visible(record.branch)}"
        click.echo(f"committed {recording.commit[:7]}{where}: {visible(recording.title)}", err=True)
    if not record.push:
        return None
    branch = push(recording.repository)
    if isinstance(branch, Refusal):
        return branch
    url = proposal_url(compiled.setup.settings.repository, branch)
    if url is None:
        click.echo(
            "modelspec: name the forge under `repository` in modelspec.yaml for a link to propose it",
            err=True,
        )
    else:
        click.echo(url)
    return None
