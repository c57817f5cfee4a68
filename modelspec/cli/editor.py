"""Editing a model's file in the user's editor."""

import os
import sys
from pathlib import Path
from tempfile import mkdtemp

import click

from modelspec.author.draft import judged
from modelspec.author.entries import ModelFile
from modelspec.author.models import draft_of_text
from modelspec.cli.drafts import carry_out, compiled, echo_verdict
from modelspec.cli.entries import one_entry
from modelspec.cli.options import DraftOptions, today
from modelspec.cli.stderr import echo_refusal, note
from modelspec.diagnose.refusal import Refusal
from modelspec.pipeline import Compiled


def edit_by_hand(root: Path, model_id: str, options: DraftOptions) -> int:
    """Open a copy, judge the result, and write it; a refused text can be edited again, and is never lost.

    Raises:
        click.UsageError: no editor is set, and there is no terminal for the default one.
    """
    is_set = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not is_set and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(
            "nothing to change: pass FIELD=VALUE, or set $EDITOR to edit without a terminal"
        )
    before = compiled(root)
    entry = one_entry(before.tree, model_id)
    copy = Path(mkdtemp(prefix="modelspec-")) / entry.path.rpartition("/")[2]
    copy.write_bytes(entry.reading.file.data)
    try:
        code = _edited(before, entry, copy, options)
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.ClickException as error:
        _drop(copy)
        advice = "set $VISUAL or $EDITOR to an editor that waits until the file is closed"
        echo_refusal(Refusal(message=f"{error.message}; nothing was written", help=advice))
        return 1
    except OSError as error:
        note(f"cannot read {copy}: {error.strerror}; nothing was written")
        return 1
    if code == 0:
        _drop(copy)
    else:
        note(f"your text is kept in {copy}")
    return code


def _edited(before: Compiled, entry: ModelFile, copy: Path, options: DraftOptions) -> int:
    """Open the editor until the text is accepted or given up; returns the exit code."""
    while True:
        try:
            click.edit(filename=str(copy))
        except ValueError as error:  # unclosed quotes
            raise click.ClickException(f"cannot parse the editor command: {error}") from error
        draft = draft_of_text(entry, copy.read_bytes())
        if isinstance(draft, Refusal):
            echo_refusal(draft)
        else:
            verdict = judged(before, draft, today()) if draft.files else None
            if verdict is None or not verdict.is_refused:
                return carry_out(before, draft, options)
            echo_verdict(verdict)
        if not (sys.stdin.isatty() and click.confirm("Open it again?", default=True, err=True)):
            return 1


def _drop(copy: Path) -> None:
    copy.unlink(missing_ok=True)
    copy.parent.rmdir()
