"""What the pages need beside the routing table: where they stand, where the sources are, what the build said."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from modelspec.diagnose.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeRepository:
    """`repository` of modelspec.yaml. `forge` None: the host decides; `templates` replace those of the forge."""

    url: str
    branch: str = "main"
    forge: str | None = None
    templates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteContext:
    """Settings of one site.

    `base_path` begins and ends with `/`. `diagnostics` are the warnings and infos of the build, in the order in
    which they are shown. Above `whole_page_limit` models, each page of models holds `page_size` of them.
    """

    base_path: str = "/"
    repository: ForgeRepository | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    commit: str | None = None
    commit_date: str | None = None
    page_size: int = 60
    whole_page_limit: int = 2000


def with_slashes(base_path: str) -> str:
    """A base path in the one form that `SiteContext` takes: `/llm` and `/llm/` are `/llm/`."""
    inner = base_path.strip("/")
    return f"/{inner}/" if inner else "/"


def repository_of(value: Mapping[str, object] | None) -> ForgeRepository | None:
    """The repository that modelspec.yaml names, in the form that its schema allows."""
    if value is None:
        return None
    forge = value.get("forge")
    templates = value.get("templates")
    return ForgeRepository(
        url=str(value["url"]),
        branch=str(value.get("branch", "main")),
        forge=None if forge is None else str(forge),
        templates={str(name): str(url) for name, url in templates.items()}
        if isinstance(templates, Mapping)
        else {},
    )
