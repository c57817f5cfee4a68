"""Whatever stands in the cache: a run with it ends, and reports what one without it does or what is plainly kept."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from modelspec.incremental import validate
from modelspec.report import REPORTS, Summary
from modelspec.rules.examples import MODEL, example_files

TODAY = date(2026, 6, 15)


@contextmanager
def _faulty() -> Iterator[tuple[Path, Path]]:
    """A repository with faults of several kinds, and its cache."""
    with TemporaryDirectory() as name:
        root, cache = Path(name, "fleet"), Path(name, "cache")
        body = MODEL.partition("\n")[2]
        texts = {
            "models.d/atlas.yaml": body.replace("atlas", "other"),
            "models.d/bison.yaml": body + "region: eu\n",
            "models.d/cobra.yaml": body.replace("atlas", "cobra")
            + "status: deprecated  # modelspec: ignore[MS604]\n",
        }
        for path, text in {**example_files(""), **texts}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        with patch("platformdirs.user_cache_path", lambda _: cache):
            yield root, cache


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_no_wrong_type_in_a_cache_is_a_crash(data: st.DataObject) -> None:
    with _faulty() as (root, cache):
        _damage_and_run(data, root, cache)


def _damage_and_run(data: st.DataObject, root: Path, cache: Path) -> None:
    expected = validate(root, today=TODAY, cache=False).diagnostics
    assert validate(root, today=TODAY, cache=True).diagnostics == expected
    kind = data.draw(st.sampled_from(["result", "facts"]))
    (file,) = cache.glob(f"*.{kind}.json")
    stored = json.loads(file.read_text())
    names = ["models.d/atlas.yaml", "models.d/bison.yaml", "models.d/cobra.yaml"]
    rows = stored["diagnostics"] if kind == "result" else stored["facts"][data.draw(st.sampled_from(names))]
    if kind == "result" and data.draw(st.booleans()):
        # Of the right types, but nowhere in the file.
        data.draw(st.sampled_from(stored["diagnostics"]))[-1] = data.draw(
            st.lists(st.integers(-5, 10**9), min_size=4, max_size=4)
        )
    node: list[object] = rows
    while True:
        at = data.draw(st.integers(0, len(node) - 1)) if node else 0
        inner = node[at] if node else None
        if not isinstance(inner, list) or data.draw(st.booleans()):
            break
        node = inner
    wrong = data.draw(st.sampled_from([None, 5, 1.5, True, "", [], {}, [5], [[None]], {"a": 1}]))
    if node and type(node[at]) is not type(wrong):
        node[at] = wrong
    file.write_text(json.dumps(stored))
    if kind == "facts":
        (result,) = cache.glob("*.result.json")
        result.unlink()
    found = validate(root, today=TODAY, cache=True)
    summary = Summary.of(found.diagnostics, files=3, models=3)
    for format_ in REPORTS:
        "".join(REPORTS[format_](found.diagnostics, summary, found.locator.source, colour=False))
