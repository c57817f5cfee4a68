"""Where modelspec is installed from: a commit or a hash, and never a bare name, which anybody may register.

A pipeline, a page or a message that says how to install modelspec takes it from here. What is given may come from
anybody, so a source holds no character that YAML, a shell or pip reads as more than text.
"""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from modelspec import __version__
from modelspec.secret import scan
from modelspec.url import parts

DISTRIBUTION = "modelspec-gitops"

FORMS = (
    "git+https://HOST/PATH@COMMIT with all 40 digits of the commit; the URL or the path of a wheel with"
    f" #sha256=HASH; or '{DISTRIBUTION}==VERSION --hash=sha256:HASH'"
)

_PACKAGE = Path(__file__).parents[2]
_LONGEST = 2_000
_PATH = r"[A-Za-z0-9._~%+/-]+"
_HASH = r"[0-9a-f]{64}"
_HOST = r"[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]+)?"
# User names belong to SSH alone: a token in a URL would end in the repository.
_GIT = rf"git\+(?:https://{_HOST}|ssh://(?:[A-Za-z0-9_-]+@)?{_HOST}|file://)/{_PATH}@[0-9a-f]{{40}}"
_ARCHIVE = rf"(?:https://{_HOST}|file://)/{_PATH}\#sha256={_HASH}"
_URL = re.compile(rf"(?:{DISTRIBUTION} ?@ ?)?({_GIT}|{_ARCHIVE})")
_FILE = re.compile(rf"((?:\./|/)?[A-Za-z0-9_.]{_PATH}\.(?:whl|tar\.gz))\#sha256=({_HASH})")
_INDEX = re.compile(rf"{DISTRIBUTION}==[0-9][A-Za-z0-9.+!]*(?: --hash=sha256:{_HASH})+")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallSource:
    """A place to install from, pinned by a commit or a hash, as a line of pip's requirements files.

    `is_url` tells what pip takes as an argument from what it takes out of a file only.
    """

    line: str
    is_url: bool

    @property
    def is_local(self) -> bool:
        """Whether no other machine has it."""
        return "file:///" in self.line

    def commands(self, environment: str) -> tuple[str, ...]:
        """What a person types to install it into a virtual environment."""
        pip, wheels = f"{environment}/bin/pip", f"{environment}/wheels"
        if self.is_url:
            return (f"{pip} install '{self.line}'",)
        return (
            f"echo '{self.line}' | {pip} wheel --no-deps --wheel-dir {wheels} -r /dev/stdin",
            f"{pip} install {wheels}/*.whl",
        )


def source_of(text: str) -> InstallSource | None:
    """What somebody has named, where it is pinned and holds no secret."""
    text = " ".join(text.split())
    if len(text) > _LONGEST or scan(text):
        return None
    if url := _URL.fullmatch(text):
        # pip before 24.1 takes no name beside a repository on disk.
        name = "" if url[1].startswith("git+file:") else f"{DISTRIBUTION} @ "
        return InstallSource(line=f"{name}{url[1]}", is_url=True)
    if file := _FILE.fullmatch(text):
        path, digest = file.groups()
        if path.startswith("/"):
            return source_of(f"file://{path}#sha256={digest}")
        return InstallSource(line=f"./{path.removeprefix('./')} --hash=sha256:{digest}", is_url=False)
    return InstallSource(line=text, is_url=False) if _INDEX.fullmatch(text) else None


def origin(package: Path = _PACKAGE) -> InstallSource | Path | None:
    """Where the running copy came from: what pins it, or a folder, which pins nothing, or None where nothing tells.

    An installer notes it beside the package (PEP 610), unless it asked an index.
    """
    folder = package.parent
    if (folder / "pyproject.toml").is_file():
        return folder
    noted = folder / f"{DISTRIBUTION.replace('-', '_')}-{__version__}.dist-info" / "direct_url.json"
    try:
        return _noted(json.loads(noted.read_bytes()))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def with_extra(extra: str, package: Path = _PACKAGE) -> str:
    """Say how the running copy gets the packages of an extra."""
    found = origin(package)
    wanted = f"{DISTRIBUTION}[{extra}]"
    if isinstance(found, InstallSource) and DISTRIBUTION in found.line:
        return f"pip install '{found.line.replace(DISTRIBUTION, wanted, 1)}'"
    if isinstance(found, Path) and str(found).isprintable():
        editable = "--editable " if found == package.parent else ""
        return f"pip install {editable}{shlex.quote(f'{found}[{extra}]')}"
    return f"install modelspec with the extra '{extra}', from where this copy came from"


def _noted(note: dict[str, dict[str, dict[str, str]]]) -> InstallSource | Path | None:
    url = str(note["url"])
    if "subdirectory" in note:
        return None
    if "dir_info" in note:
        found = parts(url)
        return Path(unquote(found.path)) if found else None
    if "vcs_info" in note:
        return source_of(f"{note['vcs_info']['vcs']}+{url}@{note['vcs_info']['commit_id']}")
    if "#" in url:  # uv leaves the hash there
        return source_of(url)
    return source_of(f"{url}#sha256={note['archive_info']['hashes']['sha256']}")
