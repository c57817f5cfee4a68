"""Whatever ids a fleet has, a build writes names that every system takes, each its own."""

import json
import re
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelspec.cli import run
from modelspec.incremental import compile_fleet
from modelspec.pipeline import emission_of, emit
from modelspec.rules.examples import example_files, model
from modelspec.schema.documents import schema_of
from modelspec.serve.answer import answer
from modelspec.serve.site import Site, build_site
from modelspec.text.portable import is_portable, portable, source_name, unescaped

TODAY = date(2026, 6, 15)
_FORM = schema_of("model")["$defs"]["modelId"]
_PART = st.sampled_from(
    ["con", "COM1", "nul", "page", "index", "x", "x:y", "x_y", "a.", "b ", "...", ":", "~", "@"]
)
IDS = (
    st.lists(_PART | st.text("aX0.:@~_+-", min_size=1, max_size=6), min_size=1, max_size=4)
    .flatmap(lambda parts: st.sampled_from(["/".join(parts), "".join(parts), "/".join([*parts, "*"]), "*"]))
    .filter(lambda name: re.fullmatch(_FORM["pattern"], name) is not None and len(name) < 60)
)
WINDOWS = re.compile(
    r'(?i)[<>:"|?*\x00-\x1f]|(?:^|/)(?:con|prn|aux|nul|com\d|lpt\d)(?:[./]|$)|[. ](?:/|$)|[^ -~]|\\'
)
"""What Windows refuses, by itself: not the pattern under test."""


@given(st.text(st.characters(exclude_characters="=", codec="ascii"), max_size=20) | IDS, IDS)
def test_a_portable_path_is_one_and_leads_back(path: str, other: str) -> None:
    made = portable(path)
    assert is_portable(made)
    assert WINDOWS.search(made.replace("\\", "")) is None
    assert portable(made) == made
    assert unescaped(made) == path
    assert (portable(other) == made) == (other == path)
    assert made.count("/") == path.count("/")


@given(IDS)
def test_a_source_is_read_and_portable(model_id: str) -> None:
    path = f"models.d/{source_name(model_id).replace('/', '_')}.yaml"
    assert WINDOWS.search(path) is None
    assert path.removeprefix("models.d/")[0] not in "._"


@settings(max_examples=60, deadline=None)
@given(st.lists(IDS, min_size=1, max_size=5, unique_by=str.lower))
def test_every_written_name_is_portable_and_every_url_leads_to_its_model(ids: list[str]) -> None:
    with TemporaryDirectory() as name:
        root = Path(name)
        files = example_files(
            "".join(
                model(f"'{model_id}'", path=f"m{number}", name="M", endpoint="https://m.example.com/v1")
                for number, model_id in enumerate(ids)
            )
            + "# file: modelspec.yaml\ntargets: [litellm, envoy]\nedges: [{edge_id: nul, region: us}]\n"
        )
        for path, text in files.items():
            (root / path).parent.mkdir(exist_ok=True, parents=True)
            (root / path).write_text(text.replace("head-eu-1", "aux").replace("code: cn", "code: prn"))
        compiled = compile_fleet(root, today=TODAY)
        if compiled.has_errors:
            return
        artifacts = {artifact.path: artifact.content for artifact in emit(emission_of(compiled))}
        assert not [path for path in artifacts if WINDOWS.search(path)]
        assert len({path.lower() for path in artifacts}) == len(artifacts)
        site = build_site(root, today=TODAY)
        assert isinstance(site, Site)
        for row in json.loads(artifacts["site/admin/models.json"])["models"]:
            page = json.loads(artifacts[f"site{row['url']}"])
            assert page["model"]["model_id"] == row["model_id"]
            # `serve` knows the id as well.
            for path in (row["url"], f"/admin/models/{row['model_id']}"):
                assert json.loads(answer("GET", path, "", site, None).body) == page


@pytest.mark.parametrize("model_id", ["con", "x:y", "acme/nul.v2", "open/*", "a./b"])
def test_new_writes_a_file_that_validate_has_nothing_against(
    model_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path, text in example_files("").items():
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / path).write_text(text)
    fields = ["--name", "A", "--region", "us", "--head", "head-us-1", "--fallback", "head-uk-1"]
    at = ["--root", str(tmp_path)]
    assert run(["new", model_id, *fields, "--endpoint", "https://a.example.com/v1", *at]) == 0
    assert run(["validate", "--strict", "--no-cache", *at]) == 0, capsys.readouterr().out
