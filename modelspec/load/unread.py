"""Why a file is not read, as diagnostics: the same words wherever the file was to come from."""

from collections.abc import Iterable
from dataclasses import replace

from modelspec.diagnose.diagnostic import Diagnostic, Severity, file_error
from modelspec.text.names import one_name
from modelspec.text.source import START

MAX_BYTES = 256 * 1024
"""The most that one file may hold (SPEC, "How YAML is read")."""

MODELS = "models.d"
_FIXED = ("regions.", "heads.", "modelspec.", "routes.test.", "waivers.", "keys.")


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
    near = next((other for other in sorted(present) if one_name(other) in (name, name[:-5] + ".yml")), None)
    return _fault(
        "MS022",
        name,
        f"{name} is missing",
        f"rename {near} to {name}" if near else f"create {name} at the top of the repository",
    )


def empty(present: Iterable[str] = ()) -> Diagnostic:
    """There is no model at all; `present` are the names beside the folder."""
    near = next((name for name in sorted(present) if name != MODELS and one_name(name) == MODELS), None)
    return _fault(
        "MS023",
        MODELS,
        "models.d contains no model; a build would drop every route",
        f"rename {near} to {MODELS}"
        if near
        else "add a model, or disable the last one instead of removing it",
    )


def twin(path: str, other: str) -> Diagnostic:
    """Its name is that of a file that is read, to some file systems."""
    by = "case" if path.lower() == other else "the form of its letters"
    return _fault(
        "MS027",
        path,
        f"this name differs from {other} by {by} only",
        f"rename or delete it: on macOS and Windows it is {other}",
    )


def other_name(path: str, meant: str) -> Diagnostic:
    """It is meant as a file with a fixed name."""
    return _fault(
        "MS025",
        path,
        f"this file is not read: what it says belongs in {meant}",
        f"rename it to {meant}, or move what it says there",
    )


def like_a_model(path: str) -> Diagnostic:
    """It looks like something that would be read elsewhere, or under another name."""
    inside = path.startswith(f"{MODELS}/")
    name = "its name does not end in .yaml or .yml" if inside else "it is not in models.d"
    if not inside and "/" not in path and path.lower().startswith(_FIXED):
        name = "its name is not that of a file that is read"
    return _note(path, f"this file is not read: {name}", "move or rename it if it should be, else delete it")


def like_defaults(path: str) -> Diagnostic:
    """Its name is nearly that of a defaults file."""
    return _note(
        path,
        "this file is not read: the defaults of a folder are in _defaults.yaml",
        "rename it if it should be, else delete it",
    )


def _odd(path: str, why: str) -> Diagnostic:
    return _fault("MS024", path, f"the name of this file {why}", "rename it with plain letters")


def _note(path: str, message: str, help_: str) -> Diagnostic:
    return odd_name(path) or replace(_fault("MS614", path, message, help_), severity=Severity.INFO)


def _fault(code: str, path: str, message: str, help_: str) -> Diagnostic:
    return file_error(code, path, START, message, help_)
