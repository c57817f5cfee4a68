"""`modelspec migrate`: from an earlier version to this one."""

from pathlib import Path

import click

from modelspec.author.apply import apply
from modelspec.author.draft import judged
from modelspec.author.migrate import migration
from modelspec.author.values import counted
from modelspec.cli.drafts import compiled, echo_verdict
from modelspec.cli.options import quiet_option, root_option, today
from modelspec.cli.report import echo_faults
from modelspec.cli.stderr import accepted, echo, echo_refusal, note
from modelspec.diagnose.diagnostic import Severity


@click.command("migrate")
@root_option
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if there is something to do.")
@quiet_option
def migrate_command(*, root: Path, check: bool, quiet: bool) -> int:
    """Rewrite what an earlier version of modelspec accepted and this one wants written otherwise.

    References get their normal form, and files the names of their models. Comments stay. What has to be done by hand is
    listed: the errors that remain. docs/compatibility.md says what has changed.

    Exit codes: 0 nothing is left to do, 1 something is to be done by hand (with --check, at all), 2 usage, 3 a bug in
    modelspec.
    """
    before = compiled(root)
    found = migration(before)
    after = before
    if found.draft.files:
        verdict = judged(before, found.draft, today())
        if verdict.is_refused:
            echo_verdict(verdict)
            note("nothing was written: the change would add the errors above")
            return 1
        after = verdict.after
        if not check:
            accepted(apply(root, found.draft.files, before.locator.files))
    echo(*found.draft.effects, quiet=quiet)
    for refusal in found.refused:
        echo_refusal(refusal)
    left = [one for one in after.diagnostics if one.severity is Severity.ERROR]
    echo_faults(after, left, quiet=True)
    by_hand = len(left) + len(found.refused)
    todo = len(found.draft.effects) if check else 0
    if not quiet:
        _sum_up(done=0 if check else len(found.draft.effects), todo=todo, by_hand=by_hand)
    return int(bool(by_hand or todo))


def _sum_up(*, done: int, todo: int, by_hand: int) -> None:
    if not (done or todo or by_hand):
        echo("nothing to do")
        return
    parts = [
        f"{counted(number, 'change')} {what}"
        for number, what in ((done, "made"), (todo, "to make: run modelspec migrate"))
        if number
    ]
    parts += [f"{counted(by_hand, 'thing')} to do by hand, listed above"] if by_hand else []
    echo("; ".join(parts))
