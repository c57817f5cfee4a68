import os
import subprocess
import sys
from datetime import date
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml_texts import SOUP, documents

from modelspec.cli import run
from modelspec.diagnose.diagnostic import ordered
from modelspec.incremental import validate
from modelspec.pipeline import Checked
from modelspec.report import REPORTS, Summary
from modelspec.rules import RULES
from modelspec.rules.examples import MODEL, example_files

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 6, 15)
BODY = MODEL.partition("\n")[2]
NAMES = [
    "regions.yaml",
    "heads.yaml",
    "modelspec.yaml",
    "waivers.yaml",
    "routes.test.yaml",
    "models.d/atlas.yaml",
]

FIELDS = """
model_id name region priority_head fallback_heads load_balancing endpoint provider upstream_model api_key params
deployments local_inference fallback_models aliases limits access status sunset replaced_by tags metadata
regions heads waivers rules tests edges targets residency head_id url code weights env x
"""
WORDS = "us eu uk cn head-eu-1 head-us-1 zebra atlas MS402 active disabled https://a.example"
SHAPES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2**70)
    | st.floats()
    | st.sampled_from(WORDS.split())
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS.split()), inner, max_size=4)
    ),
    max_leaves=8,
)
FLOW = st.dictionaries(st.sampled_from(FIELDS.split()), SHAPES, max_size=6)
"""Mappings with our own fields and values of any type; `str` writes them as flow style, nearly always YAML."""

ODD_TEXTS = (
    SOUP
    | documents().map(lambda pair: pair[1])
    | FLOW.map(str)
    | FLOW.map(lambda more: BODY + str(more)[1:-1])
)


def _write(root: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return root


def _said(checked: Checked) -> str:
    summary = Summary.of(checked.diagnostics, files=1, models=1, seconds=0)
    return "".join(
        "".join(render(checked.diagnostics, summary, checked.locator.source, colour=False, quiet=False))
        for render in REPORTS.values()
    )


@settings(deadline=None, max_examples=250)
@given(st.dictionaries(st.sampled_from(NAMES), ODD_TEXTS | st.binary(max_size=60), min_size=1, max_size=3))
def test_no_repository_makes_the_compiler_raise(changes: dict[str, str | bytes]) -> None:
    files = {path: text.encode() for path, text in example_files("").items()}
    files |= {
        path: text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
        for path, text in changes.items()
    }
    with TemporaryDirectory() as folder:
        checked = validate(_write(Path(folder), files), today=TODAY, cache=False)
        assert _said(checked)
        known = {rule.code for rule in RULES}
        for found in checked.diagnostics:
            assert found.code in known
            assert found.message
            assert found.span.line >= 1
            assert found.subject
        assert checked.diagnostics == ordered(checked.diagnostics)


@settings(deadline=None, max_examples=20)
@given(st.permutations(range(12)))
def test_the_order_in_which_files_were_made_changes_nothing(order: list[int]) -> None:
    files = {path: text.encode() for path, text in example_files("").items()}
    for number in order:
        text = BODY.replace("model_id: atlas", f"model_id: m{number % 7}")
        fallback = f"fallback_models: [m{(number + 1) % 12}]\nregionn: eu\n" if number % 4 == 0 else ""
        files[f"models.d/{'abc'[number % 3]}/m{number}.yaml"] = (text + fallback).encode()
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        said = [
            _said(validate(_write(Path(folder), made), today=TODAY, cache=False))
            for folder, made in ((first, files), (second, dict(sorted(files.items()))))
        ]
    assert said[0] == said[1]
    assert "MS205" in said[0]


SURROUNDINGS = [
    {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC"},
    {"PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8", "TZ": "Asia/Kathmandu"},
    {"PYTHONHASHSEED": "4242", "LC_ALL": "tr_TR.UTF-8", "TZ": "America/St_Johns", "PYTHONUTF8": "0"},
    {"PYTHONHASHSEED": "random", "LANG": "ja_JP.EUC-JP", "PYTHONOPTIMIZE": "1", "COLUMNS": "20"},
]


def _digest(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_build_is_the_same_bytes_in_all_surroundings(tmp_path: Path) -> None:
    built = []
    for number, (surroundings, umask) in enumerate(
        zip(SURROUNDINGS, (0o022, 0o077, 0o002, 0o000), strict=True)
    ):
        output = tmp_path / f"{number}"
        done = subprocess.run(
            [sys.executable, "-m", "modelspec", "build", "--root", ROOT, "--output", output],
            capture_output=True,
            check=False,
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), **surroundings},
            umask=umask,
        )
        assert done.returncode == 0, done.stderr.decode()
        built.append(_digest(output))
    assert len(built[0]) > 20
    assert built[1:] == built[:1] * 3


@pytest.mark.parametrize("code", [rule.code for rule in RULES if rule.bad])
def test_a_repository_with_errors_is_never_built(code: str, tmp_path: Path) -> None:
    (bad,) = (rule.bad for rule in RULES if rule.code == code)
    root = _write(tmp_path / "root", {path: text.encode() for path, text in example_files(bad).items()})
    errors = validate(root, today=TODAY, cache=False).has_errors
    output = tmp_path / "dist"
    assert run(["build", "--root", str(root), "--output", str(output), "--quiet"]) == int(errors)
    assert output.exists() is not errors
