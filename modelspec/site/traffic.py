"""The page of traffic, and the places of the live files: what is measured is never in a build."""

from collections.abc import Iterator

from modelspec.emit.artifact import Artifact, encode
from modelspec.routing.table import RoutingTable
from modelspec.site.frame import PageFrame, page
from modelspec.site.wording import Wording

LIVE_FILES = ("status.json", "usage.json")


def emit_traffic(routing: RoutingTable, frame: PageFrame, names: Wording) -> Iterator[Artifact]:
    """A page that scripts fill, and a `null` where each live file will be: nothing is measured yet.

    So pages need not ask for files that are not there, which browsers report as errors.
    """
    yield page(
        "traffic.html",
        "traffic",
        frame,
        regions=encode([[region.code, names.region_titles[region.code]] for region in routing.regions]),
    )
    for name in LIVE_FILES:
        yield Artifact(path=f"site/admin/live/{name}", content=b"null\n")
