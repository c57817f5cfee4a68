"""The working tree, where it is not the state that somebody proposes."""

from collections.abc import Iterator

from modelspec.git.repository import Repository
from modelspec.load.find import MODELS, OPTIONAL, REQUIRED
from modelspec.quote import quote
from modelspec.refusal import Refusal


def unfit(repository: Repository) -> Refusal | None:
    """Why the working tree is no state to look at: a merge is not finished, or a part of it was never checked out.

    What a sparse checkout leaves out would look as if it were removed.
    """
    listed = repository.git.run("ls-files", "-t", "-z")
    if listed.code:
        return listed.refusal()
    rows = [row.partition(b" ") for row in listed.out.split(b"\0")[:-1]]
    unmerged = sorted({path for tag, _, path in rows if tag == b"M"})
    if unmerged:
        return Refusal(
            message=f"a merge is not finished: {_first(unmerged)} {_have(unmerged)} conflicts",
            help="resolve them and `git add` the files, or abort the merge",
        )
    absent = sorted(_absent(repository, [path for tag, _, path in rows if tag == b"S"]))
    if absent:
        return Refusal(
            message=f"this checkout is sparse: {_first(absent)} {_have(absent)} been left out",
            help="`git sparse-checkout disable` gets everything; or compare commits: --head HEAD",
        )
    return None


def _absent(repository: Repository, paths: list[bytes]) -> Iterator[bytes]:
    """Of the files that git does not look for, those that a configuration consists of and that are not there."""
    fixed = {name.encode() for name in (*REQUIRED, *OPTIONAL)}
    for path in paths:
        wanted = path in fixed or path.startswith(f"{MODELS}/".encode())
        if wanted and not (repository.root / path.decode(errors="surrogateescape")).exists():
            yield path


def _first(paths: list[bytes]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return quote(paths[0].decode(errors="surrogateescape")) + more


def _have(paths: list[bytes]) -> str:
    return "have" if len(paths) > 1 else "has"
