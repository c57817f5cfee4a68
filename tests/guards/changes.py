"""Two states of a small fleet, compiled and checked by the guards."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from small_fleets import FIXED, TODAY, compiled, model, routed

from modelspec.change.guards import check_guards
from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.pipeline import Compiled

KEY = "api_key: {env: MODEL_KEY}"


def many(number: int, *lines: str) -> dict[str, str]:
    """A number of equal models, `m00` and on."""
    return {f"m{position:02}": model(f"m{position:02}", *lines) for position in range(number)}


def without(models: Mapping[str, str], *gone: str) -> dict[str, str]:
    """The models without some of them."""
    return {stem: text for stem, text in models.items() if stem not in gone}


def settings(text: str) -> dict[str, str]:
    """A modelspec.yaml with these guards, in flow style."""
    return {"modelspec.yaml": f"guards: {{{text}}}\n"}


def waivers(*entries: str) -> dict[str, str]:
    """A waivers.yaml with these entries, each a line as printed."""
    return {"waivers.yaml": "waivers:\n" + "".join(f"  {entry}\n" for entry in entries)}


def waiver(guard: str, subject: str, expires: str = "2026-06-01") -> str:
    """An entry whose last day is TODAY."""
    fields = f"guard: {guard}, subject: '{subject}', reason: agreed, expires: {expires}, approved_by: alice"
    return f"- {{{fields}}}"


@dataclass(frozen=True, kw_only=True)
class Change:
    """The diagnostics of a change, and the state after it."""

    head: Compiled
    found: list[Diagnostic]

    @property
    def codes(self) -> list[str]:
        """The codes, in order."""
        return [one.code for one in self.found]

    @property
    def subjects(self) -> list[tuple[str, str]]:
        """Codes and subjects, sorted."""
        return sorted((one.code, one.subject) for one in self.found)

    @property
    def places(self) -> list[str]:
        """Code, path, line and column of each."""
        return [f"{one.code} {one.path}:{one.span.line}:{one.span.column}" for one in self.found]


def change(
    root: Path,
    before: Mapping[str, str],
    after: Mapping[str, str],
    *,
    base: Mapping[str, str] | None = None,
    head: Mapping[str, str] | None = None,
) -> Change:
    """Check a change; `base` and `head` are additional files of each state.

    That of the policy is left out: most tests set a guard on one side only, and it has tests of its own.
    """
    old = compiled(root / "base", before, {**FIXED, **(base or {})})
    new = compiled(root / "head", after, {**FIXED, **(head or {})})
    report = check_guards(old, new, before=routed(old), after=routed(new), today=TODAY)
    return Change(head=new, found=[found for found in report.diagnostics if found.code != "MS811"])
