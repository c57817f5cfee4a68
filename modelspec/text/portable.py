"""File names that every file system, archive and CI system takes.

Windows allows none of `" : < > | * ?`, control characters, a dot or space at the end of a name, and the names of
devices with or without an extension: https://learn.microsoft.com/windows/win32/fileio/naming-a-file. The standard
artifact upload of GitHub refuses most of them too: https://github.com/actions/toolkit/tree/main/packages/artifact.
"""

import re

_REFUSED = r'[":<>|*?\x00-\x1f\x7f]'
_AT_THE_END = r"[. ](?=/|\Z)"
_DEVICE = r"(?:con|prn|aux|nul|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])"
_UNPORTABLE = re.compile(
    rf"{_REFUSED}|{_AT_THE_END}|(?:(?<=/)|\A)(?={_DEVICE}(?:[./]|\Z))[a-z]", re.IGNORECASE
)
_UNPORTABLE_SOURCE = re.compile(rf"{_REFUSED}|{_AT_THE_END}|(?:(?<=/)|\A){_DEVICE}(?=[./]|\Z)", re.IGNORECASE)
_REFUSED_ONE, _AT_AN_END = re.compile(_REFUSED), re.compile(_AT_THE_END)
_A_DEVICE = re.compile(rf"/{_DEVICE}(?:[./]|\Z)", re.IGNORECASE)

LONGEST = 200
"""The most bytes of a segment."""

NUMBERED = re.compile(r"_(?:[2-9]|[1-9][0-9]{1,3})\Z")
"""The end of a source name whose first choice is taken."""


def is_portable(path: str) -> bool:
    """Whether every system takes a path, whose segments are separated by `/`."""
    # Each by itself, these searches look at a character once; paths of a whole repository are searched together.
    return (
        _REFUSED_ONE.search(path) is None
        and _AT_AN_END.search(path) is None
        and _A_DEVICE.search(f"/{path}") is None
    )


def portable(path: str) -> str:
    """The path with `=` and two hexadecimal digits for each character that some system refuses.

    `gpt-oss:20b` becomes `gpt-oss=3a20b`. Paths without a `=` stay apart, and twice is the same as once.
    """
    if is_portable(path):  # as nearly all are, and this is the shorter way to find that out
        return path
    return _UNPORTABLE.sub(lambda found: f"={ord(found[0]):02x}", path)


def unescaped(path: str) -> str:
    """The path that `portable` was given."""
    return re.sub("=([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), path)


def source_name(model_id: str) -> str:
    """The name of a model's file without its ending: with slashes, folders above it.

    A `_` stands for each character that some system refuses, and behind the name of a device: a file that begins with
    `_` is no model. A wildcard is named for its prefix, and `*` alone `any`.
    """
    wanted = model_id.removesuffix("*").removesuffix("/") or "any"
    return _UNPORTABLE_SOURCE.sub(lambda found: "_" if len(found[0]) == 1 else f"{found[0]}_", wanted)
