"""The file that `target_options.litellm.include` names: read as every other file, and held against what we write."""

from collections.abc import Mapping
from dataclasses import replace

from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.diagnose.rule import Finding
from modelspec.fleet.settings import Settings
from modelspec.gateways.litellm.own import faults
from modelspec.load.find import File, Tree
from modelspec.load.locate import Locator
from modelspec.rules.secrets import REFERENCE, secrets_in
from modelspec.text.document import Place
from modelspec.text.quote import quote

_POINTER = ("target_options", "litellm", "include")


def own_settings_path(settings: Settings) -> str | None:
    """The path of the file, if the settings name one."""
    path: str | None = settings.target_options.get("litellm", {}).get("include")
    return path


def own_settings(
    tree: Tree, settings: Settings, locator: Locator
) -> tuple[File | None, Mapping[str, object], list[Diagnostic]]:
    """The file, the sound settings in it, and what is wrong with them."""
    path = own_settings_path(settings)
    if path is None:
        return None, {}, []
    file = tree.other(path)
    if isinstance(file, Diagnostic):
        return None, {}, [file]
    if file is None:
        missing = Finding(
            place=Place(path="modelspec.yaml", pointer=_POINTER),
            message=f"the file {quote(path)} does not exist",
            label="no such file",
            help="correct the path, relative to the top of the repository",
        )
        return None, {}, [locator.diagnostic("MS740", Severity.ERROR, missing)]
    locator.add(file)
    reading = locator.reading(path)
    assert reading is not None, "it was added"
    if reading.faults:
        return file, {}, reading.faults
    found = [
        locator.diagnostic(
            code,
            Severity.ERROR,
            Finding(
                place=Place(path=path, pointer=pointer, on_key=bool(pointer)),
                message=message,
                label="in the included file",
                help=advice,
            ),
        )
        for code, pointer, message, advice in faults(reading.value)
    ]
    found += (
        replace(locator.diagnostic(code, Severity.ERROR, _in_its_words(finding)), span=span)
        for code, finding, span in (secrets_in(reading.document) if reading.is_suspect else ())
    )
    value = reading.value if isinstance(reading.value, dict) and not found else {}
    return file, value, found


def _in_its_words(finding: Finding) -> Finding:
    """A secret in this file is replaced by a reference of LiteLLM's own, not by one of a model."""
    return replace(finding, help=finding.help.replace(REFERENCE, "os.environ/NAME"))
