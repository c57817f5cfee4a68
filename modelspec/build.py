"""A compiled repository to its output folder."""

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from modelspec.emit import emit
from modelspec.emit.artifact import Artifact
from modelspec.emit.manifest import Origin, manifest
from modelspec.pipeline import Compiled
from modelspec.route import route
from modelspec.write import Refusal, Stale, Written, shown, stale, write_tree


def origin_of(compiled: Compiled, *, commit: str | None, commit_date: str | None) -> Origin:
    """What the build is made of: the digest of every file that was read, in the order of the paths."""
    digest = sha256()
    files = {**compiled.tree.fixed, **{file.path: file for file in compiled.tree.models}}
    for path, file in sorted(files.items()):
        digest.update(f"{path} {sha256(file.data).hexdigest()}\n".encode())
    return Origin(digest=digest.hexdigest(), commit=commit, commit_date=commit_date)


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


def write_files(compiled: Compiled, output: Path, origin: Origin) -> Written | Refusal:
    """Replace the output folder as a whole, or leave it as it was and say why."""
    return write_tree(output, _artifacts(compiled), manifest=_manifest(origin), root=compiled.tree.root)


def stale_files(compiled: Compiled, output: Path, origin: Origin) -> list[Stale] | Refusal:
    """What `write_files` would change."""
    return stale(output, _artifacts(compiled), manifest=_manifest(origin), root=compiled.tree.root)


def _artifacts(compiled: Compiled) -> Iterator[Artifact]:
    if compiled.has_errors:
        raise ValueError("nothing is emitted where there is an error")
    return emit(route(compiled.catalog, compiled.models))


def _manifest(origin: Origin) -> Callable[[Mapping[str, str]], Artifact]:
    return lambda files: manifest(files, origin)
