"""The admin site, and its context: what it needs besides the routing table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.fleet.settings import Settings
from modelspec.site.forges import ForgeRepository, repository_of


def with_slashes(base_path: str) -> str:
    """The normal form of a base path: `/llm` and `/llm/` become `/llm/`."""
    inner = base_path.strip("/")
    return f"/{inner}/" if inner else "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteContext:
    """What the pages need besides the routing table: their base path, the repository, and the diagnostics of the build.

    `base_path` begins and ends with `/`. `diagnostics` are warnings and infos, in the order of display. With more than
    `whole_page_limit` models, a page of models has `page_size` of them.
    """

    base_path: str = "/"
    repository: ForgeRepository | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    commit: str | None = None
    commit_date: str | None = None
    page_size: int = 60
    whole_page_limit: int = 2000

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        diagnostics: Sequence[Diagnostic],
        commit: str | None,
        commit_date: str | None,
    ) -> Self:
        """The context of a build with these settings."""
        return cls(
            base_path=with_slashes(settings.base_path),
            repository=repository_of(settings.repository),
            diagnostics=tuple(diagnostics),
            commit=commit,
            commit_date=commit_date,
        )
