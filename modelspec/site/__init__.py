"""The admin site, and its context: what it needs besides the routing table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.diagnose.waiver import Waiver
from modelspec.fleet.model import KeyRule
from modelspec.fleet.settings import Settings
from modelspec.site.forges import ForgeRepository, repository_of


def with_slashes(base_path: str) -> str:
    """The normal form of a base path: `/llm` and `/llm/` become `/llm/`."""
    inner = base_path.strip("/")
    return f"/{inner}/" if inner else "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteContext:
    """What the pages need besides the routing table: their base path, the repository, and the diagnostics of the build.

    `base_path` begins and ends with `/`. `diagnostics` are warnings and infos, in the order of display. `unproved`
    leads from the id of a model whose residency is not proved to what it calls that may be outside: hosts, variables,
    providers. `head_lines` and `region_lines` are those of heads.yaml and regions.yaml that declare them. `edges` are
    ids with their regions. With more than `whole_page_limit` models, a page of models has `page_size` of them.
    """

    base_path: str = "/"
    repository: ForgeRepository | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    unproved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    commit: str | None = None
    commit_date: str | None = None
    head_lines: Mapping[str, int] = field(default_factory=dict)
    region_lines: Mapping[str, int] = field(default_factory=dict)
    edges: tuple[tuple[str, str], ...] = ()
    key_policy: tuple[KeyRule, ...] = ()
    targets: tuple[str, ...] = ()
    page_size: int = 60
    whole_page_limit: int = 2000

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        diagnostics: Sequence[Diagnostic],
        waivers: Sequence[Waiver],
        unproved: Mapping[str, tuple[str, ...]],
        head_lines: Mapping[str, int],
        region_lines: Mapping[str, int],
        commit: str | None,
        commit_date: str | None,
    ) -> Self:
        """The context of a build with these settings."""
        return cls(
            base_path=with_slashes(settings.base_path),
            repository=repository_of(settings.repository),
            diagnostics=tuple(diagnostics),
            waivers=tuple(waivers),
            unproved=unproved,
            head_lines=head_lines,
            region_lines=region_lines,
            edges=settings.edges,
            key_policy=settings.key_policy,
            targets=settings.targets,
            commit=commit,
            commit_date=commit_date,
        )
