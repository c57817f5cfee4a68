"""Small output trees, and builds of them in processes that can be killed."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from child_processes import end, start

from modelspec.diagnose.refusal import Refusal
from modelspec.emit.artifact import Artifact
from modelspec.write import Stale, Written, stale, write_tree

STEPS = frozenset(
    {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.scandir", "os.listdir", "fcntl.flock"}
)


def manifest(digests: Mapping[str, str]) -> Artifact:
    text = json.dumps({"schema_version": 1, "generator": "modelspec", "files": dict(digests)})
    return Artifact(path="manifest.json", content=text.encode())


def tree(version: str, count: int = 3) -> list[Artifact]:
    """Files in several folders, some only in this version; each contains its path and the version."""
    paths = [f"site/models/m{number}.json" for number in range(count)]
    paths += ["routing/table.json", "top.txt", f"{version}/only/here.json"]
    return [Artifact(path=path, content=f"{version} {path}".encode()) for path in paths]


def expected(version: str, count: int = 3) -> dict[str, bytes]:
    return {artifact.path: artifact.content for artifact in tree(version, count)}


def build(output: Path, artifacts: Iterable[Artifact], **more: Any) -> Written | Refusal:
    return write_tree(output, artifacts, manifest=manifest, root=root(output), **more)


def check(output: Path, artifacts: Iterable[Artifact]) -> list[Stale] | Refusal:
    return stale(output, artifacts, manifest=manifest, root=root(output))


def root(output: Path) -> Path:
    return output.parent / "fleet"


def content(folder: Path) -> dict[str, bytes]:
    """Every file with its bytes, except the manifest."""
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if name != "manifest.json"}


def beside(output: Path) -> list[str]:
    """The entries of the folder of the output, except the output."""
    return sorted(path.name for path in output.parent.iterdir() if path.name != output.name)


def built(output: Path, version: str = "old") -> Path:
    assert isinstance(build(output, tree(version)), Written)
    return output


def refused(result: object, *words: str) -> Refusal:
    assert isinstance(result, Refusal), result
    assert result.help
    for word in words:
        assert word in result.message, result.message
    return result


def killed_at(step: int, action: Callable[[], object]) -> bool:
    """Run the action in a process that is killed before its step-th file operation; false if it has fewer."""

    def run() -> None:
        steps = iter(range(1, sys.maxsize))
        ended = False

        def hook(event: str, _: tuple[object, ...]) -> None:
            if not ended and event in STEPS and next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        action()
        ended = True  # what follows is not the action's: the measuring of coverage opens many files

    status = end(start(run))
    assert status in {0, -signal.SIGKILL}
    return status != 0


def dying(artifacts: Iterable[Artifact], after: int) -> Iterator[Artifact]:
    """Yield a number of artifacts, then kill the process."""
    for number, artifact in enumerate(artifacts):
        if number == after:
            os.kill(os.getpid(), signal.SIGKILL)
        yield artifact
    os.kill(os.getpid(), signal.SIGKILL)


def no_exchange(_parent: int, _one: str, _other: str) -> bool:
    """A system that cannot exchange two names."""
    return False
