"""The cases that `--only` chooses."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from modelspec.routes_test.cases import Case


def select(cases: Sequence[Case], pattern: str) -> list[Case]:
    """The cases whose name or model is the pattern or matches it; `*` and `?` stand for any characters."""
    return [
        case
        for case in cases
        if any(text == pattern or fnmatchcase(text, pattern) for text in (case.name, case.request.model))
    ]
