from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A stretch `text[start:end]` that holds a secret; `kind` is in words for people.

    `certain` is False where nothing but its randomness speaks for it.
    """

    start: int
    end: int
    kind: str
    certain: bool
