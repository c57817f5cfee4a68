"""Folder defaults: what each `_defaults.yaml` gives to the models below it, and every fault of these files."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modelspec.check.document import examine_document
from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.diagnose.ignore import MARK, Ignore, ignores
from modelspec.diagnose.rule import Finding
from modelspec.load import Reading
from modelspec.load.defaults import DEFAULTED_AND_REQUIRED, NOT_DEFAULTED, Inherited, merged, nodes_of
from modelspec.load.find import Tree, folders_of
from modelspec.load.limits import MAX_GIVEN, MAX_NODES
from modelspec.load.locate import Locator
from modelspec.text.document import Place

_UNKNOWN = frozenset({*DEFAULTED_AND_REQUIRED, "metadata"})
"""What may be missing from a model whose defaults could not be read."""

_NOTHING = Inherited(value={}, nodes=0, withheld=frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What the folders give, and the diagnostics of their files with the default severities.

    `folders` has each folder with a defaults file, with all that holds there: its own values and those from above.
    """

    folders: Mapping[str, Inherited]
    diagnostics: Sequence[Diagnostic]
    ignores: Sequence[Ignore]

    @property
    def is_whole(self) -> bool:
        """Whether every defaults file could be read in full."""
        return not any(given.withheld for given in self.folders.values())


def read_defaults(tree: Tree, locator: Locator) -> Defaults:
    """Read the defaults file of every folder."""
    folders: dict[str, Inherited] = {}
    diagnostics: list[Diagnostic] = []
    silenced: list[Ignore] = []
    takers = _takers(tree) if tree.defaults else {}
    for folder, file in tree.defaults.items():  # a folder comes before those inside it
        outer = next((folders[above] for above in folders_of(folder) if above in folders), _NOTHING)
        reading = None if file is None else locator.reading(file.path)
        if reading is None:
            folders[folder] = _without(outer, _UNKNOWN)
            continue
        folders[folder], found = _read(reading, outer, locator, takers.get(folder, 0))
        diagnostics.extend(found)
        if folder not in takers:
            diagnostics.append(locator.diagnostic("MS613", Severity.INFO, _unused(reading)))
        if MARK in reading.file.data:
            silenced.extend(ignores(reading.document))
    return Defaults(folders=folders, diagnostics=diagnostics, ignores=silenced)


def _read(
    reading: Reading, outer: Inherited, locator: Locator, takers: int
) -> tuple[Inherited, list[Diagnostic]]:
    diagnostics, faults = examine_document(reading, "defaults", locator)
    if reading.faults or not isinstance(reading.value, dict):
        return _without(outer, _UNKNOWN), diagnostics
    # A misspelt field is missing under the name that was meant.
    faulty = {str(fault.pointer[0]) for fault in faults} | {fault.name for fault in faults if fault.name}
    withheld = outer.withheld | faulty.difference(NOT_DEFAULTED)
    value = merged(outer.value, {name: item for name, item in reading.value.items() if name not in faulty})
    nodes = nodes_of(value)
    excess = _excess(reading, nodes, takers)
    if excess is not None:
        diagnostics.append(locator.diagnostic("MS019", Severity.ERROR, excess))
        return _without(outer, _UNKNOWN), diagnostics
    return Inherited(value=value, nodes=nodes, withheld=withheld), diagnostics


def _without(outer: Inherited, fields: frozenset[str]) -> Inherited:
    return Inherited(value=outer.value, nodes=outer.nodes, withheld=outer.withheld | fields)


def _takers(tree: Tree) -> Mapping[str, int]:
    """How many models there are in each folder and below it; a file that could not be read may be one."""
    paths = [file.path for file in tree.models]
    paths.extend(path for path in tree.unread if not path.rpartition("/")[2].startswith("_"))
    return Counter(folder for path in paths for folder in folders_of(path))


def _excess(reading: Reading, nodes: int, takers: int) -> Finding | None:
    """Why these are too many values."""
    place = Place(path=reading.file.path)
    if nodes > MAX_NODES:
        return Finding(
            place=place,
            message=f"with those of the folders around it, these defaults contain more than {MAX_NODES:,} values",
            help="write less here, or less in the folders around",
        )
    own = nodes_of(reading.value)
    if own * takers > MAX_GIVEN:
        return Finding(
            place=place,
            message=f"these defaults give {own:,} values to each of {takers:,} models, "
            f"more than {MAX_GIVEN:,} in total",
            help="write large values into the models that need them",
        )
    return None


def _unused(reading: Reading) -> Finding:
    # At the first field, so that a comment above it can silence it.
    first = tuple(reading.value)[:1] if isinstance(reading.value, dict) else ()
    return Finding(
        place=Place(path=reading.file.path, pointer=first, on_key=bool(first)),
        message="no model uses these defaults: there is none in this folder or below it",
        label="unused",
        help="delete the file, or move it to the folder of its models",
    )
