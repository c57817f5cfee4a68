"""The file that `prices` names: read and checked as every other file, so that no report meets a broken one."""

from modelspec.check.document import examine_document
from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.diagnose.rule import Finding
from modelspec.fleet.link_fleet import unknown_region
from modelspec.fleet.model import Fleet
from modelspec.fleet.settings import Settings
from modelspec.load.find import Tree
from modelspec.load.locate import Locator
from modelspec.text.document import Place
from modelspec.text.quote import quote


def price_list_faults(tree: Tree, settings: Settings, fleet: Fleet, locator: Locator) -> list[Diagnostic]:
    """What is wrong with the price list, if there is one."""
    path = settings.prices
    if path is None:
        return []
    file = tree.other(path)
    if isinstance(file, Diagnostic):
        return [file]
    if file is None:
        missing = Finding(
            place=Place(path="modelspec.yaml", pointer=("prices",)),
            message=f"the price list {quote(path)} does not exist",
            label="no such file",
            help="correct the path, relative to the top of the repository",
        )
        return [locator.diagnostic("MS111", Severity.ERROR, missing)]
    locator.add(file)
    reading = locator.reading(path)
    assert reading is not None, "it was added"
    found, faults = examine_document(reading, "prices", locator)
    listed = reading.value.get("prices") if isinstance(reading.value, dict) else None
    if reading.faults or faults or not isinstance(listed, list):
        return found
    for number, one in enumerate(listed):
        if fleet.complete and "region" in one and one["region"] not in fleet.regions:
            place = Place(path=path, pointer=("prices", number, "region"))
            code, finding = unknown_region(one["region"], place, fleet)
            found.append(locator.diagnostic(code, Severity.ERROR, finding))
        if "region" in one and "deployment" in one:
            both = Finding(
                place=Place(path=path, pointer=("prices", number, "deployment"), on_key=True),
                message="a price is of a region or of a deployment, which has its own region",
                label="beside `region`",
                help="remove one of the two",
            )
            found.append(locator.diagnostic("MS111", Severity.ERROR, both))
    return found
