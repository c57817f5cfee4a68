"""The answer of a server to `GET /v1/models`: one model for each of its own, with one deployment.

The format: https://platform.openai.com/docs/api-reference/models/list
"""

from collections.abc import Iterator

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.diagnose.refusal import Refusal, shown
from modelspec.importing.destination import ImportDestination
from modelspec.importing.draft import (
    Imported,
    ImportRequest,
    Ledger,
    ModelDraft,
    NoteKind,
    legal_id,
    title_of,
)
from modelspec.importing.sources import read_named
from modelspec.load.foreign import Foreign, ForeignFile, read_foreign
from modelspec.load.text import decode
from modelspec.secret import scan
from modelspec.text.document import field_path
from modelspec.text.quote import quote

_KEPT = ("owned_by", "max_model_len", "context_length", "context_window")
"""What servers tell of a model and people look for: https://docs.vllm.ai/en/latest/serving/openai_compatible_server/"""
_MEANINGLESS = ("object", "created", "permission", "root", "parent")
_LONGEST = 256


class OpenAICompatible:
    """`modelspec import openai-compatible FILE`."""

    name = "openai-compatible"

    def read(self, request: ImportRequest, to: ImportDestination) -> Imported | Refusal:  # noqa: ARG002 - as the others
        """Read an answer as a whole."""
        ledger = Ledger()
        root = _root(request, ledger)
        if isinstance(root, Refusal):
            return root
        models = [draft for draft in _drafts(root, request, ledger) if request.wants(draft)]
        for pointer, node in ledger.unknown(root):
            what = field_path(pointer) or "the answer"
            ledger.note(NoteKind.ABSENT, node, what, "a model has no field for it: not imported")
        return Imported(models=models, notes=ledger.notes)


def _root(request: ImportRequest, ledger: Ledger) -> Foreign | Refusal:
    """The answer; a list of models without the object around it will do."""
    name = request.source.name
    data = read_named(request.source)
    if isinstance(data, str):
        return Refusal(message=f"cannot read {shown(name)}: {data}", help="name a file with the answer")
    text = decode(name, data)
    file = text if isinstance(text, Diagnostic) else read_foreign(text)
    fault = file if isinstance(file, Diagnostic) else file.fault
    if fault is not None:
        return Refusal(message=f"{shown(name)}: {fault.message}", help=fault.help)
    assert isinstance(file, ForeignFile)
    for oddity in file.oddities:
        if oddity.unread is not None:
            ledger.note(NoteKind.SUSPICIOUS, oddity.unread, "a duplicate key", oddity.message)
    root = file.documents[0] if file.documents else None
    if root is None or not _listed(root):
        return Refusal(
            message=f"{shown(name)} is not the answer of a /v1/models: it has no list of models",
            help="save one with: curl -H 'Authorization: Bearer …' URL/v1/models > models.json",
        )
    return root


def _listed(root: Foreign) -> tuple[Foreign, ...]:
    return root.entries["data"].items if "data" in root.entries else root.items


def _drafts(root: Foreign, request: ImportRequest, ledger: Ledger) -> Iterator[ModelDraft]:
    ledger.carried(root.entries.get("object"))
    taken: set[str] = set()
    for item in _listed(root):
        node = item.entries.get("id")
        name = node.value if node is not None else None
        if node is None or not isinstance(name, str) or not name.strip():
            ledger.note(NoteKind.SUSPICIOUS, item, "a model", "it has no id: not imported")
            continue
        if _is_secret(name):
            ledger.note(NoteKind.SECRET, item, "a model", "its id holds a key: rotate it; not imported")
            continue
        model_id = legal_id(name)
        if not model_id or "*" in model_id or model_id.lower() in taken:
            why = (
                "another model has that name, ignoring case"
                if model_id
                else "its name has no valid character"
            )
            ledger.note(NoteKind.ABSENT, item, f"the model {quote(name)}", f"{why}: not imported")
            continue
        taken.add(model_id.lower())
        ledger.carried(node, *(item.entries.get(name) for name in _MEANINGLESS))
        if model_id != name:
            why = f"not a valid model_id: clients must send {quote(model_id)} now"
            ledger.remark(NoteKind.BREAKS, node.spot, f"the name {quote(name)}", why)
        key = {"api_key": {"env": request.key}} if request.key else {}
        fields: dict[str, object] = {
            "model_id": model_id,
            "name": title_of(name.strip(), model_id),
            "endpoint": request.endpoint,
            **({"upstream_model": name} if name != model_id else {}),
            **key,
        }
        metadata = dict(_metadata(item, ledger))
        if metadata:
            fields["metadata"] = metadata
        yield ModelDraft(
            model_id=model_id, fields=fields, spots={(): node.spot}, source_name=name, origins=[item.spot]
        )


def _metadata(item: Foreign, ledger: Ledger) -> Iterator[tuple[str, object]]:
    for name in _KEPT:
        node = item.entries.get(name)
        value = None if node is None else node.value
        if node is None or not isinstance(value, str | int) or isinstance(value, bool):
            continue
        if isinstance(value, str) and (not value.isprintable() or len(value) > _LONGEST or _is_secret(value)):
            continue
        ledger.carried(node)
        yield name, value


def _is_secret(text: str) -> bool:
    return any(hit.certain for hit in scan(text))
