"""A model's file in the user's own editor."""

import os
import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import click

from modelspec.cli.drafts import Way, carry_out, compiled, tell_faults
from modelspec.cli.options import today
from modelspec.cli.report import refused
from modelspec.text.quote import visible

if TYPE_CHECKING:
    from modelspec.author.entries import ModelFile
    from modelspec.pipeline import Compiled

_LONGEST = 4096


def edit_by_hand(root: Path, model_id: str, way: Way) -> int:
    """Open a copy, judge what comes back, and write it; what is refused can be opened again, and is never lost.

    Raises:
        click.UsageError: no editor is set and there is no terminal for one.
    """
    from modelspec.author.entries import entries_of, find_entry
    from modelspec.diagnose.refusal import Refusal

    is_set = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not is_set and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("say what to change: FIELD=VALUE; an editor needs a terminal, or $EDITOR")
    before = compiled(root)
    entry = find_entry(entries_of(before.tree), model_id)
    if isinstance(entry, Refusal):
        return refused(entry, code=2)
    copy = Path(mkdtemp(prefix="modelspec-")) / entry.path.rpartition("/")[2]
    copy.write_bytes(entry.reading.file.data)
    code, is_done = 1, False
    try:
        while not is_done:
            code, is_done = _once(before, entry, copy, way)
    except click.ClickException as error:
        _drop(copy)
        click.echo(f"modelspec: {visible(error.message, _LONGEST)}; nothing was written", err=True)
        click.echo(
            "  = help: $VISUAL or $EDITOR names the editor: a program that waits until you are done", err=True
        )
        return 1
    except OSError as error:
        click.echo(f"modelspec: cannot read {copy} again: {error.strerror}; nothing was written", err=True)
        return 1
    if code == 0:
        _drop(copy)
    else:
        click.echo(f"modelspec: your text is kept in {copy}", err=True)
    return code


def _once(before: "Compiled", entry: "ModelFile", copy: Path, way: Way) -> tuple[int, bool]:
    """One turn of the editor: the exit code, and whether it was the last one."""
    from modelspec.author.draft import judged
    from modelspec.author.models import draft_of_text
    from modelspec.diagnose.refusal import Refusal

    try:
        click.edit(filename=str(copy))
    except ValueError as error:  # quotes that are never closed
        raise click.ClickException(f"the command of the editor cannot be understood: {error}") from error
    draft = draft_of_text(entry, copy.read_bytes())
    if isinstance(draft, Refusal):
        refused(draft, code=1)
    else:
        verdict = judged(before, draft, today()) if draft.files else None
        if verdict is None or not verdict.is_refused:
            return carry_out(before, draft, way), True
        tell_faults(verdict)
    again = sys.stdin.isatty() and click.confirm("Open it again?", default=True, err=True)
    return 1, not again


def _drop(copy: Path) -> None:
    copy.unlink(missing_ok=True)
    copy.parent.rmdir()
