"""The admin site, and its context: what it needs besides the routing table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from modelspec.check.setup import Setup
from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.diagnose.waiver import Waiver
from modelspec.fleet.model import KeyRule
from modelspec.fleet.settings import Settings
from modelspec.site.forges import ForgeRepository, repository_of
from modelspec.text.document import Place


def with_slashes(base_path: str) -> str:
    """The normal form of a base path: `/llm` and `/llm/` become `/llm/`."""
    inner = base_path.strip("/")
    return f"/{inner}/" if inner else "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFacts:
    """What the form knows of the repository beside the routing table.

    `severities` are those of modelspec.yaml by code, `metadata` is the organisation's schema, `defaulted` are the
    folders with defaults, and `named` the routing tests and waivers that name something: where, and the name.
    """

    severities: Mapping[str, str] = field(default_factory=dict)
    secret_folders: tuple[str, ...] = ()
    metadata: Mapping[str, object] | None = None
    defaulted: tuple[str, ...] = ()
    named: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, setup: Setup, defaulted: Iterable[str]) -> Self:
        """What a sound setup says."""
        settings = setup.settings
        return cls(
            severities=settings.rules,
            secret_folders=settings.secret_folders,
            metadata=None if setup.metadata is None else setup.metadata.schema,
            defaulted=tuple(sorted(defaulted)),
            named=tuple(_named(setup, "routes.test.yaml", "tests", "model"))
            + tuple(_named(setup, "waivers.yaml", "waivers", "subject")),
        )


def _named(setup: Setup, file: str, listed: str, name: str) -> Iterator[tuple[str, str]]:
    """The entries of a file that name something: `routes.test.yaml:8: tests[0]`, and what."""
    reading = setup.readings.get(file)
    value = None if reading is None or reading.faults else reading.value
    for number, entry in enumerate((value.get(listed) or ()) if isinstance(value, dict) else ()):
        if reading is not None and isinstance(entry, dict) and isinstance(entry.get(name), str):
            line = reading.span(Place(path=file, pointer=(listed, number))).line
            yield f"{file}:{line}: {listed}[{number}]", entry[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesSince:
    """What a plan says of the way here from `commit`: in one line, and by its headings.

    An entry is what it is about (`model`, `head`, `region`, …), its name, and the sentence that follows; `rest` entries
    are left out.
    """

    commit: str
    summary: str
    groups: tuple[tuple[str, tuple[tuple[str, str, str], ...], int], ...]


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
    since: ChangesSince | None = None
    head_lines: Mapping[str, int] = field(default_factory=dict)
    region_lines: Mapping[str, int] = field(default_factory=dict)
    edges: tuple[tuple[str, str], ...] = ()
    key_policy: tuple[KeyRule, ...] = ()
    targets: tuple[str, ...] = ()
    form: FormFacts = field(default_factory=FormFacts)
    page_size: int = 60
    whole_page_limit: int = 200

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

    def knowing(self, form: FormFacts) -> Self:
        """The context with what the form knows."""
        return replace(self, form=form)

    @property
    def steady(self) -> Self:
        """What pages get that say what they are made of: nothing that changes with other models, or with the commit."""
        return replace(
            self, diagnostics=(), waivers=(), form=FormFacts(), commit=None, commit_date=None, since=None
        )
