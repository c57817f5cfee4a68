"""`fmt`: the fields of a model in their order.

A field goes with the comments and blank lines above it, and with everything that belongs to its value. What stands
above the first field is about the whole file and stays at the top; only where blank lines divide it, what is below
the last one goes with the field. Comments below the last field stay at the bottom. Spaces, quotes and styles are
never touched.
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
    """The bytes of a model file with its fields in order; the value that it stands for is the same."""
    reading = read(file)
    if reading.faults:
        return Refusal(
            message=f"{file.path} was left alone: it has faults of reading",
            help="modelspec validate names them",
        )
    root = reading.document.root
    if not isinstance(root, MapNode):
        return Refusal(
            message=f"{file.path} was left alone: it is no mapping", help="modelspec validate says more"
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
        message=f"{file.path} was left alone: its fields cannot be moved, as it has anchors or is in one line",
        help="put its fields in order by hand",
    )


def _is_reordered(value: object, before: object, wanted: Sequence[str]) -> bool:
    if not isinstance(value, dict) or not isinstance(before, dict):
        return False
    return list(value) == list(wanted) and all(same(value[name], before[name]) for name in value)


def _reordered(reading: Reading, root: MapNode, wanted: Sequence[str]) -> str | None:
    """The text with its fields moved as whole lines; None where a field does not begin a line."""
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
    begins[0] = _behind_the_head(lines, keys[0])
    foot = ends[-1]
    parts = {
        name: lines[begin:end]
        for name, begin, end in zip(root.entries, begins, [*begins[1:], foot], strict=True)
    }
    moved = [*lines[: begins[0]], *(line for name in wanted for line in parts[name]), *lines[foot:]]
    return "\n".join(moved) + ("\n" if is_ended else "")


def _begin(lines: Sequence[str], key: int, above: int) -> int:
    """The first line of a field: its comments and the blank lines before them, but no comment that is indented."""
    begin = above
    for number in range(above, key):
        # An indented comment belongs to the value above it.
        if lines[number][:1] in (" ", "\t") and lines[number].strip():
            begin = number + 1
    return begin


def _behind_the_head(lines: Sequence[str], key: int) -> int:
    """Behind the last blank line or `---` above the first field; at the field if there is none."""
    for number in range(key - 1, -1, -1):
        if not lines[number].strip() or lines[number].startswith("---"):
            return number + 1
    return key
