"""Sections other than models: the router settings that we support, and reasons for everything else."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite

from modelspec.importing.draft import Ledger, NoteKind
from modelspec.importing.litellm.values import is_key, is_reference, names_secret
from modelspec.importing.litellm.words import words
from modelspec.load.foreign import Foreign
from modelspec.schema import check
from modelspec.schema.documents import schema_of
from modelspec.secret import is_placeholder, telling_key
from modelspec.text.document import Pointer, field_path
from modelspec.text.quote import quote
from modelspec.text.source import Spot

_SAME = {"request_timeout": "timeout"}
CHECK = "enforce_model_rate_limits"

_ROUTER, _LIBRARY, _PROXY = "router_settings", "litellm_settings", "general_settings"
_KEYS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    (_ROUTER,): words("""
        routing_strategy cooldown_time model_group_alias allowed_fails_policy retry_policy enable_pre_call_checks
        redis_host
    """),
    (_LIBRARY,): words("""
        callbacks success_callback failure_callback cache cache_params drop_params set_verbose request_timeout
    """),
    (_PROXY,): words("""
        master_key database_url alerting store_model_in_db proxy_batch_write_at key_management_system
    """),
    (_ROUTER, _LIBRARY): words("""
        fallbacks context_window_fallbacks content_policy_fallbacks default_fallbacks allowed_fails num_retries
    """),
    (): words("model_list litellm_params model_name"),
}
_SECTION_OF = {key: sections for sections, keys in _KEYS.items() for key in keys}
"""The sections in which LiteLLM reads a key, ignored elsewhere; the last three belong to the top level and entries."""

_PARAMS = frozenset(
    {"api_base", "api_key", "api_version", "base_url", "model", "order", "rpm", "timeout", "tpm", "weight"}
)
"""Keys often put beside litellm_params by mistake."""
_IN_ENTRY = 3
"""Steps to a key of an entry: model_list, its place, the key."""

_WHY = (
    ("guardrails", "guardrails belong to the gateway; keep them in its configuration"),
    ("callback", "callbacks and logging belong to the gateway; keep them in its configuration"),
    ("cache", "caching belongs to the gateway; keep it in its configuration"),
    ("budget", "budgets belong in the gateway's database; keep them there"),
    ("general_settings", "administration belongs to the gateway; keep it in its configuration"),
    ("environment_variables", "variables are set where the gateway runs, not in a repository"),
    ("router_settings", "modelspec's LiteLLM target has no such setting"),
    (
        "litellm_settings",
        "a setting of the library, not of a model; keep it in the gateway's configuration",
    ),
    ("credential_list", "no model uses it"),
    ("mcp", "tools are not models; keep them in the gateway's configuration"),
    ("model_alias_map", "an alias for LiteLLM's own names; give the model itself an alias"),
)
_TOP = frozenset({_PROXY, _ROUTER, _LIBRARY, "environment_variables"})
_NO_MODEL = "only models, fallbacks and aliases belong in the repository; keep this where it is used"


def router_options(
    sections: Mapping[str, Foreign], ledger: Ledger, *, kept: bool
) -> tuple[dict[str, object], list[Spot]]:
    """The settings that `target_options.litellm` supports; unless `kept`, they are only noted."""
    known = schema_of("modelspec")["properties"]["target_options"]["properties"]["litellm"]["properties"]
    options: dict[str, object] = {}
    spots: list[Spot] = []
    for section_name, section in sections.items():
        for key, node in section.entries.items():
            checks = [item.value for item in node.items] if key == "optional_pre_call_checks" else []
            if CHECK in checks and kept:
                ledger.remark(NoteKind.CHANGED, node.spot, key, f"{CHECK} is enforce_limits: true now")
                if len(checks) == 1:
                    ledger.carried(node)
                options["enforce_limits"] = True
                spots.append(node.spot)
                continue
            name = _SAME.get(key, key)
            if name not in known or is_misplaced((section_name, key)):
                continue
            value = _option(name, node.value)
            if value is None:
                ledger.note(
                    NoteKind.DIFFERENT, node, key, "modelspec's LiteLLM target does not accept this value"
                )
            elif not kept:
                why = "the repository already has settings: add it to target_options there"
                ledger.note(NoteKind.DIFFERENT, node, key, why)
            elif name in options:
                ledger.note(
                    NoteKind.SUSPICIOUS, node, key, "already set in another section, which takes precedence"
                )
            else:
                ledger.carried(node)
                options[name] = value
                spots.append(node.spot)
    return options, spots


def _option(name: str, value: object) -> object | None:
    """The value, if the schema of modelspec.yaml accepts it."""
    if not isinstance(value, str | int | float) or (isinstance(value, float) and not isfinite(value)):
        return None
    value = int(value) if isinstance(value, float) and value.is_integer() else value
    return None if check({"target_options": {"litellm": {name: value}}}, "modelspec") else value


def note_the_rest(roots: Sequence[Foreign], inner: Foreign, ledger: Ledger) -> None:
    """Note everything that is neither imported nor noted yet.

    `roots` are the documents of a file, `inner` is LiteLLM's own mapping in one of them.
    """
    # LiteLLM's own mapping comes first, so that it is accounted for within its document.
    for root in (inner, *roots):
        for pointer, node in _parts(root, inner, ledger):
            what = field_path(pointer) or "another document"
            section, name = (str(pointer[0]), str(pointer[-1])) if pointer else ("", "")
            for leaf_name, leaf in _named_leaves(node, name):
                if is_written_out(leaf_name, leaf.value):
                    why = "written out here: rotate it; not imported"
                    ledger.remark(NoteKind.SECRET, leaf.spot, quote(leaf_name), why)
            if section == "model_list" and len(pointer) == _IN_ENTRY and name in _PARAMS:
                kind, why = NoteKind.SUSPICIOUS, "LiteLLM expects it in litellm_params: not imported"
            elif is_misplaced(pointer):
                right = _SECTION_OF[name]
                where = " or ".join(right) if right else "an entry of model_list"
                kind, why = (
                    NoteKind.SUSPICIOUS,
                    f"LiteLLM ignores it here; it belongs in {where}: not imported",
                )
            elif root is not inner:
                what, kind, why = "other parts of the file", NoteKind.ABSENT, "not LiteLLM's configuration"
            else:
                kind, why = NoteKind.ABSENT, _why(pointer)
            ledger.note(kind, node, what, why)


def is_misplaced(pointer: Pointer) -> bool:
    """Whether LiteLLM reads a key only elsewhere."""
    right = _SECTION_OF.get(str(pointer[-1])) if pointer else None
    return right is not None and pointer[0] not in right and len(pointer) <= 2  # noqa: PLR2004 - section and key


def _parts(root: Foreign, inner: Foreign, ledger: Ledger) -> Iterator[tuple[Pointer, Foreign]]:
    """Everything unaccounted for, one setting at a time."""
    for pointer, node in ledger.unknown(root):
        if not pointer and node is inner:
            for name, entry in node.entries.items():
                yield from _section((name,), entry)
        elif len(pointer) == 1:
            yield from _section(pointer, node)
        else:
            yield pointer, node


def _section(pointer: Pointer, node: Foreign) -> Iterator[tuple[Pointer, Foreign]]:
    if pointer[0] not in _TOP or not node.entries:
        yield pointer, node
        return
    for name, entry in node.entries.items():
        if any(leaf.value is not None for leaf in entry.leaves()):
            yield (*pointer, name), entry


def _why(pointer: Pointer) -> str:
    for step in reversed(pointer):
        for word, reason in _WHY:
            if word in str(step).lower():
                return reason
    if pointer and str(pointer[0]).startswith(("x-", ".", "_")):  # conventional names for anchors
        return "an anchor that no model uses"
    if pointer[:1] == ("model_list",):
        return "not a key that LiteLLM has in an entry, or the entry is not imported"
    return _NO_MODEL


def _named_leaves(node: Foreign, name: str) -> Iterator[tuple[str, Foreign]]:
    if node.entries:
        for key, entry in node.entries.items():
            yield from _named_leaves(entry, key)
    elif node.items:
        for item in node.items:
            yield from _named_leaves(item, name)
    else:
        yield name, node


def is_written_out(name: str, value: object) -> bool:
    """Whether a value of this name is a secret that must not be copied."""
    if not isinstance(value, str) or value.startswith("os.environ/"):
        return False
    if names_secret(name, value) or is_reference(value):
        return False
    return is_key(value) or (telling_key(name) and not is_placeholder(value) and value != "")


def as_mapping(node: Foreign | None) -> Mapping[str, Foreign]:
    """The entries of a section; none where it is missing or not a mapping."""
    return {} if node is None else node.entries
