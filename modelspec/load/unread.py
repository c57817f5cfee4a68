"""Why a file is not read, as diagnostics: the same words wherever the file was to come from."""

from collections.abc import Iterable

from modelspec.diagnose.diagnostic import Diagnostic, file_error
from modelspec.text.source import START

MAX_BYTES = 256 * 1024
"""The most that one file may hold (SPEC, "How YAML is read")."""

MODELS = "models.d"


def unreadable(path: str, why: str) -> Diagnostic:
    """It is there and cannot be read."""
    return _fault("MS001", path, f"cannot read this file: {why}", "make it a readable regular file")


def link(path: str) -> Diagnostic:
    """It is a symbolic link."""
    return _fault(
        "MS002", path, "this is a symbolic link; links are not followed", "put the file itself in its place"
    )


def irregular(path: str) -> Diagnostic:
    """It is a device, a socket, a folder in the place of a file."""
    return unreadable(path, "it is not a regular file")


def no_folder(path: str) -> Diagnostic:
    """It is a file in the place of a folder."""
    return unreadable(path, "it is not a folder")


def too_large(path: str) -> Diagnostic:
    """It holds more than MAX_BYTES."""
    return _fault(
        "MS003",
        path,
        f"this file is larger than {MAX_BYTES // 1024} KiB",
        "keep one model per file and large documents elsewhere",
    )


def odd_name(path: str) -> Diagnostic | None:
    """Nothing for a path that a reviewer can read; `path` holds bytes that are not UTF-8 as lone surrogates."""
    if path.isascii() and path.isprintable():
        return None
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = path.encode(errors="surrogateescape").decode(errors="backslashreplace")
        return _odd(shown, "is not UTF-8")
    return None if path.isprintable() else _odd(path, "contains a control or invisible character")


def not_a_model(path: str) -> Diagnostic:
    """Its name is nearly that of a model."""
    return _fault(
        "MS025",
        path,
        "this file is not read: the name of a model file ends in .yaml or .yml",
        "rename it, or begin its name with _ to leave it out on purpose",
    )


def other_defaults(path: str) -> Diagnostic:
    """Its name is nearly that of a defaults file."""
    return _fault(
        "MS025",
        path,
        "this file is not read: the defaults of a folder belong in _defaults.yaml",
        "rename it to _defaults.yaml",
    )


def missing(name: str, present: Iterable[str]) -> Diagnostic:
    """A file that must be there is not; `present` are the names beside which it was looked for."""
    near = next((other for other in sorted(present) if other.lower() in (name, name[:-5] + ".yml")), None)
    return _fault(
        "MS022",
        name,
        f"{name} is missing",
        f"rename {near} to {name}" if near else f"create {name} at the top of the repository",
    )


def empty() -> Diagnostic:
    """There is no model at all."""
    return _fault(
        "MS023",
        MODELS,
        "models.d contains no model; a build would drop every route",
        "add a model, or disable the last one instead of removing it",
    )


def _odd(path: str, why: str) -> Diagnostic:
    return _fault("MS024", path, f"the name of this file {why}", "rename it with plain letters")


def _fault(code: str, path: str, message: str, help_: str) -> Diagnostic:
    return file_error(code, path, START, message, help_)
