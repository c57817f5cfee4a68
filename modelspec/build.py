"""A compiled repository to its output folder."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from modelspec import site
from modelspec.emit import emit
from modelspec.emit.artifact import Artifact
from modelspec.emit.gateways import emit_gateways
from modelspec.emit.manifest import Origin, manifest
from modelspec.load.find import Tree
from modelspec.pipeline import Compiled
from modelspec.route import route
from modelspec.routing import RoutingTable
from modelspec.settings import Settings
from modelspec.site.context import SiteContext, repository_of, with_slashes
from modelspec.write import Refusal, Stale, Written, shown, stale, write_tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """All that emitting needs: the compiled repository, as large again, can be let go of."""

    routing: RoutingTable
    origin: Origin
    context: SiteContext
    settings: Settings
    root: Path


def configured_output(compiled: Compiled) -> Path | Refusal:
    """The folder that modelspec.yaml names, or `dist`; never outside of the repository, whatever links stand there."""
    root = compiled.tree.root.resolve()
    output = root / compiled.setup.settings.output
    if not output.parent.resolve().is_relative_to(root):
        return Refusal(
            message=f"the output folder {shown(compiled.setup.settings.output)} leads out of the repository",
            help="name a folder inside in modelspec.yaml, or any folder with --output",
        )
    return output


def prepare(compiled: Compiled, *, commit: str | None, commit_date: str | None) -> Prepared:
    """Route a compiled repository.

    Raises:
        ValueError: it has errors; nothing is emitted then.
    """
    if compiled.has_errors:
        raise ValueError("nothing is emitted where there is an error")
    return Prepared(
        routing=route(compiled.catalog, compiled.models),
        origin=_origin(compiled.tree, commit=commit, commit_date=commit_date),
        context=_site_context(compiled, commit=commit, commit_date=commit_date),
        settings=compiled.setup.settings,
        root=compiled.tree.root,
    )


def write_files(prepared: Prepared, output: Path) -> Written | Refusal:
    """Replace the output folder as a whole, or leave it as it was and say why."""
    return write_tree(output, artifacts(prepared), manifest=_manifest(prepared), root=prepared.root)


def stale_files(prepared: Prepared, output: Path) -> list[Stale] | Refusal:
    """What `write_files` would change."""
    return stale(output, artifacts(prepared), manifest=_manifest(prepared), root=prepared.root)


def artifacts(prepared: Prepared) -> Iterator[Artifact]:
    """Every file of the output but the manifest, in memory one at a time."""
    yield from emit(prepared.routing)
    yield from site.emit(prepared.routing, prepared.context)
    settings = prepared.settings
    yield from emit_gateways(prepared.routing, settings.targets, settings.target_options, settings.edges)


def _manifest(prepared: Prepared) -> Callable[[Mapping[str, str]], Artifact]:
    return lambda files: manifest(files, prepared.origin)


def _origin(tree: Tree, *, commit: str | None, commit_date: str | None) -> Origin:
    """What the build is made of: the digest of every file that was read, in the order of the paths."""
    digest = sha256()
    for file in sorted(tree.files, key=lambda file: file.path):
        digest.update(f"{file.path} {sha256(file.data).hexdigest()}\n".encode())
    return Origin(digest=digest.hexdigest(), commit=commit, commit_date=commit_date)


def _site_context(compiled: Compiled, *, commit: str | None, commit_date: str | None) -> SiteContext:
    settings = compiled.setup.settings
    return SiteContext(
        base_path=with_slashes(settings.base_path),
        repository=repository_of(settings.repository),
        diagnostics=tuple(compiled.diagnostics),
        commit=commit,
        commit_date=commit_date,
    )
