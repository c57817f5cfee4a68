"""References to secrets: where a value is kept, never the value itself; their one form, and what may not be one."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple
from unicodedata import normalize
from urllib.parse import unquote

from modelspec.secret import (
    GATEWAY_MASTER_KEYS,
    REVOKE,
    STEERING_VARIABLES,
    is_identity_token,
    looks_like_key,
    mask,
    steers_process,
)

_VAR_RUN = "/var/run/"
SECRET_FOLDERS = ("/run/secrets", "/var/run/secrets", "/etc/modelspec")
_MACHINE = re.compile(r"/(?:proc|sys|dev(?!/shm/))/")
"""What lies here is the machine, or another path of what lies elsewhere: `/proc/self/root/run/secrets/key`."""
_MOUNTED = re.compile(r"\.\.[^/.][^/]*")
"""Folders of a volume that Kubernetes fills, `..data` and `..2026_12_01_…`: each holds the files once more."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PLAIN = re.compile(r"[A-Za-z0-9_./#*~+-]+")
_DECODINGS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """`{env: NAME}`, `{file: /path}`, `{vault: path#key}` or `{kubernetes: {secret, key}}`.

    `normal` is the one form that is compared: the name or path, and `secret/key` of `kubernetes`. `written` is what
    the file says; gateways get it.
    """

    kind: str
    normal: str
    written: str = field(compare=False, repr=False)

    @classmethod
    def of(cls, value: Mapping[str, object]) -> "Reference":
        """The reference that a mapping of the form that the schema allows means."""
        ((kind, target),) = value.items()
        written = f"{target['secret']}/{target['key']}" if isinstance(target, Mapping) else str(target)
        return cls(
            kind=kind, normal=written if kind == "env" else normal_form(kind, written), written=written
        )

    def __str__(self) -> str:
        """`kind:name`, as policies and guards name a reference."""
        return f"{self.kind}:{self.normal}"

    @property
    def json(self) -> Mapping[str, object]:
        """As files and outputs spell it."""
        return _json(self.kind, self.written)

    @property
    def normal_json(self) -> Mapping[str, object]:
        """As reports spell it."""
        return _json(self.kind, self.normal)

    @property
    def is_normal(self) -> bool:
        """Whether it is written in its normal form; `/var/run` and `/run` are one folder, and both are."""
        return self.written in (self.normal, f"/var{self.normal}") and not _faults(self.kind, self.written)


def _json(kind: str, target: str) -> Mapping[str, object]:
    if kind != "kubernetes":
        return {kind: target}
    secret, _, key = target.partition("/")
    return {"kubernetes": {"secret": secret, "key": key}}


@lru_cache(maxsize=4096)
def normal_form(kind: str, written: str) -> str:
    """The one spelling of a reference, glob or not: as a file system or a vault would resolve it.

    A folder is not a normal form: where `_faults` finds something in it, there is none.
    """
    text = normalize("NFC", written)
    for _ in range(_DECODINGS):
        text = unquote(text)
    match kind:
        case "file":
            path = "/" + _resolved(text, leave_out=_MOUNTED)
            return path.removeprefix("/var") if path.startswith(_VAR_RUN) else path
        case "vault":
            path, sign, key = text.partition("#")
            return f"{_resolved(path.partition('?')[0])}{sign}{key.strip()}"
        case "kubernetes":
            secret, sign, key = text.partition("/")
            return f"{'.'.join(filter(None, secret.split('.')))}{sign}{key}"
        case _:
            return written


def _resolved(path: str, *, leave_out: re.Pattern[str] | None = None) -> str:
    parts: list[str] = []
    for part in (part.strip() for part in path.replace("\\", "/").split("/")):
        if part == "..":
            del parts[-1:]
        elif leave_out and leave_out.fullmatch(part):
            continue
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _faults(kind: str, text: str) -> str:
    """What keeps a text from being a normal form; nothing where it is one."""
    path, _, key = text.partition("/" if kind == "kubernetes" else "#")
    if "%" in text or kind == "env":
        return "" if kind == "env" else "a '%'"
    if _CONTROLS.search(text) or "\\" in text or (kind == "vault" and "?" in path):
        return "a character that leads elsewhere"
    parts = path.split("." if kind == "kubernetes" else "/")[1 if kind == "file" else 0 :]
    parts += [key] if kind != "file" else []
    if any(part in (".", "..") or (kind == "file" and _MOUNTED.fullmatch(part)) for part in parts):
        return "a '.' or '..' part"
    if kind == "vault" and path.startswith("/"):
        return "a leading '/'"
    if not all(parts):
        return "an empty part"
    return "a space at an end of a part" if any(part != part.strip() for part in parts) else ""


class Objection(NamedTuple):
    """Why a reference is refused. Nothing of it is quoted but names of the tables and a normal form."""

    code: str
    message: str
    help: str
    is_private: bool = True


def objection(reference: Reference, folders: Iterable[str] = ()) -> Objection | None:
    """What is wrong with a reference, None where it may be used; `folders` are secret folders beside the usual."""
    return _objection(reference.kind, reference.written, tuple(folders))


@lru_cache(maxsize=4096)
def _objection(kind: str, written: str, folders: tuple[str, ...]) -> Objection | None:
    if kind == "env":
        fault = objection_to_variable(written)
        # The tables of variables are public, and what stands in them is no key.
        is_known = written.upper() in STEERING_VARIABLES | GATEWAY_MASTER_KEYS
        return None if fault is None else Objection("MS503", *fault, is_private=not is_known)
    normal = normal_form(kind, written)
    if kind == "file" and not _lies_in(normal, (*SECRET_FOLDERS, *folders)):
        known = ", ".join((*SECRET_FOLDERS, *folders))
        message = "this file is not in a secret folder"
        advice = (
            f"mount the secret below {known}, or add its folder to secret_folders in modelspec.yaml; {REVOKE}"
        )
        return Objection("MS504", message, advice)
    if is_identity_token(kind, normal):
        message = "this is a token of the gateway's own identity"
        return Objection("MS504", message, f"reference a key of the provider; {REVOKE}")
    reference = Reference(kind=kind, normal=normal, written=written)
    return None if reference.is_normal else not_normal(reference)


def shown(key: str, folders: Iterable[str] = ()) -> str:
    """A reference as `str` spells it, for a message; the name of a refused one may be the key itself."""
    kind, _, name = key.partition(":")
    refused = objection(Reference(kind=kind, normal=name, written=name), folders)
    return key if refused is None else f"{kind}:***"


def not_normal(reference: Reference) -> Objection:
    """The objection to a reference that has another spelling, which `help` shows where there is one."""
    kind, normal = reference.kind, reference.normal
    why = _faults(kind, reference.written) or "letters in an unusual form"
    says = f"write {flow(kind, normal)}"
    if not has_normal_form(reference):
        says = "write it without empty, '.' or '..' parts and without '%'"
    message = f"the {kind} reference is not written in its normal form: it has {why}"
    return Objection("MS517", message, f"{says}; {REVOKE}")


def has_normal_form(reference: Reference) -> bool:
    """Whether the normal form is a reference that may be shown: not a key, and nothing that leads elsewhere."""
    kind, normal = reference.kind, reference.normal
    is_key = mask(normal) != normal or any(map(looks_like_key, re.split(r"[/#]", normal)))
    return not (_faults(kind, normal) or is_key)


def flow(kind: str, target: str) -> str:
    """A reference as YAML on one line."""

    def scalar(text: str) -> str:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return text if _PLAIN.fullmatch(text) and text[0] not in "#*~+-" else f'"{escaped}"'

    if kind != "kubernetes":
        return f"{{{kind}: {scalar(target)}}}"
    secret, _, key = target.partition("/")
    return f"{{kubernetes: {{secret: {scalar(secret)}, key: {scalar(key)}}}}}"


def objection_to_variable(name: str) -> tuple[str, str] | None:
    """What is wrong with the name of a variable, and what to do about it."""
    if looks_like_key(name):
        return "the name of this variable looks like a key", "revoke the key; write the name of a variable"
    upper = name.upper()
    if steers_process(name):
        shown = f"the variable '{upper}'" if upper in STEERING_VARIABLES else "this variable"
        return f"{shown} controls processes", "use a variable of the model's own"
    if upper in GATEWAY_MASTER_KEYS:
        return f"the variable '{upper}' contains a key of the gateway itself", "use a key of the provider"
    return None


def is_of_machine(reference: Reference) -> bool:
    """Whether a file is one that no secret folder makes a secret."""
    return reference.kind == "file" and _MACHINE.match(reference.normal) is not None


def _lies_in(path: str, folders: tuple[str, ...]) -> bool:
    return not _MACHINE.match(path) and any(
        path.startswith(f"{normal_form('file', folder)}/") for folder in folders
    )
