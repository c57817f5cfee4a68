"""Every verb that lists or changes models, as a user runs it: words, exit code, and what became of the files."""

import difflib
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from forked_command import ForkedCommand

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from modelspec_command import Command, tree

HERE = Path(__file__).parent
CASES: dict[str, str] = {
    "list": "list",
    "list-where": 'list --where \'region == "us" and not (status == "deprecated" or tags contains "chat")\'',
    "list-filters": "list --region us --head head-uk --tag chat --status active --format ids",
    "list-json": "list --where 'model_id matches \"*atlas*\"' --format json",
    "list-csv": "list --format csv",
    "list-caret": "list --where 'region = \"eu\"'",
    "list-unknown-field": "list --where 'metadata.owner == \"x\" or limits.rmp > 3'",
    "list-unclosed": "list --where 'name == \"x'",
    "show": "show bison",
    "show-json": "show cobra --format json",
    "show-alias": "show cobra-latest",
    "show-unknown": "show atlsa",
    "new": "new acme/Delta:8b --name 'Delta: the 8b' --region eu --head head-eu --fallback head-uk"
    " --endpoint https://delta.example.com/v1 --api-key-env DELTA_KEY --tag chat --tag new --alias delta"
    " --metadata owner=team-d --metadata 'cost.input=0.5' --metadata 'note=\"yes\"'",
    "new-wildcard": "new router/* --name Router --region us --head head-us --fallback head-uk --provider openrouter",
    "new-local": "new local --name Local --region eu --head head-eu --fallback head-uk --local --folder chat -q",
    "new-bad-head": "new delta --name D --region eu --head head-ue --endpoint https://d.example.com",
    "new-missing": "new delta --name D",
    "new-taken": "new atlas --name D --region eu --head head-eu --endpoint https://d.example.com",
    "new-dots": "new ../../etc/passwd --name D --region eu --head head-eu --endpoint https://d.example.com",
    "new-folder-dots": "new d --name D --region eu --head head-eu --endpoint https://d.example.com --folder ../x",
    "new-two-keys": "new d --name D --region eu --head head-eu --api-key-env A --api-key-file /run/secrets/a",
    "edit": "edit atlas name=O\\'Atlas tags+=fast tags-=small limits.rpm=60 metadata.owner=team-b"
    " 'metadata.\"a.b\"=2' fallback_heads-=head-eu-2",
    "edit-crlf": "edit bison load_balancing.weights.head-spare=3 'name=Big Bison' status=active"
    " --unset fallback_models",
    "edit-dry-run": "edit bison tags+=x --dry-run",
    "edit-nothing": "edit atlas region=eu tags+=chat",
    "edit-error": "edit atlas region=uk priority_head=head-none",
    "edit-unknown-field": "edit atlas limits.rmp=3",
    "edit-inside-of-text": "edit atlas region.x=3",
    "edit-id": "edit atlas model_id=x",
    "edit-no-assignment": "edit atlas tags",
    "edit-list-as-text": "edit atlas tags=a",
    "edit-bad-yaml": "edit atlas 'tags=[a, b'",
    "edit-where": "edit --where 'region == \"us\"' metadata.team=us tags+=american --yes",
    "edit-where-unasked": "edit --where 'region == \"us\"' tags+=american",
    "edit-where-none": "edit --where 'region == \"jp\"' tags+=american",
    "edit-both": "edit atlas --where 'region == \"us\"' tags+=american",
    "remove-used": "remove cobra",
    "remove-cascade": "remove cobra --cascade --yes",
    "remove-cascade-tests": "remove atlas --cascade --yes",
    "remove-unknown": "remove cobar",
    "rename": "rename cobra acme/snake:2",
    "rename-no-alias": "rename bison cobra-x --no-alias",
    "rename-to-alias": "rename cobra cobra-latest --no-alias",
    "rename-taken": "rename cobra bison",
    "rename-same": "rename cobra cobra",
    "head-drain": "head drain head-eu",
    "head-activate": "head activate head-eu-2",
    "head-offline": "head offline head-spare",
    "head-unknown": "head drain head-ue",
    "head-add": "head add head-jp --region jp --url https://head-jp.example.net --capacity 4",
    "head-add-twice": "head add head-us --region us --url https://head-us.example.net",
    "head-remove-used": "head remove head-uk",
    "head-remove-stranded": "head remove head-us --cascade --yes",
    "head-remove-priority": "head remove head-eu --cascade --yes",
    "head-rename": "head rename head-us head-america",
    "region-add": "region add br --name Brasil --residency br --residency us",
    "region-remove": "region remove jp",
    "region-remove-used": "region remove uk --cascade --yes",
    "region-rename": "region rename eu europe",
    "fmt": "fmt",
    "fmt-check": "fmt --check models.d/cobra.yaml",
    "fmt-dry-run": "fmt --dry-run models.d",
    "fmt-unknown": "fmt models.d/none.yaml",
}
"""What is typed, by the name of the case; `cases/<name>.txt` holds what comes of it."""


@pytest.mark.parametrize("name", CASES)
def test_a_verb_does_what_its_case_says(
    name: str, tmp_path: Path, forked: ForkedCommand, request: pytest.FixtureRequest
) -> None:
    root = tmp_path / "fleet"
    shutil.copytree(HERE / "fleet", root)
    before = tree(root)
    (tmp_path / "home").mkdir()
    outcome = Command(tmp_path / "home", forked=forked).run(*shlex.split(CASES[name]), cwd=root)
    parts = [
        f"$ modelspec {CASES[name]}\n",
        f"exit code {outcome.code}\n",
        *_part("standard output", outcome.out),
        *_part("standard error", outcome.err.replace(str(tmp_path), "…")),
        *_part("files", "".join(_diff(before, tree(root)))),
    ]
    text = "\n".join(part.rstrip("\n") for part in parts) + "\n"
    expected = HERE / "cases" / f"{name}.txt"
    if request.config.getoption("--update-golden"):
        expected.write_text(text, encoding="utf-8", newline="")
    assert text == expected.read_bytes().decode()


def test_no_case_is_left_over() -> None:
    assert {path.stem for path in (HERE / "cases").iterdir()} == CASES.keys()


def _part(title: str, text: str) -> list[str]:
    return [f"--- {title}", text] if text else []


def _diff(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[str]:
    for path in sorted({*before, *after}):
        # A carriage return is shown, so that a lost one is seen.
        old, new = (
            files.get(path, b"").decode().replace("\r", "<CR>").splitlines(keepends=True)
            for files in (before, after)
        )
        yield from difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", n=1)
