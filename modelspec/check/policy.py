"""The policy that judges a change is that of its base: what of that decides whether this is let through."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

from modelspec.check.setup import Setup, metadata_schema, settings_in
from modelspec.diagnose.diagnostic import Label
from modelspec.diagnose.rule import Finding, is_fixed, is_guard
from modelspec.diagnose.waiver import is_waived, last_day, waiver_entry
from modelspec.fleet.model import Fleet
from modelspec.fleet.settings import Settings
from modelspec.load.find import File, Tree
from modelspec.load.locate import Locator
from modelspec.schema import MetadataSchema
from modelspec.text.document import Place, Pointer
from modelspec.text.quote import quote
from modelspec.text.source import Span

_FILE = "modelspec.yaml"

_DECIDED_BY = {
    "MS109": "metadata_schema",
    "MS504": "secret_folders",
    "MS514": "key_policy",
    "MS515": "key_policy",
}
"""The field of modelspec.yaml that a rule reads beside its severity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Severities, key policy, secret folders, metadata schema and the life of waivers, as the state `title` has them.

    Nothing is known of what stands in the files `unreadable`. With `strict`, its warnings count as its errors do.
    """

    title: str
    settings: Settings
    metadata: MetadataSchema | None
    metadata_file: File | None
    locator: Locator
    unreadable: Sequence[str]
    strict: bool

    def differs(self, settings: Settings, metadata: File | None) -> bool:
        """Whether it may judge otherwise than the policy of these settings and their metadata schema."""
        if self.unreadable:
            return True
        lives = {one.guards.max_waiver_days for one in (self.settings, settings)}
        return (
            self.settings.rules != settings.rules
            or len(lives) > 1
            or self.finds_otherwise(settings, metadata)
        )

    def finds_otherwise(self, settings: Settings, metadata: File | None) -> bool:
        """Whether models have other findings under it, whatever their severities."""
        schemas = {None if file is None else file.data for file in (self.metadata_file, metadata)}
        return (
            self.settings.key_policy != settings.key_policy
            or self.settings.secret_folders != settings.secret_folders
            or len(schemas) > 1
        )

    @property
    def digest(self) -> str:
        """Of all that it says."""
        mine = self.settings
        told = (
            self.title,
            sorted(mine.rules.items()),
            mine.guards.max_waiver_days,
            mine.key_policy,
            mine.secret_folders,
            self.unreadable,
            self.strict,
        )
        digest = sha256(repr(told).encode(errors="backslashreplace"))
        digest.update(b"" if self.metadata_file is None else self.metadata_file.data)
        return digest.hexdigest()

    def over(self, setup: Setup) -> Setup:
        """A setup with this policy in the place of its own."""
        mine = self.settings

        def told(fleet: Fleet) -> Fleet:
            return replace(fleet, key_policy=mine.key_policy, secret_folders=mine.secret_folders)

        return replace(
            setup,
            settings=replace(setup.settings, rules=mine.rules, guards=mine.guards),
            fleet=told(setup.fleet),
            whole=told(setup.whole),
            metadata=self.metadata,
            metadata_file=self.metadata_file,
        )

    def faults(self, setup: Setup, today: date) -> Iterator[Finding]:
        """That the base cannot judge by files that cannot be read, less those that waivers allow for.

        Where the settings of the change have such a fault too, that is reported.
        """
        latest = last_day(today, self.settings.guards.max_waiver_days)
        if any(is_fixed(found.code) and found.path == _FILE for found in setup.diagnostics):
            return
        for path in self.unreadable:
            if not is_waived(setup.waivers, UNREADABLE, path, today, latest):
                yield unreadable_base(path, self.title, today)

    def label(self, code: str, why: str) -> Label | None:
        """The line that makes a `finding` one or, where others find the same, decides its `severity`."""
        if is_guard(code):
            return None
        field = _DECIDED_BY.get(code)
        if code == "MS616":
            pointer: Pointer = ("guards", "max_waiver_days")
        else:
            pointer = ("rules", code) if why == "severity" or field is None else (field,)
        reading = self.locator.reading(_FILE)
        value: object = None if reading is None else reading.value
        for part in pointer:
            value = value.get(part) if isinstance(value, dict) else None
        is_set = value is not None
        place = Place(path=_FILE, pointer=pointer, on_key=True)
        span = self.locator.span(place) if is_set else Span(1, 1, 1, 2)
        text = (
            "decides this"
            if is_set
            else f"does not set {'.'.join(map(str, pointer))}: the default decides this"
        )
        return Label(path=f"{self.title}:{_FILE}", span=span, text=text)


def policy_of(tree: Tree, commit: str, *, strict: bool = False) -> Policy:
    """The policy of a commit, less what of it this version refuses."""
    locator = Locator.of(tree)
    settings = settings_in(locator)
    file, metadata, objections = metadata_schema(tree, settings, locator)
    reading = locator.reading(_FILE)
    is_read = _FILE not in tree.unread and (reading is None or isinstance(reading.value, dict))
    unreadable = [*([] if is_read else [_FILE]), *([settings.metadata_schema or ""] if objections else [])]
    return Policy(
        title=f"base {commit[:7]}",
        settings=settings,
        metadata=metadata,
        metadata_file=file,
        locator=locator,
        unreadable=unreadable,
        strict=strict,
    )


UNREADABLE = "unreadable_base"
"""The guard of MS808, as waivers name it."""


def unreadable_base(path: str, title: str, today: date) -> Finding:
    """MS808: what a file of the base says is not known."""
    entry = waiver_entry(UNREADABLE, path, today)
    return Finding(
        place=Place(path=path),
        message=f"{quote(path)} of the {title} cannot be read, so this change cannot be held against it ({UNREADABLE})",
        label="cannot be read in the base",
        help=f"correct it in the base first; or get this entry approved, below `waivers:` in waivers.yaml: {entry}",
        subject=path,
    )
