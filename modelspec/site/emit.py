"""The admin site: a routing table and its context to static files."""

from collections.abc import Iterator
from functools import partial
from importlib.resources import files
from importlib.resources.abc import Traversable

from modelspec.emit.artifact import Artifact, encode
from modelspec.routing.table import RoutingTable
from modelspec.site import SiteContext, hosting, openapi
from modelspec.site.ask import emit_routes
from modelspec.site.census import Census
from modelspec.site.dashboard import emit_dashboard
from modelspec.site.forges import origin_of
from modelspec.site.frame import PageFrame, frame_of, lazy_page, missing_page
from modelspec.site.keys import HolderPages
from modelspec.site.listing import Listing
from modelspec.site.model import emit_model_pages
from modelspec.site.models import emit_models
from modelspec.site.places import PlacePages
from modelspec.site.propose import emit_propose
from modelspec.site.wording import Wording
from modelspec.text.source import stored


def emit(routing: RoutingTable, context: SiteContext) -> Iterator[Artifact]:
    """Every page and static file; the JSON of the models is the snapshot's."""
    frame = frame_of(context)
    names = Wording(routing, frame.links)
    yield from emit_dashboard(routing, context, frame, names)
    yield from emit_models(routing, context, frame, names)
    census, listing = Census(names.index, context.targets), Listing(names)
    yield from PlacePages(routing, context, names, census, listing).emit(frame)
    yield from HolderPages(context, names, census, listing).emit(frame)
    yield from emit_model_pages(routing, context.steady, frame, names)
    yield from emit_propose(routing, context, frame, names)
    yield from emit_routes(routing, context, names)
    yield from _emit_traffic(routing, frame, names)
    static = files(__package__) / "static"
    for file in sorted(static.iterdir(), key=lambda file: file.name):
        # A file of the program, which counts always.
        yield Artifact(path=f"site/admin/assets/{file.name}", content=partial(_static, file), made_of=())
    yield from openapi.emit(context.base_path)
    forge = origin_of(context.repository)
    yield Artifact(path="site/404.html", content=partial(missing_page, context), made_of=())
    yield from hosting.emit(context.base_path, () if forge is None else (forge,))


def _static(file: Traversable) -> bytes:
    return stored(file.read_bytes())


_LIVE_FILES = ("status.json", "usage.json")


def _emit_traffic(routing: RoutingTable, frame: PageFrame, names: Wording) -> Iterator[Artifact]:
    """A page that scripts fill, and a `null` where each live file will be: nothing is measured yet.

    So pages need not ask for files that are not there, which browsers report as errors.
    """
    regions = encode([[region.code, names.region_titles[region.code]] for region in routing.regions])
    yield lazy_page("traffic.html", "traffic", frame, lambda: {"regions": regions}, made_of=())
    for name in _LIVE_FILES:
        yield Artifact(path=f"site/admin/live/{name}", content=b"null\n")
