"""`gateways/litellm/`: a LiteLLM proxy for each head that serves.

Each head has two files: the configuration of the proxy, which is both JSON and YAML, and the environment variables that
it reads (`<head_id>.env.json`), so that the proxy is not started while one is missing. All share `modelspec_log.py`,
which a proxy loads from beside its configuration.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from modelspec.emit.artifact import Artifact, document, encode
from modelspec.emit.tables import SCHEMA_VERSION
from modelspec.fleet.model import prefix_of
from modelspec.fleet.reference import Reference
from modelspec.gateways import GatewayOptions, program_text
from modelspec.gateways.litellm import own as own_settings
from modelspec.gateways.litellm.groups import (
    Group,
    LiteLLMGroups,
    deployments,
    number,
    references,
    variable,
)
from modelspec.routing.table import RoutingTable

MASTER_KEY = "LITELLM_MASTER_KEY"
_LOG = "modelspec_log.py"
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Allowed unescaped in JSON, but rejected or folded by YAML parsers."""
_EXPONENT = re.compile(r"[0-9]e[-+]?[0-9]")
_STRING_OR_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|(-?[0-9]+(?:\.[0-9]+)?)(e[-+][0-9]+)')
"""YAML 1.1 reads `2e-08` as text, and `2.0e-08` as a number."""
_SECTIONS = (
    ("fallbacks", ("any", "error")),
    ("context_window_fallbacks", ("any", "context_window")),
    ("content_policy_fallbacks", ("any", "content_policy")),
)
"""LiteLLM uses only the list of the cause, so `any` is in each list."""


def emit(routing: RoutingTable, options: GatewayOptions) -> Iterator[Artifact]:
    """The log, then two artifacts per head, in the order of the heads; none for an offline head."""
    fleet = LiteLLMGroups(routing)
    yield Artifact(path=f"gateways/litellm/{_LOG}", content=_log(options.commit or options.digest))
    for head in routing.heads:
        if head.status == "offline":
            continue
        served = fleet.served_by(head.head_id)
        path = f"gateways/litellm/{head.head_id}"
        yield Artifact(path=f"{path}.yaml", content=_config(head.head_id, served, options))
        yield Artifact(path=f"{path}.env.json", content=_variables(served, options.litellm))


def _log(commit: str) -> bytes:
    """The log, which knows the commit: the files of heads stay as they are where a commit changes nothing of theirs."""
    text = program_text(__package__, _LOG)
    return text.replace("\nCOMMIT = None\n", f"\nCOMMIT = {commit or None!r}\n").encode()


def _config(head: str, groups: Sequence[Group], options: GatewayOptions) -> bytes:
    """The file, with one deployment, alias or fallback a line."""
    text = "\n".join(_lines(head, groups, options)) + "\n"
    if _EXPONENT.search(text):
        text = _STRING_OR_NUMBER.sub(_with_point, text)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def _with_point(found: re.Match[str]) -> str:
    return found[0] if found[1] is None or "." in found[1] else f"{found[1]}.0{found[2]}"


def _lines(head: str, groups: Sequence[Group], options: GatewayOptions) -> Iterator[str]:
    own, ours = options.litellm, options.options
    general = own_settings.joined("general_settings", {"master_key": f"os.environ/{MASTER_KEY}"}, own)
    settings = own_settings.joined("litellm_settings", dict(_settings(head, groups, ours)), own)
    router = own_settings.joined("router_settings", dict(_router_settings(ours)), own)
    yield "{"
    yield f'"general_settings": {encode(general)},'
    yield f'"litellm_settings": {encode(settings)},'
    for name, value in own_settings.sections(own):
        yield f"{encode(name)}: {encode(value)},"
    yield '"router_settings": {'
    for name, value in router.items():
        yield f'"{name}": {encode(value)},'
    for name, conditions in _SECTIONS:
        yield f'"{name}": ['
        yield from _separated(encode(entry) for entry in _fallbacks(groups, conditions))
        yield "],"
    yield '"model_group_alias": {'
    yield from _separated(
        f"{encode(alias)}: {encode(group.names[0])}" for group in groups for alias in group.aliases
    )
    yield "}"
    yield "},"
    yield '"model_list": ['
    yield from _separated(encode(entry) for group in groups for entry in deployments(group))
    yield "]"
    yield "}"


def _settings(
    head: str, groups: Sequence[Group], options: Mapping[str, object]
) -> Iterator[tuple[str, object]]:
    yield "telemetry", False
    yield "turn_off_message_logging", True
    yield "callbacks", ["modelspec_log.handler"]
    # What LiteLLM does not know among these settings becomes an attribute of its module, where the log finds it.
    models = {name: group.route.model_id for group in groups for name in group.names[1:]}
    yield "modelspec", {"head": head, **({"models": models} if models else {}), **_log_options(options)}
    if "drop_params" in options:
        yield "drop_params", options["drop_params"]


def _log_options(options: Mapping[str, object]) -> Mapping[str, object]:
    log = options.get("log")
    return log if isinstance(log, Mapping) else {}


def _router_settings(options: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The settings of the fleet; only a check makes `rpm` and `tpm` limits, which are weights otherwise."""
    yield "routing_strategy", options.get("routing_strategy", "simple-shuffle")
    for name in ("num_retries", "timeout", "allowed_fails", "cooldown_time"):
        if name in options:
            yield name, number(options[name])
    if options.get("enforce_limits"):
        yield "optional_pre_call_checks", ["enforce_model_rate_limits"]


def _fallbacks(groups: Sequence[Group], conditions: tuple[str, ...]) -> Iterator[Mapping[str, object]]:
    """The lists by name of a group.

    LiteLLM finds none by the name of a wildcard. What it has for `*` is for every request without a list, and so for
    all wildcards; the other groups then need a list, be it empty.
    """
    found = [
        tuple(dict.fromkeys(n for c in conditions for n in group.fallbacks.get(c, ()))) for group in groups
    ]
    of_wildcards = {
        names
        for group, names in zip(groups, found, strict=True)
        if any(prefix_of(name) is not None for name in group.names)
    }
    common = of_wildcards.pop() if len(of_wildcards) == 1 else ()
    if common:
        yield {"*": common}
    for group, names in zip(groups, found, strict=True):
        if names or common:
            for own in (*group.names, *group.aliases):
                if prefix_of(own) is None:
                    yield {own: [name for name in names if name != own]}


def _separated(items: Iterable[str]) -> Iterator[str]:
    """The items, one a line."""
    yield from filter(None, [",\n".join(items)])


def _variables(groups: Iterable[Group], own: Mapping[str, object]) -> bytes:
    """Every variable with the reference that it stands for, by name.

    All must be set: LiteLLM ignores a missing one and sends another key from its environment.
    """
    found = {name: Reference.of({"env": name}) for name in (MASTER_KEY, *own_settings.variables(own))}
    for target in (target for group in groups for target in group.targets):
        found.update((variable(reference), reference) for reference in references(target))
    rows = (encode({"name": name, "reference": found[name]}) for name in sorted(found))
    return document([SCHEMA_VERSION], [("variables", rows)])
