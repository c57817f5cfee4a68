"""A LiteLLM configuration with the files that it includes, found in whatever it is wrapped in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.diagnose.refusal import Refusal, shown
from modelspec.importing.draft import NoteKind, SourcePlace
from modelspec.importing.ledger import Ledger, place_of
from modelspec.importing.sources import Comment, comments, read_inside, read_named
from modelspec.load.foreign import Foreign, ForeignFile, read_foreign
from modelspec.load.text import decode
from modelspec.text.quote import quote
from modelspec.text.source import START, Source

MOST_FILES = 200
"""How many files one configuration may include."""
_DEEPEST_WRAPPER = 6
_SECTIONS = ("model_list", "litellm_settings", "router_settings", "general_settings", "include")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file: `root` is LiteLLM's own mapping, `documents` everything that the file holds."""

    root: Foreign
    documents: Sequence[Foreign]
    comments: Sequence[Comment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The configuration and what it includes, in the order in which LiteLLM merges them."""

    parts: Sequence[Part]

    def entries(self, name: str) -> Iterator[Foreign]:
        """The items of a list over all parts: LiteLLM joins lists."""
        for part in self.parts:
            section = part.root.entries.get(name)
            if section is not None:
                yield from section.items

    def section(self, name: str) -> Foreign | None:
        """A section that is no list: of several parts the last one counts, as in LiteLLM."""
        found = [part.root.entries[name] for part in self.parts if name in part.root.entries]
        return found[-1] if found else None


def read_config(source: Path, ledger: Ledger) -> Config | Refusal:
    """Read a configuration and all that it includes."""
    part = _read_part(source.name, read_named(source), ledger)
    if isinstance(part, Refusal):
        return part
    parts = [part]
    seen = {source.name}
    waiting = list(_included(part, "", ledger))
    while waiting:
        entry, name = waiting.pop(0)
        if name in seen:
            ledger.tell(
                NoteKind.SUSPICIOUS,
                entry,
                f"include of {quote(name)}",
                "it is included already: a circle, or twice",
            )
            continue
        if len(seen) > MOST_FILES:
            ledger.tell(
                NoteKind.LOST,
                entry,
                f"include of {quote(name)}",
                f"more than {MOST_FILES} files are included",
            )
            continue
        seen.add(name)
        read = _read_part(name, read_inside(source.parent, name), ledger)
        if isinstance(read, Refusal):
            ledger.tell(NoteKind.LOST, entry, f"include of {quote(name)}", read.message)
            continue
        ledger.carried(entry)
        parts.append(read)
        waiting.extend(_included(read, name.rpartition("/")[0], ledger))
    config = Config(parts=parts)
    if not any("model_list" in part.root.entries for part in parts):
        return _no_list(source, part)
    if not any(True for _ in config.entries("model_list")):
        return Refusal(
            message=f"{shown(source.name)} has an empty model_list",
            help="name a configuration with models; LiteLLM keeps those of its database elsewhere",
        )
    return config


def _no_list(source: Path, part: Part) -> Refusal:
    known = [name for name in _SECTIONS if name in part.root.entries]
    has = f" (it has {', '.join(known)})" if known else ""
    return Refusal(
        message=f"{shown(source.name)} is no LiteLLM configuration: it has no model_list{has}",
        help="name the file with 'model_list:', or a Helm values file or ConfigMap that holds one",
    )


def _included(part: Part, folder: str, ledger: Ledger) -> Iterator[tuple[Foreign, str]]:
    section = part.root.entries.get("include")
    if section is None:
        return
    entries = section.items or (section,)
    for entry in entries:
        if isinstance(entry.value, str) and entry.value:
            name = entry.value.removeprefix("./")
            yield entry, f"{folder}/{name}" if folder and not name.startswith("/") else name
        else:
            ledger.tell(NoteKind.SUSPICIOUS, entry, "include", "LiteLLM takes a list of paths here")


def _read_part(name: str, data: bytes | str, ledger: Ledger) -> Part | Refusal:
    if isinstance(data, str):
        return Refusal(message=f"cannot read {shown(name)}: {data}", help="name a readable YAML file")
    text = decode(name, data)
    file = text if isinstance(text, Diagnostic) else read_foreign(text)
    fault = file if isinstance(file, Diagnostic) else file.fault
    if fault is not None:
        where = "" if fault.span == START else f":{fault.span.line}:{fault.span.column}"
        return Refusal(message=f"{shown(name + where)}: {fault.message}", help=fault.help)
    assert isinstance(file, ForeignFile)
    found = _find(file, ledger)
    for oddity in file.oddities:
        place = SourcePlace(path=name, span=oddity.span)
        if oddity.unread is not None:
            ledger.tell(NoteKind.SUSPICIOUS, oddity.unread, "a key that is here twice", oddity.message)
        else:
            ledger.remark(NoteKind.SUSPICIOUS, place, "odd YAML", oddity.message)
    return found


def _find(file: ForeignFile, ledger: Ledger) -> Part:
    """LiteLLM's own mapping: at the top, or inside Helm values, or in the text of a ConfigMap."""
    documents = file.documents
    empty = Foreign(path=file.source.path, span=START, whole=START, value={})
    for root in documents:
        if any(name in root.entries for name in _SECTIONS):
            return _part(file.source, root, documents)
    for root in documents:
        inner = _inside(root, file.source, _DEEPEST_WRAPPER)
        if inner is not None:
            found, texts = inner
            ledger.remark(
                NoteKind.CHANGED,
                place_of(found),
                "the wrapper",
                "LiteLLM's configuration stands inside another file; only that part is imported",
            )
            # The text is read as YAML of its own: as a value it is accounted for.
            ledger.carried(*texts)
            return _part(file.source, found, documents, texts=texts)
    return _part(file.source, documents[0] if documents else empty, documents)


def _part(
    source: Source,
    root: Foreign,
    documents: Sequence[Foreign],
    texts: Sequence[Foreign] = (),
) -> Part:
    return Part(
        root=root,
        documents=documents,
        comments=comments(source, (*documents, root), texts),
    )


def _inside(node: Foreign, source: Source, depth: int) -> tuple[Foreign, list[Foreign]] | None:
    """The first mapping with a model_list, the outermost first; with the text value that it was read from, if any."""
    level = [node]
    for _ in range(depth):
        for one in level:
            if "model_list" in one.entries:
                return one, []
        for one in level:
            if one.style == "|" and isinstance(one.value, str) and "model_list" in one.value:
                inner = _text_inside(one, source)
                if inner is not None:
                    return inner, [one]
        level = [inner for one in level for inner in (*one.entries.values(), *one.items)]
    return None


def _text_inside(node: Foreign, source: Source) -> Foreign | None:
    """A block of text as YAML of its own: everything around it is blanked, so that lines and columns stay."""
    first, last = node.whole.line + 1, node.whole.end_line
    lines = [
        line if first <= number < last or (number == last and number == len(source.lines)) else ""
        for number, line in enumerate(source.lines, 1)
    ]
    file = read_foreign(Source(source.path, "\n".join(lines) + "\n"))
    return next((root for root in file.documents if "model_list" in root.entries), None)
