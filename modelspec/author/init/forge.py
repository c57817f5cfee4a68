"""Which forge a repository lives on, by its remote, and what is particular about each."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MOST = 65_536
"""Bytes of git's configuration that are read."""

_SECTION = re.compile(r'\s*\[\s*remote\s+"([^"\n]{1,200})"\s*\]')
_URL = re.compile(r"\s*url\s*=\s*(\S{1,2000})")
# The host of `https://user@host:443/path`, `ssh://git@host/path` and `git@host:path`.
_HOST = re.compile(r"(?:[a-z+]{2,10}://)?(?:[^@/\s]{1,500}@)?([A-Za-z0-9.-]{1,253})(?=[:/])")

_HINTS = {
    "gitlab": "gitlab",
    "github": "github",
    "gitea": "gitea",
    "forgejo": "gitea",
    "codeberg": "gitea",
    "bitbucket": "bitbucket",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeSetup:
    """Where a forge looks for its pipeline and its code owners; `resource` holds the pipeline's text."""

    resource: str
    pipeline: str
    owners: str
    owned: tuple[str, ...]


FORGES = {
    "github": ForgeSetup(
        resource="github.yaml",
        pipeline=".github/workflows/models.yaml",
        owners=".github/CODEOWNERS",
        owned=("/.github/",),
    ),
    "gitlab": ForgeSetup(
        resource="gitlab.yml",
        pipeline=".gitlab-ci.yml",
        owners=".gitlab/CODEOWNERS",
        owned=("/.gitlab-ci.yml", "/.gitlab/"),
    ),
    "gitea": ForgeSetup(
        resource="gitea.yaml",
        pipeline=".gitea/workflows/models.yaml",
        owners=".gitea/CODEOWNERS",
        owned=("/.gitea/",),
    ),
    "bitbucket": ForgeSetup(
        resource="bitbucket.yml",
        pipeline="bitbucket-pipelines.yml",
        owners=".bitbucket/CODEOWNERS",
        owned=("/bitbucket-pipelines.yml", "/.bitbucket/"),
    ),
}


def git_top(folder: Path) -> Path | None:
    """The top of the git repository around a folder, if there is one."""
    return next((place for place in (folder, *folder.parents) if os.path.lexists(place / ".git")), None)


def forge_of(folder: Path) -> str | None:
    """The forge of the git repository around a folder, by the host of `origin` or else of its first remote."""
    top = git_top(folder)
    return None if top is None else _forge(dict(_remotes(_configuration(top / ".git" / "config"))))


def _forge(remotes: dict[str, str]) -> str | None:
    url = remotes.get("origin") or next(iter(remotes.values()), "")
    host = _HOST.match(url)
    if host is None:
        return None
    return next((forge for hint, forge in _HINTS.items() if hint in host[1].lower()), None)


def _configuration(file: Path) -> str:
    try:
        # Git makes a file of it; a pipe or a device in its place would keep this waiting.
        if not file.is_file():
            return ""
        with file.open("rb") as opened:
            return opened.read(_MOST).decode("utf-8", "replace")
    except OSError:
        return ""


def _remotes(configuration: str) -> Iterator[tuple[str, str]]:
    remote = None
    for line in configuration.splitlines():
        section = _SECTION.match(line)
        if section is not None:
            remote = section[1]
        elif line.lstrip().startswith("["):
            remote = None
        elif remote is not None and (url := _URL.match(line)):
            yield remote, url[1]
