"""`edit`: the same changes of one model, or of many."""

from collections.abc import Iterator, Sequence

from modelspec.authoring.draft import Draft, edited
from modelspec.authoring.entries import Entry
from modelspec.authoring.wording import counted, shown
from modelspec.edit import Append, Change, Discard, Put, Unset, changed
from modelspec.edit.change import found, same
from modelspec.load import read
from modelspec.load.find import MAX_BYTES, File
from modelspec.quote import quote
from modelspec.refusal import Refusal


def draft_of_edit(entries: Sequence[Entry], changes: Sequence[Change]) -> Draft | Refusal:
    """The files of some models with the changes in them."""
    asked: dict[str, list[Change]] = {}
    effects: list[str] = []
    for entry in entries:
        asked[entry.path] = []
        value: object = entry.value
        for change in changes:
            if _is_there(value, change):
                continue
            try:
                after = changed(value, change)
            except KeyError:
                return _misplaced(entry, change)
            told = _effect(change, value, after)
            effects.extend(f"{entry.model_id}: {words}" for words in told)
            asked[entry.path].append(change)
            value = after
    files = edited({entry.path: entry.reading.file for entry in entries}, asked)
    if isinstance(files, Refusal):
        return files
    return Draft(files=files, title=_title(entries, changes), effects=tuple(effects))


def draft_of_text(entry: Entry, text: bytes) -> Draft | Refusal:
    """The file of a model with another content, as an editor left it."""
    value = read(File(entry.path, text)).value
    if isinstance(value, dict) and value.get("model_id", entry.model_id) != entry.model_id:
        return Refusal(
            message=f"the id of {quote(entry.model_id)} was changed",
            help="`modelspec rename` changes an id, with every reference to it",
        )
    if len(text) > MAX_BYTES:
        return Refusal(
            message=f"the text is larger than {MAX_BYTES // 1024} KiB", help="keep large documents elsewhere"
        )
    files: dict[str, bytes | None] = {} if text == entry.reading.file.data else {entry.path: text}
    return Draft(files=files, title=f"Edit {entry.model_id}", effects=(f"{entry.model_id}: edited by hand",))


def _is_there(value: object, change: Change) -> bool:
    """Whether a list holds already what would be appended to it."""
    if not isinstance(change, Append):
        return False
    listed = found(value, change.pointer)
    return isinstance(listed, list) and any(same(item, change.value) for item in listed)


def _misplaced(entry: Entry, change: Change) -> Refusal:
    way = ".".join(map(str, change.pointer))
    return Refusal(
        message=f"{entry.path}: {quote(way)} has no place there: something on the way is no mapping or list",
        help=f"`modelspec show {entry.model_id}` shows what is there",
    )


def _effect(change: Change, before: object, after: object) -> Iterator[str]:
    way = ".".join(map(str, change.pointer))
    old, new = found(before, change.pointer), found(after, change.pointer)
    if same(old, new):
        return
    if old is None:
        yield f"{way} {shown(new)} is new"
    elif new is None:
        yield f"{way} {shown(old)} goes"
    else:
        yield f"{way} {shown(old)} → {shown(new)}"


def _title(entries: Sequence[Entry], changes: Sequence[Change]) -> str:
    ways = ", ".join(dict.fromkeys(".".join(map(str, change.pointer)) for change in changes))
    what = entries[0].model_id if len(entries) == 1 else counted(len(entries), "model")
    verb = "Unset" if all(isinstance(change, Unset) for change in changes) else "Set"
    if all(isinstance(change, Append) for change in changes):
        verb = "Add to"
    elif all(isinstance(change, Discard) for change in changes):
        verb = "Take from"
    elif all(isinstance(change, Put) for change in changes) and len(changes) == 1:
        return f"Set {ways} of {what} to {shown(changes[0].value)}"  # type: ignore[union-attr]
    return f"{verb} {ways} of {what}"
