"""An organisation's own settings of its LiteLLM proxies, merged with what modelspec writes: `MS738` and `MS740`.

LiteLLM's `include` replaces a whole section by that of another file, so the merge happens here.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from modelspec.diagnose.rule import Rule, stage_rule
from modelspec.gateways.litellm.upstream_rules import ATLAS
from modelspec.text.document import Pointer
from modelspec.text.quote import quote

Settings = Mapping[str, object]

_OPTION = "set it in target_options.litellm of modelspec.yaml"
_FALLBACKS = "write fallback_models in the files of the models"
_FIXED = "delete it: modelspec decides it"
_EVERYWHERE: Mapping[str, str] = {
    **dict.fromkeys(
        ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks", "default_fallbacks"), _FALLBACKS
    ),
    **dict.fromkeys(("model_group_alias", "model_alias_map"), "write aliases in the files of the models"),
    **dict.fromkeys(
        ("routing_strategy", "num_retries", "timeout", "request_timeout", "allowed_fails", "cooldown_time"),
        _OPTION,
    ),
    "drop_params": _OPTION,
    **dict.fromkeys(
        ("api_base", "base_url", "api_key"), "write endpoint and api_key in the files of the models"
    ),
}
_OURS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "general_settings": {"master_key": _FIXED},
        "litellm_settings": {
            "telemetry": _FIXED,
            "turn_off_message_logging": _FIXED,
            "modelspec": _FIXED,
            **_EVERYWHERE,
        },
        "router_settings": {**_EVERYWHERE, "model_list": "write a file in models.d for each model"},
    }
)
"""By section, what modelspec writes or guards, with what to do instead."""
_REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "model_list": "write a file in models.d for each model",
        "include": "write everything into this file",
        "environment_variables": "set variables where the gateway runs",
    }
)
"""Sections that an included file must not have: models would escape every rule, variables would replace keys."""
_JOINED = ("callbacks", "optional_pre_call_checks")
"""Lists of which modelspec writes a part."""
_CHECK = "enforce_model_rate_limits"
_VARIABLE = re.compile(r"os\.environ/([A-Za-z_][A-Za-z0-9_]{0,127})")


def faults(own: object) -> Iterator[tuple[str, Pointer, str, str]]:
    """What cannot be merged: the code, the pointer, the message and its help."""
    if not isinstance(own, Mapping):
        yield (
            "MS740",
            (),
            "the settings to include are not a mapping",
            "write sections such as litellm_settings",
        )
        return
    for section, settings in own.items():
        if section in _REFUSED:
            yield "MS738", (section,), f"{quote(section)} cannot be included", _REFUSED[section]
            continue
        ours = _OURS.get(section)
        if ours is None:
            continue
        if not isinstance(settings, Mapping):
            yield (
                "MS740",
                (section,),
                f"{quote(section)} is not a mapping",
                "write settings, each with its value",
            )
            continue
        for name, value in settings.items():
            if name in ours:
                yield "MS738", (section, name), f"modelspec itself decides {quote(name)}", ours[name]
            elif name in _JOINED and not _are_texts(value):
                message = f"{quote(name)} must be a list of texts"
                yield "MS740", (section, name), message, "write a list of texts"
            elif name in _JOINED and isinstance(value, list) and _CHECK in value:
                advice = "set enforce_limits: true in target_options.litellm of modelspec.yaml"
                yield "MS738", (section, name), f"modelspec itself decides {quote(_CHECK)}", advice


def joined(section: str, ours: Settings, own: Settings) -> dict[str, object]:
    """A section of both: each setting of ours and of theirs, and lists of both in one."""
    theirs = own.get(section)
    result = dict(ours)
    for name, value in theirs.items() if isinstance(theirs, Mapping) else ():
        known = result.get(name)
        result[name] = value
        if isinstance(known, list) and isinstance(value, list):
            result[name] = [*known, *(one for one in value if one not in known)]
    return result


def sections(own: Settings) -> Iterator[tuple[str, object]]:
    """The sections of which modelspec writes nothing."""
    yield from ((name, value) for name, value in own.items() if name not in _OURS)


def variables(value: object) -> Iterator[str]:
    """The environment variables that the settings name."""
    match value:
        case Mapping():
            for item in value.values():
                yield from variables(item)
        case list():
            for item in value:
                yield from variables(item)
        case str() if (found := _VARIABLE.fullmatch(value)) is not None:
            yield found[1]


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _case(text: str) -> str:
    settings = "# file: modelspec.yaml\ntargets: [litellm]\ntarget_options: {litellm: {include: own.yaml}}\n"
    return f"{settings}{ATLAS}endpoint: https://api.atlas.example/v1\n# file: own.yaml\n{text}"


own_settings_add_to_ours: Rule = stage_rule(
    "MS738",
    "A setting to include for LiteLLM is one that modelspec decides.",
    """
    `target_options.litellm.include` names a file with settings of LiteLLM that modelspec knows nothing of: callbacks,
    caches, a database, guardrails. They are merged with what modelspec writes. What both would write could have only
    one value, and models, fallbacks, aliases, addresses and keys from there would escape the rules.

    Delete the setting, and use the field that stands for it.
    """,
    bad=_case("router_settings: {num_retries: 3}\n"),
    good=_case("litellm_settings: {cache: true}\n"),
)
own_settings_can_be_read: Rule = stage_rule(
    "MS740",
    "The settings to include in LiteLLM's configuration cannot be read.",
    """
    `target_options.litellm.include` names a YAML file inside the repository, by the same rules as every other file:
    it has sections such as `general_settings`, `litellm_settings` and `router_settings`, each a mapping. Secrets stand
    there as `os.environ/NAME`.

    Correct the path or the file.
    """,
    bad=_case("litellm_settings: [cache]\n"),
    good=_case(
        "litellm_settings: {cache: true}\ngeneral_settings: {database_url: os.environ/DATABASE_URL}\n"
    ),
)
RULES = (own_settings_add_to_ours, own_settings_can_be_read)
