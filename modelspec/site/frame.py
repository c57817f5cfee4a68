"""What stands around every page of one site."""

from modelspec import __version__
from modelspec.site.context import SiteContext
from modelspec.site.forges import home_of, origin_of
from modelspec.site.links import Links
from modelspec.site.policy import content_policy
from modelspec.site.view import Frame, Link

_SHORT = 12
"""Characters of a commit's id that people compare."""


def frame_of(context: SiteContext) -> Frame:
    """The frame; the policy allows forms to open the forge alone."""
    links = Links(base=context.base_path)
    forge = origin_of(context.repository)
    return Frame(
        base=context.base_path,
        assets=links.asset(""),
        policy=content_policy([] if forge is None else [forge]),
        nav=(
            Link(text="Dashboard", href=links.dashboard),
            Link(text="Models", href=links.models),
            Link(text="Regions", href=links.regions),
            Link(text="Heads", href=links.heads),
            Link(text="Propose a change", href=links.propose),
        ),
        dashboard=links.dashboard,
        models=links.models,
        snapshot=links.snapshot,
        propose=links.propose,
        origin=_origin(context),
        version=__version__,
        repository=Link(
            text="the configuration repository",
            href=None if context.repository is None else home_of(context.repository),
        ),
    )


def _origin(context: SiteContext) -> str:
    words = "generated"
    if context.commit is not None:
        words += f" from commit {context.commit[:_SHORT]}"
    if context.commit_date is not None:
        words += f" of {context.commit_date}"
    return words
