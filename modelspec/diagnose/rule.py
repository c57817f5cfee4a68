"""What a rule is: a check, its page, and its own examples."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from inspect import cleandoc

from modelspec.diagnose.diagnostic import Severity
from modelspec.text.document import Place

_FIXED = ("MS0", "MS1", "MS2")
"""Stages whose faults nothing can waive: reading, schema and links."""

_OF_FILES = frozenset({"MS606", "MS607", "MS617"})
"""Ids for which a build has no file to write."""

_HOUSEKEEPING = frozenset({"MS608", "MS609", "MS610", "MS611", "MS612", "MS616"})

OF_THE_DAY = frozenset({"MS611", "MS616", "MS619", "MS629"})
"""What is found depending on the day: outputs, which are the same on every day, say nothing of it."""

REASON_TO_WRITE = "why this is acceptable"
APPROVER_TO_NAME = "NAME"
"""The placeholders of a printed waiver; a waiver that still has one has no effect."""


def is_early(code: str) -> bool:
    """Whether a code speaks of reading, schema or links, whose faults leave nothing sound to go on with."""
    return code.startswith(_FIXED)


def is_fixed(code: str) -> bool:
    """Whether the faults of a code cannot be waived or turned off."""
    return is_early(code) or code in _OF_FILES


def is_guard(code: str) -> bool:
    """Whether a code speaks of a change, not of a state: `guards` in modelspec.yaml is where it is set."""
    return code.startswith("MS8")


def is_housekeeping(code: str) -> bool:
    """Whether a code speaks of ignores and waivers, which cannot silence one another."""
    return code in _HOUSEKEEPING


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule found: a diagnostic without its code and severity, placed by pointer.

    `subject` is what a waiver names; empty means the model or, in other files, the path. What stands at a `private`
    place may be a secret.
    """

    place: Place
    message: str
    label: str = ""
    help: str = ""
    related: tuple[tuple[Place, str], ...] = ()
    subject: str = ""
    private: bool = False


class Scope(Enum):
    """What a check is given, and so when it must run again."""

    STAGE = "found by a stage of the compiler, not by a check of its own"
    TEXT = "the text and tree of any one file"
    MODEL = "one model; its regions and heads need not be declared"
    LINKED = "one model whose regions and heads are all declared, and the fleet"
    CATALOG = "all models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A code, its default severity and its page.

    `bad` and `good` are repositories in one text each: files begin with a line `# file: PATH` and are laid over
    the small fleet of `modelspec.rules.example`. Both are empty where a fault cannot be shown as text; then the tests
    show it. `fleet_check` is the other half of a rule about models that heads can break too, `catalog_check` of one
    that reports what all models share once.
    """

    code: str
    severity: Severity
    scope: Scope
    title: str
    text: str
    bad: str
    good: str
    check: Callable[..., Iterator[Finding]] | None
    fleet_check: Callable[..., Iterator[Finding]] | None = None
    catalog_check: Callable[..., Iterator[Finding]] | None = None


def rule(
    code: str, severity: Severity, scope: Scope, *, bad: str = "", good: str = ""
) -> Callable[[Callable[..., Iterator[Finding]]], Rule]:
    """Turn a generator of findings into a rule; its docstring is the title, an empty line and the page."""

    def decorate(check: Callable[..., Iterator[Finding]]) -> Rule:
        title, _, text = cleandoc(check.__doc__ or "").partition("\n\n")
        return Rule(
            code=code,
            severity=severity,
            scope=scope,
            title=title.replace("\n", " "),
            text=text,
            bad=cleandoc(bad),
            good=cleandoc(good),
            check=check,
        )

    return decorate


def stage_rule(
    code: str,
    title: str,
    text: str,
    *,
    bad: str = "",
    good: str = "",
    severity: Severity = Severity.ERROR,
) -> Rule:
    """Describe a fault that a stage of the compiler finds by itself."""
    return Rule(
        code=code,
        severity=severity,
        scope=Scope.STAGE,
        title=title,
        text=cleandoc(text),
        bad=cleandoc(bad),
        good=cleandoc(good),
        check=None,
    )
