"""A draft in git: the commit message, and the URL for a pull request."""

from collections.abc import Mapping
from urllib.parse import quote

from modelspec.author.draft import Draft
from modelspec.report.printable import printable
from modelspec.site.forges import forge_of, home_of, repository_of

_MOST = 50
"""The most effects to list; the diff shows the rest of a larger change."""

_PAGES = {
    "GitHub": "/compare/{base}...{branch}?expand=1",
    "GitLab": "/-/merge_requests/new?merge_request%5Bsource_branch%5D={branch}"
    "&merge_request%5Btarget_branch%5D={base}",
    "Gitea": "/compare/{base}...{branch}",
    "Bitbucket": "/pull-requests/new?source={branch}&dest={base}",
}
"""Sources:

- GitHub: https://docs.github.com/pull-requests/collaborating-with-pull-requests/proposing-changes-to-your-work-with-pull-requests/using-query-parameters-to-create-a-pull-request
- GitLab: https://docs.gitlab.com/user/project/merge_requests/creating_merge_requests/ (what `git push` prints)
- Gitea and Forgejo: https://docs.gitea.com/usage/pull-request (`compare/<base>...<branch>`)
- Bitbucket Cloud: https://support.atlassian.com/bitbucket-cloud/docs/create-a-pull-request/ (`?source=…&dest=…`)
"""


def message_of(draft: Draft, title: str | None = None, effect: str = "") -> str:
    """The title, the effect on routes, and a line per edit; `title` replaces the draft's own."""
    effects = [f"- {printable(line)}" for line in draft.effects[:_MOST]]
    if len(draft.effects) > _MOST:
        effects.append(f"- and {len(draft.effects) - _MOST} more")
    first = printable(draft.title) if title is None else title.strip()
    return "\n".join((first, "", *([effect, ""] if effect else []), *effects)) + "\n"


def proposal_url(settings: Mapping[str, object] | None, branch: str) -> str | None:
    """The URL that opens a pull request for a branch; None if `repository` in modelspec.yaml has no known forge."""
    repository = repository_of(settings)
    if repository is None:
        return None
    home, forge = home_of(repository), forge_of(repository)
    if home is None or forge is None:
        return None
    page = _PAGES[forge.label]
    # In a path, GitHub and Gitea expect plain slashes; in a query, they are encoded.
    safe = "/" if page.startswith("/compare/") else ""
    return home + page.format(base=quote(repository.branch, safe=safe), branch=quote(branch, safe=safe))
