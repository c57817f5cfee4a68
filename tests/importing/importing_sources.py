"""Importing configurations in tests."""

from datetime import date
from pathlib import Path

from modelspec.diagnose.refusal import Refusal
from modelspec.importing import BY_NAME, ImportOutcome, ImportRequest, run
from modelspec.secret import scan

TODAY = date(2026, 6, 1)


def import_litellm(
    source: Path,
    into: Path,
    *,
    region: str | None = None,
    heads: tuple[str, ...] = (),
    dry_run: bool = False,
) -> ImportOutcome | Refusal:
    """Run the importer as the command does."""
    return run(
        BY_NAME["litellm"],
        ImportRequest(source=source, into=into, region=region, heads=heads, dry_run=dry_run),
        TODAY,
    )


def secrets_in(text: str) -> list[str]:
    """The certain secrets in a text."""
    return [text[hit.start : hit.end] for hit in scan(text) if hit.certain]
