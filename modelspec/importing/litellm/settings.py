"""Sections beside the models: the router's settings that we have, and reasons for all that we have not."""

from collections.abc import Iterator, Mapping, Sequence

from modelspec.importing.draft import NoteKind, SourcePlace
from modelspec.importing.ledger import Ledger, place_of
from modelspec.load.foreign import Foreign
from modelspec.secret import is_placeholder, scan, telling_key
from modelspec.text.quote import quote

_STRATEGIES = (
    "simple-shuffle",
    "least-busy",
    "usage-based-routing",
    "usage-based-routing-v2",
    "latency-based-routing",
    "cost-based-routing",
)
_NUMBERS = {"num_retries": 0, "timeout": 0.001, "allowed_fails": 0, "cooldown_time": 0}
"""Settings of the router and the least that each may be."""
_WHOLE = frozenset({"num_retries", "allowed_fails"})
_SAME = {"request_timeout": "timeout"}

_SECTION_OF = {
    **dict.fromkeys(
        (
            "routing_strategy",
            "num_retries",
            "cooldown_time",
            "model_group_alias",
            "allowed_fails_policy",
            "retry_policy",
            "enable_pre_call_checks",
            "redis_host",
        ),
        ("router_settings",),
    ),
    **dict.fromkeys(
        (
            "callbacks",
            "success_callback",
            "failure_callback",
            "cache",
            "cache_params",
            "drop_params",
            "set_verbose",
        ),
        ("litellm_settings",),
    ),
    **dict.fromkeys(
        (
            "master_key",
            "database_url",
            "alerting",
            "store_model_in_db",
            "proxy_batch_write_at",
            "key_management_system",
        ),
        ("general_settings",),
    ),
    **dict.fromkeys(
        (
            "fallbacks",
            "context_window_fallbacks",
            "content_policy_fallbacks",
            "default_fallbacks",
            "allowed_fails",
        ),
        ("router_settings", "litellm_settings"),
    ),
    "num_retries": ("router_settings", "litellm_settings"),
    "request_timeout": ("litellm_settings",),
    "model_list": (),
    "litellm_params": (),
    "model_name": (),
}
"""Where LiteLLM looks for a key; anywhere else it is ignored. The last three belong to the top and to entries."""

_PARAMS = frozenset(
    {"api_base", "api_key", "api_version", "base_url", "model", "order", "rpm", "timeout", "tpm", "weight"}
)
"""What stands beside litellm_params by mistake."""
_IN_ENTRY = 3
"""Steps to a key of an entry: model_list, its place, the key."""

_WHY = (
    ("guardrails", "guardrails are the gateway's own; keep them in its configuration"),
    ("callback", "callbacks and logging are the gateway's own; keep them in its configuration"),
    ("cache", "a cache is the gateway's own; keep it in its configuration"),
    ("budget", "budgets are kept by the gateway's database; keep them there"),
    ("general_settings", "the gateway's own administration; keep it in its configuration"),
    ("environment_variables", "variables are set where the gateway runs, not in a repository"),
    ("router_settings", "no setting of modelspec's LiteLLM target says this"),
    (
        "litellm_settings",
        "a setting of the library, which no model has; keep it in the gateway's configuration",
    ),
    ("credential_list", "no model uses it"),
    ("mcp", "tools are no models; keep them in the gateway's configuration"),
    ("model_alias_map", "an alias for LiteLLM's own names; give the model itself an alias"),
)
_TOP = frozenset({"general_settings", "router_settings", "litellm_settings", "environment_variables"})
_NO_MODEL = (
    "what is no model, fallback or alias has no place in a repository of models; keep it where it is used"
)


def router_options(
    sections: Sequence[Foreign], ledger: Ledger, *, kept: bool
) -> tuple[dict[str, object], list[SourcePlace]]:
    """The settings that `target_options.litellm` has; with `kept` false there is nowhere to write them."""
    options: dict[str, object] = {}
    places: list[SourcePlace] = []
    for section in sections:
        for key, node in section.entries.items():
            name = _SAME.get(key, key)
            if name not in ("routing_strategy", "drop_params") and name not in _NUMBERS:
                continue
            if name == "drop_params" and section is not sections[-1]:
                continue
            value = _option(name, node.value)
            if value is None:
                ledger.tell(NoteKind.LOST, node, key, "modelspec's LiteLLM target does not take this value")
            elif not kept:
                ledger.tell(
                    NoteKind.LOST,
                    node,
                    key,
                    "the repository has settings already: write it to target_options by hand",
                )
            elif name in options:
                ledger.tell(NoteKind.LOST, node, key, "it is set in another section already, which counts")
            else:
                ledger.carried(node)
                options[name] = value
                places.append(place_of(node))
    return options, places


def _option(name: str, value: object) -> object | None:
    if name == "drop_params":
        return value if isinstance(value, bool) else None
    if name == "routing_strategy":
        return value if value in _STRATEGIES else None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < _NUMBERS[name]:
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None if isinstance(value, float) and name in _WHOLE else value


def tell_the_rest(roots: Sequence[Foreign], inner: Foreign, ledger: Ledger, aliased: frozenset[str]) -> None:
    """Make a note of everything that nobody has carried or told of.

    `roots` are the documents of a file, `inner` LiteLLM's own mapping in one of them. `aliased` are keys of its top
    that only hold anchors.
    """
    # What is told of LiteLLM's own mapping is accounted for when what is around it is looked at.
    for root in (inner, *roots):
        for pointer, node in _parts(root, inner, ledger):
            what = ".".join(pointer[-3:]) or "another document"
            name = pointer[-1] if pointer else ""
            for leaf_name, leaf in _named_leaves(node, name):
                if _is_told_secret(leaf_name, leaf.value):
                    ledger.remark_node(
                        NoteKind.SECRET,
                        leaf,
                        quote(leaf_name),
                        "it is written out here: rotate it; it is not carried",
                    )
            section = pointer[0] if pointer else ""
            if section == "model_list" and len(pointer) == _IN_ENTRY and name in _PARAMS:
                ledger.tell(
                    NoteKind.SUSPICIOUS, node, what, "LiteLLM looks for it in litellm_params: not carried"
                )
                continue
            right = _SECTION_OF.get(name)
            if right is not None and section not in right and len(pointer) <= 2:  # noqa: PLR2004 - section and key
                where = " or ".join(right) if right else "an entry of model_list"
                ledger.tell(
                    NoteKind.SUSPICIOUS,
                    node,
                    what,
                    f"LiteLLM ignores it here; it belongs in {where}: not carried",
                )
                continue
            ledger.tell(NoteKind.LOST, node, what, _why(pointer, aliased))


def _parts(root: Foreign, inner: Foreign, ledger: Ledger) -> Iterator[tuple[tuple[str, ...], Foreign]]:
    """What is unaccounted for, a setting each: sections are taken apart."""
    for pointer, node in ledger.unknown(root):
        if not pointer and node is inner:
            for name, entry in node.entries.items():
                yield from _section((name,), entry)
        elif len(pointer) == 1 and pointer[0] in _TOP:
            yield from _section(pointer, node)
        else:
            yield pointer, node


def _section(pointer: tuple[str, ...], node: Foreign) -> Iterator[tuple[tuple[str, ...], Foreign]]:
    if pointer[0] not in _TOP or not node.entries:
        yield pointer, node
        return
    for name, entry in node.entries.items():
        if any(leaf.value is not None for leaf in entry.leaves()):
            yield (*pointer, name), entry


def _why(pointer: tuple[str, ...], aliased: frozenset[str]) -> str:
    for step in reversed(pointer):
        for word, reason in _WHY:
            if word in step.lower():
                return reason
    if pointer and pointer[0] in aliased:
        return "an anchor's value that no model uses"
    if pointer[:1] == ("model_list",):
        return "LiteLLM knows no such key in an entry, or the entry is not carried"
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


def _is_told_secret(name: str, value: object) -> bool:
    if not isinstance(value, str) or value.startswith("os.environ/"):
        return False
    if any(hit.certain for hit in scan(value)):
        return True
    return telling_key(name) and not is_placeholder(value) and value != ""


def as_mapping(node: Foreign | None) -> Mapping[str, Foreign]:
    """What a section holds; nothing where it is missing or no mapping."""
    return {} if node is None else node.entries
