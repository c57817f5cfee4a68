"""`model_info` as metadata, and the access groups in it."""

from collections.abc import Mapping, Sequence

from modelspec.document import Pointer
from modelspec.importing.ledger import Ledger, place_of
from modelspec.importing.litellm.values import is_secret, is_visible
from modelspec.importing.note import Kind, Place
from modelspec.load.foreign import Foreign
from modelspec.quote import quote

_OPEN = {"public": "public", "internal": "internal"}
"""Access groups that stand for who may call a model at all, as our own configurations have them."""


def info_of(
    entries: Sequence[Foreign], model_id: str, ledger: Ledger, places: dict[Pointer, Place]
) -> dict[str, dict[str, object]]:
    """`access` and `metadata` of a model from the `model_info` of its entries; of several the first counts."""
    groups: list[str] = []
    metadata: dict[str, object] = {}
    for entry in entries:
        info = entry.entries.get("model_info")
        if info is None:
            continue
        for key, node in info.entries.items():
            if key == "access_groups":
                groups += _groups(node, model_id, ledger)
                places.setdefault(("access",), place_of(node))
            elif key == "id":
                ledger.tell(
                    Kind.LOST, node, f"model_info.id of {quote(model_id)}", "LiteLLM's own id of a deployment"
                )
            else:
                _record(metadata, key, node, model_id, ledger)
                places.setdefault(("metadata", key), place_of(node))
    found: dict[str, dict[str, object]] = {}
    access: dict[str, object] = {}
    if "public" in groups:
        access["visibility"] = "public"
    kept = [group for group in dict.fromkeys(groups) if group not in _OPEN]
    if kept:
        access["groups"] = kept
    if access:
        found["access"] = access
    if metadata:
        found["metadata"] = metadata
    return found


def record_of(rests: Sequence[Mapping[str, object]]) -> object | None:
    """What is recorded of settings without effect: one mapping, or one a deployment where they differ."""
    if not any(rests):
        return None
    first = dict(rests[0])
    return first if all(dict(rest) == first for rest in rests) else [dict(rest) for rest in rests]


def _groups(node: Foreign, model_id: str, ledger: Ledger) -> list[str]:
    found = []
    for item in node.items or (node,):
        text = item.value
        if isinstance(text, str) and text and is_visible(text) and not is_secret("group", text):
            ledger.carried(item)
            found.append(text)
        elif text is not None:
            ledger.tell(Kind.LOST, item, f"access_groups of {quote(model_id)}", "not the name of a group")
    return found


def _record(metadata: dict[str, object], key: str, node: Foreign, model_id: str, ledger: Ledger) -> None:
    shown = f"model_info.{key} of {quote(model_id)}"
    value = _plain(node, key, shown, ledger)
    if value is _NOTHING:
        return
    if key in metadata and metadata[key] != value:
        ledger.tell(Kind.LOST, node, shown, "another deployment of the model says otherwise, and comes first")
        return
    metadata[key] = value


_NOTHING = object()


def _plain(node: Foreign, key: str, shown: str, ledger: Ledger) -> object:
    """A plain value without secrets; `_NOTHING` where nothing is left, or nothing was there."""
    if node.value is None:
        return _NOTHING
    if node.entries:
        inner = {k: _plain(v, k, shown, ledger) for k, v in node.entries.items()}
        kept: Mapping[str, object] = {k: v for k, v in inner.items() if v is not _NOTHING}
        return kept or _NOTHING
    if node.items:
        items = [v for item in node.items if (v := _plain(item, key, shown, ledger)) is not _NOTHING]
        return items or _NOTHING
    if not isinstance(node.value, str | int | float):
        return _NOTHING
    value = node.value
    if isinstance(value, str) and value.startswith("os.environ/"):
        ledger.tell(Kind.LOST, node, shown, "metadata is published as it stands, so it names no variables")
    elif is_secret(key, value) or is_secret("key", key):
        ledger.tell(
            Kind.SECRET,
            node,
            shown,
            "a secret, or beside the name of one: rotate it; metadata is published, so it is left out",
        )
    elif isinstance(value, str) and not is_visible(value):
        ledger.tell(Kind.LOST, node, shown, "it holds characters that cannot be seen")
    else:
        ledger.carried(node)
        return value
    return _NOTHING
