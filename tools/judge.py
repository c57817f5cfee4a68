"""Judge a pure refactoring: whether every verb still says, writes and returns the same, byte for byte.

A recording keeps the standard output, the standard error, the exit code and every written file of some thousand runs:

    python tools/judge.py record --package BEFORE before.json.gz
    python tools/judge.py against before.json.gz --package AFTER --inputs BEFORE

`against` records and compares at once, and ends with 1 where a run differs; `compare` takes two recordings. The
repositories come from `--inputs`, a checkout that must be the same for both, and `--fleet`, a folder or an archive of
a large repository. The day, the dates of commits and every path of this machine are the same in each recording.
"""

import argparse
import contextlib
import datetime as dt
import difflib
import fnmatch
import gc
import gzip
import hashlib
import importlib.util
import json
import os
import re
import runpy
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, Self

TODAY = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
"""The moment at which every run believes to be."""
FORMATS = ("text", "json", "github", "gitlab", "sarif", "junit")
FORGES = ("github", "gitlab", "gitea", "bitbucket", "none")
TARGETS = ("envoy", "litellm", "prometheus", "kubernetes", "haproxy", "evnoy")
SCHEMAS = ("model", "defaults", "regions", "heads", "modelspec", "routes.test", "waivers", "keys", "modle")
GROUPS = {
    "publish": ("envoy",),
    "head": ("activate", "add", "drain", "offline", "remove", "rename"),
    "region": ("add", "remove", "rename"),
    "import": ("litellm", "modelsdev"),
}
VERBS = (
    *(
        "validate",
        "plan",
        "build",
        "publish",
        "route",
        "test",
        "drill",
        "list",
        "show",
        "new",
        "edit",
        "remove",
    ),
    *("rename", "head", "region", "fmt", "migrate", "explain", "schema", "serve", "init", "import"),
)
CHANGING = frozenset({"new", "edit", "remove", "rename", "head", "region"})
LONGEST = 100_000
"""Characters of a text that are kept to show a difference; what is compared is the digest of the whole."""
SHOWN = 12
"""Lines of a difference that are shown."""
SECONDS = 300
"""The most that one run may take."""

GIT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}
CATALOGUE = {
    "models/deepseek/v4.toml": 'name = "DeepSeek V4"\nopen_weights = true\n[limit]\ncontext = 1_000_000\n',
    "providers/openrouter/provider.toml": 'name = "OpenRouter"\nenv = ["OPENROUTER_API_KEY"]\n',
    "providers/openrouter/models/deepseek/v4.toml": 'base_model = "deepseek/v4"\nstatus = "deprecated"\n',
    "providers/acme/provider.toml": 'env = ["ACME_API_KEY"]\napi = "https://api.acme.example/v1"\n',
    "providers/acme/models/mirror:free.toml": '[extends]\nfrom = "openrouter/deepseek/v4"\n',
    "providers/acme/models/plain.toml": 'name = "Plain"\nstatus = "beta"\n',
    "providers/acme/models/odd name.toml": "temperature = inf\nnames = [nan, 1]\n",
    "providers/acme/models/loop.toml": '[extends]\nfrom = "acme/loop"\n',
    "providers/acme/models/broken.toml": "name = \n",
    "providers/acme/models/secret.toml": 'note = "fine"\napi_token = "hunter2"\n',
}
"""A small checkout in the form of models.dev."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Runs in one repository: `base` with `overlays` over it, each a commit where it `is_git`, but for the last.

    A run that changes files gets a fresh repository after it, unless the runs are `chained`. `edits` are texts in
    place of others, or None for a file that is deleted; they come with the last overlay.
    """

    name: str
    steps: tuple[str, ...]
    base: Path | None = None
    overlays: tuple[Path, ...] = ()
    edits: Mapping[str, tuple[str, str] | None] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    """Empty ones, which no checkout can have."""
    is_git: bool = False
    chained: bool = False
    only_top: bool = False
    """Of `base`, take the configuration alone: it is the checkout of a program."""


# --- What is run


def scenarios(inputs: Path, fleet: Path | None, *, is_quick: bool) -> list[Scenario]:
    """Every scenario, the longest first."""
    thin = 3 if is_quick else 1
    return [
        *(_real(fleet) if fleet else ()),
        *_example(inputs),
        *_explained(inputs),
        *list(_plans(inputs / "tests/plan/golden"))[::thin],
        *_authoring(inputs / "tests/authoring"),
        *_sound(inputs / "tests/golden/ok"),
        *list(_faulty(inputs / "tests/golden/err"))[::thin],
        *_imports(inputs / "tests/importing/golden"),
        *_beginnings(),
        Scenario("help", tuple(_help())),
    ]


def _each(verb: str, formats: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{verb} --format {name}" for name in formats)


def _real(fleet: Path) -> Iterator[Scenario]:
    models = sorted(path.relative_to(fleet).as_posix() for path in fleet.glob("models.d/**/*.yaml"))
    yield Scenario(
        "real",
        (
            "validate",
            "build -q",
            "build --check",
            "build --output other --target envoy --target litellm --target prometheus -q",
        ),
        fleet,
        chained=True,
    )
    names = [
        found[1]
        for path in models[:: max(1, len(models) // 6)]
        if (found := re.search(r"(?m)^model_id: *(\S+)", (fleet / path).read_text(encoding="utf-8")))
    ]
    asked = [f"route {name}{tail}" for name in names[:6] for tail in ("", " --format json")][:8]
    yield Scenario(
        "real-read",
        (
            "validate",
            "validate --format json",
            "list",
            "list --format json",
            *asked,
            "drill",
            "schema",
            "test",
        ),
        fleet,
    )
    change: dict[str, tuple[str, str] | None] = {
        models[0]: None,
        models[len(models) // 2]: ("priority_head:", "tags: [judged]\npriority_head:"),
        models[-1]: ("name: ", "name: New "),
    }
    yield Scenario(
        "real-change", _each("plan", ("text", "json", "markdown")), fleet, edits=change, is_git=True
    )


def _example(inputs: Path) -> Iterator[Scenario]:
    example = partial(Scenario, base=inputs, only_top=True)
    where = '--where \'region == "eu" and not (tags contains "chat")\''
    yield example(
        "example-build",
        (
            *_each("build", FORMATS),
            *(f"build --target {name}" for name in TARGETS),
            "build --check",
            "build --strict",
            "build --output elsewhere -q",
            "build --output models.d",
            f"build --commit {'0a' * 20} --commit-date 2026-05-04T03:02:01Z",
            "build --commit x --commit-date y",
        ),
    )
    admin = "--admin http://127.0.0.1:9 --wait 0.1"  # the port of `discard`, where no Envoy is
    yield example(
        "example-chain",
        (
            "validate",
            "validate",
            "validate --format json",
            "build",
            "build",
            "build --check",
            "edit mistral-7b tags+=judged",
            "validate",
            "build --check",
            "build --check --format json",
            f"publish envoy edge --edge edge-eu {admin}",
            f"publish envoy edge --edge edge-eu {admin}",
            "build",
            f"publish envoy edge {admin}",
            f"publish envoy edge --edge edge-ue {admin}",
            f"publish envoy nowhere --edge edge-us {admin}",
            "publish envoy edge",
            "publish envoy --check --envoy /nowhere/envoy",
            f"publish envoy edge --from nowhere {admin}",
            "schema --write",
            "schema --check",
            "region add xx --name Xx",
            "schema --check",
        ),
        folders=("edge",),
        chained=True,
    )
    yield example(
        "example-read",
        (
            *_each("validate", FORMATS),
            "validate --strict",
            "validate --no-cache --color always",
            "validate -q",
            "validate --root nowhere",
            *_each("drill", ("text", "markdown", "json")),
            *_each("drill --down eu", ("text", "markdown", "json")),
            "drill --down head-service-us --down head-service-jp --color always",
            "drill --down head-service-su",
            *_each("test", ("text", "json", "junit")),
            "test --suggest",
            "test --only '*europe*'",
            "test --only mistral-7b --color always",
            "test --fail-under 100 -q",
            *_each("list", ("table", "json", "csv", "ids")),
            *_each(f"list {where}", ("table", "json", "csv", "ids")),
            "list --region us --head head-service-us --tag chat --status active",
            *(f"schema {kind}" for kind in SCHEMAS),
            "schema --write",
            "schema --check",
            "schema --write elsewhere -q",
            "publish envoy edge --edge edge-eu",
        ),
    )
    asked = [
        f"route {model}{tail}"
        for model in ("mistral-7b", "gpt-5.4", "gpt-5.4-eu", "claude-3-7-sonnet", "whisper", "openrouter/x/y")
        for tail in (
            "",
            " --format json",
            " --from eu",
            " --from cn --format json",
            " --down eu",
            " --down us --down eu --down head-service-no --format json",
        )
    ]
    yield example(
        "example-ask",
        (
            *asked,
            "route mistral-7b --color always --from eu --down head-service-eu",
            "route mistral-8b",
            "route mistral-7b --from ue",
            "route mistral-7b --down head-service-ue",
            *(
                f"show {model}{tail}"
                for model in ("mistral-7b", "whisper", "glm-5", "gpt-5.4", "nothing")
                for tail in ("", " --format json")
            ),
        ),
    )
    there = "--region eu --head head-service-eu --endpoint https://d.example.com --metadata vendor=d"
    changes = (
        "edit mistral-7b limits.rpm=60 tags+=fast 'name=The \"M\"' metadata.owner=team-b",
        "edit --where 'region == \"us\"' tags+=american --yes",
        "edit mistral-7b priority_head=head-service-ue",
        f"new acme/delta:8b --name 'Delta: 8b' {there} --metadata owner=team-d --tag chat --alias delta",
        f"new delta --name D {there} --metadata owner=team-d --folder chat",
        f"new delta --name D {there} --api-key-env hunter2",
        "remove mistral-7b",
        "remove mistral-7b --cascade --yes",
        "remove grok-4.3 --cascade --yes",
        "rename mistral-7b acme/mistral",
        "rename gpt-5.4 gpt-5.5 --no-alias",
        "head drain head-service-eu",
        "head offline head-service-eu",
        "head activate head-service-eu-3",
        "head add head-service-xx --region eu --url https://xx.example.net --capacity 3",
        "head remove head-service-eu --cascade --yes",
        "head remove head-service-us",
        "head rename head-service-eu head-service-europe",
        "region add br2 --name Brasil --residency br",
        "region remove no --cascade --yes",
        "region rename eu europe",
    )
    yield example(
        "example-write",
        (
            *changes,
            *(f"{change} --dry-run" for change in changes),
            *("fmt", "fmt --check", "fmt --dry-run", "fmt models.d/chat"),
        ),
    )
    # An absent remote is an answer of its own: nothing is asked over the network.
    yield example(
        "example-git",
        (
            *(f"{change} --commit" for change in changes),
            f"{changes[0]} --commit --branch judged -m 'Judge: it'",
            f"{changes[0]} --branch judged --push",
            *_each("plan", ("text", "markdown", "json")),
            *_each("plan --base HEAD --color always", ("text", "markdown", "json")),
            "plan --base nowhere",
            "validate --changed-since HEAD",
            "build",
        ),
        is_git=True,
    )
    models = sorted(path.relative_to(inputs).as_posix() for path in inputs.glob("models.d/chat/*.yaml"))
    yield example(
        "example-change",
        (
            *_each("plan", ("text", "markdown", "json")),
            *_each("plan --base HEAD", ("text", "markdown", "json")),
            "plan --base HEAD --head HEAD",
            *_each("validate --changed-since HEAD", FORMATS),
            "validate --changed-since nowhere",
            "edit mistral-7b tags+=x --commit",
        ),
        edits={
            models[0]: None,
            models[1]: ("priority_head:", "tags: [judged]\npriority_head:"),
            "heads.yaml": ("status: draining", "status: offline"),
            "regions.yaml": ("residency: [", "residency: [us, "),
        },
        is_git=True,
    )
    yield example(
        "example-faulty",
        (
            *_each("validate", FORMATS),
            *_each("validate --changed-since HEAD", FORMATS),
            *_each("build", FORMATS),
            *_each("plan --base HEAD", ("text", "markdown", "json")),
            *(
                "validate --strict --color always",
                "route mistral-7b",
                "drill",
                "test",
                "list",
                "list --format json",
            ),
            *("schema model", "show mistral-7b", "edit mistral-7b tags+=x", "fmt --check"),
        ),
        edits={
            models[0]: ("region:", "regoin: eu\nregion:"),
            models[1]: ("priority_head: head", "priority_head: haed"),
            models[2]: ("model_id:", "model_id: [\nmodel_id:"),
            models[3]: None,
        },
        is_git=True,
    )


def _explained(inputs: Path) -> Iterator[Scenario]:
    """Every code that the program of the inputs has."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(inputs.glob("modelspec/**/*.py")))
    codes = sorted({*re.findall(r"\bMS[0-9]{3}\b", text), "MS999", "ms404", "nonsense"})
    yield Scenario("explain", ("explain", *(f"explain {code}" for code in codes)))


def _plans(golden: Path) -> Iterator[Scenario]:
    for case in sorted(path.parent for path in golden.glob("*/after")):
        yield Scenario(
            f"plan-{case.name}",
            (*_each("plan --base HEAD", ("text", "markdown", "json")), "validate --changed-since HEAD"),
            golden / "fleet",
            (case / "before", case / "after"),
            is_git=True,
        )


def _authoring(folder: Path) -> Iterator[Scenario]:
    """Each verb of the cases of the tests, which begin with it; and as a trial."""
    typed = [
        path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("$ modelspec ")
        for path in sorted(folder.glob("cases/*.txt"))
    ]
    trials = [
        f"{line} --dry-run" for line in typed if line.split()[0] in CHANGING and "--dry-run" not in line
    ]
    for number, part in enumerate((typed, trials)):
        yield Scenario(f"authoring-{number}", tuple(part), folder / "fleet")


def _sound(golden: Path) -> Iterator[Scenario]:
    targets = " ".join(f"--target {name}" for name in TARGETS[:3])
    for case in sorted(path.parent for path in golden.glob("*/input")):
        yield Scenario(
            f"ok-{case.name}",
            (
                *(
                    "validate",
                    "validate --format json",
                    "list",
                    "list --format json",
                    "drill",
                    "test --suggest",
                ),
                *("schema", "fmt --dry-run", "build", f"build {targets} --output all", "build --check"),
            ),
            case / "input",
            chained=True,
        )


def _faulty(golden: Path) -> Iterator[Scenario]:
    for number, case in enumerate(sorted(path.parent for path in golden.glob("*/input"))):
        every = (
            *_each("validate", FORMATS[1:]),
            "build",
            "list",
            "list --format json",
            "schema",
            "fmt --dry-run",
        )
        yield Scenario(f"err-{case.name}", ("validate", *(every if not number % 6 else ())), case / "input")


def _imports(golden: Path) -> Iterator[Scenario]:
    eu = " --region eu --head head-eu=https://head-eu.example.com"
    for case in sorted(golden.iterdir()):
        tail = eu if case.name in {"documented", "regions", "json-style"} else ""
        yield Scenario(
            f"import-{case.name}",
            (
                f"import litellm config.yaml --into new{tail}",
                *(
                    f"import litellm config.yaml --into new{tail} --format {x} --dry-run"
                    for x in ("json", "markdown")
                ),
            ),
            case,
        )
    yield Scenario(
        "import-modelsdev",
        (
            "import modelsdev . --into new",
            f"import modelsdev . --into new{eu}",
            "import modelsdev . --into new --provider acme --format json",
            "import modelsdev . --into new --where 'metadata.open_weights == true' --format markdown --dry-run",
            "import modelsdev . --into new --provider nobody",
            "import modelsdev nowhere --into new",
            "import litellm nowhere.yaml --into new",
        ),
        files=CATALOGUE,
    )


def _beginnings() -> Iterator[Scenario]:
    for forge in FORGES:
        yield Scenario(
            f"init-{forge}",
            (
                f"init new --forge {forge}",
                f"init new --forge {forge}",
                "validate --root new",
                "test --root new",
                "build --root new",
                f"init other --forge {forge} --region eu=Europe --region x=Y --owner @org/team --color always",
            ),
            chained=True,
        )
    yield Scenario("init", ("init", "init -q a/b", "init --region x", "init --owner me"))


def _help() -> Iterator[str]:
    yield from (
        "",
        "--help",
        "--version",
        "vaildate",
        "--nothing",
        "validate nothing",
        "validate --format yaml",
    )
    for verb in VERBS:
        yield f"{verb} --help"
        yield from (f"{verb} {name} --help" for name in GROUPS.get(verb, ()))
    # Outside of a repository, and with arguments missing.
    yield from (verb for verb in VERBS if verb not in {"init", "explain"})
    yield from ("head drain", "region rename a", "serve --port 99999", "route", "edit x", "explain x y")
    yield from (f"_MODELSPEC_COMPLETE={shell}_source" for shell in ("bash", "zsh", "fish"))
    for words, count in (("modelspec va", 1), ("modelspec head ", 2), ("modelspec validate --fo", 2)):
        yield f"_MODELSPEC_COMPLETE=bash_complete COMP_CWORD={count} COMP_WORDS='{words}'"


# --- Running it


class _Then(dt.datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Self:
        moment = TODAY.astimezone(tz) if tz else TODAY.replace(tzinfo=None)
        return cls.fromisoformat(moment.isoformat())


_Then.__module__, _Then.__name__, _Then.__qualname__ = "datetime", "datetime", "datetime"


@dataclass(frozen=True, slots=True)
class Place:
    """Where one worker runs its scenarios, under the same names each time."""

    folder: Path
    package: Path
    texts: dict[str, str] = field(default_factory=dict)
    """What was said or written, by its digest."""
    digests: dict[tuple[str, int, int, int], str] = field(default_factory=dict)
    """Of files that have not changed since."""
    seen: set[str] = field(default_factory=set)
    """Verbs that have run once, each in a process that had imported nothing of the program."""
    clean: list[int] = field(default_factory=list)
    """Pipes to and from a process that stays as it was before any verb ran."""

    @property
    def root(self) -> Path:
        """The repository."""
        return self.folder / "fleet"

    def environment(self) -> dict[str, str]:
        """All that a run knows of the machine."""
        return {
            **GIT,
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder / "home"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "TMPDIR": str(self.folder / "tmp"),
            "GIT_CEILING_DIRECTORIES": str(self.folder),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "COLUMNS": "100",
            "PYTHONPATH": str(self.package),
        }

    def keep(self, data: bytes) -> str:
        """The digest of a text, which is kept without the paths of this machine."""
        for path, name in ((self.folder, b"<work>"), (self.package, b"<package>")):
            data = data.replace(os.fsencode(path), name)
        digest = hashlib.sha256(data).hexdigest()[:24]
        if digest not in self.texts:
            self.texts[digest] = data[:LONGEST].decode("utf-8", "backslashreplace")
        return digest


def work(arguments: argparse.Namespace) -> None:
    """Run the scenarios whose numbers stand on standard input, which the other workers read as well."""
    place = Place(arguments.folder, arguments.package)
    todo = scenarios(arguments.inputs, arguments.fleet, is_quick=arguments.quick)
    sys.path.pop(0)  # the folder of this script
    spec = importlib.util.find_spec("modelspec")
    if spec is None or spec.origin is None or not Path(spec.origin).is_relative_to(place.package):
        sys.exit(f"{place.package} has no modelspec that this interpreter would take first")
    dt.datetime = _Then  # type: ignore[misc]
    time.perf_counter = lambda: 0.0
    # Libraries alone: the program's own modules are imported by each run, in its own order.
    for name in ("click", "yaml", "jinja2", "jsonschema_rs", "platformdirs", "tomllib", "subprocess"):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    place.clean[:] = _kept_clean(place)
    cases: dict[str, Any] = {}
    while number := os.read(sys.stdin.fileno(), 4):
        cases |= _played(todo[int.from_bytes(number)], place)
    result = {"cases": cases, "texts": place.texts}
    (place.folder / "result.json").write_text(json.dumps(result), encoding="ascii")


def _played(scenario: Scenario, place: Place) -> dict[str, Any]:
    """What each run of a scenario did."""
    for name in ("fleet", "home", "cache", "tmp", "fresh"):
        shutil.rmtree(place.folder / name, ignore_errors=True)
    for name in ("home", "cache", "tmp"):
        (place.folder / name).mkdir()
    fresh = place.folder / "fresh"
    _prepare(scenario, fresh)
    if scenario.chained:
        fresh.rename(place.root)
    else:
        shutil.copytree(fresh, place.root, symlinks=True)
    cases: dict[str, Any] = {}
    before = _tree(place)
    for number, step in enumerate(scenario.steps):
        case = _run(step, place)
        after = _tree(place)
        case["files"] = {
            path: after.get(path) for path in sorted({*before, *after}) if before.get(path) != after.get(path)
        }
        if scenario.is_git and "--commit" in step:
            case["git"] = place.keep(_git(place.root, "log", "--all", "--stat", "--decorate"))
        cases[f"{scenario.name} {number:03}: {step}"] = case
        if scenario.chained:
            before = after
        elif case["files"] or "git" in case:
            shutil.rmtree(place.root)
            shutil.copytree(fresh, place.root, symlinks=True)
    return cases


def _prepare(scenario: Scenario, root: Path) -> None:
    root.mkdir()
    if scenario.base is not None and scenario.only_top:
        for path in (*scenario.base.glob("*.yaml"), *scenario.base.glob("*.json")):
            shutil.copy(path, root)
        shutil.copytree(scenario.base / "models.d", root / "models.d")
        (root / "action.yml").unlink(missing_ok=True)
    elif scenario.base is not None:
        shutil.copytree(scenario.base, root, symlinks=True, dirs_exist_ok=True)
    for name, text in scenario.files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    for name in scenario.folders:
        (root / name).mkdir()
    for overlay in scenario.overlays[:-1]:
        _overlay(root, overlay)
    if scenario.is_git:
        _git(root, "init", "--quiet", "--initial-branch", "main")
        _git(root, "add", "--all", "--force", ".")
        _git(root, "commit", "--quiet", "--message", "base")
    for overlay in scenario.overlays[-1:]:
        _overlay(root, overlay)
    _edit(root, scenario.edits)


def _edit(root: Path, edits: Mapping[str, tuple[str, str] | None]) -> None:
    for name, change in edits.items():
        if change is None:
            (root / name).unlink()
        else:
            text = (root / name).read_text(encoding="utf-8")
            (root / name).write_text(text.replace(*change, 1), encoding="utf-8")


def _overlay(root: Path, change: Path) -> None:
    """Put the files of a golden case over those that are there; its `gone.txt` names those that are deleted."""
    if change.exists():
        shutil.copytree(change, root, symlinks=True, dirs_exist_ok=True)
    gone = root / "gone.txt"
    if gone.exists():
        for path in gone.read_text(encoding="utf-8").split("\n"):
            if path:
                (root / path).unlink()
        gone.unlink()


def _git(root: Path, *arguments: str) -> bytes:
    environment = {**GIT, "PATH": "/usr/bin:/bin", "HOME": os.devnull, "LC_ALL": "C"}
    return subprocess.run(
        ["git", *arguments], cwd=root, env=environment, check=True, stdout=subprocess.PIPE
    ).stdout


def _tree(place: Place) -> dict[str, str]:
    """Everything below the repository but git's own files: kind, rights and digest."""
    found: dict[str, str] = {}
    for folder, folders, files in os.walk(place.root):
        if ".git" in folders:
            folders.remove(".git")
        for name in (*files, *folders):
            path = os.path.join(folder, name)  # noqa: PTH118 - tens of thousands of them
            status = os.lstat(path)
            mode = f"{status.st_mode:o} "
            if stat.S_ISLNK(status.st_mode):
                mode += place.keep(os.fsencode(os.readlink(path)))  # noqa: PTH115
            elif stat.S_ISREG(status.st_mode):
                key = (path, status.st_ino, status.st_ctime_ns, status.st_size)
                if key not in place.digests:
                    place.digests[key] = place.keep(Path(path).read_bytes())
                mode += place.digests[key]
            found[os.path.relpath(path, place.root)] = mode
    return found


def _run(step: str, place: Place) -> dict[str, Any]:
    """Run the program in a fork; the first run of a verb has to import everything itself, later ones are spared it."""
    verb = step.partition(" ")[0]
    if verb in place.seen:
        code = _forked(step, place)
    else:
        place.seen.add(verb)
        asking, answering = place.clean
        os.write(asking, f"{step}\n".encode())
        code = int.from_bytes(os.read(answering, 4), signed=True)
        # In the order of the run. Only the rooms: a verb's own module, once imported, is an attribute of `cli`.
        for name in (place.folder / "imported").read_text("utf-8").split():
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        gc.freeze()
    out, err = (place.keep((place.folder / name).read_bytes()) for name in ("stdout", "stderr"))
    return {"code": code, "stdout": out, "stderr": err}


def _kept_clean(place: Place) -> tuple[int, int]:
    """A process that forks a run for each line that it reads."""
    asked, asking = os.pipe()
    answering, answered = os.pipe()
    if not os.fork():
        os.close(asking)
        with os.fdopen(asked, encoding="utf-8") as steps:
            for step in steps:
                os.write(answered, _forked(step, place).to_bytes(4, signed=True))
        os._exit(0)
    return asking, answering


def _forked(step: str, place: Place) -> int:
    child = os.fork()
    if not child:
        _become(step, place)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _become(step: str, place: Place) -> NoReturn:
    """Be `python -m modelspec` to the end."""
    code = 70
    try:
        signal.alarm(SECONDS)
        os.umask(0o022)
        os.chdir(place.root)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, name in enumerate(("stdout", "stderr"), start=1):
            os.dup2(os.open(place.folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        os.environ.clear()
        os.environ.update(place.environment())
        words = shlex.split(step)
        while words and re.match("[A-Z_]+=", words[0]):
            name, _, value = words.pop(0).partition("=")
            os.environ[name] = value
        tempfile.tempdir = None
        sys.argv = ["modelspec", *words]
        code = 0
        runpy.run_module("modelspec", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - what the interpreter would do
        traceback.print_exc()
        code = 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        names = [name for name in sys.modules if re.match(r"modelspec\.(?!cli\b)", name)]
        (place.folder / "imported").write_text("\n".join(names), encoding="utf-8")
        os._exit(code)


def record(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run everything, in one worker for each processor."""
    package = arguments.package.resolve()
    inputs = (arguments.inputs or package).resolve()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="judge-") as name:
        folder = Path(name).resolve()
        fleet = None if arguments.quick else _unpacked(arguments.fleet, folder / "real")
        count = len(scenarios(inputs, fleet, is_quick=arguments.quick))
        reading, writing = os.pipe()
        workers = []
        for number in range(arguments.jobs):
            place = Place(folder / str(number), package)
            place.folder.mkdir()
            command = [arguments.python, __file__, "work", "--package", package, "--inputs", inputs]
            command += ["--folder", place.folder, *(["--fleet", fleet] if fleet else [])]
            command += ["--quick"] if arguments.quick else []
            environment = {**place.environment(), "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
            workers.append(
                subprocess.Popen(command, stdin=reading, stdout=subprocess.DEVNULL, env=environment)
            )
        # A pipe holds more than these numbers, so that nobody has to be waited for.
        os.write(writing, b"".join(number.to_bytes(4) for number in range(count)))
        os.close(writing)
        codes = [worker.wait() for worker in workers]
        if any(codes):
            sys.exit("a worker failed")
        results = [
            json.loads((folder / str(n) / "result.json").read_text("ascii")) for n in range(len(workers))
        ]
    made: dict[str, Any] = {"is_whole": fleet is not None, "cases": {}, "texts": {}}
    for part in results:
        made["cases"] |= part["cases"]
        made["texts"] |= part["texts"]
    bugs = [name for name, case in made["cases"].items() if case["code"] not in {0, 1, 2, 10}]
    print(f"recorded {len(made['cases'])} runs of {package} in {time.monotonic() - started:.0f} s")
    for case in sorted(bugs)[:SHOWN]:
        print(f"  exit code {made['cases'][case]['code']}: {case}")
    return made


def _unpacked(fleet: Path | None, into: Path) -> Path | None:
    """The folder of the real fleet, unpacked if it is an archive."""
    if fleet is None or fleet.is_dir():
        return fleet and fleet.resolve()
    with tarfile.open(fleet) as archive:
        archive.extractall(into, filter="data")
    return into


# --- Comparing


def compare(old: dict[str, Any], new: dict[str, Any], *, excepted: Sequence[str]) -> int:
    """Say which runs differ; how many of them."""
    names = {*old["cases"], *new["cases"]}
    if not (old["is_whole"] and new["is_whole"]):
        names = {*old["cases"]} & {*new["cases"]}
    names = {name for name in names if not any(fnmatch.fnmatchcase(name, pattern) for pattern in excepted)}
    texts = old["texts"] | new["texts"]
    differing = 0
    for name in sorted(names):
        before, after = (recording["cases"].get(name) for recording in (old, new))
        if before != after:
            differing += 1
            print(f"=== {name}")
            print("\n".join(_difference(before, after, texts)))
    print(f"{differing} of {len(names)} runs differ")
    return differing


def _difference(
    before: dict[str, Any] | None, after: dict[str, Any] | None, texts: Mapping[str, str]
) -> Iterator[str]:
    if before is None or after is None:
        yield "only in the " + ("new" if before is None else "old") + " recording"
        return
    if before["code"] != after["code"]:
        yield f"exit code {before['code']} -> {after['code']}"
    pairs = [(name, before.get(name), after.get(name)) for name in ("stdout", "stderr", "git")]
    paths = sorted({*before["files"], *after["files"]})
    absent = "as before the run"
    files = [(path, before["files"].get(path, absent), after["files"].get(path, absent)) for path in paths]
    different = [pair for pair in files if pair[1] != pair[2]]
    if len(different) > SHOWN:
        yield f"{len(different)} files differ"
    for name, old, new in (*pairs, *different[:SHOWN]):
        if old != new:
            yield f"--- {name}: {old} -> {new}"
            yield from _lines(*(texts.get(str(one).rpartition(" ")[2], "") for one in (old, new)))


def _lines(old: str, new: str) -> list[str]:
    diff = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=1))[2:]
    rest = [f"  and {len(diff) - SHOWN} lines more"] if len(diff) > SHOWN else []
    return [f"  {line[:300]}" for line in diff[:SHOWN]] + rest


def _load(path: Path) -> dict[str, Any]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        loaded: dict[str, Any] = json.load(stream)
    return loaded


def _save(recording: dict[str, Any], path: Path) -> None:
    data = json.dumps(recording, indent=0, sort_keys=True).encode()
    path.write_bytes(gzip.compress(data, 5, mtime=0) if path.suffix == ".gz" else data)


def main() -> int:
    """Record, compare, or both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    runs = argparse.ArgumentParser(add_help=False)
    runs.add_argument("--python", default=sys.executable, help="the interpreter that has the libraries")
    runs.add_argument(
        "--package", type=Path, default=Path(__file__).parents[1], help="the checkout that is run"
    )
    runs.add_argument(
        "--inputs", type=Path, help="the checkout with the repositories; default: the package's"
    )
    runs.add_argument("--fleet", type=Path, help="a large repository: a folder or an archive")
    runs.add_argument(
        "--quick", action="store_true", help="leave out the large repository and two cases of three"
    )
    runs.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    compares = argparse.ArgumentParser(add_help=False)
    compares.add_argument(
        "--except", dest="excepted", action="append", default=[], help="runs that may differ (glob)"
    )
    verb = verbs.add_parser("record", parents=[runs])
    verb.add_argument("out", type=Path)
    verb = verbs.add_parser("compare", parents=[compares])
    verb.add_argument("old", type=Path)
    verb.add_argument("new", type=Path)
    verb = verbs.add_parser("against", parents=[runs, compares])
    verb.add_argument("old", type=Path)
    verb = verbs.add_parser("work", parents=[runs])
    verb.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    match arguments.verb:
        case "work":
            work(arguments)
            return 0
        case "record":
            _save(record(arguments), arguments.out)
            return 0
        case "compare":
            old, new = _load(arguments.old), _load(arguments.new)
        case _:
            old, new = _load(arguments.old), record(arguments)
    return 1 if compare(old, new, excepted=arguments.excepted) else 0


if __name__ == "__main__":
    sys.exit(main())
