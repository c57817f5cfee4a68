"""A compiled repository to its output folder."""

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from modelspec import site
from modelspec.emit import emit
from modelspec.emit.artifact import Artifact
from modelspec.emit.manifest import Origin, manifest
from modelspec.pipeline import Compiled
from modelspec.route import route
from modelspec.site.context import SiteContext, repository_of, with_slashes
from modelspec.write import Refusal, Stale, Written, stale, write_tree


def origin_of(compiled: Compiled, *, commit: str | None, commit_date: str | None) -> Origin:
    """What the build is made of: the digest of every file that was read, in the order of the paths."""
    digest = sha256()
    files = {**compiled.tree.fixed, **{file.path: file for file in compiled.tree.models}}
    for path, file in sorted(files.items()):
        digest.update(f"{path} {sha256(file.data).hexdigest()}\n".encode())
    return Origin(digest=digest.hexdigest(), commit=commit, commit_date=commit_date)


def write_files(compiled: Compiled, output: Path, origin: Origin) -> Written | Refusal:
    """Replace the output folder as a whole, or leave it as it was and say why."""
    return write_tree(
        output, artifacts(compiled, origin), manifest=_manifest(origin), root=compiled.tree.root
    )


def stale_files(compiled: Compiled, output: Path, origin: Origin) -> list[Stale] | Refusal:
    """What `write_files` would change."""
    return stale(output, artifacts(compiled, origin), manifest=_manifest(origin), root=compiled.tree.root)


def artifacts(compiled: Compiled, origin: Origin) -> Iterator[Artifact]:
    """Every file of the output but the manifest, in memory one at a time."""
    if compiled.has_errors:
        raise ValueError("nothing is emitted where there is an error")
    routing = route(compiled.catalog, compiled.models)
    yield from emit(routing)
    yield from site.emit(routing, _site_context(compiled, origin))


def _site_context(compiled: Compiled, origin: Origin) -> SiteContext:
    settings = compiled.setup.settings
    return SiteContext(
        base_path=with_slashes(settings.base_path),
        repository=repository_of(settings.repository),
        diagnostics=tuple(compiled.diagnostics),
        commit=origin.commit,
        commit_date=origin.commit_date,
    )


def _manifest(origin: Origin) -> Callable[[Mapping[str, str]], Artifact]:
    return lambda files: manifest(files, origin)
