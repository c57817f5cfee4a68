"""`modelspec new`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelspec.cli.drafts import Way, carry_out, compiled, draft_options
from modelspec.cli.options import root_option
from modelspec.cli.prompts import can_ask

if TYPE_CHECKING:
    from modelspec.diagnose.refusal import Refusal

_REQUIRED = {"model_id": "MODEL_ID", "name": "--name", "region": "--region", "head": "--head"}


@click.command("new")
@root_option
@click.argument("model_id", required=False)
@click.option("--name", metavar="TEXT", help="The name that people read.")
@click.option("--region", metavar="CODE", help="Its region.")
@click.option("--head", metavar="ID", help="The head that takes its requests first.")
@click.option(
    "--fallback", "fallback_heads", multiple=True, metavar="HEAD", help="A head to try next; again for more."
)
@click.option(
    "--fallback-model", "fallback_models", multiple=True, metavar="MODEL", help="Another model to try."
)
@click.option("--endpoint", metavar="URL", help="The upstream's URL.")
@click.option("--endpoint-env", metavar="NAME", help="The variable that holds the upstream's URL.")
@click.option("--provider", metavar="WORD", help="The upstream's protocol. Default: openai.")
@click.option("--upstream-model", metavar="TEXT", help="The name that the upstream knows it by.")
@click.option(
    "--api-key-env", metavar="NAME", help="The gateway's variable that holds the key; never the key."
)
@click.option("--api-key-file", metavar="PATH", help="The gateway's file that holds the key.")
@click.option("--api-key-vault", metavar="PATH#KEY", help="The vault's entry that holds the key.")
@click.option("--local", "local_inference", is_flag=True, help="The head runs the model itself.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A tag; again for more.")
@click.option("--alias", "aliases", multiple=True, metavar="ID", help="Another name that clients may send.")
@click.option("--metadata", multiple=True, metavar="KEY=VALUE", help="A field of metadata; dots lead inside.")
@click.option("--folder", metavar="DIR", help="A folder below models.d for the file.")
@draft_options
def command(*, root: Path, **given: Any) -> int:  # noqa: ANN401 - one key an option
    """Add a model: write its file below models.d/.

    What is missing is asked for at a terminal, with regions and heads as lists. Elsewhere nothing is ever asked.

    Exit codes: 0 written, 1 refused, 2 usage, 3 a bug in modelspec.
    """
    missing = [option for name, option in _REQUIRED.items() if not given[name]]
    if missing and not can_ask():
        raise click.UsageError(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
    # The compiler is imported when a repository is to be read, not for `--help`.
    from modelspec.author.models import Wanted, draft_of_new

    before = compiled(root)
    if missing:
        from modelspec.cli.interview import answers

        given = {**given, **answers(before.setup.fleet, given)}
    wanted = Wanted(model_id=given["model_id"], values=_values(given), folder=_folder(given["folder"]))
    return carry_out(before, draft_of_new(before.tree, wanted), Way.of(given))


def _values(given: dict[str, Any]) -> dict[str, Any]:
    values = {"name": given["name"], "region": given["region"], "priority_head": given["head"]}
    for field in ("fallback_heads", "fallback_models", "aliases", "tags"):
        if given[field]:
            values[field] = list(dict.fromkeys(given[field]))
    for field in ("endpoint", "provider", "upstream_model"):
        if given[field]:
            values[field] = given[field]
    if given["endpoint_env"]:
        values["endpoint"] = _variable(given["endpoint_env"], "--endpoint-env")
    if given["local_inference"]:
        values["local_inference"] = True
    key = _key(given)
    if key is not None:
        values["api_key"] = key
    metadata = _metadata(given["metadata"])
    return {**values, "metadata": metadata} if metadata else values


def _key(given: dict[str, Any]) -> dict[str, Any] | None:
    named = [name for name in ("api_key_env", "api_key_file", "api_key_vault") if given[name]]
    if len(named) > 1:
        raise click.UsageError(
            "a model has one key: give one of --api-key-env, --api-key-file, --api-key-vault"
        )
    if not named:
        return None
    if named == ["api_key_env"]:
        return _variable(given["api_key_env"], "--api-key-env")
    from modelspec.report.said import without_secrets

    reference: str = given[named[0]]
    if without_secrets(reference) != reference:
        raise click.UsageError(
            f"--{named[0].replace('_', '-')} takes a reference; this looks like a key itself"
        )
    return {named[0].removeprefix("api_key_"): reference}


def _variable(name: str, option: str) -> dict[str, Any]:
    from modelspec.author.assignments import reference_to_variable
    from modelspec.diagnose.refusal import Refusal

    reference = reference_to_variable(name)
    if isinstance(reference, Refusal):
        raise _usage(reference, option)
    return dict(reference)


def _metadata(assignments: tuple[str, ...]) -> dict[str, Any]:
    """Raises click.UsageError where one of them is no assignment."""
    from modelspec.author.assignments import change_of
    from modelspec.author.edit import changed
    from modelspec.diagnose.refusal import Refusal

    document: Any = {}
    for assignment in assignments:
        change = change_of(f"metadata.{assignment}")
        if isinstance(change, Refusal):
            raise _usage(change, "--metadata")
        try:
            document = changed(document, change)
        except KeyError:
            raise click.UsageError(
                "--metadata: one of the fields is inside of another that is no mapping"
            ) from None
    found: dict[str, Any] = document.get("metadata", {})
    return found


def _folder(folder: str | None) -> str | None:
    """Raises click.UsageError where it leads out of models.d, or where no model would be found in it."""
    if folder is None:
        return None
    parts = folder.strip("/").removeprefix("models.d/").split("/")
    if any(not part or part[0] in "._" or part[-1] == "~" or not part.isprintable() for part in parts):
        raise click.UsageError("--folder names a folder below models.d; its parts do not begin with . or _")
    return "/".join(parts)


def _usage(refusal: "Refusal", option: str) -> click.UsageError:
    return click.UsageError(f"{option}: {refusal.message}\n  = help: {refusal.help}")
