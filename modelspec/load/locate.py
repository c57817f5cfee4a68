"""Findings to diagnostics: the place of each looked up in the text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from modelspec.diagnose.diagnostic import Diagnostic, Label, Severity
from modelspec.diagnose.rule import Finding
from modelspec.load import Reading, read, source_of
from modelspec.load.defaults import followed, merged
from modelspec.load.find import DEFAULTS, File, Tree, folders_of
from modelspec.load.redact import Redacted, has_references, redacted
from modelspec.secret import suspect
from modelspec.text.document import Place
from modelspec.text.source import START, Source, Span

_TAKEN = "for this model"
"""The label of the model where the fault is in the defaults that it takes."""


@dataclass(frozen=True, kw_only=True)
class Locator:
    """Knows where places are in the files of a repository, each by its path.

    A place in a model may stand in the defaults of a folder around it; `defaults` has the paths of these files by
    folder. A file is read when something first points into it.
    """

    files: dict[str, File]
    defaults: Mapping[str, str] = field(default_factory=dict)
    known: dict[str, Reading] = field(default_factory=dict)

    @classmethod
    def of(cls, tree: Tree) -> "Locator":
        """Of all files of a repository."""
        defaults = {folder: file.path for folder, file in tree.defaults.items() if file is not None}
        return cls(files={file.path: file for file in tree.files}, defaults=defaults)

    def add(self, file: File) -> None:
        """Know one more file of the same state."""
        self.files[file.path] = file

    def diagnostic(self, code: str, severity: Severity, finding: Finding, subject: str = "") -> Diagnostic:
        """The diagnostic of a finding; `subject` is used where the finding names none.

        It is where the value is; where that is in defaults, the last related place is the model.
        """
        place = self.origin(finding.place)
        # What is said of a private place quotes nothing of it, and a normal form may be a part of what is hidden.
        paths = () if finding.private else dict.fromkeys((place.path, finding.place.path))
        redacted = [self._redacted(path) for path in paths]

        def clean(text: str) -> str:
            for one in redacted:
                text = text if one is None else one.clean(text)
            return text

        related = [self._label(self.origin(other), text) for other, text in finding.related]
        if place is not finding.place:
            related.append(self._label(Place(path=finding.place.path, pointer=("model_id",)), _TAKEN))
        return Diagnostic(
            code=code,
            severity=severity,
            message=clean(finding.message),
            path=place.path,
            span=self._span(place),
            label=clean(finding.label),
            help=clean(finding.help),
            related=tuple(related),
            subject=finding.subject or subject or finding.place.path,
            hidden=self._extent(place) if finding.private else None,
        )

    def span(self, place: Place) -> Span:
        """Where a place is, be it in its own file or in defaults; the start of a file that is not there."""
        return self._span(self.origin(place))

    def origin(self, place: Place) -> Place:
        """A place with the file that it is in: of what defaults give to a model, the defaults file.

        It is the very same place where its own file says it, and where no file does.
        """
        if not self.defaults or not place.pointer or place.span is not None:
            return place
        path, reached = place.path, 0
        for layer in self._layers(place.path):
            steps, hides = followed(layer.value, place.pointer)
            if steps > reached:
                path, reached = layer.file.path, steps
            if hides:
                break
        return place if path == place.path else replace(place, path=path)

    def effective(self, path: str) -> Mapping[str, object]:
        """All values of a model, from any file; nothing where its file cannot be understood."""
        value: Mapping[str, object] = {}
        for layer in reversed([*self._layers(path)]):
            if isinstance(layer.value, dict):
                value = merged(value, layer.value) if value else layer.value
        return value

    def _layers(self, path: str) -> Iterator[Reading]:
        """A file and, of a model, the defaults that it takes, the nearest first; files with faults are left out."""
        own = self.reading(path)
        if own is None:
            return
        if not own.faults:
            yield own
        if not self.defaults or path.rpartition("/")[2] == DEFAULTS:
            return
        for folder in folders_of(path):
            given = self.reading(self.defaults.get(folder, ""))
            if given is not None and not given.faults:
                yield given

    def _label(self, place: Place, text: str) -> Label:
        return Label(path=place.path, span=self._span(place), text=text)

    def _span(self, place: Place) -> Span:
        if place.span is not None:
            return place.span
        reading = self.reading(place.path)
        return START if reading is None else reading.span(place)

    def _extent(self, place: Place) -> Span | None:
        reading = self.reading(place.path)
        return None if reading is None else reading.document.extent(place.pointer, on_key=place.on_key)

    def reading(self, path: str) -> Reading | None:
        """The reading of a file, kept once it was asked for."""
        if path not in self.known:
            file = self.files.get(path)
            if file is None:
                return None
            self.known[path] = read(file)
        return self.known[path]

    def source(self, path: str, *, is_sound: bool = False) -> Source | None:
        """What may be shown of the text of a file, at its places; None where it could not be read.

        Of a file that `is_sound`, it is known that it is YAML.
        """
        file = self.files.get(path)
        if file is None:
            return None
        source = source_of(file)
        if is_sound and not suspect(source.text) and not has_references(source.text):
            return source
        redaction = self._redacted(path)
        return source if redaction is None else Source(path, redaction.text)

    def clean(self, text: str) -> str:
        """A text about values, which know nothing of aliases, without those that an alias puts beside a telling key."""
        for one in self._behind_aliases:
            text = one.clean(text)
        return text

    @cached_property
    def _behind_aliases(self) -> list[Redacted]:
        files = [file for file in self.files.values() if b"&" in file.data and b"*" in file.data]
        return [redacted(source_of(file).text) for file in files]

    def _redacted(self, path: str) -> Redacted | None:
        """What is hidden of a file, if anything is."""
        file = self.files.get(path)
        if file is None:
            return None
        reading = self.known.get(path) or read(file)  # what is not kept of ten thousand models is read again
        text = source_of(file).text
        return redacted(text) if reading.faults or reading.is_suspect or has_references(text) else None
