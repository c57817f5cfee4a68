"""A LiteLLM configuration with the files that it includes, also embedded in another file."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.diagnose.refusal import Refusal, shown
from modelspec.importing.draft import Ledger, NoteKind
from modelspec.importing.litellm.comments import Comment, comments
from modelspec.importing.litellm.values import FILLED_IN
from modelspec.importing.sources import read_inside, read_named
from modelspec.load.foreign import MAX_FOREIGN_DEPTH, Foreign, ForeignFile, read_foreign
from modelspec.load.text import decode
from modelspec.text.quote import quote
from modelspec.text.source import START, Source, Spot

MOST_FILES = 200
"""The most files that one configuration may include."""
_MOST_TEXTS = 3
"""The most texts around one another that are read as YAML."""
_TEMPLATE = re.compile(r"\{\{-?\s*(?:\.|include\b|if\b|range\b|with\b|toYaml\b|tpl\b|template\b|end\b)")
_SECTIONS = ("model_list", "litellm_settings", "router_settings", "general_settings", "include")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file: `root` is LiteLLM's own mapping, `documents` are all documents of the file."""

    root: Foreign
    documents: Sequence[Foreign]
    comments: Sequence[Comment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The configuration and its includes, in the order in which LiteLLM merges them."""

    parts: Sequence[Part]

    def entries(self, name: str) -> Iterator[Foreign]:
        """The items of a list of all parts: LiteLLM joins lists."""
        for part in self.parts:
            section = part.root.entries.get(name)
            if section is not None:
                yield from section.items

    def section(self, name: str) -> Foreign | None:
        """A section other than a list: that of the last part wins, as in LiteLLM."""
        return self.sections().get(name)

    def sections(self) -> dict[str, Foreign]:
        """All sections by name."""
        return {name: node for part in self.parts for name, node in part.root.entries.items()}


def read_config(source: Path, ledger: Ledger) -> Config | Refusal:
    """Read a configuration and everything that it includes."""
    part = _read_part(source.name, read_named(source), ledger)
    if isinstance(part, Refusal):
        return part
    parts = [part]
    seen = {source.name}
    waiting = list(_included(part, "", ledger))
    while waiting:
        entry, name = waiting.pop(0)
        what = f"include of {quote(name)}"
        if name in seen:
            ledger.note(NoteKind.SUSPICIOUS, entry, what, "already included: a cycle or a duplicate")
            continue
        if len(seen) > MOST_FILES:
            ledger.note(NoteKind.ABSENT, entry, what, f"more than {MOST_FILES} files are included")
            continue
        seen.add(name)
        read = _read_part(name, read_inside(source.parent, name), ledger)
        if isinstance(read, Refusal):
            ledger.note(NoteKind.ABSENT, entry, what, read.message)
            continue
        ledger.carried(entry)
        parts.append(read)
        waiting.extend(_included(read, name.rpartition("/")[0], ledger))
    config = Config(parts=parts)
    if not any("model_list" in one.root.entries for one in parts):
        return _no_list(source, part)
    if not list(config.entries("model_list")):
        return Refusal(
            message=f"{shown(source.name)} has an empty model_list",
            help="name a configuration with models; models in LiteLLM's database are not in a file",
        )
    return config


_RENDER = "render it first, if it is a template of Helm: helm template NAME CHART > config.yaml"


def _no_list(source: Path, part: Part) -> Refusal:
    known = [name for name in _SECTIONS if name in part.root.entries]
    has = f" (only {', '.join(known)})" if known else ""
    return Refusal(
        message=f"{shown(source.name)} is not a LiteLLM configuration: it has no model_list{has}",
        help="name the file with 'model_list:', or a Helm values file or ConfigMap that holds one",
    )


def _included(part: Part, folder: str, ledger: Ledger) -> Iterator[tuple[Foreign, str]]:
    section = part.root.entries.get("include")
    if section is None:
        return
    for entry in section.items or (section,):
        if isinstance(entry.value, str) and entry.value:
            name = entry.value.removeprefix("./")
            yield entry, f"{folder}/{name}" if folder and not name.startswith("/") else name
        else:
            ledger.note(NoteKind.SUSPICIOUS, entry, "include", "LiteLLM expects a list of paths here")


def _read_part(name: str, data: bytes | str, ledger: Ledger) -> Part | Refusal:
    if isinstance(data, str):
        return Refusal(message=f"cannot read {shown(name)}: {data}", help="name a readable YAML file")
    text = decode(name, data)
    file = text if isinstance(text, Diagnostic) else read_foreign(text)
    fault = file if isinstance(file, Diagnostic) else file.fault
    if fault is not None:
        where = "" if fault.span == START else f":{fault.span.line}:{fault.span.column}"
        help_ = _RENDER if isinstance(text, Source) and _TEMPLATE.search(text.text) else fault.help
        return Refusal(message=f"{shown(name + where)}: {fault.message}", help=help_)
    assert isinstance(file, ForeignFile)
    for oddity in file.oddities:
        if oddity.unread is not None:
            ledger.note(NoteKind.SUSPICIOUS, oddity.unread, "a duplicate key", oddity.message)
        else:
            ledger.remark(NoteKind.SUSPICIOUS, Spot(name, oddity.span), "unusual YAML", oddity.message)
    part = _find(file, ledger)
    assert isinstance(text, Source)
    line = _unrendered(part, text)
    if line:
        message = f"{shown(f'{name}:{line}')}: a template of Helm that is not rendered"
        return Refusal(message=message, help=_RENDER)
    return part


def _unrendered(part: Part, source: Source) -> int:
    """The first line that Helm would replace; 0 if there is none. Many templates are valid YAML."""
    if "model_list" not in part.root.entries:
        found = _TEMPLATE.search(source.text)
        return source.text.count("\n", 0, found.start()) + 1 if found else 0
    lines = (one.whole.line for name, one in _nodes(part.root, "") if _is_template(name, one, source))
    return min(lines, default=0)


def _nodes(node: Foreign, name: str) -> Iterator[tuple[str, Foreign]]:
    """The values below a value with their names; what a list holds has that of the list."""
    yield name, node
    for inner_name, inner in (*node.entries.items(), *((name, item) for item in node.items)):
        yield from _nodes(inner, inner_name)


def _is_template(name: str, node: Foreign, source: Source) -> bool:
    """Whether a chart fills in a name, or a mapping stands in double braces, whose key is no text."""
    if node.entries:
        line, at = source.lines[node.whole.line - 1], node.whole.column - 1
        return line.startswith("{{", at) and _TEMPLATE.match(line, at) is not None
    return name in ("model_name", "model") and FILLED_IN.search(str(node.value)) is not None


def _find(file: ForeignFile, ledger: Ledger) -> Part:
    """LiteLLM's own mapping: at the top level, in Helm values, or in the text of a ConfigMap."""
    documents = file.documents
    own = next((one for one in documents if any(name in one.entries for name in _SECTIONS)), None)
    wrapped = (_inside(one, file.source, MAX_FOREIGN_DEPTH) for one in documents)
    inner = None if own is not None else next(filter(None, wrapped), None)
    texts: Sequence[Foreign] = ()
    if inner is not None:
        own, texts = inner
        why = "LiteLLM's configuration is embedded in another file; only that part is imported"
        ledger.remark(NoteKind.CHANGED, own.spot, "the wrapper", why)
        # The text is read as separate YAML; as a value it is accounted for.
        ledger.carried(*texts)
    if own is None:
        empty = Foreign(path=file.source.path, span=START, whole=START, value={})
        own = documents[0] if documents else empty
    return Part(root=own, documents=documents, comments=comments(file.source, (*documents, own), texts))


def _inside(node: Foreign, source: Source, depth: int) -> tuple[Foreign, list[Foreign]] | None:
    """The outermost mapping with a model_list, and the text values that it was read from, if any."""
    level = [node]
    while level:
        for one in level:
            if "model_list" in one.entries:
                return one, []
        for one in level:
            if depth and one.style == "|" and isinstance(one.value, str) and "model_list" in one.value:
                inner = _text_inside(one, source, depth - 1)
                if inner is not None:
                    return inner[0], [one, *inner[1]]
        level = [inner for one in level for inner in (*one.entries.values(), *one.items)]
    return None


def _text_inside(node: Foreign, source: Source, depth: int) -> tuple[Foreign, list[Foreign]] | None:
    """A block of text as separate YAML: everything around it is blanked, which keeps lines and columns."""
    first, last = node.whole.line + 1, node.whole.end_line
    lines = [
        line if first <= number < last or (number == last and number == len(source.lines)) else ""
        for number, line in enumerate(source.lines, 1)
    ]
    text = Source(source.path, "\n".join(lines) + "\n")
    file = read_foreign(text)
    if file.fault is not None and _TEMPLATE.search(text.text):
        return None
    inside = (_inside(root, text, min(depth, _MOST_TEXTS)) for root in file.documents)
    return next(filter(None, inside), None)
