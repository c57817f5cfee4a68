"""`fmt`: the fields of a model in the documented order.

A field moves with its value and with the comments and blank lines above it. Comments above the first field describe
the whole file and stay at the top; if they contain a blank line, those below the last blank line move with the field.
Comments below the last field stay at the bottom. Spaces, quotes and styles never change.
"""

from collections.abc import Sequence

from modelspec.author.change import same
from modelspec.author.fields import in_order
from modelspec.author.rewrite import Text
from modelspec.diagnose.refusal import Refusal
from modelspec.load import Reading, read
from modelspec.load.find import File
from modelspec.load.text import BOM
from modelspec.text.document import MapNode


def canonical(file: File) -> bytes | Refusal:
    """The bytes of a model file with its fields in order and its value unchanged."""
    reading = read(file)
    if reading.faults:
        return Refusal(
            message=f"{file.path} was left alone: it cannot be read",
            help="run modelspec validate to see why",
        )
    root = reading.document.root
    if not isinstance(root, MapNode):
        return Refusal(
            message=f"{file.path} was left alone: it is not a mapping", help="run modelspec validate"
        )
    wanted = in_order(root.entries)
    if wanted == list(root.entries):
        return file.data
    text = _reordered(reading, root, wanted)
    if text is not None:
        data = (BOM if file.data.startswith(BOM) else b"") + text.encode()
        again = read(File(file.path, data))
        if not again.faults and _is_reordered(again.value, reading.value, wanted):
            return data
    return Refusal(
        message=f"{file.path} was left alone: its fields cannot be moved, because it has anchors or is on one line",
        help="put its fields in order by hand",
    )


def _is_reordered(value: object, before: object, wanted: Sequence[str]) -> bool:
    if not isinstance(value, dict) or not isinstance(before, dict):
        return False
    return list(value) == list(wanted) and all(same(value[name], before[name]) for name in value)


def _reordered(reading: Reading, root: MapNode, wanted: Sequence[str]) -> str | None:
    """The text with its fields moved as whole lines; None if a field does not start a line."""
    source = reading.document.source
    if root.flow or any(entry.key.column != 1 for entry in root.entries.values()):
        return None
    lines = source.text.split("\n")
    is_ended = lines[-1] == ""
    if is_ended:
        lines.pop()
    entries = root.entries.values()
    keys = [entry.key.line - 1 for entry in entries]
    text = Text(source)
    ends = [text.line_of_end(entry) for entry in entries]
    begins = [_begin(lines, key, above) for key, above in zip(keys, [0, *ends[:-1]], strict=True)]
    begins[0] = _after_header(lines, keys[0])
    foot = ends[-1]
    parts = {
        name: lines[begin:end]
        for name, begin, end in zip(root.entries, begins, [*begins[1:], foot], strict=True)
    }
    moved = [*lines[: begins[0]], *(line for name in wanted for line in parts[name]), *lines[foot:]]
    return "\n".join(moved) + ("\n" if is_ended else "")


def _begin(lines: Sequence[str], key: int, above: int) -> int:
    """The first line of a field, with the comments and blank lines above it that are not indented."""
    begin = above
    for number in range(above, key):
        # An indented comment belongs to the field above.
        if lines[number][:1] in (" ", "\t") and lines[number].strip():
            begin = number + 1
    return begin


def _after_header(lines: Sequence[str], key: int) -> int:
    """The line after the last blank line or `---` above the first field; the field itself if there is none."""
    for number in range(key - 1, -1, -1):
        if not lines[number].strip() or lines[number].startswith("---"):
            return number + 1
    return key
