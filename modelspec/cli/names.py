"""The repository around a folder and the names in it, which a shell completes: `modelspec completion`."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelspec.text.quote import quote

if TYPE_CHECKING:  # nobody but a shell that completes pays for it
    from click.shell_completion import CompletionItem

    from modelspec.author.fields import FieldsOf

_SHELLS = ("bash", "zsh", "fish")

# Names as they stand in a file, whether or not the file is valid: a shell asks in the middle of a change.
_DECLARED = {
    "model": re.compile(rb"^model_id:[ ]+[\"']?([A-Za-z0-9._:@/~+*-]{1,128})", re.MULTILINE),
    "head": re.compile(rb"\bhead_id:[ ]+[\"']?([a-z0-9-]{1,63})"),
    "region": re.compile(rb"\bcode:[ ]+[\"']?([a-z0-9-]{1,32})"),
}
_HARMLESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/@+-]*")
_ASSIGNED = re.compile(r"(?P<path>[^=]+?)(?P<operator>[+-]?=).*", re.DOTALL)
_TAKES: Mapping[str, tuple[str, ...]] = {
    "region": ("region",),
    "upstream_region": ("region",),
    "residency": ("region",),
    "access.client_regions": ("region",),
    "priority_head": ("head",),
    "fallback_heads": ("head",),
    "fallback_models": ("model",),
    "replaced_by": ("model",),
}
"""Fields that take names of the repository."""

_FILES = {"head": "heads.yaml", "region": "regions.yaml"}

Complete = Callable[[click.Context, click.Parameter, str], list["CompletionItem"]]


@click.command("completion")
@click.argument("shell", type=click.Choice(_SHELLS))
def completion_command(*, shell: str) -> int:
    """Print the script that completes verbs, options and names in SHELL.

    Names are those of models, heads, regions, fields, rules, branches and tags, as they stand in the files.

    bash: eval "$(modelspec completion bash)" in ~/.bashrc; zsh: the same in ~/.zshrc; fish: save it as
    ~/.config/fish/completions/modelspec.fish.

    Exit codes: 0 printed, 2 usage, 3 a bug in modelspec.
    """
    from click.shell_completion import get_completion_class

    from modelspec.cli.shells import register

    register()
    found = get_completion_class(shell)
    assert found is not None
    verbs = click.get_current_context().find_root().command
    click.echo(found(verbs, {}, "modelspec", "_MODELSPEC_COMPLETE").source())
    return 0


def names(*kinds: str) -> Complete:
    """Offer the `model`s, `head`s or `region`s of the repository, by the beginning of their names."""

    def complete(context: click.Context, _: click.Parameter, typed: str) -> "list[CompletionItem]":
        return _offered(typed, _declared(context, *kinds))

    return complete


def _declared(context: click.Context, *kinds: str) -> list[str]:
    try:
        return sorted({name for kind in kinds for name in declared(kind, context.params.get("root"))})
    except (OSError, click.UsageError):
        return []  # no repository here


def _offered(typed: str, found: Iterable[str]) -> "list[CompletionItem]":
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in found if name.startswith(typed)]


def fields(of: "FieldsOf", after: str = "") -> Complete:
    """Offer the fields of a model, head or region; with `=` after them, also the names that a field takes."""

    def complete(context: click.Context, _: click.Parameter, typed: str) -> "list[CompletionItem]":
        from modelspec.author.assignments import pointer_of
        from modelspec.author.fields import NoField, field_at
        from modelspec.diagnose.refusal import Refusal

        assigned = _ASSIGNED.fullmatch(typed) if after else None
        path = assigned["path"] if assigned else typed.rpartition(".")[0]
        pointer = pointer_of(path, of) if path else ()
        if isinstance(pointer, Refusal):
            return []
        schema = field_at(pointer, of)
        assert not isinstance(schema, NoField)
        if assigned is None:
            start = f"{path}." if path else ""
            below = (field_at((*pointer, name), of) for name in schema.get("properties", ()))
            ends = ["." if "properties" in one else after for one in below if not isinstance(one, NoField)]
            found = zip(schema.get("properties", ()), ends, strict=True)
            return _offered(typed, (f"{start}{name}{end}" for name, end in found))
        values: tuple[str, ...] = tuple(schema.get("enum", ()))
        if schema.get("type") == "boolean":
            values = ("true", "false")
        known = _declared(context, *_TAKES.get(path, ()))
        return _offered(typed, (f"{path}{assigned['operator']}{value}" for value in (*values, *known)))

    return complete


def words_of_edit(context: click.Context, parameter: click.Parameter, typed: str) -> "list[CompletionItem]":
    """Offer models, then the fields of one; with --where, only fields."""
    is_model = not context.params.get("words") and context.params.get("where") is None
    return (names("model") if is_model else fields("model", "="))(context, parameter, typed)


def references(context: click.Context, _: click.Parameter, typed: str) -> "list[CompletionItem]":
    """Offer the branches and tags of the git repository around it."""
    from modelspec.diagnose.refusal import Refusal
    from modelspec.git import find_repository, reference_names

    try:
        found = find_repository(context.params.get("root") or find_root(None))
    except click.UsageError:
        return []
    known = [] if isinstance(found, Refusal) else reference_names(found)
    # Somebody else's branch may have a name that a shell would run.
    return _offered(typed, filter(_HARMLESS.fullmatch, known))


def places(kind: str) -> Complete:
    """Let the shell complete a `dir` or `file`."""

    def complete(_: click.Context, __: click.Parameter, typed: str) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        return [CompletionItem(typed, type=kind)]

    return complete


def codes(_: click.Context, __: click.Parameter, typed: str) -> "list[CompletionItem]":
    """Offer the codes of rules, with what they are about."""
    from click.shell_completion import CompletionItem

    from modelspec.rules import RULES

    return [
        CompletionItem(rule.code, help=rule.title) for rule in RULES if rule.code.startswith(typed.upper())
    ]


def declared(kind: str, root: Path | None) -> Iterator[str]:
    """The names of a kind that stand in the files of a repository, by default the one around this folder.

    Raises:
        OSError: the root cannot be opened.
        click.UsageError: there is no repository.
    """
    from modelspec.load.find import read_tree

    tree = read_tree(root or find_root(None))
    for file in tree.files:
        if file.path == _FILES.get(kind) or (kind == "model" and file.path.startswith("models.d/")):
            yield from (name.decode() for name in _DECLARED[kind].findall(file.data))


def find_root(value: str | None, paths: Iterable[str | Path] = ()) -> Path:
    """The repository: the given folder, or else this folder or its nearest parent with models.d, or that of a path.

    Raises:
        click.UsageError: there is none.
    """
    # Not imported for `--help`.
    from modelspec.load.unread import MODELS

    if value is not None:
        root = Path(value)
        if not root.is_dir():
            raise click.UsageError(f"--root {quote(value)} is not a readable folder")
        if not os.path.lexists(root / MODELS):
            raise click.UsageError(
                f"--root {quote(value)} has no {MODELS}/; name the folder that contains it"
            )
        return root
    here = Path.cwd()
    starts = (here, *(Path(os.path.abspath(path)) for path in paths))  # noqa: PTH100 - as typed, whatever links do
    for folder in (folder for start in starts for folder in (start, *start.parents)):
        if os.path.lexists(folder / MODELS):
            return folder
    raise click.UsageError(
        f"no {MODELS}/ in this folder or its parents; change to a configuration repository, or name one with --root DIR"
    )
