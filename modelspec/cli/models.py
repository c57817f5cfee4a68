"""`modelspec new`, `edit`, `remove`, `rename`, `fmt` and `migrate`: changes of model files."""

import sys
from pathlib import Path
from typing import Any

import click

from modelspec.cli.names import fields, names, places, words_of_edit
from modelspec.cli.options import (
    DraftOptions,
    cascade_yes_option,
    draft_options,
    dry_run_option,
    quiet_option,
    root_option,
    today,
)
from modelspec.cli.stderr import accepted, echo, echo_refusal, misuse, note, reading
from modelspec.diagnose.refusal import Refusal
from modelspec.text.quote import quote

_REQUIRED = {"model_id": "MODEL_ID", "name": "--name", "region": "--region", "head": "--head"}


@click.command("new")
@root_option
@click.argument("model_id", required=False)
@click.option("--name", metavar="TEXT", help="The name shown to people.")
@click.option("--region", metavar="CODE", shell_complete=names("region"), help="Its region.")
@click.option(
    "--head", metavar="ID", shell_complete=names("head"), help="The head that gets its requests first."
)
@click.option(
    "--fallback",
    "fallback_heads",
    multiple=True,
    metavar="HEAD",
    shell_complete=names("head"),
    help="A head to try next; repeatable.",
)
@click.option(
    "--fallback-model",
    "fallback_models",
    multiple=True,
    metavar="MODEL",
    shell_complete=names("model"),
    help="Another model to try; repeatable.",
)
@click.option("--endpoint", metavar="URL", help="The upstream's URL.")
@click.option(
    "--endpoint-env", metavar="NAME", help="The environment variable that holds the upstream's URL."
)
@click.option("--provider", metavar="WORD", help="The upstream's protocol. Default: openai.")
@click.option("--upstream-model", metavar="TEXT", help="The model's name at the upstream.")
@click.option(
    "--api-key-env",
    metavar="NAME",
    help="The gateway's environment variable that holds the key; never the key itself.",
)
@click.option("--api-key-file", metavar="PATH", help="The gateway's file that holds the key.")
@click.option("--api-key-vault", metavar="PATH#KEY", help="The vault's entry that holds the key.")
@click.option("--local", "local_inference", is_flag=True, help="The head runs the model itself.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A tag; repeatable.")
@click.option(
    "--alias", "aliases", multiple=True, metavar="ID", help="Another name that clients may send; repeatable."
)
@click.option(
    "--metadata",
    multiple=True,
    metavar="KEY=VALUE",
    help="A metadata field, with dots for nested fields; repeatable.",
)
@click.option("--folder", metavar="DIR", help="The folder below models.d for the file.")
@draft_options
def new_command(*, root: Path, options: DraftOptions, **given: Any) -> int:  # noqa: ANN401 - one key an option
    """Add a model: write its file below models.d/.

    On a terminal, you are asked for what is missing and choose regions and heads from lists. Otherwise nothing is
    asked.

    Exit codes: 0 written, 1 refused, 2 usage, 3 a bug in modelspec.
    """
    missing = [option for name, option in _REQUIRED.items() if not given[name]]
    if missing and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
    from modelspec.author.models import draft_of_new
    from modelspec.cli.drafts import carry_out, compiled
    from modelspec.cli.new_model import ask_missing, new_model_of

    before = compiled(root)
    if missing:
        given |= ask_missing(before.setup.fleet, given)
    return carry_out(before, draft_of_new(before.tree, new_model_of(given)), options)


@click.command("edit")
@root_option
@click.argument("words", nargs=-1, metavar="[MODEL_ID] [FIELD=VALUE]...", shell_complete=words_of_edit)
@click.option(
    "--unset", "unset", multiple=True, metavar="FIELD", shell_complete=fields("model"), help="Remove a field."
)
@click.option("--where", metavar="EXPR", help="Change every model for which this is true.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before changing many models.")
@draft_options
def edit_command(
    *,
    root: Path,
    words: tuple[str, ...],
    unset: tuple[str, ...],
    where: str | None,
    yes: bool,
    options: DraftOptions,
) -> int:
    """Change fields of a model, or of all models that --where selects.

    FIELD=VALUE sets a field, FIELD+=ITEM and FIELD-=ITEM change a list; nested fields take dots, and items of lists
    their position: limits.rpm=60, 'deployments[0].weight=3'. With MODEL_ID alone, its file is opened in $VISUAL or
    $EDITOR. The rest of the file stays the same, byte for byte, and a change that would add an error is refused.

    Exit codes: 0 written (or nothing to do), 1 refused, 2 usage or no such model, 3 a bug in modelspec.
    """
    model_id, assignments = (None, words) if not words or "=" in words[0] else (words[0], words[1:])
    if (model_id is None) == (where is None):
        raise click.UsageError("name one model, or many with --where" + (", not both" if model_id else ""))
    from modelspec.author.assignments import changes_of
    from modelspec.author.draft import Draft
    from modelspec.author.entries import entries_of
    from modelspec.author.models import draft_of_edit
    from modelspec.author.values import counted
    from modelspec.cli.drafts import carry_out, compiled
    from modelspec.cli.editor import edit_by_hand
    from modelspec.cli.entries import note_unread, one_entry, selected

    if model_id is not None and not assignments and not unset:
        return edit_by_hand(root, model_id, options)
    changes = changes_of(assignments, unset)
    if isinstance(changes, Refusal):
        raise misuse(changes)
    before = compiled(root)
    if model_id is not None:
        chosen = [one_entry(before.tree, model_id)]
    else:
        entries = entries_of(before.tree)
        note_unread(len(before.tree.models) - len(entries))
        chosen = selected(entries, where)
    if not chosen:
        echo("no model matches", quiet=options.quiet)
        return 0
    draft = draft_of_edit(chosen, changes)
    if where is not None and isinstance(draft, Draft):
        models, files = counted(len(chosen), "model"), counted(len(draft.files), "file")
        echo(f"{models} selected, {files} to change", quiet=options.quiet)
    return carry_out(before, draft, options, is_agreed=yes or where is None)


@click.command("remove")
@root_option
@click.argument("model_id", shell_complete=names("model"))
@click.option("--cascade", is_flag=True, help="Remove every reference to it too.")
@cascade_yes_option
@draft_options
def remove_command(*, root: Path, model_id: str, cascade: bool, yes: bool, options: DraftOptions) -> int:
    """Remove a model: its file and, with --cascade, every reference to it.

    Without --cascade, it is refused while a fallback, a replaced_by, a routing test or a waiver names the model.

    Exit codes: 0 removed, 1 refused, 2 usage or no such model, 3 a bug in modelspec.
    """
    from modelspec.author.models import draft_of_removal, users_of_model
    from modelspec.cli.drafts import carry_out, compiled, refuse_removal
    from modelspec.cli.entries import one_entry

    before = compiled(root)
    entry = one_entry(before.tree, model_id)
    users = users_of_model(before, entry)
    if users and not cascade:
        refuse_removal("model", model_id, users)
    return carry_out(before, draft_of_removal(before, entry, users), options, is_agreed=yes or not users)


@click.command("rename")
@root_option
@click.argument("old", metavar="MODEL_ID", shell_complete=names("model"))
@click.argument("new", metavar="NEW_ID")
@click.option("--no-alias", is_flag=True, help="Do not keep the old id as an alias: its clients get 404.")
@draft_options
def rename_command(*, root: Path, old: str, new: str, no_alias: bool, options: DraftOptions) -> int:
    """Change a model's id and every reference to it, and rename its file.

    The old id stays as an alias, so clients are not affected. The upstream still gets the old name: where
    upstream_model is not set, it is set to the old id.

    Exit codes: 0 renamed, 1 refused, 2 usage or no such model, 3 a bug in modelspec.
    """
    from modelspec.author.models import draft_of_rename
    from modelspec.cli.drafts import carry_out, compiled
    from modelspec.cli.entries import one_entry

    before = compiled(root)
    entry = one_entry(before.tree, old)
    return carry_out(before, draft_of_rename(before.tree, entry, new, keep_alias=not no_alias), options)


@click.command("fmt")
@root_option
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=places("file"))
@click.option(
    "--check", is_flag=True, help="Write nothing; list what is out of order, and exit with 1 if anything is."
)
@dry_run_option
@click.option("--quiet", "-q", is_flag=True, help="Print no summary.")
def fmt_command(*, root: Path, paths: tuple[str, ...], check: bool, dry_run: bool, quiet: bool) -> int:
    """Put the fields of model files in the documented order.

    PATH is a model file or a folder of them; the default is every model. Comments stay with the field below them, and
    values do not change.

    Exit codes: 0 in order (or written), 1 out of order or refused, 2 usage, 3 a bug in modelspec.
    """
    from modelspec.author.apply import apply
    from modelspec.author.canonical import canonical
    from modelspec.author.draft import Draft, difference
    from modelspec.author.values import counted
    from modelspec.load.find import read_tree

    with reading():
        models = {file.path: file for file in read_tree(root).models}
    chosen = [models[path] for path in _chosen([*models], root, paths)]
    files: dict[str, bytes | None] = {}
    for file in chosen:
        outcome = canonical(file)
        if isinstance(outcome, Refusal):
            echo_refusal(outcome)
        elif outcome != file.data:
            files[file.path] = outcome
    if dry_run:
        sys.stdout.writelines(difference(models, Draft(files=files, title="Put fields in order")))
    elif not check:
        accepted(apply(root, files, models))
    if check or not quiet:
        for path in files:
            echo(f"{'out of order' if check or dry_run else 'wrote'}: {path}")
    echo(f"{counted(len(chosen), 'file')} checked, {len(files)} out of order", quiet=quiet)
    return int(check and bool(files))


def _chosen(models: list[str], root: Path, paths: tuple[str, ...]) -> list[str]:
    """The model files that are named, or that are in a folder that is named.

    Raises:
        click.UsageError: a path matches no model.
    """
    found = set[str]()
    for path in paths:
        place, top = Path(path).resolve(), root.resolve()
        names = (path.rstrip("/"), place.relative_to(top).as_posix() if place.is_relative_to(top) else path)
        inside = {
            model for model in models if model in names or model.startswith(tuple(f"{n}/" for n in names))
        }
        if place == top:
            inside = {*models}
        elif not inside:
            raise click.UsageError(
                f"{quote(path)} is neither a model file in this repository nor a folder of them"
            )
        found |= inside
    return [model for model in models if model in found or not paths]


@click.command("migrate")
@root_option
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if there is something to do.")
@quiet_option
def migrate_command(*, root: Path, check: bool, quiet: bool) -> int:
    """Bring files of an earlier version of modelspec up to date.

    References get their normal form, and files the names of their models. Comments stay. What has to be done by hand is
    listed: the errors that remain, and upstreams whose region must be declared. docs/compatibility.md says what has
    changed.

    Exit codes: 0 nothing is left to do, 1 something is to be done by hand (with --check, at all), 2 usage, 3 a bug in
    modelspec.
    """
    from modelspec.author.apply import apply
    from modelspec.author.draft import judged
    from modelspec.author.migrate import migration
    from modelspec.cli.drafts import compiled, echo_verdict
    from modelspec.cli.report import echo_faults
    from modelspec.diagnose.diagnostic import Severity

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
    # Where an upstream is certain to run, its region need not be written.
    unproved = [one for one in after.diagnostics if one.code == "MS313"]
    echo_faults(after, [*left, *unproved], quiet=True)
    by_hand = len(left) + len(found.refused)
    todo = len(found.draft.effects) if check else 0
    if not quiet:
        _sum_up(done=0 if check else len(found.draft.effects), todo=todo, by_hand=by_hand)
    return int(bool(by_hand or todo))


def _sum_up(*, done: int, todo: int, by_hand: int) -> None:
    from modelspec.author.values import counted

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
