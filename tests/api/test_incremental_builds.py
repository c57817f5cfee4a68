"""A build that takes over what an earlier one left has the bytes of one that makes everything anew, come what may."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from small_fleets import FIXED, FLEETS, HEADS, REGIONS, TODAY, model

from modelspec import incremental, pipeline
from modelspec.cache import key as cache_key
from modelspec.cache.routes import route_of_row, row_of_route
from modelspec.diagnose.refusal import Refusal
from modelspec.emit.artifact import Artifact
from modelspec.incremental import compile_fleet, compile_to_build
from modelspec.pipeline import emission_of
from modelspec.write import Written

IDS = ("atlas", "bison", "cobra", "dune/eel", "dune/*")


@contextmanager
def place() -> Iterator[tuple[Path, Path]]:
    """A folder for a repository, and one for the cache."""
    with TemporaryDirectory() as name:
        root, cache = Path(name, "fleet"), Path(name, "cache")
        (root / "models.d").mkdir(parents=True)
        with (
            patch("platformdirs.user_cache_path", lambda _: cache),
            patch.object(incremental, "_WORTH_A_WRITER", 1),
        ):
            yield root, cache


def put(root: Path, files: Mapping[str, str]) -> None:
    for path in root.rglob("*.yaml"):
        if "dist" not in path.parts:
            path.unlink()
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def fresh(root: Path, commit: str | None) -> dict[str, bytes]:
    """Every file but the manifest, made anew."""
    emission = emission_of(compile_fleet(root, today=TODAY), commit=commit)
    return {one.path: one.content for one in pipeline.emit(emission)}


def rebuilt(root: Path, commit: str | None = None) -> dict[str, bytes]:
    """Every file but the manifest, as a build that knows earlier ones leaves them; the manifest agrees with them."""
    emission = emission_of(compile_to_build(root, today=TODAY), commit=commit)
    written = incremental.write(emission, root / "dist")
    assert isinstance(written, Written), written
    assert incremental.stale_files(emission, root / "dist") == []
    files = {path.relative_to(root / "dist").as_posix(): path for path in (root / "dist").rglob("*")}
    found = {name: path.read_bytes() for name, path in files.items() if path.is_file()}
    listed = json.loads(found.pop("manifest.json"))["files"]
    assert listed == {name: sha256(content).hexdigest() for name, content in found.items()}
    assert all(
        not path.is_symlink() and path.stat().st_nlink == 1 for path in files.values() if path.is_file()
    )
    return found


@st.composite
def fleets(draw: st.DrawFn) -> dict[str, str]:
    """A repository without errors; models refer to each other in all the ways there are."""
    texts = {}
    present: list[str] = draw(st.lists(st.sampled_from(IDS), min_size=1, unique=True))
    names = {*present, *(f"{one}-x" for one in present if one != "dune/*")}
    for one in present:
        lines = [f"tags: [{draw(st.sampled_from(['a', 'b']))}]"]
        others = sorted(names - {one, f"{one}-x", "dune/*"})
        if one != "dune/*":
            lines.append(f"aliases: [{one}-x]")
        if draw(st.booleans()) and others:
            lines.append(f"fallback_models: [{draw(st.sampled_from(others))}]")
        if draw(st.booleans()):
            lines.append("fallback_heads: [head-uk-1]")
        if draw(st.booleans()):
            lines.append("metadata: {owner: team-a}")
        if draw(st.integers(0, 4)) == 0:
            lines.append("local_inference: true")
        if draw(st.integers(0, 4)) == 0:
            lines.append("status: disabled")
        elif others and draw(st.integers(0, 4)) == 0:
            lines += ["status: deprecated", f"replaced_by: {draw(st.sampled_from(others))}"]
        text = model(one, *lines).replace("name: ", f"name: {draw(st.sampled_from(['', 'New ']))}", 1)
        folder = "models.d/folder" if draw(st.booleans()) else "models.d"
        texts[f"{folder}/{one.replace('/', '-').replace('*', 'star')}.yaml"] = text
    fixed = {
        "regions.yaml": REGIONS.replace("Europe", draw(st.sampled_from(["Europe", "EU"]))),
        "heads.yaml": HEADS.replace(
            "status: draining", draw(st.sampled_from(["status: draining", "capacity: 2"]))
        ).replace("capacity: 2, capacity: 4", "capacity: 2"),
    }
    if draw(st.integers(0, 3)) == 0:
        fixed["modelspec.yaml"] = (
            "base_path: /llm\ntargets: [envoy, prometheus]\nedges: [{edge_id: e, region: eu}]\n"
        )
    return {**texts, **fixed}


def _flip(content: bytes, at: int) -> bytes:
    at %= max(1, len(content))
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] if content else b"x"


def _edit_in_place(path: Path, at: int) -> None:
    path.write_bytes(_flip(path.read_bytes(), at))


def _edit_unseen(path: Path, at: int) -> None:
    """Another file of the same size and time, as a copy that keeps times leaves it."""
    was = path.stat()
    content = _flip(path.read_bytes(), at)
    path.unlink()
    path.write_bytes(content)
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))


def _truncate(path: Path, at: int) -> None:
    path.write_bytes(path.read_bytes()[: at % 50])


def _link(path: Path, _: int) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def _lock_away(path: Path, _: int) -> None:
    path.chmod(0o600)


def _hang(path: Path, _: int) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES: tuple[Callable[[Path, int], None], ...] = (
    _edit_in_place,
    _edit_unseen,
    _truncate,
    lambda path, _: path.unlink(),
    _link,
    _lock_away,
    _hang,
)


def harm(data: st.DataObject, root: Path, cache: Path) -> None:
    """Damage the built tree, the cache, or neither; the manifest stays, without which a build refuses."""
    files = sorted(
        path for path in (root / "dist").rglob("*") if path.is_file() and path.name != "manifest.json"
    )
    for _ in range(data.draw(st.integers(0, 3))):
        path = data.draw(st.sampled_from(files))
        if path.is_file() and not path.is_symlink():
            data.draw(st.sampled_from(DAMAGES))(path, data.draw(st.integers(0, 10**6)))
    if data.draw(st.integers(0, 2)) == 0:
        for path in sorted(cache.rglob("*.json")):
            match data.draw(st.integers(0, 4)):
                case 0:
                    path.unlink()
                case 1 if ".output-" in path.name or ".routes" in path.name:
                    path.write_bytes(_flip(path.read_bytes(), data.draw(st.integers(0, 10**6))))
                case 2:
                    path.write_bytes(path.read_bytes()[: data.draw(st.integers(0, 200))])
                case _:
                    pass


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_chain_of_builds_has_the_bytes_of_fresh_ones(data: st.DataObject) -> None:
    with place() as (root, cache):
        for _ in range(data.draw(st.integers(2, 4))):
            put(root, data.draw(fleets()))
            assume(not compile_fleet(root, today=TODAY).has_errors)
            commit = data.draw(st.sampled_from([None, "a" * 40, "b" * 40]))
            assert rebuilt(root, commit) == fresh(root, commit)
            harm(data, root, cache)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths whose content is made, in this process: with one writer, all of them."""
    made: list[str] = []
    pieces = Artifact.pieces

    def noting(self: Artifact) -> object:
        made.append(self.path)
        return pieces(self)

    monkeypatch.setattr(Artifact, "pieces", noting)
    return made


def test_only_what_changed_is_made_again(counted: list[str]) -> None:
    names = [f"m{number}" for number in range(8)]
    with place() as (root, _), patch.object(incremental, "_WORTH_A_WRITER", 100):
        put(root, {**FIXED, **{f"models.d/{name}.yaml": model(name) for name in names}})
        rebuilt(root)
        inodes = {path: path.stat().st_ino for path in (root / "dist").rglob("m*.html")}
        (root / "models.d" / "m3.yaml").write_text(model("m3").replace("M3", "Changed"))
        counted.clear()
        emission = emission_of(compile_to_build(root, today=TODAY), commit="abc")
        incremental.write(emission, root / "dist")
        made = {path for path in counted if path.startswith("site/admin/models/m")}
        assert made == {"site/admin/models/m3.html", "site/admin/models/m3.json"}
        changed = {path.stem for path, inode in inodes.items() if path.stat().st_ino != inode}
        assert {name for name in changed if name in names} == {"m3"}


def test_what_another_version_left_is_made_again(counted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with place() as (root, _), patch.object(incremental, "_WORTH_A_WRITER", 100):
        put(root, {**FIXED, "models.d/atlas.yaml": model("atlas")})
        expected = rebuilt(root)
        monkeypatch.setattr(cache_key, "__version__", "0.0.0")
        counted.clear()
        assert rebuilt(root) == expected
        assert "site/admin/models/atlas.html" in counted


def test_a_file_of_another_tree_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    """The output is exchanged for one of other sources, of the same paths."""
    with place() as (root, _):
        files = {**FIXED, "models.d/atlas.yaml": model("atlas")}
        put(root, files)
        rebuilt(root)
        put(root, {**files, "models.d/atlas.yaml": model("atlas").replace("Atlas", "Other")})
        other = emission_of(compile_fleet(root, today=TODAY))
        assert isinstance(pipeline.write(other, tmp_path / "other"), Written)
        (root / "dist").rename(tmp_path / "kept")
        (tmp_path / "other").rename(root / "dist")
        put(root, files)
        assert rebuilt(root) == fresh(root, None)


@pytest.mark.parametrize("name", FLEETS)
def test_a_route_comes_back_as_it_was(name: str) -> None:
    with place() as (root, _):
        put(root, {**FIXED, **{f"models.d/{stem}.yaml": text for stem, text in FLEETS[name].items()}})
        table = compile_fleet(root, today=TODAY).table
        assert table is not None
        for route in table.routes:
            row = json.loads(json.dumps(row_of_route(route)))
            assert route_of_row(row) == route
            assert repr(route_of_row(row)) == repr(route)


def test_a_second_writer_that_dies_leaves_its_work_to_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    parent = os.getpid()
    pieces = Artifact.pieces

    def dying(self: Artifact) -> object:
        if os.getpid() != parent and self.path.endswith("m40.html"):
            os._exit(9)
        return pieces(self)

    with place() as (root, _):
        names = [f"m{number}" for number in range(200)]
        put(root, {**FIXED, **{f"models.d/{name}.yaml": model(name) for name in names}})
        expected = fresh(root, None)
        monkeypatch.setattr(Artifact, "pieces", dying)
        assert rebuilt(root) == expected


def test_errors_are_found_and_nothing_is_written() -> None:
    with place() as (root, _):
        put(root, {**FIXED, "models.d/atlas.yaml": model("atlas")})
        before = rebuilt(root)
        (root / "models.d" / "bison.yaml").write_text(model("bison", head="head-nowhere"))
        compiled = compile_to_build(root, today=TODAY)
        expected = compile_fleet(root, today=TODAY)
        assert [*compiled.diagnostics] == [*expected.diagnostics]
        assert compiled.has_errors
        (root / "models.d" / "bison.yaml").unlink()
        assert rebuilt(root) == before
        assert not isinstance(
            incremental.stale_files(emission_of(compile_to_build(root, today=TODAY)), root / "dist"), Refusal
        )
