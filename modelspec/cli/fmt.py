"""`modelspec fmt`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelspec.cli.options import root_option

if TYPE_CHECKING:
    from modelspec.load.find import File, Tree


@click.command("fmt")
@root_option
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--check", is_flag=True, help="Write nothing; name what is out of order and exit with 1.")
@click.option("--dry-run", is_flag=True, help="Print the change as a diff; write nothing.")
@click.option("--quiet", "-q", is_flag=True, help="No summary.")
def command(*, root: Path, paths: tuple[str, ...], check: bool, dry_run: bool, quiet: bool) -> int:
    """Put the fields of models into the order of the documentation.

    PATH is a model file or a folder of them; without one, every model is looked at. Comments stay with the field
    below them, and what a file says does not change.

    Exit codes: 0 in order (or written), 1 out of order or refused, 2 usage, 3 a bug in modelspec.
    """
    # Files are read when a repository is to be read, not for `--help`.
    from modelspec.author.apply import apply
    from modelspec.author.draft import (
        Draft,
        difference,
    )
    from modelspec.author.values import counted
    from modelspec.cli.report import refused
    from modelspec.load.find import read_tree

    try:
        tree = read_tree(root)
    except OSError as error:
        raise click.UsageError(f"cannot read the repository: {error.strerror}") from error
    chosen = _chosen(tree, root, paths)
    files = _ordered(chosen)
    before = {file.path: file for file in chosen}
    if dry_run:
        sys.stdout.writelines(difference(before, Draft(files=files, title="Put fields into order")))
    elif not check:
        refusal = apply(root, files, before)
        if refusal is not None:
            return refused(refusal, code=1)
    if check or not quiet:
        for path in files:
            click.echo(f"{'out of order' if check or dry_run else 'wrote'}: {path}", err=True)
    if not quiet:
        click.echo(f"{counted(len(chosen), 'file')} looked at, {len(files)} out of order", err=True)
    return int(check and bool(files))


def _ordered(chosen: "list[File]") -> "dict[str, bytes | None]":
    """The new bytes of the files that are out of order; which ones cannot be ordered is told."""
    from modelspec.author.canonical import canonical
    from modelspec.cli.report import refused
    from modelspec.diagnose.refusal import Refusal

    files: dict[str, bytes | None] = {}
    for file in chosen:
        outcome = canonical(file)
        if isinstance(outcome, Refusal):
            refused(outcome, code=0)
        elif outcome != file.data:
            files[file.path] = outcome
    return files


def _chosen(tree: "Tree", root: Path, paths: tuple[str, ...]) -> "list[File]":
    """The model files that are named, or lie in a folder that is named.

    Raises:
        click.UsageError: a path leads to no model.
    """
    from modelspec.text.quote import quote

    if not paths:
        return tree.models
    found: dict[str, File] = {}
    for path in paths:
        place = Path(path).resolve()
        inner = place.relative_to(root.resolve()).as_posix() if place.is_relative_to(root.resolve()) else path
        inside = [
            file
            for file in tree.models
            if file.path in (inner, path.rstrip("/"))
            or file.path.startswith((f"{inner}/", f"{path.rstrip('/')}/"))
        ]
        if not inside and inner != ".":
            raise click.UsageError(f"{quote(path)} is no model file of this repository, nor a folder of them")
        found.update((file.path, file) for file in (inside if inner != "." else tree.models))
    return [file for file in tree.models if file.path in found]
