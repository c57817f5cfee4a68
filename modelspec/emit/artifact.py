"""What an emitter yields."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One file of the build.

    `path` is relative to the output folder: segments of printable ASCII with `/` between them, none of them
    empty, `.` or `..`. Emitters yield one at a time, and it is let go of before the next is asked for, so
    memory has to hold only the largest one.
    """

    path: str
    content: bytes
