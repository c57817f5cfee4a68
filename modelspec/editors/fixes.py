"""Quick fixes: the `help` of a diagnostic as an edit of its file, made by what the verbs edit with.

A fix is offered where the help names what to write or to remove; what a person has to decide stays with the person.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from modelspec.author.change import Append, Change, Discard, Put, Rekey, Unset, value_at
from modelspec.author.fields import field_order
from modelspec.author.rewrite import Unfit, rewrite
from modelspec.author.schemas.choices import PLACES, kind_of
from modelspec.author.schemas.tailored import offered
from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.editors.complete import dotted
from modelspec.editors.fleet import Snapshot
from modelspec.editors.look import path_of
from modelspec.load import Reading, read
from modelspec.load.find import File
from modelspec.report.printable import printable
from modelspec.text.document import Document, ListNode, MapNode, Node, Pointer, ScalarNode
from modelspec.text.source import Span

_MOST = 5
"""Fixes of one kind that are offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """The new bytes of one file; `is_preferred`: nothing else is as likely."""

    title: str
    path: str
    data: bytes
    is_preferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _At:
    """What a diagnostic is about: a key or a value of a file, and the whole file's value."""

    found: Diagnostic
    now: Snapshot
    reading: Reading
    pointer: Pointer
    on_key: bool

    @property
    def written(self) -> str:
        return self.reading.document.source.slice(self.found.span)

    def word(self, pattern: str) -> str | None:
        """The group of a pattern in the help, if it is a text as it stands."""
        match = re.search(pattern, self.found.help)
        return None if match is None or "…" in match[1] or "\\" in match[1] else match[1]


_Offered = Iterator[tuple[str, Sequence[Change]]]


def fixes_of(now: Snapshot, found: Diagnostic) -> list[Fix]:
    """What makes a diagnostic go away; nothing where it speaks of a secret."""
    reading = now.reading(found.path)
    if found.hidden is not None or reading is None:
        return []
    if found.code == "MS006":
        return [_without_text(reading, found)]
    if reading.faults or not isinstance(reading.value, dict):
        return []
    pointer, on_key = _place(reading.document, found.span)
    at = _At(found=found, now=now, reading=reading, pointer=pointer, on_key=on_key)
    order = field_order() if "/" in found.path else ()
    fixes = []
    for title, changes in _ways(at):
        data = rewrite(reading.file, changes, order)
        if not isinstance(data, Unfit) and data != reading.file.data:
            fixes.append(Fix(title=printable(title), path=found.path, data=data))
    if len(fixes) == 1:
        fixes = [Fix(title=fixes[0].title, path=found.path, data=fixes[0].data, is_preferred=True)]
    return fixes


def _without_text(reading: Reading, found: Diagnostic) -> Fix:
    source = reading.document.source
    start, end = source.offsets(found.span)
    data = (source.text[:start] + source.text[end:]).encode(errors="surrogatepass")
    return Fix(title="Delete the invisible character", path=found.path, data=data, is_preferred=True)


def _ways(at: _At) -> _Offered:
    code = at.found.code
    if code == "MS102":
        yield from _missing(at)
        return
    yield from _meant(at)
    yield from _written(at)
    yield from _first_head(at)
    if code in ("MS401", "MS402", "MS404"):
        yield from _another_head(at)
    if code in _REMOVED:
        yield f"Remove {_shown(at)}", [Unset(pointer=at.pointer)]
    elif code in _REMOVED_WHOLE:
        holder = value_at(at.reading.value, at.pointer[:1])
        is_last = at.found.path == "waivers.yaml" and isinstance(holder, list) and len(holder) == 1
        # The file needs its only field, so the list stays, empty.
        yield (
            "Remove the entry",
            [Put(pointer=at.pointer[:1], value=[]) if is_last else Unset(pointer=at.pointer[:2])],
        )
    elif code == "MS101":
        yield f"Remove {_shown(at)}", [Unset(pointer=at.pointer)]


_MEANT = r"did you mean '([^']+)'\?"
_REMOVED = frozenset(
    {
        "MS107",
        "MS303",
        "MS305",
        "MS306",
        "MS307",
        "MS310",
        "MS714",
        "MS722",
        "MS729",
        "MS731",
        "MS737",
        "MS739",
        "MS741",
        "MS507",
    }
)
"""Rules whose help says to delete the key or item at their place."""
_REMOVED_WHOLE = frozenset({"MS601", "MS602", "MS610", "MS611"})
"""Rules whose help says to delete the region, the head or the waiver around their place."""


def _shown(at: _At) -> str:
    last = at.pointer[-1] if at.pointer else ""
    if isinstance(last, int):
        value = value_at(at.reading.value, at.pointer)
        return f"'{value}'" if isinstance(value, str) else "the item"
    return f"'{last}'"


def _meant(at: _At) -> _Offered:
    name = at.word(_MEANT)
    if name is not None and at.pointer:
        change = Rekey(pointer=at.pointer, key=name) if at.on_key else Put(pointer=at.pointer, value=name)
        yield f"Change to '{name}'", [change]


def _written(at: _At) -> _Offered:
    """What the help tells to write."""
    pointer = at.pointer
    if not pointer:
        return
    yield from _converted(at)
    if at.found.help.startswith(("write one of '", "write '")) and at.found.code[:3] in ("MS1", "MS5"):
        words = re.findall(r"'([^'…\\]+)'", at.found.help)
        plain = [word for word in words if ": " not in word]
        yield from ((f"Change to '{word}'", [Put(pointer=pointer, value=word)]) for word in plain[:_MOST])
    for pattern in (
        r"(?:write(?:, for example,)?|add) '?([a-z0-9_-]+: [^'…]+)'?(?:,|$)",
        r"set '([a-z_]+: [a-z_]+)'",
    ):
        if (line := at.word(pattern)) is not None:
            yield from _line(at, line)
    if (name := at.word(r"^write \{env: ([A-Z][A-Z0-9_]*)\}$")) is not None:
        yield f"Write {{env: {name}}}", [Put(pointer=pointer, value={"env": name})]
    if (name := at.word(r"^use '([a-z]+)', the ")) is not None:
        yield f"Change to '{name}'", [Put(pointer=pointer, value=name)]


def _converted(at: _At) -> _Offered:
    """The same value in the type that is wanted."""
    value = value_at(at.reading.value, at.pointer)
    if at.found.help.startswith("put it in quotes"):
        yield f'Write "{at.written}"', [Put(pointer=at.pointer, value=at.written)]
    elif at.found.help == "remove the quotes" and isinstance(value, str) and value.isdigit():
        yield f"Write {value}", [Put(pointer=at.pointer, value=int(value))]
    elif word := at.word(r"^(?:YAML 1\.2 reads .*; )?write (true|false)(?: without quotes)?$"):
        yield f"Write {word}", [Put(pointer=at.pointer, value=word == "true")]


def _first_head(at: _At) -> _Offered:
    head = at.word(r"^make ([a-z0-9-]+) the priority head")
    if head is not None:
        first, others = ("priority_head",), ("fallback_heads",)
        old = value_at(at.reading.value, first)
        changes: list[Change] = [Put(pointer=first, value=head), Discard(pointer=others, value=head)]
        yield f"Make {head} the priority head", [*changes, Append(pointer=others, value=old)]


def _line(at: _At, line: str) -> _Offered:
    """The change that writes `field: value`: at the place itself, beside it, or at the top of a model."""
    given = read(File("line.yaml", line.encode()))
    if given.faults or not isinstance(given.value, dict) or len(given.value) != 1:
        return
    ((name, value),) = given.value.items()
    if at.found.code == "MS304":
        pointer: Pointer = ("load_balancing", "weights", name)
    elif at.pointer[-1] == name:
        pointer = at.pointer
    elif name in field_order() and "/" in at.found.path:
        pointer = (name,)
    else:
        return
    yield f"Write {line}", [Put(pointer=pointer, value=value)]


def _missing(at: _At) -> _Offered:
    """Add the field that a mapping needs, with each name that may stand there, or as the help shows it."""
    match = re.fullmatch(r"((?:[\w.-]+(?:\[\d+\])*)+) is missing", at.found.message)
    line = at.word(r"add a line such as (.+)$")
    if match is None or line is None:
        return
    steps = re.findall(r"\[(\d+)\]|([^.\[\]]+)", match[1])
    pointer: Pointer = tuple(int(number) if number else name for number, name in steps)
    if not isinstance(value_at(at.reading.value, pointer[:-1]), dict):
        return
    names = PLACES[kind_of(at.found.path)].get(dotted(path_of(pointer)))
    choices: Iterable[object]
    if names is not None and (found := offered(names, at.now.choices)):
        choices = [one.value for one in found[:_MOST]]
    elif pointer == ("model_id",):
        choices = [PurePosixPath(at.found.path).stem]
    else:
        given = read(File("line.yaml", line.encode())).value
        choices = given.values() if isinstance(given, dict) else ()
    for value in choices:
        yield f"Add '{dotted(path_of(pointer[-1:]))}: {value}'", [Put(pointer=pointer, value=value)]


def _another_head(at: _At) -> _Offered:
    """Active heads that the model may use: those of other regions first, within its residency."""
    fleet = at.now.compiled.setup.fleet
    model = next((one for one in at.now.compiled.models if one.path == at.found.path), None)
    if model is None:
        return
    rule = fleet.residencies.get(model.region)
    used = {fleet.heads[head].region for head in model.heads}
    free = [
        head
        for head in fleet.heads.values()
        if head.status == "active"
        and head.head_id not in model.heads
        and (rule is None or head.region in rule.codes)
    ]
    if at.found.code == "MS404":
        free = [head for head in free if head.region not in used]
    for head in sorted(free, key=lambda one: one.region in used)[:_MOST]:
        title = f"Add {head.head_id} ({head.region}) to fallback_heads"
        yield title, [Put(pointer=("fallback_heads",), value=[*model.fallback_heads, head.head_id])]


def _place(document: Document, span: Span) -> tuple[Pointer, bool]:
    """What has a span: a value, or a key; the innermost."""
    return next(_with_span(document.root, (), span), ((), False))


def _with_span(node: Node | None, pointer: Pointer, span: Span) -> Iterator[tuple[Pointer, bool]]:
    match node:
        case MapNode():
            for name, entry in node.entries.items():
                if entry.key == span:
                    yield (*pointer, name), True
                elif entry.alias is None:
                    yield from _with_span(entry.node, (*pointer, name), span)
        case ListNode():
            for number, item in enumerate(node.items):
                if number not in node.aliases:
                    yield from _with_span(item, (*pointer, number), span)
        case ScalarNode() | None:
            pass
    if node is not None and node.span == span and (isinstance(node, ScalarNode) or node.flow):
        yield pointer, False
