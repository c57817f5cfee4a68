"""Where a file of the repository is on the forge."""

from modelspec.site.context import SiteContext
from modelspec.site.forges import links_for
from modelspec.site.view import Files


def files_of(context: SiteContext, path: str, line: int) -> Files:
    """The file with its links; without any where the settings name no repository that has a web page."""
    links = links_for(context.repository, path, line)
    if links is None:
        return Files(path=path, line=line)
    return Files(path=path, line=line, view=links.view, edit=links.edit, delete=links.delete)
