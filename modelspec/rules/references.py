"""References that lead where none may go, or in a wrong notation: MS503 to MS505."""

import re
from collections.abc import Iterator

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Rule, Scope, rule
from modelspec.fleet.model import Fleet, Model
from modelspec.fleet.reference import Reference
from modelspec.rules.examples import model
from modelspec.secret import GATEWAY_MASTER_KEYS, looks_like_key, mask, steers_process, telling_key
from modelspec.text.document import Document, Place, Pointer
from modelspec.text.quote import quote

_ATLAS = model(region="eu", endpoint="https://api.atlas.example/v1")
_ENVIRONMENT_PREFIX = "os.environ/"
_SUBSTITUTION = re.compile(
    r"\$\{(?P<braced>[^{}]{0,128})\}|\$(?P<shell>[A-Z_][A-Z0-9_]{0,127})|%(?P<windows>[A-Za-z_][A-Za-z0-9_]{2,127})%"
    r"|\{\{(?P<template>[^{}]{0,256})\}\}|os\.environ/(?P<python>[A-Za-z0-9_]{0,128})"
)
_LOWER_SHELL = re.compile(r"\$(?P<shell>[a-z_][a-z0-9_]{0,127})")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_SECRET_FOLDERS = ("/run/secrets", "/var/run/secrets", "/etc/modelspec")
_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@rule(
    "MS503",
    Severity.ERROR,
    Scope.MODEL,
    bad=_ATLAS + "api_key: {env: LITELLM_MASTER_KEY}",
    good=_ATLAS + "api_key: {env: ATLAS_API_KEY}",
)
def environment_names_are_harmless(model: Model, _: Fleet) -> Iterator[Finding]:
    """A reference names an environment variable that no model may use.

    Three kinds are rejected. A name that looks like a key: the key was written in place of its name. A
    variable that controls processes (`LD_PRELOAD`, `PATH`, `PYTHONPATH`, `HTTPS_PROXY`, …): setting it to a key
    breaks the gateway, and sending it upstream reveals how the gateway runs. The gateway's own keys
    (`LITELLM_MASTER_KEY`, `DATABASE_URL`, …): a model that names one as its API key sends it to that model's
    endpoint.

    Give every provider a variable of its own.
    """
    for pointer, reference in _references(model, "env"):
        if objection := _objection(reference.written):
            fault, remedy = objection
            yield Finding(place=Place(path=model.path, pointer=pointer), message=fault, help=remedy)


@rule(
    "MS504",
    Severity.ERROR,
    Scope.MODEL,
    bad=_ATLAS + "api_key: {file: /etc/passwd}",
    good=_ATLAS + "api_key: {file: /run/secrets/atlas}",
)
def secret_files_lie_in_secret_folders(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A reference names a file outside the secret folders.

    The content of the file is sent to the model's endpoint as its key, so a pull request could send any file of
    the gateway anywhere. Allowed are `/run/secrets/`, `/var/run/secrets/` (less the token of the Kubernetes
    service account), `/etc/modelspec/`, and the `secret_folders` of `modelspec.yaml`; `..`, doubled slashes and
    control characters are rejected.
    """
    folders = (*_SECRET_FOLDERS, *fleet.secret_folders)
    for pointer, reference in _references(model, "file"):
        if _is_secret_file(reference.written, folders):
            continue
        yield Finding(
            place=Place(path=model.path, pointer=pointer),
            message=f"the file {quote(mask(reference.written))} is not in a secret folder",
            help=f"mount the secret below {', '.join(folders)}, or add its folder to secret_folders in modelspec.yaml",
        )


@rule(
    "MS505",
    Severity.ERROR,
    Scope.TEXT,
    bad=_ATLAS
    + """\
api_key: {env: ATLAS_API_KEY}
params:
  organization: ${ATLAS_ORGANIZATION}
""",
    good=_ATLAS
    + """\
api_key: {env: ATLAS_API_KEY}
params:
  organization: {env: ATLAS_ORGANIZATION}
""",
)
def references_are_written_as_such(document: Document) -> Iterator[Finding]:
    """A variable is written in another program's notation.

    `${NAME}`, `$NAME`, `%NAME%`, `{{ NAME }}` and `os.environ/NAME` are notations of shells, template languages
    and gateways. modelspec expands none of them: the text would reach the provider unchanged or, with
    `os.environ/`, make a gateway read any variable of its own. A variable is always `{env: NAME}`, so that it can
    be checked.
    """
    for pointer, node in document.scalars():
        if not isinstance(node.value, str):
            continue
        found = _substitution(pointer, node.value)
        if found is None:
            continue
        name = next((part.strip() for part in found.groups() if part is not None), "")
        yield Finding(
            place=Place(path=document.source.path, pointer=pointer),
            message="a variable is written in a notation that modelspec does not expand",
            label="not a reference",
            help=_remedy(pointer, name, whole=found[0] == node.value),
        )


def _remedy(pointer: Pointer, name: str, *, whole: bool) -> str:
    if pointer[:1] == ("metadata",):
        return "delete it: metadata is published as written; a reference belongs in api_key or params"
    harmless = _NAME.fullmatch(name) and mask(name) == name and _objection(name) is None
    inside = "" if whole else " as the whole value: text inside a value is not substituted"
    return f"write {{env: {name if harmless else 'NAME'}}}{inside}"


def _objection(name: str) -> tuple[str, str] | None:
    """What is wrong with the name of a variable, and what to do about it."""
    if looks_like_key(name):
        return (
            "the name of this variable looks like a key",
            "revoke the key; write the name of a variable",
        )
    if steers_process(name):
        return f"the variable {quote(name)} controls processes", "use a variable of the model's own"
    if name.upper() in GATEWAY_MASTER_KEYS:
        return f"the variable {quote(name)} contains a key of the gateway itself", "use a key of the provider"
    return None


def _references(model: Model, kind: str) -> Iterator[tuple[Pointer, Reference]]:
    for deployment in model.deployments:
        values = {"api_key": deployment.api_key, "endpoint": deployment.endpoint}
        for name, value in values.items():
            if isinstance(value, Reference) and value.kind == kind:
                yield (*deployment.pointer, name, kind), value
        for name, param in deployment.params.items():
            if isinstance(param, Reference) and param.kind == kind:
                yield (*deployment.pointer, "params", name, kind), param


def _is_secret_file(path: str, folders: tuple[str, ...]) -> bool:
    if ".." in path.split("/") or "//" in path or _CONTROLS.search(path):
        return False
    if f"{path}/".startswith(f"{_SERVICE_ACCOUNT}/"):
        return False
    return any(path.startswith(f"{folder.rstrip('/')}/") and not path.endswith("/") for folder in folders)


def _substitution(pointer: Pointer, value: str) -> re.Match[str] | None:
    if value.startswith(_ENVIRONMENT_PREFIX):
        return _SUBSTITUTION.match(value)
    keys = [step for step in pointer if isinstance(step, str)]
    last = keys[-1] if keys else ""
    if last in ("api_key", "endpoint") or "params" in keys or telling_key(last):
        return _SUBSTITUTION.search(value) or _LOWER_SHELL.fullmatch(value)
    return None


RULES: tuple[Rule, ...] = (
    environment_names_are_harmless,
    secret_files_lie_in_secret_folders,
    references_are_written_as_such,
)
