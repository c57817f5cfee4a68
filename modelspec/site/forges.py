"""URLs at which a forge shows, edits, deletes and creates a file.

Sources:

- GitHub: https://github.com/isaacs/github/issues/1527 (`new/<branch>?filename=…&value=…`) and
  https://gist.github.com/alfredodeza/3227d0ec46a9a24f63884c4e23761ff0 (`edit`, `delete`).
- GitLab: https://github.com/gitlabhq/gitlabhq/blob/master/config/routes/repository.rb (`-/blob`, `-/edit`, `-/new`;
  a deletion is a request without a page, so the link leads to the page of the file, which has a button) and
  https://gitlab.com/gitlab-org/gitlab/-/issues/532221 (`file_name` is accepted, the text no longer).
- Gitea and Forgejo: https://github.com/go-gitea/gitea/pull/16556 (`_new/<branch>?filename=…&value=…`) and
  https://github.com/go-gitea/gitea/blob/main/routers/web/web.go (`src/branch`, `_edit`, `_delete`).
- Bitbucket Cloud: https://support.atlassian.com/bitbucket-cloud/docs/hyperlink-to-source-code-in-bitbucket/ (`src`) and
  https://github.com/backstage/backstage/blob/master/packages/integration/src/bitbucketCloud/BitbucketCloudIntegration.ts
  (`?mode=edit&at=<branch>`, `#lines-`). Deletion and "Add file" have no permanent URL: their menus are on the pages of
  the file and of the folder.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from modelspec.schema import defaults
from modelspec.url import is_host, parts

LONGEST_LINK = 8_000
"""Bytes of a URL that forges and proxies must accept (RFC 9110, 4.1)."""

_CHANGE = "pull request"
_PLACEHOLDER = re.compile(r"\{(branch|path|line|name|value)\}")
_PARAMETER_OF_VALUE = re.compile(r"&[^&#?]*\{value\}[^&#]*")
_WHOLE_VALUE = re.compile(r"\?[^&#]*\{value\}[^&#]*(&?)")
_IN_A_PATH = "/~@+:!$'(),;="
_WEB = re.compile(r"https?://[!#-;=?-\[\]_a-z~]+")
"""Printable ASCII without quotes, angle brackets, backslashes and braces, which could end an attribute or a header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeRepository:
    """`repository` of modelspec.yaml. Without `forge`, the host decides; `templates` override those of the forge."""

    url: str
    branch: str
    forge: str | None = None
    templates: Mapping[str, str] = field(default_factory=dict)


def repository_of(value: Mapping[str, Any] | None) -> ForgeRepository | None:
    """The repository in modelspec.yaml, valid by its schema."""
    return None if value is None else ForgeRepository(**{**defaults("modelspec", "repository"), **value})


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgePages:
    """URL templates of a forge, appended to the URL of the repository.

    `{branch}`, `{path}`, `{line}`, `{name}` (the last part of the path) and `{value}` (the text of a new file) are
    replaced. If `new` has no `{value}`, the forge does not accept the text in a URL. `change` is what it calls a change
    that is to be reviewed.
    """

    label: str
    change: str = _CHANGE
    hosts: tuple[str, ...]
    view: str
    edit: str
    delete: str
    new: str


FORGES: Mapping[str, ForgePages] = MappingProxyType(
    {
        "github": ForgePages(
            label="GitHub",
            hosts=("github",),
            view="/blob/{branch}/{path}#L{line}",
            edit="/edit/{branch}/{path}",
            delete="/delete/{branch}/{path}",
            new="/new/{branch}?filename={path}&value={value}",
        ),
        "gitlab": ForgePages(
            label="GitLab",
            change="merge request",
            hosts=("gitlab",),
            view="/-/blob/{branch}/{path}#L{line}",
            edit="/-/edit/{branch}/{path}",
            delete="/-/blob/{branch}/{path}",
            new="/-/new/{branch}?file_name={path}",
        ),
        "gitea": ForgePages(
            label="Gitea",
            hosts=("gitea", "forgejo", "codeberg"),
            view="/src/branch/{branch}/{path}#L{line}",
            edit="/_edit/{branch}/{path}",
            delete="/_delete/{branch}/{path}",
            new="/_new/{branch}?filename={path}&value={value}",
        ),
        "bitbucket": ForgePages(
            label="Bitbucket",
            hosts=("bitbucket",),
            view="/src/{branch}/{path}?at={branch}#lines-{line}",
            edit="/src/{branch}/{path}?mode=edit&at={branch}",
            delete="/src/{branch}/{path}?at={branch}",
            new="/src/{branch}/models.d/?at={branch}",
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeLinks:
    """URLs of the forge for a file; None if the forge is unknown and there is no template."""

    view: str | None = None
    edit: str | None = None
    delete: str | None = None
    new: str | None = None


def forge_of(repository: ForgeRepository) -> ForgePages | None:
    """The forge that `forge` names, or the one that a part of the host name indicates."""
    if repository.forge is not None:
        return FORGES[repository.forge]
    url = parts(_base(repository))
    labels = re.split(r"[.-]", url.hostname if url else "")
    return next((forge for forge in FORGES.values() if not {*labels}.isdisjoint(forge.hosts)), None)


def change_of(repository: ForgeRepository | None) -> str:
    """What people call a change there: `pull request` or `merge request`."""
    forge = None if repository is None else forge_of(repository)
    return _CHANGE if forge is None else forge.change


def links_for(repository: ForgeRepository | None, path: str, line: int = 1) -> ForgeLinks:
    """The links for a file, `new` without its text; no links if there is no repository with a web page."""
    if repository is None or home_of(repository) is None:
        return ForgeLinks()
    templates = templates_of(repository).items()
    return ForgeLinks(
        **{kind: expand(_without_value(template), repository, path, line) for kind, template in templates}
    )


def templates_of(repository: ForgeRepository) -> dict[str, str]:
    """Complete templates for `view`, `edit`, `delete` and `new`: the forge's, overridden by the repository's."""
    forge = forge_of(repository)
    kinds = () if forge is None else ("view", "edit", "delete", "new")
    found = {kind: f"{_base(repository)}{getattr(forge, kind)}" for kind in kinds}
    own = {"new" if kind == "propose" else kind: url for kind, url in repository.templates.items()}
    if forge is not None and "new" in own:
        own["new"] = _prefilled(own["new"], forge)
    return found | own


def view_template(repository: ForgeRepository | None) -> str | None:
    """The template of `view` for paths and lines that only the browser knows: all but `{branch}` remain."""
    if repository is None or links_for(repository, "models.d/new.yaml").view is None:
        return None
    return _with_branch(templates_of(repository)["view"], repository.branch)


def _prefilled(template: str, forge: ForgePages) -> str:
    """An own template for new files with the parameters of the forge, where it has none itself.

    A name is relative to the folder in the URL, so the folder is left out.
    """
    page, mark, parameters = forge.new.partition("?")
    folder = template.rstrip("/").removesuffix("/models.d")
    if "{path}" not in parameters or not folder.endswith(page.rpartition("/")[2]) or "?" in template:
        return template
    return f"{folder}{mark}{parameters}"


def browser_templates(repository: ForgeRepository | None) -> dict[str, str]:
    """Templates for paths and texts that only the browser knows; `bare` is `new` without the text.

    `{path}`, `{name}` and `{value}` remain, the rest is filled in. What does not give an http(s) URL is omitted.
    """
    if repository is None or home_of(repository) is None:
        return {}
    found = templates_of(repository)
    if "new" in found:
        found["bare"] = _without_value(found["new"])
    return {
        kind: _with_branch(template.replace("{line}", "1"), repository.branch)
        for kind, template in found.items()
        if expand(template, repository, "models.d/new.yaml", 1) is not None
    }


def home_of(repository: ForgeRepository) -> str | None:
    """The page of the repository; None if it is not an http(s) URL."""
    return _safe(_base(repository))


def origin_of(repository: ForgeRepository | None) -> str | None:
    """Scheme, host and port of the forge's page for new files, which the form may open."""
    links = links_for(repository, "models.d/new.yaml")
    found = parts(links.new or links.edit or "")
    return f"{found.scheme}://{found.place}" if found else None


def expand(template: str, repository: ForgeRepository, path: str, line: int) -> str | None:
    """Fill in a template with percent-encoded values; None if the result is not an http(s) URL.

    Slashes in a branch or path stay in the path of the URL, and are encoded in its query.
    """
    values = {
        "branch": repository.branch,
        "path": path,
        "line": str(line),
        "name": path.rpartition("/")[2],
        "value": "",
    }
    return _safe(_PLACEHOLDER.sub(lambda found: _encoded(found, values[found[1]]), template))


def _with_branch(template: str, branch: str) -> str:
    return _PLACEHOLDER.sub(
        lambda found: _encoded(found, branch) if found[1] == "branch" else found[0], template
    )


def _encoded(found: re.Match[str], value: str) -> str:
    in_query = "?" in found.string[: found.start()]
    return quote(value, safe="" if in_query else _IN_A_PATH)


def _without_value(template: str) -> str:
    return _WHOLE_VALUE.sub(
        lambda found: "?" if found[1] else "", _PARAMETER_OF_VALUE.sub("", template), count=1
    )


def _base(repository: ForgeRepository) -> str:
    return repository.url.rstrip("/").removesuffix(".git")


def _safe(url: str) -> str | None:
    if not _WEB.fullmatch(url):
        return None
    found = parts(url)
    return url if found and is_host(found.host) and found.userinfo is None else None
