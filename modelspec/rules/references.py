"""References that lead where none may go, or in a wrong form or notation: MS503 to MS505, MS517."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Rule, Scope, rule
from modelspec.fleet.model import Fleet, Model
from modelspec.fleet.reference import (
    Objection,
    Reference,
    is_of_machine,
    not_normal,
    objection,
    objection_to_variable,
)
from modelspec.rules.examples import model
from modelspec.secret import looks_like_key, mask, telling_key
from modelspec.text.document import Document, Place, Pointer

_ATLAS = model(region="eu", endpoint="https://api.atlas.example/v1")
_ENVIRONMENT_PREFIX = "os.environ/"
NOTATION = re.compile(
    r"\$\{(?P<braced>[^{}]{0,128})\}|\$(?P<shell>[A-Z_][A-Z0-9_]{0,127})|%(?P<windows>[A-Za-z_][A-Za-z0-9_]{2,127})%"
    r"|\{\{(?P<template>[^{}]{0,256})\}\}|os\.environ/(?P<python>[A-Za-z0-9_]{0,128})"
)
_LOWER_SHELL = re.compile(r"\$(?P<shell>[a-z_][a-z0-9_]{0,127})")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


@rule(
    "MS503",
    Severity.ERROR,
    Scope.MODEL,
    bad=_ATLAS + "api_key: {env: LITELLM_MASTER_KEY}",
    good=_ATLAS + "api_key: {env: ATLAS_API_KEY}",
)
def environment_names_are_harmless(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A reference names an environment variable that no model may use.

    Three kinds are rejected. A name that looks like a key: the key was written in place of its name. A
    variable that controls processes (`LD_PRELOAD`, `PATH`, `PYTHONPATH`, `HTTPS_PROXY`, …): setting it to a key
    breaks the gateway, and sending it upstream reveals how the gateway runs. The gateway's own keys
    (`LITELLM_MASTER_KEY`, `DATABASE_URL`, …): a model that names one as its API key sends it to that model's
    endpoint.

    Give every provider a variable of its own.
    """
    return _refused("MS503", model, fleet)


@rule(
    "MS504",
    Severity.ERROR,
    Scope.MODEL,
    bad=_ATLAS + "api_key: {file: /etc/passwd}",
    good=_ATLAS + "api_key: {file: /run/secrets/atlas}",
)
def secret_files_lie_in_secret_folders(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A reference leads outside the secret folders, or to an identity token.

    What it leads to is sent to the model's endpoint as its key, so a pull request could send any file of
    the gateway anywhere. Allowed are `/run/secrets/`, which is `/var/run/secrets/` as well, `/etc/modelspec/`, and the
    `secret_folders` of `modelspec.yaml`, but nothing of `/proc`, `/sys` and `/dev`. Nowhere are those tokens allowed by
    which the gateway itself is known: those of Kubernetes service accounts, mounted or as a Secret, of the workload
    identities of clouds, of SPIFFE, and what Vault keeps for itself (`auth/…`, `sys/…`).
    """
    return _refused("MS504", model, fleet)


_ATLAS_POLICY = """\
# file: modelspec.yaml
key_policy:
  - key: {file: /run/secrets/atlas/*}
    hosts: [api.atlas.example]
"""


@rule(
    "MS517",
    Severity.ERROR,
    Scope.MODEL,
    bad=_ATLAS_POLICY + _ATLAS + "api_key: {file: /run/secrets/./atlas/key}",
    good=_ATLAS_POLICY + _ATLAS + "api_key: {file: /run/secrets/atlas/key}",
)
def references_are_in_their_normal_form(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A reference is not written in its normal form.

    `/run/secrets/./atlas/key` is the same file as `/run/secrets/atlas/key`, but a reviewer who looks for its uses, or
    another program's policy, does not find it. A reference has one form: no empty, `.` or `..` parts, no `%`, no
    backslash, no space around a part, no `/` before the path of a vault. `/var/run` is `/run`, and both may be written.

    Write the form that the message shows.
    """
    return _refused("MS517", model, fleet)


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
    harmless = _NAME.fullmatch(name) and mask(name) == name and objection_to_variable(name) is None
    inside = "" if whole else " as the whole value: text inside a value is not substituted"
    return f"write {{env: {name if harmless else 'NAME'}}}{inside}"


def _refused(code: str, model: Model, fleet: Fleet) -> Iterator[Finding]:
    for deployment in model.deployments:
        values = (
            (("api_key",), deployment.api_key),
            (("endpoint",), deployment.endpoint),
            *((("params", name), value) for name, value in deployment.params.items()),
        )
        for pointer, value in values:
            if isinstance(value, Reference):
                found = objection(value, fleet.secret_folders)
                if found is not None and found.code == code:
                    place = Place(path=model.path, pointer=(*deployment.pointer, *pointer, value.kind))
                    yield _finding(found, place)


def _refused_in_policy(code: str, fleet: Fleet) -> Iterator[Finding]:
    """A policy reads nothing: only its form counts, that it can name anything, and that no key is written there."""
    for position, entry in enumerate(fleet.key_policy):
        key = entry.key
        found = not_normal(key) if not key.is_normal else None
        if (key.kind == "env" and looks_like_key(key.written)) or is_of_machine(key):
            found = objection(key)
        if found is not None and found.code == code:
            place = Place(path="modelspec.yaml", pointer=("key_policy", position, "key", key.kind))
            yield _finding(found, place)


def _finding(found: Objection, place: Place) -> Finding:
    return Finding(place=place, message=found.message, help=found.help, private=found.is_private)


def _substitution(pointer: Pointer, value: str) -> re.Match[str] | None:
    if value.startswith(_ENVIRONMENT_PREFIX):
        return NOTATION.match(value)
    keys = [step for step in pointer if isinstance(step, str)]
    last = keys[-1] if keys else ""
    if last in ("api_key", "endpoint") or "params" in keys or telling_key(last):
        return NOTATION.search(value) or _LOWER_SHELL.fullmatch(value)
    return None


RULES: tuple[Rule, ...] = (
    replace(environment_names_are_harmless, fleet_check=partial(_refused_in_policy, "MS503")),
    replace(secret_files_lie_in_secret_folders, fleet_check=partial(_refused_in_policy, "MS504")),
    references_are_written_as_such,
    replace(references_are_in_their_normal_form, fleet_check=partial(_refused_in_policy, "MS517")),
)
