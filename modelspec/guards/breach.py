"""A broken guard, before the waivers were asked."""

from dataclasses import dataclass

from modelspec.catalog import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One thing that a guard stands against. `subject` is what a waiver names; `message` stands alone.

    `place` None is the guard's own line in modelspec.yaml.
    """

    subject: str
    message: str
    label: str
    help: str
    place: Place | None
