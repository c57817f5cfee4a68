"""The site of a repository in memory, or the faults that keep it from being built."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from modelspec.diagnose.diagnostic import Severity
from modelspec.incremental import compile_fleet
from modelspec.pipeline import Compiled, emission_of, emit
from modelspec.report import REPORTS, Summary
from modelspec.site import with_slashes
from modelspec.text.portable import portable
from modelspec.traffic.live import live_folder

_FOLDER = "site/"
_SHOWN = 50
"""The most diagnostics that a page shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Every file of a site, by path below the base path, which begins and ends with a slash.

    `version` is their digest; `repository` is the URL of the sources, if it is set. `live` is the folder of live files,
    None where it cannot be used.
    """

    base: str
    files: Mapping[str, bytes]
    version: str
    repository: str | None
    live: Path | None = None

    def source_of(self, model_id: str) -> str | None:
        """The YAML file of a model, relative to the repository; None if there is no such model."""
        page = self.files.get(portable(f"admin/models/{model_id}.json"))
        if page is None:
            return None
        path: str = json.loads(page)["model"]["source"]["path"]
        return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Why there is no new site, as text."""

    text: str


def build_site(root: Path, *, today: date) -> Site | Faults:
    """Build the site of the repository, or return its faults."""
    try:
        compiled = compile_fleet(root, today=today)
    except OSError as error:
        return Faults(text=f"cannot read the repository: {error.strerror}\n")
    if compiled.has_errors:
        return Faults(text=_text(compiled))
    files = {
        artifact.path.removeprefix(_FOLDER): artifact.content
        for artifact in emit(emission_of(compiled, commit=None, commit_date=None))
        if artifact.path.startswith(_FOLDER)
    }
    settings = compiled.setup.settings
    live = live_folder(compiled)
    return Site(
        base=with_slashes(settings.base_path),
        files=files,
        version=_version(files),
        repository=settings.repository["url"] if settings.repository else None,
        live=live if isinstance(live, Path) else None,
    )


def _text(compiled: Compiled) -> str:
    """The diagnostics as text, errors first, since only they stop the build."""
    ranked = sorted(compiled.diagnostics, key=lambda found: found.severity is not Severity.ERROR)
    summary = Summary.of(
        compiled.diagnostics,
        files=len(compiled.tree.files),
        models=len(compiled.tree.models),
    )
    text = "".join(REPORTS["text"](ranked[:_SHOWN], summary, compiled.sources(), colour=False))
    left = len(ranked) - _SHOWN
    return f"{text}and {left} more: run modelspec validate to see all\n" if left > 0 else text


def _version(files: Mapping[str, bytes]) -> str:
    digest = sha256()
    for path, content in sorted(files.items()):
        digest.update(f"{path} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]
